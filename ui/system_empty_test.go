package ui_test

import (
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"confab/providers/sandbox"
)

func TestAnEmptyListSaysThatNothingCouldBeRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "confab.db")
	synctest.Test(t, func(t *testing.T) {
		sb := newSandbox(t, sandbox.Options{})
		sb.SetOffline("", true)
		r := openSystem(t, sb, path, 80, 24)
		r.Want("Nothing could be read yet.", "sales: ", "r tries now")
		sb.SetOffline("", false)
		r.Press("r")
		r.Wait(5 * time.Second)
		r.WantNot("Nothing could be read yet.")
	})
}
