package kona

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

type counted struct {
	http.RoundTripper
	n *int
}

func (c counted) RoundTrip(r *http.Request) (*http.Response, error) {
	*c.n++
	return c.RoundTripper.RoundTrip(r)
}

func TestTmpSandbox(t *testing.T) {
	s, err := sandbox.New(sandbox.Options{Conversations: 1600})
	if err != nil {
		t.Fatal(err)
	}
	var acc sandbox.Account
	for _, a := range s.Accounts() {
		if a.Provider == "kona" {
			acc = a
		}
	}
	n := 0
	acc.Settings["token_url"] = "http://127.0.0.1" + acc.Settings["token_url"]
	dir := t.TempDir()
	p, err := newProvider(providers.Account{Name: "projects", BaseURL: "http://127.0.0.1" + acc.Path, Settings: acc.Settings, Credential: fixed(acc.Credential),
		Secrets:  map[string]model.CredentialSource{"refresh_token": fixed(acc.Secrets["refresh_token"]), "client_secret": fixed(acc.Secrets["client_secret"])},
		StateDir: dir, Transport: counted{s.Transport(), &n}})
	if err != nil {
		t.Fatal(err)
	}
	s.Kona().ExpireTokens()
	ctx := context.Background()
	rows := 0
	var all []model.Conversation
	res, err := p.Sync(ctx, model.SyncRequest{Mode: model.SyncFull}, func(b model.Batch) (bool, error) {
		rows += len(b.Conversations)
		all = append(all, b.Conversations...)
		return true, nil
	})
	t.Log(rows, s.Kona().Len(), res, err, n)
	kinds := map[string]int{}
	for _, c := range all {
		kinds[c.Access+"/"+c.DefaultRole+"/"+fmt.Sprint(c.Participants.Known)+"/"+c.Space.Name]++
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
			{ID: "2", Ref: fresh.Ref, Kind: model.EditTitle, Target: model.TextValue("hello")},
			{ID: "3", Ref: fresh.Ref, Kind: model.EditAccess, Target: model.TextValue("everyone")},
			{ID: "4", Ref: fresh.Ref, Kind: model.EditDefaultRole, Target: model.TextValue("viewer")},
			{ID: "5", Ref: fresh.Ref, Kind: model.EditDescription, Target: model.TextValue("")},
		}
		lp, err := p.Lookup(ctx, model.LookupRequest{Kind: model.LookupUsers, Limit: 3})
		if err != nil {
			t.Fatal(err)
		}
		if fresh.Participants.Known {
			people := append([]model.Participant{}, fresh.Participants.Items...)
			x := lp.Items[i%3]
			x.Role = "viewer"
			people = append(people, x)
			edits = append(edits, model.Edit{Kind: model.EditParticipants, Ref: fresh.Ref, Target: model.PeopleValue(people)})
		}
		rq, err := p.Requests(fresh, edits)
		if i < 3 {
			for _, r := range rq {
				t.Log(r.Method, r.Path, r.Query, string(r.Body))
			}
		}
		for j, o := range p.Apply(ctx, fresh, edits) {
			if o.Err != nil {
				t.Log(i, j, edits[j].Kind, o.Err)
			} else if o.After == nil {
				t.Log(i, j, edits[j].Kind, "no after")
			} else if v, ok := edits[j].Read(*o.After); !ok || !v.Equal(edits[j].Target) {
				t.Log(i, j, edits[j].Kind, "after differs", v, edits[j].Target)
			}
		}
	}
	t.Log(n)
	out := p.Apply(ctx, model.Conversation{}, []model.Edit{{ID: "77", Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "Neu", Space: all[0].Space.ID, Message: "hi <b> & \n you"}}}})
	t.Log(out[0].Created, out[0].Err, out[0].Existed)
	f, err := p.Find(ctx, model.NewConversation{Title: "Neu", Space: all[0].Space.ID}, all[0].Created)
	t.Log(len(f), err)
	d, err := p.Load(ctx, out[0].Created, model.NeedMessages)
	t.Logf("%+v %v %s", d.Messages, err, d.Raw)
	t.Log(p.Lookup(ctx, model.LookupRequest{Kind: model.LookupSpaces}))
	t.Log(p.Lookup(ctx, model.LookupRequest{Kind: model.LookupUsers, Text: "an", Limit: 5}))
	t.Log(p.Lookup(ctx, model.LookupRequest{Kind: model.LookupGroups, Scope: all[0].Space.ID, Limit: 5}))
	s.Kona().Set(func(k *sandbox.KonaSwitches) { k.NoPut405 = true })
	o := p.Apply(ctx, all[3], []model.Edit{{Kind: model.EditTitle, Target: model.TextValue("xx")}})
	t.Log(o[0].Err, p.Capabilities(all[4])[model.EditAccess])
	s.Kona().Set(func(k *sandbox.KonaSwitches) { k.ExpiredPassword = true })
	n = 0
	_, err = p.Load(ctx, all[3].Ref.ID, 0)
	t.Log(err, n)
	b, _ := http.Dir(dir).Open("/")
	fs, _ := b.Readdir(-1)
	for _, f := range fs {
		t.Log(f.Name(), f.Mode())
	}
}
