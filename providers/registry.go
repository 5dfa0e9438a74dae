package providers

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"confab/model"
)

// Account is what an adapter is opened with.
type Account struct {
	Name string
	// BaseURL is absolute, https except on loopback; "" is the provider's own.
	BaseURL  string
	ReadOnly bool
	// Since is how far back to list; 0 is everything.
	Since      time.Duration
	Settings   map[string]string
	Credential model.CredentialSource
	// Secrets holds the settings that are credential tables of their own.
	Secrets map[string]model.CredentialSource
	// StateDir is where rotated tokens are kept.
	StateDir string
	// Transport carries the requests; nil is a clone of http.DefaultTransport, which takes a proxy from the environment.
	Transport http.RoundTripper
	Pacer     model.Pacer
	// Log takes one line a request; nil is silent. It never gets a body, a credential or a service's words.
	Log func(format string, args ...any)
}

// Logf writes to Log where there is one. Of an error only what was tried, kind and status are written: its text may hold
// what a service said.
func (a Account) Logf(format string, args ...any) {
	if a.Log == nil {
		return
	}
	args = slices.Clone(args)
	for i, arg := range args {
		if err, ok := arg.(error); ok {
			e := model.AsError(err)
			args[i] = model.Brief(&model.Error{Kind: e.Kind, Op: e.Op, Status: e.Status})
		}
	}
	a.Log(format, args...)
}

// Setting is one key of [account.settings] that a provider knows.
type Setting struct {
	Name     string
	Required bool
	Secret   bool // the value is a credential table, given in Account.Secrets
	// Asked settings are asked for when an account is added, as required ones are; those With another one only where that is
	// given.
	Asked   bool
	With    string
	Values  []string
	Default string
	Help    string
	Check   func(string) error `json:"-"`
}

// Pace is the default rate of an account: requests a second, Burst at once after a rest, at most InFlight under way.
type Pace struct {
	PerSecond, Burst, InFlight int
	RefreshSeconds             int // between two polls, at least
}

// Every is the time between two requests; 0 is no pacing.
func (p Pace) Every() time.Duration {
	if p.PerSecond == 0 {
		return 0
	}
	return time.Second / time.Duration(p.PerSecond)
}

// CapabilityRow is what a service can do, whatever the account.
type CapabilityRow struct {
	Kind   model.EditKind
	State  model.CapabilityState
	Call   string // the request that is sent, "" where there is none
	Reason string
	Whole  bool // the set must be loaded before it is edited: a row of the list may lack it
}

// Factory opens accounts of one provider. What is text or a number stands in the file service.json of the adapter.
type Factory struct {
	Name               string // as it stands in the config file; lower case letters, digits and -
	Title              string // the service's name for people
	DefaultBaseURL     string
	CredentialOptional bool
	// Key is what the service calls its credential, with where a person gets one behind a comma.
	Key      string
	Settings []Setting
	Pace     Pace
	Table    []CapabilityRow
	About    model.Description // what holds for every account
	// Words are what an adapter says, by what it is about.
	Words map[string]string
	// NoPage and NoRecording are why a link can't be had.
	NoPage, NoRecording string
	Open                func(Account) (model.Provider, error) `json:"-"`
	// SignIn prepares a sign-in in the browser; its error says what is missing for it. Nil where there is none.
	SignIn func(Account) (SignIn, error) `json:"-"`
	// Files lists what is kept of an account beside the database, whatever the config says of it by now; nil for nothing.
	Files func(stateDir, account string) ([]string, error) `json:"-"`
}

// Service reads service.json, with its endpoints into the fields of calls, and sets how settings are checked.
func Service(file []byte, calls any, checks map[string]func(string) error) Factory {
	f := struct {
		Factory
		Calls any
	}{Calls: calls}
	if err := json.Unmarshal(file, &f); err != nil {
		panic(err) // the file is part of the program
	}
	for i := range f.Settings {
		f.Settings[i].Check = checks[f.Settings[i].Name]
	}
	return f.Factory
}

// Opening is a factory with how its accounts are opened.
func Opening[P model.Provider](f Factory, open func(Account) (P, error)) Factory {
	f.Open = func(a Account) (model.Provider, error) { return open(a) }
	return f
}

// Base returns the base URL of an account without a slash at its end.
func (f Factory) Base(a Account) string {
	return strings.TrimRight(cmp.Or(a.BaseURL, f.DefaultBaseURL), "/")
}

// SignIn is a sign-in of one account in the browser.
type SignIn interface {
	// Redirect is the address on this machine that the browser comes back to, as registered with the service.
	Redirect() string
	// Page returns the page where the person agrees; state comes back with the code.
	Page(state string) string
	// Finish swaps the code for tokens, keeps them, and tells who signed in; "" if the service does not say.
	Finish(ctx context.Context, code string) (who string, err error)
}

// Value returns a setting of an account, or its default.
func (f Factory) Value(a Account, name string) string {
	s, _ := find(f.Settings, func(s Setting) bool { return s.Name == name })
	return strings.TrimSpace(cmp.Or(a.Settings[name], s.Default))
}

// Registry lists the providers in the order used everywhere.
type Registry []Factory

func (r Registry) Find(name string) (Factory, bool) {
	return find(r, func(f Factory) bool { return f.Name == name })
}

func find[T any](all []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return found, false
}

func (r Registry) AccessValues() (out []string) {
	for _, f := range r {
		for _, word := range f.About.AccessValues {
			if !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out
}
