package inbox_test

import (
	"context"
	"testing"
	"time"

	"confab/model"
	"confab/model/inbox"
)

// Names that come after the rows change only what people are called: not what was read by
// itself since, not the count of rows read, and not the position of the walk.
func TestLateNamesChangeOnlyNames(t *testing.T) {
	member := func(name string) model.Set[model.Participant] {
		return model.SetOf(model.Participant{Kind: "user", ID: "9", Name: name, Role: model.RoleViewer})
	}
	var engine *inbox.Inbox
	scripted(t, func(f *fake, _ context.Context, _ model.SyncRequest, emit func(model.Batch) error) (model.SyncResult, error) {
		for _, first := range []int{1, 3} {
			b := f.rows(first, 2, "a")
			for i := range b.Conversations {
				b.Conversations[i].Participants = member("")
			}
			if err := emit(b); err != nil {
				return model.SyncResult{}, err
			}
			if first == 1 { // somebody opens the first row, which has changed
				f.convs["1"] = f.rows(1, 1, "read by itself").Conversations[0]
				if _, err := engine.Load(context.Background(), f.ref("1"), 0); err != nil {
					t.Errorf("reading the conversation: %v", err)
				}
			}
			named := model.Batch{Total: -1, Cursor: "elsewhere", Names: true}
			for _, c := range append(b.Conversations, f.rows(77, 1, "never came").Conversations...) {
				c.Participants, c.Title = member("Nia"), "not a title"
				named.Conversations = append(named.Conversations, c)
			}
			if err := emit(named); err != nil {
				return model.SyncResult{}, err
			}
		}
		time.Sleep(time.Second) // all of it is stored
		if s := engine.Accounts()[0]; s.Read != 4 {
			t.Errorf("the account counts %d rows as read, want 4: rows that only bring names do not count", s.Read)
		}
		return model.SyncResult{}, &model.Error{Kind: model.Unavailable}
	}, func(b *inbox.Inbox, f *fake, path string) {
		engine = b
		if err := b.Sync(context.Background()); model.KindOf(err) != model.Unavailable {
			t.Fatalf("a sync whose list ends in an error: error %v, want the kind %s", err, model.Unavailable)
		}
		for id, title := range map[string]string{"1": "read by itself", "2": "a", "3": "a", "4": "a"} {
			row, ok, err := b.Row(context.Background(), f.ref(id))
			if err != nil || !ok || row.Conversation.Title != title || row.Conversation.Participants.Items[0].Name != "Nia" {
				t.Errorf("row %s: found %t, error %v, the conversation is %+v, want the title %q and a person called Nia",
					id, ok, err, row.Conversation, title)
			}
		}
		if n := number(t, b); n != 4 {
			t.Errorf("the names left %d rows, want 4", n)
		}
	})
}
