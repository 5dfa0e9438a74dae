package keymap

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
)

// Context is a place where keys mean something of their own.
type Context string

// The contexts. A screen looks its keys up in its own context first, then in
// those below it; Global comes last everywhere but where text is typed.
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

// Contexts lists them in the order of the help screen.
func Contexts() []Context {
	return []Context{List, Detail, Global, People, Form, Dialog, Plan, Results, Outbox, Pager}
}

// special are the dialogs with a context of their own above Dialog. What the person
// set for dialogs holds in them, too.
var special = []Context{Plan, Results}

// Action names what a key does.
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

// Binding is a row of the table.
type Binding struct {
	Context Context
	Action  Action
	// Keys are sequences, normalized: {"g", "g"}.
	Keys [][]string
	// Help is one line that starts with a verb.
	Help string
	// Section groups rows of the help screen.
	Section string
}

// The sections of what everybody does by its key.
const (
	SectionMove = "Move"
	SectionLook = "Look"
)

//go:embed keys.txt
var keys string

// table holds the defaults in the order of help.
var table = defaults(keys)

func defaults(text string) (all []Binding) {
	section := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		fields := columns.Split(line, 4)
		switch {
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		case section != "" && len(fields) == 4:
			b := Binding{Context: Context(fields[0]), Action: Action(fields[1]), Help: fields[3], Section: section}
			if fields[2] != "-" {
				for sequence := range strings.SplitSeq(fields[2], ",") {
					b.Keys = append(b.Keys, strings.Fields(sequence))
				}
			}
			all = append(all, b)
		}
	}
	return all
}

var columns = regexp.MustCompile(` {2,}`)

// Actions lists the bindable action names of every context. Those of the special
// dialogs can be bound for dialogs at large, too.
func Actions() map[string][]string {
	out := map[string][]string{}
	add := func(c Context, a Action) {
		if names := out[string(c)]; !slices.Contains(names, string(a)) {
			out[string(c)] = append(names, string(a))
		}
	}
	for _, b := range table {
		add(b.Context, b.Action)
		if slices.Contains(special, b.Context) {
			add(Dialog, b.Action)
		}
	}
	return out
}

// Words writes an action as it is said: "make private".
func (a Action) Words() string { return strings.ReplaceAll(string(a), "_", " ") }
