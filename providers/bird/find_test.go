package bird

import (
	"fmt"
	"strings"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

// The order of the list is not documented. If the times of creation contradict it, the head is not sure.
func TestHeadIsSureOnlyInTheRightOrder(t *testing.T) {
	made := func(id, at string) string {
		return row(id, map[string]any{"name": "t", "createdAt": at, "channelId": "ch-1", "initiatingParticipant": nil})
	}
	create := model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "t", Channel: "ch-1"}}}
	for name, tc := range map[string]struct {
		list  string
		known []string
		sure  bool
		alike int
	}{
		"down to one that was known": {results("more", made("new", "2026-02-01T00:00:01Z"), made("known", "2026-01-01T00:00:00Z")), []string{"known"}, true, 1},
		"to the end":                 {results("", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, true, 1},
		"no end in sight":            {results("more", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 1},
		"in another order":           {results("", made("old", "2026-01-01T00:00:00Z"), made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 2},
		"without a time":             {results("", made("new", "")), []string{"gone"}, false, 1},
		"a row that is none":         {results("", "null", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 1},
		"a page token is refused":    {results("refused", made("new", "2026-02-01T00:00:01Z")), []string{"gone"}, false, 1},
	} {
		n := 0
		p, _ := openStub(t, func(s providertest.Request) (int, string) {
			switch {
			case strings.Contains(s.Line(), "/participants"), strings.Contains(s.Line(), "/messages"):
				return 200, results("")
			case strings.Contains(s.Line(), "pageToken=refused"):
				return 400, `{"code":"InvalidRequest","message":"the token has expired"}`
			case strings.Contains(s.Line(), "/conversations?"):
				n++
				return 200, strings.ReplaceAll(tc.list, `"more"`, fmt.Sprintf(`"more %d"`, n))
			}
			_, id, _ := strings.Cut(s.Line(), "/conversations/")
			return 200, made(id, "2026-02-01T00:00:01Z")
		})
		found, err := p.Find(t.Context(), create, tc.known)
		if err != nil || found.Sure != tc.sure || len(found.Alike) != tc.alike || len(found.Same) != tc.alike {
			t.Errorf("%s: got %+v, %v", name, found, err)
		}
	}
}

// The reference of the first message identifies what a create made, whatever else is the same or differs.
func TestFindByReference(t *testing.T) {
	for name, tc := range map[string]struct {
		edit, reference, description string
		status                       int // of reading the conversation
		same                         int
		marked                       bool
		err                          model.ErrorKind
	}{
		"its own reference":              {edit: "e1", reference: "confab-e1", description: "changed since", status: 200, same: 1, marked: true},
		"the reference of another":       {edit: "e1", reference: "confab-e2", description: "mine", status: 200},
		"no reference":                   {edit: "e1", description: "mine", status: 200, same: 1},
		"no reference and no edit id":    {description: "of somebody else", status: 200},
		"deleted since it was listed":    {edit: "e1", reference: "confab-e1", description: "mine", status: 404},
		"the conversation can't be read": {edit: "e1", reference: "confab-e1", description: "mine", status: 500, err: model.Unavailable},
	} {
		conversation := row("new", map[string]any{"name": "t", "description": tc.description, "initiatingParticipant": nil})
		p, _ := openStub(t, func(s providertest.Request) (int, string) {
			switch {
			case strings.Contains(s.Line(), "/messages"):
				return 200, results("", `{"id":"m-1","createdAt":"2026-02-01T00:00:01Z","reference":"`+tc.reference+
					`","body":{"type":"text","text":{"text":"hello"}}}`)
			case strings.Contains(s.Line(), "/participants"):
				return 200, results("")
			case strings.Contains(s.Line(), "/conversations?"):
				return 200, results("", conversation)
			}
			return tc.status, conversation
		})
		create := model.Edit{ID: tc.edit, Kind: model.EditCreate,
			Target: model.Value{New: &model.NewConversation{Title: "t", Description: "mine", Message: "hello"}}}
		found, err := p.Find(t.Context(), create, []string{"gone"})
		if model.KindOf(err) != tc.err || len(found.Same) != tc.same || found.Marked != tc.marked {
			t.Errorf("%s: got %+v, %v; want %d the same, marked %t, error %q", name, found, err, tc.same, tc.marked, tc.err)
		}
	}
}

// The access key that sent the create may have become a participant. Anybody else in it makes it another conversation.
func TestFindAllowsForItsOwnKey(t *testing.T) {
	for name, tc := range map[string]struct {
		own, people string
		same        int
	}{
		"nobody":                     {"key-1", "", 1},
		"the key":                    {"key-1", `{"id":"key-1","type":"accessKey"}`, 1},
		"another key":                {"key-1", `{"id":"key-2","type":"accessKey"}`, 0},
		"a key, ours being unknown":  {"", `{"id":"key-2","type":"accessKey"}`, 1},
		"a user":                     {"key-1", `{"id":"key-1","type":"user"}`, 0},
		"a user, our key not known":  {"", `{"id":"us-1","type":"user"}`, 0},
		"the key, and somebody else": {"key-1", `{"id":"key-1","type":"accessKey"},{"id":"us-1","type":"user"}`, 0},
	} {
		conversation := row("new", map[string]any{"name": "t", "description": "mine", "initiatingParticipant": nil})
		p, _ := openStub(t, func(s providertest.Request) (int, string) {
			switch {
			case strings.Contains(s.Line(), "/messages"):
				return 200, results("")
			case strings.Contains(s.Line(), "/participants"):
				return 200, results("", tc.people)
			case strings.Contains(s.Line(), "/conversations?"):
				return 200, results("", conversation)
			}
			return 200, conversation
		}, func(a *providers.Account) { a.Settings[settingAccessKey] = tc.own })
		create := model.Edit{ID: "e1", Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "t", Description: "mine"}}}
		found, err := p.Find(t.Context(), create, []string{"gone"})
		if err != nil || len(found.Same) != tc.same {
			t.Errorf("%s: got %+v, %v; want %d the same", name, found, err, tc.same)
		}
	}
}
