package bird

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

// rotating is a credential that returns its next secret after one was refused.
type rotating struct {
	mu       sync.Mutex
	secrets  []string
	rejected []string
}

func (r *rotating) Get(context.Context) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.secrets[0], nil
}

func (r *rotating) Reject(refused string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.rejected = append(r.rejected, refused)
	if len(r.secrets) > 1 {
		r.secrets = r.secrets[1:]
	}
}

// A 401 for a part means a missing right if the same key still lists conversations, and otherwise a refused key.
func TestMissingRightAndRefusedKey(t *testing.T) {
	const no = `{"code":"Unauthorized","message":"No."}`
	for name, tt := range map[string]struct {
		good     string // the key that the service accepts
		mayRead  bool   // whether that key may read messages
		rejected []string
		sent     []string // keys in requests for messages and in proofs
		messages bool
	}{
		"a right is missing": {good: "old", sent: []string{"messages old", "proof old"}},
		"the key is rotated": {good: "new", mayRead: true, rejected: []string{"old"}, messages: true,
			sent: []string{"messages old", "proof old", "messages new"}},
		"the key is rotated, and the new one lacks the right": {good: "new", rejected: []string{"old"},
			sent: []string{"messages old", "proof old", "messages new", "proof new"}},
	} {
		t.Run(name, func(t *testing.T) {
			key := &rotating{secrets: []string{"old", "new"}}
			var sentKeys []string
			opened := false
			p, _ := openStub(t, func(r providertest.Request) (int, string) {
				with := strings.TrimPrefix(r.Header.Get("Authorization"), "AccessKey ")
				switch {
				case r.Path == one: // the conversation was read before the key was revoked
					opened = true
					return 200, row(c1, nil)
				case strings.HasSuffix(r.Path, "/messages"):
					sentKeys = append(sentKeys, "messages "+with)
					if with != tt.good || !tt.mayRead {
						return 401, no
					}
					return 200, results("", `{"id":"m1"}`)
				case r.Path == base+"/conversations":
					sentKeys = append(sentKeys, "proof "+with)
					if with != tt.good {
						return 401, no
					}
					return 200, results("")
				}
				return 500, ""
			}, func(a *providers.Account) { a.Credential = key })
			d, err := p.Load(t.Context(), c1, model.NeedMessages)
			if err != nil || !opened || d.Messages.Known != tt.messages {
				t.Errorf("got %+v, error %v; want messages known %t", d, err, tt.messages)
			}
			if !slices.Equal(sentKeys, tt.sent) || !slices.Equal(key.rejected, tt.rejected) {
				t.Errorf("got keys sent %q and rejected %q, want %q and %q", sentKeys, key.rejected, tt.sent, tt.rejected)
			}
			before := len(sentKeys)
			if _, err := p.Load(t.Context(), c1, model.NeedMessages); err != nil || !tt.mayRead && len(sentKeys) != before {
				t.Errorf("second load: sent %q, error %v; want no request for messages", sentKeys[before:], err)
			}
		})
	}
}

// If the service fails during the proof, the missing right is not remembered.
func TestFailedProofTeachesNothing(t *testing.T) {
	down := true
	key := &rotating{secrets: []string{"key"}}
	p, _ := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case r.Path == one:
			return 200, row(c1, nil)
		case r.Path == base+"/conversations" && down:
			return 500, "oops"
		case r.Path == base+"/conversations":
			return 200, results("")
		}
		return 401, `{"code":"Unauthorized","message":"No."}`
	}, func(a *providers.Account) { a.Credential = key })
	_, err := p.Load(t.Context(), c1, model.NeedMessages)
	if k := model.KindOf(err); k != model.Unavailable || len(key.rejected) > 0 {
		t.Errorf("got %v, rejected %q; want Unavailable and nothing", err, key.rejected)
	}
	down = false
	if d, err := p.Load(t.Context(), c1, model.NeedMessages); err != nil || !hasFact(d.Conversation, "not shown: the access key has no right to read them") {
		t.Errorf("got %+v, %v; want a fact about the missing right", d, err)
	}
}

func TestInboxes(t *testing.T) {
	answers := map[string]func(providertest.Request) (int, string){}
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		switch {
		case r.Path == base+"/search/feed-items":
			return answers["items"](r)
		case strings.HasSuffix(r.Path, "/agents"):
			return 200, results("", `{"id":"us-7","displayName":"Bea Desk"}`)
		case r.Path == one:
			return 200, row(c1, nil)
		}
		return 200, results("")
	})
	answers["items"] = func(r providertest.Request) (int, string) {
		if r.Body != `{"conversationIds":["`+c1+`"]}` {
			t.Errorf("got body %s", r.Body)
		}
		return 200, results("", `{"id":"i1","feedId":"inbox:x","closed":true,"agentId":"us-1"}`,
			`{"id":"i2","feedId":"channel:ch-1","closed":false,"seen":false,"agentId":"us-7","teamId":"t-1","odd":{"deep":7}}`)
	}
	d, err := p.Load(t.Context(), c1, model.NeedEverything)
	if err != nil || d.Conversation.Owner != (model.Participant{Kind: model.KindUser, ID: "us-7", Name: "Bea Desk"}) {
		t.Fatalf("got owner %+v, error %v; want Bea Desk", d.Conversation.Owner, err)
	}
	got := map[string]string{}
	for _, f := range d.Conversation.Facts {
		if f.Group == "Inbox" {
			got[f.Label] = f.Value
		}
	}
	for label, want := range map[string]string{"Support mail": "open", "Support mail read": "not read", "Support mail assigned to": "Bea Desk",
		"Support mail team": "t-1", "inbox x": "closed", "inbox x assigned to": "us-1", "inbox x feed": "inbox:x"} {
		if got[label] != want {
			t.Errorf("fact %s: got %q, want %q, of %v", label, got[label], want, got)
		}
	}
	if hasFact(d.Conversation, "in none") {
		t.Errorf("a conversation in two inboxes is said to be in none: %+v", d.Conversation.Facts)
	}
	answers["items"] = func(providertest.Request) (int, string) { return 200, results("") }
	if none, err := p.Load(t.Context(), c1, model.NeedEverything); err != nil || !hasFact(none.Conversation, "in none") {
		t.Errorf("a conversation without an inbox: got %+v, %v", none.Conversation.Facts, err)
	}
	if !hasFact(d.Conversation, "7") {
		t.Errorf("an unknown field of an item is in no fact")
	}
	before := len(s.Lines())
	if _, err := p.Load(t.Context(), c1, model.NeedMessages|model.NeedParticipants); err != nil || len(s.Lines()) != before+3 {
		t.Errorf("load of less than everything: sent %v, want no inbox request", s.Lines()[before:])
	}
	for status, again := range map[int]int{403: 0, 404: 0, 405: 0, 422: 1} {
		p, s := openStub(t, func(r providertest.Request) (int, string) {
			switch {
			case r.Path == base+"/search/feed-items":
				return status, `{"code":"No","message":"No."}`
			case r.Path == one:
				return 200, row(c1, nil)
			}
			return 200, results("")
		})
		asked := func() (n int) {
			for _, l := range s.Lines() {
				if strings.Contains(l, "feed-items") {
					n++
				}
			}
			return n
		}
		for range 2 {
			if d, err := p.Load(t.Context(), c1, model.NeedEverything); err != nil || d.Conversation.Owner.ID != "" {
				t.Errorf("%d: got %+v, %v; want no owner", status, d, err)
			}
		}
		if asked() != 1+again {
			t.Errorf("%d: got %d requests, want %d", status, asked(), 1+again)
		}
	}
}

// A channel that the access key may not read is shown by its id, and a fact says why.
func TestChannelsWithoutARight(t *testing.T) {
	p, s := openStub(t, func(r providertest.Request) (int, string) {
		if r.Path == one {
			return 200, row(c1, map[string]any{"channelId": "ch-1"})
		}
		return 200, results("")
	})
	answer := s.Answer
	s.Answer = func(r providertest.Request) (int, string) {
		if strings.HasSuffix(r.Path, "/channels") {
			return 401, `{"code":"Unauthorized","message":"No."}`
		}
		return answer(r)
	}
	d, err := p.Load(t.Context(), c1, 0)
	if err != nil || d.Conversation.Channel.ID != "ch-1" || !hasFact(d.Conversation, "not shown: the access key has no right to read them") {
		t.Errorf("got %+v, error %v; want the id of the channel and a fact", d.Conversation, err)
	}
}
