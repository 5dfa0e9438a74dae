package theme

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed looks.txt
var looks string

// builtIn returns the looks of the built-in themes by theme ("dark", "nord light") and by
// meaning.
func builtIn() map[string]map[string]string {
	out := map[string]map[string]string{}
	var theme map[string]string
	for line := range strings.Lines(looks) {
		line = strings.TrimSpace(line)
		if name, ok := strings.CutPrefix(line, "["); ok {
			theme = map[string]string{}
			out[strings.TrimSuffix(name, "]")] = theme
		} else if names, look, ok := strings.Cut(line, " = "); ok && theme != nil {
			for _, name := range strings.Fields(names) {
				theme[name] = look
			}
		}
	}
	return out
}

// Builtin lists the themes that are there by name beside dark, light and mono.
func Builtin() []string {
	var out []string
	for name := range builtIn() {
		if name, ok := strings.CutSuffix(name, " dark"); ok {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
