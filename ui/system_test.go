package ui_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	registry "confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/providers/sandbox"
	"confab/ui"
)

// These tests run the whole program: the real model in a virtual terminal, the real engine, a real
// database, the real adapters, and the sandbox in memory behind them.

// static is a constant credential.
type static string

func (s static) Get(context.Context) (string, error) { return string(s), nil }
func (s static) Reject(string)                       {}

// system is one running confab with everything below it.
type system struct {
	*Screen
	t      *testing.T
	sb     *sandbox.Sandbox
	inbox  *inbox.Inbox
	store  *store.Store
	closed bool
}

// withSystem runs a test on a system inside a synctest bubble.
func withSystem(t *testing.T, o sandbox.Options, f func(r *system)) {
	t.Helper()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sb := newSandbox(t, o)
		r := openSystem(t, sb, filepath.Join(dir, "confab.db"), 140, 45)
		f(r)
	})
}

func newSandbox(t *testing.T, o sandbox.Options) *sandbox.Sandbox {
	t.Helper()
	if o.Conversations == 0 {
		o.Conversations = 60
	}
	sb, err := sandbox.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return sb
}

func openSystem(t *testing.T, sb *sandbox.Sandbox, path string, w, h int, o ...ui.Options) *system {
	t.Helper()
	var accounts []inbox.Account
	factories := registry.Registry{attention.Factory(), bird.Factory(), askelephant.Factory(), kona.Factory()}
	for _, a := range sb.Accounts("http://127.0.0.1:9") {
		f, ok := factories.Find(a.Provider)
		if !ok {
			t.Fatalf("no adapter for %s", a.Provider)
		}
		secrets := map[string]model.CredentialSource{}
		for k, v := range a.Secrets {
			secrets[k] = static(v)
		}
		p, err := f.Open(registry.Account{Name: a.Name, BaseURL: a.BaseURL, Settings: a.Settings, Credential: static(a.Credential),
			Secrets: secrets, StateDir: filepath.Dir(path), Transport: sb.Transport()})
		if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, inbox.Account{Provider: p})
	}
	r := startSystem(t, accounts, path, w, h, o...)
	r.sb = sb
	return r
}

// startSystem starts everything above the accounts.
func startSystem(t *testing.T, accounts []inbox.Account, path string, w, h int, o ...ui.Options) *system {
	t.Helper()
	ctx := context.Background()
	st, err := store.Open(ctx, path, store.Options{Host: "laptop"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := inbox.Open(ctx, inbox.Options{Store: st, Refresh: 2 * time.Minute, User: "ada", Location: time.UTC, Accounts: accounts})
	if err != nil {
		t.Fatal(err)
	}
	b.Start(ctx)
	options := append(o, ui.Options{})[0]
	options.Backend, options.Now, options.Theme = b, func() time.Time { return time.Now().UTC() }, "dark"
	m := ui.New(usualViews(options))
	r := &system{Screen: Start(t, m, w, h), t: t, inbox: b, store: st}
	t.Cleanup(r.close)
	r.Wait(3 * time.Second)
	return r
}

func (r *system) close() {
	r.t.Helper()
	if r.closed {
		return
	}
	r.closed = true
	r.Stop()
	if err := r.inbox.Close(context.Background()); err != nil {
		r.t.Error(err)
	}
	if err := r.store.Close(); err != nil {
		r.t.Error(err)
	}
}

// find filters the list down to one conversation and puts the cursor there.
func (r *system) find(ref model.Ref) {
	r.t.Helper()
	r.Press("/")
	r.Press("ctrl+u")
	r.Paste("id:" + ref.String()) // letter by letter it would be filtered and drawn fifty times
	r.Press("enter")
	r.Wait(time.Second)
}

// retype clears a prompt and types another text.
func (r *system) retype(text string) {
	r.t.Helper()
	r.Press("ctrl+e", "ctrl+u")
	r.Type(text)
}

// writes returns the write requests that the sandbox has received, one line each.
func (r *system) writes() []string {
	var out []string
	for _, q := range r.sb.Requests() {
		if q.Write {
			line := q.Method + " " + q.Path
			if q.Query != "" {
				line += "?" + q.Query
			}
			if len(q.Body) > 0 {
				line += " " + string(q.Body)
			}
			out = append(out, fmt.Sprintf("%s → %d", line, q.Status))
		}
	}
	return out
}

func (r *system) wantWrites(want ...string) {
	r.t.Helper()
	got := r.writes()
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		r.t.Fatalf("the service was sent\n  %s\nwant\n  %s\nscreen:\n%s", strings.Join(got, "\n  "), strings.Join(want, "\n  "), r.Text())
	}
}

func (r *system) row(ref model.Ref) model.Row {
	r.t.Helper()
	row, ok, err := r.inbox.Row(context.Background(), ref)
	if err != nil || !ok {
		r.t.Fatalf("%v is not cached: %v", ref, err)
	}
	return row
}

func attributes(t *testing.T, sb *sandbox.Sandbox, id string) map[string]any {
	t.Helper()
	a, ok := sb.Attention().JSON(id)["attributes"].(map[string]any)
	if !ok {
		t.Fatalf("Attention has no %s", id)
	}
	return a
}

// publicCall returns the public Attention call of the inbox with the shortest plain title, so that a line shows all of it.
func publicCall(t *testing.T, sb *sandbox.Sandbox) model.Ref {
	t.Helper()
	found, shortest := model.Ref{}, ""
	for _, id := range sb.Attention().IDs() {
		a := attributes(t, sb, id)
		title, _ := a["title"].(string)
		if a["private"] != false || a["archived"] != false || a["isEmpty"] == true || !plain(title) {
			continue
		}
		if found.IsZero() || len(title) < len(shortest) {
			found, shortest = model.Ref{Account: "sales", ID: id}, title
		}
	}
	if found.IsZero() {
		t.Fatal("no public call")
	}
	return found
}

func plain(s string) bool {
	return s != "" && len(s) < 60 && model.CleanLine(s, 0) == s
}

// birdWith returns a Bird conversation with a visibility and a plain name.
func birdWith(t *testing.T, sb *sandbox.Sandbox, visibility string) model.Ref {
	t.Helper()
	for _, id := range sb.Bird().IDs() {
		c := sb.Bird().JSON(id)
		name, _ := c["name"].(string)
		if c["visibility"] == visibility && c["status"] == "active" && plain(name) {
			return model.Ref{Account: "support", ID: id}
		}
	}
	t.Fatal("no such Bird conversation")
	return model.Ref{}
}

// konaMine returns a Kona conversation with people and a plain name that the token's user may edit.
func konaMine(t *testing.T, sb *sandbox.Sandbox) model.Ref {
	t.Helper()
	for _, id := range sb.Kona().IDs() {
		c := sb.Kona().JSON(id)
		name, _ := c["name"].(string)
		people, _ := c["participants"].([]any)
		if fmt.Sprint(c["creator_id"]) == fmt.Sprint(sb.Kona().Me()) && len(people) >= 2 && plain(name) {
			return model.Ref{Account: "projects", ID: id}
		}
	}
	t.Fatal("no such Kona conversation")
	return model.Ref{}
}

func TestMakingACallPrivateIsOneKey(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		r.find(ref)
		r.sb.ResetRequests()
		r.Press("p")
		r.Wait(5 * time.Second)
		r.wantWrites("PUT /v2/conversations/" + ref.ID + "/change_privacy?privacy=private → 200")
		if attributes(r.t, r.sb, ref.ID)["private"] != true {
			r.t.Error("the call is still public at the service")
		}
		if row := r.row(ref); row.Conversation.Privacy != model.PrivacyPrivate || len(row.Pending) != 0 {
			r.t.Errorf("the row is %s with pending edits %v, want it private and settled", row.Conversation.Privacy, row.Pending)
		}
		r.Want("private")
		// The undo widens, so it names the audience and asks.
		r.Press("p")
		r.Want("assumed")
		r.Press("enter") // the default is No
		r.Wait(5 * time.Second)
		r.wantWrites("PUT /v2/conversations/" + ref.ID + "/change_privacy?privacy=private → 200")
		r.Press("u")
		r.Press("y")
		r.Wait(5 * time.Second)
		if attributes(r.t, r.sb, ref.ID)["private"] != false {
			r.t.Errorf("the undo did not reach the service, which received %v:\n%s", r.writes(), r.Text())
		}
	})
}

func TestBirdVisibility(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := birdWith(r.t, r.sb, "public")
		r.find(ref)
		r.sb.ResetRequests()
		r.Press("p")
		r.Wait(5 * time.Second)
		r.wantWrites("PATCH /workspaces/" + r.sb.Bird().Workspace() + "/conversations/" + ref.ID + ` {"visibility":"private"} → 200`)
		if got := r.sb.Bird().JSON(ref.ID)["visibility"]; got != "private" {
			r.t.Errorf("the visibility is %v", got)
		}
		r.Want("private")
	})
}

func TestRenameInThreeServices(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		for _, tc := range []struct {
			ref  model.Ref
			want string
			name func(id string) any
		}{
			{publicCall(r.t, r.sb), `PUT /v2/conversations/%s/title {"title":"Renamed by hand"} → 200`,
				func(id string) any { return attributes(r.t, r.sb, id)["title"] }},
			{birdWith(r.t, r.sb, "public"), `PATCH /workspaces/` + r.sb.Bird().Workspace() + `/conversations/%s {"name":"Renamed by hand"} → 200`,
				func(id string) any { return r.sb.Bird().JSON(id)["name"] }},
			{konaMine(r.t, r.sb), `PUT /api/conversations/%s {"conversations":[{"name":"Renamed by hand"}]} → 200`,
				func(id string) any { return r.sb.Kona().JSON(id)["name"] }},
		} {
			r.find(tc.ref)
			r.sb.ResetRequests()
			r.Press("t")
			r.Press("enter") // the unchanged prefill is no edit
			r.Wait(3 * time.Second)
			r.wantWrites()
			r.Press("t")
			r.retype("Renamed by hand")
			r.Press("enter")
			r.Wait(5 * time.Second)
			r.wantWrites(fmt.Sprintf(tc.want, tc.ref.ID))
			if got := tc.name(tc.ref.ID); got != "Renamed by hand" {
				r.t.Errorf("%s is titled %v", tc.ref, got)
			}
			r.Want("Renamed by hand")
		}
	})
}

func TestKonaRoles(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := konaMine(r.t, r.sb)
		roles := func() string {
			c := r.sb.Kona().JSON(ref.ID)
			return fmt.Sprint(c["participants"], c["groups"])
		}
		before := roles()
		r.find(ref)
		r.sb.ResetRequests()
		r.Press("P")
		r.Wait(2 * time.Second)
		r.Want("People:")
		r.Press("r")
		r.Press("ctrl+s")
		r.Wait(2 * time.Second)
		if len(r.writes()) == 0 {
			r.Press("y") // an editor role is risky, so it asks
		}
		r.Wait(5 * time.Second)
		got := r.writes()
		if len(got) != 1 || !strings.HasPrefix(got[0], "PUT /api/conversations/"+ref.ID+` {"conversations":[{`) {
			r.t.Fatalf("sent %v\n%s", got, r.Text())
		}
		if after := roles(); before == after || len(after) != len(before) {
			r.t.Errorf("the roles were %s and are %s", before, after)
		}
		if row := r.row(ref); len(row.Pending) != 0 {
			r.t.Errorf("edits are still pending: %v", row.Pending)
		}
	})
}

func TestAskElephantContactsKeepTheRoom(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		a := r.sb.AskElephant()
		var ref model.Ref
		for _, id := range a.IDs() {
			e := a.JSON(id)
			title, _ := e["title"].(string)
			if len(a.Contacts(id)) >= 2 && plain(title) && e["is_private"] != true && strings.Contains(fmt.Sprint(e["contacts"]), "calendar_resource") {
				ref = model.Ref{Account: "meetings", ID: id}
				break
			}
		}
		if ref.IsZero() {
			r.t.Fatal("no engagement with contacts and a room")
		}
		had := a.Contacts(ref.ID)
		r.find(ref)
		r.sb.ResetRequests()
		r.Press("c")
		r.Wait(2 * time.Second)
		r.Want("Contacts", fmt.Sprintf("%d contacts", len(had)))
		r.Press("x") // removes the contact under the cursor
		r.Want("1 removed")
		r.Press("ctrl+s")
		r.Wait(2 * time.Second)
		r.Want("Removes the contact")
		r.wantWrites()
		r.Press("y")
		r.Wait(5 * time.Second)
		got := r.writes()
		if len(got) != 1 || !strings.HasPrefix(got[0], "PUT /api/v2/engagements/"+ref.ID+`/contacts {"contact_ids":["cnt_`) {
			r.t.Fatalf("sent %v\n%s", got, r.Text())
		}
		if now := a.Contacts(ref.ID); len(now) != len(had)-1 {
			r.t.Errorf("%d contacts are left of %d", len(now), len(had))
		}
		if !strings.Contains(fmt.Sprint(a.JSON(ref.ID)["contacts"]), "calendar_resource") {
			r.t.Error("the room was removed")
		}
		for _, q := range r.sb.Requests() {
			if q.Write && strings.Contains(string(q.Body), "resource") {
				r.t.Errorf("a room was sent: %s", q.Body)
			}
		}
	})
}

func TestEditsSurviveAnOutageOfThreeHours(t *testing.T) {
	t.Parallel()
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		r.find(ref)
		r.sb.SetOffline("attention", true)
		r.sb.ResetRequests()
		r.Press("p")
		r.Want("private") // shown at once as pending
		down := 3 * time.Hour
		if testing.Short() {
			down = 40 * time.Minute
		}
		r.Wait(down)
		r.Want("private")
		if row := r.row(ref); len(row.Pending) != 1 {
			r.t.Fatalf("pending edits are %v, want one", row.Pending)
		}
		if attributes(r.t, r.sb, ref.ID)["private"] != false {
			r.t.Fatal("the service changed while it was down")
		}
		r.sb.SetOffline("attention", false)
		r.Wait(6 * time.Minute)
		if attributes(r.t, r.sb, ref.ID)["private"] != true {
			r.t.Errorf("not delivered after the service came back:\n%s", r.Text())
		}
		r.wantWrites("PUT /v2/conversations/" + ref.ID + "/change_privacy?privacy=private → 200")
		if row := r.row(ref); len(row.Pending) != 0 {
			r.t.Errorf("edits are still pending: %v", row.Pending)
		}
	})
}

func TestRestartDeliversAFullOutbox(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		sb := newSandbox(t, sandbox.Options{})
		path := filepath.Join(dir, "confab.db")
		r := openSystem(t, sb, path, 140, 45)
		sb.SetOffline("", true)
		call, chat, mine := publicCall(t, sb), birdWith(t, sb, "public"), konaMine(t, sb)
		for _, ref := range []model.Ref{call, chat} {
			r.find(ref)
			r.Press("p")
		}
		r.find(mine)
		r.Press("t")
		r.retype("Renamed before the restart")
		r.Press("enter")
		r.Wait(2 * time.Second)
		r.close()
		time.Sleep(time.Hour)
		sb.SetOffline("", false)
		r = openSystem(t, sb, path, 80, 24)
		r.Wait(10 * time.Second)
		if attributes(t, sb, call.ID)["private"] != true || sb.Bird().JSON(chat.ID)["visibility"] != "private" ||
			sb.Kona().JSON(mine.ID)["name"] != "Renamed before the restart" {
			t.Errorf("not everything arrived after the restart:\n%s", r.Text())
		}
		out, err := r.inbox.Outbox(context.Background())
		if err != nil || len(out) != 0 {
			t.Errorf("left in the outbox: %+v %v", out, err)
		}
	})
}

func TestSomebodyElsesRenameIsShownNotOverwritten(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		r.find(ref)
		r.Press("t")
		r.retype("Mine")
		r.sb.Attention().Change(ref.ID, "title", "Theirs")
		r.sb.ResetRequests()
		r.Press("enter")
		r.Wait(5 * time.Second)
		r.wantWrites()
		if got := attributes(r.t, r.sb, ref.ID)["title"]; got != "Theirs" {
			r.t.Fatalf("the other person's title was overwritten: %v", got)
		}
		r.Want("conflict")
	})
}

func TestALostAnswerIsVerifiedNotRepeated(t *testing.T) {
	withSystem(t, sandbox.Options{}, func(r *system) {
		ref := publicCall(r.t, r.sb)
		r.find(ref)
		r.sb.FailNext("attention", sandbox.FaultDropAfter, 1)
		r.sb.ResetRequests()
		r.Press("p")
		r.Wait(30 * time.Second)
		if n := len(r.writes()); n != 1 {
			r.t.Errorf("%d writes for one key, want 1: %v", n, r.writes())
		}
		if row := r.row(ref); len(row.Pending) != 0 || row.Conversation.Privacy != model.PrivacyPrivate {
			r.t.Errorf("the row is %s with pending edits %v", row.Conversation.Privacy, row.Pending)
		}
	})
}
