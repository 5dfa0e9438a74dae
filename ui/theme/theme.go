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
)

var tokenNames = [tokenCount]string{
	"text", "dim", "accent", "heading", "selected", "pointer", "marked", "unseen",
	"private", "public", "participants", "unknown", "pending", "attention",
	"good", "warning", "error", "border", "tab", "tab_active", "key", "match",
	"added", "removed", "disabled",
}

// Names lists what a [themes] table may set, in alphabetical order.
func Names() []string { return slices.Sorted(slices.Values(tokenNames[:])) }

// The built-in looks keep colour for what differs from the rest or needs a
// person. Public is what most conversations are, so it is plain; what it means
// is said when something is about to become public.

var dark = [tokenCount]string{
	Dim: "bright-black", Accent: "cyan", Heading: "bold", Selected: "reverse", Pointer: "bright-cyan",
	Marked: "bright-yellow", Unseen: "bold", Private: "green",
	Unknown: "yellow", Pending: "bright-blue", Attention: "bright-red bold", Good: "green",
	Warning: "bright-yellow", Error: "bright-red", Border: "bright-black", Tab: "bright-black",
	TabActive: "bold underline", Key: "bright-cyan", Match: "black on yellow", Added: "green", Removed: "red",
	Disabled: "bright-black",
}

var light = [tokenCount]string{
	Dim: "bright-black", Accent: "blue", Heading: "bold", Selected: "reverse", Pointer: "blue",
	Marked: "magenta", Unseen: "bold", Private: "green",
	Unknown: "magenta", Pending: "blue", Attention: "red bold", Good: "green",
	Warning: "magenta", Error: "red", Border: "bright-black", Tab: "bright-black",
	TabActive: "bold underline", Key: "blue", Match: "black on yellow", Added: "green", Removed: "red",
	Disabled: "bright-black",
}

var mono = [tokenCount]string{
	Dim: "faint", Accent: "bold", Heading: "bold", Selected: "reverse", Pointer: "bold",
	Marked: "bold", Unseen: "bold", Private: "bold", Attention: "bold",
	Warning: "bold", Error: "bold", Border: "faint", Tab: "faint", TabActive: "bold underline", Key: "bold",
	Match: "reverse", Added: "bold", Removed: "underline", Disabled: "faint",
}

// Theme is everything a part needs to draw: how wide text is, the looks and
// the glyphs.
type Theme struct {
	layout.Measure
	Glyphs
	styles [tokenCount]style
}

// Config chooses a theme.
type Config struct {
	// Name is auto, dark, light, mono, or one of Themes.
	Name string
	// Themes are the tables of the config: looks by theme and by name.
	Themes map[string]map[string]string
	// Light says that the terminal has a light background; auto goes by it, and
	// a theme of the config starts from the built-in one that fits.
	Light bool
	ASCII bool
	// Graphemes is passed on to layout.Measure.
	Graphemes bool
}

// New makes a theme. A name or value that is not known falls back to the
// built-in theme; the config's validation has said so before.
func New(c Config) *Theme {
	looks := dark
	switch {
	case c.Name == "light", c.Light && c.Name != "dark" && c.Name != "mono":
		looks = light
	case c.Name == "mono":
		looks = mono
	}
	for name, value := range c.Themes[c.Name] {
		if i := slices.Index(tokenNames[:], name); i >= 0 {
			looks[i] = value
		}
	}
	th := &Theme{Measure: layout.Measure{Graphemes: c.Graphemes, ASCII: c.ASCII}, Glyphs: unicodeGlyphs}
	if c.ASCII {
		th.Glyphs = asciiGlyphs
	}
	for i, look := range looks {
		if l, err := parse(look); err == nil {
			th.styles[i] = compile(l)
		}
	}
	return th
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

// PrivacySign returns the sign, the word and the look of a privacy.
func (t *Theme) PrivacySign(p model.Privacy) (sign, word string, look Token) {
	switch p {
	case model.PrivacyPrivate:
		return t.PrivateSign, "private", Private
	case model.PrivacyPublic:
		return t.PublicSign, "public", Public
	case model.PrivacyParticipants:
		return t.ParticipantsSign, "members", Participants
	}
	return t.UnknownSign, "unknown", Unknown
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
