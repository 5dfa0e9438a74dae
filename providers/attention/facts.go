package attention

import (
	"bytes"
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

// The functions in this file turn the parts of a call that have no field in model.Conversation into facts.

func crm(a *providers.Object, facts *providers.Facts) {
	for _, kind := range []struct{ field, label string }{
		{"linkedCrmRecords", "Linked"}, {"externalAccounts", "Account"}, {"externalContacts", "Contact"},
	} {
		for _, o := range a.Items(kind.field) {
			code, id := o.Text("code"), o.Text("id")
			facts.Add("CRM", kind.label, strings.TrimSpace(code+" "+id))
			facts.Rest("CRM", kind.label+" "+id, o)
		}
	}
}

func bots(a *providers.Object, facts *providers.Facts) {
	for i, o := range a.Items("bots") {
		label := "Bot " + strconv.Itoa(i+1)
		facts.Texts("Bots", o, label+" uuid", "uuid")
		s := o.Object("status")
		facts.Add("Bots", label, cmp.Or(s.Text("code"), "listed"))
		facts.Add("Bots", label+" says", s.Text("message"))
		facts.Tree("Bots", label+" at", s.Take("createdAt"))
		facts.Rest("Bots", label+" status", s)
		facts.Tree("Bots", label+" meeting", o.Take("meetingUrl"))
		facts.Rest("Bots", label, o)
	}
}

func boards(a *providers.Object, facts *providers.Facts) {
	for _, o := range a.Items("boards") {
		b := o.Object("board")
		name := cmp.Or(b.Text("name"), b.Text("uuid"), o.Text("uuid"), "board")
		facts.Add("Boards", "Board", name)
		facts.Rest("Boards", name+".board", b)
		facts.Tree("Boards", name+".uuid", o.Take("uuid"))
		facts.Tree("Boards", name+".board.uuid", b.Take("uuid"))
		facts.Rest("Boards", name, o)
	}
}

func talkTracks(a *providers.Object, facts *providers.Facts) {
	for i, o := range a.Items("talktracks") {
		label := "Talk track " + strconv.Itoa(i+1)
		facts.Texts("Talk tracks", o, label+" uuid", "uuid")
		items := o.Items("items")
		for i, item := range items {
			state := "listed"
			if done, ok := item.Bool("done"); ok {
				state = map[bool]string{true: "done", false: "open"}[done]
			}
			part := label + " item " + strconv.Itoa(i+1)
			facts.Add("Talk tracks", part, state)
			facts.Texts("Talk tracks", item, part+" uuid", "uuid")
			facts.Rest("Talk tracks", label, item)
		}
		if len(items) == 0 {
			facts.Add("Talk tracks", label, "no items")
		}
		facts.Rest("Talk tracks", label, o)
	}
}

func scorecards(a *providers.Object, facts *providers.Facts) {
	for _, o := range a.Items("scorecardResults") {
		id := o.Text("uuid")
		name := cmp.Or(o.Text("title"), id, "Scorecard")
		s := o.Object("summary")
		facts.Add("Scorecards", name, score(s, "averageScore"))
		facts.Add("Scorecards", name+": summary", s.Text("summaryText"))
		facts.Rest("Scorecards", name+".summary", s)
		if id != name {
			facts.Add("Scorecards", name+".uuid", id)
		}
		for _, item := range o.Items("items") {
			label := name + ": " + cmp.Or(item.FirstText("title", "uuid"), "item")
			r := item.Object("numericResult")
			facts.Add("Scorecards", label, score(r, "score"))
			facts.Rest("Scorecards", label+".numericResult", r)
			// Evidence quotes the call, so it is never stored.
			for _, q := range item.Items("evidences") {
				facts.AddAll(q.Facts("Scorecards", label+" evidence"), true)
			}
			facts.Rest("Scorecards", label, item)
		}
		facts.Rest("Scorecards", name, o)
	}
}

// score returns "7 (0 to 100)", or the number alone if its bounds are unknown.
func score(o *providers.Object, field string) string {
	score := o.Text(field)
	if score == "" {
		return "no score"
	}
	low, high := o.Text("min"), o.Text("max")
	if low == "" && high == "" {
		return score
	}
	return score + " (" + low + " to " + high + ")"
}

// intelligence adds each insight as it was confirmed, or else as it was extracted. If the two differ, it adds both.
func intelligence(a *providers.Object, facts *providers.Facts) {
	extracted, confirmed := insights(a, "extractedIntelligence"), insights(a, "confirmedExtractedIntelligence")
	all := map[string]json.RawMessage{}
	maps.Copy(all, extracted)
	maps.Copy(all, confirmed)
	for _, key := range slices.Sorted(maps.Keys(all)) {
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
		facts.Add("Intelligence", key+note, providers.TextOf(raw))
		return
	}
	label := cmp.Or(o.Text("title"), key)
	facts.Add("Intelligence", label+note, providers.TextOf(o.Take("value")))
	if o.Text("key") != key {
		o.PutBack("key")
	}
	if label != key {
		facts.Add(model.GroupRaw, label+note+".in map as", key)
	}
	facts.Rest(model.GroupRaw, label+note, o)
}
