package config

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

// asCommand is the environment variable that makes this test binary play a credential command. Its value is
// "WHAT" or "WHAT ARGUMENT".
const asCommand = "CONFIG_TEST_COMMAND"

func TestMain(m *testing.M) {
	if what := os.Getenv(asCommand); what != "" {
		playCommand(what)
		return
	}
	goleak.VerifyTestMain(m)
}

func playCommand(what string) {
	what, argument, _ := strings.Cut(what, " ")
	switch what {
	case "print":
		fmt.Print(argument)
	case "environment":
		fmt.Print(os.Getenv("MINE") + "-" + os.Getenv("OTHERS"))
	case "flood":
		for {
			if _, err := fmt.Println(strings.Repeat("x", 4096)); err != nil {
				os.Exit(1)
			}
		}
	case "fail":
		fmt.Println("s3cret-output")
		fmt.Fprintln(os.Stderr, "\n\x1b[31mvault is \u202elocked for s3cret-output\nsecond line")
		os.Exit(3)
	case "block":
		wait(argument)
	case "leave-child":
		// The child keeps the output open after its parent is gone.
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), asCommand+"=block "+argument)
		child.Stdout = os.Stdout
		if err := child.Start(); err != nil {
			os.Exit(1)
		}
		fmt.Print("from-the-parent")
	}
}

// wait returns when the test closes the connection.
func wait(address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		os.Exit(1)
	}
	_, _ = io.Copy(io.Discard, c)
}

// gate returns an address at which commands wait until the test ends.
func gate(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}
