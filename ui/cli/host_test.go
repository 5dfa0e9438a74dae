package cli

import "testing"

func TestOnlyWebAddressesAreOpened(t *testing.T) {
	t.Setenv("PATH", t.TempDir()) // no browser is started
	for _, u := range []string{"file:///etc/passwd", "javascript:alert(1)", "-version", "", "HTTPS://x", "ftp://x"} {
		if err := OpenURL(u, nil); err == nil || err.Error() != "only http and https addresses are opened" {
			t.Errorf("%q: %v", u, err)
		}
	}
}

func TestLocale(t *testing.T) {
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
			t.Errorf("%v: %t", x.env, got)
		}
	}
}
