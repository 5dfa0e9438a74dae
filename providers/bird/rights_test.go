package bird

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"confab/model"
	"confab/providers"
)

// rotating is a credential that gives its next secret once one was refused.
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

// A 401 of a part is a missing right where the same key still lists
// conversations, and a refused key where it does not.
func TestAMissingRightIsNoRefusedKey(t *testing.T) {
	const no = `{"code":"Unauthorized","message":"No."}`
	for name, tt := range map[string]struct {
		good     string // the key that the service takes
		mayRead  bool   // whether that key may read messages
		rejected []string
		sent     []string // of messages and proofs
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
			p, _ := openStub(t, func(r sent) (int, string) {
				with := strings.TrimPrefix(r.Header.Get("Authorization"), "AccessKey ")
				switch {
				case r.Path == one: // the conversation was read before the key went
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
				t.Errorf("%+v: %v", d, err)
			}
			if !slices.Equal(sentKeys, tt.sent) || !slices.Equal(key.rejected, tt.rejected) {
				t.Errorf("sent %q, rejected %q", sentKeys, key.rejected)
			}
			before := len(sentKeys)
			if _, err := p.Load(t.Context(), c1, model.NeedMessages); err != nil || !tt.mayRead && len(sentKeys) != before {
				t.Errorf("asked again: %q, %v", sentKeys[before:], err)
			}
		})
	}
}

// What can't be told is not learnt: the service fails while the key is proven.
func TestAProofThatFailsProvesNothing(t *testing.T) {
	down := true
	key := &rotating{secrets: []string{"key"}}
	p, _ := openStub(t, func(r sent) (int, string) {
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
		t.Errorf("%v, rejected %q", err, key.rejected)
	}
	down = false
	if d, err := p.Load(t.Context(), c1, model.NeedMessages); err != nil || !hasFact(d.Conversation, "not shown: the access key has no right to read them") {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestInboxes(t *testing.T) {
	answers := map[string]func(sent) (int, string){}
	p, s := openStub(t, func(r sent) (int, string) {
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
	answers["items"] = func(r sent) (int, string) {
		if r.Body != `{"conversationIds":["`+c1+`"]}` {
			t.Errorf("asked with %s", r.Body)
		}
		return 200, results("", `{"id":"i1","feedId":"inbox:x","closed":true,"agentId":"us-1"}`,
			`{"id":"i2","feedId":"channel:ch-1","closed":false,"seen":false,"agentId":"us-7","teamId":"t-1","odd":{"deep":7}}`)
	}
	d, err := p.Load(t.Context(), c1, model.NeedEverything)
	if err != nil || d.Conversation.Owner != (model.Participant{Kind: model.KindUser, ID: "us-7", Name: "Bea Desk"}) {
		t.Fatalf("%+v %v", d.Conversation.Owner, err)
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
			t.Errorf("%s is %q, want %q: %v", label, got[label], want, got)
		}
	}
	if !hasFact(d.Conversation, "7") {
		t.Error("what is not known of an item is lost")
	}
	before := len(s.lines())
	if _, err := p.Load(t.Context(), c1, model.NeedMessages|model.NeedParticipants); err != nil || len(s.lines()) != before+3 {
		t.Errorf("a load of less sent %v", s.lines()[before:])
	}
	for status, again := range map[int]int{403: 0, 404: 0, 405: 0, 422: 1} {
		p, s := openStub(t, func(r sent) (int, string) {
			switch {
			case r.Path == base+"/search/feed-items":
				return status, `{"code":"No","message":"No."}`
			case r.Path == one:
				return 200, row(c1, nil)
			}
			return 200, results("")
		})
		asked := func() (n int) {
			for _, l := range s.lines() {
				if strings.Contains(l, "feed-items") {
					n++
				}
			}
			return n
		}
		for range 2 {
			if d, err := p.Load(t.Context(), c1, model.NeedEverything); err != nil || d.Conversation.Owner.ID != "" {
				t.Errorf("%d: %+v %v", status, d, err)
			}
		}
		if asked() != 1+again {
			t.Errorf("%d: asked %d times", status, asked())
		}
	}
}

// A channel that the access key may not name is shown by its id, and why is said.
func TestChannelsThatMayNotBeNamed(t *testing.T) {
	p, s := openStub(t, func(r sent) (int, string) {
		if r.Path == one {
			return 200, row(c1, map[string]any{"channelId": "ch-1"})
		}
		return 200, results("")
	})
	answer := s.answer
	s.answer = func(r sent) (int, string) {
		if strings.HasSuffix(r.Path, "/channels") {
			return 401, `{"code":"Unauthorized","message":"No."}`
		}
		return answer(r)
	}
	d, err := p.Load(t.Context(), c1, 0)
	if err != nil || d.Conversation.Channel.ID != "ch-1" || !hasFact(d.Conversation, "not shown: the access key has no right to read them") {
		t.Errorf("%+v, error %v", d.Conversation, err)
	}
}
