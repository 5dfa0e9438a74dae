package bird

import (
	"context"
	"fmt"
	"net/http"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/sandbox"
)

type fixed string

func (f fixed) Get(context.Context) (string, error) { return string(f), nil }
func (fixed) Reject()                               {}

func TestTmpSandbox(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{Conversations: 1200})
	if err != nil {
		t.Fatal(err)
	}
	var acc sandbox.Account
	for _, a := range s.Accounts() {
		if a.Provider == "bird" {
			acc = a
		}
	}
	n := 0
	p, err := newProvider(providers.Account{Name: "support", BaseURL: "http://127.0.0.1" + acc.Path, Settings: acc.Settings, Credential: fixed(acc.Credential),
		Transport: counted{s.Transport(), &n}})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	rows := 0
	var all []model.Conversation
	res, err := p.Sync(ctx, model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		rows += len(b.Conversations)
		all = append(all, b.Conversations...)
		return true, nil
	})
	t.Log(rows, s.Bird().Len(), res, err, n)
	kinds := map[string]int{}
	for _, c := range all {
		kinds[c.Kind+"/"+c.Status+"/"+string(c.Privacy)+"/"+c.Access]++
	}
	t.Log(kinds)
	for _, f := range all[7].Facts {
		t.Log(f)
	}
	fmt.Println(p.Check(ctx))
	for i := 0; i < 40; i++ {
		d, err := p.Load(ctx, all[i].Ref.ID, model.NeedEverything)
		if err != nil {
			t.Fatal(err)
		}
		if i < 3 {
			t.Logf("%+v", d.Conversation)
			for _, m := range d.Messages.Items {
				t.Logf("%+v", m)
			}
		}
		fresh := d.Conversation
		edits := []model.Edit{
			{ID: "1", Ref: fresh.Ref, Kind: model.EditPrivacy, Target: model.TextValue("private")},
			{ID: "2", Ref: fresh.Ref, Kind: model.EditTitle, Target: model.TextValue("hello")},
			{ID: "3", Ref: fresh.Ref, Kind: model.EditAccess, Target: model.TextValue("open")},
			{ID: "4", Ref: fresh.Ref, Kind: model.EditAttributes, Key: "x", Target: model.TextValue("5")},
		}
		lp, err := p.Lookup(ctx, model.LookupRequest{Kind: model.LookupContacts, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		people := append([]model.Participant{}, fresh.Participants.Items[1:]...)
		x := lp.Items[i%3]
		x.Status = "active"
		people = append(people, x)
		edits = append(edits, model.Edit{Kind: model.EditParticipants, Ref: fresh.Ref, Target: model.PeopleValue(people)})
		rq, err := p.Requests(fresh, edits)
		if i < 3 {
			for _, r := range rq {
				t.Log(r.Method, r.Path, r.Query, string(r.Body))
			}
		}
		for j, o := range p.Apply(ctx, fresh, edits) {
			if o.Err != nil {
				t.Log(i, j, edits[j].Kind, o.Err, fresh.Attributes)
			}
		}
		d, _ = p.Load(ctx, all[i].Ref.ID, model.NeedMessages|model.NeedParticipants)
		for _, e := range edits {
			v, _ := e.Read(d.Conversation)
			if !v.Equal(e.Target) {
				t.Log("differs", e.Kind, v, e.Target)
			}
		}
	}
	out := p.Apply(ctx, model.Conversation{}, []model.Edit{{ID: "77", Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "Neu", Message: "hi"}}}})
	t.Log(out[0].Created, out[0].Err, out[0].Existed)
	f, err := p.Find(ctx, model.NewConversation{Title: "Neu"}, all[0].Created)
	t.Log(len(f), err)
	t.Log(p.Lookup(ctx, model.LookupRequest{Kind: model.LookupChannels}))
	t.Log(p.Lookup(ctx, model.LookupRequest{Kind: model.LookupContacts, Text: "an", Limit: 5}))
}

type counted struct {
	http.RoundTripper
	n *int
}

func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	*c.n++
	return c.RoundTripper.RoundTrip(r)
}
