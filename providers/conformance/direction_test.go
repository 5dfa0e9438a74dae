package conformance_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confab/model"
	"confab/providers/conformance"
)

// writesTaken answers every write with success and counts them.
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

// What the inbox holds back because it widens is what the adapter holds back
// once something went wrong, whatever words it leads from and to.
func TestInboxAndAdapterAgreeOnWhatWidens(t *testing.T) {
	for _, s := range []conformance.Service{attentionService(), birdService(), konaService()} {
		t.Run(s.Provider, func(t *testing.T) {
			w := &writesTaken{}
			a := s.Open(t, conformance.Options{Conversations: 4, Log: func(string, ...any) {}, Wrap: func(next http.RoundTripper) http.RoundTripper {
				w.next = next
				return w
			}}).Account
			held, sent := 0, 0
			rapid.Check(t, func(t *rapid.T) {
				c := model.Conversation{Ref: model.Ref{Account: "a", ID: map[string]string{model.Kona: "71"}[s.Provider] + "1"}, Provider: s.Provider,
					Participants: model.SetOf[model.Participant]()}
				e := drawAudience(t, &c)
				alone, err := a.Requests(c, []model.Edit{e})
				if err != nil || len(alone) == 0 {
					return
				}
				w.n = 0
				a.Apply(context.Background(), c, []model.Edit{impossible[s.Provider], e})
				switch {
				case e.Widens() && w.n > 0:
					t.Fatalf("%s of %+v to %+v widens, and was sent", e.Kind, e.Base, e.Target)
				case !e.Widens() && w.n != len(alone):
					t.Fatalf("%s of %+v to %+v does not widen, and was held back", e.Kind, e.Base, e.Target)
				case w.n > 0:
					sent++
				default:
					held++
				}
			})
			if held == 0 || sent == 0 {
				t.Errorf("%d held back, %d sent", held, sent)
			}
		})
	}
}

// impossible is an edit of each service that is refused before anything is sent.
var impossible = map[string]model.Edit{
	model.Attention: {Kind: model.EditLabels, Key: "k", Target: model.TextValue("labels were not read")},
	model.Bird:      {Kind: model.EditStatus, Target: model.TextValue("no status")},
	model.Kona:      {Kind: model.EditTitle, Base: model.TextValue("x"), Target: model.TextValue(" ")},
}

// drawAudience draws an edit of who can see or change c, and gives c its base.
func drawAudience(t *rapid.T, c *model.Conversation) model.Edit {
	one := func(words ...string) string { return rapid.SampledFrom(words).Draw(t, "word") }
	person := func() model.Participant {
		return model.Participant{Kind: model.KindUser, ID: "7", Role: one("", model.RoleViewer, model.RoleComplete, model.RoleEditor, "role 9"),
			Status: one("", "pending", "invited", model.StatusJoined, "banned")}
	}
	e := model.Edit{ID: "e", Ref: c.Ref, Kind: rapid.SampledFrom([]model.EditKind{model.EditPrivacy, model.EditAccess, model.EditDefaultRole,
		model.EditParticipants}).Draw(t, "kind")}
	switch e.Kind {
	case model.EditPrivacy:
		c.Privacy, e.Target = model.Privacy(one("private", "public", "unknown")), model.TextValue(one("private", "public"))
	case model.EditAccess:
		words := []string{"just_me", "group", "everyone", "invite-only", "request-to-join", "open", "strange"}
		c.Access, e.Target = one(words...), model.TextValue(one(words...))
	case model.EditDefaultRole:
		words := []string{model.RoleViewer, model.RoleComplete, model.RoleEditor, "role 9"}
		c.DefaultRole, e.Target = one(words...), model.TextValue(one(words...))
	case model.EditParticipants:
		target := []model.Participant{}
		if one("in", "out") == "in" {
			c.Participants = model.SetOf(person())
		}
		if one("in", "out") == "in" {
			target = append(target, person())
		}
		e.Target = model.PeopleValue(target)
	}
	e.Base, _ = e.Read(*c)
	return e
}
