package ui

import (
	"context"
	"slices"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/detail"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/list"
	"confab/ui/theme"
	"confab/ui/welcome"
)

// View is a saved query, shown as a tab.
type View struct{ Name, Query string }

// Keeper keeps views beyond this run. All of it is I/O.
type Keeper interface {
	Keep(name, query string) error
	Drop(name string) error
	// Written returns what is kept as the config would hold it, "" for nothing.
	Written() (string, error)
}

// Options is everything the inbox is made of.
type Options struct {
	Backend Backend
	// Keys are the [keys] tables: sequences by context and action.
	Keys map[string]map[string][]string
	// Views are the tabs; none gives Inbox, one per account, and All.
	Views []View
	// Kept are the views that were kept here, shown after Views. Keeper is nil where none can be kept.
	Kept   []View
	Keeper Keeper
	// Theme is auto, dark, light, mono or a name of Themes.
	Theme  string
	Themes map[string]map[string]string
	// Layout is auto, right, bottom or off.
	Layout string
	ASCII  bool
	// ReadOnly is shown, and the reason why keys are off; the engine enforces it.
	ReadOnly bool
	Demo     bool
	// SSH says that the terminal is at the other end of a link.
	SSH bool
	// InitialQuery is the filter at the start, InitialView the name of a tab.
	InitialQuery, InitialView string
	// Open opens an http(s) URL without a shell; nil where nothing can.
	Open func(url string) error
	// Save writes a report and returns its path; nil leaves reports out.
	Save func(name, text string) (path string, err error)
	// BeforeSuspend drains writes before the program stops on ctrl+z, AfterResume runs
	// when it goes on. Both may be nil and may do I/O.
	BeforeSuspend func(context.Context) error
	AfterResume   func(context.Context)
	// Now is the clock; its zone is the zone of every time shown.
	Now func() time.Time
	// Background begins what can wait for the first rows; it may be nil.
	Background func()
	Version    string
	// Welcome shows the welcome screen in place of the inbox; HasConfig says that only an account is missing.
	Welcome, HasConfig bool
	ConfigPath         string
	// Notice is the first message; Greeting is said where there is none.
	Notice, Greeting string
}

// screen is what fills the terminal under the overlays.
type screen int

const (
	screenList screen = iota
	screenDetail
)

// tab is a view with its own cursor, filter, order and count.
type tab struct {
	View
	kept   bool // here, not in the config
	filter string
	order  string // what follows sort:, "" for that of the query
	count  int    // -1 while it is not known
	at     model.Ref
	// from was under the cursor when the filter was begun.
	from model.Ref
}

// Model is the inbox. It is used by one goroutine, that of the program.
type Model struct {
	opts  Options
	facts Facts
	be    Backend

	ctx    context.Context
	cancel context.CancelFunc
	events subscription

	keys     *keymap.Map
	handlers map[keymap.Action]handler
	typed    []string // keys of a sequence so far
	count    int

	th           *theme.Theme
	themeConf    theme.Config
	layout       string
	accountWidth int // of the longest name

	w, h   int
	screen screen
	layers []layer
	prompt *prompt

	tabs []tab
	tab  int

	list list.List
	// marking says that rows to mark are being read; deferred are the actions on them that
	// were struck meanwhile.
	marking   bool
	deferred  []keymap.Action
	hiddenGen int

	// asOf is when the rows were shown last, zero where they are of now.
	asOf time.Time
	// more says that the list goes on beyond its count; toEnd that the cursor goes to its
	// end once that is known.
	more, toEnd bool
	// indexed says that a list was read whole.
	indexed bool
	near    nearby
	// swept is the newest complete walk of an account that the rows on screen tell of.
	swept time.Time

	pages  pages
	counts reader
	// triages are the changes of local marks that are shown and not written yet, the
	// oldest first.
	triages []triageWork
	// clearing says that the filter goes once its result is there, which tells what the
	// cursor stays on.
	clearing bool

	detail  detail.View
	details detailCache
	rest    int // generation of the cursor's rest
	// moved is the open conversation where news named it since the list was read.
	moved model.Ref
	// follow says that the open conversation becomes the one under the cursor once that is
	// read.
	follow bool

	ops []*operation // the oldest first

	last   *purpose
	told   following
	ledger *ledger
	doors  string // how the accounts did at the last announcement
	notice notice
	drafts *drafts
	// session is where the person is.
	session session

	// submitting counts submissions that are not on disk yet. The program does not end
	// before they are.
	submitting int
	// undos counts undo keys that are not carried out yet.
	undos    int
	leaving  bool // to quit once nothing is submitting
	quitting bool // asked whether to quit
	// waiting shows the deliveries that quitting waits for; waitedFor is how many edits
	// needed a person before.
	waiting   *dialog.Progress
	waitedFor int
	// undecided counts the edits on their way that wait for a decision, while the person
	// is leaving.
	undecided int
	deciding  reader
	chosen    welcome.Choice
	mouse     hitAreas
	hand      hand
	// moving says that the cursor has not rested since it moved, footer is what the
	// last line but one names.
	moving bool
	footer []string
	// acts counts what the undo key can take back.
	acts int
}

type notice struct {
	text string
	look theme.Token
}

// New makes the inbox. It does no I/O.
func New(o Options) *Model {
	if o.Now == nil {
		o.Now = time.Now
	}
	m := &Model{opts: o, be: o.Backend, facts: o.Backend, layout: o.Layout, drafts: &drafts{kept: map[string]draft{}}, session: newSession(o)}
	if o.Backend != nil {
		m.drafts.save = o.Backend.SaveDraft
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	keys, problems := keymap.New(o.Keys)
	m.keys = keys
	m.handlers = handlers()
	m.themeConf = theme.Config{Name: o.Theme, Themes: o.Themes, ASCII: o.ASCII}
	m.th = theme.New(m.themeConf)
	if m.layout == "" {
		m.layout = layoutAuto
	}
	if o.Welcome {
		m.facts, m.be = nil, nil
		m.openWelcome()
	}
	m.makeTabs()
	switch {
	case o.Notice != "":
		m.say(theme.Warning, o.Notice)
	case len(problems) > 0:
		m.say(theme.Warning, problems[0])
	case o.Greeting != "":
		m.say(theme.Accent, o.Greeting)
	}
	return m
}

func (m *Model) makeTabs() {
	views := m.opts.Views
	var accounts []model.AccountState
	if m.facts != nil {
		accounts = m.facts.Accounts()
	}
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
	m.tabs[m.tab].filter = m.opts.InitialQuery
	for _, a := range accounts {
		m.accountWidth = max(m.accountWidth, m.th.Width(a.Name))
	}
}

// Init starts reading.
func (m *Model) Init() tea.Cmd {
	var cmds []tea.Cmd
	if !slices.Contains([]string{"dark", "light", "mono"}, m.opts.Theme) {
		cmds = append(cmds, tea.RequestBackgroundColor)
	}
	if m.be == nil {
		return tea.Batch(cmds...)
	}
	return tea.Batch(append(cmds, m.subscribe(), m.resume())...)
}

// Chosen tells what the person asked for on the welcome screen, which the program
// that ran the model then begins.
func (m *Model) Chosen() welcome.Choice { return m.chosen }

// Close ends what the model has running. It is called when the program is over.
func (m *Model) Close() {
	m.cancel()
	m.events.close()
}

func (m *Model) now() time.Time { return m.opts.Now() }

// say puts a line above the status line, until the next key. There is no command in
// that, so that a handler may end with it.
func (m *Model) say(look theme.Token, text string) tea.Cmd {
	m.notice = notice{text, look}
	return nil
}

func (m *Model) query() (full string, problem error) {
	t := m.tabs[m.tab]
	return combine(t.Query, t.filter, t.order)
}
