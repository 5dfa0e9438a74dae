package theme

import (
	"sort"

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

func tokenOf(name string) (Token, bool) {
	for i, n := range tokenNames {
		if n == name {
			return Token(i), true
		}
	}
	return 0, false
}

// Names lists what a [themes] table may set, in alphabetical order.
func Names() []string {
	out := append([]string(nil), tokenNames[:]...)
	sort.Strings(out)
	return out
}

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
	styles [tokenCount]Style
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
		if t, ok := tokenOf(name); ok {
			looks[t] = value
		}
	}
	th := &Theme{Measure: layout.Measure{Graphemes: c.Graphemes, ASCII: c.ASCII}, Glyphs: unicodeGlyphs}
	if c.ASCII {
		th.Glyphs = asciiGlyphs
	}
	for i, look := range looks {
		l, err := parse(look)
		if err != nil {
			continue
		}
		th.styles[i] = compile(l)
	}
	return th
}

// Paint fits text to exactly w cells and gives it a look.
func (t *Theme) Paint(k Token, text string, w int) string {
	return t.styles[k].Render(t.Fit(text, w, t.Ellipsis))
}

// Say gives text a look, at its own width.
func (t *Theme) Say(k Token, text string) string { return t.styles[k].Render(text) }

// PrivacySign gives the sign, the word and the look of a privacy.
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

// StateSign gives the sign, the word and the look of an edit on its way.
func (t *Theme) StateSign(s model.EditState) (sign, word string, look Token) {
	switch s {
	case model.Queued:
		return t.QueuedSign, "queued", Pending
	case model.Sending:
		return t.QueuedSign, "sending", Pending
	case model.RetryAt:
		return t.RetrySign, "will retry", Warning
	case model.Held:
		return t.FailedSign, "held", Warning
	case model.InConflict:
		return t.FailedSign, "conflict", Attention
	case model.Refused:
		return t.FailedSign, "refused", Error
	case model.NotVerified:
		return t.FailedSign, "unverified", Attention
	case model.OutcomeNotKnown:
		return t.FailedSign, "unknown", Attention
	case model.Done:
		return t.DoneSign, "done", Good
	case model.OutcomeAlreadySet:
		return t.DoneSign, "already so", Good
	case model.Withdrawn:
		return t.DoneSign, "withdrawn", Dim
	case model.Replaced:
		return t.DoneSign, "replaced", Dim
	}
	return " ", string(s), Text
}
