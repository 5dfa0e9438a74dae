package query_test

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
)

// foldDigests are digests of packed subjects of some rows, by fold version.
var foldDigests = map[int]string{1: "1a63b4ba3c721b3b", 2: "751f8b9fe3ae91e8", 3: "2f53431c5b4d5b0d"}

// Subjects on disk are not folded again while the version stays the same, so a change of the fold needs a new version.
func TestFoldVersionChangesWithTheFold(t *testing.T) {
	internal := false
	h := sha256.New()
	for _, text := range []string{"Quarterly REVIEW", "Größenwahn GmbH, Straße 7", "क्षितिज पटेल", "İstanbul ﬁne Ｆｕｌｌ 한국", "a\x1b[31mb\u202e\nc", ""} {
		person := model.Participant{Kind: "user", ID: "U-" + text, Name: text, Email: "A@" + text, Identifier: "k=" + text, Role: "Editor " + text}
		named := model.Named{ID: "N-" + text, Name: text}
		c := model.Conversation{Ref: model.Ref{Account: "sales", ID: "1"}, Provider: model.Kona, Kind: "Call", Title: text, Privacy: model.PrivacyPublic,
			Status: "READY", Participants: model.SetOf(person, person), Contacts: model.SetOf(person), Featured: []model.Participant{person}, Owner: person,
			Team: named, Space: named, Channel: named, Companies: []model.Named{named}, Labels: map[string]string{text: text, "B": "C"}, Preview: text,
			Internal: &internal, Created: now, Updated: now.Add(time.Hour), Duration: time.Minute, HasMessages: true, Closed: true}
		row := model.Row{Conversation: c, Triage: model.Triage{Done: true, SnoozedUntil: now}, Pending: []model.Pending{{State: model.Refused}, {State: model.Held}}}
		h.Write(query.NewSubject(row).Pack())
	}
	if got, want := hex.EncodeToString(h.Sum(nil)[:8]), foldDigests[query.FoldVersion]; got != want {
		t.Errorf("got digest %s, want %s for version %d: raise FoldVersion and add its digest", got, want, query.FoldVersion)
	}
}

func anySubject(t *rapid.T) query.Subject {
	text := func(name string) string { return rapid.String().Draw(t, name) }
	return query.Subject{Provider: text("provider"), Kind: text("kind"), Status: text("status"), Privacy: text("privacy"), Title: text("title"),
		People: text("people"), Owner: text("owner"), Team: text("team"), Space: text("space"), Channel: text("channel"), Company: text("company"),
		Roles: text("roles"), Preview: text("preview"), Labels: text("labels"), Flags: query.Flag(rapid.Uint32().Draw(t, "flags")),
		SnoozedUntil: rapid.Int64().Draw(t, "snoozed"), Created: rapid.Int64().Draw(t, "created"), Updated: rapid.Int64().Draw(t, "updated"),
		Duration: rapid.Int64().Draw(t, "duration")}
}

func TestUnpackIsTheInverseOfPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := anySubject(t)
		packed := s.Pack()
		got, ok := query.Unpack(packed)
		if !ok {
			t.Fatal("a packed subject can't be unpacked")
		}
		if d := cmp.Diff(s, got); d != "" {
			t.Fatalf("(-want +got): %s", d)
		}
		cut := packed[:rapid.IntRange(0, len(packed)-1).Draw(t, "cut")]
		if _, ok := query.Unpack(cut); ok {
			t.Fatalf("the first %d of %d bytes were unpacked", len(cut), len(packed))
		}
		if _, ok := query.Unpack(append(slices.Clone(packed), 'x')); ok {
			t.Fatal("a subject with a byte too many was unpacked")
		}
		packed[0]++
		if _, ok := query.Unpack(packed); ok {
			t.Fatal("a subject of another version was unpacked")
		}
	})
}

// Unpack accepts any bytes, and what it accepts can be packed and unpacked again.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte{})
	f.Add((&query.Subject{Title: "renewal", People: "ann\nbob", Updated: 1 << 41}).Pack())
	f.Fuzz(func(t *testing.T, packed []byte) {
		s, ok := query.Unpack(packed)
		if !ok {
			return
		}
		again, ok := query.Unpack(s.Pack())
		if !ok || again != s {
			t.Errorf("got %+v, and after packing %+v", s, again)
		}
	})
}

// Loading an index unpacks every conversation, so each may cost only one string.
func TestUnpackAllocatesOneString(t *testing.T) {
	packed := subjects(1)[0].Pack()
	if n := testing.AllocsPerRun(100, func() { query.Unpack(packed) }); n > 1 {
		t.Errorf("got %v allocations, want at most 1", n)
	}
}
