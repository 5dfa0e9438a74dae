package query_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/model/query"
)

func yes(b bool) *bool { return &b }

func row(change func(*model.Row)) model.Row {
	r := model.Row{Conversation: model.Conversation{
		Ref: model.Ref{Account: "Sales", ID: "C/1:x"}, Provider: model.AskElephant, Kind: "meeting", Status: "In Progress",
		Privacy: model.PrivacyPrivate, Title: "Café Budget\u200b Review", Preview: "See you on Monday",
		Participants: model.SetOf(
			model.Participant{Kind: "user", ID: "U7", Name: "Zoë Müller", Email: "zoe@example.com", Role: "collaboration_complete"},
			model.Participant{Kind: "group", ID: "G1", Name: "Field Team", Role: "viewer"}),
		Contacts: model.SetOf(model.Participant{Kind: "contact", ID: "cnt_1", Name: "Bob Buyer", Email: "bob@buyer.test"}),
		Owner:    model.Participant{Kind: "user", ID: "U9", Name: "Olga Owner", Email: "olga@example.com"},
		Team:     model.Named{ID: "T1", Name: "East"}, Space: model.Named{ID: "S1", Name: "Launch"}, Channel: model.Named{ID: "CH1", Name: "E-mail"},
		Companies: []model.Named{{ID: "cmp_1", Name: "Buyer Inc"}, {ID: "cmp_2", Name: "Other Ltd"}},
		Labels:    map[string]string{"Deal stage": "Closed won", "interview": "", "odd\nname": "x"},
		Internal:  yes(false), HasRecording: true, HasTranscript: true,
		Created: now.AddDate(0, 0, -10), Updated: now.Add(-time.Hour), Duration: 30 * time.Minute,
	}}
	if change != nil {
		change(&r)
	}
	return r
}

func TestMatch(t *testing.T) {
	open := row(nil)
	closed := row(func(r *model.Row) { r.Conversation.Closed = true })
	archived := row(func(r *model.Row) { r.Conversation.Archived = true })
	snoozed := func(at time.Time) model.Row { return row(func(r *model.Row) { r.Triage.SnoozedUntil = at }) }
	privacy := func(p model.Privacy) model.Row { return row(func(r *model.Row) { r.Conversation.Privacy = p }) }
	pending := func(s model.EditState) model.Row {
		return row(func(r *model.Row) { r.Pending = []model.Pending{{State: s}} })
	}
	for _, c := range []struct {
		query string
		row   model.Row
		want  bool
	}{
		{"", open, true},
		{"cafe BUDGET", open, true},
		{"review cafe", open, true},
		{`"budget review"`, open, true}, // the zero-width space is not shown, so it is not searched
		{`"review budget"`, open, false},
		{"muller", open, true},
		{"zoe@example", open, true},
		{"monday", open, true},
		{"bob", open, true},
		{"olga", open, false}, // words do not search the owner
		{"cafe lunch", open, false},
		{"lunch OR cafe", open, true},
		{"-lunch", open, true},
		{"-cafe", open, false},
		{"cafe -(lunch OR dinner)", open, true},
		{"lunch dinner OR cafe", open, true},
		{"(lunch OR cafe) dinner", open, false},
		{"title:caf", open, true},
		{"title:monday", open, false},
		{"u7", open, false}, // an id is not shown, so words do not search it
		{"cnt", open, false},
		{"u8", row(func(r *model.Row) { r.Conversation.Featured = []model.Participant{{Kind: "user", ID: "U8"}} }), true}, // all there is to show
		{"with:u8", row(func(r *model.Row) { r.Conversation.Featured = []model.Participant{{Kind: "user", ID: "U8"}} }), true},
		{"with:u7", open, true},
		{"with:cnt_1", open, true},
		{`with:"field team"`, open, true},
		{"with:budget", open, false},
		{"account:sales", open, true},
		{"account:SALES", open, true},
		{"account:sale", open, false},
		{"provider:askelephant", open, true},
		{"provider:kona", open, false},
		{"kind:Meeting", open, true},
		{"kind:meet", open, false},
		{`status:"in progress"`, open, true},
		{"status:in", open, false},
		{"owner:olga", open, true},
		{"owner:olga@example.com", open, true},
		{"team:east", open, true},
		{"space:launch", open, true},
		{"channel:e-mail", open, true},
		{"company:other", open, true},
		{"role:viewer", open, true},
		{"role:view", open, false},
		{"role:collaboration_complete", open, true},
		{"label:interview", open, true},
		{"label:inter", open, false},
		{`label:"DEAL stage"`, open, true},
		{`label:"Deal stage"="closed WON"`, open, true},
		{`label:"Deal stage"=closed`, open, false},
		{`label:interview=`, open, true},
		{`label:"Deal stage"=`, open, false},
		{`label:"odd name"=x`, open, true},
		{"id:C/1:x", open, true},
		{"id:Sales:C/1:x", open, true},
		{"id:c/1:x", open, false},
		{"id:C/1", open, false},
		{"id:Other:C/1:x", open, false},
		{"audience:members", open, true},
		{"audience:everyone", open, false},
		{"-audience:EVERYONE", open, true},
		{"audience:everyone", privacy(model.PrivacyPublic), true},
		{"audience:members", privacy(model.PrivacyPublic), false},
		{"audience:everyone", row(func(r *model.Row) {
			r.Conversation.Provider, r.Conversation.Privacy = "unheard of", model.PrivacyPublic
		}), false},
		{"audience:group", row(func(r *model.Row) { r.Conversation.Access = "group" }), true},
		{"audience:members", row(func(r *model.Row) { r.Conversation.Access = "group" }), false},
		{"audience:group", row(func(r *model.Row) { r.Conversation.Access, r.Conversation.Participants.Items = "group", nil }), false},
		{"audience:members OR audience:group OR audience:everyone", privacy(model.PrivacyUnknown), false},
		{"has:outsiders", open, true}, // bob@buyer.test, while the owner is at example.com
		{"has:outsiders", row(func(r *model.Row) { r.Conversation.Contacts = model.SetOf[model.Participant]() }), false},
		{"has:outsiders", row(func(r *model.Row) {
			r.Conversation.Contacts.Items, r.Conversation.Participants.Items = nil, nil // the service calls it external
		}), true},
		{"is:any", open, true},
		{"is:private", open, true},
		{"is:private", privacy(model.PrivacyParticipants), true},
		{"is:private", privacy(model.PrivacyPublic), false},
		{"is:public", privacy(model.PrivacyPublic), true},
		{"is:private OR is:public", privacy(model.PrivacyUnknown), false},
		{"is:private OR is:public", privacy(""), false},
		{"is:open", open, true},
		{"is:open", closed, false},
		{"is:open", archived, false},
		{"is:closed", closed, true},
		{"is:closed", archived, false},
		{"is:archived", archived, true},
		{"is:external", open, true},
		{"is:internal", open, false},
		{"is:internal OR is:external", row(func(r *model.Row) { r.Conversation.Internal = nil }), false},
		{"is:internal", row(func(r *model.Row) { r.Conversation.Internal = yes(true) }), true},
		{"is:done", row(func(r *model.Row) { r.Triage.Done = true }), true},
		{"is:done", open, false},
		{"is:pinned", row(func(r *model.Row) { r.Triage.Pinned = true }), true},
		{"is:unseen", open, true},
		{"is:unseen", row(func(r *model.Row) { r.Triage.Seen = true }), false},
		{"is:empty", row(func(r *model.Row) { r.Conversation.Empty = true }), true},
		{"is:snoozed", snoozed(now.Add(time.Minute)), true},
		{"is:snoozed", snoozed(now), false},
		{"is:snoozed", snoozed(time.Time{}), false},
		{"is:pending", pending(model.Queued), true},
		{"is:pending", pending(model.Sending), true},
		{"is:pending", pending(model.RetryAt), true},
		{"is:pending", pending(model.Held), true},
		{"is:pending", pending(model.Refused), false},
		{"is:failed", pending(model.Refused), true},
		{"is:failed", pending(model.NotVerified), true},
		{"is:failed", pending(model.OutcomeNotKnown), true},
		{"is:failed", pending(model.InConflict), false},
		{"is:conflict", pending(model.InConflict), true},
		{"is:pending OR is:failed OR is:conflict", pending(model.Done), false},
		{"has:recording has:transcript has:contacts", open, true},
		{"has:messages", open, false},
		{"has:contacts", row(func(r *model.Row) { r.Conversation.Contacts = model.SetOf[model.Participant]() }), false},
		{"updated:<2h", open, true},
		{"updated:<30m", open, false},
		{"created:>7d", open, true},
		{"created:2026-02-05", open, true},
		{"created:<2030", row(func(r *model.Row) { r.Conversation.Created = time.Time{} }), false},
		{"created:>2030 OR created:<2030", row(func(r *model.Row) { r.Conversation.Created = time.Time{} }), false},
	} {
		q, err := query.Parse(c.query)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		if got := q.Match(query.NewSubject(c.row), now, time.UTC); got != c.want {
			t.Errorf("%s: got %t, want %t", c.query, got, c.want)
		}
	}
}

func TestWordsOfServicesMatchFolded(t *testing.T) {
	for _, c := range []struct {
		stored, typed string
		want          bool
	}{{"Réunion", "reunion", true}, {"KÉ", "kè", true}, {"a\u0301b", "ab", true}, {"ab", "a", false}, {"a", "ab", false}, {"straße", "STRASSE", true}, {"", "x", false}} {
		q := parse(t, "kind:"+c.typed)
		if got := q.Match(query.NewSubject(model.Row{Conversation: model.Conversation{Kind: c.stored}}), now, nil); got != c.want {
			t.Errorf("%q searched as %q: got %t", c.stored, c.typed, got)
		}
	}
}

func TestNothingMatchesATombstone(t *testing.T) {
	s := &query.Subject{Flags: query.FlagTombstone}
	for _, text := range []string{"", "is:any", "-acme"} {
		if parse(t, text).Match(s, now, time.UTC) {
			t.Errorf("%q matches a tombstone", text)
		}
	}
}

func TestInbox(t *testing.T) {
	for _, c := range []struct{ query, want string }{
		{"", "-is:done -is:snoozed -is:archived -is:empty"},
		{"a OR b", "(a OR b) -is:done -is:snoozed -is:archived -is:empty"},
		{"is:done", "is:done -is:snoozed -is:archived -is:empty"},
		{"a -(b is:archived) sort:title", "a -(b is:archived) -is:done -is:snoozed -is:empty sort:title"},
		{"is:any acme", "is:any acme"},
		{"is:empty -is:snoozed -is:done -is:archived", "is:empty -is:snoozed -is:done -is:archived"},
	} {
		q := parse(t, c.query).Inbox()
		if q.String() != c.want {
			t.Errorf("Inbox of %q: got %q, want %q", c.query, q, c.want)
		}
		if d := same(q, q.Inbox()); d != "" {
			t.Errorf("Inbox of %q: a second time changed\n%s", c.query, d)
		}
	}
}

func TestAnd(t *testing.T) {
	view, filter := parse(t, "is:private OR label:x sort:title"), parse(t, "acme OR bolt")
	if got, want := view.And(filter).String(), "(is:private OR label:x) (acme OR bolt) sort:title"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := view.And(parse(t, "sort:-created")).Sort(); got != (query.Sort{Field: "created", Reverse: true}) {
		t.Errorf("got %+v, want the order of the filter", got)
	}
	if got := (query.Query{}).And(query.Query{}); !got.IsZero() {
		t.Errorf("got %q, want the zero query", got)
	}
}

func TestAccountsAndProviders(t *testing.T) {
	for _, c := range []struct {
		query               string
		accounts, providers []string
	}{
		{"", nil, nil},
		{"a account:Sales", []string{"sales"}, nil},
		{"account:b OR account:a OR account:b", []string{"a", "b"}, nil},
		{"account:a OR x", nil, nil},
		{"account:a account:b", []string{}, nil},
		{"(account:a OR account:b) account:b provider:kona", []string{"b"}, []string{"kona"}},
		{"-account:a", nil, nil},
	} {
		q := parse(t, c.query)
		if d := cmp.Diff(c.accounts, q.Accounts()); d != "" {
			t.Errorf("accounts of %q (-want +got): %s", c.query, d)
		}
		if d := cmp.Diff(c.providers, q.Providers()); d != "" {
			t.Errorf("providers of %q (-want +got): %s", c.query, d)
		}
	}
}

func TestSorting(t *testing.T) {
	at := func(hours int) int64 { return now.Add(time.Duration(hours) * time.Hour).UnixMilli() }
	s := func(id, title, provider string, updated, created, duration int64, f query.Flag) *query.Subject {
		return &query.Subject{Ref: model.Ref{Account: "a", ID: id}, Title: title, Provider: provider, Updated: updated, Created: created, Duration: duration, Flags: f}
	}
	list := []*query.Subject{
		s("1", "beta", "kona", at(3), at(1), 0, 0),
		s("2", "alpha", "bird", at(1), at(3), 50, 0),
		s("3", "", "kona", 0, at(2), 70, 0),
		s("4", "gamma", "bird", at(1), at(3), 60, 0),
		s("5", "zeta", "askelephant", at(0), 0, 10, query.FlagPinned),
	}
	for _, c := range []struct{ sort, want string }{
		{"", "51243"}, {"sort:updated", "51243"}, {"sort:-updated", "52413"},
		{"sort:created", "52431"}, {"sort:-created", "51324"},
		{"sort:title", "52143"}, {"sort:-title", "54123"},
		{"sort:duration", "53421"}, {"sort:-duration", "52431"},
		{"sort:provider", "52431"}, {"sort:-provider", "53124"},
	} {
		q := parse(t, c.sort)
		got := slices.Clone(list)
		slices.SortFunc(got, q.Compare)
		ids := ""
		for _, s := range got {
			ids += s.Ref.ID
		}
		if ids != c.want {
			t.Errorf("%q: got %s, want %s", c.sort, ids, c.want)
		}
	}
}

// A value is spelled as the row has it; a row that has changed meanwhile no longer has it.
func TestSpelled(t *testing.T) {
	r := row(func(*model.Row) {})
	for _, c := range []struct{ field, folded, want string }{
		{"label", "deal stage", "Deal stage"},
		{"team", "east", "East"},
		{"team", "west", "west"},
		{"kind", "meeting", "meeting"},
		{"status", "in progress", "In Progress"},
		{"account", "sales", "Sales"},
		{"role", "viewer", "viewer"},
	} {
		if got := query.Spelled(r, c.field, c.folded); got != c.want {
			t.Errorf("%s %s: got %q, want %q", c.field, c.folded, got, c.want)
		}
	}
}

func TestNewSubject(t *testing.T) {
	got := query.NewSubject(row(func(r *model.Row) {
		r.Conversation.Featured = []model.Participant{{Kind: "user", Name: "ZOË MÜLLER"}, {Kind: "contact", Identifier: "emailaddress=eve@x.test"}}
		r.Triage.SnoozedUntil = now
	}))
	want := &query.Subject{
		Ref: model.Ref{Account: "Sales", ID: "C/1:x"}, Provider: "askelephant", Kind: "meeting", Status: "in progress", Privacy: "private",
		Title: "cafe budget review", Preview: "see you on monday",
		People: "zoe muller\nzoe@example.com\nfield team\nbob buyer\nbob@buyer.test\nemailaddress=eve@x.test\n\x00u7\ng1\ncnt_1",
		Owner:  "olga owner\n\x00u9\nolga@example.com", Team: "east\n\x00t1", Space: "launch\n\x00s1", Channel: "e-mail\n\x00ch1",
		Company: "buyer inc\nother ltd\n\x00cmp_1\ncmp_2", Roles: "collaboration_complete\nviewer",
		Labels: "deal stage=closed won\ninterview=\nodd name=x",
		Flags: query.FlagExternal | query.FlagUnseen | query.FlagRecording | query.FlagTranscript | query.FlagContacts |
			query.FlagGroups | query.FlagStrangers, SnoozedUntil: now.UnixMilli(),
		Created: now.AddDate(0, 0, -10).UnixMilli(), Updated: now.Add(-time.Hour).UnixMilli(), Duration: 1_800_000,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("full row (-want +got): %s", d)
	}
	if d := cmp.Diff(&query.Subject{Flags: query.FlagUnseen}, query.NewSubject(model.Row{Conversation: model.Conversation{Duration: -time.Minute}})); d != "" {
		t.Errorf("empty row (-want +got): %s", d)
	}
}

func TestSetDomains(t *testing.T) {
	q, s := parse(t, "has:outsiders"), query.NewSubject(row(func(r *model.Row) {
		r.Conversation.Participants.Items[0].ID = "u7@an-id.test" // no address, whatever it looks like
	}))
	defer query.SetDomains(nil)
	for _, c := range []struct {
		ours []string
		want bool
	}{{nil, true}, {[]string{"example.com"}, true}, {[]string{"example.com", "buyer.test"}, false}, {[]string{"other.example"}, true}} {
		query.SetDomains(c.ours)
		if got := q.Match(s, now, time.UTC); got != c.want {
			t.Errorf("domains %v: got %t, want %t", c.ours, got, c.want)
		}
	}
}
