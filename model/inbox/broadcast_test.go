package inbox

import (
	"strconv"
	"testing"

	"confab/model"
)

// Events that a slow reader has not taken name conversations up to a number; then anything may have changed.
func TestLongEventsNameNobody(t *testing.T) {
	var b broadcaster
	events, end := b.subscribe()
	defer end()
	publish := func(first, n int) {
		ev := model.Event{Edits: first == 0}
		for i := range n {
			ev.Refs = append(ev.Refs, model.Ref{ID: strconv.Itoa(first + i)})
		}
		b.publish(ev)
	}
	publish(0, maxNamed/2)
	publish(1, maxNamed-1)
	if ev := <-events; ev.All || len(ev.Refs) != maxNamed {
		t.Errorf("the event names %d conversations, and more may have changed: %t; want %d and false", len(ev.Refs), ev.All, maxNamed)
	}
	publish(0, maxNamed)
	publish(maxNamed, 1)
	if ev := <-events; !ev.All || !ev.Edits || len(ev.Refs) != 0 {
		t.Errorf("the longer event names %d conversations, and more may have changed: %t, and edits: %t; want 0, true and true",
			len(ev.Refs), ev.All, ev.Edits)
	}
}
