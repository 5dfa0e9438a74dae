package ui

import (
	"cmp"
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"

	"confab/model"
	"confab/model/query"
	"confab/ui/detail"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/list"
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
	// Views are the tabs. Without any there are Inbox, one per account, and All.
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
	// Save writes a report and returns its path; nil where reports can't be saved.
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

// tab is a view with its own cursor, filter, order and count.
type tab struct {
	View
	kept   bool // by the Keeper, not in the config
	filter string
	order  string // the value of sort:, "" for the order of the query
	count  int    // -1 while unknown
	at     model.Ref
	from   model.Ref // the conversation under the cursor when filtering began
}

// Model is the inbox. Only the goroutine of the program uses it.
type Model struct {
	opts   Options
	be     Backend // nil on the welcome screen
	ctx    context.Context
	cancel context.CancelFunc
	cmds   []tea.Cmd // the commands that this Update starts

	keys     *keymap.Map
	handlers map[keymap.Action]handler
	typed    []string // the unfinished key sequence
	count    int

	th        *theme.Theme
	themeConf theme.Config

	w, h     int
	inDetail bool // an open conversation fills the screen instead of the list
	layers   []layer
	prompt   *prompt
	tabs     []tab
	tab      int
	notice   notice
	hits     []hit   // the clickable areas of the last frame
	hitsOf   overlay // the overlay on top of that frame, nil for none
	footer   []string

	list   list.List
	pages  pages
	counts reader
	near   nearestQuery
	// asOf is when the shown rows were current; zero for rows that were read in this run.
	asOf time.Time
	// more says that the list is longer than its count; toEnd that the cursor goes to its end once the end is known.
	more, toEnd bool
	indexed     bool      // List has answered at least once
	swept       time.Time // the newest complete walk of an account that the shown rows reflect
	clearing    bool      // the filter is cleared once its result shows which conversation the cursor stays on

	marking   *operation      // reads the rows to be marked
	deferred  []keymap.Action // typed while marking; they wait for the marks
	hiddenGen int
	triages   []pendingTriage // shown but not written yet, the oldest first

	detail       detail.View
	details      []model.Detail // conversations loaded whole, the oldest first
	restGen      int            // numbers the waits for the cursor to rest
	moving       bool           // the cursor has not rested since it moved
	staleDetail  model.Ref      // the open conversation, if news named it since the list was read
	openWhenRead bool           // open the conversation under the cursor once its row is read
	guard        guard

	ops           []*operation // the oldest first
	last          *planRequest // what the repeat key does
	followed      followed
	outboxView    *outboxView
	accountErrors string // the errors of all accounts at the last announcement
	drafts        *drafts
	session       session

	submitting   int // submissions not on disk yet; the program waits for them before it ends
	pendingUndos int // undo keys not carried out yet
	undoableActs int // acts that the undo key can take back

	leaving         bool             // quit once nothing is being submitted
	quitting        bool             // the quit dialog is open
	waiting         *dialog.Progress // shows the deliveries that quitting waits for
	waitedFor       int              // how many edits needed a person when that wait began
	undecided       int              // waiting edits that depend on a decision; read only while leaving
	undecidedReader reader
	chosen          dialog.Chosen
}

type notice struct {
	text string
	look theme.Token
}

// New returns an inbox. It does no I/O.
func New(o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Layout = cmp.Or(o.Layout, layoutAuto)
	keys, problems := keymap.New(o.Keys)
	m := &Model{opts: o, be: o.Backend, keys: keys, handlers: handlers(), drafts: &drafts{},
		themeConf: theme.Config{Name: o.Theme, Themes: o.Themes, ASCII: o.ASCII}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.th = theme.New(m.themeConf)
	if m.be != nil {
		m.setUpDrafts(m.be)
	}
	if o.Welcome {
		m.be = nil
		screen := &dialog.Welcome{Version: o.Version, ConfigPath: o.ConfigPath, HasConfig: o.HasConfig}
		m.open(layer{overlay: screen, handle: func(asks any) {
			if asks != nil {
				m.chosen, _ = asks.(dialog.Chosen)
				m.do(tea.Quit)
			}
		}})
	}
	m.makeTabs()
	m.say(theme.Accent, o.Greeting)
	if warning := cmp.Or(append([]string{o.Notice}, problems...)...); warning != "" {
		m.say(theme.Warning, warning)
	}
	return m
}

func (m *Model) makeTabs() {
	views, accounts := m.opts.Views, m.accounts()
	if len(views) == 0 {
		views = append(views, View{Name: "Inbox"})
		if len(accounts) > 1 {
			for _, a := range accounts {
				views = append(views, View{Name: a.Name, Query: "account:" + a.Name})
			}
		}
		views = append(views, View{Name: "All", Query: "is:any"})
	}
	for _, v := range views {
		m.tabs = append(m.tabs, tab{View: v, count: -1})
	}
	for _, v := range m.opts.Kept {
		if _, ok := m.viewNamed(v.Name); !ok {
			m.tabs = append(m.tabs, tab{View: v, kept: true, count: -1})
		}
	}
	if i, ok := m.viewNamed(m.opts.InitialView); ok {
		m.tab = i
	}
	m.currentTab().filter = m.opts.InitialQuery
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
		m.resumeSession()
	}
	return m.takeCommands()
}

// Chosen returns what the person chose on the welcome screen.
func (m *Model) Chosen() dialog.Chosen { return m.chosen }

// Close cancels the commands that still run. Call it when the program has ended.
func (m *Model) Close() { m.cancel() }

func (m *Model) now() time.Time { return m.opts.Now() }

// say shows a message above the status line until the next key.
func (m *Model) say(look theme.Token, text string) { m.notice = notice{text, look} }

func (m *Model) fail(what string, err error) {
	m.say(theme.Error, "could not "+what+": "+model.Words(err))
}

func (m *Model) currentTab() *tab { return &m.tabs[m.tab] }

func (m *Model) query() (full string, problem error) {
	t := m.currentTab()
	return combine(t.Query, t.filter, t.order)
}

func (m *Model) parsedQuery() (query.Query, error) {
	text, err := m.query()
	if err != nil {
		return query.Query{}, err
	}
	return query.Parse(text)
}

func (m *Model) accounts() []model.AccountState {
	if m.be == nil {
		return nil
	}
	return m.be.Accounts()
}

func (m *Model) account(name string) model.AccountState {
	for _, a := range m.accounts() {
		if a.Name == name {
			return a
		}
	}
	return model.AccountState{}
}

// Update handles a message. It does no I/O.
func (m *Model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	m.update(msg)
	m.openQueued()
	if _, _, missing := m.list.Window(); missing && !m.pages.busy && m.h > 0 && m.list.Loaded() {
		m.reload(false)
	}
	m.nextUndo()
	m.recordSession()
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
			m.opts.SSH = true
			m.arrange()
		}
		if m.opts.SSH {
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
		m.previewAfterRest()
	}
	if wider {
		// The renderer does not know the new columns and would cut a wide character at the old edge.
		m.schedule(restTime, func() {
			if w == m.w && h == m.h {
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
		m.reload(false)
		m.recount()
	}
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
	Withdraw(ctx context.Context, ids ...string) (n int, err error)

	// Triage changes local marks as one act that can be undone. If it fails part-way, the act is the part that was done.
	Triage(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error
	SaveDraft(ctx context.Context, key, text string) error
	Draft(ctx context.Context, key string) (string, error)
	// KeepSession stores where the person is, or forgets it for ""; LeftSession returns the newest session not forgotten.
	KeepSession(ctx context.Context, scope, text string) error
	LeftSession(ctx context.Context, scope string) (string, error)
}
