package edit

import (
	"encoding/json"

	"confab/model"
)

type draftPerson struct {
	Person model.Participant `json:"person"`
	Gone   bool              `json:"gone,omitempty"`
}

// Draft returns what was changed of one conversation as text, "" for nothing.
func (e *People) Draft() string {
	if e.draft != "" || e.several || !e.changed() {
		return e.draft
	}
	var out []draftPerson
	for _, r := range e.rows {
		if len(e.changes(r)) > 0 {
			p, in := r.becomes(0)
			out = append(out, draftPerson{p, !in})
		}
	}
	b, err := json.Marshal(out)
	if err != nil {
		return ""
	}
	return string(b)
}

// Restore lays a draft over what is there, unless something was changed already. A
// text that is no draft is ignored.
func (e *People) Restore(draft string) (said string) {
	var in []draftPerson
	if e.several || e.changed() || json.Unmarshal([]byte(draft), &in) != nil || len(in) == 0 {
		return ""
	}
	if !e.loaded {
		e.draft = draft
		return ""
	}
	account := e.of[0].Ref.Account
	for _, d := range in {
		if i := e.find(account, d.Person); i >= 0 {
			r := &e.rows[i]
			r.role, r.status, r.gone = d.Person.Role, d.Person.Status, d.Gone
		} else if !d.Gone {
			e.rows = append(e.rows, person{Member: model.Member{Participant: d.Person}, account: account, everywhere: true})
		}
	}
	e.move(0)
	return "restored from your draft"
}
