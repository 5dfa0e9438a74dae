package query_test

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"confab/model"
	"confab/model/query"
)

// services are the providers in the tests.
var services = []string{model.Attention, model.Bird, model.AskElephant, model.Kona}

func init() {
	var known []query.Service
	for _, name := range services {
		known = append(known, query.Service{Name: name, Audience: model.Audiences{
			{Privacy: model.PrivacyPublic, Audience: model.Audience{Class: model.ClassEveryone}},
			{Access: "group", Groups: true, Audience: model.Audience{Class: model.ClassGroup}},
			{Privacy: model.PrivacyPrivate, Audience: model.Audience{Class: model.ClassMembers}},
		}})
	}
	query.SetServices(known)
}

var now = time.Date(2026, 2, 15, 12, 30, 0, 0, time.UTC)

// words are few, so that random queries match random subjects.
var words = []string{"acme", "Ann", "é", "Straße", "deal stage", "OR", "-", "a:b", "12:30", `q"t`, `b\s`, "(x)", "=", "a=b", "closed won", "İ", "\u0301"}

func genTerm() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		quoted := func(s string) string {
			out := `"`
			for _, r := range s {
				if r == '"' || r == '\\' {
					out += `\`
				}
				out += string(r)
			}
			return out + `"`
		}
		text := quoted(rapid.OneOf(rapid.SampledFrom(words), rapid.StringN(1, 6, 40)).Draw(t, "text"))
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			return text
		case 1:
			return rapid.SampledFrom([]string{"acme", "ann", "12:30", "x=y", "a-b", "or", `b\s`}).Draw(t, "word")
		case 2:
			field := rapid.SampledFrom([]string{"account", "title", "with", "owner", "team", "space", "channel", "company", "role", "status", "kind", "id", "TITLE"}).Draw(t, "field")
			return field + ":" + text
		case 3:
			if rapid.Bool().Draw(t, "with value") {
				return "label:" + text + "=" + rapid.SampledFrom([]string{"x", `"Closed won"`, "", "a=b"}).Draw(t, "value")
			}
			return "label:" + text
		case 4:
			return rapid.SampledFrom([]string{"is:private", "is:public", "is:open", "is:closed", "is:archived", "is:internal",
				"is:external", "is:done", "is:snoozed", "is:pinned", "is:unseen", "is:pending", "is:failed", "is:conflict", "is:any",
				"is:empty", "IS:Done", "has:contacts", "has:messages", "has:recording", "has:transcript",
				"has:outsiders", "audience:everyone", "audience:group", "Audience:members", "provider:bird", "provider:Kona"}).Draw(t, "word")
		}
		return rapid.SampledFrom([]string{"updated", "created"}).Draw(t, "field") + ":" + rapid.SampledFrom([]string{"<7d", ">7d", "<=3w", ">=2mo",
			"<90m", "<1y", ">5h", "<2026-01-31", ">2026-01-31", "<=2026-01", ">=2026", "2026", "2026-02", "2026-02-15", "today", "Yesterday", ">yesterday",
			"2026-01..2026-02", "..2026", "2026-02-01..", "2026-01..today"}).Draw(t, "date")
	})
}

func genText(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		if depth == 0 {
			return genTerm().Draw(t, "term")
		}
		sub := genText(depth - 1)
		switch rapid.IntRange(0, 4).Draw(t, "shape") {
		case 0:
			return genTerm().Draw(t, "term")
		case 1:
			return "-(" + sub.Draw(t, "not") + ")"
		case 2:
			return "(" + sub.Draw(t, "left") + ")  ( " + sub.Draw(t, "right") + " )"
		case 3:
			return sub.Draw(t, "left") + " OR " + sub.Draw(t, "right")
		}
		return sub.Draw(t, "left") + "\t" + sub.Draw(t, "right")
	})
}

func genSubject() *rapid.Generator[*query.Subject] {
	word := rapid.SampledFrom([]string{"", "acme", "Ann", "é", "Straße", "deal stage", "12:30", "closed won", "x=y", "bird", "kona", "editor"})
	at := rapid.SampledFrom([]time.Time{{}, now, now.Add(-time.Hour), now.AddDate(0, 0, -7), now.AddDate(0, 0, -8), now.AddDate(0, -2, 0), now.AddDate(-3, 0, 0), now.Add(time.Hour)})
	return rapid.Custom(func(t *rapid.T) *query.Subject {
		c := model.Conversation{
			Ref:      model.Ref{Account: rapid.SampledFrom([]string{"sales", "acme"}).Draw(t, "account"), ID: word.Draw(t, "id") + fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "n"))},
			Provider: rapid.SampledFrom(services).Draw(t, "provider"),
			Kind:     word.Draw(t, "kind"), Status: word.Draw(t, "status"),
			Access:  rapid.SampledFrom([]string{"", "group", "open"}).Draw(t, "access"),
			Privacy: rapid.SampledFrom([]model.Privacy{"private", "public", "participants", "unknown", ""}).Draw(t, "privacy"),
			Title:   word.Draw(t, "title") + " " + word.Draw(t, "title"), Preview: word.Draw(t, "preview"),
			Closed: rapid.Bool().Draw(t, "closed"), Archived: rapid.Bool().Draw(t, "archived"), Empty: rapid.Bool().Draw(t, "empty"),
			Participants: model.SetOf(model.Participant{Kind: "user", Name: word.Draw(t, "person"), Role: word.Draw(t, "role")}),
			Owner:        model.Participant{Name: word.Draw(t, "owner")}, Team: model.Named{Name: word.Draw(t, "team")},
			Space: model.Named{Name: word.Draw(t, "space")}, Channel: model.Named{Name: word.Draw(t, "channel")},
			Companies: []model.Named{{Name: word.Draw(t, "company")}},
			Labels:    map[string]string{word.Draw(t, "label"): word.Draw(t, "value")},
			Created:   at.Draw(t, "created"), Updated: at.Draw(t, "updated"),
			Duration:    time.Duration(rapid.IntRange(0, 2).Draw(t, "minutes")) * time.Minute,
			HasMessages: rapid.Bool().Draw(t, "messages"), HasRecording: rapid.Bool().Draw(t, "recording"),
		}
		if rapid.Bool().Draw(t, "known") {
			internal := rapid.Bool().Draw(t, "internal")
			c.Internal = &internal
		}
		return query.NewSubject(model.Row{Conversation: c, Triage: model.Triage{
			Done: rapid.Bool().Draw(t, "done"), Pinned: rapid.Bool().Draw(t, "pinned"), Seen: rapid.Bool().Draw(t, "seen"),
			SnoozedUntil: at.Draw(t, "snoozed"),
		}})
	})
}
