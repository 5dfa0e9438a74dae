package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
)

// maxAnswer bounds one typed line, in bytes.
const maxAnswer = 16 << 10

var errNoAnswer = errors.New("the input ended before there was an answer")

// prompter asks questions on one terminal. A read can't be taken back, so one
// goroutine reads for the whole run, begun by the first question.
type prompter struct {
	in    io.Reader
	out   io.Writer
	begin sync.Once
	lines chan string
}

func newPrompter(in io.Reader, out io.Writer) *prompter {
	return &prompter{in: in, out: out, lines: make(chan string)}
}

// typed returns the lines as they are typed, without their ends; it is closed
// with the input.
func (p *prompter) typed() <-chan string {
	p.begin.Do(func() {
		go func() {
			defer close(p.lines)
			s := bufio.NewScanner(p.in)
			s.Buffer(make([]byte, 0, 4096), maxAnswer)
			for s.Scan() {
				p.lines <- strings.TrimRight(s.Text(), "\r")
			}
		}()
	})
	return p.lines
}

func (p *prompter) line(ctx context.Context) (string, error) {
	select {
	case s, ok := <-p.typed():
		if !ok {
			return "", errNoAnswer
		}
		return s, nil
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return "", ctx.Err()
	}
}

// confirm asks a yes-or-no question whose default is No. What is asked twice
// wants the whole word.
func (p *prompter) confirm(ctx context.Context, question string, whole bool) (bool, error) {
	hint := " [y/N] "
	if whole {
		hint = ` Type "yes" in full: `
	}
	fmt.Fprint(p.out, question+hint)
	s, err := p.line(ctx)
	if errors.Is(err, errNoAnswer) {
		fmt.Fprintln(p.out)
		return false, nil
	}
	s = strings.ToLower(strings.TrimSpace(s))
	return s == "yes" || !whole && s == "y", err
}
