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
	// BaseURL is absolute, and https except on loopback; "" is the provider's default.
	BaseURL    string
	ReadOnly   bool
	Settings   map[string]string
	Credential model.CredentialSource
	// Secrets holds the settings that are credential tables.
	Secrets map[string]model.CredentialSource
	// StateDir is where rotated tokens are kept.
	StateDir string
	// Transport carries the requests; nil is a clone of http.DefaultTransport, which takes a proxy from the environment.
	Transport http.RoundTripper
	Pacer     model.Pacer
	// Log receives one line for each request, unless it is nil. It never receives a body, a credential or text from a service.
	Log func(format string, args ...any)
}

// Logf writes to Log if there is one. Of an error it writes only the operation, the kind and the status, because the message
// may quote the service.
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

// Setting describes one key of [account.settings].
type Setting struct {
	Name     string
	Required bool
	Secret   bool // the value is a credential table, given in Account.Secrets
	// Asked says that the set-up asks for the setting although it is not required; with With, only if that setting is given.
	Asked   bool
	With    string
	Values  []string
	Default string
	Help    string
	Check   func(string) error `json:"-"`
}

// Pace is the default rate of an account: PerSecond requests a second, Burst requests at once after a rest, and InFlight at a
// time.
type Pace struct {
	PerSecond, Burst, InFlight int
	RefreshSeconds             int // the shortest time between two polls
}

// Every returns the time between two requests; 0 means no pacing.
func (p Pace) Every() time.Duration {
	if p.PerSecond == 0 {
		return 0
	}
	return time.Second / time.Duration(p.PerSecond)
}

// CapabilityRow says whether a service can make a kind of edit, whatever the account.
type CapabilityRow struct {
	Kind   model.EditKind
	State  model.CapabilityState
	Call   string // the request that makes the edit; "" if there is none
	Reason string
	Whole  bool // the set must be loaded before it is edited, because a row of the list may lack it
}

// Factory opens accounts of one provider. Its texts and numbers stand in the file service.json of the adapter.
type Factory struct {
	Name               string // in the config file: lower case letters, digits and -
	Title              string // on the screen
	DefaultBaseURL     string
	CredentialOptional bool
	// Key is the service's name for its credential, followed by a comma and where a person gets one.
	Key      string
	Settings []Setting
	Pace     Pace
	Table    []CapabilityRow
	About    model.Description // the part that is the same for every account
	Words    map[string]string // further texts of the adapter
	// NoPage and NoRecording explain why there is no link.
	NoPage, NoRecording string
	Open                func(Account) (model.Provider, error) `json:"-"`
	// SignIn prepares a sign-in in the browser; its error says what is missing. Nil if the service has no sign-in.
	SignIn func(Account) (SignIn, error) `json:"-"`
	// Files lists the files kept for an account beside the database, even if the config no longer has the account; nil if there
	// are never any.
	Files func(stateDir, account string) ([]string, error) `json:"-"`
}

// Service reads a service.json. It stores the endpoints in the fields of calls, and adds the checks of settings by name.
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

// Opening returns the factory with a function that opens an account.
func Opening[P model.Provider](f Factory, open func(Account) (P, error)) Factory {
	f.Open = func(a Account) (model.Provider, error) { return open(a) }
	return f
}

// Base returns the base URL of an account without a trailing slash.
func (f Factory) Base(a Account) string {
	return strings.TrimRight(cmp.Or(a.BaseURL, f.DefaultBaseURL), "/")
}

// SignIn is a sign-in of one account in the browser.
type SignIn interface {
	// Redirect returns the address on this machine to which the browser returns, as registered with the service.
	Redirect() string
	// Page returns the address of the page where the person agrees. The browser returns with a code and the given state.
	Page(state string) string
	// Finish exchanges the code for tokens, stores them, and returns who signed in, or "" if the service does not say.
	Finish(ctx context.Context, code string) (who string, err error)
}

// Value returns a setting of an account, or the default.
func (f Factory) Value(a Account, name string) string {
	s, _ := find(f.Settings, func(s Setting) bool { return s.Name == name })
	return strings.TrimSpace(cmp.Or(a.Settings[name], s.Default))
}

// Registry lists the providers in the order in which they are shown.
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
