package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

const maxAnswer = 16 << 10

var errNoAnswer = errors.New("the input ended before there was an answer")

// prompter asks questions on one terminal. A read can't be taken back, so a goroutine of its own reads, and a line
// only once it is asked for: what is typed behind the last answer belongs to whoever reads next.
type prompter struct {
	in    io.Reader
	out   io.Writer
	begin sync.Once
	want  chan struct{}
	lines chan string
	// reading says that a line was asked for and has not come.
	reading atomic.Bool
}

func newPrompter(in io.Reader, out io.Writer) *prompter {
	return &prompter{in: in, out: out, want: make(chan struct{}, 1), lines: make(chan string)}
}

// typed asks for one line, which comes without its end; the channel is closed with the input.
func (p *prompter) typed() <-chan string {
	p.begin.Do(func() {
		go func() {
			defer close(p.lines)
			s := bufio.NewScanner(p.in)
			s.Buffer(make([]byte, 0, 4096), maxAnswer)
			for range p.want {
				if !s.Scan() {
					return
				}
				p.reading.Store(false)
				p.lines <- strings.TrimRight(s.Text(), "\r")
			}
		}()
	})
	if p.reading.CompareAndSwap(false, true) {
		p.want <- struct{}{}
	}
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

// confirm asks a yes-or-no question whose default is No. What is asked twice wants the whole word.
func (p *prompter) confirm(ctx context.Context, question string, whole bool) (bool, error) {
	if !whole {
		return p.confirmed(ctx, question+" [y/N] ", false)
	}
	return p.confirmed(ctx, question+` Type "yes" in full: `, false, "yes")
}

// confirmed asks a yes-or-no question; an answer that is neither counts as standard, and the words for yes may be
// others than y and yes.
func (p *prompter) confirmed(ctx context.Context, question string, standard bool, yes ...string) (bool, error) {
	fmt.Fprint(p.out, question)
	s, err := p.line(ctx)
	if errors.Is(err, errNoAnswer) {
		fmt.Fprintln(p.out)
		return false, nil
	}
	if len(yes) == 0 {
		yes = []string{"y", "yes"}
	}
	s = strings.ToLower(strings.TrimSpace(s))
	return slices.Contains(yes, s) || standard && s == "", err
}
