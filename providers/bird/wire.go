package bird

import (
	"bytes"
	"encoding/json"
	"sort"
	"strings"

	"confab/model"
	"confab/providers"
)

// Words of the API. The values that a PATCH takes for status are printed nowhere: active and closed are the sound
// pair [assumed]; deleted stands in a filter only and is never sent.
const (
	statusActive  = "active"
	statusClosed  = "closed"
	statusDeleted = "deleted"

	statusInvited = "invited"
	statusPending = "pending"

	accessOpen       = "open"
	accessRequest    = "request-to-join"
	accessInviteOnly = "invite-only"

	keyEmail = "emailaddress"
	keyPhone = "phonenumber"

	kindAccessKey = "accessKey"
)

// participantStatuses lists what a participant's status may be set to, in order of display.
func participantStatuses() []string { return []string{statusActive, statusInvited, statusPending} }

// patchBody holds what an update changes. A nil field is left out, and so keeps its value (the vendor's own example
// shows that, against the defaults its page prints); clearing is done with "", since what null does is not told.
type patchBody struct {
	Name          *string                    `json:"name,omitempty"`
	Description   *string                    `json:"description,omitempty"`
	Status        *string                    `json:"status,omitempty"`
	Visibility    *string                    `json:"visibility,omitempty"`
	Accessibility *string                    `json:"accessibility,omitempty"`
	Attributes    map[string]json.RawMessage `json:"attributes,omitzero"`
}

// createBody holds the documented fields of a create that confab fills; others are refused by the service.
type createBody struct {
	Name           string           `json:"name"`
	Description    string           `json:"description,omitempty"`
	Visibility     string           `json:"visibility,omitempty"`
	Accessibility  string           `json:"accessibility,omitempty"`
	Participants   []newParticipant `json:"participants,omitempty"`
	ChannelID      string           `json:"channelId,omitempty"`
	InitialMessage *initialMessage  `json:"initialMessage,omitempty"`
}

type newParticipant struct {
	Type  string `json:"type"`
	ID    string `json:"id,omitempty"`
	Key   string `json:"identifierKey,omitempty"`
	Value string `json:"identifierValue,omitempty"`
}

type initialMessage struct {
	Recipients []identifierReference `json:"recipients,omitempty"`
	Body       messageBody           `json:"body"`
	Reference  string                `json:"reference,omitempty"`
}

type identifierReference struct {
	Key   string `json:"identifierKey"`
	Value string `json:"identifierValue"`
}

type messageBody struct {
	Type string   `json:"type"`
	Text bodyText `json:"text"`
}

type bodyText struct {
	Text string `json:"text"`
}

func textMessage(s string) messageBody { return messageBody{Type: "text", Text: bodyText{Text: s}} }

// participantBody adds a user or flow by id, a contact by id, or a contact by identifier.
type participantBody struct {
	ID      string       `json:"id,omitempty"`
	Type    string       `json:"type"`
	Status  string       `json:"status,omitempty"`
	Contact *contactBody `json:"contact,omitempty"`
}

type contactBody struct {
	Key   string `json:"identifierKey"`
	Value string `json:"identifierValue"`
}

type statusBody struct {
	Status string `json:"status"`
}

type feedItemsBody struct {
	ConversationIDs []string `json:"conversationIds"`
}

type searchBody struct {
	Identifier identifierBody `json:"identifier"`
}

type identifierBody struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// maxToken is the length of a page token at most, in bytes (docs.bird.com/api, list conversations).
const maxToken = 8000

// readPage reads one page of any list. total and totalType, which some answers have, mean nothing that is documented.
func readPage(a *providers.Answer) (page providers.Page[json.RawMessage], err error) {
	raw, err := a.JSON()
	if err != nil {
		return page, err
	}
	body, _ := providers.ObjectOf(raw)
	list, ok := providers.Elements(body.Peek("results"))
	if !ok && !(body.Has("results") && body.Null("results")) {
		return page, providers.Malformed("", "the answer holds no list of results")
	}
	next := providers.TextOf(body.Peek("nextPageToken"))
	if len(next) > maxToken {
		return page, providers.Malformed("", "the service gave a page token that is too long")
	}
	return providers.Page[json.RawMessage]{Rows: list, Next: next, Holes: !ok}, nil
}

// readFound reads the answer of a search by identifier. Its shape is on no page that could be read: a list of results
// and the one contact by itself are both taken [assumed].
func readFound(a *providers.Answer) (providers.Page[json.RawMessage], error) {
	if o, ok := providers.ParseObject(a.Body); ok && o.Peek("results") == nil && o.Text("id") != "" {
		return providers.Page[json.RawMessage]{Rows: []json.RawMessage{a.Body}}, nil
	}
	return readPage(a)
}

// failure is an error body: {code, message, details}.
type failure struct {
	Code, Message, Existing string
	Fields                  []model.FieldError
}

func readFailure(body []byte) failure {
	o, ok := providers.ParseObject(body)
	if !ok {
		return failure{}
	}
	f := failure{Code: o.Text("code"), Message: o.Text("message")}
	var details map[string]json.RawMessage
	if json.Unmarshal(o.Peek("details"), &details) != nil {
		return f
	}
	paths := make([]string, 0, len(details))
	for path := range details {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	for _, path := range paths {
		var sentences providers.List[providers.Text]
		if json.Unmarshal(details[path], &sentences) != nil || len(sentences) == 0 {
			continue
		}
		words := make([]string, len(sentences))
		for i, s := range sentences {
			words[i] = s.String()
		}
		if path == "conversationId" {
			f.Existing = words[0]
			continue
		}
		f.Fields = append(f.Fields, model.FieldError{Field: strings.TrimPrefix(path, "."), Message: strings.Join(words, "; ")})
	}
	return f
}

// quote writes a text as JSON.
func quote(s string) json.RawMessage {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(s) // a string can always be written
	return bytes.TrimRight(b.Bytes(), "\n")
}

// rawAttributes gives the attributes of a conversation as they were sent; nil where there are none to speak of.
func rawAttributes(conversation []byte) map[string]json.RawMessage {
	o, ok := providers.ParseObject(conversation)
	if !ok {
		return nil
	}
	return attributesIn(o.Peek("attributes"))
}

func attributesIn(raw json.RawMessage) map[string]json.RawMessage {
	if string(raw) == "null" {
		return map[string]json.RawMessage{} // there are none; a missing field says nothing
	}
	m, _ := providers.Map(raw)
	return m
}

// attributeTexts gives the attributes as texts; what is no string is shown as it was written.
func attributeTexts(raw map[string]json.RawMessage) map[string]string {
	if raw == nil {
		return nil
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		if bytes.Equal(v, []byte("null")) {
			out[k] = "null"
			continue
		}
		out[k] = providers.TextOf(v)
	}
	return out
}
