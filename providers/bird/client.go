package bird

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// Page sizes (docs.bird.com/api: 1–100 for lists, channels up to 1000).
const (
	pageLimit    = 100
	channelLimit = 1000
)

// conflictPause is waited before a read that met a 409 is sent once more: the vendor lists 409 for reads without
// saying when it comes, so it is taken to be passing [assumed].
const conflictPause = time.Second

// The endpoints used. The searches are POSTs that read. A key without a policy for a call is reported to get a 401
// there, so a 401 of a read beside the conversations may be a right that is missing. A 401 of a write stays a refused
// key: what is queued then waits.
var (
	listConversationsEndpoint  = providers.Endpoint{Name: "list conversations", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/conversations", Success: []int{200}}
	getConversationEndpoint    = providers.Endpoint{Name: "read conversation", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}", Success: []int{200}}
	createConversationEndpoint = providers.Endpoint{Name: "create conversation", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/conversations", Write: true, Success: []int{200, 201}}
	updateConversationEndpoint = providers.Endpoint{Name: "change conversation", Method: http.MethodPatch, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}", Write: true, Success: []int{200}}
	deleteConversationEndpoint = providers.Endpoint{Name: "delete conversation", Method: http.MethodDelete, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}", Write: true, Success: []int{200, 204}}
	listMessagesEndpoint       = providers.Endpoint{Name: "list messages", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}/messages", MayLack: true, Success: []int{200}}
	listParticipantsEndpoint   = providers.Endpoint{Name: "list participants", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}/participants", MayLack: true, Success: []int{200}}
	addParticipantEndpoint     = providers.Endpoint{Name: "add participant", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}/participants", Write: true, Success: []int{200, 201}}
	setParticipantEndpoint     = providers.Endpoint{Name: "change participant", Method: http.MethodPatch, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}/participants/{participant_id}", Write: true, Success: []int{200}}
	removeParticipantEndpoint  = providers.Endpoint{Name: "remove participant", Method: http.MethodDelete, Path: "/workspaces/{workspace_id}/conversations/{conversation_id}/participants/{participant_id}", Write: true, Success: []int{200, 204}}
	listContactsEndpoint       = providers.Endpoint{Name: "list contacts", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/contacts", MayLack: true, Success: []int{200}}
	getContactEndpoint         = providers.Endpoint{Name: "read contact", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/contacts/{contact_id}", MayLack: true, Success: []int{200}}
	searchContactsEndpoint     = providers.Endpoint{Name: "search contacts", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/contacts/search", MayLack: true, Success: []int{200}}
	listAgentsEndpoint         = providers.Endpoint{Name: "list agents", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/agents", MayLack: true, Success: []int{200}}
	searchFeedItemsEndpoint    = providers.Endpoint{Name: "search inbox items", Method: http.MethodPost, Path: "/workspaces/{workspace_id}/search/feed-items", MayLack: true, Success: []int{200}}
	listChannelsEndpoint       = providers.Endpoint{Name: "list channels", Method: http.MethodGet, Path: "/workspaces/{workspace_id}/channels", MayLack: true, Success: []int{200}}
)

// client makes the calls of one workspace. Its methods named after an endpoint build a call; do sends it.
type client struct {
	http      *providers.Client
	workspace string
	lacks     refusals
}

func (c *client) call(e providers.Endpoint, params map[string]string, query url.Values, body any) providers.Call {
	all := map[string]string{"workspace_id": c.workspace}
	for k, v := range params {
		all[k] = v
	}
	return providers.Call{Endpoint: e, Params: all, Query: query, Body: body}
}

func paging(limit int, token string) url.Values {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if token != "" {
		q.Set("pageToken", token)
	}
	return q
}

func conversation(id string) map[string]string { return map[string]string{"conversation_id": id} }

// listConversations lists newest created first; that order is not documented, only seen.
func (c *client) listConversations(limit int, token string) providers.Call {
	return c.call(listConversationsEndpoint, nil, paging(limit, token), nil)
}

func (c *client) getConversation(id string) providers.Call {
	return c.call(getConversationEndpoint, conversation(id), nil, nil)
}

func (c *client) createConversation(body createBody) providers.Call {
	return c.call(createConversationEndpoint, nil, nil, body)
}

func (c *client) updateConversation(id string, body patchBody) providers.Call {
	return c.call(updateConversationEndpoint, conversation(id), nil, body)
}

func (c *client) deleteConversation(id string) providers.Call {
	return c.call(deleteConversationEndpoint, conversation(id), nil, nil)
}

// listMessages lists messages created after from, which may be zero; newest first as the vendor's example has it.
func (c *client) listMessages(id, token string, from time.Time) providers.Call {
	q := paging(pageLimit, token)
	if !from.IsZero() {
		q.Set("dateFrom", from.UTC().Format(time.RFC3339Nano))
	}
	return c.call(listMessagesEndpoint, conversation(id), q, nil)
}

func (c *client) listParticipants(id, token string) providers.Call {
	return c.call(listParticipantsEndpoint, conversation(id), paging(pageLimit, token), nil)
}

// addParticipant makes sure that somebody takes part: 201 added, 200 was there already.
func (c *client) addParticipant(id string, body participantBody) providers.Call {
	return c.call(addParticipantEndpoint, conversation(id), nil, body)
}

func (c *client) setParticipant(id, participant, status string) providers.Call {
	return c.call(setParticipantEndpoint, map[string]string{"conversation_id": id, "participant_id": participant},
		nil, statusBody{Status: status})
}

func (c *client) removeParticipant(id, participant string) providers.Call {
	return c.call(removeParticipantEndpoint, map[string]string{"conversation_id": id, "participant_id": participant}, nil, nil)
}

func (c *client) listContacts(limit int, token string) providers.Call {
	return c.call(listContactsEndpoint, nil, paging(limit, token), nil)
}

func (c *client) getContact(id string) providers.Call {
	return c.call(getContactEndpoint, map[string]string{"contact_id": id}, nil, nil)
}

// searchContacts finds the contacts that have an identifier. The reference says POST, its sample GET; POST is used.
func (c *client) searchContacts(key, value string) providers.Call {
	return c.call(searchContactsEndpoint, nil, nil, searchBody{Identifier: identifierBody{Key: key, Value: value}})
}

// listAgents lists the people at the desk; text narrows by e-mail address where it is one, else by name
// (docs.bird.com/api, collaborations, agent management). How the name is compared is not said.
func (c *client) listAgents(limit int, token, text string) providers.Call {
	q := paging(limit, token)
	switch {
	case strings.Contains(text, "@"):
		q.Set("email", text)
	case text != "":
		q.Set("name", text)
	}
	return c.call(listAgentsEndpoint, nil, q, nil)
}

func (c *client) listChannels(limit int, token string) providers.Call {
	return c.call(listChannelsEndpoint, nil, paging(limit, token), nil)
}

// searchFeedItems lists the items of a conversation in the inboxes of Bird's web application. The body is documented,
// the path was seen in running code alone.
func (c *client) searchFeedItems(conversation string) providers.Call {
	return c.call(searchFeedItemsEndpoint, nil, paging(pageLimit, ""), feedItemsBody{ConversationIDs: []string{conversation}})
}

// do sends a call, unless the account was found to have no right to it.
func (c *client) do(ctx context.Context, call providers.Call) (*providers.Answer, error) {
	if err := c.lacks.of(call.Name); err != nil {
		return nil, err
	}
	return c.ask(ctx, call)
}

// ask sends a call and learns from how it ends. A read of a conversation that met a 409 is sent once more after
// conflictPause.
func (c *client) ask(ctx context.Context, call providers.Call) (answer *providers.Answer, err error) {
	defer func() { c.lacks.learn(call.Endpoint, err) }()
	answer, err = c.http.Do(ctx, call)
	if model.KindOf(err) != model.ConflictKind || !repeatsConflict(call.Name) {
		return answer, err
	}
	timer := time.NewTimer(conflictPause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return c.http.Do(ctx, call)
	case <-ctx.Done():
		return nil, err
	}
}

func repeatsConflict(e string) bool {
	return e == getConversationEndpoint.Name || e == listMessagesEndpoint.Name || e == listParticipantsEndpoint.Name
}

// decodeError reads {code, message, details}: details is a map of a JSON path to sentences for 422, and free-form
// for 409, where conversationId names the conversation that stands in the way.
func decodeError(status int, header http.Header, body []byte) *model.Error {
	failure := readFailure(body)
	if failure.Message == "" && failure.Code == "" {
		return nil // not the service's own shape: a proxy, a page
	}
	e := &model.Error{Message: failure.Message, Code: failure.Code, Fields: failure.Fields, Existing: failure.Existing,
		RequestID: header.Get("X-Request-Id")}
	switch {
	case status == http.StatusConflict && e.Code == codeContactInConversation:
		e.Hint = "the contact is already in a conversation: open that one"
	case status == http.StatusConflict && e.Code == codeAlreadyExists:
		e.Hint = "a contact can have one active conversation on a channel: close the other one first"
	case status == http.StatusConflict:
		e.Hint = "the conversation is in a state that does not allow this: reload it"
	case status == http.StatusNotFound:
		e.Hint = "gone, in another workspace, or not visible to this access key"
	case status == http.StatusUnauthorized:
		e.Hint = "the access key is wrong, or has no policy at all"
	case status == http.StatusForbidden:
		e.Hint = "the access key has no policy that allows this, or what it names is protected"
	}
	return e
}

// Codes that change what is done (seen live by others, not documented).
const (
	codeContactInConversation = "ContactAlreadyInConversation"
	codeAlreadyExists         = "ResourceAlreadyExists"
)
