package providers

import (
	"cmp"
	"sync"

	"confab/model"
)

// learned keeps what refusals taught about an account for as long as the program runs.
type learned struct {
	mu      sync.Mutex
	reasons map[lessonKey]string
}

// lessonKey is a kind of edit and a conversation, "" for all of the account.
type lessonKey struct {
	kind model.EditKind
	id   string
}

// maxLearned bounds what is remembered of single conversations.
const maxLearned = 10_000

// note takes a refusal of edits of some kinds. A call that the service does not have (405, 501) holds for the account; a
// refusal (403) for the conversation, since rights differ, unless the lesson says more. Others say nothing that lasts.
func (l *learned) note(kinds []model.EditKind, id string, err *model.Error, lesson Lesson) {
	says := "the service refused this here: "
	switch {
	case err.Status == 0 || lesson.Nothing:
		return
	case err.Kind == model.Unsupported:
		id, says = "", "the service refused this kind of call: "
	case err.Kind == model.Forbidden && lesson.Everywhere:
		id, says = "", "the service refused it: "
	case err.Kind != model.Forbidden || id == "":
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.reasons == nil {
		l.reasons = map[lessonKey]string{}
	}
	for _, kind := range kinds {
		if id == "" || len(l.reasons) < maxLearned {
			l.reasons[lessonKey{kind, id}] = cmp.Or(lesson.Reason, says+err.Message)
		}
	}
}

// narrow rules out what was learned of a conversation.
func (l *learned) narrow(id string, no func(k model.EditKind, reason string)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range model.EditKinds() {
		for _, where := range []string{"", id} {
			if reason, ok := l.reasons[lessonKey{k, where}]; ok {
				no(k, reason)
			}
		}
	}
}
