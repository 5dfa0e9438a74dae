package theme

import (
	"testing"
	"time"

	"confab/model"
)

func TestLabelsAreWrittenAsWords(t *testing.T) {
	for label, want := range map[string]string{
		"Tessella.domains.1.domain": "Tessella domain", "acme.com.domains.2.domain": "acme.com domain 2", "object_type": "Object type",
		"Ida Berg.phone_numbers.1.is_primary": "Ida Berg phone numbers 1 is primary", "board.createdAt": "board created at",
		"ann@b.example.timeZone": "ann@b.example time zone", "St. Mary": "St. Mary", "Dr. A. Ödman": "Dr. A. Ödman", "": "", ".": ".", "..1": ". 1",
		"1.quote": "1 quote", "Score": "Score", "iPhone Ümlaut": "iPhone Ümlaut", "é.aB": "é a b",
	} {
		if got := labelWords(label); got != want {
			t.Errorf("labelWords(%q) = %q, want %q", label, got, want)
		}
	}
}

func TestPeopleOfWhomOnlyAnIDIsKnownAreCounted(t *testing.T) {
	c := &model.Conversation{Participants: model.Set[model.Participant]{Known: true, Items: []model.Participant{
		{Kind: model.KindUser, ID: "40"}, {Kind: model.KindUser, ID: "7", Name: "Ann"}, {Kind: model.KindUser, ID: "41", Role: model.RoleEditor}}}}
	if got, _ := members(c, nil); got != "Ann; 2 people without a name" {
		t.Errorf("members = %q, want the two without a name counted", got)
	}
	c.Participants.Items = c.Participants.Items[:1]
	c.ParticipantCount = 3
	if got, _ := members(c, nil); got != "somebody without a name; 2 more" {
		t.Errorf("members = %q, want one without a name and two more", got)
	}
}

func TestMembersAreNamedWithWhatIsUnusualAboutThem(t *testing.T) {
	c := &model.Conversation{Participants: model.SetOf(
		model.Participant{Kind: model.KindUser, ID: "1", Name: "Ann", Role: "organizer", Status: "accepted"},
		model.Participant{Kind: model.KindUser, ID: "2", Name: "Bob", Status: "needsAction"},
		model.Participant{Kind: model.KindUser, ID: "3", Name: "Cy", Status: "pending"},
		model.Participant{Kind: model.KindGroup, ID: "4", Name: "Sales", Status: "DECLINED"},
		model.Participant{Kind: model.KindUser, ID: "5", Name: "\x1b\x07", Role: model.RoleEditor})}
	want := "Ann (host), Bob (not answered), Cy (waiting to join), Sales (group, declined); somebody without a name"
	if got, _ := members(c, nil); got != want {
		t.Errorf("members = %q, want %q", got, want)
	}
}

func TestSpeakerAndLengthAreWrittenInTheShortestClearForm(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for want, m := range map[string]model.Message{"11:02 Ann": {Author: "Ann", At: now.Add(-58 * time.Minute)}, "1:06 Ann": {Author: "Ann", Offset: 66 * time.Second},
		"1:01:06 Ann": {Author: "Ann", Offset: 3666 * time.Second}, "somebody": {}} {
		if got := Speaker(m, now); got != want {
			t.Errorf("Speaker = %q, want %q", got, want)
		}
	}
	for want, d := range map[string]time.Duration{"": 0, "1 s": time.Millisecond, "29 s": 29 * time.Second, "1 min": 31 * time.Second, "59 min": 59 * time.Minute,
		"2 h": 2 * time.Hour, "1 h 30 min": 90 * time.Minute} {
		if got := span(d); got != want {
			t.Errorf("span(%s) = %q, want %q", d, got, want)
		}
	}
}

func TestPeopleOfOneNameAreToldApart(t *testing.T) {
	anna := model.Participant{Kind: model.KindUser, ID: "14", Name: "Anna", Email: "a@x.example"}
	other, bo := model.Participant{Kind: model.KindUser, ID: "18", Name: "Anna", Role: model.RoleEditor}, model.Participant{Kind: model.KindUser, ID: "9", Name: "Bo"}
	c := &model.Conversation{Participants: model.SetOf(anna, other, bo)}
	if got, _ := members(c, nil); got != "Anna <a@x.example>, Anna <18> (editor), Bo" {
		t.Errorf("members = %q, want an address or an id beside the name that two share", got)
	}
	th := New(Config{Name: "mono"})
	edit := model.Edit{Kind: model.EditParticipants, Base: model.PeopleValue([]model.Participant{anna, bo}), Target: model.PeopleValue([]model.Participant{other})}
	if got := th.Phrase(edit); got != "participants: +Anna <18> (editor), -Anna <a@x.example>, -Bo" {
		t.Errorf("Phrase = %q, want an address or an id beside the name that two share", got)
	}
}
