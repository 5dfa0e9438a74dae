package keymap

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// Context is a part of the program with key bindings of its own.
type Context string

// The contexts. A screen looks a key up in its own context first, then in those of the screens below it, and in Global
// last. A screen that takes typed text leaves Global out.
const (
	Global  Context = "global"
	List    Context = "list"
	Detail  Context = "detail"
	People  Context = "people"
	Form    Context = "form"
	Dialog  Context = "dialog"
	Plan    Context = "plan"
	Results Context = "results"
	Outbox  Context = "outbox"
	Pager   Context = "pager"
)

// Contexts lists the contexts in the order of the help screen.
func Contexts() []Context {
	return []Context{List, Detail, Global, People, Form, Dialog, Plan, Results, Outbox, Pager}
}

// dialogs are the dialogs that have a context of their own above Dialog. Keys that the config sets for Dialog apply in
// them too.
var dialogs = []Context{Plan, Results}

// Action is what a key does. Its text is the name under which the config binds keys to it.
type Action string

// The actions.
const (
	Quit          Action = "quit"
	Interrupt     Action = "interrupt"
	Back          Action = "back"
	Suspend       Action = "suspend"
	Redraw        Action = "redraw"
	Help          Action = "help"
	Palette       Action = "palette"
	CommandLine   Action = "command_line"
	OutboxScreen  Action = "outbox"
	Refresh       Action = "refresh"
	CyclePreview  Action = "cycle_preview"
	NextView      Action = "next_view"
	PreviousView  Action = "previous_view"
	Down          Action = "down"
	Up            Action = "up"
	Top           Action = "top"
	Bottom        Action = "bottom"
	HalfDown      Action = "half_page_down"
	HalfUp        Action = "half_page_up"
	PageDown      Action = "page_down"
	PageUp        Action = "page_up"
	Open          Action = "open"
	NextTab       Action = "next_tab"
	PreviousTab   Action = "previous_tab"
	NextItem      Action = "next_conversation"
	PreviousItem  Action = "previous_conversation"
	Filter        Action = "filter"
	Search        Action = "search"
	SearchNext    Action = "search_next"
	SearchPrev    Action = "search_previous"
	Sort          Action = "sort"
	ViewNamed     Action = "view"
	Unview        Action = "unview"
	Mark          Action = "mark"
	MarkRange     Action = "mark_range"
	MarkAll       Action = "mark_all"
	ClearMarks    Action = "clear_marks"
	TogglePrivacy Action = "toggle_privacy"
	MakePrivate   Action = "make_private"
	MakePublic    Action = "make_public"
	Rename        Action = "rename"
	Describe      Action = "edit_description"
	Participants  Action = "edit_participants"
	Contacts      Action = "edit_contacts"
	ToggleStatus  Action = "toggle_status"
	Close         Action = "close"
	Reopen        Action = "reopen"
	Access        Action = "edit_access"
	DefaultRole   Action = "edit_default_role"
	Labels        Action = "edit_labels"
	Attributes    Action = "edit_attributes"
	EditForm      Action = "edit"
	Archive       Action = "archive"
	Delete        Action = "delete"
	NewItem       Action = "new"
	Repeat        Action = "repeat"
	Undo          Action = "undo"
	Settle        Action = "settle"
	Resolve       Action = "resolve"
	Retry         Action = "retry"
	RetryFailed   Action = "retry_failed"
	Discard       Action = "discard"
	Done          Action = "done"
	Snooze        Action = "snooze"
	Pin           Action = "pin"
	Seen          Action = "toggle_seen"
	CopyRef       Action = "copy_ref"
	CopyLink      Action = "copy_link"
	CopyTitle     Action = "copy_title"
	CopyMarkdown  Action = "copy_markdown"
	CopyEmails    Action = "copy_emails"
	Copy          Action = "copy"
	Browser       Action = "open_browser"
	Recording     Action = "open_recording"
	LoadMore      Action = "reload_conversation"
	Submit        Action = "submit"
	NextField     Action = "next_field"
	PreviousField Action = "previous_field"
	ChoiceNext    Action = "choice_next"
	ChoicePrev    Action = "choice_previous"
	Accept        Action = "accept"
	Yes           Action = "yes"
	No            Action = "no"
	Mine          Action = "take_mine"
	Theirs        Action = "take_theirs"
	Merged        Action = "take_merged"
	Stop          Action = "stop"
	SaveReport    Action = "save_report"
	Hide          Action = "hide"
	LeaveHidden   Action = "leave_hidden_out"
	LeaveOut      Action = "leave_out"
	OpenLine      Action = "open_line"
	CloseLine     Action = "close_line"
	AddPerson     Action = "add_person"
	AddToOthers   Action = "add_to_others"
	RemovePerson  Action = "remove_person"
	RoleNext      Action = "role_next"
	RolePrev      Action = "role_previous"
	RevertPerson  Action = "revert_person"
	NextSection   Action = "next_section"
	UndoEntry     Action = "undo_entry"
)

// Binding gives an action its keys in one context.
type Binding struct {
	Context Context
	Action  Action
	Keys    []string // sequences as ParseKey returns them
	Help    string   // one line that starts with a verb
	Section string   // the heading on the help screen
}

//go:embed keys.txt
var keys string

// table holds the default bindings in the order of the help screen.
var table = readTable(keys)

var columnGap = regexp.MustCompile(` {2,}`)

func readTable(text string) (all []Binding) {
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		fields := columnGap.Split(line, 4)
		switch {
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case section != "" && len(fields) == 4:
			b := Binding{Context: Context(fields[0]), Action: Action(fields[1]), Help: fields[3], Section: section}
			if fields[2] != "-" {
				b.Keys = strings.Split(fields[2], ",")
			}
			all = append(all, b)
		}
	}
	return all
}

// Actions lists the names of the actions that the config may bind, by context. Those of the plan and of the results can
// be bound under Dialog too.
func Actions() map[string][]string {
	out := map[string][]string{}
	add := func(c Context, a Action) {
		if names := out[string(c)]; !slices.Contains(names, string(a)) {
			out[string(c)] = append(names, string(a))
		}
	}
	for _, b := range table {
		add(b.Context, b.Action)
		if slices.Contains(dialogs, b.Context) {
			add(Dialog, b.Action)
		}
	}
	return out
}

// Words returns the name of an action as it is written in a sentence: "make private".
func (a Action) Words() string { return strings.ReplaceAll(string(a), "_", " ") }
