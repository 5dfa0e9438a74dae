package model_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
)

func TestMergeReadingEmptiesWhatTheReadingCovers(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	older := model.Conversation{Kind: "email", Title: "t", Status: "closed", Closed: true, Description: "d", Access: "open", DefaultRole: model.RoleViewer, Owner: ann, Team: model.Named{ID: "t", Name: "T"},
		Space: model.Named{ID: "s"}, Channel: model.Named{ID: "c"}, Preview: "hello", LastMessage: "m1", Facts: []model.Fact{{Label: "l"}}, Participants: model.SetOf(ann),
		Contacts: model.SetOf(buyer), Labels: map[string]string{"a": "1"}, ParticipantCount: 1, Created: at, Updated: at, Duration: time.Hour, URL: "https://x", HasMessages: true}
	bare := model.Conversation{ParticipantCount: -1}

	listed := mergeRow(older, bare)
	if d := cmp.Diff(older.Description+older.Access+older.DefaultRole+older.Preview+older.Status, listed.Description+listed.Access+listed.DefaultRole+listed.Preview+listed.Status); d != "" || len(listed.Facts) != 1 || !listed.Closed {
		t.Errorf("a row of a list emptied a field: %s", d)
	}

	read := model.MergeReading(older, bare, model.ReadWhole)
	if read.Description != "" || read.Access != "" || read.DefaultRole != "" || read.Team.ID != "" || read.Space.ID != "" || read.Channel.ID != "" || read.Title != "" || read.Status != "" || read.Closed {
		t.Errorf("a field that the service emptied is still there: %+v", read)
	}
	if read.Preview == "" || read.Owner != ann || len(read.Facts) != 1 || !read.Participants.Known || !read.Contacts.Known || read.Labels == nil {
		t.Errorf("a field that was not read was emptied: %+v", read)
	}
	if read.Kind != "email" || read.Created != at || read.Updated != at || read.Duration != time.Hour || read.URL == "" || !read.HasMessages {
		t.Errorf("a field that no service empties was emptied: %+v", read)
	}

	all := model.MergeReading(older, bare, model.Detail{Messages: model.SetOf[model.Message]()}.Reading(model.NeedEverything))
	if all.Preview != "" || all.LastMessage != "" || all.Owner.ID != "" || len(all.Facts) != 0 {
		t.Errorf("a complete reading left an old value: %+v", all)
	}
}

func TestMergeReadingReplacesFactsByLabel(t *testing.T) {
	older := model.Conversation{Facts: []model.Fact{{Group: "Status", Label: "Video", Value: "busy"}, {Group: "CRM", Label: "Deal", Value: "7"}}}
	got := mergeRow(older, model.Conversation{Facts: []model.Fact{{Group: "Status", Label: "Video", Value: "ready"}}})
	want := []model.Fact{{Group: "Status", Label: "Video", Value: "ready"}, {Group: "CRM", Label: "Deal", Value: "7"}}
	if d := cmp.Diff(want, got.Facts); d != "" {
		t.Errorf("(-want +got): %s", d)
	}
}

func TestFindNews(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	base := model.Conversation{Title: "t", Description: "d", Privacy: model.PrivacyPrivate, Status: "active", Access: "open", Participants: model.SetOf(ann, bob),
		ParticipantCount: 2, Contacts: model.SetOf(buyer), Preview: "hello", LastMessage: "m1", Updated: at}
	rename := model.Edit{Kind: model.EditTitle, Base: model.TextValue("t"), Target: model.TextValue("mine")}
	carol := model.Participant{Kind: "user", ID: "9", Name: "Carol"}
	for name, c := range map[string]struct {
		change  func(c *model.Conversation)
		own     []model.Edit
		reading model.Reading
		first   bool
		news    bool
		touched bool
	}{
		"nothing":                      {change: func(*model.Conversation) {}},
		"a title":                      {change: func(c *model.Conversation) { c.Title = "u" }, news: true},
		"the title we gave":            {change: func(c *model.Conversation) { c.Title = "mine" }, own: []model.Edit{rename}},
		"another than we gave":         {change: func(c *model.Conversation) { c.Title = "theirs" }, own: []model.Edit{rename}, news: true},
		"closed":                       {change: func(c *model.Conversation) { c.Closed = true }, news: true},
		"archived":                     {change: func(c *model.Conversation) { c.Archived = true }, news: true},
		"somebody joins":               {change: func(c *model.Conversation) { c.Participants = model.SetOf(ann, bob, carol) }, news: true},
		"somebody leaves":              {change: func(c *model.Conversation) { c.Participants = model.SetOf(ann) }, news: true},
		"another role":                 {change: func(c *model.Conversation) { p := bob; p.Role = model.RoleEditor; c.Participants = model.SetOf(ann, p) }, news: true},
		"a name is learnt":             {change: func(c *model.Conversation) { p := bob; p.Name = "Robert"; c.Participants = model.SetOf(ann, p) }},
		"one more is counted":          {change: func(c *model.Conversation) { c.Participants, c.ParticipantCount = model.Set[model.Participant]{}, 3 }, news: true},
		"a contact":                    {change: func(c *model.Conversation) { c.Contacts = model.SetOf(buyer, carol) }, news: true},
		"a new message":                {change: func(c *model.Conversation) { c.Preview = "bye" }, news: true},
		"a message with the same text": {change: func(c *model.Conversation) { c.LastMessage, c.Updated = "m2", at.Add(time.Minute) }, news: true},
		"the time alone":               {change: func(c *model.Conversation) { c.Updated = at.Add(time.Minute) }, touched: true},
		"an older time":                {change: func(c *model.Conversation) { c.Updated = at.Add(-time.Minute) }},
		"a label":                      {change: func(c *model.Conversation) { c.Labels = map[string]string{"a": "1"} }},
		"a description, emptied":       {change: func(c *model.Conversation) { c.Description = "" }, news: true},
	} {
		t.Run(name, func(t *testing.T) {
			after := base.Clone()
			c.change(&after)
			got := model.FindNews(base, after, c.reading, c.first, c.own)
			if got.News != c.news || got.Touched != c.touched {
				t.Errorf("got %+v, want news %t, touched %t", got, c.news, c.touched)
			}
		})
	}
	// Values that a row of a list left out are no news when they are read.
	row := model.Conversation{Title: "t", Privacy: model.PrivacyUnknown, ParticipantCount: -1}
	if got := model.FindNews(row, base, model.ReadWhole, true, nil); got.News || got.Touched {
		t.Errorf("the first read after a row of a list: got %+v", got)
	}
	quiet := base.Clone()
	quiet.Preview, quiet.LastMessage = "", ""
	if got := model.FindNews(quiet, base, model.ReadWhole|model.ReadMessages, false, nil); got.News {
		t.Error("the last message is news when messages are read for the first time")
	}
	if got := model.FindNews(quiet, base, model.ReadRow, false, nil); !got.News {
		t.Error("the first message is no news")
	}
}

func TestMergeReadingKeepsKnownNames(t *testing.T) {
	nameless := func(p model.Participant) model.Participant {
		p.Name, p.Email = "", ""
		return p
	}
	older := model.Conversation{Participants: model.SetOf(ann, bob), Owner: ann, Space: model.Named{ID: "s", Name: "S"}, Title: "old"}
	editor := nameless(ann)
	editor.Role = model.RoleEditor
	bare := model.Conversation{Participants: model.SetOf(editor, nameless(buyer)), Owner: nameless(ann), Space: model.Named{ID: "s"}, Title: "new"}
	for _, r := range []model.Reading{model.ReadRow, model.ReadWhole} {
		got := model.MergeReading(older, bare, r)
		if p := got.Participants.Items; len(p) != 2 || p[0].Name != ann.Name || p[0].Role != model.RoleEditor || p[1].Name != "" || got.Owner.Name != ann.Name || got.Space.Name != "S" {
			t.Errorf("reading %d: names or role are wrong: %+v", r, got)
		}
	}
	if bare.Participants.Items[0].Name != "" {
		t.Error("MergeReading changed its argument")
	}

	married := ann
	married.Name = "Ann Other"
	got := model.MergeReading(older, model.Conversation{Participants: model.SetOf(married), Owner: married, Space: model.Named{ID: "s", Name: "T"}, Title: "new"}, model.ReadNames)
	want := older
	want.Participants, want.Owner, want.Space.Name = model.SetOf(married, bob), married, "T"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("merging names (-want +got): %s", d)
	}
	if d := cmp.Diff(older, model.MergeReading(older, bare, model.ReadNames)); d != "" {
		t.Errorf("a reading without names changed: %s", d)
	}
}

// A service may list somebody twice, once without a name.
func TestMergeReadingOfARepeatedPersonIsIdempotent(t *testing.T) {
	people := func(names ...string) (c model.Conversation) {
		c.Participants.Known = true
		for _, name := range names {
			c.Participants.Items = append(c.Participants.Items, model.Participant{Kind: model.KindUser, ID: "7", Name: name})
		}
		return c
	}
	for _, older := range []model.Conversation{people("Anna"), people(), {}} {
		for _, newer := range []model.Conversation{people("", "Ann"), people("Ann", ""), people("", "")} {
			once := model.MergeReading(older, newer, model.ReadWhole)
			twice := model.MergeReading(once, newer, model.ReadWhole)
			if d := cmp.Diff(once, twice); d != "" {
				t.Errorf("merging %v again into %v changed: %s", newer.Participants.Items, older.Participants.Items, d)
			}
		}
	}
}

// Some services list contacts among the participants too. Our own edit of them is no news, another change beside it is.
func TestFindNewsIgnoresOurEditOfContacts(t *testing.T) {
	person := func(id string) model.Participant { return model.Participant{Kind: model.KindContact, ID: id, Name: id} }
	of := func(room string, contacts ...string) model.Conversation {
		var c model.Conversation
		c.Participants, c.Contacts = model.SetOf(model.Participant{Kind: model.KindRoom, ID: room}), model.SetOf[model.Participant]()
		for _, id := range contacts {
			c.Participants.Items = append(c.Participants.Items, person(id))
			c.Contacts.Items = append(c.Contacts.Items, person(id))
		}
		c.ParticipantCount = len(c.Participants.Items)
		return c
	}
	own := []model.Edit{{Kind: model.EditContacts, Base: model.PeopleValue([]model.Participant{person("wrong"), person("kept")}),
		Target: model.PeopleValue([]model.Participant{person("kept"), person("right")})}}
	before := of("hall", "wrong", "kept")
	for _, test := range []struct {
		what  string
		after model.Conversation
		own   []model.Edit
		news  bool
	}{
		{"the edit", of("hall", "kept", "right"), own, false},
		{"another room too", of("yard", "kept", "right"), own, true},
		{"another contact too", of("hall", "kept", "right", "guest"), own, true},
		{"the same by somebody else", of("hall", "kept", "right"), nil, true},
	} {
		if got := model.FindNews(before, test.after, model.ReadWhole, false, test.own); got.News != test.news {
			t.Errorf("%s: got news %t, want %t", test.what, got.News, test.news)
		}
	}
}
