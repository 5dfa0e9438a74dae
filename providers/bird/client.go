package bird

import (
	"context"
	"maps"
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

const (
	inWorkspace     = "/workspaces/{workspace_id}"
	allPath         = inWorkspace + "/conversations"
	onePath         = allPath + "/{conversation_id}"
	peoplePath      = onePath + "/participants"
	participantPath = peoplePath + "/{participant_id}"
)

// The endpoints used. The searches are POSTs that read.
var (
	listConversations  = providers.Get("list conversations", allPath, 200)
	getConversation    = providers.Get("read conversation", onePath, 200)
	createConversation = providers.Writing("create conversation", http.MethodPost, allPath, 200, 201)
	updateConversation = providers.Writing("change conversation", http.MethodPatch, onePath, 200)
	deleteConversation = providers.Writing("delete conversation", http.MethodDelete, onePath, 200, 204)
	addParticipant     = providers.Writing("add participant", http.MethodPost, peoplePath, 200, 201) // 200: was there already
	setParticipant     = providers.Writing("change participant", http.MethodPatch, participantPath, 200)
	removeParticipant  = providers.Writing("remove participant", http.MethodDelete, participantPath, 200, 204)
	listMessages       = lackable("list messages", http.MethodGet, onePath+"/messages")
	listParticipants   = lackable("list participants", http.MethodGet, peoplePath)
	listContacts       = lackable("list contacts", http.MethodGet, inWorkspace+"/contacts")
	getContact         = lackable("read contact", http.MethodGet, inWorkspace+"/contacts/{contact_id}")
	// The reference says POST, its sample GET; POST is used.
	searchContacts = lackable("search contacts", http.MethodPost, inWorkspace+"/contacts/search")
	listAgents     = lackable("list agents", http.MethodGet, inWorkspace+"/agents")
	// The body is documented, the path was seen in running code alone.
	searchFeedItems = lackable("search inbox items", http.MethodPost, inWorkspace+"/search/feed-items")
	listChannels    = lackable("list channels", http.MethodGet, inWorkspace+"/channels")
)

// lackable is a read beside the conversations. A key without a policy for a call is reported to get a 401 there, so a
// 401 may be a right that is missing. A 401 of a write stays a refused key: what is queued then waits.
func lackable(name, method, path string) providers.Endpoint {
	return providers.Endpoint{Name: name, Method: method, Path: path, MayLack: true, Success: []int{200}}
}

type client struct {
	*providers.Client
	workspace string
	lacks     refusals
}

// call is a call about a conversation or a contact, "" for all of them.
func (c *client) call(e providers.Endpoint, id string, query url.Values, body any) providers.Call {
	params := map[string]string{"workspace_id": c.workspace, "conversation_id": id, "contact_id": id}
	return providers.Call{Endpoint: e, Params: params, Query: query, Body: body}
}

// participant is a call about somebody in a conversation.
func (c *client) participant(e providers.Endpoint, id, participant string, body any) providers.Call {
	call := c.call(e, id, nil, body)
	call.Params["participant_id"] = participant
	return call
}

// page is a call for a page of a list. Conversations come newest created first; that order is not documented, only
// seen.
func (c *client) page(e providers.Endpoint, id string, limit int, token string, more url.Values) providers.Call {
	q := url.Values{"limit": {strconv.Itoa(limit)}}
	if token != "" {
		q.Set("pageToken", token)
	}
	maps.Copy(q, more)
	return c.call(e, id, q, nil)
}

// messages lists messages created after from, which may be zero; newest first as the vendor's example has it.
func (c *client) messages(id, token string, from time.Time) providers.Call {
	more := url.Values{}
	if !from.IsZero() {
		more.Set("dateFrom", from.UTC().Format(time.RFC3339Nano))
	}
	return c.page(listMessages, id, pageLimit, token, more)
}

// agents lists the people at the desk; text narrows by e-mail address where it is one, else by name
// (docs.bird.com/api, collaborations, agent management). How the name is compared is not said.
func (c *client) agents(limit int, token, text string) providers.Call {
	more := url.Values{}
	switch {
	case strings.Contains(text, "@"):
		more.Set("email", text)
	case text != "":
		more.Set("name", text)
	}
	return c.page(listAgents, "", limit, token, more)
}

func (c *client) contactsWith(key, value string) providers.Call {
	return c.call(searchContacts, "", nil, map[string]any{"identifier": map[string]string{"key": key, "value": value}})
}

func (c *client) feedItems(conversation string) providers.Call {
	call := c.page(searchFeedItems, "", pageLimit, "", nil)
	call.Body = map[string]any{"conversationIds": []string{conversation}}
	return call
}

// around sends a call, unless the account was found to have no right to it, and learns from how it ends. A read of a
// conversation that met a 409 is sent once more after conflictPause.
func (c *client) around(ctx context.Context, call providers.Call, send func() (*providers.Answer, error)) (*providers.Answer, error) {
	if err := c.lacks.of(call.Endpoint); err != nil {
		return nil, err
	}
	answer, err := send()
	if model.KindOf(err) == model.ConflictKind && repeatsConflict(call.Name) {
		select {
		case <-time.After(conflictPause):
			answer, err = send()
		case <-ctx.Done():
		}
	}
	c.lacks.learn(call.Endpoint, err)
	return answer, err
}

func repeatsConflict(name string) bool {
	return name == getConversation.Name || name == listMessages.Name || name == listParticipants.Name
}

// Codes that change what is done (seen live by others, not documented).
const (
	codeContactInConversation = "ContactAlreadyInConversation"
	codeAlreadyExists         = "ResourceAlreadyExists"
)

// decodeError reads {code, message, details}: details is a map of a JSON path to sentences for 422, and free-form
// for 409, where conversationId names the conversation that stands in the way.
func decodeError(status int, header http.Header, body []byte) *model.Error {
	o, _ := providers.ParseObject(body)
	e := &model.Error{Code: o.Text("code"), Message: o.Text("message"), RequestID: header.Get("X-Request-Id")}
	if e.Message == "" && e.Code == "" {
		return nil // not the service's own shape: a proxy, a page
	}
	details := o.Object("details")
	for _, path := range details.Names() {
		var sentences []string
		for _, s := range providers.OneOrMore(details.Peek(path)) {
			sentences = append(sentences, providers.TextOf(s))
		}
		switch {
		case len(sentences) == 0:
		case path == "conversationId":
			e.Existing = sentences[0]
		default:
			e.Fields = append(e.Fields, model.FieldError{Field: strings.TrimPrefix(path, "."), Message: strings.Join(sentences, "; ")})
		}
	}
	switch {
	case status == http.StatusConflict && e.Code == codeContactInConversation:
		e.Hint = "the contact is already in a conversation: open that one"
	case status == http.StatusConflict && e.Code == codeAlreadyExists:
		e.Hint = "a contact can have one active conversation on a channel: close the other one first"
	default:
		e.Hint = hints[status]
	}
	return e
}

var hints = map[int]string{
	http.StatusConflict:     "the conversation is in a state that does not allow this: reload it",
	http.StatusNotFound:     "gone, in another workspace, or not visible to this access key",
	http.StatusUnauthorized: "the access key is wrong, or has no policy at all",
	http.StatusForbidden:    "the access key has no policy that allows this, or what it names is protected",
}
