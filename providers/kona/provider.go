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

const (
	settingClientID     = "client_id"
	settingTokenURL     = "token_url"
	settingRefreshToken = "refresh_token"
	settingClientSecret = "client_secret"
	settingRedirectURL  = "redirect_url"
	settingTokenRequest = "token_request"
)

//go:embed service.json
var about []byte

// calls are the endpoints used.
var calls struct {
	ListConversations, GetConversation, CreateConversation, UpdateConversation, DeleteConversation providers.Endpoint
	ListComments, UserInfo                                                                         providers.Endpoint
	// Directories are the resources that have names: how they are listed and read, and what they are to a person.
	Directories map[resource]struct {
		List, One providers.Endpoint
		Kind      string
	}
}

var service = providers.Service(about, &calls,
	map[string]func(string) error{settingTokenURL: checkToken, settingRedirectURL: checkRedirect})

// Factory opens Kona accounts.
func Factory() providers.Factory {
	f := providers.Opening(service, open)
	f.SignIn, f.Files = newSignIn, files
	return f
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
	*providers.Adapter

	session   *session
	directory *directory
	newest    *providers.Recent[comment] // of conversations whose comments were read
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

func open(a providers.Account) (*provider, error) {
	s, err := newSession(a)
	if err != nil {
		return nil, err
	}
	kept, err := s.kept()
	if err != nil {
		return nil, err
	}
	s.user.Store(kept.User)
	p := &provider{session: s, newest: providers.NewRecent[comment](maxNewest)}
	p.Adapter, err = providers.Open(service, a,
		providers.ClientOptions{Credential: &providers.Credential{Source: s}, DecodeError: decodeError(s.expired.Store)})
	if err != nil {
		return nil, err
	}
	s.clients = append(s.clients, p.Client)
	p.directory = &directory{client: p.Client, gate: providers.NewGate(1), entries: map[single]*model.Participant{},
		listings: map[listing]progress{}}
	p.Identity, p.Formerly = kept.identity(p.Identity)
	p.Plan = p.plan
	return p, nil
}

// Check implements model.Provider.
func (p *provider) Check(ctx context.Context) []model.CheckResult {
	raw, err := users.first(p.Client.Do(ctx, providers.Call{Endpoint: calls.UserInfo}))
	who := providers.Check("signed in", "the access token is accepted", err)
	if u, ok := convertNamed(users, raw); ok {
		who.Detail = "as " + u.Display()
	}
	if who.Kind == model.Unauthorized || who.Kind == model.NoCredential {
		return []model.CheckResult{who}
	}
	rows, err := conversationKey.items(p.Client.Do(ctx, conversations(byUpdated, "", 1)))
	seen := providers.Check(model.CheckList, providers.Seen(len(rows), len(rows) == perPage), err)
	update := providers.Check("changes", hintUpdate, nil)
	if c := p.Capabilities(model.Conversation{}).Of(model.EditTitle); !c.Can() {
		update.OK, update.Detail, update.Kind = false, c.Reason, model.Unsupported
	}
	return []model.CheckResult{who, seen, update}
}

func noUpdate(status int) (hint, reason string) {
	reason = fmt.Sprintf("this Kona server has no update of conversations: it answers %d to PUT", status)
	if status == http.StatusNotFound {
		reason += " for one that can be read"
	}
	return reason, reason
}
