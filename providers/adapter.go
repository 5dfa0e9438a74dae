package providers

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"sync"
	"time"

	"confab/model"
)

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
	// Plan returns the steps of an edit, without I/O. It is called in the order of the edits. It never receives an edit that
	// can't be made, an edit whose target fresh already has, or two edits of one field.
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

// Conversation returns a conversation of which only the id and the kind are known.
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
	ad.lessons.limit(c.Ref.ID, no)
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
