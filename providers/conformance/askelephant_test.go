package conformance_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"confab/model"
	"confab/providers/askelephant"
	"confab/providers/conformance"
	"confab/providers/sandbox"
)

func askElephantService() conformance.Service {
	turn := func(to sandbox.Switches) func(*conformance.Bench) {
		return func(b *conformance.Bench) { behind(b).AskElephant().Set(to) }
	}
	quirk := func(name string, to sandbox.Switches) conformance.Quirk {
		return conformance.Quirk{Name: name, Writes: true, Turn: turn(to)}
	}
	with := func(q conformance.Quirk, check func(t *testing.T, b *conformance.Bench)) conformance.Quirk {
		q.Check = check
		return q
	}
	private := func(b *conformance.Bench, id string) bool { return b.State(id)["is_private"] == true }
	contacts := []model.EditKind{model.EditContacts}
	return conformance.Service{
		Provider: model.AskElephant,
		Turn:     2,
		Folder:   "../askelephant",
		Sizes:    []string{"limit"},
		Open:     openAskElephant,
		Engine:   openEngine,
		Several:  230,
		IsWrite:  writes(),
		Edits: []conformance.EditCase{
			setPeople("add a contact", model.EditContacts, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, elephantContact(b, now)), len(now) > 0
			}),
			setPeople("add the first contact", model.EditContacts, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, elephantContact(b, now)), len(now) == 0
			}),
			setPeople("remove a contact", model.EditContacts, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				if len(now) < 2 {
					return nil, false
				}
				return now[1:], true
			}),
			setPeople("clear the contacts", model.EditContacts, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return nil, len(now) > 0
			}),
			setPeople("swap a contact", model.EditContacts, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				if len(now) < 2 {
					return nil, false
				}
				added := elephantContact(b, now)
				return append(now[1:], added), true
			}),
			// A room takes part without being in the set, so it stays.
			suits(setPeople("add a contact beside a room", model.EditContacts, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, elephantContact(b, now)), true
			}), func(_ *conformance.Bench, c model.Conversation) bool {
				return slices.ContainsFunc(c.Participants.Items, func(p model.Participant) bool { return p.Kind == model.KindRoom })
			}),
		},
		Stored: map[model.EditKind][]string{model.EditContacts: {"contacts"}},
		Lookups: []conformance.LookupCase{
			{Kind: model.LookupContacts, Search: func(p model.Participant) string { return p.Email }, ByID: true, IDs: func(b *conformance.Bench) []string { return behind(b).AskElephant().ContactIDs() }},
			{Kind: model.LookupUsers, Search: byMailOrName},
			{Kind: model.LookupCompany, Search: func(p model.Participant) string { return p.Name }},
			{Kind: model.LookupTags, Search: func(p model.Participant) string { return p.Name }},
			{Kind: model.LookupLabels, Search: func(p model.Participant) string { return p.Name }},
		},
		Silent: []conformance.SilentCase{
			{Name: "the expansion is left out", Kind: model.EditContacts, Turn: func(b *conformance.Bench, _ string) {
				behind(b).AskElephant().Set(sandbox.Switches{"DropExpand": true})
			}},
			{Name: "the scope is missing", Kind: model.EditContacts, Turn: func(b *conformance.Bench, _ string) {
				behind(b).AskElephant().Set(sandbox.Switches{"NoContactsScope": true})
			}},
			{Name: "an empty set is null", Kind: model.EditContacts, Turn: func(b *conformance.Bench, id string) {
				behind(b).AskElephant().Change(id, "contacts", []string{})
				behind(b).AskElephant().Set(sandbox.Switches{"NullExpand": true, "CalendarResourceHidden": true})
			}},
		},
		Lessons: []conformance.Lesson{
			{Name: "no such path", Try: "add a contact", Kinds: contacts, Requests: 2, Err: model.Unsupported,
				Turn: turn(sandbox.Switches{"ContactsEndpointMissing": true})},
			{Name: "no such method", Try: "add a contact", Kinds: contacts, Requests: 1, Err: model.Unsupported,
				Turn: turn(sandbox.Switches{"ContactsMethodNotAllowed": true})},
			{Name: "another method", Try: "add a contact", Kinds: contacts, Requests: 1, Err: model.Unsupported,
				Turn: turn(sandbox.Switches{"ContactsMethod": "POST"})},
			{Name: "no scope to write", Try: "add a contact", Kinds: contacts, Requests: 1, Err: model.Forbidden,
				Turn: turn(sandbox.Switches{"NoWriteScope": true})},
		},
		Quirks: []conformance.Quirk{
			with(quirk("NoContactsScope", sandbox.Switches{"NoContactsScope": true}), elephantScope("contacts:read", model.EditContacts)),
			with(quirk("NoUsersScope", sandbox.Switches{"NoUsersScope": true}), elephantScope("users:read", "")),
			with(quirk("NoCompaniesScope", sandbox.Switches{"NoCompaniesScope": true}), elephantScope("companies:read", "")),
			quirk("NoTagsScope", sandbox.Switches{"NoTagsScope": true}),
			with(quirk("no scope but engagements", sandbox.Switches{"NoContactsScope": true, "NoUsersScope": true, "NoCompaniesScope": true, "NoTagsScope": true}), elephantScope("contacts:read", model.EditContacts)),
			{Name: "NoPrivateScope", Writes: true, Turn: turn(sandbox.Switches{"NoPrivateScope": true}),
				LoadErr: func(b *conformance.Bench, id string) model.ErrorKind {
					if private(b, id) {
						return model.Forbidden
					}
					return ""
				}, Check: elephantPrivate},
			{Name: "PrivateHidden", Writes: true, Turn: turn(sandbox.Switches{"NoPrivateScope": true, "PrivateHidden": true}),
				Hidden: private, LoadErr: func(b *conformance.Bench, id string) model.ErrorKind {
					if private(b, id) {
						return model.NotFound
					}
					return ""
				}},
			quirk("DropExpand", sandbox.Switches{"DropExpand": true}),
			quirk("NullExpand", sandbox.Switches{"NullExpand": true}),
			quirk("IgnoreWrite", sandbox.Switches{"IgnoreWrite": true}),
			quirk("AnswerWithContacts", sandbox.Switches{"AnswerWithContacts": true}),
			quirk("CalendarResourceHidden", sandbox.Switches{"CalendarResourceHidden": true}),
			{Name: "CalendarResourceAsContact", Turn: turn(sandbox.Switches{"CalendarResourceAsContact": true}),
				Blind: "a room with a contact's id looks like a contact; writing it back is refused by the service"},
			quirk("UnknownContact404", sandbox.Switches{"UnknownContact404": true}),
			{Name: "an unknown contact", Turn: func(*conformance.Bench) {}, Check: elephantUnknown},
			{Name: "an unknown contact with 404", Turn: turn(sandbox.Switches{"UnknownContact404": true}), Check: elephantUnknown},
			quirk("OldSchema", sandbox.Switches{"OldSchema": true}),
			{Name: "ForgetCursors", SyncErr: model.Invalid, Turn: turn(sandbox.Switches{"ForgetCursors": true})},
			{Name: "a cursor is refused once", Turn: elephantForgetOnce},
			{Name: "the same cursor again", SyncErr: model.Malformed, Turn: func(b *conformance.Bench) {
				b.Tamper(conformance.Rewrite(func(req *http.Request, body []byte) []byte {
					var list map[string]json.RawMessage
					cursor := req.URL.Query().Get("cursor")
					if cursor == "" || json.Unmarshal(body, &list) != nil {
						return body
					}
					list["has_more"], list["next_cursor"] = json.RawMessage("true"), json.RawMessage(strconv.Quote(cursor))
					out, err := json.Marshal(list)
					if err != nil {
						return body
					}
					return out
				}))
			}},
			quirk("APIVersion", sandbox.Switches{"APIVersion": "2030-01-01"}),
		},
		BudgetSize: 250,
		Budget:     conformance.Budget{FirstSync: 3, Walk: 3, Refresh: 1, Open: 1, Reopen: 1, Fresh: 1},
	}
}

func openAskElephant(t testing.TB, o conformance.Options) conformance.Standin {
	s, out := open(t, askelephant.Factory(), o)
	a := s.AskElephant()
	out.IDs = a.IDs
	out.State = func(id string) map[string]any {
		state := a.JSON(id)
		if state == nil {
			return nil
		}
		// The switches change what the expansion shows, not the set.
		set := []any{}
		for _, c := range a.Contacts(id) {
			set = append(set, c)
		}
		state["contacts"] = set
		return without(state, "updated_at")
	}
	out.Field = func(id string, kind model.EditKind, _ string) model.Value {
		switch kind {
		case model.EditTitle:
			return model.TextValue(text(a.JSON(id)["title"]))
		case model.EditContacts:
			var people []model.Participant
			for _, c := range a.Contacts(id) {
				people = append(people, model.Participant{Kind: model.KindContact, ID: c})
			}
			return model.PeopleValue(people)
		}
		return model.Value{}
	}
	out.Retitle = func(id, title string) { a.Change(id, "title", title) }
	out.Remove = a.Remove
	out.AnswerNext = a.AnswerNext
	n := 0
	out.Insert = func() {
		// An early and a late engagement change, which moves them to the end.
		ids := a.IDs()
		a.Touch(ids[n%len(ids)])
		a.Touch(ids[(len(ids)-1-n)%len(ids)])
		n++
	}
	return out
}

// elephantContact returns a contact of the directory who is not in the given list.
func elephantContact(b *conformance.Bench, without []model.Participant) model.Participant {
	for _, id := range behind(b).AskElephant().ContactIDs() {
		if !slices.ContainsFunc(without, func(p model.Participant) bool { return p.ID == id }) {
			return model.Participant{Kind: model.KindContact, ID: id}
		}
	}
	return model.Participant{}
}

// elephantScope checks that the account learns of a missing scope from one refusal, and that Check names the scope.
func elephantScope(scope string, ruledOut model.EditKind) func(t *testing.T, b *conformance.Bench) {
	return func(t *testing.T, b *conformance.Bench) {
		ctx := context.Background()
		for range 2 {
			if _, err := b.Account.Sync(ctx, model.SyncRequest{Mode: model.SyncFull}, func(model.Batch) (bool, error) { return true, nil }); err != nil {
				t.Fatal(err)
			}
		}
		b.Reset()
		d, err := b.Account.Load(ctx, b.IDs()[0], 0)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(b.Sent()); n != 1 {
			t.Errorf("a load took %d requests although the account knows that the scope is missing", n)
		}
		if c := b.Account.Capabilities(d.Conversation).Of(ruledOut); ruledOut != "" && (c.Can() || !strings.Contains(c.Reason, scope)) {
			t.Errorf("the capability %s is %+v, want none because of the scope %s", ruledOut, c, scope)
		}
		named := false
		for _, line := range b.Account.Check(ctx) {
			named = named || !line.OK && strings.Contains(line.Detail, scope)
		}
		if !named {
			t.Errorf("check does not name the scope %s", scope)
		}
	}
}

// elephantForgetOnce refuses the first use of a cursor.
func elephantForgetOnce(b *conformance.Bench) {
	server, met := behind(b).AskElephant(), false
	b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		refuse := !met && req.URL.Query().Has("cursor")
		met = met || refuse
		server.Set(sandbox.Switches{"ForgetCursors": refuse})
		return next.RoundTrip(req)
	})
}

// elephantPrivate checks that the refusal of a private engagement doesn't make
// the account give up the expansions.
func elephantPrivate(t *testing.T, b *conformance.Bench) {
	ctx := context.Background()
	for _, id := range b.IDs() {
		if b.State(id)["is_private"] == true {
			_, err := b.Account.Load(ctx, id, model.NeedEverything)
			if e := model.AsError(err); e == nil || e.Kind != model.Forbidden || !strings.Contains(e.Error(), "engagements:private:read") {
				t.Fatalf("loading a private engagement: error %v, want forbidden with the scope's name", err)
			}
		}
	}
	for _, id := range b.IDs() {
		if b.State(id)["is_private"] == true {
			continue
		}
		d, err := b.Account.Load(ctx, id, 0)
		if err != nil || !d.Conversation.Contacts.Known {
			t.Fatalf("%s: contacts known %t, error %v", id, d.Conversation.Contacts.Known, err)
		}
	}
}

// elephantUnknown checks that the account tells a deleted contact from a deleted
// engagement.
func elephantUnknown(t *testing.T, b *conformance.Bench) {
	ctx := context.Background()
	id := b.IDs()[0]
	d, err := b.Account.Load(ctx, id, model.NeedContacts)
	if err != nil {
		t.Fatal(err)
	}
	gone := elephantContact(b, d.Conversation.Contacts.Items)
	behind(b).AskElephant().RemoveContact(gone.ID)
	e := model.Edit{ID: "e", Ref: d.Conversation.Ref, Kind: model.EditContacts, Base: model.PeopleValue(d.Conversation.Contacts.Items),
		Target: model.PeopleValue(append(slices.Clone(d.Conversation.Contacts.Items), gone))}
	out := b.Account.Apply(ctx, d.Conversation, []model.Edit{e})[0]
	if model.KindOf(out.Err) != model.Invalid || !strings.Contains(out.Err.Error(), gone.ID) {
		t.Errorf("the error is %v, want an invalid one that names %s", out.Err, gone.ID)
	}
	if c := b.Account.Capabilities(d.Conversation).Of(model.EditContacts); !c.Can() {
		t.Errorf("after the refusal of one contact, the capability is %+v", c)
	}
}
