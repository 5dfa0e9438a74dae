package conformance

import (
	"context"
	"slices"
	"testing"

	"confab/model"
)

func lookups(t *testing.T, s Service) {
	bubble(t, "kinds", func(t *testing.T) {
		b := s.open(t, Options{})
		for _, kind := range b.Account.Describe().People {
			if !slices.ContainsFunc(s.Lookups, func(lc LookupCase) bool { return lc.Kind == kind }) {
				t.Errorf("participants come from the directory %q, which no lookup case tries", kind)
			}
		}
		known := []model.LookupKind{model.LookupUsers, model.LookupContacts, model.LookupGroups, model.LookupFlows, model.LookupSpaces,
			model.LookupChannels, model.LookupTeams, model.LookupLabels, model.LookupTags, model.LookupCompany, "", "no-such-kind"}
		for _, kind := range known {
			if slices.ContainsFunc(s.Lookups, func(lc LookupCase) bool { return lc.Kind == kind }) {
				continue
			}
			b.Reset()
			_, err := b.Account.Lookup(context.Background(), model.LookupRequest{Kind: kind})
			if err == nil {
				t.Errorf("no lookup case tries the directory %q", kind)
				continue
			}
			wantKind(t, "the directory "+string(kind), err, model.Unsupported)
			b.wantCount(t, "the directory "+string(kind), 0)
		}
	})
	for _, lc := range s.Lookups {
		bubble(t, string(lc.Kind), func(t *testing.T) { lookup(t, s, lc) })
	}
}

func lookup(t *testing.T, s Service, lc LookupCase) {
	ctx := context.Background()
	b := s.open(t, Options{})
	scope := ""
	if lc.Scope != nil {
		scope = lc.Scope(b)
	}
	invented := []string{"999999999", "00000000-0000-4000-8000-000000000000", "nobody@example.invalid"}
	if lc.None {
		for _, text := range append(invented, "") {
			page, err := b.Account.Lookup(ctx, model.LookupRequest{Kind: lc.Kind, Text: text, Scope: scope})
			if err != nil || len(page.Items) > 0 || page.Cursor != "" {
				t.Errorf("looking for %q, where there is no directory, returned %+v, error %v; want nobody", text, page, err)
			}
		}
		b.wantCount(t, "lookups without a directory", 0)
		return
	}
	var all []model.Participant
	for _, limit := range []int{0, 7, 40, 1000} {
		list := b.directory(t, model.LookupRequest{Kind: lc.Kind, Scope: scope, Limit: limit})
		var ids []string
		for _, p := range list {
			ids = append(ids, p.ID)
			if p.ID == "" || p.Kind == "" {
				t.Errorf("an entry has no id or kind: %+v", p)
			}
		}
		if limit == 0 {
			all = list
		}
		if len(all) != len(list) {
			t.Errorf("with the limit %d the directory has %d entries, without a limit %d", limit, len(list), len(all))
		}
		if lc.IDs != nil {
			wantIDs(t, "the whole directory", ids, lc.IDs(b))
		} else if len(slices.Compact(sorted(ids))) != len(ids) {
			t.Errorf("with the limit %d, an entry is listed twice", limit)
		}
	}
	if len(all) == 0 {
		t.Fatal("the directory is empty")
	}
	for _, p := range []model.Participant{all[0], all[len(all)/2], all[len(all)-1]} {
		for i, text := range []string{lc.Search(p), p.ID} {
			if text == "" || i == 1 && !lc.ByID {
				continue
			}
			found := b.directory(t, model.LookupRequest{Kind: lc.Kind, Scope: scope, Text: text})
			if !slices.ContainsFunc(found, func(q model.Participant) bool { return q.ID == p.ID }) {
				t.Errorf("looking for %q did not find %+v but %d others", text, p, len(found))
			}
			if len(found) > len(all)/2+1 {
				t.Errorf("looking for %q found %d of %d entries", text, len(found), len(all))
			}
		}
	}
	for _, text := range invented {
		if found := b.directory(t, model.LookupRequest{Kind: lc.Kind, Scope: scope, Text: text}); len(found) > 0 {
			t.Errorf("looking for %q found %+v, whom the service did not name", text, found)
		}
	}
	for _, text := range []string{"zzz nobody is called that zzz", "%", "a&like=b", "\x00", "'; --"} {
		if found := b.directory(t, model.LookupRequest{Kind: lc.Kind, Scope: scope, Text: text}); len(found) == len(all) {
			t.Errorf("looking for %q found every entry", text)
		}
	}
	for _, cursor := range []string{"nonsense", "-3", "999999", "0:nonsense", "zzz:-1"} {
		page, err := b.Account.Lookup(ctx, model.LookupRequest{Kind: lc.Kind, Scope: scope, Cursor: cursor, Limit: 5})
		if k := model.KindOf(err); len(page.Items) > 5 || k != "" && k != model.Invalid {
			t.Errorf("the foreign cursor %q returned %d entries, error %v; want five at most, or an error of kind invalid", cursor, len(page.Items), err)
		}
	}
}

// directory walks a directory to its end.
func (b *Bench) directory(t *testing.T, req model.LookupRequest) []model.Participant {
	t.Helper()
	var all []model.Participant
	for range 500 {
		page, err := b.Account.Lookup(context.Background(), req)
		if err != nil {
			t.Fatalf("look up %s %q: %v", req.Kind, req.Text, err)
		}
		if req.Limit > 0 && len(page.Items) > req.Limit {
			t.Errorf("with the limit %d, a page has %d entries", req.Limit, len(page.Items))
		}
		for _, p := range page.Items {
			if slices.ContainsFunc(all, func(q model.Participant) bool { return q.ID == p.ID }) {
				t.Errorf("%+v is listed twice", p)
			}
		}
		all = append(all, page.Items...)
		if page.Cursor == "" {
			return all
		}
		req.Cursor = page.Cursor
	}
	t.Fatalf("the directory %s does not end", req.Kind)
	return nil
}
