package cli

import (
	"fmt"
	"io"
	"sync"
	"time"

	"confab/ui/theme"
)

// SlowLoad returns what is told of the load of all conversations: one that takes
// longer than a second is said in a line.
func SlowLoad(w io.Writer) func(conversations int) (loaded func()) {
	return func(conversations int) func() {
		var mu sync.Mutex
		over := false
		t := time.AfterFunc(time.Second, func() {
			mu.Lock()
			defer mu.Unlock()
			if !over {
				fmt.Fprintf(w, "confab: reading %s for searching; the first time after an update takes longer\n", theme.Count(conversations, "conversation"))
			}
		})
		return func() {
			mu.Lock()
			defer mu.Unlock()
			over = true
			t.Stop()
		}
	}
}
