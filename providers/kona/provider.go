package kona

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"confab/model"
	"confab/providers"
)

// DefaultBaseURL is the vendor's own (README.md of the API's documentation).
const DefaultBaseURL = "https://io.kona.com/api"

// Settings of an account.
const (
	settingClientID     = "client_id"
	settingTokenURL     = "token_url"
	settingRefreshToken = "refresh_token"
	settingClientSecret = "client_secret"
	settingRedirectURL  = "redirect_url"
	settingTokenRequest = "token_request"
)

// Factory opens Kona accounts.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.Kona,
		Title:          "Kona",
		DefaultBaseURL: DefaultBaseURL,
		// Somebody who signed in, or has a refresh token, needs no access token in the configuration.
		CredentialOptional: true,
		Settings: []providers.Setting{
			{Name: settingClientID, Help: "the id of the application that an administrator registered in Kona"},
			{Name: settingTokenURL, Help: "where tokens are refreshed; default: /oauth/token beside the base URL", Check: checkToken},
			{Name: settingTokenRequest, Values: []string{requestForm, requestQuery}, Default: requestForm,
				Help: "how parameters go to the token endpoint: in a form, or in the query as Kona's documentation shows it, where logs of proxies may hold the secrets"},
			{Name: settingRedirectURL, Default: defaultRedirect, Check: checkRedirect,
				Help: "where the browser comes back to when signing in, exactly as registered with the application: http on loopback, with a port"},
			{Name: settingRefreshToken, Secret: true, Help: "a credential table: the refresh token"},
			{Name: settingClientSecret, Secret: true, Help: "a credential table: the secret of the application"},
		},
		// No limit is documented; this is what a modest client asks.
		Pace:         providers.Pace{Every: 250 * time.Millisecond, Burst: 8, InFlight: 2},
		Table:        table(),
		AccessValues: accessValues(),
		Open:         open,
		SignIn:       newSignIn,
		Files:        files,
	}
}

func accessValues() []string { return []string{accessJustMe, accessGroup, accessEveryone} }

func checkToken(v string) error {
	if v == "" {
		return nil
	}
	return checkTokenURL(v)
}

// Provider is one account: one user of one host.
type Provider struct {
	providers.Editor

	account   providers.Account
	client    client
	session   *session
	directory *directory
	// identity is that of the user who was known when the account was opened.
	identity, formerly string

	mu     sync.Mutex
	newest map[string]comment // of conversations whose comments were read
}

// comment is what is kept of the newest comment of a conversation.
type comment struct {
	id      string
	at      time.Time
	preview string
}

// maxNewest bounds the conversations whose newest comment is kept.
const maxNewest = 20_000

var (
	_ model.Provider = (*Provider)(nil)
	_ model.Creator  = (*Provider)(nil)
)

func open(a providers.Account) (model.Provider, error) { return newProvider(a) }

func newProvider(a providers.Account) (*Provider, error) {
	const op = "open account"
	a.BaseURL = a.Base(DefaultBaseURL)
	address, err := tokenAddress(a)
	if err != nil {
		return nil, &model.Error{Kind: model.Local, Op: op, Message: settingTokenURL + ": " + err.Error()}
	}
	s, err := newSession(a, address)
	if err != nil {
		return nil, err
	}
	kept, err := s.kept()
	if err != nil {
		return nil, err
	}
	s.user = kept.User
	h, err := providers.NewClient(a, providers.ClientOptions{
		InFlight:    2,
		Credential:  &providers.Credential{Source: s},
		DecodeError: decodeError(s.passwordExpired),
	})
	if err != nil {
		return nil, err
	}
	others := s.hide
	s.hide = func(text string) {
		others(text)
		h.Protect(text)
	}
	c := client{h}
	p := &Provider{account: a, client: c, session: s, directory: newDirectory(c), newest: map[string]comment{}}
	p.identity, p.formerly = identityOf(a, kept)
	p.Editor = providers.Editor{Client: h, Table: table(), Plan: p.plan}
	return p, nil
}

// Describe implements model.Provider.
func (p *Provider) Describe() model.Description {
	const everyone = "Everyone in the space: stakeholder 2 addresses its Everyone group."
	return model.Description{
		Provider: model.Kona,
		Name:     "Kona",
		Account:  p.account.Name,
		BaseURL:  p.account.BaseURL,
		Identity: p.identity,
		Formerly: p.formerly,
		ReadOnly: p.account.ReadOnly,
		// Nothing explains collaboration complete, so it stands last.
		Roles:             []string{model.RoleEditor, model.RoleViewer, model.RoleComplete},
		DefaultRole:       model.RoleViewer,
		AccessValues:      accessValues(),
		DefaultRoleValues: []string{model.RoleEditor, model.RoleViewer, model.RoleComplete},
		People:            []model.LookupKind{model.LookupUsers, model.LookupGroups},
		NewNeedsSpace:     true,
		Audience: map[string]string{
			model.AudienceKey(model.EditCreate, ""):                           "You, and the people and groups it lists (assumed from Kona's default).",
			model.AudienceKey(model.EditAccess, accessEveryone):               everyone + " What that does to an existing conversation is assumed.",
			model.AudienceKey(model.EditAccess, accessGroup):                  "The people and groups it lists (assumed for an existing conversation).",
			model.AudienceKey(model.EditAccess, accessJustMe):                 "Only you (assumed for an existing conversation; what becomes of its people is not documented).",
			model.AudienceKey(model.EditDefaultRole, model.RoleEditor):        "Everybody who comes in without a role of their own, through Everyone for instance, may edit (assumed).",
			model.AudienceKey(model.EditDefaultRole, model.RoleViewer):        "Everybody who comes in without a role of their own can read and comment (assumed).",
			model.AudienceKey(model.EditDefaultRole, model.RoleComplete):      "Everybody who comes in without a role of their own gets collaboration complete, which Kona does not explain (assumed).",
			model.AudienceKey(model.EditPrivacy, string(model.PrivacyPublic)): "Kona's conversations are visible to their participants only.",
		},
		MinRefresh: time.Minute,
	}
}

const (
	reasonPut = "assumed: Kona documents no update of conversations; PUT is sent as for its other resources, and the answer is checked"
	callPut   = "PUT /conversations/{id} "
)

// putKinds are the edits that hang on the one undocumented call.
func putKinds() []model.EditKind {
	return []model.EditKind{model.EditTitle, model.EditDescription, model.EditAccess, model.EditDefaultRole, model.EditParticipants}
}

// table is what the service can do, whatever the account.
func table() []providers.CapabilityRow {
	return []providers.CapabilityRow{
		{Kind: model.EditPrivacy, State: model.CapabilityNo, Reason: "Kona's conversations are always visible to their participants only"},
		{Kind: model.EditTitle, State: model.CapabilityAssumed, Call: callPut + "name", Reason: reasonPut},
		{Kind: model.EditDescription, State: model.CapabilityAssumed, Call: callPut + "details", Reason: reasonPut},
		{Kind: model.EditStatus, State: model.CapabilityNo, Reason: "Kona's conversations have no status"},
		{Kind: model.EditAccess, State: model.CapabilityAssumed, Call: callPut + "stakeholder", Reason: reasonPut},
		{Kind: model.EditParticipants, State: model.CapabilityAssumed, Call: callPut + "participants, groups",
			Reason: reasonPut + "; each list is sent whole"},
		{Kind: model.EditDefaultRole, State: model.CapabilityAssumed, Call: callPut + "default_role", Reason: reasonPut},
		{Kind: model.EditContacts, State: model.CapabilityNo, Reason: "Kona has no contacts apart from the participants"},
		{Kind: model.EditLabels, State: model.CapabilityNo, Reason: "Kona's tags are read-only"},
		{Kind: model.EditAttributes, State: model.CapabilityNo, Reason: "Kona's conversations have no attributes"},
		{Kind: model.EditArchive, State: model.CapabilityNo, Reason: "Kona has no call that archives a conversation"},
		{Kind: model.EditDelete, State: model.CapabilityYes, Call: "DELETE /conversations/{id}",
			Reason: "documented; Kona lets only the creator delete"},
		{Kind: model.EditCreate, State: model.CapabilityYes, Call: "POST /conversations",
			Reason: "documented: in a space, with people, groups and a first comment"},
	}
}

// Needs implements model.Provider: the list of conversations may leave participants and groups out, reading one
// brings them.
func (p *Provider) Needs(kinds ...model.EditKind) model.Need {
	for _, k := range kinds {
		if k == model.EditParticipants {
			return model.NeedParticipants
		}
	}
	return 0
}

// Link implements model.Provider. Only an old hint at web addresses of tasks exists, so none is built, and there are
// no recordings.
func (p *Provider) Link(_ context.Context, _ model.Conversation, kind model.LinkKind) (string, error) {
	if kind == model.LinkRecording {
		return "", providers.Unsupported("open recording", "Kona has no recordings")
	}
	return "", providers.Unsupported("open in browser", "Kona documents no web address for a conversation")
}

// Check implements model.Provider.
func (p *Provider) Check(ctx context.Context) []model.CheckResult {
	who := model.CheckResult{Name: "signed in", OK: true, Detail: "the access token is accepted"}
	answer, err := p.client.Do(ctx, p.client.userinfo())
	if err == nil {
		if raw, err := one(answer, "users"); err == nil {
			if u, ok := convertUser(raw); ok {
				who.Detail = "as " + u.Display()
			}
		}
	} else {
		who = model.FailedCheck(who.Name, err)
	}
	out := []model.CheckResult{who}
	if k := model.KindOf(err); k == model.Unauthorized || k == model.NoCredential {
		return out
	}
	list := model.CheckResult{Name: "conversations", OK: true, Detail: "conversations can be listed"}
	answer, err = p.client.Do(ctx, p.client.listConversations(byUpdated, "", 1))
	if err == nil {
		_, err = items(answer, "conversations")
	}
	if err != nil {
		list = model.FailedCheck(list.Name, err)
	}
	update := model.CheckResult{Name: "changes", OK: true, Detail: hintUpdate}
	if c := p.Capabilities(model.Conversation{}).Of(model.EditTitle); !c.Can() {
		update.OK, update.Detail, update.Kind = false, c.Reason, model.Unsupported
	}
	return append(out, list, update)
}

// noUpdate says that the server has no update of conversations.
func noUpdate(status int) (hint, reason string) {
	reason = fmt.Sprintf("this Kona server has no update of conversations: it answers %d to PUT", status)
	if status == http.StatusNotFound {
		reason += " for one that can be read"
	}
	return reason, reason
}

// ageOf lays what is known of the newest comment over a conversation.
func (p *Provider) ageOf(c *model.Conversation) {
	p.mu.Lock()
	last, ok := p.newest[c.Ref.ID]
	p.mu.Unlock()
	if !ok {
		return
	}
	c.HasMessages = true
	c.Preview, c.LastMessage = last.preview, last.id
	if c.Updated.IsZero() {
		c.Updated = last.at
	}
}

func (p *Provider) keepNewest(id string, m []model.Message) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(m) == 0 {
		delete(p.newest, id)
		return
	}
	if _, ok := p.newest[id]; !ok && len(p.newest) >= maxNewest {
		return
	}
	last := m[len(m)-1]
	p.newest[id] = comment{id: last.ID, at: last.At, preview: preview(last.Text)}
}
