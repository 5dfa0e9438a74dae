package ui

import (
	"context"
	"slices"
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
	// BeforeSuspend drains writes before ctrl+z stops the program, AfterResume runs when it goes on; nil for nothing.
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

// tab is a view with its own cursor, filter, order and count.
type tab struct {
	View
	kept   bool // here, not in the config
	filter string
	order  string // what follows sort:, "" for that of the query
	count  int    // -1 while it is not known
	at     model.Ref
	from   model.Ref // under the cursor when the filter was begun
}

// Model is the inbox. It is used by one goroutine, that of the program.
type Model struct {
	opts   Options
	be     Backend // nil on the welcome screen
	ctx    context.Context
	cancel context.CancelFunc
	cmds   []tea.Cmd // what this Update has begun

	keys     *keymap.Map
	handlers map[keymap.Action]handler
	typed    []string // keys of a sequence so far
	count    int

	th        *theme.Theme
	themeConf theme.Config

	w, h     int
	inDetail bool // a conversation fills the screen, else the list
	layers   []layer
	prompt   *prompt
	tabs     []tab
	tab      int
	notice   notice
	hits     []hit   // what was drawn where
	hitsOf   overlay // what covered the rest then, nil for nothing
	footer   []string

	list   list.List
	pages  pages
	counts reader
	near   nearby
	// asOf is when the rows were shown last, zero where they are of now.
	asOf time.Time
	// more says that the list goes on beyond its count; toEnd that the cursor goes to its end once that is known.
	more, toEnd bool
	indexed     bool      // a list was read whole
	swept       time.Time // the newest complete walk of an account that the rows tell of
	clearing    bool      // the filter goes once its result tells what the cursor stays on

	marking   *operation      // reads rows to mark, while it goes on
	deferred  []keymap.Action // the actions on them that were struck meanwhile
	hiddenGen int
	triages   []triageWork // shown and not written yet, the oldest first

	detail  detail.View
	details []model.Detail // read whole, the oldest first
	rest    int            // generation of the cursor's rest
	moving  bool           // the cursor has not rested since it moved
	moved   model.Ref      // the open conversation where news named it since the list was read
	follow  bool           // the open conversation becomes the one under the cursor once that is read
	hand    hand

	ops     []*operation // the oldest first
	last    *purpose     // what the repeat key does
	told    following
	ledger  *ledger
	doors   string // how the accounts did at the last announcement
	drafts  *drafts
	session session

	submitting int // submissions that are not on disk yet; the program does not end before they are
	undos      int // undo keys that are not carried out yet
	acts       int // what the undo key can take back

	leaving   bool             // to quit once nothing is submitting
	quitting  bool             // asked whether to quit
	waiting   *dialog.Progress // the deliveries that quitting waits for
	waitedFor int              // how many edits needed a person before that
	undecided int              // edits on their way that wait for a decision, read while leaving
	deciding  reader
	chosen    welcome.Choice
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
	if o.Layout == "" {
		o.Layout = layoutAuto
	}
	keys, problems := keymap.New(o.Keys)
	m := &Model{opts: o, be: o.Backend, keys: keys, handlers: handlers(), drafts: &drafts{},
		themeConf: theme.Config{Name: o.Theme, Themes: o.Themes, ASCII: o.ASCII}}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.th = theme.New(m.themeConf)
	if m.be != nil {
		m.keepWith(m.be)
	}
	if o.Welcome {
		m.be = nil
		m.open(layer{overlay: &welcome.Screen{Version: o.Version, ConfigPath: o.ConfigPath, HasConfig: o.HasConfig}, act: func(asks any) {
			if asks != nil {
				m.chosen, _ = asks.(welcome.Choice)
				m.do(tea.Quit)
			}
		}})
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
	m.here().filter = m.opts.InitialQuery
}

// Init starts reading.
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
		m.resume()
	}
	return m.begun()
}

// Chosen returns what was chosen on the welcome screen, for the program to begin.
func (m *Model) Chosen() welcome.Choice { return m.chosen }

// Close ends what the model has running. It is called when the program is over.
func (m *Model) Close() { m.cancel() }

func (m *Model) now() time.Time { return m.opts.Now() }

// say puts a line above the status line, until the next key.
func (m *Model) say(look theme.Token, text string) { m.notice = notice{text, look} }

func (m *Model) fail(what string, err error) {
	m.say(theme.Error, "could not "+what+": "+model.Words(err))
}

func (m *Model) here() *tab { return &m.tabs[m.tab] }

func (m *Model) query() (full string, problem error) {
	t := m.here()
	return combine(t.Query, t.filter, t.order)
}

func (m *Model) parsed() (query.Query, error) {
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

func (m *Model) account(name string) (a model.AccountState) {
	all := m.accounts()
	if i := slices.IndexFunc(all, func(a model.AccountState) bool { return a.Name == name }); i >= 0 {
		a = all[i]
	}
	return a
}

// Backend is what the screen needs of the engine. Update and View ask only for AccountReader, which
// are in memory; everything else may do I/O and is called inside a tea.Cmd.
type Backend interface {
	model.AccountReader
	model.Reader
	model.Planner
	model.Ledger

	// Opening returns what can be shown before List answers: the view as it was last, or the head of the list on disk.
	Opening(ctx context.Context, req model.ListRequest) (model.Page, error)
	// Counts returns the lengths of the lists of the tabs, in the inbox's sense.
	Counts(ctx context.Context, queries []string) ([]int, error)
	// Select returns a set of rows of a list, RefsOf the conversations of a set,
	// Hidden how many of a set a list does not hold.
	Select(ctx context.Context, req model.SelectRequest) (model.Selection, error)
	RefsOf(ctx context.Context, s model.Selection) ([]model.Ref, error)
	Hidden(ctx context.Context, req model.ListRequest, s model.Selection) (int, error)
	// Complete offers ways to go on with a query at a cursor, a byte offset.
	Complete(ctx context.Context, text string, cursor int) ([]query.Completion, error)
	// Nearest returns, for a filter that finds nothing in a view, the nearest query that does, and how much; "" for none.
	Nearest(ctx context.Context, view, filter string, inbox bool) (nearest string, found int, err error)
	Link(ctx context.Context, ref model.Ref, kind model.LinkKind) (string, error)

	OutboxOf(ctx context.Context, ref model.Ref) ([]model.OutboxEntry, error)
	// Undecided counts by account the edits on their way that wait for a decision on an earlier one.
	Undecided(ctx context.Context) (map[string]int, error)
	Withdraw(ctx context.Context, ids ...string) (n int, err error)

	// Triage is an act that can be taken back. Where it ends early, the act is what was done.
	Triage(ctx context.Context, refs []model.Ref, t model.TriageChange, progress func(done, total int)) error
	SaveDraft(ctx context.Context, key, text string) error
	Draft(ctx context.Context, key string) (string, error)
	// KeepSession keeps where a person is; LeftSession returns where the last process was that did not forget it.
	KeepSession(ctx context.Context, scope, text string) error
	LeftSession(ctx context.Context, scope string) (string, error)
}
