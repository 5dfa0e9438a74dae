package conformance_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"confab/model"
	"confab/providers/conformance"
)

// writesTaken answers every write with success and counts the writes.
type writesTaken struct {
	next http.RoundTripper
	n    int
}

func (w *writesTaken) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return w.next.RoundTrip(r)
	}
	w.n++
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: io.NopCloser(strings.NewReader("{}")), Request: r}, nil
}

// The inbox and the adapter must agree on which edits widen, for every pair of
// values: the inbox holds those edits back, and so does the adapter after a failure.
func TestInboxAndAdapterAgreeOnWhatWidens(t *testing.T) {
	for _, s := range []conformance.Service{attentionService(), birdService(), konaService()} {
		t.Run(s.Provider, func(t *testing.T) {
			w := &writesTaken{}
			a := s.Open(t, conformance.Options{Conversations: 4, Log: func(string, ...any) {}, Wrap: func(next http.RoundTripper) http.RoundTripper {
				w.next = next
				return w
			}}).Account
			held, sent := 0, 0
			in := model.Conversation{Ref: model.Ref{Account: "a", ID: map[string]string{model.Kona: "71"}[s.Provider] + "1"}, Provider: s.Provider,
				Participants: model.SetOf[model.Participant]()}
			for c, e := range audienceEdits(in) {
				alone, err := a.Requests(*c, []model.Edit{e})
				if err != nil || len(alone) == 0 {
					continue
				}
				w.n = 0
				a.Apply(context.Background(), *c, []model.Edit{impossible[s.Provider], e})
				switch {
				case e.Widens() && w.n > 0:
					t.Errorf("%s from %+v to %+v widens and was sent", e.Kind, e.Base, e.Target)
				case !e.Widens() && w.n != len(alone):
					t.Errorf("%s from %+v to %+v does not widen and was held back", e.Kind, e.Base, e.Target)
				case w.n > 0:
					sent++
				default:
					held++
				}
			}
			if held == 0 || sent == 0 {
				t.Errorf("%d edits were held back and %d sent, want some of both", held, sent)
			}
		})
	}
}

// impossible has an edit for each service that is refused before anything is sent.
var impossible = map[string]model.Edit{
	model.Attention: {Kind: model.EditLabels, Key: "k", Target: model.TextValue("labels were not read")},
	model.Bird:      {Kind: model.EditStatus, Target: model.TextValue("no status")},
	model.Kona:      {Kind: model.EditTitle, Base: model.TextValue("x"), Target: model.TextValue(" ")},
}

// audienceEdits returns edits of who can see or change a conversation, each with
// the conversation that it starts from: from every value to every other, and from
// nobody or somebody to nobody or somebody, in every role and status.
func audienceEdits(c model.Conversation) map[*model.Conversation]model.Edit {
	edits := map[*model.Conversation]model.Edit{}
	add := func(kind model.EditKind, target model.Value, set func(*model.Conversation)) {
		from := c
		set(&from)
		e := model.Edit{ID: "e", Ref: c.Ref, Kind: kind, Target: target}
		e.Base, _ = e.Read(from)
		edits[&from] = e
	}
	words := func(kind model.EditKind, words []string, set func(c *model.Conversation, word string)) {
		for _, from := range words {
			for _, to := range words {
				add(kind, model.TextValue(to), func(c *model.Conversation) { set(c, from) })
			}
		}
	}
	roles := []string{model.RoleViewer, model.RoleComplete, model.RoleEditor, "role 9"}
	words(model.EditPrivacy, []string{"private", "public", "unknown"}, func(c *model.Conversation, w string) { c.Privacy = model.Privacy(w) })
	words(model.EditAccess, []string{"just_me", "group", "everyone", "invite-only", "request-to-join", "open", "strange"},
		func(c *model.Conversation, w string) { c.Access = w })
	words(model.EditDefaultRole, roles, func(c *model.Conversation, w string) { c.DefaultRole = w })
	people := [][]model.Participant{{}}
	for _, role := range append(roles, "") {
		for _, status := range []string{"", "pending", "invited", model.StatusJoined, "banned"} {
			people = append(people, []model.Participant{{Kind: model.KindUser, ID: "7", Role: role, Status: status}})
		}
	}
	for _, from := range people {
		for _, to := range people {
			add(model.EditParticipants, model.PeopleValue(to), func(c *model.Conversation) { c.Participants = model.SetOf(from...) })
		}
	}
	return edits
}
