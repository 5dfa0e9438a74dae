package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"confab/model"
	"confab/ui/theme"
)

// linearPage is how many rows the line mode lists at a time.
const linearPage = 20

// maxAnnounced bounds the lines that one event may print.
const maxAnnounced = 5

// linear is the inbox as lines and prompts: nothing is painted over, and each
// thing that happens is one line.
type linear struct {
	*run
	engine Engine
	query  string
	// rows are the conversations by the numbers they were listed with.
	rows   []model.Ref
	offset int
	// lines is what was last said of each listed conversation, so that an
	// event is announced only where it shows.
	lines    map[model.Ref]string
	accounts map[string]string
	acts     []followed
}

func (r *run) linear(ctx context.Context, e Engine, start Start) error {
	l := &linear{run: r, engine: e, query: start.Query, lines: map[model.Ref]string{}, accounts: map[string]string{}}
	for i, v := range r.setup.Config.Views {
		if start.Query == "" && (v.Name == start.View || start.View == "" && i == 0) {
			l.query = v.Query
		}
	}
	events, stop := e.Subscribe()
	defer stop()
	for _, a := range e.Accounts() {
		l.accounts[a.Name] = accountLine(a)
	}
	e.Start(ctx)
	r.print("confab: type help for the commands, quit to leave.")
	if r.setup.ReadOnly {
		r.print("Read-only: nothing is changed on a service.")
	}
	if err := l.list(ctx, 0); err != nil {
		return err
	}
	if n := l.needPerson(); n > 0 {
		l.print("%s: outbox", theme.Need(n))
	}
	for {
		l.prompt()
		line, err := l.next(ctx, events)
		if errors.Is(err, errNoAnswer) {
			fmt.Fprintln(r.Out)
			return nil
		}
		if err != nil {
			return err
		}
		if !utf8.ValidString(line) {
			l.print("This line is not UTF-8, so nothing was done.")
			continue
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "quit" || word == "q" {
			err := l.leave(ctx, events)
			l.announce(context.WithoutCancel(ctx), model.Event{}) // how the last act ended
			return err
		}
		if err := l.command(ctx, word, strings.TrimSpace(rest)); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			r.print("%s", model.Clean(words(err)))
		}
	}
}

// next waits for a line and announces what happens meanwhile.
func (l *linear) next(ctx context.Context, events <-chan model.Event) (string, error) {
	type typed struct {
		line string
		err  error
	}
	got := make(chan typed, 1)
	go func() {
		s, err := l.asked.line(ctx)
		got <- typed{s, err}
	}()
	for {
		select {
		case t := <-got:
			return t.line, t.err
		case ev, ok := <-events:
			if !ok {
				events = nil
				continue
			}
			if l.announce(ctx, ev) {
				l.prompt()
			}
		}
	}
}

func (l *linear) prompt() { fmt.Fprint(l.Out, "confab> ") }

// announce says how this session's acts ended, and what else an event changed
// among what was listed, one line each. A prompt may stand on the line, so the
// first ends it.
func (l *linear) announce(ctx context.Context, ev model.Event) (said bool) {
	say := func(line string) {
		if !said {
			fmt.Fprintln(l.Out)
		}
		said = true
		l.print("%s", line)
	}
	own, err := l.follow(ctx, say)
	if err != nil {
		return said
	}
	changed := 0
	for i, ref := range l.rows {
		if len(ev.Refs) > 0 && !slices.Contains(ev.Refs, ref) {
			continue
		}
		row, ok, err := l.engine.Row(ctx, ref)
		if err != nil {
			return said
		}
		line := "gone: " + cell(ref.String())
		if ok {
			line = rowLine(row)
		}
		if line == l.lines[ref] {
			continue
		}
		l.lines[ref] = line
		if own[ref] {
			continue // the line of the act tells
		}
		if changed++; changed <= maxAnnounced {
			say(fmt.Sprintf("changed %d  %s", i+1, line))
		}
	}
	if changed > maxAnnounced {
		say(fmt.Sprintf("and %d more; list shows them", changed-maxAnnounced))
	}
	for _, a := range l.engine.Accounts() {
		was, line := l.accounts[a.Name], accountLine(a)
		l.accounts[a.Name] = line
		// That the conversations have been counted is no news.
		if line != was && (was != a.Name || line != counted(a)) {
			say(line)
		}
	}
	return said
}

// accountLine says how an account does, without what changes all the time.
func accountLine(a model.AccountState) string {
	line := counted(a)
	switch {
	case a.Syncing && a.Swept.IsZero():
		line = a.Name + ": reading the list for the first time"
	case a.Error != nil:
		line += ", " + a.Error.Words()
	}
	return line
}

func counted(a model.AccountState) string {
	if a.Conversations < 0 {
		return a.Name
	}
	return a.Name + ": " + theme.Count(a.Conversations, "conversation")
}

// rowLine says a conversation in one line, without its edits: an act has a line
// of its own.
func rowLine(row model.Row) string {
	c := row.Conversation
	return fmt.Sprintf("%s, %s, %s, %s", cell(orText(c.Title, "(no title)")), privacyWord(c), cell(statusWord(c)), cell(c.Ref.String()))
}

// pendingWords says what is on its way of a listed conversation.
func pendingWords(row model.Row) string {
	line := ""
	for _, p := range row.Pending {
		line += fmt.Sprintf(", %s %s", model.FieldName(p.Kind), p.State.Words())
	}
	return line
}

func (l *linear) list(ctx context.Context, offset int) error {
	page, err := l.engine.List(ctx, model.ListRequest{Query: l.scoped(l.query), Inbox: true, Offset: offset, Limit: linearPage})
	if err != nil {
		return err
	}
	if offset == 0 {
		l.rows, l.lines = nil, map[model.Ref]string{}
	}
	rows := unseen(page, offset)
	l.offset = offset + len(rows)
	for _, row := range rows {
		ref := row.Conversation.Ref
		l.rows = append(l.rows, ref)
		l.lines[ref] = rowLine(row)
		l.print("%d  %s%s", len(l.rows), l.lines[ref], pendingWords(row))
	}
	switch {
	case page.Total == 0:
		l.print("No conversations.")
	case l.offset < page.Total:
		l.print("%d of %s; `more` lists the next.", l.offset, theme.Count(page.Total, "conversation"))
	}
	return nil
}

// leave asks about edits that are on their way, and waits for them if wanted,
// counting down.
func (l *linear) leave(ctx context.Context, events <-chan model.Event) error {
	left, err := l.waiting(ctx)
	if err != nil || left == 0 || l.setup.ReadOnly {
		return err
	}
	question := undelivered(left) + " Wait? No leaves "
	switch {
	case l.setup.Demo:
		question = undelivered(left) + " The demo leaves nothing behind. Wait?"
	case left == 1:
		question += "it in the outbox."
	default:
		question += "them in the outbox."
	}
	yes, err := l.asked.confirm(ctx, question, false)
	if err != nil || !yes {
		return err
	}
	for {
		now, err := l.waiting(ctx)
		switch {
		case err != nil:
			return err
		case now == 0:
			return nil
		case now != left:
			left = now
			l.print("%s", undelivered(left))
		}
		select {
		case ev, ok := <-events:
			if !ok {
				return nil
			}
			l.announce(ctx, ev)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func undelivered(n int) string {
	if n == 1 {
		return "1 edit is not delivered yet."
	}
	return theme.Count(n, "edit") + " are not delivered yet."
}

func (l *linear) waiting(ctx context.Context) (int, error) {
	entries, err := l.engine.Outbox(ctx)
	n := 0
	for _, x := range entries {
		if x.State.Waiting() && !x.Orphaned {
			n++
		}
	}
	return n, err
}
