package cli

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
)

// OpenURL shows an http(s) address in the browser, without a shell. environ is what
// it gets for its environment.
func OpenURL(url string, environ []string) error {
	if !strings.HasPrefix(url, "https://") && !strings.HasPrefix(url, "http://") {
		return errors.New("only http and https addresses are opened")
	}
	args := []string{"xdg-open", url}
	switch runtime.GOOS {
	case "darwin":
		args = []string{"open", url}
	case "windows":
		args = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	}
	path, err := exec.LookPath(args[0])
	if err != nil {
		return fmt.Errorf("no browser can be opened here: %w", err)
	}
	cmd := exec.Command(path, args[1:]...)
	cmd.Env = environ
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() { _ = cmd.Wait() }()
	return nil
}
