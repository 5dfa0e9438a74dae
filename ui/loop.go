package ui

import (
	"cmp"
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/keymap"
	"confab/ui/theme"
)

const (
	// restTime is how long the cursor or the typing must rest before the preview or the
	// completions follow, so that a held key costs no reads.
	restTime = 120 * time.Millisecond
	// messagesTime is how long a conversation is previewed before its messages are read.
	messagesTime = 700 * time.Millisecond
	// newsTime is the least time between two reads that news cause.
	newsTime = 150 * time.Millisecond
	// progressTime is how long an operation runs before its progress is shown, and how often it is shown anew.
	progressTime = 250 * time.Millisecond
	draftTime    = 400 * time.Millisecond
	lookupTime   = 150 * time.Millisecond
	// historyLimit is the length of a page of the history, in submissions.
	historyLimit = 200
	// openingRows is the least number of rows read for the first frame, whose height may not be known yet.
	openingRows   = 100
	activityLimit = 50
)

// after is the message that every command of the inbox returns: Update calls it.
type after func()

// loop is what every part of the inbox needs of the event loop: commands and their results, the clock, the
// message line, and what does not change while the program runs.
type loop struct {
	screen
	opts   Options
	be     Backend // nil on the welcome screen
	keys   *keymap.Map
	ctx    context.Context
	cancel context.CancelFunc
	cmds   []tea.Cmd // the commands that this Update starts

	th        *theme.Theme
	themeConf theme.Config
	notice    notice
	typed     []string // the unfinished key sequence
	count     int
	// submitting counts the submissions that are not on disk yet: the program waits for them before it ends.
	submitting int
}

// notice is the message above the status line.
type notice struct {
	text string
	look theme.Token
}

// do has Update return a command.
func (l *loop) do(cmd tea.Cmd) { l.cmds = append(l.cmds, cmd) }

func (l *loop) takeCommands() tea.Cmd {
	cmds := l.cmds
	l.cmds = nil
	return tea.Batch(cmds...)
}

// typedKey adds a key to the sequence, and returns the sequence with what it means. Unless more keys may follow, the
// sequence and the count end.
func (l *loop) typedKey(name string) (typed []string, b keymap.Binding, r keymap.Result) {
	typed = append(l.typed, name)
	if b, r = l.keys.Lookup(l.contexts(), typed); r == keymap.Prefix {
		l.typed = typed
	} else {
		l.typed, l.count = nil, 0
	}
	return typed, b, r
}

func (l *loop) now() time.Time { return l.opts.Now() }

// keyFor names the key of an action, or the command that does the same if it has none.
func (l *loop) keyFor(c keymap.Context, a keymap.Action) string {
	return cmp.Or(l.keys.KeyOf(c, a), ":"+string(a))
}

// say shows a message above the status line until the next key.
func (l *loop) say(look theme.Token, text string) { l.notice = notice{text, look} }

func (l *loop) fail(what string, err error) {
	l.say(theme.Error, "could not "+what+": "+model.Words(err))
}

func (l *loop) accounts() []model.AccountState {
	if l.be == nil {
		return nil
	}
	return l.be.Accounts()
}

func (l *loop) account(name string) model.AccountState {
	for _, a := range l.accounts() {
		if a.Name == name {
			return a
		}
	}
	return model.AccountState{}
}

func (l *loop) schedule(d time.Duration, do func()) {
	l.do(tea.Tick(d, func(time.Time) tea.Msg { return after(do) }))
}

// debounce schedules do, unless gen has changed by then: another call with the same gen cancels this one.
func (l *loop) debounce(gen *int, d time.Duration, do func()) {
	*gen++
	now := *gen
	l.schedule(d, func() {
		if now == *gen {
			do()
		}
	})
}

// read runs get in a command, and passes its result to take in Update.
func read[T any](l *loop, get func(context.Context) (T, error), take func(T, error)) {
	ctx := l.ctx
	l.do(func() tea.Msg {
		v, err := get(ctx)
		return after(func() { take(v, err) })
	})
}

// bind returns a method of Backend with its arguments bound, for read.
func bind[A, T any](call func(context.Context, A) (T, error), a A) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return call(ctx, a) }
}

func bind2[A, B, T any](call func(context.Context, A, B) (T, error), a A, b B) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return call(ctx, a, b) }
}

// fetch is read with errors shown as "could not" what.
func fetch[T any](l *loop, what string, get func(context.Context) (T, error), take func(T)) {
	read(l, get, func(v T, err error) {
		if err != nil {
			l.fail(what, err)
		} else {
			take(v)
		}
	})
}

// try is fetch for an action without a result.
func (l *loop) try(what string, do func(context.Context) error, then func()) {
	fetch(l, what, func(ctx context.Context) (struct{}, error) { return struct{}{}, do(ctx) }, func(struct{}) { then() })
}

// reader allows one read at a time. A read asked for meanwhile comes after it.
type reader struct {
	busy, again bool
	began       time.Time
}

func (r *reader) begin() bool {
	if r.busy {
		r.again = true
		return false
	}
	*r = reader{busy: true, began: time.Now()}
	return true
}

// ended schedules the read that was asked for meanwhile, after four times the duration of the last one,
// and reports whether there was one.
func (l *loop) ended(r *reader, again func()) bool {
	r.busy = false
	if r.again {
		l.schedule(max(newsTime, 4*time.Since(r.began)), again)
	}
	return r.again
}
