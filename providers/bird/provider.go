package bird

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	settingWorkspace = "workspace_id"
	settingAccessKey = "access_key_id"
)

//go:embed service.json
var about []byte

// calls holds the endpoints. Notes on their declarations:
//
//   - The searches are POSTs that read. For contacts the reference says so, although its sample is a GET. For inbox items the
//     body is documented, but the path is known from running code alone.
//   - A key without a policy for a read other than of conversations is reported to get a 401, which may therefore mean a missing
//     right (MayLack). A 401 to a write always counts as a refused key, so that queued edits wait.
//   - A 403 for a directory or for the inboxes is permanent; for messages, participants or a contact it concerns only these. A 404
//     for the channels or the inboxes is permanent too.
//   - A 409 is listed for reads without an explanation, and is assumed to be temporary.
var calls struct {
	ListConversations, GetConversation, CreateConversation, UpdateConversation, DeleteConversation providers.Endpoint
	AddParticipant, SetParticipant, RemoveParticipant, ListMessages, ListParticipants              providers.Endpoint
	ListContacts, GetContact, SearchContacts, ListAgents, SearchFeedItems, ListChannels            providers.Endpoint
}

var service = providers.Service(about, &calls, map[string]func(string) error{settingWorkspace: checkWorkspace})

func Factory() providers.Factory { return providers.Opening(service, open) }

func checkWorkspace(v string) error {
	switch {
	case strings.HasPrefix(v, "ws_"):
		return errors.New("the workspace id is the UUID, not the short name that starts with ws_")
	case v == "" || strings.ContainsAny(v, "/?# \t\r\n"):
		return errors.New("the workspace id is a UUID, 00000000-0000-0000-0000-000000000000")
	}
	return nil
}

// provider is one account: one workspace seen through one access key.
type provider struct {
	*providers.Adapter

	workspace string
	accessKey string // its id; "" if unknown

	channels      *providers.Cached[channels]
	names         *providers.Recent[string]                     // of contacts and agents by id; "" if there is none
	rawAttributes *providers.Recent[map[string]json.RawMessage] // attributes as the service sent them
}

var _ model.Creator = (*provider)(nil)

func open(a providers.Account) (p *provider, err error) {
	p = &provider{
		workspace:     service.Value(a, settingWorkspace),
		accessKey:     service.Value(a, settingAccessKey),
		rawAttributes: providers.NewRecent[map[string]json.RawMessage](maxRawAttributes),
		names:         providers.NewRecent[string](maxNames),
	}
	proof := p.page(calls.ListConversations, "", 1, "")
	p.Adapter, err = providers.Open(service, a, providers.ClientOptions{
		Proof:       &proof,
		Credential:  &providers.Credential{Schemes: []string{"AccessKey"}},
		DecodeError: decodeError,
	})
	if err != nil {
		return nil, err
	}
	p.Identity += " " + p.workspace
	p.Plan, p.Limits = p.plan, p.limits
	p.channels = providers.NewCached(calls.ListChannels.Name, 0, p.readChannels)
	return p, nil
}

const reasonDeleted = "the conversation is deleted"

// limits rules out the edits that a conversation does not allow.
func (p *provider) limits(c model.Conversation, no func(model.EditKind, string)) {
	if c.Archived {
		for _, k := range model.EditKinds() {
			if k != model.EditCreate {
				no(k, reasonDeleted)
			}
		}
	}
	if s := c.Status; s != "" && s != statusActive && s != statusClosed {
		no(model.EditStatus, "the status is "+s+", which confab does not know how to leave")
	}
	if p.Client.Lacking(calls.ListParticipants) != nil {
		no(model.EditParticipants, "the access key has no right to list the participants, and without the list none is changed")
	}
}

// Check implements model.Provider. It also asks for what the account had no right to before. The parts of a conversation are those
// of the newest conversation. Inboxes are optional: a workspace without them is well.
func (p *provider) Check(ctx context.Context) (out []model.CheckResult) {
	p.Client.AskAgain()
	ask := func(name, good string, call providers.Call) providers.RawPage {
		page, err := readPage(p.Client.Do(ctx, call))
		out = append(out, providers.Check(name, good, err))
		return page
	}
	head := ask(model.CheckList, "", p.page(calls.ListConversations, "", providers.CheckHeadSize, ""))
	if !out[0].OK {
		return out // the other answers would mean nothing
	}
	out[0].Detail = providers.HeadSummary(len(head.Rows), head.Next != "")
	if len(head.Rows) > 0 {
		o, _ := providers.ObjectOf(head.Rows[0])
		if newest := o.Text("id"); newest != "" {
			ask("messages", "can be read", p.page(calls.ListMessages, newest, pageLimit, ""))
			ask("participants", "can be read", p.page(calls.ListParticipants, newest, pageLimit, ""))
			_, err := readPage(p.Client.Do(ctx, p.feedItems(newest)))
			why := notShown(err)
			if why != "" {
				err = nil
			}
			out = append(out, providers.Check("inboxes", cmp.Or(why, "who has it, and what was read, can be shown"), err))
		}
	}
	ask("channels", "can be named", p.page(calls.ListChannels, "", 1, ""))
	ask("contacts", "can be looked up", p.page(calls.ListContacts, "", 1, ""))
	ask("users", "can be looked up", p.agents(1, "", ""))
	return out
}

const (
	pageLimit    = 100  // rows of a page (docs.bird.com/api: 1 to 100)
	channelLimit = 1000 // rows of a page of channels
	maxToken     = 8000 // bytes
)

// call returns a call about a conversation or a contact, or about all of them if id is "".
func (p *provider) call(e providers.Endpoint, id string, body any) providers.Call {
	params := map[string]string{"workspace_id": p.workspace, "conversation_id": id, "contact_id": id}
	return providers.Call{Endpoint: e, Params: params, Body: body}
}

// participant returns a call about a participant of a conversation.
func (p *provider) participant(e providers.Endpoint, id, participant string, body any) providers.Call {
	call := p.call(e, id, body)
	call.Params["participant_id"] = participant
	return call
}

// page returns a call for a page of a list, with further parameters as pairs of name and value.
func (p *provider) page(e providers.Endpoint, id string, limit int, token string, more ...string) providers.Call {
	call := p.call(e, id, nil)
	call.Query = e.With(append(more, "limit", strconv.Itoa(limit), "pageToken", token)...).Query
	return call
}

// agents returns a call for the agents whose name, or whose e-mail address if text has an @, matches text (docs.bird.com/api,
// collaborations, agent management). How the service compares names is not documented.
func (p *provider) agents(limit int, token, text string) providers.Call {
	by := "name"
	if strings.Contains(text, "@") {
		by = "email"
	}
	return p.page(calls.ListAgents, "", limit, token, by, text)
}

func (p *provider) contactsWith(key, value string) providers.Call {
	return p.call(calls.SearchContacts, "", map[string]any{"identifier": map[string]string{"key": key, "value": value}})
}

func (p *provider) feedItems(conversation string) providers.Call {
	call := p.page(calls.SearchFeedItems, "", pageLimit, "")
	call.Body = map[string]any{"conversationIds": []string{conversation}}
	return call
}

// list returns a walk of a list.
func (p *provider) list(maxPages int, call func(token string) providers.Call) providers.RawWalk {
	return providers.RawWalk{MaxPages: maxPages, Read: func(ctx context.Context, token string) (providers.RawPage, error) {
		return readPage(p.Client.Do(ctx, call(token)))
	}}
}

// readPage reads a page of any list. It ignores total and totalType, whose meaning is not documented.
func readPage(a *providers.Answer, err error) (page providers.RawPage, _ error) {
	if err != nil {
		return page, err
	}
	rows, body, err := a.Rows("results")
	page = providers.RawPage{Rows: rows, Next: providers.TextOf(body.Peek("nextPageToken")), Incomplete: rows == nil}
	if err == nil && len(page.Next) > maxToken {
		err = a.Malformed("the service gave a page token that is too long")
	}
	return page, err
}

// refusesToken reports whether an error may be about the page token. How long a token is valid is not documented.
func refusesToken(err error) bool {
	k := model.KindOf(err)
	return k == model.Invalid || k == model.NotFound || k == model.ConflictKind
}

// notShown returns the text that explains why a part of a conversation is not shown, or "" if the error does not concern that part
// alone. A part that is not found counts, because the conversation itself has been read.
func notShown(err error) string {
	switch e := model.AsError(err); {
	case e == nil:
	case e.Kind == model.NotFound, e.Kind == model.Unsupported:
		return "not shown: the service has none to read"
	case e.Kind == model.Forbidden && e.Status == 401:
		return "not shown: the access key has no right to read them"
	case e.Kind == model.Forbidden:
		return "not shown: " + e.Message
	}
	return ""
}

// decodeError reads {code, message, details}. For a 422, details maps a JSON path to sentences. For a 409 its form is free, but
// conversationId names the conversation that is in the way.
func decodeError(_ int, body []byte) *model.Error {
	o, _ := providers.ParseObject(body)
	e := &model.Error{Code: o.Text("code"), Message: o.Text("message")}
	if e.Message == "" && e.Code == "" {
		return nil // not from the service itself, but from a proxy for example
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
	return e
}
