package kona

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sync/semaphore"

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

var calls struct {
	ListConversations, GetConversation, CreateConversation, UpdateConversation, DeleteConversation providers.Endpoint
	ListComments, UserInfo                                                                         providers.Endpoint
	// Directories holds the resources that have names: how they are listed and read, and their kind.
	Directories map[resource]struct {
		List, One providers.Endpoint
		Kind      string
	}
}

var service = providers.Service(about, &calls,
	map[string]func(string) error{settingTokenURL: checkToken, settingRedirectURL: checkRedirect})

func Factory() providers.Factory {
	f := providers.Opening(service, open)
	f.SignIn, f.Files = newSignIn, files
	return f
}

func checkToken(v string) error {
	_, err := providers.Address(v)
	return err
}

type provider struct {
	*providers.Adapter

	session   *session
	directory *directory
}

var _ model.Creator = (*provider)(nil)

func open(a providers.Account) (*provider, error) {
	s, err := newSession(a)
	if err != nil {
		return nil, err
	}
	stored, err := s.file.read()
	if err != nil {
		return nil, err
	}
	s.user.Store(stored.User)
	p := &provider{session: s}
	p.Adapter, err = providers.Open(service, a,
		providers.ClientOptions{Credential: &providers.Credential{Source: s}, DecodeError: s.decodeError, Shares: s.api})
	if err != nil {
		return nil, err
	}
	p.directory = &directory{client: p.Client, reading: semaphore.NewWeighted(1), entries: map[entity]*model.Participant{},
		listings: map[listing]progress{}}
	p.Identity, p.Formerly = stored.identity(p.Identity)
	p.Plan, p.IsKnown = p.plan, isKnown
	return p, nil
}

func (p *provider) Check(ctx context.Context) []model.CheckResult {
	raw, err := users.first(p.Client.Do(ctx, providers.Call{Endpoint: calls.UserInfo}))
	who := providers.Check("signed in", "the access token is accepted", err)
	if u, ok := convertEntity(users, raw); ok {
		who.Detail = "as " + u.Display()
	}
	if who.Kind == model.Unauthorized || who.Kind == model.NoCredential {
		return []model.CheckResult{who}
	}
	list := pages(p.Client, conversationKey, 2, func(page int) providers.Call { return conversations(byUpdated, "", page) })
	head, err := list.Read(ctx, "")
	more := head.Next != ""
	if more && len(head.Rows) < perPage { // the list ends here, or the server limits the size of a page
		next, nextErr := list.Read(ctx, head.Next)
		more = nextErr != nil || len(next.Rows) > 0
	}
	seen := providers.Check(model.CheckList, providers.HeadSummary(len(head.Rows), more), err)
	update := providers.Check("changes", hintUpdate, nil)
	if c := p.Capabilities(model.Conversation{}).Of(model.EditTitle); !c.Can() {
		update.OK, update.Detail, update.Kind = false, c.Reason, model.Unsupported
	}
	return []model.CheckResult{who, seen, update}
}

// noUpdate implements providers.Assumption.Missing.
func noUpdate(status int) (hint, reason string) {
	reason = fmt.Sprintf("this Kona server has no update of conversations: it answers %d to PUT", status)
	if status == http.StatusNotFound {
		reason += " for one that can be read"
	}
	return reason, reason
}

const (
	// perPage is the page size that is requested. The limit is not documented, but a sample has 100.
	perPage = 100
	// defaultPage is the default page size. A page with fewer rows is the last, whatever size the server allows.
	defaultPage = 25
)

// Values of order_by. Both sort newest first.
const (
	byCreated = "created_at"
	byUpdated = "updated_at"
)

// resource is the plural name of a resource. It is the key of every body that is sent or received, even of a body with a single
// item (responses.md).
type resource string

const (
	users           resource = "users"
	groups          resource = "groups"
	spaces          resource = "spaces"
	conversationKey resource = "conversations"
)

// page returns a call for a page of a list, with further parameters as pairs of name and value; those with an empty value are left
// out.
func page(e providers.Endpoint, page, size int, pairs ...string) providers.Call {
	return e.With(append(pairs, "page", strconv.Itoa(page), "per_page", strconv.Itoa(size))...)
}

func conversations(order, space string, number int) providers.Call {
	return page(calls.ListConversations, number, perPage, "order_by", order, "space_id", space)
}

// comments returns a call for the comments of a conversation, newest first.
func comments(conversation string, number int) providers.Call {
	return page(calls.ListComments, number, perPage, "resource_type", "conversation", "resource_id", conversation)
}

// entries returns a call for the entries of a directory: the users or groups of a space or, if scope is "", all that the user is
// connected with. like matches the beginning of a name or of an e-mail address. The list of spaces leaves out the hidden ones,
// which have a list of their own.
func entries(key resource, scope, like string, number, size int) providers.Call {
	if scope == hiddenSpaces {
		return page(calls.Directories[key].List, number, size, "hidden", "true")
	}
	return page(calls.Directories[key].List, number, size, "space_id", scope, "like", like)
}

// items returns the array in an answer, or nil for null. A single object counts as an array of one. A missing key is an error.
func (r resource) items(a *providers.Answer, err error) ([]json.RawMessage, error) {
	if err != nil {
		return nil, err
	}
	list, top, err := a.Rows(string(r))
	if raw := top.Peek(string(r)); bytes.HasPrefix(raw, []byte("{")) {
		return []json.RawMessage{raw}, nil
	}
	return list, err
}

// first returns the first item in an answer.
func (r resource) first(a *providers.Answer, err error) (json.RawMessage, error) {
	list, err := r.items(a, err)
	if err == nil && len(list) == 0 {
		err = a.Malformed("the answer is empty")
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func idOf(raw json.RawMessage) string {
	o, _ := providers.ObjectOf(raw)
	return o.Text("id")
}

// pages returns a walk of a list by page number, which returns each row once. The API gives no total and no links, may silently
// limit per_page, and rows move between pages while they are read.
func pages(c *providers.Client, r resource, maxPages int, call func(page int) providers.Call) providers.RawWalk {
	seen := map[string]bool{}
	read := func(ctx context.Context, at string) (out providers.RawPage, err error) {
		number := pageNumber(at)
		list, err := r.items(c.Do(ctx, call(number)))
		out.Incomplete = list == nil
		out.Rows = providers.Unseen(seen, slices.Clone(list), idOf)
		switch {
		case len(list) < defaultPage:
		case len(out.Rows) == 0:
			out.Incomplete = true // the server ignores the page number
		default:
			out.Next = strconv.Itoa(number + 1)
		}
		return out, err
	}
	return providers.RawWalk{MaxPages: maxPages, Read: read}
}

// pageNumber parses a place. Anything else is the first page.
func pageNumber(place string) int {
	n, _ := strconv.Atoi(place)
	return max(1, n)
}

// readFailure reads an error body in either of the two documented shapes (exceptions.md). It returns nil for anything else.
func readFailure(body []byte) *model.Error {
	o, _ := providers.ParseObject(body)
	// details is documented as a string. An array or object is shown as JSON.
	e := &model.Error{Message: providers.JoinTitle(o.Text("title"), providers.TextOf(o.Peek("details")))}
	_, e.Code, _ = strings.Cut(o.Text("problemType"), "#")
	if code := o.Text("error"); code != "" {
		e.Code = code
		e.Message = cmp.Or(e.Message, o.Text("error_description"), code)
	}
	if e.Message == "" && e.Code == "" {
		return nil
	}
	return e
}

// passwordExpired reports whether an error says that the password has expired, which no new token remedies. Whether its status is
// 401 or 403 is not documented, so the text decides.
func passwordExpired(status int, e *model.Error) bool {
	if status != http.StatusUnauthorized && status != http.StatusForbidden {
		return false
	}
	text := strings.ToLower(e.Message)
	return e.Code == "expired" || e.Code == "expired_password" ||
		strings.Contains(text, "password") && strings.Contains(text, "expire")
}

const (
	hintPassword = "the Kona password has expired: change it on Kona's web site, then sign in again"
	hintUpdate   = "that Kona can update conversations is assumed, not documented"
)

// decodeError reads an error body, and notes whether the password has expired.
func (s *session) decodeError(status int, body []byte) *model.Error {
	e := readFailure(body)
	expired := e != nil && passwordExpired(status, e)
	if e != nil || status == http.StatusUnauthorized {
		s.expired.Store(expired)
	}
	switch {
	case expired:
		e.Kind, e.Hint = model.Unauthorized, hintPassword
	case e != nil && status == http.StatusUnauthorized:
		e.Hint = s.hintSignIn()
	}
	return e
}
