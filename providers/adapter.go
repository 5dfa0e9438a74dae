package providers

import (
	"cmp"
	"context"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"confab/model"
)

// Adapter is what is the same for every service. An adapter embeds it and adds Sync, Load, Lookup and Check, and by Plan
// the steps that an edit takes.
type Adapter struct {
	Service            Factory
	Account            Account
	Client             *Client
	Identity, Formerly string
	// Web begins the address of a conversation's page, without its id; "" for none.
	Web string
	// Recording fetches the link to a recording; nil where the service has none.
	Recording func(ctx context.Context, id string) (string, error)
	Limits    func(c model.Conversation, no func(k model.EditKind, reason string))
	// Plan returns the steps of an edit, without I/O. It is asked in the order of the edits, and gets no two of a field, none
	// that can't be made, and none whose target fresh already has.
	Plan func(fresh model.Conversation) func(model.Edit) Planned

	learned learned
}

// Open checks the settings of an account and makes its client, without I/O.
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
	o.InFlight = cmp.Or(o.InFlight, service.Pace.InFlight)
	c, err := NewClient(a, o)
	if err != nil {
		return nil, err
	}
	return &Adapter{Service: service, Account: a, Client: c, Identity: service.Name + " " + a.BaseURL}, nil
}

// Describe implements model.Provider.
func (ad *Adapter) Describe() model.Description {
	f, d := ad.Service, ad.Service.About
	d.Provider, d.Name, d.Account, d.BaseURL, d.ReadOnly = f.Name, f.Title, ad.Account.Name, ad.Account.BaseURL, ad.Account.ReadOnly
	d.Identity, d.Formerly = ad.Identity, ad.Formerly
	d.MinRefresh = time.Duration(f.Pace.RefreshSeconds) * time.Second
	d.Effects = map[string]string{}
	maps.Copy(d.Effects, f.About.Effects)
	return d
}

// Conversation is one with an id, of which nothing else is known.
func (ad *Adapter) Conversation(id, kind string) model.Conversation {
	c := model.Conversation{Ref: model.Ref{Account: ad.Account.Name, ID: id}, Provider: ad.Service.Name, Kind: kind, ParticipantCount: -1}
	if ad.Web != "" {
		c.URL = ad.Web + url.PathEscape(id)
	}
	return c
}

// Link implements model.Provider.
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

// Capabilities implements model.Provider.
func (ad *Adapter) Capabilities(c model.Conversation) model.Capabilities {
	caps := model.Capabilities{}
	for _, k := range model.EditKinds() {
		caps[k] = caps.Of(k)
	}
	for _, row := range ad.Service.Table {
		caps[row.Kind] = model.Capability{State: row.State, Reason: row.Reason}
	}
	no := func(k model.EditKind, reason string) {
		if caps[k].Can() {
			caps[k] = model.Capability{State: model.CapabilityNo, Reason: reason}
		}
	}
	if ad.Limits != nil {
		ad.Limits(c, no)
	}
	ad.learned.narrow(c.Ref.ID, no)
	return caps
}

// Needs implements model.Provider.
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

// learned keeps what refusals taught about an account for as long as the program runs.
type learned struct {
	mu      sync.Mutex
	reasons map[lessonKey]string
}

// lessonKey is a kind of edit and a conversation, "" for all of the account.
type lessonKey struct {
	kind model.EditKind
	id   string
}

// maxLearned bounds what is remembered of single conversations.
const maxLearned = 10_000

// note takes a refusal of edits of some kinds. A call that the service does not have (405, 501) holds for the account; a
// refusal (403) for the conversation, since rights differ, unless the lesson says more. Others say nothing that lasts.
func (l *learned) note(kinds []model.EditKind, id string, err *model.Error, lesson Lesson) {
	says := "the service refused this here: "
	switch {
	case err.Status == 0 || lesson.Nothing:
		return
	case err.Kind == model.Unsupported:
		id, says = "", "the service refused this kind of call: "
	case err.Kind == model.Forbidden && lesson.Everywhere:
		id, says = "", "the service refused it: "
	case err.Kind != model.Forbidden || id == "":
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reasons == nil {
		l.reasons = map[lessonKey]string{}
	}
	for _, kind := range kinds {
		if id == "" || len(l.reasons) < maxLearned {
			l.reasons[lessonKey{kind, id}] = cmp.Or(lesson.Reason, says+err.Message)
		}
	}
}

// narrow rules out what was learned of a conversation.
func (l *learned) narrow(id string, no func(k model.EditKind, reason string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range model.EditKinds() {
		for _, where := range []string{"", id} {
			if reason, ok := l.reasons[lessonKey{k, where}]; ok {
				no(k, reason)
			}
		}
	}
}
