package providers

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
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
			args[i] = model.Brief(model.AsError(err))
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
	Table    []model.CapabilityRow
	About    model.Description // the part that is the same for every account
	Hints    map[string]string // see ClientOptions.Hints
	Words    map[string]string // further texts of the adapter
	// NoPage and NoRecording explain why there is no link.
	NoPage, NoRecording string
	Open                func(Account) (model.Provider, error) `json:"-"`
	// SignIn prepares a sign-in in the browser; its error says what is missing. Nil if the service has no sign-in.
	SignIn func(Account) (model.SignIn, error) `json:"-"`
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
		out = append(out, f.About.AccessValues...)
	}
	return Unseen(map[string]bool{}, out, func(word string) string { return word })
}

// Adapter is the part of a model.Provider that is the same for every service. An adapter embeds it and adds Sync, Load,
// Lookup, Check and Plan.
type Adapter struct {
	Service            Factory
	Account            Account
	Client             *Client
	Identity, Formerly string
	// Web is the address of a conversation's page without the id at its end; "" if the service has no such pages.
	Web string
	// Recording fetches the link to a recording; nil if the service has none.
	Recording func(ctx context.Context, id string) (string, error)
	Limits    func(c model.Conversation, no func(k model.EditKind, reason string))
	// IsKnown reports whether a service takes a value that is none of its choices; nil if it takes no other.
	IsKnown func(k model.EditKind, value string) bool
	// Plan returns the steps of an edit, without I/O. It is called in the order of the edits. It never receives an edit that
	// can't be made, or an edit whose target fresh already has.
	Plan func(fresh model.Conversation) func(model.Edit) Planned

	lessons lessons
}

// Open checks the settings of an account and creates its client, without I/O.
func Open(service Factory, a Account, o ClientOptions) (*Adapter, error) {
	a.BaseURL = service.Base(a)
	for _, s := range service.Settings {
		v := service.Value(a, s.Name)
		if s.Check == nil || v == "" && !s.Required {
			continue
		}
		if err := s.Check(v); err != nil {
			return nil, Local("open account", s.Name+": "+err.Error())
		}
	}
	if a.Credential == nil && !service.CredentialOptional {
		return nil, Local("open account", "the account has no credential")
	}
	o.InFlight, o.Hints = cmp.Or(o.InFlight, service.Pace.InFlight), service.Hints
	c, err := NewClient(a, o)
	if err != nil {
		return nil, err
	}
	return &Adapter{Service: service, Account: a, Client: c, Identity: service.Name + " " + a.BaseURL}, nil
}

func (ad *Adapter) Describe() model.Description {
	f, d := ad.Service, ad.Service.About
	d.Provider, d.Name, d.Account, d.BaseURL, d.ReadOnly = f.Name, f.Title, ad.Account.Name, ad.Account.BaseURL, ad.Account.ReadOnly
	d.Identity, d.Formerly = ad.Identity, ad.Formerly
	d.MinRefresh = time.Duration(f.Pace.RefreshSeconds) * time.Second
	d.Effects = map[string]string{}
	maps.Copy(d.Effects, f.About.Effects)
	return d
}

// Conversation returns a conversation of which only the id and the kind are known.
func (ad *Adapter) Conversation(id, kind string) model.Conversation {
	c := model.Conversation{Ref: model.Ref{Account: ad.Account.Name, ID: id}, Provider: ad.Service.Name, Kind: kind, ParticipantCount: -1}
	if ad.Web != "" {
		c.URL = ad.Web + url.PathEscape(id)
	}
	return c
}

func (ad *Adapter) Link(ctx context.Context, c model.Conversation, kind model.LinkKind) (string, error) {
	switch {
	case kind == model.LinkRecording && ad.Recording == nil:
		return "", Unsupported("open recording", ad.Service.NoRecording)
	case kind == model.LinkRecording:
		return ad.Recording(ctx, c.Ref.ID)
	case ad.Web == "" || c.Ref.ID == "":
		return "", Unsupported("open in browser", ad.Service.NoPage)
	}
	return ad.Web + url.PathEscape(c.Ref.ID), nil
}

func (ad *Adapter) Capabilities(c model.Conversation) model.Capabilities {
	caps := model.Capabilities{}
	for _, k := range model.EditKinds() {
		caps[k] = caps.Of(k)
	}
	for _, row := range ad.Service.Table {
		caps[row.Kind] = model.Capability{State: row.State, Reason: row.Reason}
	}
	no := func(k model.EditKind, reason string) {
		caps[k] = model.Capability{State: model.CapabilityNo, Reason: reason}
	}
	if ad.Limits != nil {
		ad.Limits(c, no)
	}
	ad.lessons.limit(c.Ref.ID, no)
	return caps
}

func (ad *Adapter) Needs(kinds ...model.EditKind) (need model.Need) {
	for _, row := range ad.Service.Table {
		if row.Whole && slices.Contains(kinds, row.Kind) {
			need |= map[model.EditKind]model.Need{
				model.EditParticipants: model.NeedParticipants, model.EditContacts: model.NeedContacts,
			}[row.Kind]
		}
	}
	return need
}

// checkValue refuses a value that the description of the service rules out, and a change of a set whose current value is not known.
func (ad *Adapter) checkValue(e model.Edit, known bool, caps model.Capabilities) *model.Error {
	op, text := e.Kind.Op(), e.Target.String()
	choice := func(k model.EditKind, text string) *model.Error {
		if ad.IsKnown != nil && ad.IsKnown(k, text) {
			return nil
		}
		return OneOf(op, text, k.Choices(ad.Service.About)...)
	}
	if n := e.Target.New; n != nil {
		text = n.Title
		words := map[model.EditKind]string{
			model.EditPrivacy: string(n.Privacy), model.EditAccess: n.Access, model.EditDefaultRole: n.DefaultRole}
		for _, k := range model.EditKinds() {
			if words[k] == "" || !caps.Of(k).Can() {
				continue
			}
			if err := choice(k, words[k]); err != nil {
				return err
			}
		}
	}
	switch named := e.Kind == model.EditCreate || e.Kind == model.EditTitle && !ad.Service.About.EmptyTitle; {
	case named && strings.TrimSpace(text) == "":
		return Invalid(op, "the service wants a name")
	case !known && (e.Kind.Shape() == model.ShapePeople || e.Kind.Shape() == model.ShapePairs):
		return Malformed(op, "the service did not give the current "+model.FieldName(e.Kind)+", so it cannot be replaced")
	case e.Kind.Shape() == model.ShapePairs && e.Key == "":
		return Invalid(op, "the "+e.Kind.Pair()+" has no name")
	case e.Kind.Shape() == model.ShapeChoice:
		return choice(e.Kind, text)
	}
	return nil
}

// CheckHeadSize is the number of conversations that a check asks for.
const CheckHeadSize = 20

// Check returns a line of the doctor command: detail if all is well, otherwise the error.
func Check(name, detail string, err error) model.CheckResult {
	if err != nil {
		return model.FailedCheck(name, err)
	}
	return model.CheckResult{Name: name, OK: true, Detail: detail}
}

// HeadSummary describes the head of a list that has n conversations, and more behind them or not.
func HeadSummary(n int, more bool) string {
	switch {
	case more && n > 0:
		return fmt.Sprintf("%d at the head of the list, and more behind", n)
	case n == 0:
		return "the list can be read, and is empty"
	}
	return fmt.Sprintf("%d in all", n)
}

// MediaLink returns the address of a recording, which must be http or https. No error quotes the address.
func MediaLink(op, link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", Malformed(op, "the answer holds no link to a recording")
	}
	return link, nil
}

// lessons holds what refusals have taught about an account, as long as the program runs.
type lessons struct {
	mu      sync.Mutex
	reasons map[lessonKey]string
}

// lessonKey names a kind of edit and a conversation; an empty id stands for the whole account.
type lessonKey struct {
	kind model.EditKind
	id   string
}

// maxLessons bounds the lessons about single conversations.
const maxLessons = 10_000

// add learns from a refused edit. A call that the service does not have (405, 501) is ruled out for the whole account. A 403
// rules it out for the conversation alone, because rights differ, unless the lesson says more. Other errors teach nothing.
func (l *lessons) add(kinds []model.EditKind, id string, err *model.Error, lesson Lesson) {
	prefix := "the service refused this here: "
	switch {
	case err.Status == 0 || lesson.Ignore:
		return
	case err.Kind == model.Unsupported:
		id, prefix = "", "the service refused this kind of call: "
	case err.Kind == model.Forbidden && lesson.Everywhere:
		id, prefix = "", "the service refused it: "
	case err.Kind != model.Forbidden || id == "":
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reasons == nil {
		l.reasons = map[lessonKey]string{}
	}
	for _, kind := range kinds {
		if id == "" || len(l.reasons) < maxLessons {
			l.reasons[lessonKey{kind, id}] = cmp.Or(lesson.Reason, prefix+err.Message)
		}
	}
}

// limit calls no for every kind of edit that a lesson rules out for the conversation.
func (l *lessons) limit(id string, no func(k model.EditKind, reason string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range model.EditKinds() {
		for _, scope := range []string{"", id} {
			if reason, ok := l.reasons[lessonKey{k, scope}]; ok {
				no(k, reason)
			}
		}
	}
}
