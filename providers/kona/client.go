package kona

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	// perPage is asked of every list. The default is 25; the most is not documented, 100 stands in a sample.
	perPage = 100
	// surePage is the length below which a page is the last whatever per_page the server allows.
	surePage = 25
)

// Values of order_by; both newest first.
const (
	byCreated = "created_at"
	byUpdated = "updated_at"
)

// The endpoints used, below the base URL. That conversations can be updated is written down nowhere: PUT follows
// the vendor's general rule for updates and the sibling resources [assumed].
var (
	listConversationsEndpoint  = providers.Endpoint{Name: "list conversations", Method: http.MethodGet, Path: "/conversations", Success: []int{200}}
	getConversationEndpoint    = providers.Endpoint{Name: "read conversation", Method: http.MethodGet, Path: "/conversations/{conversation_id}", Success: []int{200}}
	createConversationEndpoint = providers.Endpoint{Name: "create conversation", Method: http.MethodPost, Path: "/conversations", Write: true, Success: []int{200, 201}}
	updateConversationEndpoint = providers.Endpoint{Name: "change conversation", Method: http.MethodPut, Path: "/conversations/{conversation_id}", Write: true, Success: []int{200, 204}}
	deleteConversationEndpoint = providers.Endpoint{Name: "delete conversation", Method: http.MethodDelete, Path: "/conversations/{conversation_id}", Write: true, Success: []int{200, 204}}
	listCommentsEndpoint       = providers.Endpoint{Name: "list comments", Method: http.MethodGet, Path: "/comments", Success: []int{200}}
	listSpacesEndpoint         = providers.Endpoint{Name: "list spaces", Method: http.MethodGet, Path: "/spaces", Success: []int{200}}
	getSpaceEndpoint           = providers.Endpoint{Name: "read space", Method: http.MethodGet, Path: "/spaces/{id}", Success: []int{200}}
	listUsersEndpoint          = providers.Endpoint{Name: "list users", Method: http.MethodGet, Path: "/users", Success: []int{200}}
	getUserEndpoint            = providers.Endpoint{Name: "read user", Method: http.MethodGet, Path: "/users/{id}", Success: []int{200}}
	listGroupsEndpoint         = providers.Endpoint{Name: "list groups", Method: http.MethodGet, Path: "/groups", Success: []int{200}}
	getGroupEndpoint           = providers.Endpoint{Name: "read group", Method: http.MethodGet, Path: "/groups/{id}", Success: []int{200}}
	userinfoEndpoint           = providers.Endpoint{Name: "read own user", Method: http.MethodGet, Path: "/userinfo", Success: []int{200}}
)

// client makes the calls. Its methods named after an endpoint build a call; the embedded client sends it.
type client struct{ *providers.Client }

func paging(page int) url.Values { return pages(page, perPage) }

func pages(page, size int) url.Values {
	return url.Values{"page": {strconv.Itoa(page)}, "per_page": {strconv.Itoa(size)}}
}

func withText(q url.Values, name, value string) url.Values {
	if value != "" {
		q.Set(name, value)
	}
	return q
}

func (client) listConversations(order, space string, page int) providers.Call {
	q := withText(paging(page), "space_id", space)
	q.Set("order_by", order)
	return providers.Call{Endpoint: listConversationsEndpoint, Query: q}
}

func (client) getConversation(id string) providers.Call {
	return providers.Call{Endpoint: getConversationEndpoint, Params: map[string]string{"conversation_id": id}}
}

func (client) createConversation(body envelope) providers.Call {
	return providers.Call{Endpoint: createConversationEndpoint, Body: body}
}

func (client) updateConversation(id string, body envelope) providers.Call {
	return providers.Call{Endpoint: updateConversationEndpoint, Params: map[string]string{"conversation_id": id}, Body: body}
}

func (client) deleteConversation(id string) providers.Call {
	return providers.Call{Endpoint: deleteConversationEndpoint, Params: map[string]string{"conversation_id": id}}
}

// listComments lists the comments of a conversation, newest first.
func (client) listComments(conversation string, page int) providers.Call {
	q := paging(page)
	q.Set("resource_type", "conversation")
	q.Set("resource_id", conversation)
	return providers.Call{Endpoint: listCommentsEndpoint, Query: q}
}

// listSpaces lists the active spaces; those that are hidden are left out of the plain list.
func (client) listSpaces(hidden bool, page int) providers.Call {
	q := paging(page)
	if hidden {
		q.Set("hidden", "true")
	}
	return providers.Call{Endpoint: listSpacesEndpoint, Query: q}
}

// listUsers lists the members of a space, or with "" everybody one is connected with; like matches the start of a
// name or an e-mail address.
func (client) listUsers(space, like string, page, size int) providers.Call {
	return providers.Call{Endpoint: listUsersEndpoint, Query: withText(withText(pages(page, size), "space_id", space), "like", like)}
}

// listGroups lists the groups of a space, or with "" all; like matches the start of the name.
func (client) listGroups(space, like string, page, size int) providers.Call {
	return providers.Call{Endpoint: listGroupsEndpoint, Query: withText(withText(pages(page, size), "space_id", space), "like", like)}
}

func (client) getOne(e providers.Endpoint, id string) providers.Call {
	return providers.Call{Endpoint: e, Params: map[string]string{"id": id}}
}

func (client) userinfo() providers.Call { return providers.Call{Endpoint: userinfoEndpoint} }

// failure is an error body in either of the two documented shapes (exceptions.md).
type failure struct {
	code, message string
}

func readFailure(body []byte) (failure, bool) {
	o, ok := providers.ParseObject(body)
	if !ok {
		return failure{}, false
	}
	var details providers.Text // documented as a string; an array or object is shown as it came
	if raw := o.Peek("details"); raw != nil {
		_ = details.UnmarshalJSON(raw)
	}
	f := failure{message: providers.Titled(o.Text("title"), details.String())}
	if _, anchor, found := strings.Cut(o.Text("problemType"), "#"); found {
		f.code = anchor
	}
	if e := o.Text("error"); e != "" {
		f.code = e
		if d := o.Text("error_description"); d != "" && f.message == "" {
			f.message = d
		}
		if f.message == "" {
			f.message = e
		}
	}
	return f, f.message != "" || f.code != ""
}

// passwordExpired recognises the error that no new token cures. Its status is not documented (401 or 403), so the
// words decide.
func passwordExpired(status int, f failure) bool {
	if status != http.StatusUnauthorized && status != http.StatusForbidden {
		return false
	}
	text := strings.ToLower(f.message)
	return f.code == "expired" || f.code == "expired_password" ||
		strings.Contains(text, "password") && strings.Contains(text, "expire")
}

const (
	hintPassword = "the Kona password has expired: change it on Kona's web site, then sign in again"
	hintSignIn   = "sign in again: confab login"
	hintUpdate   = "that Kona can update conversations is assumed, not documented"
)

// decodeError reads an error body. passed is told when the password has expired, so that nothing is refreshed.
func decodeError(passed func(bool)) func(int, http.Header, []byte) *model.Error {
	return func(status int, header http.Header, body []byte) *model.Error {
		f, ok := readFailure(body)
		if !ok {
			if status == http.StatusUnauthorized {
				passed(false)
			}
			return nil // no shape of the service's own
		}
		e := &model.Error{Message: f.message, Code: f.code, RequestID: header.Get("X-Request-Id")}
		expired := passwordExpired(status, f)
		passed(expired)
		switch {
		case expired:
			e.Kind, e.Hint = model.Unauthorized, hintPassword
		case status == http.StatusUnauthorized:
			e.Hint = hintSignIn
		case status == http.StatusNotFound:
			e.Hint = "gone, or not visible to this user"
		}
		return e
	}
}
