package conformance_test

import (
	"context"
	"net/http"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"confab/model"
	"confab/providers"
	"confab/providers/conformance"
	"confab/providers/sandbox"
)

// TestMain collects garbage less often than by default, which takes a fifth of the time away.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	goleak.VerifyTestMain(m)
}

func TestAttention(t *testing.T)   { run(t, attentionService()) }
func TestBird(t *testing.T)        { run(t, birdService()) }
func TestAskElephant(t *testing.T) { run(t, askElephantService()) }
func TestKona(t *testing.T)        { run(t, konaService()) }
func TestNotes(t *testing.T)       { run(t, notesService()) }

// services returns all services, including the made-up one.
func services() []conformance.Service {
	return []conformance.Service{attentionService(), birdService(), askElephantService(), konaService(), notesService()}
}

func run(t *testing.T, s conformance.Service) {
	t.Parallel()
	conformance.Run(t, s)
}

// host is the host of all stand-ins. It is never resolved.
const host = "https://service.example"

// stand is a sandbox with an account on one of its servers.
type stand struct {
	*sandbox.Sandbox
	account    model.Provider
	provider   string
	credential string
}

// open opens an account on a server of a new sandbox.
func open(t testing.TB, f providers.Factory, o conformance.Options) (*stand, conformance.Standin) {
	t.Helper()
	return openWorld(t, f, o, sandbox.Hostile)
}

func openWorld(t testing.TB, f providers.Factory, o conformance.Options, world string) (*stand, conformance.Standin) {
	t.Helper()
	return openSandbox(t, f, o, sandbox.Options{World: world, Conversations: 4 * o.Conversations, Seed: 11})
}

func openSandbox(t testing.TB, f providers.Factory, o conformance.Options, of sandbox.Options) (*stand, conformance.Standin) {
	t.Helper()
	box, err := sandbox.New(of)
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{Sandbox: box, provider: f.Name}
	list := box.Accounts(host)
	at := slices.IndexFunc(list, func(a sandbox.Account) bool { return a.Provider == f.Name })
	if at < 0 {
		t.Fatalf("the sandbox has no %s", f.Name)
	}
	in := list[at]
	s.credential = in.Credential
	a := providers.Account{
		Name: in.Name, BaseURL: in.BaseURL, ReadOnly: o.ReadOnly, Settings: in.Settings, Credential: fixed(in.Credential),
		Secrets: map[string]model.CredentialSource{}, StateDir: t.TempDir(), Transport: o.Wrap(box.Transport()), Pacer: o.Pacer, Log: o.Log,
	}
	if o.Credential != nil {
		a.Credential = o.Credential(in.Credential)
		in.Settings["client_id"], in.Secrets = "", nil // so that the account can't renew the credential
	}
	secrets := []string{in.Credential}
	for name, value := range in.Secrets {
		a.Secrets[name] = fixed(value)
		secrets = append(secrets, value)
	}
	if s.account, err = f.Open(a); err != nil {
		t.Fatal(err)
	}
	return s, conformance.Standin{
		Account: s.account,
		Secrets: secrets,
		Revoke:  func() { box.Revoke(f.Name) },
		Fault:   func(name string, n int) { box.FailNext(f.Name, name, n) },
		Offline: func(down bool) { box.SetOffline(f.Name, down) },
		Log: func() []conformance.Received {
			var out []conformance.Received
			for _, r := range box.Requests() {
				var body []byte
				if len(r.Body) > 0 {
					body = r.Body
				}
				out = append(out, conformance.Received{Status: r.Status, Write: r.Write, Request: model.Request{
					Method: r.Method, Path: "/" + r.Provider + r.Path, Query: r.Query, Body: body}})
			}
			return out
		},
		ResetLog: box.ResetRequests,
		Server:   s,
	}
}

// fixed is the source of a credential that never changes.
type fixed string

func (f fixed) Get(context.Context) (string, error) { return string(f), nil }
func (fixed) Reject(string)                         {}

// behind returns the sandbox of a bench.
func behind(b *conformance.Bench) *stand { return b.Server.(*stand) }

// writes returns a function that reports whether a request writes: all but a GET, or a POST to a path with one of these ends.
func writes(reading ...string) func(method, path string) bool {
	return func(method, path string) bool {
		return method != http.MethodGet && !slices.ContainsFunc(reading, func(end string) bool { return strings.HasSuffix(path, end) })
	}
}

func without(state map[string]any, fields ...string) map[string]any {
	for _, f := range fields {
		delete(state, f)
	}
	return state
}

// text returns v if it is a string, else "".
func text(v any) string {
	s, _ := v.(string)
	return s
}

// setText returns an edit case that sets a text.
func setText(name string, kind model.EditKind, key, target string, requests int) conformance.EditCase {
	return conformance.EditCase{Name: name, Kind: kind, Requests: requests,
		Edit: func(*conformance.Bench, model.Conversation) (string, model.Value, bool) {
			return key, model.TextValue(target), true
		}}
}

// suits limits a case to conversations that accept returns true for.
func suits(ec conformance.EditCase, accept func(b *conformance.Bench, c model.Conversation) bool) conformance.EditCase {
	edit := ec.Edit
	ec.Edit = func(b *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
		key, target, ok := edit(b, c)
		return key, target, ok && accept(b, c)
	}
	return ec
}

// setPeople returns an edit case that changes a set.
func setPeople(name string, kind model.EditKind, requests int, change func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool)) conformance.EditCase {
	return conformance.EditCase{Name: name, Kind: kind, Requests: requests,
		Edit: func(b *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
			now, known := model.Read(c, kind, "")
			if !known {
				return "", model.Value{}, false
			}
			target, ok := change(b, slices.Clone(now.Set()))
			return "", model.PeopleValue(target), ok
		}}
}
