package ui

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/model/query"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/prompt"
	"confab/ui/theme"
)

// View is a saved query, shown as a tab.
type View struct{ Name, Query string }

// Keeper stores views beyond this run. Every method may do I/O.
type Keeper interface {
	Keep(name, query string) error
	Drop(name string) error
	// Written returns the stored views in the syntax of the config, "" if there are none.
	Written() (string, error)
}

// Options configures the inbox.
type Options struct {
	Backend Backend
	// Keys are the [keys] tables: sequences by context and action.
	Keys map[string]map[string][]string
	// Views are the tabs. Without any there is one, Inbox.
	Views []View
	// Kept are the views that Keeper stored, shown after Views. Keeper is nil where views can't be stored.
	Kept   []View
	Keeper Keeper
	// Theme is auto, dark, light, mono or a name of Themes.
	Theme  string
	Themes map[string]map[string]string
	// Layout is auto, right, bottom or off.
	Layout string
	ASCII  bool
	// ReadOnly is only displayed and given as the reason why keys are off: the engine enforces it.
	ReadOnly bool
	Demo     bool
	// SSH says that the terminal is at the far end of an SSH connection.
	SSH bool
	// InitialQuery is the filter at the start, InitialView the name of a tab.
	InitialQuery, InitialView string
	// Open opens an http(s) URL without a shell; nil where no browser can be opened.
	Open func(url string) error
	// Save writes a report and returns its path.
	Save func(name, text string) (path string, err error)
	// BeforeSuspend drains writes before ctrl+z stops the program; AfterResume runs when it continues. Both may be nil.
	BeforeSuspend func(context.Context) error
	AfterResume   func(context.Context)
	// Now is the clock. Every time is shown in its zone.
	Now func() time.Time
	// Background starts the work that can wait for the first rows; it may be nil.
	Background func()
	Version    string
	// Welcome shows the welcome screen instead of the inbox; HasConfig says that only an account is missing.
	Welcome, HasConfig bool
	ConfigPath         string
	// Notice is the first message. Greeting is shown if there is no other.
	Notice, Greeting string
}

// Model is the inbox. Only the goroutine of the program uses it.
type Model struct {
	*overlays
	handlers map[keymap.Action]handler
	prompt   *openPrompt
	hits     []hit   // the clickable areas of the last frame
	hitsOf   overlay // the overlay on top of that frame, nil for none
	footer   []string

	list      *listing
	marks     *marks
	detail    *conversation
	guard     *guard
	triage    *triage
	session   *session
	forms     *forms
	planning  *planning
	undo      *undo
	followed  *followed
	decisions *decisions
	outbox    *outboxView
	quit      *quitting
	chosen    dialog.Chosen

	accountErrors string         // the errors of all accounts at the last announcement
	asked         refreshRequest // the newest refresh that a key asked for
}

// New returns an inbox. It does no I/O.
func New(opts Options) *Model {
	if opts.Welcome {
		opts.Backend = nil
	}
	keys, problems := keymap.New(opts.Keys)
	l := &loop{opts: opts, be: opts.Backend, keys: keys, themeConf: theme.Config{Name: opts.Theme, Themes: opts.Themes, ASCII: opts.ASCII},
		screen: screen{layout: cmp.Or(opts.Layout, layoutAuto), ssh: opts.SSH}}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	o := &overlays{loop: l}
	saving := &triages{}
	rows := &listing{overlays: o, triages: saving, views: newViews(opts)}
	open := &conversation{overlays: o, list: rows}
	m := &Model{overlays: o, list: rows, detail: open, session: newSession(o, rows), marks: &marks{listing: rows},
		guard: &guard{overlays: o, list: rows, detail: open}, quit: &quitting{overlays: o}}
	m.followed = &followed{overlays: o}
	m.undo = &undo{overlays: o, followed: m.followed, quit: m.quit}
	m.decisions = &decisions{overlays: o, list: rows, detail: open, followed: m.followed}
	m.followed.decisions, m.followed.undo = m.decisions, m.undo
	m.outbox = &outboxView{overlays: o, decisions: m.decisions, undo: m.undo, quit: m.quit}
	m.planning = &planning{overlays: o, list: rows, followed: m.followed, undo: m.undo, quit: m.quit}
	m.triage = &triage{overlays: o, triages: saving, list: rows, detail: open, followed: m.followed, undo: m.undo, quit: m.quit}
	m.forms = &forms{m.planning}
	m.drafts = &drafts{save: m.session.store}
	rows.moved, rows.arrived, rows.nearer = open.previewAfterRest, m.pageArrived,
		func() { m.updatePrompt(m.prompt, prompt.Nearer{}) }
	m.marks.act, m.marks.noteMove = func(a keymap.Action) { m.run(m.intent(a)) }, m.guard.noteMove
	m.handlers = m.makeHandlers()
	m.th = theme.New(m.themeConf)
	if opts.Welcome {
		screen := &dialog.Welcome{Version: opts.Version, ConfigPath: opts.ConfigPath, HasConfig: opts.HasConfig}
		m.open(layer{overlay: screen, handle: func(asks any) {
			if asks != nil {
				m.chosen, _ = asks.(dialog.Chosen)
				m.do(tea.Quit)
			}
		}})
	}
	m.say(theme.Accent, opts.Greeting)
	if warning := cmp.Or(append([]string{opts.Notice}, problems...)...); warning != "" {
		m.say(theme.Warning, warning)
	}
	return m
}

// Init returns the commands that start reading.
func (m *Model) Init() tea.Cmd {
	if !slices.Contains([]string{"dark", "light", "mono"}, m.opts.Theme) {
		m.do(tea.RequestBackgroundColor)
	}
	if m.be != nil {
		m.do(func() tea.Msg {
			news, cancel := m.be.Subscribe()
			context.AfterFunc(m.ctx, cancel)
			return after(func() { m.waitForNews(news) })
		})
		m.session.resume(func() bool { return m.prompt != nil || m.covered() })
	}
	return m.takeCommands()
}

// Chosen returns what the person chose on the welcome screen.
func (m *Model) Chosen() dialog.Chosen { return m.chosen }

// Close cancels the commands that still run. Call it when the program has ended.
func (m *Model) Close() { m.cancel() }

// Update handles a message. It does no I/O.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.update(msg)
	if m.prompt == nil {
		m.openQueued()
	}
	m.list.readMissing()
	m.undo.next(m.prompt != nil)
	m.session.record()
	return m, m.takeCommands()
}

func (m *Model) update(msg tea.Msg) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.resize(msg.Width, msg.Height)
	case tea.KeyPressMsg:
		m.key(msg)
	case tea.PasteMsg:
		m.paste(msg)
	case tea.MouseClickMsg:
		m.click(msg.Mouse())
	case tea.MouseWheelMsg:
		m.wheel(msg.Mouse())
	case tea.BackgroundColorMsg:
		m.themeConf.Light = !msg.IsDark()
		m.th = theme.New(m.themeConf)
	case tea.ColorProfileMsg:
		m.themeConf.Sixteen = msg.Profile == colorprofile.ANSI
		m.themeConf.NoColor = msg.Profile == colorprofile.ASCII || msg.Profile == colorprofile.NoTTY
		m.th = theme.New(m.themeConf)
	case tea.ModeReportMsg:
		known := msg.Value == ansi.ModeSet || msg.Value == ansi.ModeReset || msg.Value == ansi.ModePermanentlySet
		if msg.Mode == ansi.ModeUnicodeCore && known && !m.th.Graphemes {
			// The terminal measures grapheme clusters, so what was placed rune by rune is drawn anew.
			m.themeConf.Graphemes = true
			m.th = theme.New(m.themeConf)
			m.do(tea.ClearScreen)
		}
	case tea.EnvMsg: // over SSH, the environment at the terminal's end
		if msg.Getenv("SSH_TTY") != "" || msg.Getenv("SSH_CONNECTION") != "" {
			m.ssh = true
			m.arrange()
		}
		if m.ssh {
			// Bubble Tea asks for these modes only outside SSH. Without synchronized output a slow link shows
			// half-drawn frames, and clusters must be drawn as wide as the terminal measures them.
			m.do(tea.Raw(ansi.RequestModeSynchronizedOutput + ansi.RequestModeUnicodeCore))
		}
	case tea.ResumeMsg:
		m.resumed()
	case after:
		msg()
	}
}

func (m *Model) resize(w, h int) {
	wider := m.w > 0 && w > m.w
	m.w, m.h = max(0, w), max(0, h)
	m.arrange()
	if m.previewShown() && m.detail.Ref() != m.list.Ref() {
		m.detail.previewAfterRest()
	}
	if wider {
		// The renderer does not know the new columns and would cut a wide character at the old edge.
		m.schedule(restTime, func() {
			if w == m.w {
				m.do(tea.ClearScreen)
			}
		})
	}
}

func (m *Model) resumed() {
	if m.th.Graphemes {
		// Bubble Tea still counts clusters after it has told the terminal to count runes.
		m.do(tea.Sequence(tea.Raw(ansi.SetModeUnicodeCore), tea.ClearScreen))
	}
	if resume := m.opts.AfterResume; resume != nil {
		ctx := m.ctx
		m.do(func() tea.Msg { resume(ctx); return nil })
	}
	if m.be != nil {
		m.list.reload(false)
		m.list.recount()
	}
}

// waitForNews waits for an announcement of the engine, which joins those that nobody has taken yet.
func (m *Model) waitForNews(ch <-chan model.Event) {
	m.do(func() tea.Msg {
		select {
		case e, open := <-ch:
			return after(func() {
				if open {
					m.waitForNews(ch)
					m.news(e)
				}
			})
		case <-m.ctx.Done():
			return nil
		}
	})
}

func (m *Model) news(e model.Event) {
	if swept := m.list.noteSwept(); swept || e.All || len(e.Refs) > 0 {
		m.list.reload(false)
	}
	if e.All || len(e.Refs) > 0 {
		m.list.recount()
	}
	m.outbox.news(e)
	m.followed.news(e)
	m.decisions.news(e)
	m.detail.news(e)
	m.rereadIfErrorsChanged()
	m.endRefreshing()
	m.quit.ifDelivered()
	m.quit.readUndecided()
}

// rereadIfErrorsChanged reads the submissions on screen again when an account begins or stops to
// fail, or is tried at another time: no announcement names the edits that wait for the account.
func (m *Model) rereadIfErrorsChanged() {
	var now strings.Builder
	for _, a := range m.accounts() {
		if a.Error != nil {
			fmt.Fprintf(&now, "%s %s %s %s\n", a.Name, a.Error.Kind, a.Error.Message, a.NextTry)
		}
	}
	if now.String() != m.accountErrors {
		m.accountErrors = now.String()
		m.followed.reread()
		m.outbox.reread()
	}
}

// pageArrived brings what rests on the list up to date with a new page.
func (m *Model) pageArrived(page arrival) {
	if page.resized {
		m.updatePrompt(m.prompt, prompt.Resized{})
	}
	if page.toEnd {
		m.guard.noteMove()
	}
	m.detail.pageArrived(page)
}

// Backend is the part of the engine that the screen uses. Update and View call only the methods
// of AccountReader, which answer from memory; the others may do I/O and are called inside a tea.Cmd.
type Backend interface {
	model.AccountReader
	model.Reader
	model.Planner
	model.Ledger

	// Opening returns the rows to show before List answers: the view as last shown, or the head of the list on disk.
	Opening(ctx context.Context, req model.ListRequest) (model.Page, error)
	// Counts returns how many conversations each query finds in the inbox, which leaves done, snoozed and archived ones out.
	Counts(ctx context.Context, queries []string) ([]int, error)
	// Select returns rows of a list as a set, RefsOf the conversations of a set,
	// and Hidden how many of a set a list does not contain.
	Select(ctx context.Context, req model.SelectRequest) (model.Selection, error)
	RefsOf(ctx context.Context, s model.Selection) ([]model.Ref, error)
	Hidden(ctx context.Context, req model.ListRequest, s model.Selection) (int, error)
	// Complete returns completions of a query at a cursor, given as a byte offset.
	Complete(ctx context.Context, text string, cursor int) ([]query.Completion, error)
	// Nearest returns, for a filter that finds nothing in a view, the nearest query that finds
	// something, and how many conversations; "" if there is none.
	Nearest(ctx context.Context, view, filter string, inbox bool) (nearest string, found int, err error)
	Link(ctx context.Context, ref model.Ref, kind model.LinkKind) (string, error)

	OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error)
	// Undecided counts, by account, the waiting edits that depend on a decision about an earlier edit.
	Undecided(ctx context.Context) (map[string]int, error)

	// Triage changes local marks as one act that can be undone. If it fails part-way, the act is the part that was done.
	Triage(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error
	SaveDraft(ctx context.Context, key, text string) error
	Draft(ctx context.Context, key string) (string, error)
	// KeepSession stores where the person is, or forgets it for ""; LeftSession returns the newest session not forgotten.
	KeepSession(ctx context.Context, scope, text string) error
	LeftSession(ctx context.Context, scope string) (string, error)
}
