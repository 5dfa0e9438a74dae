package askelephant

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func contact(id string) model.Participant {
	return model.Participant{Kind: model.KindContact, ID: id, Name: id}
}

func replace(ids ...string) model.Edit {
	var people []model.Participant
	for _, id := range ids {
		people = append(people, contact(id))
	}
	return model.Edit{Kind: model.EditContacts, Target: model.PeopleValue(people)}
}

const contactsPath = "/v2/engagements/ngmt_1/contacts"

func TestReplaceContacts(t *testing.T) {
	for _, tc := range []struct {
		name     string
		settings map[string]string
		edit     model.Edit
		answer   string
		want     string
		after    bool
	}{
		{"whole set", nil, replace("cnt_1", "cnt_2", "cnt_1"), `{"object":"engagement","id":"ngmt_1"}`, "PUT " + contactsPath + ` {"contact_ids":["cnt_1","cnt_2"]}`, false},
		{"nobody", nil, replace(), `{"id":"ngmt_1","contacts":null}`, "PUT " + contactsPath + ` {"contact_ids":[]}`, false},
		{"an answer with contacts", nil, replace("cnt_2"), `{"id":"ngmt_1","contacts":[{"id":"cnt_2"}]}`, "PUT " + contactsPath + ` {"contact_ids":["cnt_2"]}`, true},
		{"another engagement answers", nil, replace("cnt_2"), `{"id":"ngmt_2","contacts":[]}`, "PUT " + contactsPath + ` {"contact_ids":["cnt_2"]}`, false},
		{"no answer body", nil, replace("cnt_2"), ``, "PUT " + contactsPath + ` {"contact_ids":["cnt_2"]}`, false},
		{"settings", map[string]string{"replace_contacts_method": "POST", "replace_contacts_path": "/v3/e/{engagement_id}/people"}, replace("cnt_2"), `{}`,
			`POST /v3/e/ngmt_1/people {"contact_ids":["cnt_2"]}`, false},
	} {
		f := &providertest.Stub{}
		p := opened(t, f, tc.settings)
		line, _, _ := strings.Cut(tc.want, " {")
		f.Answers[line] = providertest.Says(200, tc.answer)
		requests, err := p.Requests(fresh(), []model.Edit{tc.edit})
		if err != nil || len(requests) != 1 || len(f.Sent) != 0 {
			t.Fatalf("%s: Requests: got %v, error %v, sent %v", tc.name, requests, err, f.Sent)
		}
		r := requests[0]
		if planned := r.Method + " " + strings.TrimPrefix(r.Path, "/api") + " " + string(r.Body); planned != tc.want {
			t.Errorf("%s: Requests: got %s", tc.name, planned)
		}
		out := p.Apply(context.Background(), fresh(), []model.Edit{tc.edit})
		if len(out) != 1 || out[0].Err != nil || (out[0].After != nil) != tc.after {
			t.Errorf("%s: got outcome %+v", tc.name, out)
		}
		if d := cmp.Diff([]string{tc.want}, f.Lines()); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
		if key := f.Sent[0].Header.Get("Authorization"); key != "sk-apik_1.secret" {
			t.Errorf("got credential %q, want the bare key", key)
		}
	}
}

func TestRefusedContactsAreNotSent(t *testing.T) {
	unread := fresh()
	unread.Contacts = model.Set[model.Participant]{}
	for _, tc := range []struct {
		name string
		c    model.Conversation
		edit model.Edit
		kind model.ErrorKind
		says string
	}{
		{"contacts that were not read", unread, replace("cnt_1"), model.Malformed, "cannot be replaced"},
		{"a room", fresh(), model.Edit{Kind: model.EditContacts, Target: model.PeopleValue([]model.Participant{{Kind: "room", ID: "res_1", Name: "Room 4"}})}, model.Invalid, "Room 4"},
		{"an address", fresh(), model.Edit{Kind: model.EditContacts, Target: model.PeopleValue([]model.Participant{{Kind: "contact", Identifier: "emailaddress=a@x"}})}, model.Invalid, "a@x"},
		{"an odd id", fresh(), replace("cnt_1/../x"), model.Invalid, "cnt_"},
		{"a title", fresh(), model.Edit{Kind: model.EditTitle, Target: model.TextValue("x")}, model.Unsupported, "can't change"},
		{"privacy", fresh(), model.Edit{Kind: model.EditPrivacy, Target: model.TextValue("private")}, model.Unsupported, "can't change privacy"},
		{"create", model.Conversation{}, model.Edit{Kind: model.EditCreate}, model.Unsupported, "recording"},
	} {
		f := &providertest.Stub{}
		p := opened(t, f, nil)
		out := p.Apply(context.Background(), tc.c, []model.Edit{tc.edit})
		if len(f.Sent) != 0 || model.KindOf(out[0].Err) != tc.kind || !strings.Contains(out[0].Err.Error(), tc.says) {
			t.Errorf("%s: got %v and sent %v, want nothing sent", tc.name, out[0].Err, f.Sent)
		}
		if _, err := p.Requests(tc.c, []model.Edit{tc.edit}); model.KindOf(err) != tc.kind {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func TestReadOnlyAndCapabilities(t *testing.T) {
	f := &providertest.Stub{}
	p := opened(t, f, nil)
	caps := p.Capabilities(fresh())
	for _, k := range model.EditKinds() {
		if caps[k].Reason == "" || caps[k].Can() != (k == model.EditContacts) {
			t.Errorf("%s: got %+v, want a reason, and yes for contacts alone", k, caps[k])
		}
	}
	if c := caps[model.EditContacts]; c.State != model.CapabilityAssumed || !strings.Contains(c.Reason, "assumed") {
		t.Errorf("contacts: got %+v, want assumed", c)
	}
	q, err := Factory().Open(providers.Account{Credential: providertest.Credential("x"), Transport: f, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if out := q.Apply(context.Background(), fresh(), []model.Edit{replace()}); model.KindOf(out[0].Err) != model.Unsupported || len(f.Sent) != 0 || strings.Contains(out[0].Err.Error(), "shape") {
		t.Errorf("write on a read-only account: got %v and sent %v, want Unsupported and nothing", out, f.Sent)
	}
}

func TestRefusalsOfTheAssumedCall(t *testing.T) {
	for _, tc := range []struct {
		name          string
		write         int
		body          string
		get           int
		kind          model.ErrorKind
		says          string
		learned, gets bool
	}{
		{"405", 405, "", 200, model.Unsupported, "replace_contacts_method", true, false},
		{"501", 501, "", 200, model.Unsupported, "replace_contacts_path", true, false},
		{"410, readable", 410, "", 200, model.Unsupported, "replace_contacts_path", true, true},
		{"404, readable", 404, "", 200, model.Unsupported, "replace_contacts_path", true, true},
		{"404, gone", 404, `{"title":"Not Found","detail":"no engagement"}`, 404, model.NotFound, "no engagement", false, true},
		{"404 for a contact", 404, `{"title":"Not Found","detail":"contact cnt_9 not found"}`, 200, model.Invalid, "cnt_9", false, false},
		{"404 for a field", 404, `{"title":"Not Found","errors":[{"field":"contact_ids","message":"one is unknown"}]}`, 200, model.Invalid, "one is unknown", false, false},
		{"422", 422, `{"title":"Validation Failed","errors":[{"field":"contact_ids","message":"unknown contact"}],"request_id":"rid_7"}`, 200, model.Invalid, "contact_ids: unknown contact", false, false},
		{"403", 403, `{"title":"Forbidden","detail":"missing engagements:write"}`, 200, model.Forbidden, "engagements:write", true, false},
		{"403 without words", 403, ``, 200, model.Forbidden, "engagements:write", false, false},
		{"500", 500, ``, 200, model.UnknownOutcome, "", false, false},
	} {
		f := &providertest.Stub{Answers: providertest.Answers{
			"PUT " + contactsPath: providertest.Says(tc.write, tc.body), "GET /v2/engagements/ngmt_1": providertest.Says(tc.get, `{"id":"ngmt_1"}`)}}
		p := opened(t, f, nil)
		out := p.Apply(context.Background(), fresh(), []model.Edit{replace("cnt_9")})
		if model.KindOf(out[0].Err) != tc.kind || !strings.Contains(out[0].Err.Error(), tc.says) {
			t.Errorf("%s: got %v, want %s with %q", tc.name, out[0].Err, tc.kind, tc.says)
		}
		if sent := f.Take(); len(sent) != 1 && !tc.gets || tc.gets && len(sent) != 2 {
			t.Errorf("%s: sent %v", tc.name, sent)
		}
		if p.Capabilities(fresh())[model.EditContacts].Can() == tc.learned {
			t.Errorf("%s: capability afterwards: %+v", tc.name, p.Capabilities(fresh())[model.EditContacts])
		}
	}
}
