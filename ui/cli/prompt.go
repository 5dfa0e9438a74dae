package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"confab/ui/theme"
)

const maxAnswer = 16 << 10

var errNoAnswer = errors.New("the input ended before there was an answer")

// prompter asks questions on a terminal. A read can't be cancelled, so a goroutine of its own reads. It reads a line only when
// one is asked for: lines that are typed after the last answer are left to the next reader of the terminal.
type prompter struct {
	in      *bufio.Scanner
	out     io.Writer
	lines   chan string
	reading atomic.Bool // a line was asked for and has not come yet, or the input has ended
}

func newPrompter(in io.Reader, out io.Writer) *prompter {
	p := &prompter{in: bufio.NewScanner(in), out: out, lines: make(chan string)}
	p.in.Buffer(nil, maxAnswer)
	return p
}

// request asks for a line. The channel gives it without its end, and is closed when the input ends.
func (p *prompter) request() <-chan string {
	if p.reading.CompareAndSwap(false, true) {
		go func() {
			if !p.in.Scan() {
				close(p.lines)
				return
			}
			line := strings.TrimRight(p.in.Text(), "\r")
			p.reading.Store(false)
			p.lines <- line
		}()
	}
	return p.lines
}

func (p *prompter) line(ctx context.Context) (string, error) {
	select {
	case s, ok := <-p.request():
		if !ok {
			return "", errNoAnswer
		}
		return s, nil
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return "", ctx.Err()
	}
}

// question prints a question on w as it is, and reads the answer.
func (p *prompter) question(ctx context.Context, w io.Writer, text string) (string, error) {
	fmt.Fprint(w, text)
	s, err := p.line(ctx)
	if errors.Is(err, errNoAnswer) {
		fmt.Fprintln(w)
	}
	return strings.TrimSpace(s), err
}

// confirm asks a yes-or-no question whose default is No. With whole, only the whole word counts as yes.
func (p *prompter) confirm(ctx context.Context, question string, whole bool) (bool, error) {
	answer, err := p.ask(ctx, question+theme.Pick(whole, ` Type "yes" in full: `, " [y/N] "))
	return answer == "yes" || answer == "y" && !whole, err
}

// ask returns the answer to a question in lower case. The end of the input means no.
func (p *prompter) ask(ctx context.Context, question string) (string, error) {
	s, err := p.question(ctx, p.out, question)
	if errors.Is(err, errNoAnswer) {
		return "no", nil
	}
	return strings.ToLower(s), err
}
