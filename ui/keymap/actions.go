package keymap

import (
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
	View1         Action = "view_1"
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

type row struct {
	context Context
	action  Action
	keys    string // comma separated sequences
	help    string
	section string
}

// The sections of what everybody does by its key.
const (
	SectionMove = "Move"
	SectionLook = "Look"
)

const (
	secMove    = SectionMove
	secLook    = SectionLook
	secFind    = "Find"
	secSelect  = "Select"
	secAct     = "Act"
	secTriage  = "Triage (local, never sent)"
	secCarry   = "Carry out"
	secPeople  = "People and contacts"
	secForm    = "Forms"
	secDialog  = "Dialogs"
	secPlan    = "The plan"
	secResults = "The results"
	secOutbox  = "Outbox and history"
	secPager   = "Help and text"
)

// table holds the defaults in the order of help.
var table = []row{
	{List, Down, "j,down", "next conversation", secMove},
	{List, Up, "k,up", "previous conversation", secMove},
	{List, Top, "g g,home", "first conversation", secMove},
	{List, Bottom, "G,end", "last conversation", secMove},
	{List, HalfDown, "ctrl+d", "half a page down", secMove},
	{List, HalfUp, "ctrl+u", "half a page up", secMove},
	{List, PageDown, "ctrl+f,pgdown", "a page down", secMove},
	{List, PageUp, "ctrl+b,pgup", "a page up", secMove},

	{List, Open, "enter,l,right", "open the conversation", secLook},
	{Global, Back, "esc", "back: prompt, range, marks, filter, screen, in that order", secLook},
	{List, Back, "h,left", "back", secLook},
	{List, CyclePreview, "v", "preview right, bottom, off", secLook},
	{List, NextView, "tab", "next view", secLook},
	{List, PreviousView, "shift+tab", "previous view", secLook},
	{List, "view_1", "alt+1,g 1", "view 1", secLook},
	{List, "view_2", "alt+2,g 2", "view 2", secLook},
	{List, "view_3", "alt+3,g 3", "view 3", secLook},
	{List, "view_4", "alt+4,g 4", "view 4", secLook},
	{List, "view_5", "alt+5,g 5", "view 5", secLook},
	{List, "view_6", "alt+6,g 6", "view 6", secLook},
	{List, "view_7", "alt+7,g 7", "view 7", secLook},
	{List, "view_8", "alt+8,g 8", "view 8", secLook},
	{List, "view_9", "alt+9,g 9", "view 9", secLook},
	{List, NextTab, "]", "next tab of the conversation", secLook},
	{List, PreviousTab, "[", "previous tab of the conversation", secLook},
	{List, NextItem, "J", "next conversation, also while one is open", secLook},
	{List, PreviousItem, "K", "previous conversation, also while one is open", secLook},
	{List, LoadMore, "", "read the conversation from its service again", secLook},

	{List, Filter, "/", "filter as you type, in the query language; up brings back earlier ones", secFind},
	{List, Sort, "S", "sort by another order; the same again reverses it", secFind},
	{List, ViewNamed, "", ":view NAME goes to a view, or keeps the filter and order as a new one; alone shows all", secFind},
	{List, Unview, "", ":unview NAME removes a view that was kept here", secFind},
	{Global, CommandLine, ":", "command line, with completion; up brings back what was typed before", secFind},
	{Global, Palette, "ctrl+p", "palette: every action, its key, and why it is off", secFind},

	{List, Mark, "space", "mark or unmark", secSelect},
	{List, MarkRange, "V", "mark a range: move, then act or press again", secSelect},
	{List, MarkAll, "*", "mark all in this view", secSelect},
	{List, ClearMarks, "", "clear all marks", secSelect},

	{List, TogglePrivacy, "p", "toggle privacy (several: make all private)", secAct},
	{List, MakePrivate, "", "make private", secAct},
	{List, MakePublic, "", "make public, after showing who will see it", secAct},
	{List, Rename, "t", "rename", secAct},
	{List, Participants, "P", "people and their roles", secAct},
	{List, Contacts, "c", "contacts", secAct},
	{List, ToggleStatus, "s", "close or reopen (several: close all)", secAct},
	{List, Close, "", "close", secAct},
	{List, Reopen, "", "reopen", secAct},
	{List, EditForm, "e", "edit everything in a form", secAct},
	{List, Describe, "", "edit the description", secAct},
	{List, Access, "", "change who has access", secAct},
	{List, DefaultRole, "", "change the default role", secAct},
	{List, Labels, "", "edit labels", secAct},
	{List, Attributes, "", "edit attributes", secAct},
	{List, Archive, "A", "archive", secAct},
	{List, Delete, "D", "delete", secAct},
	{List, NewItem, "N", "new conversation", secAct},
	{List, Repeat, ".", "repeat the last edit here", secAct},
	{List, Undo, "u", "take back this session's newest act", secAct},
	{List, Settle, "!", "settle what needs you here, else on the next such row", secAct},
	{List, RetryFailed, "", "retry every edit that failed", secAct},

	{List, Done, "d", "done", secTriage},
	{List, Snooze, "z", "snooze", secTriage},
	{List, Pin, "b", "pin", secTriage},
	{List, Seen, "U", "seen or unseen", secTriage},

	{List, CopyRef, "y", "copy the ref", secCarry},
	{List, CopyLink, "Y", "copy the link", secCarry},
	{List, Copy, "C", "copy as ref, title, link, Markdown link or e-mails", secCarry},
	{List, CopyTitle, "", "copy the title", secCarry},
	{List, CopyMarkdown, "", "copy a Markdown link", secCarry},
	{List, CopyEmails, "", "copy the e-mails of the people", secCarry},
	{List, Browser, "o", "open in the browser", secCarry},
	{List, Recording, "", "open the recording in the browser", secCarry},
	{Global, OutboxScreen, "O", "outbox and history", secCarry},
	{List, Refresh, "r", "refresh from the services", secCarry},
	{Global, Redraw, "ctrl+l", "redraw the screen", secCarry},
	{Global, Help, "?", "help", secCarry},
	{Global, Suspend, "ctrl+z", "suspend to the shell", secCarry},
	{Global, Quit, "q", "quit", secCarry},
	{Global, Interrupt, "ctrl+c", "quit, from anywhere", secCarry},

	{Detail, Down, "j,down", "scroll down", secMove},
	{Detail, Up, "k,up", "scroll up", secMove},
	{Detail, Top, "g g,home", "to the start", secMove},
	{Detail, Bottom, "G,end", "to the end", secMove},
	{Detail, HalfDown, "ctrl+d", "half a page down", secMove},
	{Detail, HalfUp, "ctrl+u", "half a page up", secMove},
	{Detail, PageDown, "ctrl+f,pgdown", "a page down", secMove},
	{Detail, PageUp, "ctrl+b,pgup", "a page up", secMove},
	{Detail, Back, "h,left", "back to the list", secLook},
	{Detail, NextTab, "],l,right,tab", "next tab", secLook},
	{Detail, PreviousTab, "[,shift+tab", "previous tab", secLook},
	{Detail, Search, "/", "search in the text", secFind},
	{Detail, SearchNext, "n", "next match", secFind},
	{Detail, SearchPrev, "N", "previous match", secFind},

	{People, Down, "j,down", "next", secPeople},
	{People, Up, "k,up", "previous", secPeople},
	{People, Top, "g g,home", "first", secPeople},
	{People, Bottom, "G,end", "last", secPeople},
	{People, PageDown, "ctrl+f,pgdown", "ten further", secPeople},
	{People, PageUp, "ctrl+b,pgup", "ten back", secPeople},
	{People, AddPerson, "a", "add somebody: search as you type", secPeople},
	{People, AddToOthers, "f", "add to those of several that they are not in", secPeople},
	{People, RemovePerson, "x,delete", "remove (of several: from all), or take that back", secPeople},
	{People, RoleNext, "r,space,right", "next role, towards more rights, or next status", secPeople},
	{People, RolePrev, "R,left", "previous role or status", secPeople},
	{People, RevertPerson, "u", "as it was", secPeople},
	{People, Submit, "ctrl+s,enter", "show what will change", secPeople},

	{Form, NextField, "tab,down", "next field", secForm},
	{Form, PreviousField, "shift+tab,up", "previous field", secForm},
	{Form, ChoiceNext, "right", "next choice", secForm},
	{Form, ChoicePrev, "left", "previous choice", secForm},
	{Form, Accept, "enter", "open the field, or the next one", secForm},
	{Form, Submit, "ctrl+s", "show what will change", secForm},

	{Dialog, Yes, "y", "yes", secDialog},
	{Dialog, No, "n", "no", secDialog},
	{Dialog, Accept, "enter", "the default: No for anything risky", secDialog},
	{Dialog, Down, "j,down", "scroll down", secDialog},
	{Dialog, Up, "k,up", "scroll up", secDialog},
	{Dialog, Top, "home", "to the start", secDialog},
	{Dialog, Bottom, "G,end", "to the end", secDialog},
	{Dialog, PageDown, "ctrl+f,pgdown,space", "a page down", secDialog},
	{Dialog, PageUp, "ctrl+b,pgup", "a page up", secDialog},
	{Dialog, Mine, "m", "conflict: send mine", secDialog},
	{Dialog, Theirs, "t", "conflict: keep theirs", secDialog},
	{Dialog, Merged, "g", "conflict: send both merged", secDialog},

	{Plan, OpenLine, "right,l", "open the line: each conversation of it", secPlan},
	{Plan, CloseLine, "left", "close the line", secPlan},
	{Plan, LeaveOut, "x", "leave out what the line is about, or take it in again", secPlan},
	{Plan, LeaveHidden, "h", "close the line; else leave out what the filter hides, or take it in again", secPlan},
	{Plan, Search, "/", "find: letters are text until enter or esc", secPlan},
	{Plan, SearchNext, "ctrl+n", "next match", secPlan},
	{Plan, SearchPrev, "ctrl+p", "previous match", secPlan},

	{Results, OpenLine, "right,l", "open the line: each conversation of it", secResults},
	{Results, CloseLine, "h,left", "close the line", secResults},
	{Results, Search, "/", "find: letters are text until enter or esc", secResults},
	{Results, SearchNext, "ctrl+n", "next match", secResults},
	{Results, SearchPrev, "ctrl+p", "previous match", secResults},
	{Results, Retry, "r", "retry the refused", secResults},
	{Results, Stop, "x", "withdraw what was not sent yet", secResults},
	{Results, SaveReport, "w", "save the report", secResults},
	{Results, Undo, "u", "take back what was delivered", secResults},

	{Outbox, Down, "j,down", "next", secOutbox},
	{Outbox, Up, "k,up", "previous", secOutbox},
	{Outbox, Top, "g g,home", "first", secOutbox},
	{Outbox, Bottom, "G,end", "last", secOutbox},
	{Outbox, PageDown, "ctrl+f,pgdown,ctrl+d", "a page down", secOutbox},
	{Outbox, PageUp, "ctrl+b,pgup,ctrl+u", "a page up", secOutbox},
	{Outbox, Search, "/", "find: letters are text until enter or esc", secOutbox},
	{Outbox, SearchNext, "ctrl+n,n", "next match", secOutbox},
	{Outbox, SearchPrev, "ctrl+p,N", "previous match", secOutbox},
	{Outbox, NextSection, "tab,shift+tab,],[", "next of: needs you, waiting, history", secOutbox},
	{Outbox, Resolve, "enter,l,right", "open or shut; everything about an edit", secOutbox},
	{Outbox, Back, "h,left", "shut, or close", secOutbox},
	{Outbox, UndoEntry, "u", "take back the submission, or the edit", secOutbox},
	{Outbox, Settle, "!", "settle what needs you here, else the next", secOutbox},
	{Outbox, Retry, "r", "send again now", secOutbox},
	{Outbox, RetryFailed, "R", "send all that failed again", secOutbox},
	{Outbox, Discard, "x,delete", "discard, after asking", secOutbox},
	{Outbox, Hide, "q", "close", secOutbox},

	{Pager, Down, "j,down", "scroll down", secPager},
	{Pager, Up, "k,up", "scroll up", secPager},
	{Pager, Top, "g g,home", "to the start", secPager},
	{Pager, Bottom, "G,end", "to the end", secPager},
	{Pager, PageDown, "ctrl+f,pgdown,space,ctrl+d", "a page down", secPager},
	{Pager, PageUp, "ctrl+b,pgup,ctrl+u", "a page up", secPager},
	{Pager, Hide, "q,?,h,left", "close", secPager},
}

// Actions lists the bindable action names of every context. Those of the special
// dialogs can be bound for dialogs at large, too.
func Actions() map[string][]string {
	out := map[string][]string{}
	add := func(c Context, a Action) {
		if names := out[string(c)]; !slices.Contains(names, string(a)) {
			out[string(c)] = append(names, string(a))
		}
	}
	for _, r := range table {
		add(r.context, r.action)
		if slices.Contains(special, r.context) {
			add(Dialog, r.action)
		}
	}
	return out
}

// Words writes an action as it is said: "make private".
func (a Action) Words() string { return strings.ReplaceAll(string(a), "_", " ") }
