package cli_test

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"

	"confab/ui/cli"
)

func TestALoadThatTakesLongIsSaidOnce(t *testing.T) {
	for took, want := range map[time.Duration]string{
		900 * time.Millisecond: "",
		15 * time.Second:       "confab: reading 100,000 conversations for searching; the first time after an update takes longer\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			loaded := cli.SlowLoad(&said)(100_000)
			time.Sleep(took)
			loaded()
			time.Sleep(time.Minute)
			if said.String() != want {
				t.Errorf("a load of %v says %q", took, said.String())
			}
		})
	}
}
