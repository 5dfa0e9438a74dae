package providers

import (
	"cmp"
	"context"
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
	Since    time.Duration
	Settings map[string]string
	// Credential may be nil where Factory.CredentialOptional says so.
	Credential model.CredentialSource
	// Secrets holds the settings that are credential tables of their own.
	Secrets map[string]model.CredentialSource
	// StateDir is where rotated tokens are kept, in files of mode 0600.
	StateDir string
	// Transport carries the requests; nil is a clone of
	// http.DefaultTransport, which takes a proxy from the environment.
	Transport http.RoundTripper
	// Pacer spaces the requests; nil is no spacing.
	Pacer model.Pacer
	// Log takes one line a request; nil is silent. It never gets a body, a
	// credential or a service's words.
	Log func(format string, args ...any)
}

// Base returns the base URL without a slash at its end; standard is the provider's
// own.
func (a Account) Base(standard string) string {
	return strings.TrimRight(cmp.Or(a.BaseURL, standard), "/")
}

// Describe is what the description of an account holds whatever the service.
func (a Account) Describe(f Factory, identity string) model.Description {
	d := model.Description{Provider: f.Name, Name: f.Title, Account: a.Name, BaseURL: a.Base(f.DefaultBaseURL), Identity: identity,
		ReadOnly: a.ReadOnly, AccessValues: f.AccessValues, Effects: map[string]string{}}
	for line := range strings.Lines(f.Effects) {
		key, sentence, _ := strings.Cut(strings.TrimSpace(line), " ")
		d.Effects[key] = sentence
	}
	d.Audience = f.Audiences()
	return d
}

// Audiences reads the rules in Audience.
func (f Factory) Audiences() (out model.Audiences) {
	for line := range strings.Lines(f.Audience) {
		head, rest, _ := strings.Cut(strings.TrimSpace(line), " | ")
		sentence, assumed, _ := strings.Cut(rest, " | ")
		var word, class string
		r := model.AudienceRule{}
		for i, term := range strings.Fields(head) {
			name, value, _ := strings.Cut(term, "=")
			switch {
			case i == 0:
				word = term
			case i == 1:
				class = term
			case name == "privacy":
				r.Privacy = model.Privacy(value)
			case name == "access":
				r.Access = value
			case name == "groups":
				r.Groups = true
			}
		}
		r.Audience = model.Audience{Class: model.Class(class), Word: word, Sentence: sentence, Assumed: assumed}
		out = append(out, r)
	}
	return out
}

// Logf writes to Log where there is one. Of an error only what was tried, kind
// and status are written: its text may hold what a service said.
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
	// Secret says that the value is a credential table, given in
	// Account.Secrets.
	Secret bool
	// Asked settings are asked for when an account is added, as all required ones are; those With another one only where
	// that is given.
	Asked bool
	With  string
	// Values are the only ones allowed; empty allows any that Check takes.
	Values  []string
	Default string
	Help    string
	Check   func(string) error
}

// Pace is the default rate of an account: one request every Every, Burst at
// once after a rest, at most InFlight under way.
type Pace struct {
	Every    time.Duration
	Burst    int
	InFlight int
}

// CapabilityRow is one line of the capability table of a provider, for the
// help: what the service can do, whatever the account.
type CapabilityRow struct {
	Kind  model.EditKind
	State model.CapabilityState
	// Call is the request that is sent, "" where there is none.
	Call   string
	Reason string
	// Needs is what must be loaded before such an edit.
	Needs model.Need
}

// No is the row of an edit that a service has no call for.
func No(k model.EditKind, reason string) CapabilityRow {
	return CapabilityRow{Kind: k, State: model.CapabilityNo, Reason: reason}
}

// Yes is the row of an edit whose call is documented.
func Yes(k model.EditKind, call, reason string) CapabilityRow {
	return CapabilityRow{Kind: k, State: model.CapabilityYes, Call: call, Reason: reason}
}

// Assumed is the row of an edit whose call is not documented, or not wholly.
func Assumed(k model.EditKind, call, reason string) CapabilityRow {
	return CapabilityRow{Kind: k, State: model.CapabilityAssumed, Call: call, Reason: reason}
}

// Needing is the row of an edit that needs more than the plain conversation.
func (r CapabilityRow) Needing(need model.Need) CapabilityRow {
	r.Needs = need
	return r
}

// Factory opens accounts of one provider.
type Factory struct {
	Name               string // as it stands in the config file; lower case letters, digits and -
	Title              string // the service's name for people
	DefaultBaseURL     string
	CredentialOptional bool
	// Key is what the service calls its credential, with where a person gets one
	// behind a comma.
	Key      string
	Settings []Setting
	Pace     Pace
	Table    []CapabilityRow
	// AccessValues are the words for who gets in, in the order of display; empty
	// where the service has none.
	AccessValues []string
	// Audience tells who can see a conversation, in lines: the word for a list,
	// the class, privacy=, access= and "groups" where the line is about these
	// alone, then " | " and the sentence, and " | " and what of it is assumed.
	Audience string
	// Effects tells what else comes of an edit: a line for each key of
	// model.Description.Effects, the key first.
	Effects string
	// Open does no I/O: the credential is asked for when it is first needed.
	Open func(Account) (model.Provider, error)
	// SignIn prepares a sign-in in the browser; its error says what is missing
	// for it. Nil where the service has none.
	SignIn func(Account) (SignIn, error)
	// Files lists the files that are kept of an account beside the database,
	// whatever the config says of it by now. Nil where there are none.
	Files func(stateDir, account string) ([]string, error)
}

// SignIn is a sign-in of one account in the browser.
type SignIn interface {
	// Redirect is the address on this machine that the browser comes back to, as
	// it is registered with the service.
	Redirect() string
	// Page returns the page where the person agrees; state comes back with the code.
	Page(state string) string
	// Finish swaps the code for tokens, keeps them, and tells who signed in; "" if
	// the service does not say.
	Finish(ctx context.Context, code string) (who string, err error)
}

// Value returns a setting of an account, or its default.
func (f Factory) Value(a Account, name string) string {
	s, _ := f.Setting(name)
	return cmp.Or(a.Settings[name], s.Default)
}

// Setting finds a setting by its name.
func (f Factory) Setting(name string) (Setting, bool) {
	return find(f.Settings, func(s Setting) bool { return s.Name == name })
}

// Registry lists the providers in the order used everywhere.
type Registry []Factory

// Find returns the factory of a provider.
func (r Registry) Find(name string) (Factory, bool) {
	return find(r, func(f Factory) bool { return f.Name == name })
}

func find[T any](all []T, is func(T) bool) (found T, ok bool) {
	if i := slices.IndexFunc(all, is); i >= 0 {
		return all[i], true
	}
	return found, false
}

// AccessValues lists the words for who gets in of all providers.
func (r Registry) AccessValues() []string {
	var out []string
	for _, f := range r {
		for _, word := range f.AccessValues {
			if !slices.Contains(out, word) {
				out = append(out, word)
			}
		}
	}
	return out
}

// Names lists the names in order.
func (r Registry) Names() []string {
	out := make([]string, 0, len(r))
	for _, f := range r {
		out = append(out, f.Name)
	}
	return out
}
