package bird

import (
	"sync"

	"confab/model"
	"confab/providers"
)

// refusals keep which reads the access key has no right to, for as long as the program runs. The zero value is ready,
// for several goroutines.
type refusals struct {
	mu sync.Mutex
	by map[string]model.Error // of the calls, by name
}

// learn takes how a read ended. A 401 that the client found to be a missing right is one of the account: policies are
// given to keys. So is a 403 of a directory or of the inboxes; one of messages or participants is of the conversation
// alone, and so is that of a contact. That there are no inboxes at all is learnt too: their path is on no page.
func (r *refusals) learn(e providers.Endpoint, err error) {
	was := model.AsError(err)
	if was == nil || !e.MayLack || !lasts(e.Name, was) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.by == nil {
		r.by = map[string]model.Error{}
	}
	r.by[e.Name] = *was
}

func lasts(name string, e *model.Error) bool {
	switch name {
	case searchFeedItems.Name:
		return e.Kind == model.Forbidden || e.Kind == model.NotFound || e.Kind == model.Unsupported
	case listContacts.Name, searchContacts.Name, listAgents.Name, listChannels.Name:
		return e.Kind == model.Forbidden
	}
	return e.Kind == model.Forbidden && e.Status == 401
}

// of returns the refusal of a read, nil for none.
func (r *refusals) of(e providers.Endpoint) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if was, ok := r.by[e.Name]; ok {
		return &was
	}
	return nil
}

func (r *refusals) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	clear(r.by)
}

// notShown says in words why a part of a conversation is not shown, "" where an error is none of that part alone. That
// a part is not found says nothing of the conversation, which has been read.
func notShown(err error) string {
	e := model.AsError(err)
	switch {
	case e == nil || e.Kind != model.Forbidden && e.Kind != model.NotFound:
		return ""
	case e.Kind == model.Forbidden && e.Status == 401:
		return "not shown: the access key has no right to read them"
	}
	return "not shown: " + e.Message
}
