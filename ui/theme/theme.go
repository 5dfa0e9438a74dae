package theme

import (
	"slices"

	"confab/model"
	"confab/ui/layout"
)

// Token is a meaning that has a look.
type Token int

// The meanings.
const (
	Text Token = iota
	Dim
	Accent
	Heading
	Selected
	Pointer
	Marked
	Unseen
	Private
	Public
	Participants
	Unknown
	Pending
	Attention
	Good
	Warning
	Error
	Border
	Tab
	TabActive
	Key
	Match
	Added
	Removed
	Disabled
	tokenCount

	// SelectedUnseen is Selected and Unseen at once. It has no name of its own.
	SelectedUnseen = tokenCount
)

var tokenNames = [tokenCount]string{
	Text: "text", Dim: "dim", Accent: "accent", Heading: "heading", Selected: "selected", Pointer: "pointer", Marked: "marked",
	Unseen: "unseen", Private: "private", Public: "public", Participants: "participants", Unknown: "unknown", Pending: "pending",
	Attention: "attention", Good: "good", Warning: "warning", Error: "error", Border: "border", Tab: "tab", TabActive: "tab_active",
	Key: "key", Match: "match", Added: "added", Removed: "removed", Disabled: "disabled",
}

// Names lists what a [themes] table may set, in alphabetical order.
func Names() []string { return slices.Sorted(slices.Values(tokenNames[:])) }

// Theme is everything a part needs to draw: how wide text is, the looks and
// the glyphs.
type Theme struct {
	layout.Measure
	Glyphs
	styles [tokenCount + 1]style
}

// Config chooses a theme.
type Config struct {
	// Name is auto, dark, light, mono, one of Builtin, or one of Themes.
	Name string
	// Themes are the tables of the config: looks by theme and by name. One that has
	// the name of a built-in theme changes that.
	Themes map[string]map[string]string
	// Light says that the terminal has a light background; all but dark, light and
	// mono go by it.
	Light bool
	// Sixteen says that the terminal has no more colours than that, NoColor that it
	// has none.
	Sixteen, NoColor bool
	ASCII            bool
	// Graphemes is passed on to layout.Measure.
	Graphemes bool
}

// New makes a theme. A name or value that is not known falls back to the
// built-in theme; the config's validation has said so before. So does a look whose
// colours the terminal doesn't have: the nearest it has may be the background's.
func New(c Config) *Theme {
	th := &Theme{Measure: layout.Measure{Graphemes: c.Graphemes, ASCII: c.ASCII}, Glyphs: unicodeGlyphs}
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
	for i, name := range tokenNames {
		th.set(Token(i), lookOf(name))
	}
	th.set(SelectedUnseen, lookOf("selected")+" "+lookOf("unseen"))
	return th
}

func (t *Theme) set(k Token, look string) {
	if style, err := parse(look); err == nil {
		t.styles[k] = compile(style)
	}
}

// Paint fits text to exactly w cells and gives it a look.
func (t *Theme) Paint(k Token, text string, w int) string {
	return t.Say(k, t.Fit(text, w, t.Ellipsis))
}

// Say gives text a look, at its own width. The text must not be styled already.
func (t *Theme) Say(k Token, text string) string {
	s := t.styles[k]
	if s.open == "" || text == "" {
		return text
	}
	return s.open + text + s.close
}

// Pointer returns the sign of the row that is chosen, a blank for others.
func (t *Theme) Pointer(chosen bool) string {
	if !chosen {
		return " "
	}
	return t.Say(Pointer, t.PointerSign)
}

// Fold returns the sign of a line that opens.
func (t *Theme) Fold(open bool) string {
	if open {
		return t.OpenSign
	}
	return t.ShutSign
}

// AudienceSign returns the sign, the word and the look of who can see a conversation.
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

// StateSign returns the sign, the word and the look of an edit on its way.
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
