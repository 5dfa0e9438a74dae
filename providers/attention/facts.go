package attention

import (
	"bytes"
	"encoding/json"
	"sort"
	"strings"

	"confab/providers"
)

// What a call has beyond the common fields, as facts.

func opportunity(a *providers.Object, facts *providers.Facts) {
	if o := a.Object("externalOpportunity"); o != nil {
		facts.Add(groupOpportunity, "Title", o.Text("title"))
		facts.Add(groupOpportunity, "Id", o.Text("uuid"))
		facts.Rest(groupOpportunity, "", o)
	}
	facts.Add(groupOpportunity, "External intelligence id", a.Text("externalIntelligenceOpportunityID"))
	facts.Add(groupCRM, "Deal", a.Text("dealUUID"))
	facts.Add(providers.GroupOther, "E-mail template", a.Text("emailTemplateID"))
}

func crm(a *providers.Object, facts *providers.Facts) {
	for _, kind := range []struct{ field, label string }{
		{"linkedCrmRecords", "Linked"}, {"externalAccounts", "Account"}, {"externalContacts", "Contact"},
	} {
		list, _ := a.List(kind.field)
		for _, o := range list {
			code, id := o.Text("code"), o.Text("id")
			facts.Add(groupCRM, kind.label, strings.TrimSpace(code+" "+id))
			facts.Rest(groupCRM, kind.label+" "+id, o)
		}
	}
}

func bots(a *providers.Object, facts *providers.Facts) {
	list, _ := a.List("bots")
	for _, o := range list {
		id := o.Text("uuid")
		label := strings.TrimSpace("Bot " + id)
		s := o.Object("status")
		facts.Add(groupBots, label, first(s.Text("code"), "listed"))
		facts.Add(groupBots, label+" says", s.Text("message"))
		facts.Tree(groupBots, label+" at", s.Take("createdAt"))
		facts.Rest(groupBots, label+" status", s)
		facts.Tree(groupBots, label+" meeting", o.Take("meetingUrl"))
		facts.Rest(groupBots, label, o)
	}
}

func boards(a *providers.Object, facts *providers.Facts) {
	list, _ := a.List("boards")
	for _, o := range list {
		b := o.Object("board")
		name := first(b.Text("name"), b.Text("uuid"), o.Text("uuid"), "board")
		facts.Add(groupBoards, "Board", name)
		facts.Rest(groupBoards, name+".board", b)
		facts.Tree(groupBoards, name+".uuid", o.Take("uuid"))
		facts.Tree(groupBoards, name+".board.uuid", b.Take("uuid"))
		facts.Rest(groupBoards, name, o)
	}
}

func talkTracks(a *providers.Object, facts *providers.Facts) {
	list, _ := a.List("talktracks")
	for _, o := range list {
		label := strings.TrimSpace("Talk track " + o.Text("uuid"))
		items, _ := o.List("items")
		for _, item := range items {
			done, ok := item.Bool("done")
			state := "open"
			switch {
			case done:
				state = "done"
			case !ok:
				state = "listed"
			}
			facts.Add(groupTalkTracks, label+" item "+first(item.Text("uuid"), "without id"), state)
			facts.Rest(groupTalkTracks, label, item)
		}
		if len(items) == 0 {
			facts.Add(groupTalkTracks, label, "no items")
		}
		facts.Rest(groupTalkTracks, label, o)
	}
}

func scorecards(a *providers.Object, facts *providers.Facts) {
	list, _ := a.List("scorecardResults")
	for _, o := range list {
		id := o.Text("uuid")
		name := first(o.Text("title"), id, "Scorecard")
		s := o.Object("summary")
		score := ""
		if s.Text("averageScore") != "" {
			score = s.Text("averageScore") + scale(s)
		}
		facts.Add(groupScorecards, name, first(score, "no score"))
		facts.Add(groupScorecards, name+": summary", s.Text("summaryText"))
		facts.Rest(groupScorecards, name+".summary", s)
		if id != name {
			facts.Add(groupScorecards, name+".uuid", id)
		}
		items, _ := o.List("items")
		for _, item := range items {
			label := name + ": " + first(pick(item, "title", "uuid"), "item")
			r := item.Object("numericResult")
			if r.Text("score") != "" {
				facts.Add(groupScorecards, label, r.Text("score")+scale(r))
			} else {
				facts.Add(groupScorecards, label, "no score")
			}
			facts.Rest(groupScorecards, label+".numericResult", r)
			// Evidence quotes what was said, so it is never stored.
			quotes, _ := item.List("evidences")
			for _, q := range quotes {
				for _, f := range q.Facts(groupScorecards, label+" evidence") {
					facts.AddVolatile(f.Group, f.Label, f.Value)
				}
			}
			facts.Rest(groupScorecards, label, item)
		}
		facts.Rest(groupScorecards, name, o)
	}
}

// scale gives " (0 to 100)" where the bounds are known.
func scale(o *providers.Object) string {
	low, high := o.Text("min"), o.Text("max")
	if low == "" && high == "" {
		return ""
	}
	return " (" + low + " to " + high + ")"
}

// intelligence shows each insight as confirmed where it is, else as extracted;
// what was extracted and confirmed differently stands beside it.
func intelligence(a *providers.Object, facts *providers.Facts) {
	extracted, confirmed := insights(a, "extractedIntelligence"), insights(a, "confirmedExtractedIntelligence")
	for _, key := range keys(extracted, confirmed) {
		if value, ok := confirmed[key]; ok {
			insight(value, key, " (confirmed)", facts)
			if also, ok := extracted[key]; ok && !bytes.Equal(also, value) {
				insight(also, key, " (as extracted)", facts)
			}
			continue
		}
		insight(extracted[key], key, "", facts)
	}
}

func insights(a *providers.Object, name string) map[string]json.RawMessage {
	m, ok := providers.Map(a.Peek(name))
	if ok || a.Null(name) {
		a.Take(name)
	}
	return m
}

func insight(raw json.RawMessage, key, note string, facts *providers.Facts) {
	o, ok := providers.ObjectOf(raw)
	if !ok {
		facts.Add(groupIntelligence, key+note, providers.TextOf(raw))
		return
	}
	label := first(o.Text("title"), key)
	facts.Add(groupIntelligence, label+note, providers.TextOf(o.Take("value")))
	if o.Text("key") != key {
		o.Put("key")
	}
	if label != key {
		facts.Add(groupInsights, label+note+".in map as", key)
	}
	facts.Rest(groupInsights, label+note, o)
}

func keys(maps ...map[string]json.RawMessage) []string {
	var out []string
	seen := map[string]bool{}
	for _, m := range maps {
		for k := range m {
			if !seen[k] {
				seen[k] = true
				out = append(out, k)
			}
		}
	}
	sort.Strings(out)
	return out
}
