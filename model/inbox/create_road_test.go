package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
	"confab/providers"
	"confab/providers/bird"
	"confab/providers/kona"
	"confab/providers/sandbox"
)

// These tests run the engine over the real adapters and the sandbox.

type static string

func (s static) Get(context.Context) (string, error) { return string(s), nil }
func (s static) Reject(string)                       {}

// cable connects the adapters to the sandbox.
type cable struct {
	http.RoundTripper
	// cut, if set, handles a POST or DELETE.
	cut func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error)
	// stale, if set, is the answer to a list of conversations.
	stale []byte
}

func (c *cable) RoundTrip(r *http.Request) (*http.Response, error) {
	send := func() (*http.Response, error) { return c.RoundTripper.RoundTrip(r) }
	if c.cut != nil && r.Method != http.MethodGet {
		return c.cut(r, send)
	}
	if c.stale != nil && strings.HasSuffix(r.URL.Path, "/conversations") {
		header := http.Header{"Content-Type": {"application/json"}}
		return &http.Response{StatusCode: 200, Header: header, Body: io.NopCloser(bytes.NewReader(c.stale))}, nil
	}
	return send()
}

// lab is an engine with its services.
type lab struct {
	*inbox.Inbox
	t     *testing.T
	sb    *sandbox.Sandbox
	cable *cable
}

// over runs f with an engine whose services' clocks differ by skew.
func over(t *testing.T, skew time.Duration, f func(l *lab)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		sb, err := sandbox.New(sandbox.Options{Conversations: 240, Now: func() time.Time { return time.Now().Add(skew) }})
		if err != nil {
			t.Fatalf("making the sandbox: %v", err)
		}
		l := &lab{t: t, sb: sb, cable: &cable{RoundTripper: sb.Transport()}}
		ctx := context.Background()
		s, err := store.Open(ctx, path, store.Options{Host: "laptop"})
		if err != nil {
			t.Fatalf("opening the database: %v", err)
		}
		o := inbox.Options{Store: s, User: "ada", Location: time.UTC, Patience: 3 * time.Minute}
		for _, a := range sb.Accounts("http://127.0.0.1:9") {
			f, ok := providers.Registry{bird.Factory(), kona.Factory()}.Find(a.Provider)
			if !ok {
				continue
			}
			p, err := f.Open(providers.Account{Name: a.Name, BaseURL: a.BaseURL, Settings: a.Settings,
				Credential: static(a.Credential), StateDir: filepath.Dir(path), Transport: l.cable})
			if err != nil {
				t.Fatalf("opening the adapter: %v", err)
			}
			o.Accounts = append(o.Accounts, inbox.Account{Provider: p})
		}
		if l.Inbox, err = inbox.Open(ctx, o); err != nil {
			t.Fatalf("opening the inbox: %v", err)
		}
		defer func() {
			if err := errors.Join(l.Close(ctx), s.Close()); err != nil {
				t.Errorf("closing the inbox and the database: %v", err)
			}
		}()
		f(l)
	})
}

// submit plans and submits a create and returns its id.
func (l *lab) submit(account string, n model.NewConversation) string {
	l.t.Helper()
	p, err := l.PlanCreate(context.Background(), account, n, model.PlanOptions{})
	if err != nil {
		l.t.Fatalf("planning the new conversation: %v", err)
	}
	ids, err := l.Submit(context.Background(), p)
	if err != nil || len(ids) != 1 {
		l.t.Fatalf("submitting a new conversation queued %d edits, want 1, error %v; the plan is %+v", len(ids), err, p.Items)
	}
	return ids[0]
}

func (l *lab) deliver(ids ...string) map[string]model.DeliveryResult {
	l.t.Helper()
	out := map[string]model.DeliveryResult{}
	if err := l.Deliver(context.Background(), ids, func(r model.DeliveryResult) { out[r.Entry.ID] = r }); err != nil {
		l.t.Fatalf("delivering the edits: %v", err)
	}
	return out
}

// titled returns the conversations of a service with a title.
func (l *lab) titled(account, title string) (ids []string) {
	switch account {
	case "support":
		for _, id := range l.sb.Bird().IDs() {
			if l.sb.Bird().JSON(id)["name"] == title {
				ids = append(ids, id)
			}
		}
	case "projects":
		for _, id := range l.sb.Kona().IDs() {
			if l.sb.Kona().JSON(id)["name"] == title {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// writes counts the requests with a method that reached an account's service.
func (l *lab) writes(account, method string) (n int) {
	provider := map[string]string{"support": model.Bird, "projects": model.Kona}[account]
	for _, r := range l.sb.Requests() {
		if r.Provider == provider && r.Write && r.Method == method {
			n++
		}
	}
	return n
}

// asked is a conversation with people and a first message.
func (l *lab) asked(account, title string) model.NewConversation {
	l.t.Helper()
	n := model.NewConversation{Title: title, Message: "Good morning\nto <all>"}
	lookUp := func(req model.LookupRequest) model.Participant {
		page, err := l.Lookup(context.Background(), account, req)
		if err != nil || len(page.Items) == 0 {
			l.t.Fatalf("looking up %+v found %d items, want at least one, error %v", req, len(page.Items), err)
		}
		return page.Items[len(page.Items)-1]
	}
	if account == "projects" {
		n.Space = lookUp(model.LookupRequest{Kind: model.LookupSpaces}).ID
	}
	n.People = []model.Participant{lookUp(model.LookupRequest{Kind: model.LookupUsers, Scope: n.Space})}
	return n
}

// once passes the first write to a function; later writes go through.
func (l *lab) once(cut func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error)) {
	l.cable.cut = func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		l.cable.cut = nil
		return cut(r, send)
	}
}

func page500() *http.Response {
	body := io.NopCloser(strings.NewReader("<html>ill</html>"))
	return &http.Response{StatusCode: 500, Header: http.Header{"Content-Type": {"text/html"}}, Body: body}
}

// losses are the ways to lose the answer to a write.
var losses = map[string]func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error){
	"done, then cut": func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		_, _ = send()
		return nil, io.ErrUnexpectedEOF
	},
	"done, then 500": func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		_, _ = send()
		return page500(), nil
	},
	"done, then silence": func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		_, _ = send()
		<-r.Context().Done()
		return nil, r.Context().Err()
	},
	"not done, and 500": func(*http.Request, func() (*http.Response, error)) (*http.Response, error) { return page500(), nil },
	"not done, and cut": func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
		return nil, io.ErrUnexpectedEOF
	},
}

func TestLostCreateIsMadeOnceWhateverTheClocksSay(t *testing.T) {
	skews := []time.Duration{10 * time.Minute, -10 * time.Minute, 0, -26 * time.Hour, 26 * time.Hour}
	if testing.Short() {
		skews = skews[:1]
	}
	for _, skew := range skews {
		for name, loss := range losses {
			for _, account := range []string{"support", "projects"} {
				t.Run(account+"/"+name+"/"+skew.String(), func(t *testing.T) {
					over(t, skew, func(l *lab) {
						id := l.submit(account, l.asked(account, "Lift inspection"))
						l.once(loss)
						r := l.deliver(id)[id]
						if made := l.titled(account, "Lift inspection"); len(made) != 1 || r.Journal == nil || r.Journal.Ref.ID != made[0] {
							t.Errorf("after a lost answer the service has the conversations %v (want one, and the history to name it): the create is %s",
								made, inWords(r.Entry))
						}
						if left := outbox(t, l.Inbox); len(left) > 0 {
							t.Errorf("the create is settled, but the outbox still holds %s, want no edit", inWords(left...))
						}
					})
				})
			}
		}
	}
}

// If conversations can't be told apart, the user decides: none is claimed, and none is made
// twice.
func TestLostCreateClaimsOnlyAnIdenticalConversation(t *testing.T) {
	for _, account := range []string{"support", "projects"} {
		t.Run(account, func(t *testing.T) {
			over(t, 0, func(l *lab) {
				n := l.asked(account, "Lift inspection")
				id := l.submit(account, n)
				n.Message, n.People[0].Role = "What somebody else wrote", model.RoleViewer
				l.once(func(*http.Request, func() (*http.Response, error)) (*http.Response, error) {
					// Somebody makes one by hand just then, and ours is not made.
					l.byHand(account, n)
					return page500(), nil
				})
				r := l.deliver(id)[id]
				if made := l.titled(account, "Lift inspection"); len(made) != 1 || r.Entry.State != model.OutcomeNotKnown {
					t.Fatalf("somebody else made a conversation of the same title: the service has %v (want that one alone), and the create ended as %s (want %s): %s",
						made, r.Entry.State, model.OutcomeNotKnown, inWords(r.Entry))
				}
				made := model.Ref{Account: account, ID: l.titled(account, "Lift inspection")[0]}.String()
				if r.Entry.Error.Existing != made || !strings.Contains(r.Entry.Error.Message, made) {
					t.Errorf("the error names the existing conversation %q and says %q, want %s in both",
						r.Entry.Error.Existing, r.Entry.Error.Message, made)
				}
				// A retry goes the same careful way.
				if _, err := l.Decide(context.Background(), model.DecideRetry, named(id)...); err != nil {
					t.Fatalf("retrying the edit: %v", err)
				}
				if r = l.deliver(id)[id]; r.Entry.State != model.OutcomeNotKnown || len(l.titled(account, "Lift inspection")) != 1 {
					t.Errorf("the retry ended as %s, want %s, and the service has %v, want one conversation",
						r.Entry.State, model.OutcomeNotKnown, l.titled(account, "Lift inspection"))
				}
			})
		})
	}
}

// byHand makes a conversation without the engine.
func (l *lab) byHand(account string, n model.NewConversation) {
	l.t.Helper()
	for _, a := range l.sb.Accounts("http://127.0.0.1:9") {
		f, ok := providers.Registry{bird.Factory(), kona.Factory()}.Find(a.Provider)
		if !ok || a.Name != account {
			continue
		}
		p, err := f.Open(providers.Account{Name: a.Name, BaseURL: a.BaseURL, Settings: a.Settings,
			Credential: static(a.Credential), StateDir: l.t.TempDir(), Transport: l.sb.Transport()})
		if err != nil {
			l.t.Errorf("opening the adapter: %v", err)
			return
		}
		e := model.Edit{ID: "by-hand", Kind: model.EditCreate, Target: model.Value{New: &n}}
		out := p.Apply(context.Background(), model.Conversation{}, []model.Edit{e})[0]
		if out.Err != nil {
			l.t.Errorf("making the conversation by hand: %v", out.Err)
		}
	}
}

func TestTwoLostCreatesOfOneTitleMakeTwo(t *testing.T) {
	for _, account := range []string{"support", "projects"} {
		for name, loss := range losses {
			t.Run(account+"/"+name, func(t *testing.T) {
				over(t, 0, func(l *lab) {
					n := l.asked(account, "Stand-up")
					n.Message = "" // nothing tells the two apart
					ids := []string{l.submit(account, n), l.submit(account, n)}
					left := 2
					l.cable.cut = func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
						if left--; left < 0 {
							return send()
						}
						return loss(r, send)
					}
					for range 3 {
						l.deliver(ids...)
						time.Sleep(time.Hour)
					}
					made := l.titled(account, "Stand-up")
					journal, err := l.History(context.Background(), model.HistoryRequest{})
					if err != nil || len(made) != 2 || len(journal) != 2 || journal[0].Ref == journal[1].Ref {
						t.Errorf("two creates of one title made %v (want two conversations), the history names %d (want 2 different ones), and the outbox holds %s; error %v",
							made, len(journal), inWords(outbox(t, l.Inbox)...), err)
					}
				})
			})
		}
	}
}

func TestCreateIsDoneWhenItIsReadBack(t *testing.T) {
	for _, account := range []string{"support", "projects"} {
		t.Run(account, func(t *testing.T) {
			over(t, 0, func(l *lab) {
				l.sb.Bird().Set(sandbox.Switches{"CreateIgnored": true})
				l.sb.Kona().Set(sandbox.Switches{"CreateIgnored": true})
				id := l.submit(account, l.asked(account, "Lift inspection"))
				var r model.DeliveryResult
				for range 10 {
					r = l.deliver(id)[id]
					time.Sleep(time.Hour)
				}
				if r.Journal != nil || r.Entry.State != model.OutcomeNotKnown || r.Entry.Error.Existing == "" {
					t.Errorf("a create that cannot be read back ended as %s (want %s with an error that names the conversation), and is in the history: %t (want false); %s",
						r.Entry.State, model.OutcomeNotKnown, r.Journal != nil, inWords(r.Entry))
				}
				if _, err := l.Decide(context.Background(), model.DecideRetry, named(id)...); err != nil {
					t.Fatalf("retrying the edit: %v", err)
				}
				l.deliver(id)
				if n := l.writes(account, "POST"); n != 1 {
					t.Errorf("the create was requested %d times, want once", n)
				}
			})
		})
	}
}

// The service accepts the create but makes something else.
func TestCreateThatShowsSomethingElseIsUnverified(t *testing.T) {
	over(t, 0, func(l *lab) {
		n := l.asked("support", "Lift inspection")
		n.Privacy = model.PrivacyPrivate
		id := l.submit("support", n)
		l.once(func(_ *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			res, err := send()
			for _, made := range l.titled("support", "Lift inspection") {
				l.sb.Bird().Change(made, "visibility", "public")
			}
			return res, err
		})
		r := l.deliver(id)[id]
		if r.Entry.State != model.NotVerified || !strings.Contains(r.Entry.Error.Message, "privacy") || r.Entry.Error.Existing == "" {
			t.Fatalf("a create that made a public conversation of a private one ended as %s, want %s with an error that says privacy and names the conversation: %s",
				r.Entry.State, model.NotVerified, inWords(r.Entry))
		}
		made := l.titled("support", "Lift inspection")
		l.sb.Bird().Change(made[0], "visibility", "private")
		if _, err := l.Decide(context.Background(), model.DecideRetry, named(id)...); err != nil {
			t.Fatalf("retrying the edit: %v", err)
		}
		if r = l.deliver(id)[id]; r.Journal == nil || l.writes("support", "POST") != 1 {
			t.Errorf("the retry, once the conversation is private, ended as %s after %d requests, want it in the history after 1",
				r.Entry.State, l.writes("support", "POST"))
		}
	})
}

// taken returns a contact of an open conversation, with its channel and id.
func (l *lab) taken() (id, channel string, contact model.Participant) {
	for _, id := range l.sb.Bird().IDs() {
		state := l.sb.Bird().JSON(id)
		for _, p := range l.sb.Bird().Participants(id) {
			c, _ := p["contact"].(map[string]any)
			key, _ := c["identifierKey"].(string)
			value, _ := c["identifierValue"].(string)
			if channel, _ := state["channelId"].(string); state["status"] == "active" && channel != "" && key == "emailaddress" {
				return id, channel, model.Participant{Kind: model.KindContact, Identifier: key + "=" + value}
			}
		}
	}
	l.t.Fatal("the sandbox has no contact in an open conversation")
	return "", "", model.Participant{}
}

func TestCreateOfAnExistingConversationIsRefusedAndNamesIt(t *testing.T) {
	for name, named := range map[string]bool{"named": true, "not named": false} {
		t.Run(name, func(t *testing.T) {
			over(t, 0, func(l *lab) {
				l.sb.Bird().Set(sandbox.Switches{"ExistsUnnamed": !named})
				_, channel, contact := l.taken()
				before := len(l.sb.Bird().IDs())
				id := l.submit("support", model.NewConversation{Title: "Hello", Channel: channel,
					People: []model.Participant{contact}, Message: "the first words"})
				r := l.deliver(id)[id]
				if r.Entry.State != model.Refused || r.Journal != nil || len(l.sb.Bird().IDs()) != before {
					t.Fatalf("a create that the service refuses ended as %s (want %s), and the service has %d conversations (want %d): %s",
						r.Entry.State, model.Refused, len(l.sb.Bird().IDs()), before, inWords(r.Entry))
				}
				left := outbox(t, l.Inbox)
				if len(left) != 1 || left[0].Target.New.Message != "the first words" || left[0].Error == nil || *left[0].Error.Status != 409 {
					t.Fatalf("the outbox holds %s, want the refused create with its first message and the HTTP status 409", inWords(left...))
				}
				if !named {
					if left[0].Error.Existing != "" || left[0].Error.Message == "" {
						t.Errorf("the service named no conversation: the error names %q (want none) and its message is %q (want one)",
							left[0].Error.Existing, left[0].Error.Message)
					}
					return
				}
				ref, err := model.ParseRef(left[0].Error.Existing)
				if err != nil || !slices.Contains(l.sb.Bird().IDs(), ref.ID) || !strings.Contains(left[0].Error.Words(), ref.String()) {
					t.Fatalf("the error names the existing conversation %q and says %q, want one that the service has; error %v",
						left[0].Error.Existing, left[0].Error.Words(), err)
				}
				if _, ok, err := l.Row(context.Background(), ref); err != nil || !ok {
					t.Errorf("the row of the existing conversation %v: found %t (want true), error %v", ref, ok, err)
				}
			})
		})
	}
}

// The service's list lags behind: the conversation of a lost create shows only when the
// second try is refused because of it.
func TestCreateRefusedBecauseOfItsOwnFirstTryIsDone(t *testing.T) {
	over(t, 0, func(l *lab) {
		_, channel, contact := l.taken()
		for _, id := range l.sb.Bird().IDs() {
			l.sb.Bird().Change(id, "status", "closed") // so that no open conversation prevents the create
		}
		id := l.submit("support", model.NewConversation{Title: "Hello", Channel: channel, People: []model.Participant{contact}, Message: "Hi"})
		posts := 0
		l.cable.cut = func(r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/conversations") {
				return send()
			}
			if posts++; posts > 1 {
				l.cable.stale = nil
				return send()
			}
			list, err := l.cable.RoundTripper.RoundTrip(listOf(r))
			if err == nil {
				l.cable.stale, err = io.ReadAll(list.Body)
			}
			_, _ = send()
			return nil, errors.Join(err, io.ErrUnexpectedEOF)
		}
		r := l.deliver(id)[id]
		if made := l.titled("support", "Hello"); len(made) != 1 || posts != 2 || r.Journal == nil || r.Journal.Ref.ID != made[0] {
			t.Errorf("the service has %v after %d requests (want one conversation after 2, and the history to name it): the create is %s",
				made, posts, inWords(r.Entry))
		}
	})
}

// listOf is the request for the list that a create adds to.
func listOf(create *http.Request) *http.Request {
	r := create.Clone(create.Context())
	r.Method, r.Body, r.ContentLength = http.MethodGet, nil, 0
	r.URL.RawQuery = "limit=100"
	return r
}
