package bird

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func edit(k model.EditKind, target string) model.Edit {
	return model.Edit{Ref: model.Ref{Account: "support", ID: c1}, Kind: k, Target: model.TextValue(target)}
}

func attribute(key, target string) model.Edit {
	e := edit(model.EditAttributes, target)
	e.Key = key
	return e
}

func people(p ...model.Participant) model.Edit {
	return model.Edit{Ref: model.Ref{Account: "support", ID: c1}, Kind: model.EditParticipants, Target: model.PeopleValue(p)}
}

func create(n model.NewConversation) model.Edit {
	return model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &n}}
}

var (
	ann  = model.Participant{Kind: "contact", ID: "ann", Name: "Ann", Status: "active", Identifier: "emailaddress=ann@example.com"}
	bob  = model.Participant{Kind: "user", ID: "bob", Name: "Bob", Status: "active"}
	cleo = model.Participant{Kind: "flow", ID: "cleo", Name: "Cleo", Status: "pending"}
	dora = model.Participant{Kind: "user", ID: "dora", Name: "Dora", Status: "active"}
	key  = model.Participant{Kind: "accessKey", ID: "k", Name: "Key", Status: "active"}
)

// fresh is a public, active conversation that asks before people join.
func fresh() model.Conversation {
	return model.Conversation{Ref: model.Ref{Account: "support", ID: c1}, Title: "n", Description: "d", Status: "active",
		Privacy: model.PrivacyPublic, Access: "request-to-join", Attributes: map[string]string{"a": "x"},
		Participants: model.SetOf(ann, bob, cleo)}
}

func as(p model.Participant, status string) model.Participant { p.Status = status; return p }

// accept answers every request with success.
func accept(r providertest.Request) (int, string) {
	switch {
	case r.Method == "PATCH" && strings.Contains(r.Path, "/participants/"), r.Method == "POST" && strings.HasSuffix(r.Path, "/participants"):
		return 200, `{"id":"p","type":"user","status":"active"}`
	case r.Method == "PATCH":
		change := map[string]any{}
		_ = json.Unmarshal([]byte(r.Body), &change)
		return 200, row(c1, change)
	case r.Method == "DELETE":
		return 204, ""
	case r.Method == "POST":
		return 201, row("new-1", nil)
	}
	return 200, row(c1, nil)
}

func TestApplySends(t *testing.T) {
	private := fresh()
	private.Privacy = model.PrivacyPrivate
	closed := fresh()
	closed.Status, closed.Closed = "closed", true
	for _, tt := range []struct {
		name  string
		fresh model.Conversation
		edits []model.Edit
		want  []string
	}{
		{"one field", fresh(), []model.Edit{edit(model.EditTitle, "t <&>")}, []string{`PATCH ` + one + ` {"name":"t <&>"}`}},
		{"clearing", fresh(), []model.Edit{edit(model.EditTitle, ""), edit(model.EditDescription, "")}, []string{`PATCH ` + one + ` {"name":"","description":""}`}},
		{"nothing to do", fresh(), []model.Edit{edit(model.EditTitle, "n"), edit(model.EditPrivacy, "public"), people(bob, ann, cleo)}, []string{}},
		{"close", fresh(), []model.Edit{edit(model.EditStatus, model.StatusClosed)}, []string{`PATCH ` + one + ` {"status":"closed"}`}},
		{"reopen", closed, []model.Edit{edit(model.EditStatus, model.StatusOpen)}, []string{`PATCH ` + one + ` {"status":"active"}`}},
		{"one direction is one request", fresh(), []model.Edit{edit(model.EditAccess, "invite-only"), edit(model.EditTitle, "t"), edit(model.EditPrivacy, "private")},
			[]string{`PATCH ` + one + ` {"name":"t","visibility":"private","accessibility":"invite-only"}`}},
		{"both directions are two, narrowing first", fresh(), []model.Edit{edit(model.EditAccess, "open"), edit(model.EditTitle, "t"), edit(model.EditPrivacy, "private")},
			[]string{`PATCH ` + one + ` {"name":"t","visibility":"private"}`, `PATCH ` + one + ` {"accessibility":"open"}`}},
		{"what does neither goes with the only direction", private, []model.Edit{edit(model.EditPrivacy, "public"), edit(model.EditTitle, "t")},
			[]string{`PATCH ` + one + ` {"name":"t","visibility":"public"}`}},
		{"private before people are added", fresh(), []model.Edit{people(ann, bob, cleo, dora), edit(model.EditPrivacy, "private")},
			[]string{`PATCH ` + one + ` {"visibility":"private"}`, `POST ` + one + `/participants {"id":"dora","type":"user","status":"active"}`}},
		{"public after people are removed", private, []model.Edit{edit(model.EditPrivacy, "public"), people(bob, cleo)},
			[]string{`DELETE ` + one + `/participants/ann`, `PATCH ` + one + ` {"visibility":"public"}`}},
		{"removal, demotion, promotion, addition", fresh(), []model.Edit{people(dora, as(bob, "invited"), as(cleo, "active"))},
			[]string{`DELETE ` + one + `/participants/ann`, `PATCH ` + one + `/participants/bob {"status":"invited"}`,
				`PATCH ` + one + `/participants/cleo {"status":"active"}`, `POST ` + one + `/participants {"id":"dora","type":"user","status":"active"}`}},
		{"a contact by id", fresh(), []model.Edit{people(ann, bob, cleo, model.Participant{Kind: "contact", ID: "x/y", Status: "pending"})},
			[]string{`POST ` + one + `/participants {"id":"x/y","type":"contact","status":"pending"}`}},
		{"a contact by identifier", fresh(), []model.Edit{people(ann, bob, cleo, model.Participant{Kind: "contact", Identifier: "phonenumber=+31612345678", Status: "active"})},
			[]string{`POST ` + one + `/participants {"type":"contact","contact":{"identifierKey":"phonenumber","identifierValue":"+31612345678"}}`}},
		{"attributes as a whole map", fresh(), []model.Edit{attribute("b", "5"), attribute("c", "6")}, []string{`PATCH ` + one + ` {"attributes":{"a":"x","b":"5","c":"6"}}`}},
		{"the last attribute", fresh(), []model.Edit{{Kind: model.EditAttributes, Key: "a"}}, []string{`PATCH ` + one + ` {"attributes":{}}`}},
		{"delete comes last", fresh(), []model.Edit{edit(model.EditDelete, "deleted"), edit(model.EditTitle, "t")}, []string{`PATCH ` + one + ` {"name":"t"}`, `DELETE ` + one}},
		{"create", model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t", Description: "d", Channel: "ch-1", Privacy: model.PrivacyPrivate, Access: "invite-only",
			People: []model.Participant{ann, bob}, Message: "hi"})},
			[]string{`POST ` + base + `/conversations {"name":"t","description":"d","visibility":"private","accessibility":"invite-only","participants":[{"type":"contact","identifierKey":"emailaddress","identifierValue":"ann@example.com"},{"type":"user","id":"bob"}],"channelId":"ch-1","initialMessage":{"recipients":[{"identifierKey":"emailaddress","identifierValue":"ann@example.com"}],"body":{"type":"text","text":{"text":"hi"}},"reference":"confab-e1"}}`}},
		{"create with five", model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t", People: slices.Repeat([]model.Participant{bob}, 5)})},
			[]string{`POST ` + base + `/conversations {"name":"t","participants":[` + strings.Repeat(`{"type":"user","id":"bob"},`, 4) + `{"type":"user","id":"bob"}]}`}},
		{"create without a message", model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t"})}, []string{`POST ` + base + `/conversations {"name":"t"}`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, s := openStub(t, accept)
			requests, err := p.Requests(tt.fresh, tt.edits)
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Sent) > 0 {
				t.Errorf("Requests sent %v", s.Lines())
			}
			shown := []string{}
			for _, r := range requests {
				shown = append(shown, providertest.Request{Method: r.Method, Path: r.Path, Query: r.Query, Body: string(r.Body)}.Line())
			}
			outcomes := p.Apply(t.Context(), tt.fresh, tt.edits)
			if d := cmp.Diff(tt.want, s.Lines()); d != "" {
				t.Errorf("Apply sent (-want +got)\n%s", d)
			}
			if d := cmp.Diff(tt.want, shown); d != "" {
				t.Errorf("Requests showed (-want +got)\n%s", d)
			}
			for i, o := range outcomes {
				if o.Err != nil {
					t.Errorf("edit %d: %v", i, o.Err)
				}
				if o.After == nil || tt.edits[i].Kind == model.EditCreate {
					continue
				}
				if v, ok := tt.edits[i].Read(*o.After); !ok || !v.Equal(tt.edits[i].Target) {
					t.Errorf("edit %d shows %v after, want %v", i, v, tt.edits[i].Target)
				}
			}
		})
	}
}

func TestApplyRefusesWithoutSending(t *testing.T) {
	unknown := fresh()
	unknown.Participants = model.Set[model.Participant]{}
	snoozed := fresh()
	snoozed.Status = "snoozed"
	deleted := fresh()
	deleted.Archived = true
	guest := model.Participant{Kind: "contact", Identifier: "emailaddress=guest@example.com", Status: "active"} // without an id
	visited := fresh()
	visited.Participants = model.SetOf(ann, guest)
	six := make([]model.Participant, 6)
	for i := range six {
		six[i] = bob
	}
	for _, tt := range []struct {
		name  string
		fresh model.Conversation
		edit  model.Edit
		kind  model.ErrorKind
	}{
		{"labels", fresh(), edit(model.EditLabels, "x"), model.Unsupported},
		{"archive", fresh(), edit(model.EditArchive, "x"), model.Unsupported},
		{"contacts", fresh(), model.Edit{Kind: model.EditContacts, Target: model.PeopleValue(nil)}, model.Unsupported},
		{"default role", fresh(), edit(model.EditDefaultRole, "editor"), model.Unsupported},
		{"a deleted conversation", deleted, edit(model.EditTitle, "x"), model.Unsupported},
		{"a status that is not known", snoozed, edit(model.EditStatus, model.StatusClosed), model.Unsupported},
		{"privacy participants", fresh(), edit(model.EditPrivacy, "participants"), model.Invalid},
		{"an access that is not known", fresh(), edit(model.EditAccess, "everyone"), model.Invalid},
		{"an access key", fresh(), people(ann, bob, cleo, key), model.Unsupported},
		{"participants that are not loaded", unknown, people(ann), model.Malformed},
		{"an invited contact by identifier", fresh(), people(ann, bob, cleo, model.Participant{Kind: "contact", Identifier: "a=b", Status: "invited"}), model.Unsupported},
		{"a status of a participant that is not known", fresh(), people(as(ann, "boss"), bob, cleo), model.Invalid},
		{"create without a name", model.Conversation{}, create(model.NewConversation{}), model.Invalid},
		{"create with six", model.Conversation{}, create(model.NewConversation{Title: "t", People: six}), model.Invalid},
		{"create with a flow", model.Conversation{}, create(model.NewConversation{Title: "t", People: []model.Participant{cleo}}), model.Invalid},
		{"the removal of somebody without an id", visited, people(ann), model.Unsupported},
		{"a status of somebody without an id", visited, people(ann, as(guest, "invited")), model.Unsupported},
		{"a user without an id", fresh(), people(ann, bob, cleo, model.Participant{Kind: "user", Name: "Una", Email: "una@example.com"}), model.Invalid},
		{"a contact without an id or an identifier", fresh(), people(ann, bob, cleo, model.Participant{Kind: "contact", Name: "Cora"}), model.Invalid},
		{"participants without a set", fresh(), model.Edit{Kind: model.EditParticipants}, model.Invalid},
		{"create without a conversation", model.Conversation{}, model.Edit{Kind: model.EditCreate}, model.Invalid},
		{"create in a space", model.Conversation{}, create(model.NewConversation{Title: "t", Space: "7"}), model.Invalid},
		{"create with a default role", model.Conversation{}, create(model.NewConversation{Title: "t", DefaultRole: "editor"}), model.Invalid},
		{"create with an access that is not known", model.Conversation{}, create(model.NewConversation{Title: "t", Access: "everyone"}), model.Invalid},
		{"create with a privacy that is not known", model.Conversation{}, create(model.NewConversation{Title: "t", Privacy: "participants"}), model.Invalid},
		{"create with a user without an id", model.Conversation{},
			create(model.NewConversation{Title: "t", People: []model.Participant{{Kind: "user", Name: "Una"}}}), model.Invalid},
		{"create with a contact without an identifier", model.Conversation{},
			create(model.NewConversation{Title: "t", People: []model.Participant{{Kind: "contact", ID: "9", Name: "Cora"}}}), model.Invalid},
	} {
		p, s := openStub(t, accept)
		out := p.Apply(t.Context(), tt.fresh, []model.Edit{tt.edit})
		if got := model.KindOf(out[0].Err); got != tt.kind {
			t.Errorf("%s: got %v, want kind %s", tt.name, out[0].Err, tt.kind)
		}
		if len(s.Sent) > 0 {
			t.Errorf("%s: sent %v, want nothing", tt.name, s.Lines())
		}
	}
}

func TestReadOnlySendsNothing(t *testing.T) {
	p, s := openStub(t, accept, func(a *providers.Account) { a.ReadOnly = true })
	edits := []model.Edit{edit(model.EditPrivacy, "private"), people(ann), attribute("a", "5"), edit(model.EditDelete, ""), create(model.NewConversation{Title: "t"})}
	for i, o := range p.Apply(t.Context(), fresh(), edits) {
		if model.KindOf(o.Err) != model.Unsupported {
			t.Errorf("%s: got %v, want Unsupported", edits[i].Kind, o.Err)
		}
	}
	if len(s.Sent) > 0 {
		t.Errorf("sent %v, want nothing", s.Lines())
	}
	if !p.Capabilities(fresh()).Of(model.EditCreate).Can() {
		t.Errorf("a refusal by the client ruled out creates")
	}
}

func TestNothingWidensAfterNarrowingFailed(t *testing.T) {
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if r.Method == "PATCH" {
			return 409, `{"code":"Conflict","message":"The resource is in a conflicting state."}`
		}
		return accept(r)
	})
	edits := []model.Edit{edit(model.EditAccess, "open"), edit(model.EditPrivacy, "private"), people(bob, cleo, dora)}
	out := p.Apply(t.Context(), fresh(), edits)
	for i, o := range out {
		if model.KindOf(o.Err) != model.ConflictKind {
			t.Errorf("%s: got %v, want a conflict", edits[i].Kind, o.Err)
		}
	}
	want := []string{`PATCH ` + one + ` {"visibility":"private"}`, `DELETE ` + one + `/participants/ann`}
	if d := cmp.Diff(want, s.Lines()); d != "" {
		t.Errorf("requests (-want +got)\n%s", d)
	}
	if m := out[2].Err.Error(); !strings.Contains(m, "removed Ann") || !strings.Contains(m, "not sent") {
		t.Errorf("the error does not name the parts that were made: %s", m)
	}
}

func TestErrorNamesTheParticipantsThatWereChanged(t *testing.T) {
	// One who is not found may have left meanwhile. A conflict is tried again, after the participants were read again.
	for status, kind := range map[int]model.ErrorKind{403: model.Forbidden, 404: model.ConflictKind} {
		p, _ := openStub(t, func(r providertest.Request) (int, string) {
			if r.Method == "DELETE" && strings.HasSuffix(r.Path, "/bob") {
				return status, `{"code":"Refused","message":"This participant can not be removed."}`
			}
			return accept(r)
		})
		out := p.Apply(t.Context(), fresh(), []model.Edit{people(cleo)})
		e := wantKind(t, out[0].Err, kind)
		if !strings.Contains(e.Message, "removed Ann; then: This participant can not be removed.") || out[0].After != nil {
			t.Errorf("got outcome %+v, error %v", out[0], e)
		}
		if !p.Capabilities(fresh()).Of(model.EditParticipants).Can() {
			t.Errorf("%d: one protected participant rules out all edits of participants", status)
		}
	}
}

func TestOtherFieldsAreSentAgainWithoutTheRefusedOne(t *testing.T) {
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if strings.Contains(r.Body, `"attributes"`) {
			return 422, `{"code":"InvalidPayload","message":"The request did not pass validation.","details":{".attributes.n":["must be a string"]}}`
		}
		return accept(r)
	})
	out := p.Apply(t.Context(), fresh(), []model.Edit{attribute("b", "c"), edit(model.EditPrivacy, "private")})
	wantKind(t, out[0].Err, model.Invalid)
	if out[1].Err != nil || out[1].After == nil || out[1].After.Privacy != model.PrivacyPrivate {
		t.Errorf("privacy: got %+v, want private", out[1])
	}
	if n := len(s.Lines()); n != 2 {
		t.Errorf("got %d requests %v, want 2", n, s.Lines())
	}
}

func TestAttributesThatAreNoStringsAreSentBackUnchanged(t *testing.T) {
	stored := row(c1, map[string]any{"attributes": json.RawMessage(`{"n":5.0,"o":{"z":1,"a":null},"s":"5"}`)})
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if r.Method == "GET" {
			return 200, stored
		}
		return accept(r)
	})
	want := `PATCH ` + one + ` {"attributes":{"k":"v","n":5.0,"o":{"z":1,"a":null},"s":"5"}}`
	d, err := p.Load(t.Context(), c1, 0)
	if err != nil {
		t.Fatal(err)
	}
	p.Apply(t.Context(), d.Conversation, []model.Edit{attribute("k", "v")})
	if got := s.Lines(); got[len(got)-1] != want || len(got) != 2 {
		t.Errorf("after a load: sent %v, want %s last", got, want)
	}

	// Without a load in this run, the texts do not show which values are strings: the request can be shown, but is not sent
	// before the attributes are read again.
	q, s := openStub(t, s.Answer)
	if shown, err := q.Requests(d.Conversation, []model.Edit{attribute("k", "v")}); err != nil || len(shown) != 1 {
		t.Errorf("Requests without a load: got %v, error %v; want one request", shown, err)
	}
	d.Conversation.Access = "invite-only"
	out := q.Apply(t.Context(), d.Conversation, []model.Edit{attribute("k", "v"), edit(model.EditTitle, "t"), edit(model.EditAccess, "open")})
	wantKind(t, out[0].Err, model.Unavailable)
	wantKind(t, out[2].Err, model.Unavailable)
	if got := s.Lines(); out[1].Err != nil || len(got) != 1 || got[0] != `PATCH `+one+` {"name":"t"}` {
		t.Errorf("Apply without a load: got %v, sent %v; want the title alone", out[1].Err, got)
	}
	// The same holds if the attributes have changed since the load.
	other := d.Conversation.Clone()
	other.Attributes["n"] = "6"
	before := len(s.Lines())
	wantKind(t, p.Apply(t.Context(), other, []model.Edit{attribute("k", "v")})[0].Err, model.Unavailable)
	if got := s.Lines(); len(got) != before {
		t.Errorf("attributes that changed meanwhile: sent %v, want nothing", got[before:])
	}
}

// A single read without the field means that there are no attributes.
func TestAttributesOfAConversationWithoutAny(t *testing.T) {
	stored := row(c1, map[string]any{"attributes": nil})
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if r.Method == "GET" {
			return 200, stored
		}
		return accept(r)
	})
	d, err := p.Load(t.Context(), c1, 0)
	if err != nil || d.Conversation.Attributes == nil || len(d.Conversation.Attributes) > 0 {
		t.Fatalf("got attributes %v, error %v; want an empty map", d.Conversation.Attributes, err)
	}
	out := p.Apply(t.Context(), d.Conversation, []model.Edit{attribute("k", "5")})
	if got := s.Lines(); out[0].Err != nil || got[len(got)-1] != `PATCH `+one+` {"attributes":{"k":"5"}}` {
		t.Errorf("got %v, sent %v", out[0].Err, got)
	}
	stored = row(c1, map[string]any{"attributes": []int{1}})
	if d, err = p.Load(t.Context(), c1, 0); err != nil || d.Conversation.Attributes != nil {
		t.Errorf("attributes that are no object: got %v, error %v; want unknown", d.Conversation.Attributes, err)
	}
}

func TestCreateOfAnExistingConversation(t *testing.T) {
	p, _ := openStub(t, func(providertest.Request) (int, string) {
		return 409, `{"code":"ContactAlreadyInConversation","message":"The contact is in a conversation.","details":{"conversationId":"old-1"}}`
	})
	out := p.Apply(t.Context(), model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t"})})
	wantKind(t, out[0].Err, model.ConflictKind)
	if e := model.AsError(out[0].Err); e == nil || e.Existing != "old-1" || out[0].Created != "" {
		t.Errorf("got %+v, want a conflict that names old-1", out[0])
	}
}

func TestAfterIsSetOnlyIfTheAnswerShowsTheTarget(t *testing.T) {
	p, _ := openStub(t, func(providertest.Request) (int, string) {
		return 200, row(c1, map[string]any{"visibility": nil, "name": "t"})
	})
	out := p.Apply(t.Context(), fresh(), []model.Edit{edit(model.EditPrivacy, "private"), edit(model.EditTitle, "t")})
	if out[0].After != nil || out[1].After == nil || out[0].Err != nil {
		t.Errorf("got %+v, want the conversation for the second edit alone", out)
	}
	closed := fresh()
	closed.Closed, closed.Description = true, "d"
	p, _ = openStub(t, func(providertest.Request) (int, string) {
		return 200, row(c1, map[string]any{"status": nil, "description": nil})
	})
	for i, o := range p.Apply(t.Context(), closed, []model.Edit{edit(model.EditStatus, "open"), edit(model.EditDescription, "")}) {
		if o.After != nil || o.Err != nil {
			t.Errorf("edit %d, whose field the answer lacks: got %+v, want neither a conversation nor an error", i, o)
		}
	}
}

func TestRefusalsAreRemembered(t *testing.T) {
	status := 403
	p, s := openStub(t, func(providertest.Request) (int, string) { return status, `{"code":"Forbidden","message":"No."}` })
	p.Apply(t.Context(), fresh(), []model.Edit{edit(model.EditTitle, "t")})
	other := fresh()
	other.Ref.ID = "other"
	if p.Capabilities(fresh()).Of(model.EditTitle).Can() || !p.Capabilities(other).Of(model.EditTitle).Can() {
		t.Errorf("after a 403: the title must be ruled out for this conversation alone")
	}
	before := len(s.Lines())
	wantKind(t, p.Apply(t.Context(), fresh(), []model.Edit{edit(model.EditTitle, "t")})[0].Err, model.Unsupported)
	if len(s.Lines()) != before {
		t.Errorf("an edit that is ruled out was sent")
	}
	p.Apply(t.Context(), model.Conversation{}, []model.Edit{create(model.NewConversation{Title: "t"})})
	if p.Capabilities(model.Conversation{}).Of(model.EditCreate).Can() {
		t.Errorf("after a 403: creates must be ruled out for the account")
	}
	status = 405
	p.Apply(t.Context(), other, []model.Edit{edit(model.EditTitle, "t")})
	other.Ref.ID = "third"
	if c := p.Capabilities(other).Of(model.EditPrivacy); c.Can() {
		t.Errorf("privacy after a 405: got %+v, want no", c)
	}
}

func TestNothingIsSentAfterAnUnknownOutcome(t *testing.T) {
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if r.Method == "PATCH" {
			return 500, `<html><title>Oops</title></html>`
		}
		return accept(r)
	})
	out := p.Apply(t.Context(), fresh(), []model.Edit{edit(model.EditPrivacy, "private"), people(ann), edit(model.EditDelete, "")})
	wantKind(t, out[0].Err, model.UnknownOutcome)
	wantKind(t, out[1].Err, model.Unavailable)
	wantKind(t, out[2].Err, model.Unavailable)
	if got := s.Lines(); len(got) != 1 {
		t.Errorf("sent %v, want one request", got)
	}
}

// For any edits, nothing that narrows is sent after something that widens, each edit has one outcome, and no more requests are
// sent than participants and directions require.
func TestOrderOfRequests(t *testing.T) {
	everybody := []model.Participant{ann, bob, cleo, dora, {Kind: "contact", ID: "eve", Status: "invited"}}
	rapid.Check(t, func(rt *rapid.T) {
		now := fresh()
		now.Privacy = rapid.SampledFrom([]model.Privacy{model.PrivacyPublic, model.PrivacyPrivate, model.PrivacyUnknown}).Draw(rt, "privacy")
		now.Access = rapid.SampledFrom([]string{"open", "request-to-join", "invite-only", "secret"}).Draw(rt, "access")
		var edits []model.Edit
		if rapid.Bool().Draw(rt, "edit privacy") {
			edits = append(edits, edit(model.EditPrivacy, rapid.SampledFrom([]string{"public", "private"}).Draw(rt, "to")))
		}
		if rapid.Bool().Draw(rt, "edit access") {
			edits = append(edits, edit(model.EditAccess, rapid.SampledFrom([]string{"open", "request-to-join", "invite-only"}).Draw(rt, "to")))
		}
		if rapid.Bool().Draw(rt, "edit title") {
			edits = append(edits, edit(model.EditTitle, rapid.String().Draw(rt, "to")))
		}
		target := rapid.SliceOfNDistinct(rapid.SampledFrom(everybody), 0, 5, func(p model.Participant) string { return p.ID }).Draw(rt, "people")
		if rapid.Bool().Draw(rt, "edit people") {
			edits = append(edits, people(target...))
		}
		edits = rapid.Permutation(edits).Draw(rt, "edits")
		p, s := openStub(t, accept)
		out := p.Apply(context.Background(), now, edits)
		if len(out) != len(edits) {
			rt.Fatalf("%d outcomes for %d edits", len(out), len(edits))
		}
		for i, o := range out {
			if o.Err != nil {
				rt.Fatalf("%s: %v", edits[i].Kind, o.Err)
			}
		}
		lines := s.Lines()
		widened := -1
		for i, line := range lines {
			if widening(now, line) {
				widened = i
			}
			if narrowing(now, line) && widened >= 0 {
				rt.Fatalf("%q is sent after something that widens: %q", line, lines)
			}
		}
		patches := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return !strings.HasPrefix(l, "PATCH "+one+" ") })
		if len(patches) > 2 {
			rt.Fatalf("too many requests: %q", lines)
		}
	})
}

func narrowing(now model.Conversation, line string) bool {
	return strings.HasPrefix(line, "DELETE") || strings.Contains(line, `"visibility":"private"`) || strings.Contains(line, `"status":"invited"`) && strings.HasPrefix(line, "PATCH") ||
		strings.Contains(line, `"accessibility":"invite-only"`) && now.Access != "secret" ||
		strings.Contains(line, `"accessibility":"request-to-join"`) && now.Access == "open"
}

func widening(now model.Conversation, line string) bool {
	return strings.HasPrefix(line, "POST") || strings.Contains(line, `"visibility":"public"`) || strings.Contains(line, `"accessibility":"open"`) ||
		strings.Contains(line, `"accessibility"`) && now.Access == "secret" ||
		strings.Contains(line, `"accessibility":"request-to-join"`) && now.Access == "invite-only"
}
