package ui

import (
	"context"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/model/query"
	"confab/ui/detail"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/list"
	"confab/ui/theme"
	"confab/ui/welcome"
)

// View is a saved query, shown as a tab.
type View struct{ Name, Query string }

// Options is everything the inbox is made of.
type Options struct {
	Backend Backend
	// Keys are the [keys] tables: sequences by context and action.
	Keys map[string]map[string][]string
	// Views are the tabs; none gives Inbox, one per account, and All.
	Views []View
	// Theme is auto, dark, light, mono or a name of Themes.
	Theme  string
	Themes map[string]map[string]string
	// Layout is auto, right, bottom or off.
	Layout string
	ASCII  bool
	// ReadOnly says that the whole program is. The engine enforces it; here it
	// is shown and gives the reason why keys are off.
	ReadOnly bool
	// Demo says that the accounts are the sandbox.
	Demo bool
	// SSH says that the terminal is at the other end of a link.
	SSH bool
	// InitialQuery is the filter at the start, InitialView the name of a tab.
	InitialQuery, InitialView string
	// Open opens an http(s) URL, without a shell. Nil says that nothing can.
	Open func(url string) error
	// Save writes a report and gives its path. Nil leaves reports out.
	Save func(name, text string) (path string, err error)
	// BeforeSuspend runs before the program stops on ctrl+z, such as draining
	// writes; AfterResume when it goes on. Both may be nil and may do I/O.
	BeforeSuspend func(context.Context) error
	AfterResume   func(context.Context)
	// Now is the clock; its zone is the zone of every time shown.
	Now func() time.Time
	// Background runs once the first rows are on screen, to begin what can wait for
	// them. It may be nil.
	Background func()
	// Version is shown in help.
	Version string
	// Welcome shows the welcome screen in place of the inbox; ConfigPath is
	// where a config would be, Services are those that it may have accounts of.
	Welcome    bool
	ConfigPath string
	Services   []welcome.Service
	// Notice is a line to start with, such as what is wrong with a key.
	Notice string
}

// screen is what fills the terminal under the overlays.
type screen int

const (
	screenList screen = iota
	screenDetail
	screenWelcome
)

// tab is a view with its own cursor, filter and count.
type tab struct {
	View
	filter string
	count  int // -1 while it is not known
	at     model.Ref
	// from is what was under the cursor when the filter was begun.
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
	// marking says that all of a view is being marked; deferred are the actions
	// that were asked for meanwhile, and that are about those marks.
	marking  bool
	deferred []keymap.Action
	// hiddenGen is the generation of the count of hidden marks.
	hiddenGen int

	// asOf is when what is on screen was shown last, zero where it is of now.
	asOf time.Time
	// more says that the list goes on beyond what is counted so far; toEnd that its
	// end was asked for meanwhile.
	more, toEnd bool
	// indexed says that a list was read whole: until then a view is shown as it was
	// last.
	indexed bool
	// words are what completion offers, read when a prompt opens.
	words query.Vocabulary
	// swept is when the accounts were last walked whole, as far as the rows on
	// screen were read after it.
	swept time.Time

	pages  pages
	counts reader
	// triages are the changes of local marks that are shown and not written yet.
	triages []triageWork
	// clearing says that the filter is to go once its result is there: only
	// then is it known what the cursor stays on.
	clearing bool

	detail  detail.View
	details detailCache
	rest    int // generation of the cursor's rest
	// moved is what the detail view shows where an announcement named it since the
	// list was read.
	moved model.Ref
	// follow says that the open conversation is to become the one under the
	// cursor once that has been read.
	follow bool

	ops []*operation // the oldest first

	last   *lastEdit
	told   following
	ledger *ledger
	doors  string // how the accounts did at the last announcement
	notice notice
	drafts *drafts

	// submitting counts submissions that are not on disk yet: nothing leaves
	// before they are.
	submitting int
	// undos counts how often the undo key was struck and not carried out yet.
	undos    int
	leaving  bool // to quit once nothing is submitting
	quitting bool // asked whether to quit
	// waiting shows how far the deliveries are that quitting waits for, nil for none;
	// waitedFor is how many edits needed a person when that began.
	waiting   *dialog.Progress
	waitedFor int
	// undecided counts, while the person is leaving, the edits that wait for a
	// decision; it is read as deciding says.
	undecided int
	deciding  reader
	wantDemo  bool
	mouse     hitAreas
	hand      hand
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
	m := &Model{opts: o, be: o.Backend, facts: o.Backend, layout: o.Layout,
		drafts: &drafts{be: o.Backend, kept: map[string]*draft{}}}
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
		m.screen = screenWelcome
	}
	m.makeTabs()
	switch {
	case o.Notice != "":
		m.say(theme.Warning, o.Notice)
	case len(problems) > 0:
		m.say(theme.Warning, problems[0].String())
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
	for i, v := range views {
		m.tabs = append(m.tabs, tab{View: v, count: -1})
		if v.Name == m.opts.InitialView {
			m.tab = i
		}
	}
	m.tabs[m.tab].filter = m.opts.InitialQuery
	for _, a := range accounts {
		m.accountWidth = max(m.accountWidth, m.th.Width(a.Name))
	}
}

// Init starts reading.
func (m *Model) Init() tea.Cmd {
	var cmds []tea.Cmd
	if m.opts.Theme == "" || m.opts.Theme == "auto" {
		if !m.opts.SSH {
			cmds = append(cmds, tea.RequestBackgroundColor)
		}
	}
	if m.opts.Welcome || m.be == nil {
		return tea.Batch(cmds...)
	}
	return tea.Batch(append(cmds, m.subscribe(), m.start())...)
}

// WantsDemo reports whether the person asked for the demo on the welcome
// screen; the program that ran the model then starts it.
func (m *Model) WantsDemo() bool { return m.wantDemo }

// Close ends what the model has running. It is called when the program is over.
func (m *Model) Close() {
	m.cancel()
	m.events.close()
}

func (m *Model) now() time.Time { return m.opts.Now() }

// say puts a line above the status line, until the next key.
func (m *Model) say(look theme.Token, text string) { m.notice = notice{text, look} }

func (m *Model) query() (full string, problem error) {
	t := m.tabs[m.tab]
	return combine(t.Query, t.filter)
}
