package providers

import (
	"cmp"
	"sync"

	"confab/model"
)

// Learned keeps what refusals taught about an account for as long as the
// program runs. The zero value is ready, for several goroutines.
type Learned struct {
	mu    sync.Mutex
	kinds map[model.EditKind]string
	rows  map[learnedRow]string
}

type learnedRow struct {
	kind model.EditKind
	id   string
}

// maxLearnedRows bounds what is remembered of single conversations.
const maxLearnedRows = 10_000

// Note takes a refusal of edits of some kinds. A call that the service does not
// have (405, 501) holds for the account; a refusal (403) for the conversation,
// since rights differ from one to the next, unless the lesson says more. Others,
// a 404 among them, say nothing that lasts.
func (l *Learned) Note(kinds []model.EditKind, id string, err *model.Error, lesson Lesson) {
	if err.Status == 0 || lesson.Nothing {
		return
	}
	for _, kind := range kinds {
		switch {
		case err.Kind == model.Unsupported:
			l.Never(kind, cmp.Or(lesson.Reason, "the service refused this kind of call: "+err.Message))
		case err.Kind == model.Forbidden && lesson.Everywhere:
			l.Never(kind, cmp.Or(lesson.Reason, "the service refused it: "+err.Message))
		case err.Kind == model.Forbidden && id != "":
			l.here(kind, id, cmp.Or(lesson.Reason, "the service refused this here: "+err.Message))
		}
	}
}

func (l *Learned) here(kind model.EditKind, id, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.rows == nil {
		l.rows = map[learnedRow]string{}
	}
	if len(l.rows) < maxLearnedRows {
		l.rows[learnedRow{kind, id}] = reason
	}
}

// Never rules an edit out for the whole account.
func (l *Learned) Never(kind model.EditKind, reason string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kinds == nil {
		l.kinds = map[model.EditKind]string{}
	}
	l.kinds[kind] = reason
}

// Narrow turns what was learned into a no.
func (l *Learned) Narrow(caps model.Capabilities, id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for kind, c := range caps {
		reason, no := l.kinds[kind]
		if !no {
			reason, no = l.rows[learnedRow{kind, id}]
		}
		if no && c.Can() {
			caps[kind] = model.Capability{State: model.CapabilityNo, Reason: reason}
		}
	}
}

// CapabilitiesOf gives a table as capabilities, one entry for every kind.
func CapabilitiesOf(table []CapabilityRow) model.Capabilities {
	out := model.Capabilities{}
	for _, k := range model.EditKinds() {
		out[k] = model.Capabilities(nil).Of(k)
	}
	for _, row := range table {
		out[row.Kind] = model.Capability{State: row.State, Reason: row.Reason}
	}
	return out
}
