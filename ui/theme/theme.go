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

// looks are the meanings by name and as the built-in themes show them, in this
// order: dark, light, mono. They keep colour for what differs from the rest or needs
// a person. Public is what most conversations are, so it is plain; what it means is
// said when something is about to become public.
var looks = [tokenCount]meaning{
	Text:         {"text", "", "", ""},
	Dim:          {"dim", "bright-black", "bright-black", "faint"},
	Accent:       {"accent", "cyan", "blue", "bold"},
	Heading:      {"heading", "bold", "bold", "bold"},
	Selected:     {"selected", "reverse", "reverse", "reverse"},
	Pointer:      {"pointer", "bright-cyan", "blue", "bold"},
	Marked:       {"marked", "bright-yellow", "magenta", "bold"},
	Unseen:       {"unseen", "bold", "bold", "bold"},
	Private:      {"private", "green", "green", "bold"},
	Public:       {"public", "", "", ""},
	Participants: {"participants", "", "", ""},
	Unknown:      {"unknown", "yellow", "magenta", ""},
	Pending:      {"pending", "bright-blue", "blue", ""},
	Attention:    {"attention", "bright-red bold", "red bold", "bold"},
	Good:         {"good", "green", "green", ""},
	Warning:      {"warning", "bright-yellow", "magenta", "bold"},
	Error:        {"error", "bright-red", "red", "bold"},
	Border:       {"border", "bright-black", "bright-black", "faint"},
	Tab:          {"tab", "bright-black", "bright-black", "faint"},
	TabActive:    {"tab_active", "bold underline", "bold underline", "bold underline"},
	Key:          {"key", "bright-cyan", "blue", "bold"},
	Match:        {"match", "black on yellow", "black on yellow", "reverse"},
	Added:        {"added", "green", "green", "bold"},
	Removed:      {"removed", "red", "red", "underline"},
	Disabled:     {"disabled", "bright-black", "bright-black", "faint"},
}

type meaning struct{ name, dark, light, mono string }

// Names lists what a [themes] table may set, in alphabetical order.
func Names() []string {
	var out []string
	for _, l := range looks {
		out = append(out, l.name)
	}
	slices.Sort(out)
	return out
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
	th := &Theme{Measure: layout.Measure{Graphemes: c.Graphemes, ASCII: c.ASCII}, Glyphs: unicodeGlyphs}
	if c.ASCII {
		th.Glyphs = asciiGlyphs
	}
	for i, l := range looks {
		look := l.dark
		switch {
		case c.Name == "light", c.Light && c.Name != "dark" && c.Name != "mono":
			look = l.light
		case c.Name == "mono":
			look = l.mono
		}
		if own, ok := c.Themes[c.Name][l.name]; ok {
			look = own
		}
		if style, err := parse(look); err == nil {
			th.styles[i] = compile(style)
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

// Pointer returns the sign of the row that is chosen, a blank for others.
func (t *Theme) Pointer(chosen bool) string {
	if !chosen {
		return " "
	}
	return t.Say(Pointer, t.PointerSign)
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
