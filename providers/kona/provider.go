package kona

import (
	"context"
	_ "embed"
	"fmt"
	"net/http"
	"time"

	"confab/model"
	"confab/providers"
)

// DefaultBaseURL is the vendor's own (README.md of the API's documentation).
const DefaultBaseURL = "https://io.kona.com/api"

const (
	settingClientID     = "client_id"
	settingTokenURL     = "token_url"
	settingRefreshToken = "refresh_token"
	settingClientSecret = "client_secret"
	settingRedirectURL  = "redirect_url"
	settingTokenRequest = "token_request"
)

//go:embed audience.txt
var audience string

//go:embed effects.txt
var effects string

// Factory opens Kona accounts.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.Kona,
		Title:          "Kona",
		DefaultBaseURL: DefaultBaseURL,
		// Somebody who signed in, or has a refresh token, needs no access token in the configuration.
		CredentialOptional: true,
		Key:                "access token",
		Settings: []providers.Setting{
			{Name: settingClientID, Asked: true, Help: "the id of the application that an administrator registered in Kona"},
			{Name: settingTokenURL, Help: "where tokens are refreshed; default: /oauth/token beside the base URL", Check: checkToken},
			{Name: settingTokenRequest, Values: []string{requestForm, requestQuery}, Default: requestForm,
				Help: "how parameters go to the token endpoint: in a form, or in the query as Kona's documentation shows it, " +
					"where logs of proxies may hold the secrets"},
			{Name: settingRedirectURL, Asked: true, With: settingClientID, Default: defaultRedirect, Check: checkRedirect,
				Help: "where the browser comes back to when signing in, exactly as registered with the application: http on loopback, with a port"},
			{Name: settingRefreshToken, Asked: true, With: settingClientID, Secret: true, Help: "the refresh token"},
			{Name: settingClientSecret, Asked: true, With: settingClientID, Secret: true, Help: "the secret of the application"},
		},
		// No limit is documented; this is what a modest client asks.
		Pace:         providers.Pace{Every: 250 * time.Millisecond, Burst: 8, InFlight: 2},
		Table:        table,
		AccessValues: accesses,
		Audience:     audience,
		Effects:      effects,
		Open:         open,
		SignIn:       newSignIn,
		Files:        files,
	}
}

func checkToken(v string) error {
	if v == "" {
		return nil
	}
	_, err := providers.Address(v)
	return err
}

// provider is one account: one user of one host.
type provider struct {
	providers.Editor

	account   providers.Account
	client    client
	session   *session
	directory *directory
	// identity is that of the user who was known when the account was opened.
	identity, formerly string

	newest *providers.Recent[comment] // of conversations whose comments were read
}

// comment is what is kept of the newest comment of a conversation.
type comment struct {
	id      string
	at      time.Time
	preview string
}

// maxNewest is of how many conversations the newest comment is kept at least.
const maxNewest = 10_000

var _ model.Creator = (*provider)(nil)

func open(a providers.Account) (model.Provider, error) { return newProvider(a) }

func newProvider(a providers.Account) (*provider, error) {
	a.BaseURL = a.Base(DefaultBaseURL)
	endpoint, err := tokenAddress(a)
	if err != nil {
		return nil, providers.Local("open account", err.Error())
	}
	s, err := newSession(a, endpoint)
	if err != nil {
		return nil, err
	}
	kept, err := s.kept()
	if err != nil {
		return nil, err
	}
	s.user = kept.User
	h, err := providers.NewClient(a,
		providers.ClientOptions{Credential: &providers.Credential{Source: s}, DecodeError: decodeError(s.expired.Store)})
	if err != nil {
		return nil, err
	}
	s.clients = append(s.clients, h)
	c := client{h}
	p := &provider{account: a, client: c, session: s, directory: newDirectory(c), newest: providers.NewRecent[comment](maxNewest)}
	p.identity, p.formerly = identityOf(a, kept)
	p.Editor = providers.Editor{Client: h, Table: table, Plan: p.plan}
	return p, nil
}

func (p *provider) Describe() model.Description {
	d := p.account.Describe(Factory(), p.identity)
	d.Formerly = p.formerly
	d.Roles, d.DefaultRoleValues = roles, roles
	d.DefaultRole = model.RoleViewer
	d.People = []model.LookupKind{model.LookupUsers, model.LookupGroups}
	d.NewPrivacy, d.NewAccess = model.PrivacyParticipants, accessGroup // documented default
	d.NewNeedsSpace = true
	d.MinRefresh = time.Minute
	return d
}

const (
	reasonPut = "assumed: Kona doesn't document changes of a conversation; its answer is checked"
	callPut   = "PUT /conversations/{id} "
)

// table is what the service can do, whatever the account. The list of conversations may leave participants and groups
// out, reading one brings them.
var table = []providers.CapabilityRow{
	providers.No(model.EditPrivacy, "Kona has no privacy setting, only access"),
	providers.Assumed(model.EditTitle, callPut+"name", reasonPut),
	providers.Assumed(model.EditDescription, callPut+"details", reasonPut),
	providers.No(model.EditStatus, "Kona's conversations have no status"),
	providers.Assumed(model.EditAccess, callPut+"stakeholder", reasonPut),
	providers.Assumed(model.EditParticipants, callPut+"participants, groups", reasonPut+"; the whole list is sent").
		Needing(model.NeedParticipants),
	providers.Assumed(model.EditDefaultRole, callPut+"default_role", reasonPut),
	providers.No(model.EditContacts, "Kona has no contacts apart from the participants"),
	providers.No(model.EditLabels, "Kona's API can't change tags"),
	providers.No(model.EditAttributes, "Kona's conversations have no attributes"),
	providers.No(model.EditArchive, "Kona's API can't archive a conversation"),
	providers.Yes(model.EditDelete, "DELETE /conversations/{id}", "documented; Kona lets only the creator delete"),
	providers.Yes(model.EditCreate, "POST /conversations", "documented: in a space, with people, groups and a first comment"),
}

// Link implements model.Provider. Only an old hint at web addresses of tasks exists, so none is built, and there are
// no recordings.
func (p *provider) Link(_ context.Context, _ model.Conversation, kind model.LinkKind) (string, error) {
	return providers.NoLink(kind, "Kona has no recordings", "Kona documents no web address for a conversation")
}

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	answer, err := p.client.Do(ctx, providers.Call{Endpoint: userinfo})
	who := providers.Check("signed in", "the access token is accepted", err)
	if err == nil {
		raw, _ := first(answer, keyUsers)
		if u, ok := convertNamed(keyUsers, raw); ok {
			who.Detail = "as " + u.Display()
		}
	}
	if who.Kind == model.Unauthorized || who.Kind == model.NoCredential {
		return []model.CheckResult{who}
	}
	rows, err := p.client.list(ctx, keyConversations, conversations(byUpdated, "", 1))
	list := providers.Check(model.CheckList, providers.Seen(len(rows), len(rows) == perPage), err)
	update := providers.Check("changes", hintUpdate, nil)
	if c := p.Capabilities(model.Conversation{}).Of(model.EditTitle); !c.Can() {
		update.OK, update.Detail, update.Kind = false, c.Reason, model.Unsupported
	}
	return []model.CheckResult{who, list, update}
}

func noUpdate(status int) (hint, reason string) {
	reason = fmt.Sprintf("this Kona server has no update of conversations: it answers %d to PUT", status)
	if status == http.StatusNotFound {
		reason += " for one that can be read"
	}
	return reason, reason
}

// ageOf lays what is known of the newest comment over a conversation.
func (p *provider) ageOf(c *model.Conversation) {
	last, ok := p.newest.Get(c.Ref.ID)
	if !ok {
		return
	}
	c.HasMessages = true
	c.Preview, c.LastMessage = last.preview, last.id
	if c.Updated.IsZero() {
		c.Updated = last.at
	}
}

func (p *provider) keepNewest(id string, m []model.Message) {
	if len(m) == 0 {
		p.newest.Forget(id)
		return
	}
	last := m[len(m)-1]
	p.newest.Put(id, comment{id: last.ID, at: last.At, preview: preview(last.Text)})
}
