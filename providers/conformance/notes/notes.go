package notes

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	name    = "notes"
	title   = "Notes"
	baseURL = "https://api.notes.example/v1"
	// maxPages bounds a walk.
	maxPages = 20_000
)

var (
	listNotes  = providers.Endpoint{Name: "list notes", Method: http.MethodGet, Path: "/notes"}
	readNote   = providers.Endpoint{Name: "read note", Method: http.MethodGet, Path: "/notes/{id}"}
	putTitle   = providers.Endpoint{Name: "change title", Method: http.MethodPut, Path: "/notes/{id}/title", Write: true}
	putVisible = providers.Endpoint{Name: "change visibility", Method: http.MethodPut, Path: "/notes/{id}/visibility", Write: true}
	putPeople  = providers.Endpoint{Name: "change people", Method: http.MethodPut, Path: "/notes/{id}/people", Write: true}
	deleteNote = providers.Endpoint{Name: "delete note", Method: http.MethodDelete, Path: "/notes/{id}", Write: true}
	listPeople = providers.Endpoint{Name: "list people", Method: http.MethodGet, Path: "/people"}
)

var table = []providers.CapabilityRow{
	{Kind: model.EditTitle, State: model.CapabilityYes, Call: "PUT /notes/{id}/title", Reason: "the title is replaced"},
	{Kind: model.EditPrivacy, State: model.CapabilityYes, Call: "PUT /notes/{id}/visibility", Reason: "private or public"},
	{Kind: model.EditParticipants, State: model.CapabilityYes, Call: "PUT /notes/{id}/people", Reason: "the whole set is replaced"},
	{Kind: model.EditDelete, State: model.CapabilityYes, Call: "DELETE /notes/{id}", Reason: "a note is gone for everybody"},
}

// Factory gives the adapter for the registry.
func Factory() providers.Factory {
	return providers.Factory{Name: name, Title: title, DefaultBaseURL: baseURL, Pace: providers.Pace{InFlight: 2}, Table: table, Open: open}
}

func identity(a providers.Account) string { return name + " " + a.Base(baseURL) }

type provider struct {
	providers.Editor
	account providers.Account
	people  *providers.Kept[[]model.Participant]
}

func open(a providers.Account) (model.Provider, error) {
	a.BaseURL = a.Base(baseURL)
	key := &providers.Credential{Header: "X-Key", Schemes: []string{providers.Raw}}
	c, err := providers.NewClient(a, providers.ClientOptions{Credential: key})
	if err != nil {
		return nil, err
	}
	p := &provider{account: a}
	p.people = providers.NewKept(listPeople.Name, 0, p.readPeople)
	p.Editor = providers.Editor{Client: c, Table: table, Plan: p.plan}
	return p, nil
}

// Describe implements model.Provider.
func (p *provider) Describe() model.Description {
	return model.Description{Provider: name, Name: title, Account: p.account.Name, BaseURL: p.account.BaseURL, Identity: identity(p.account),
		ReadOnly: p.account.ReadOnly, People: []model.LookupKind{model.LookupUsers},
		Audience: map[string]string{model.AudienceKey(model.EditPrivacy, string(model.PrivacyPublic)): "everybody who uses Notes"}}
}

// Needs implements model.Provider: a read brings everything.
func (p *provider) Needs(...model.EditKind) model.Need { return 0 }

// convert makes a conversation of a note.
func (p *provider) convert(raw []byte) (d model.Detail, err error) {
	o, _ := providers.ParseObject(raw)
	d.Raw, d.Conversation = raw, model.Conversation{Ref: model.Ref{Account: p.account.Name, ID: o.Text("id")}, Provider: name, Kind: "note",
		Title: o.Text("title"), Privacy: model.Privacy(o.Text("visibility")), Created: o.Time("created"), ParticipantCount: -1}
	c := &d.Conversation
	if c.Ref.ID == "" {
		return d, providers.Malformed(readNote.Name, "the answer is no note")
	}
	if c.Privacy != model.PrivacyPrivate && c.Privacy != model.PrivacyPublic {
		c.Privacy = model.PrivacyUnknown
		o.Put("visibility")
	}
	var facts providers.Facts
	if people, ok := o.List("people"); ok {
		c.Participants = model.SetOf(participants(people, &facts)...)
		c.ParticipantCount = len(c.Participants.Items)
		if slices.ContainsFunc(c.Participants.Items, func(p model.Participant) bool { return p.ID == "" }) {
			c.Featured, c.Participants = c.Participants.Items, model.Set[model.Participant]{}
		}
	}
	lines, _ := o.List("lines")
	d.Messages = model.SetOf[model.Message]()
	for _, l := range lines {
		d.Messages.Items = append(d.Messages.Items, model.Message{Author: l.Text("by"), Text: l.Text("text")})
	}
	c.HasMessages = len(lines) > 0
	facts.Rest(providers.GroupOther, "", o)
	c.Facts = facts.List()
	return d, nil
}

func participants(list []*providers.Object, facts *providers.Facts) (out []model.Participant) {
	for _, o := range list {
		out = append(out, model.Participant{Kind: model.KindUser, ID: o.Text("id"), Name: o.Text("name"), Email: o.Text("email")})
		facts.Rest("People", "", o)
	}
	return out
}

// Load implements model.Provider.
func (p *provider) Load(ctx context.Context, id string, _ model.Need) (model.Detail, error) {
	a, err := p.Client.Do(ctx, providers.Call{Endpoint: readNote, Params: map[string]string{"id": id}})
	if err != nil {
		return model.Detail{}, err
	}
	d, err := p.convert(a.Body)
	if err == nil && d.Conversation.Ref.ID != id {
		return model.Detail{}, providers.Malformed(readNote.Name, "the service answered with another note")
	}
	return d, err
}

// Sync implements model.Provider.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit func(model.Batch) (bool, error)) (model.SyncResult, error) {
	cursor := func(at string) string { return at }
	if req.Mode == model.SyncHead {
		req.Cursor, cursor = "", func(string) string { return "" }
	}
	if n, err := strconv.Atoi(req.Cursor); err != nil || n < 1 {
		req.Cursor = ""
	}
	seen := map[string]bool{}
	read := func(ctx context.Context, at string) (providers.Page[model.Conversation], error) {
		return p.page(ctx, at, seen)
	}
	w := providers.Walk[model.Conversation]{Most: maxPages, Read: read}
	walked, err := providers.SyncWalk(ctx, w, listNotes.Name, req.Cursor, cursor, emit)
	return model.SyncResult{Cursor: cursor(walked.At), Complete: walked.Whole}, err
}

// page reads one page. What a page before it had, since the list has moved, is
// left out.
func (p *provider) page(ctx context.Context, at string, seen map[string]bool) (out providers.Page[model.Conversation], err error) {
	at = cmp.Or(at, "1")
	a, err := p.Client.Do(ctx, providers.Call{Endpoint: listNotes, Query: url.Values{"page": {at}}})
	if err != nil {
		return out, err
	}
	o, _ := providers.ParseObject(a.Body)
	rows, ok := providers.Elements(o.Peek("notes"))
	here, _ := strconv.ParseFloat(at, 64)
	next, more := o.Number("next")
	if !ok || !o.Null("next") && !more || more && next != here+1 {
		return out, providers.Malformed(listNotes.Name, "the answer is no page of the list")
	}
	for _, raw := range rows {
		d, err := p.convert(raw)
		if id := d.Conversation.Ref.ID; err == nil && !seen[id] {
			seen[id] = true
			out.Rows = append(out.Rows, d.Conversation)
		}
		out.Holes = out.Holes || err != nil
	}
	if total, _ := o.Number("total"); total > 0 && total < 1e9 {
		out.Total = int(total)
	}
	if more {
		out.Next = fmt.Sprintf("%.0f", next)
	}
	return out, nil
}

func (p *provider) readPeople(ctx context.Context) ([]model.Participant, error) {
	a, err := p.Client.Do(ctx, providers.Call{Endpoint: listPeople})
	if err != nil {
		return nil, err
	}
	o, _ := providers.ParseObject(a.Body)
	list, _ := o.List("people")
	return participants(list, &providers.Facts{}), nil
}

// Lookup implements model.Provider.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if req.Kind != model.LookupUsers {
		return model.LookupPage{}, providers.Unsupported("look up", "Notes has no such directory")
	}
	all, err := p.people.Get(ctx)
	if err != nil {
		return model.LookupPage{}, err
	}
	text := strings.ToLower(req.Text)
	return providers.CutPage(slices.DeleteFunc(slices.Clone(all), func(q model.Participant) bool {
		return q.ID != req.Text && !strings.Contains(strings.ToLower(q.Name+" "+q.Email), text)
	}), req), nil
}

// Check implements model.Provider.
func (p *provider) Check(ctx context.Context) []model.CheckResult {
	if _, err := p.page(ctx, "", map[string]bool{}); err != nil {
		return []model.CheckResult{model.FailedCheck("notes", err)}
	}
	return []model.CheckResult{{Name: "notes", OK: true, Detail: "the list can be read"}}
}

// Link implements model.Provider.
func (p *provider) Link(context.Context, model.Conversation, model.LinkKind) (string, error) {
	return "", providers.Unsupported("open in browser", "Notes has no pages")
}

// plan is the part of providers.Editor that knows Notes: one call a field.
func (p *provider) plan(fresh model.Conversation, edits []model.Edit) []providers.Planned {
	out := make([]providers.Planned, len(edits))
	for i, e := range edits {
		call := providers.Call{Params: map[string]string{"id": fresh.Ref.ID}}
		switch e.Kind {
		case model.EditTitle:
			call.Endpoint, call.Body = putTitle, map[string]string{"title": e.Target.String()}
		case model.EditPrivacy:
			call.Endpoint, call.Body = putVisible, map[string]string{"visibility": e.Target.String()}
		case model.EditParticipants:
			if !fresh.Participants.Known {
				out[i] = providers.Refuse(providers.Unsupported(providers.Op(e.Kind), "the people were not read, and writing replaces all of them"))
				continue
			}
			ids := []string{}
			for _, q := range e.Target.Set() {
				ids = append(ids, q.ID)
			}
			call.Endpoint, call.Body = putPeople, map[string][]string{"people": ids}
		default:
			call.Endpoint = deleteNote
		}
		w := providers.Single(e.Kind, call)
		w.Shows = func(a *providers.Answer) (model.Conversation, func(model.EditKind) bool, bool) {
			d, err := p.convert(a.Body)
			tells := func(k model.EditKind) bool {
				return k != model.EditPrivacy || d.Conversation.Privacy != model.PrivacyUnknown
			}
			return d.Conversation, tells, err == nil
		}
		out[i] = providers.Change(w, fresh, e)
	}
	return out
}
