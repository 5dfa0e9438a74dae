package edit

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"confab/model"
	"confab/ui/theme"
)

var errNoName = errors.New("a line of labels or attributes needs a name before the =")

// pairs is a control of lines "name = value". exact holds the pairs as the service
// has them.
type pairs struct {
	*theme.Area
	exact map[string]string
}

func newPairs(exact map[string]string) *pairs {
	return &pairs{theme.NewArea(formatPairs(exact)), exact}
}

func (p *pairs) changes(kind model.EditKind, known bool) ([]model.Change, error) {
	now, err := parsePairs(p.Value())
	if err != nil {
		return nil, err
	}
	was, _ := parsePairs(p.Initial())
	all := maps.Clone(now)
	maps.Copy(all, was)
	var out []model.Change
	for _, shown := range slices.Sorted(maps.Keys(all)) {
		v, has := now[shown]
		old, had := was[shown]
		if has == had && v == old {
			continue
		}
		ch := model.Change{Kind: kind, Op: model.OpSet, Key: shown}
		base := model.Value{}
		for k, v := range p.exact {
			if pairName(k) == shown {
				ch.Key, base = k, model.TextValue(v)
			}
		}
		if has {
			ch.Target = model.TextValue(v)
		}
		if known {
			ch.Base = &base
		}
		out = append(out, ch)
	}
	return out, nil
}

func pairName(k string) string {
	return strings.TrimSpace(strings.ReplaceAll(model.CleanLine(k, 200), "=", ":"))
}

var (
	escapes   = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	unescapes = strings.NewReplacer(`\\`, `\`, `\n`, "\n")
)

func formatPairs(m map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		out = append(out, pairName(k)+" = "+escapes.Replace(model.Clean(m[k])))
	}
	return strings.Join(out, "\n")
}

// parsePairs reads lines "name = value"; \n in a value is a line break.
func parsePairs(text string) (map[string]string, error) {
	out := map[string]string{}
	for line := range strings.SplitSeq(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		k, v, _ := strings.Cut(line, "=")
		k = strings.TrimSpace(k)
		if k == "" {
			return nil, errNoName
		}
		if _, ok := out[k]; ok {
			return nil, fmt.Errorf("%q is there twice", k)
		}
		out[k] = unescapes.Replace(strings.TrimSpace(v))
	}
	return out, nil
}
