package sandbox

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// How a transcript is shown.
type transcriptForm int

const (
	// transcriptText is a plain string, as in lists.
	transcriptText transcriptForm = iota
	// transcriptObject holds the pieces under final, v1.final or v2.final.
	transcriptObject
	// transcriptDetailed is an array of speakers with timed words.
	transcriptDetailed
)

// attentionView says which parts of a conversation an answer shows.
type attentionView struct {
	transcript   transcriptForm
	intelligence bool
	// internal includes the participants of the caller's own organisation.
	internal       bool
	zoom, imported bool
}

// attributes are all of a conversation but the transcript, with participants (invited) and attendees (present).
func (a *Attention) attributes(row int) map[string]any {
	at := a.doc(row)
	people := []any{}
	for i, entry := range a.record(row).With {
		who, _ := entry["who"].(string)
		m := map[string]any{"id": a.data.id("attention participant", row<<6+i)}
		if who != "" {
			p := a.data.person(who)
			m["email"], m["name"], m["organizer"], m["status"] = p.Email, p.name(), i == 0, "accepted"
		}
		maps.Copy(m, entry)
		delete(m, "who")
		people = append(people, m)
	}
	if _, changed := a.edited[row]["participants"]; !changed {
		at["participants"] = people
	}
	if n, ok := at["attendees"].(float64); ok {
		at["attendees"] = people[:int(n)]
	}
	return at
}

// resource builds a conversation as an answer shows it.
func (a *Attention) resource(row int, v attentionView) map[string]any {
	at := a.attributes(row)
	if said := a.record(row).Said; len(said) > 0 {
		at["transcript"] = a.transcript(row, said, v.transcript)
	}
	maps.Copy(at, a.edited[row])
	if !v.intelligence {
		delete(at, "extractedIntelligence")
		delete(at, "confirmedExtractedIntelligence")
	}
	if !v.internal {
		at["participants"], at["attendees"] = withoutInternal(at["participants"]), withoutInternal(at["attendees"])
	}
	if !v.zoom {
		delete(at, "zoomMetadata")
	}
	if _, ok := at["importMetadata"]; ok && !v.imported {
		at["importMetadata"] = map[string]any{}
	}
	for k, value := range at {
		s, ok := value.(string)
		switch {
		case !ok || !strings.HasSuffix(k, "Status"):
		case a.switches.LowerStatuses:
			at[k] = strings.ToLower(s)
		case a.switches.UpperStatuses:
			at[k] = strings.ToUpper(s)
		}
	}
	if a.switches.NullLists {
		at = nullEmpty(at).(map[string]any)
	}
	res := map[string]any{
		"type": "conversations", "id": a.id(row), "attributes": at, "links": map[string]any{"self": "/v2/conversations/" + a.id(row)},
	}
	if a.switches.IDInAttributesOnly {
		delete(res, "id")
	}
	return res
}

// nullEmpty replaces empty lists and maps inside v by null, at any depth.
func nullEmpty(v any) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, len(v))
		for i := range v {
			out[i] = nullEmpty(v[i])
		}
		return out
	case map[string]any:
		if len(v) == 0 {
			return nil
		}
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = nullEmpty(v[k])
		}
		return out
	}
	return v
}

// withoutInternal drops the people of the caller's own organisation, told by mail domain.
func withoutInternal(people any) any {
	list, ok := people.([]any)
	if !ok {
		return people
	}
	return slices.DeleteFunc(slices.Clone(list), func(p any) bool {
		m, _ := p.(map[string]any)
		email, _ := m["email"].(string)
		return strings.HasSuffix(email, "@northwind.example")
	})
}

// transcript shows what was said; speakers may lack a name or everything.
func (a *Attention) transcript(row int, said []line, form transcriptForm) any {
	if form == transcriptText {
		return a.data.transcript(said)
	}
	var detailed, flat []any
	end := 0.1
	for _, l := range said {
		start := max(end+0.3, time.Duration(l.At).Seconds())
		end = start + 0.05*float64(len(l.Text))
		p, staff := a.data.person(l.By), strings.HasPrefix(l.By, "staff")
		spoken := spokenWords(l.Text, start, end, row%3 == 1)
		speaker := map[string]any{"id": strconv.Itoa(btoi(!staff)), "name": p.name(), "email": p.Email}
		switch {
		case a.data.Odd && !staff && row%7 == 0:
			speaker = map[string]any{}
		case a.data.Odd && !staff && row%5 == 0:
			speaker = map[string]any{"email": p.Email}
		}
		detailed = append(detailed, map[string]any{"speaker": speaker, "words": spoken})
		piece := map[string]any{"speaker": p.name(), "words": spoken}
		if row%2 == 0 {
			piece = map[string]any{"speaker": p.name(), "startTimestamp": start, "endTimestamp": end, "sentence": l.Text}
		}
		flat = append(flat, piece)
	}
	final := map[string]any{"final": flat}
	switch {
	case form == transcriptDetailed:
		return detailed
	case row%3 == 1:
		return map[string]any{"v1": final}
	case row%3 == 2:
		return map[string]any{"v2": map[string]any{"final": flat, "pieceInFlux": nil}}
	}
	return final
}

// spokenWords splits a sentence into timed tokens. Tokens carry their own spaces, or none at all when bare.
func spokenWords(said string, start, end float64, bare bool) []any {
	tokens := strings.SplitAfter(said, " ")
	step := (end - start) / float64(len(tokens))
	words := make([]any, len(tokens))
	for k, t := range tokens {
		if bare {
			t = strings.TrimSpace(t)
		}
		words[k] = map[string]any{"text": t, "startTimestamp": start + step*float64(k), "endTimestamp": start + step*float64(k+1)}
	}
	return words
}

// teams are the teams below another, as deep as they go.
func (a *Attention) teams(parent any) []any {
	list := []any{}
	for i := range a.file.Teams.Rows {
		team := a.directoryEntry(&a.file.Teams, "team", i)
		if team["parentTeamUUID"] == parent {
			team["children"] = a.teams(team["uuid"])
			list = append(list, team)
		}
	}
	return list
}

func (a *Attention) directoryEntry(c *collection, kind string, i int) map[string]any {
	return a.entry(c, i, a.placed(-1, kind, i), a.data.words(a.data.Staff[i]))
}

func (a *Attention) listTeams(x *exchange) { x.json(200, rowsOrNull(a.teams(nil))) }

func (a *Attention) listLabels(x *exchange) {
	var rows []any
	for i := range a.file.Labels.Rows {
		rows = append(rows, a.directoryEntry(&a.file.Labels, "label", i))
	}
	x.json(200, rowsOrNull(rows))
}

// listUsers leaves those who left out.
func (a *Attention) listUsers(x *exchange) {
	var rows []any
	for i := range a.file.Users.Rows {
		user := a.directoryEntry(&a.file.Users, "user", i)
		email, _ := user["email"].(string)
		if user["deletedAt"] == nil && (!x.query.Has("filter[email]") || slices.Contains(x.query["filter[email]"], email)) {
			rows = append(rows, user)
		}
	}
	x.json(200, rowsOrNull(rows))
}

// rowsOrNull wraps a directory list; an empty one is null, as met in the field.
func rowsOrNull(rows []any) map[string]any {
	if len(rows) == 0 {
		return map[string]any{"data": nil}
	}
	return map[string]any{"data": rows}
}
