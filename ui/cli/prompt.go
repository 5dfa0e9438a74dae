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

// line gives the next line that is typed, without its end.
func (p *prompter) line(ctx context.Context) (string, error) {
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
	select {
	case s, ok := <-p.lines:
		if !ok {
			return "", errNoAnswer
		}
		return s, nil
	case <-ctx.Done():
		fmt.Fprintln(p.out)
		return "", ctx.Err()
	}
}

// ask prints a question and gives the answer, trimmed.
func (p *prompter) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(p.out, question)
	s, err := p.line(ctx)
	if errors.Is(err, errNoAnswer) {
		fmt.Fprintln(p.out)
	}
	return strings.TrimSpace(s), err
}

// confirm asks a yes-or-no question whose default is No. What is asked twice
// wants the whole word.
func (p *prompter) confirm(ctx context.Context, question string, whole bool) (bool, error) {
	hint := " [y/N] "
	if whole {
		hint = ` Type "yes" in full: `
	}
	s, err := p.ask(ctx, question+hint)
	if err != nil {
		if errors.Is(err, errNoAnswer) {
			return false, nil
		}
		return false, err
	}
	s = strings.ToLower(s)
	return s == "yes" || !whole && s == "y", nil
}
