package cli

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // so that no browser is started
	for _, u := range []string{"file:///etc/passwd", "javascript:alert(1)", "-version", "", "HTTPS://x", "ftp://x"} {
		if err := OpenURL(u, nil); err == nil || err.Error() != "only http and https addresses are opened" {
			t.Errorf("OpenURL(%q): got %v", u, err)
		}
	}
}

func TestUTF8Locale(t *testing.T) {
	for _, x := range []struct {
		env  map[string]string
		want bool
	}{
		{nil, true},
		{map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{map[string]string{"LANG": "C.utf8", "LC_ALL": "C"}, false},
		{map[string]string{"LANG": "C", "LC_CTYPE": "en_US.utf8"}, true},
		{map[string]string{"LANG": "POSIX"}, false},
	} {
		if got := UTF8Locale(func(name string) string { return x.env[name] }); got != x.want {
			t.Errorf("%v: got %t", x.env, got)
		}
	}
}

func TestASlowLoadIsAnnouncedOnce(t *testing.T) {
	for took, want := range map[time.Duration]string{
		900 * time.Millisecond: "",
		15 * time.Second:       "confab: reading 100,000 conversations for searching; the first time after an update takes longer\n",
	} {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			loaded := SlowLoad(&said)(100_000)
			time.Sleep(took)
			loaded()
			time.Sleep(time.Minute)
			if said.String() != want {
				t.Errorf("a load of %v printed %q", took, said.String())
			}
		})
	}
}
