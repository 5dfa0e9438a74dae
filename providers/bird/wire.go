package bird

import (
	"encoding/json"

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

var (
	// participantStatuses are what a participant's status may be set to, in order of display.
	participantStatuses = []string{statusActive, statusInvited, statusPending}
	accesses            = []string{accessOpen, accessRequest, accessInviteOnly}
	privacies           = []string{string(model.PrivacyPrivate), string(model.PrivacyPublic)}
)

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
	Body       textMessage           `json:"body"`
	Reference  string                `json:"reference,omitempty"`
}

type identifierReference struct {
	Key   string `json:"identifierKey"`
	Value string `json:"identifierValue"`
}

type textMessage struct {
	Type string            `json:"type"`
	Text map[string]string `json:"text"`
}

// participantBody adds a user or flow by id, a contact by id, or a contact by identifier.
type participantBody struct {
	ID      string               `json:"id,omitempty"`
	Type    string               `json:"type"`
	Status  string               `json:"status,omitempty"`
	Contact *identifierReference `json:"contact,omitempty"`
}

// maxToken is the length of a page token at most, in bytes (docs.bird.com/api, list conversations).
const maxToken = 8000

// readPage reads one page of any list. total and totalType, which some answers have, mean nothing that is documented.
func readPage(a *providers.Answer, err error) (page providers.RawPage, _ error) {
	if err != nil {
		return page, err
	}
	rows, body, err := a.Rows("results")
	if err != nil {
		return page, err
	}
	next := providers.TextOf(body.Peek("nextPageToken"))
	if len(next) > maxToken {
		return page, a.Malformed("the service gave a page token that is too long")
	}
	return providers.RawPage{Rows: rows, Next: next, Holes: rows == nil}, nil
}

// readFound reads the answer of a search by identifier. Its shape is on no page that could be read: a list of results
// and the one contact by itself are both taken [assumed].
func readFound(a *providers.Answer, err error) (providers.RawPage, error) {
	if err == nil {
		if o, ok := providers.ParseObject(a.Body); ok && o.Peek("results") == nil && o.Text("id") != "" {
			return providers.RawPage{Rows: []json.RawMessage{a.Body}}, nil
		}
	}
	return readPage(a, err)
}

func quote(s string) json.RawMessage {
	raw, _ := providers.WriteJSON(s) // a string can always be written
	return raw
}

// attributesIn returns the attributes of a conversation as they were sent; nil where there are none to speak of.
func attributesIn(o *providers.Object) map[string]json.RawMessage {
	raw := o.Peek("attributes")
	if string(raw) == "null" {
		return map[string]json.RawMessage{} // there are none; a missing field says nothing
	}
	m, _ := providers.Map(raw)
	return m
}

// attributeTexts returns the attributes as texts; what is no string is shown as it was written.
func attributeTexts(raw map[string]json.RawMessage) map[string]string {
	if raw == nil {
		return nil
	}
	out := make(map[string]string, len(raw))
	for k, v := range raw {
		if out[k] = providers.TextOf(v); string(v) == "null" {
			out[k] = "null"
		}
	}
	return out
}
