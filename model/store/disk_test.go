package store_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

// uuid returns one of many similar ids.
func uuid(parts ...any) string {
	h := sha256.Sum256([]byte(fmt.Sprintln(parts...)))
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}

// representative is conversation i in the sizes that the services of the sandbox return:
// one in four is a recorded call with its people and artefacts; the others have fewer
// people or facts.
func representative(i int) model.Conversation {
	names := []string{"क्षितिज पटेल", "יוסף בן־דוד", "Márta Strauß", "محمد الحداد", "Samuel Clarke", "伟 髙橋", "Дмитро Йорданова"}
	name := func(n int) string { return names[n%len(names)] }
	at := start.Add(-time.Duration(i) * time.Minute)
	internal := i%3 == 0
	id := uuid("conversation", i)
	person := func(n int) model.Participant {
		return model.Participant{Kind: "person", ID: uuid("person", (i*7+n*13)%900), Name: name(i + n),
			Email: fmt.Sprintf("person%d@umbrellafoods-labs.example", (i*7+n*13)%900), Status: "accepted"}
	}
	c := model.Conversation{Ref: model.Ref{Account: "sales", ID: id}, Provider: model.Attention, Kind: "call",
		Title: fmt.Sprintf("Data processing agreement %d, תפוז טכנולוגיות Group", i), Privacy: model.PrivacyPublic, Status: "completed",
		Participants: model.SetOf(person(0), person(1), person(2), person(3), person(4)), ParticipantCount: 5,
		Labels: map[string]string{"stage": fmt.Sprint(i % 5)}, Owner: person(0), Team: model.Named{ID: uuid("team", i%9), Name: "[Northwind] People & Hiring"},
		Internal: &internal, Duration: time.Duration(1778132875555 + i), HasRecording: true, HasTranscript: true, Created: at.Add(-time.Hour), Updated: at,
		Preview: "Let me check with our security team.", LastMessage: uuid("message", i), URL: "https://app.attention.example/conversations/" + id}
	fact := func(group, label, value string) {
		c.Facts = append(c.Facts, model.Fact{Group: group, Label: label, Value: value})
	}
	fact("People", "Attended", name(i))
	fact("People", "Attended", name(i+1))
	for _, label := range []string{"Transcript status", "Import status", "Media storage status", "Video status"} {
		fact("Status", label, "READY")
	}
	fact("Times", "Live stream started at", at.Format(time.RFC3339))
	fact("Times", "Live stream ended at", at.Add(time.Hour).Format(time.RFC3339))
	fact("Recording", "Video id", fmt.Sprint("vid-", 479296121+i))
	fact("Links", "Webex join url", fmt.Sprint("https://meet.example/j/", 6866525150+i))
	fact("Opportunity", "Title", fmt.Sprintf("Enterprise deal %d – Größenwahn GmbH Holding", i))
	fact("Opportunity", "Id", uuid("opportunity", i))
	fact("CRM", "Deal", uuid("deal", i))
	switch i % 4 {
	case 1:
		c.Featured, c.Participants = c.Participants.Items[:3], model.Set[model.Participant]{}
	case 2:
		c.Participants.Items = c.Participants.Items[:4]
	case 3:
		c.Participants.Items, c.Facts, c.Preview = c.Participants.Items[:3], c.Facts[10:], ""
	}
	fact("Scorecards", "Sales Discovery Scorecard", "54 (0 to 100)")
	fact("Scorecards", "Sales Discovery Scorecard.uuid", uuid("scorecard", i))
	fact("Links", "API.self", "/v2/conversations/"+id)
	return c
}

// After a sync a conversation takes at most 2 KB in the state folder.
func TestConversationTakesAtMost2KBOfDisk(t *testing.T) {
	const n, bar = 3000, 2048
	dir := t.TempDir()
	s := open(t, filepath.Join(dir, "confab.db"))
	s.OpenAccount(t.Context(), "sales", "x")
	no, _, err := s.BeginWalk(t.Context(), "sales")
	if err != nil {
		t.Fatalf("BeginWalk: error %v, want none", err)
	}
	asJSON := 0
	for i := 0; i < n; i += 100 {
		var batch []model.Conversation
		for k := i; k < i+100; k++ {
			batch = append(batch, representative(k))
			raw, _ := json.Marshal(batch[k-i])
			asJSON += len(raw)
		}
		// Read twice: a sweep that finds nothing new takes no more room.
		for range 2 {
			if _, err := s.SaveBatch(t.Context(), "sales", batch, &store.Walk{No: no}); err != nil {
				t.Fatalf("SaveBatch: error %v, want none", err)
			}
		}
	}
	if err := s.Close(); err != nil {
		t.Fatalf("Close: error %v, want none", err)
	}
	if asJSON/n < 2300 {
		t.Errorf("a test conversation is %d bytes of JSON, want at least 2300, the size that services send", asJSON/n)
	}
	var size int64
	filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if info, err := d.Info(); err == nil && !d.IsDir() {
			size += info.Size()
		}
		return err
	})
	if size/n > bar {
		t.Errorf("a conversation takes %d bytes of disk, want at most %d", size/n, bar)
	}
	t.Logf("a conversation takes %d bytes of disk and is %d bytes of JSON", size/n, asJSON/n)
}
