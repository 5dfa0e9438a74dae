package store_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"confab/model"
	"confab/model/store"
)

var genNow = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

// listed is conversation i of the account talks, as a list shows it.
func listed(i int) model.Conversation {
	at := genNow.Add(-time.Duration(i) * time.Hour)
	return model.Conversation{
		Ref: model.Ref{Account: "talks", ID: fmt.Sprintf("t-%04d", i)}, Provider: model.Attention, Kind: "call",
		Title: fmt.Sprintf("Call %d with a customer", i), Privacy: model.PrivacyPublic, Status: "READY", ParticipantCount: -1,
		Owner:   model.Participant{Kind: model.KindUser, ID: fmt.Sprintf("u-%d", i%7)},
		Created: at.Add(-time.Hour), Updated: at,
		Facts: []model.Fact{{Group: "Status", Label: "Transcript status", Value: "READY"}},
	}
}

// whole is the same conversation, read by itself.
func whole(i int) model.Conversation {
	c := listed(i)
	c.Participants = model.SetOf(
		model.Participant{Kind: "person", ID: fmt.Sprintf("p-%d", i), Name: fmt.Sprintf("Guest %d", i), Email: fmt.Sprintf("guest%d@example.com", i)},
		model.Participant{Kind: "person", ID: "p-host", Name: "Ada Host", Email: "ada@example.org", Role: "organizer"})
	c.ParticipantCount = 2
	c.Labels = map[string]string{"stage": "won"}
	c.Owner.Name = fmt.Sprintf("Owner %d", i%7)
	return c
}

func other(account, provider, id, title string) model.Conversation {
	c := model.Conversation{Ref: model.Ref{Account: account, ID: id}, Provider: provider, Kind: "conversation", Title: title,
		Privacy: model.PrivacyPrivate, Status: "active", ParticipantCount: 2, Created: genNow.Add(-48 * time.Hour), Updated: genNow.Add(-24 * time.Hour),
		Preview:      "See you on Friday",
		Participants: model.SetOf(model.Participant{Kind: "user", ID: "1", Name: "Ada", Role: "editor"}, model.Participant{Kind: "user", ID: "2", Name: "Bob", Role: "viewer"})}
	return c
}

func yes() *bool { b := true; return &b }

func TestGenerate(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "confab.db")
	ctx := context.Background()
	now := genNow
	s, err := store.Open(ctx, path, store.Options{Host: "laptop", Now: func() time.Time { return now }})
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("a step of making the fixture: error %v, want none", err)
		}
	}
	ok(err)
	for name, identity := range map[string]string{"talks": "attention https://api.example", "desk": "bird https://bird.example w1",
		"meetings": "askelephant https://ae.example", "threads": "kona https://kona.example user 1"} {
		_, _, err := s.OpenAccount(ctx, name, identity)
		ok(err)
	}
	var batch []model.Conversation
	no, _, err := s.BeginWalk(ctx, "talks")
	ok(err)
	for i := range 1040 {
		batch = append(batch, listed(i))
		if len(batch) == 100 || i == 1039 {
			_, err := s.SaveBatch(ctx, "talks", batch, &store.Walk{No: no, Cursor: fmt.Sprint("page ", i)})
			ok(err)
			batch = nil
		}
	}
	_, err = s.EndWalk(ctx, "talks", no, "head-1", true)
	ok(err)
	for i := 900; i < 910; i++ { // some were opened before they were marked done
		_, err := s.Save(ctx, whole(i))
		ok(err)
	}
	for i := range 4 {
		_, err := s.SaveBatch(ctx, "desk", []model.Conversation{other("desk", model.Bird, fmt.Sprint("b-", i), fmt.Sprint("Ticket ", i))}, nil)
		ok(err)
		_, err = s.SaveBatch(ctx, "threads", []model.Conversation{other("threads", model.Kona, fmt.Sprint("k-", i), fmt.Sprint("Thread ", i))}, nil)
		ok(err)
	}
	contact := func(id string) model.Participant {
		return model.Participant{Kind: "contact", ID: id, Name: "Contact " + id}
	}
	m := other("meetings", model.AskElephant, "m-0", "Kick-off")
	m.Contacts = model.SetOf(contact("cnt_1"), contact("cnt_2"))
	_, err = s.SaveBatch(ctx, "meetings", []model.Conversation{m}, nil)
	ok(err)

	talk := func(i int) model.Ref { return listed(i).Ref }
	var done []model.Ref
	for i := range 1000 {
		done = append(done, talk(i))
	}
	ok(s.Triage(ctx, done, model.TriageChange{Done: yes()}))
	ok(s.Triage(ctx, []model.Ref{talk(1000), talk(1001), talk(5)}, model.TriageChange{Seen: yes()}))
	ok(s.Triage(ctx, []model.Ref{talk(1002), {Account: "desk", ID: "b-0"}}, model.TriageChange{Pinned: yes()}))
	until := genNow.Add(72 * time.Hour)
	ok(s.Triage(ctx, []model.Ref{talk(1003)}, model.TriageChange{Snooze: &until}))
	// Marked done, and changed by another user afterwards, so it is listed again.
	ok(s.Triage(ctx, []model.Ref{talk(1004), talk(1005)}, model.TriageChange{Done: yes()}))
	for i := 1004; i < 1006; i++ {
		c := listed(i)
		c.Title += " (moved)"
		_, err := s.SaveBatch(ctx, "talks", []model.Conversation{c}, nil)
		ok(err)
	}
	ok(s.Bury(ctx, talk(1039)))

	put := func(e model.Edit, title string) string {
		t.Helper()
		e.User, e.Created = "dana", now
		ids, err := s.Enqueue(ctx, []store.Entry{{Edit: e, Title: title}})
		ok(err)
		now = now.Add(time.Second)
		return ids[0]
	}
	claim := func(id, account string) model.OutboxEntry {
		t.Helper()
		out, err := s.Claim(ctx, account, []string{id})
		ok(err)
		if len(out) != 1 {
			t.Fatalf("claiming the edit %s of %s returned %d edits, want 1", id, account, len(out))
		}
		return out[0]
	}
	sent := func(id string) { t.Helper(); ok(s.Sent(ctx, []string{id})) }
	rename := func(r model.Ref, from, to, batch string) string {
		return put(model.Edit{Ref: r, Batch: batch, Kind: model.EditTitle, Base: model.TextValue(from), Target: model.TextValue(to)}, from)
	}
	private := func(r model.Ref, title, batch string) string {
		return put(model.Edit{Ref: r, Batch: batch, Kind: model.EditPrivacy, Base: model.TextValue("public"), Target: model.TextValue("private")}, title)
	}
	settle := func(id, account string, after *model.Conversation) {
		t.Helper()
		e := claim(id, account)
		sent(id)
		e.Sent = true
		ok(s.Settle(ctx, e, model.JournalEntry{Edit: e.Edit, Title: e.Title, Before: e.Base, After: e.Target, At: now.UTC(), State: model.Done}, after, false))
	}
	// Delivered: a batch of three, one alone, one that was undone and the edit that undid it.
	for i := 10; i < 13; i++ {
		id := private(talk(i), listed(i).Title, "01BATCHPRIVATE0000000000000")
		c := listed(i)
		c.Privacy = model.PrivacyPrivate
		settle(id, "talks", &c)
	}
	c := listed(13)
	c.Title = "Renewal"
	first := rename(talk(13), listed(13).Title, "Renewal", "")
	settle(first, "talks", &c)
	c14 := listed(14)
	wrong := rename(talk(14), c14.Title, "Wrong", "")
	was := c14
	was.Title = "Wrong"
	settle(wrong, "talks", &was)
	back := put(model.Edit{Ref: talk(14), Kind: model.EditTitle, Base: model.TextValue("Wrong"), Target: model.TextValue(c14.Title), Undoes: wrong}, "Wrong")
	settle(back, "talks", &c14)
	already := rename(talk(15), listed(15).Title, "Same", "")
	e := claim(already, "talks")
	ok(s.Settle(ctx, e, model.JournalEntry{Edit: e.Edit, Title: e.Title, Before: e.Target, After: e.Target, At: now.UTC(), State: model.OutcomeAlreadySet}, nil, false))

	// Edits in the outbox, in every state.
	private(talk(20), listed(20).Title, "01BATCHTWO00000000000000000")
	rename(talk(20), listed(20).Title, "Twenty", "01BATCHTWO00000000000000000")
	id := rename(talk(21), listed(21).Title, "Sent and then killed", "")
	claim(id, "talks")
	sent(id)
	id = rename(talk(22), listed(22).Title, "Claimed and then killed", "")
	claim(id, "talks")
	park := func(id, account string, state model.EditState, cause *model.EntryError, theirs *model.Value, next time.Time, wasSent bool) {
		t.Helper()
		claim(id, account)
		if wasSent {
			sent(id)
		}
		ok(s.Park(ctx, id, state, cause, theirs, next, !wasSent))
	}
	park(rename(talk(23), listed(23).Title, "Later", ""), "talks", model.RetryAt,
		&model.EntryError{Kind: model.Unavailable, Message: "connection refused"}, nil, genNow.Add(time.Hour), false)
	theirs := model.TextValue("Theirs")
	park(rename(talk(24), listed(24).Title, "Mine", ""), "talks", model.InConflict,
		&model.EntryError{Kind: model.ConflictKind, Message: "the title was changed by somebody else meanwhile"}, &theirs, time.Time{}, false)
	park(rename(talk(25), listed(25).Title, "Too long", ""), "talks", model.Refused,
		&model.EntryError{Kind: model.Invalid, Message: "title is too long", Code: "TooLong", RequestID: "req-1"}, nil, time.Time{}, false)
	kept := model.TextValue("Kept by the service")
	park(rename(talk(26), listed(26).Title, "Not kept", ""), "talks", model.NotVerified,
		&model.EntryError{Kind: model.Unverified, Message: "the service accepted the change but shows another title"}, &kept, time.Time{}, true)
	park(rename(talk(27), listed(27).Title, "Who knows", ""), "talks", model.OutcomeNotKnown,
		&model.EntryError{Kind: model.UnknownOutcome, Message: "sent without an answer"}, &theirs, time.Time{}, true)
	put(model.Edit{Ref: model.Ref{Account: "desk"}, Kind: model.EditCreate, Target: model.Value{New: &model.NewConversation{Title: "Launch",
		People: []model.Participant{{Kind: "contact", Identifier: "emailaddress=eve@example.com"}}, Message: "Hello Eve"}}}, "Launch")
	put(model.Edit{Ref: model.Ref{Account: "desk", ID: "b-1"}, Batch: "01BATCHPEOPLE00000000000000", Kind: model.EditParticipants,
		Base:   model.PeopleValue(other("desk", "", "", "").Participants.Items),
		Target: model.PeopleValue(other("desk", "", "", "").Participants.Items[:1])}, "Ticket 1")
	put(model.Edit{Ref: model.Ref{Account: "desk", ID: "b-1"}, Batch: "01BATCHPEOPLE00000000000000", Kind: model.EditPrivacy,
		Base: model.TextValue("private"), Target: model.TextValue("public")}, "Ticket 1")
	put(model.Edit{Ref: model.Ref{Account: "meetings", ID: "m-0"}, Kind: model.EditContacts, Base: model.PeopleValue(m.Contacts.Items),
		Target: model.PeopleValue(m.Contacts.Items[:1])}, "Kick-off")
	held := rename(model.Ref{Account: "desk", ID: "b-2"}, "Ticket 2", "Held for a day", "")
	now = now.Add(-30 * time.Hour)
	ok(setCreated(s, path, held, now))
	now = genNow.Add(time.Minute)
	if n, err := s.HoldOld(ctx, now.Add(-24*time.Hour)); err != nil || n != 1 {
		t.Fatalf("HoldOld held %d edits, want the one that is 30 hours old; error %v, want none", n, err)
	}
	// An account that got another identity, with its outbox and marks.
	rename(model.Ref{Account: "threads", ID: "k-0"}, "Thread 0", "Left behind", "")
	ok(s.Triage(ctx, []model.Ref{{Account: "threads", ID: "k-1"}}, model.TriageChange{Done: yes()}))
	_, heldNow, err := s.OpenAccount(ctx, "threads", "kona https://kona.example user 2")
	ok(err)
	if heldNow != 1 {
		t.Fatalf("opening threads under another identity held %d edits, want 1", heldNow)
	}
	ok(s.SaveDraft(ctx, "rename:talks:t-0030", "half a tit"))
	ok(s.SaveDraft(ctx, "new:desk", `{"title":"Another launch"}`))
	ok(s.Close())
	raw, err := os.ReadFile(path)
	ok(err)
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, 9)
	z.Write(raw)
	z.Close()
	ok(os.WriteFile(os.Getenv("GEN_OUT"), b.Bytes(), 0o644))
	t.Logf("the database is %d bytes, and %d bytes packed", len(raw), b.Len())
}

// setCreated backdates an edit, as if it had been queued at that time.
func setCreated(_ *store.Store, path, id string, at time.Time) error {
	db, err := sql.Open("sqlite", path)
	if err != nil {
		return err
	}
	defer db.Close()
	_, err = db.Exec("UPDATE outbox SET created = ? WHERE id = ?", at.UnixMilli(), id)
	return err
}
