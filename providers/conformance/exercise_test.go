package conformance

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"confab/model"
)

// exercise makes an account do everything that it can and adds what it sends to a
// usage.
func exercise(t *testing.T, s Service, u *usage) {
	ctx := context.Background()
	with := func(o Options, f func(b *Bench)) {
		b := s.open(t, o)
		u.base = basePath(b)
		f(b)
		for _, sent := range b.Sent() {
			u.add(sent)
		}
	}
	with(Options{Conversations: s.Several}, func(b *Bench) { reads(ctx, b) })
	with(Options{Conversations: 12}, func(b *Bench) { // enough for lists of several pages
		b.TamperReads(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			req = req.Clone(req.Context())
			q := req.URL.Query()
			for _, size := range s.Sizes {
				if q.Has(size) {
					q.Set(size, "2")
				}
			}
			req.URL.RawQuery = q.Encode()
			return next.RoundTrip(req)
		})
		reads(ctx, b)
	})
	for _, way := range s.Elsewhere {
		with(Options{}, func(b *Bench) {
			b.TamperReads(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
				if strings.HasSuffix(req.URL.Path, way) {
					req = req.Clone(req.Context())
					req.URL.Path += "/nowhere/at/all"
				}
				return next.RoundTrip(req)
			})
			reads(ctx, b)
		})
	}
	for _, ec := range s.Edits {
		with(Options{}, func(b *Bench) {
			c, e := b.choose(ec)
			if ec.Kind == model.EditCreate {
				newest, _ := b.Creator.Newest(ctx, *e.Target.New)
				_, _ = b.Creator.Find(ctx, e, newest.IDs)
			}
			b.Account.Apply(ctx, c, []model.Edit{e})
			if slices.Contains(b.Account.Describe().People, model.LookupContacts) && ec.Kind == model.EditParticipants {
				stranger := model.Participant{Kind: model.KindContact, Identifier: "emailaddress=new@example.com"}
				e.Target = model.PeopleValue(append(c.Participants.Items, stranger))
				planned, _ := b.Account.Requests(c, []model.Edit{e})
				for _, r := range planned {
					u.add(Sent{Request: r})
				}
			}
		})
	}
	for _, mc := range s.Mixed {
		with(Options{}, func(b *Bench) {
			c, edits := b.chooseMixed(mc)
			b.Account.Apply(ctx, c, edits)
		})
	}
}

// basePath returns the path of the base URL of an account.
func basePath(b *Bench) string {
	_, rest, _ := strings.Cut(b.Account.Describe().BaseURL, "://")
	_, path, _ := strings.Cut(rest, "/")
	return "/" + path
}

// reads makes an account read everything.
func reads(ctx context.Context, b *Bench) {
	all := func(model.Batch) (bool, error) { return true, nil }
	now := time.Now()
	head, _ := b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncHead}, all)
	_, _ = b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncHead, Cursor: head.Cursor}, all)
	_, _ = b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull, Since: now.AddDate(-1, 0, 0)}, all)
	var rows []model.Conversation
	_, _ = b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull}, func(p model.Batch) (bool, error) {
		rows = append(rows, p.Conversations...)
		return true, nil
	})
	for _, c := range rows[:min(len(rows), 40)] {
		f := model.Filter{
			Kind: []string{model.FoldText(c.Kind)}, Status: []string{model.FoldText(c.Status)}, Owner: []string{c.Owner.ID}, Team: []string{c.Team.ID},
			External: true, CreatedFrom: now.AddDate(-1, 0, 0), UpdatedFrom: now.AddDate(-1, 0, 0), UpdatedTo: now,
		}
		for _, n := range c.Companies {
			f.Company = append(f.Company, n.ID)
		}
		_, _ = b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull, Filter: f.Only(b.Account.Describe().Filters)}, all)
	}
	rules := b.Account.Describe().Filters
	several := model.Filter{}
	for _, c := range rows {
		one := model.Filter{Kind: []string{model.FoldText(c.Kind)}, Status: []string{model.FoldText(c.Status)}}.Only(rules)
		several.Kind = slices.Compact(slices.Sorted(slices.Values(append(several.Kind, one.Kind...))))
		several.Status = slices.Compact(slices.Sorted(slices.Values(append(several.Status, one.Status...))))
	}
	_, _ = b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull, Filter: several}, all)
	for _, id := range b.some() {
		d, _ := b.Account.Load(ctx, id, model.NeedEverything|model.NeedMessages|model.NeedParticipants|model.NeedContacts)
		_, _ = b.Account.Load(ctx, id, model.NeedMessages)
		_, _ = b.Account.Link(ctx, d.Conversation, model.LinkRecording)
	}
	for _, lc := range b.service.Lookups {
		req := model.LookupRequest{Kind: lc.Kind, Limit: 5}
		if lc.Scope != nil {
			req.Scope = lc.Scope(b)
		}
		first, err := b.Account.Lookup(ctx, req)
		if err != nil || len(first.Items) == 0 {
			continue
		}
		next, within := req, req
		next.Cursor, within.Scope = first.Cursor, rows[0].Space.ID
		_, _ = b.Account.Lookup(ctx, next)
		_, _ = b.Account.Lookup(ctx, within)
		p := first.Items[0]
		for _, text := range []string{p.Name, p.ID, p.Email, p.Identifier, "nobody@nowhere.example", "4711"} {
			req.Text = text
			_, _ = b.Account.Lookup(ctx, req)
		}
	}
	b.Account.Check(ctx)
}
