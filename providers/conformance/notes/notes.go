package notes

import (
	"context"
	"embed"
	"slices"
	"strconv"

	"confab/model"
	"confab/providers"
)

// Files holds the description and the notes of the stand-in, for [sandbox.Options]. Its world is called notes.
//
//go:embed data
var Files embed.FS

//go:embed service.json
var about []byte

var calls struct {
	List, Get, Title, Visible, People, Delete, ListPeople providers.Endpoint
}

var service = providers.Service(about, &calls, nil)

func Factory() providers.Factory { return providers.Opening(service, open) }

type provider struct {
	*providers.Adapter
	people *providers.Cached[[]model.Participant]
}

func open(a providers.Account) (_ model.Provider, err error) {
	p := &provider{}
	key := &providers.Credential{Header: "X-Key", Schemes: []string{providers.Raw}}
	if p.Adapter, err = providers.Open(service, a, providers.ClientOptions{Credential: key}); err != nil {
		return nil, err
	}
	p.people = providers.NewCached(calls.ListPeople.Name, 0, p.readPeople)
	p.Plan = p.plan
	return p, nil
}

func (p *provider) convert(raw []byte) (d model.Detail, err error) {
	o, _ := providers.ObjectOf(raw)
	d.Raw, d.Conversation = raw, p.Conversation(o.Text("id"), "note")
	c := &d.Conversation
	c.Title, c.Privacy, c.Created = o.Text("title"), model.Privacy(o.Text("visibility")), o.Time("created")
	if c.Ref.ID == "" {
		return d, providers.Malformed(calls.Get.Name, "the answer is no note")
	}
	if c.Privacy != model.PrivacyPrivate && c.Privacy != model.PrivacyPublic {
		c.Privacy = model.PrivacyUnknown
		o.PutBack("visibility")
	}
	var facts providers.Facts
	if people, ok := o.List("people"); ok {
		c.Participants = model.SetOf(participants(people, &facts)...)
		c.ParticipantCount = len(c.Participants.Items)
		if slices.ContainsFunc(c.Participants.Items, func(p model.Participant) bool { return p.ID == "" }) {
			c.Featured, c.Participants = c.Participants.Items, model.Set[model.Participant]{}
		}
	}
	lines := o.Items("lines")
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

func (p *provider) Load(ctx context.Context, id string, _ model.Need) (model.Detail, error) {
	a, err := p.Client.Do(ctx, calls.Get.Of(id, nil))
	if err != nil {
		return model.Detail{}, err
	}
	d, err := p.convert(a.Body)
	if err == nil && d.Conversation.Ref.ID != id {
		return model.Detail{}, providers.Malformed(calls.Get.Name, "the service answered with another note")
	}
	return d, err
}

func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	seen := map[string]bool{}
	read := func(ctx context.Context, at string) (providers.Page[model.Conversation], error) {
		return p.page(ctx, at, seen)
	}
	return providers.Sync(ctx, providers.Walk[model.Conversation]{Op: calls.List.Name, MaxPages: 20_000, Read: read}, req, emit)
}

// page reads one page. It leaves out notes that an earlier page had, which happens if the list moves.
func (p *provider) page(ctx context.Context, at string, seen map[string]bool) (out providers.Page[model.Conversation], err error) {
	number, err := strconv.Atoi(at)
	if err != nil || number < 1 {
		number = 1
	}
	a, err := p.Client.Do(ctx, calls.List.With("page", strconv.Itoa(number)))
	if err != nil {
		return out, err
	}
	rows, o, err := a.Rows("notes")
	next, more := o.Number("next")
	if err != nil || rows == nil || !o.Null("next") && !more || more && next != float64(number+1) {
		return out, a.Malformed("the answer is no page of the list")
	}
	for _, raw := range rows {
		d, err := p.convert(raw)
		if id := d.Conversation.Ref.ID; err == nil && !seen[id] {
			seen[id] = true
			out.Rows = append(out.Rows, d.Conversation)
		}
		out.Incomplete = out.Incomplete || err != nil
	}
	if total, _ := o.Number("total"); total > 0 && total < 1e9 {
		out.Total = int(total)
	}
	if more {
		out.Next = strconv.Itoa(number + 1)
	}
	return out, nil
}

func (p *provider) readPeople(ctx context.Context) ([]model.Participant, error) {
	a, err := p.Client.Do(ctx, providers.Call{Endpoint: calls.ListPeople})
	if err != nil {
		return nil, err
	}
	o, _ := providers.ObjectOf(a.Body)
	list := o.Items("people")
	return participants(list, &providers.Facts{}), nil
}

func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if req.Kind != model.LookupUsers {
		return model.LookupPage{}, providers.Unsupported("look up", "Notes has no such directory")
	}
	all, err := p.people.Get(ctx)
	if err != nil {
		return model.LookupPage{}, err
	}
	return providers.Search(all, req), nil
}

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	_, err := p.page(ctx, "", map[string]bool{})
	return []model.CheckResult{providers.Check(model.CheckList, "the list can be read", err)}
}

// plan implements providers.Adapter.Plan: one call for each field.
func (p *provider) plan(fresh model.Conversation) func(model.Edit) providers.Planned {
	return func(e model.Edit) providers.Planned {
		call := calls.Delete.Of(fresh.Ref.ID, nil)
		switch e.Kind {
		case model.EditTitle:
			call = calls.Title.Of(fresh.Ref.ID, map[string]string{"title": e.Target.String()})
		case model.EditPrivacy:
			call = calls.Visible.Of(fresh.Ref.ID, map[string]string{"visibility": e.Target.String()})
		case model.EditParticipants:
			ids := []string{}
			for _, q := range e.Target.Set() {
				ids = append(ids, q.ID)
			}
			call = calls.People.Of(fresh.Ref.ID, map[string][]string{"people": ids})
		}
		w := providers.Single(e.Kind, call)
		w.Shows = func(a *providers.Answer) (model.Conversation, bool) {
			d, err := p.convert(a.Body)
			return d.Conversation, err == nil
		}
		return providers.Change(w, fresh, e)
	}
}
