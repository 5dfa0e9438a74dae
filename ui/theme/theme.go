package theme

import (
	"maps"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/layout"
)

// Token is a meaning that has a look of its own. Its text is the name that looks.txt and [themes] tables give it.
type Token string

// The tokens.
const (
	Text         Token = "text"
	Dim          Token = "dim"
	Accent       Token = "accent"
	Heading      Token = "heading"
	Selected     Token = "selected"
	Pointer      Token = "pointer"
	Marked       Token = "marked"
	Unseen       Token = "unseen"
	Private      Token = "private"
	Public       Token = "public"
	Participants Token = "participants"
	Unknown      Token = "unknown"
	Pending      Token = "pending"
	Attention    Token = "attention"
	Good         Token = "good"
	Warning      Token = "warning"
	Error        Token = "error"
	Border       Token = "border"
	Tab          Token = "tab"
	TabActive    Token = "tab_active"
	Key          Token = "key"
	Match        Token = "match"
	Added        Token = "added"
	Removed      Token = "removed"
	Disabled     Token = "disabled"

	// SelectedUnseen combines Selected and Unseen. A theme does not name it.
	SelectedUnseen Token = "selected unseen"
)

// Names lists the names that a [themes] table may set, in alphabetical order.
func Names() []string { return slices.Sorted(maps.Keys(builtIn()["dark"])) }

// Theme is what a part needs to draw: the measure of text, the looks and the glyphs.
type Theme struct {
	layout.Measure
	Glyphs
	styles map[Token]style
}

// Config selects a theme and tells what the terminal can show.
type Config struct {
	Name string // auto, dark, light, mono, one of Builtin, or one of Themes
	// Themes holds the looks of the config by theme and name. One with the name of a built-in theme changes that theme.
	Themes map[string]map[string]string
	Light  bool // the terminal has a light background; dark, light and mono don't depend on it

	Sixteen, NoColor bool // the terminal has sixteen colours, or none
	ASCII, Graphemes bool // as in layout.Measure
}

// New makes a theme. For unknown names and values, which the validation of the config reports, it takes the look of dark,
// light or mono. It does so too for colours that the terminal doesn't have: it might show the background's instead.
func New(c Config) *Theme {
	th := &Theme{Measure: layout.Measure{Graphemes: c.Graphemes, ASCII: c.ASCII}, Glyphs: unicodeGlyphs, styles: map[Token]style{}}
	if c.ASCII {
		th.Glyphs = asciiGlyphs
	}
	all := builtIn()
	plain := all["dark"]
	switch {
	case c.NoColor || c.Name == "mono":
		plain = all["mono"]
	case c.Name == "light", c.Light && c.Name != "dark":
		plain = all["light"]
	}
	named, own := all[c.Name+" dark"], c.Themes[c.Name]
	if c.Light {
		named = all[c.Name+" light"]
	}
	lookOf := func(name string) string {
		for _, from := range []map[string]string{own, named} {
			if look, ok := from[name]; ok && !c.NoColor && !(c.Sixteen && isRich(look)) {
				return look
			}
		}
		return plain[name]
	}
	for name := range all["dark"] {
		th.set(Token(name), lookOf(name))
	}
	th.set(SelectedUnseen, lookOf("selected")+" "+lookOf("unseen"))
	return th
}

func (t *Theme) set(k Token, look string) {
	if l, err := parse(look); err == nil {
		before, after, _ := strings.Cut(l.Render("x"), "x")
		t.styles[k] = style{before, after}
	}
}

// Paint returns text with a look, cut or filled to exactly w cells.
func (t *Theme) Paint(k Token, text string, w int) string {
	return t.Say(k, t.Fit(text, w, t.Ellipsis))
}

// Say returns text with a look. The text must not have one already.
func (t *Theme) Say(k Token, text string) string {
	s := t.styles[k]
	if s.open == "" || text == "" {
		return text
	}
	return s.open + text + s.close
}

// Pointer returns the sign of the selected row, a blank for others.
func (t *Theme) Pointer(chosen bool) string {
	if !chosen {
		return " "
	}
	return t.Say(Pointer, t.PointerSign)
}

// Fold returns the sign of a line that can be opened.
func (t *Theme) Fold(open bool) string { return Pick(open, t.OpenSign, t.ShutSign) }

// AudienceSign returns the sign, the word and the look for who can see a conversation.
func (t *Theme) AudienceSign(a model.Audience) (sign, word string, look Token) {
	switch {
	case a.Class == model.ClassEveryone:
		return t.PublicSign, a.Word, Public
	case a.Word == string(model.PrivacyPrivate):
		return t.PrivateSign, a.Word, Private
	case a.Class == model.ClassGroup, a.Class == model.ClassMembers:
		return t.ParticipantsSign, a.Word, Participants
	}
	return t.UnknownSign, string(model.ClassUnknown), Unknown
}

// StateSign returns the sign, the word and the look for the state of an edit.
func (t *Theme) StateSign(s model.EditState) (sign, word string, look Token) {
	word = string(s)
	switch s {
	case model.Queued, model.Sending:
		return t.QueuedSign, word, Pending
	case model.RetryAt:
		return t.RetrySign, "will retry", Warning
	case model.Held:
		return t.FailedSign, word, Warning
	case model.InConflict, model.NotVerified, model.OutcomeNotKnown:
		return t.FailedSign, word, Attention
	case model.Refused:
		return t.FailedSign, word, Error
	case model.Done:
		return t.DoneSign, word, Good
	case model.OutcomeAlreadySet:
		return t.DoneSign, "already so", Good
	case model.Withdrawn, model.Replaced:
		return t.DoneSign, word, Dim
	}
	return " ", word, Text
}

// Glyphs are the signs of the screen. Each takes one cell, except for the ASCII arrow, which takes two.
type Glyphs struct {
	PointerSign, MarkSign                                  string
	PrivateSign, PublicSign, ParticipantsSign, UnknownSign string
	QueuedSign, RetrySign, FailedSign, DoneSign            string
	PinSign, UnseenSign, StaleSign, OfflineSign, SyncSign  string
	Horizontal, Vertical                                   string
	TopLeft, TopRight, BottomLeft, BottomRight             string
	BarFull, BarEmpty                                      string
	Arrow, Bullet, Ellipsis, Separator, ShutSign, OpenSign string
}

var unicodeGlyphs = Glyphs{
	PointerSign: "▌", MarkSign: "✓",
	PrivateSign: "●", PublicSign: "○", ParticipantsSign: "◐", UnknownSign: "?",
	QueuedSign: "↑", RetrySign: "↻", FailedSign: "!", DoneSign: "✓",
	PinSign: "★", UnseenSign: "•", StaleSign: "◌", OfflineSign: "✕", SyncSign: "↓",
	Horizontal: "─", Vertical: "│",
	TopLeft: "╭", TopRight: "╮", BottomLeft: "╰", BottomRight: "╯",
	BarFull: "█", BarEmpty: "░",
	Arrow: "→", Bullet: "•", Ellipsis: "…", Separator: "·", ShutSign: "▸", OpenSign: "▾",
}

var asciiGlyphs = Glyphs{
	PointerSign: ">", MarkSign: "*",
	PrivateSign: "#", PublicSign: "o", ParticipantsSign: "@", UnknownSign: "?",
	QueuedSign: "^", RetrySign: "~", FailedSign: "!", DoneSign: "+",
	PinSign: "P", UnseenSign: ".", StaleSign: ",", OfflineSign: "x", SyncSign: "v",
	Horizontal: "-", Vertical: "|",
	TopLeft: "+", TopRight: "+", BottomLeft: "+", BottomRight: "+",
	BarFull: "#", BarEmpty: ".",
	Arrow: "->", Bullet: "*", Ellipsis: "~", Separator: "|", ShutSign: "+", OpenSign: "-",
}
