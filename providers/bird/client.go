package bird

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// Page sizes (docs.bird.com/api: 1–100 for lists, channels up to 1000), and the length of a page token at most.
const (
	pageLimit    = 100
	channelLimit = 1000
	maxToken     = 8000
)

// call is a call about a conversation or a contact, "" for all of them.
func (p *provider) call(e providers.Endpoint, id string, body any) providers.Call {
	params := map[string]string{"workspace_id": p.workspace, "conversation_id": id, "contact_id": id}
	return providers.Call{Endpoint: e, Params: params, Body: body}
}

// participant is a call about somebody in a conversation.
func (p *provider) participant(e providers.Endpoint, id, participant string, body any) providers.Call {
	call := p.call(e, id, body)
	call.Params["participant_id"] = participant
	return call
}

// page is a call for a page of a list, with further parameters in pairs.
func (p *provider) page(e providers.Endpoint, id string, limit int, token string, more ...string) providers.Call {
	call := p.call(e, id, nil)
	call.Query = e.With(append(more, "limit", strconv.Itoa(limit), "pageToken", token)...).Query
	return call
}

// messages lists messages created after from, which may be zero; newest first as the vendor's example has it.
func (p *provider) messages(id, token string, from time.Time) providers.Call {
	after := ""
	if !from.IsZero() {
		after = from.UTC().Format(time.RFC3339Nano)
	}
	return p.page(calls.ListMessages, id, pageLimit, token, "dateFrom", after)
}

// agents lists the people at the desk; text narrows by e-mail address where it is one, else by name
// (docs.bird.com/api, collaborations, agent management). How the name is compared is not said.
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

// list walks a list of at most some pages.
func (p *provider) list(most int, call func(token string) providers.Call) providers.RawWalk {
	return providers.RawWalk{Most: most, Read: func(ctx context.Context, token string) (providers.RawPage, error) {
		return readPage(p.Client.Do(ctx, call(token)))
	}}
}

// readPage reads one page of any list. total and totalType, which some answers have, mean nothing that is documented.
func readPage(a *providers.Answer, err error) (page providers.RawPage, _ error) {
	if err != nil {
		return page, err
	}
	rows, body, err := a.Rows("results")
	page = providers.RawPage{Rows: rows, Next: providers.TextOf(body.Peek("nextPageToken")), Holes: rows == nil}
	if err == nil && len(page.Next) > maxToken {
		err = a.Malformed("the service gave a page token that is too long")
	}
	return page, err
}

// refusesToken reports whether an answer may be about the page token: how long one lives is not documented.
func refusesToken(err error) bool {
	k := model.KindOf(err)
	return k == model.Invalid || k == model.NotFound || k == model.ConflictKind
}

// notShown says in words why a part of a conversation is not shown, "" where an error is none of that part alone. That
// a part is not found says nothing of the conversation, which has been read.
func notShown(err error) string {
	e := model.AsError(err)
	switch {
	case e == nil || e.Kind != model.Forbidden && e.Kind != model.NotFound:
		return ""
	case e.Kind == model.Forbidden && e.Status == 401:
		return "not shown: the access key has no right to read them"
	}
	return "not shown: " + e.Message
}

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
	e.Hint = cmp.Or(service.Words[strconv.Itoa(status)+" "+e.Code], service.Words[strconv.Itoa(status)])
	return e
}
