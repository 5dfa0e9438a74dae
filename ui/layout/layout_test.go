package layout

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/charmbracelet/x/ansi"
	"pgregory.net/rapid"

	"confab/model"
)

// text generates texts as a service may send them, cleaned as they are before they are drawn.
func text() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.String(),
			rapid.SampledFrom([]string{"plain words ", "世界", "🧑‍🚀", "👩🏽‍🚀", "é́", "प्रिया", "🇩🇪", "❤️", "שלום", " ", "…"})), 0, 8).Draw(t, "parts")
		return model.CleanLine(strings.Join(parts, ""), 0)
	})
}

func measures() []Measure {
	return []Measure{{}, {Graphemes: true}, {ASCII: true}, {Graphemes: true, ASCII: true}}
}

func TestClustersAreDrawnAsTheirBaseCharacter(t *testing.T) {
	for _, c := range []struct {
		name, text, runes string
		cells             int
		clusters          int // the cells on a terminal that counts by grapheme cluster
	}{
		{"letters", "Größe", "Größe", 5, 5},
		{"an accent apart", "e\u0301", "é", 1, 1},
		{"an accent that has no letter", "x\u0301", "x", 1, 1},
		{"ideographs", "世界", "世界", 4, 4},
		{"Hebrew with points", "שָׁ", "שָׁ", 1, 1},
		{"Arabic", "مرحبا", "مرحبا", 5, 5},
		{"Devanagari keeps its vowels", "प्रिया", "प्रिया", 5, 2},
		{"Thai", "กำ", "กำ", 2, 1},
		{"an emoji", "🚀", "🚀", 2, 2},
		{"joined", "👨\u200d👩\u200d👧", "👨", 2, 2},
		{"joined with a selector", "🏳\ufe0f\u200d🌈", "🏳", 1, 2},
		{"a selector", "❤\ufe0f", "❤", 1, 2},
		{"a selector on a letter", "ℹ\ufe0f", "ℹ", 1, 2},
		{"a keycap", "1\ufe0f\u20e3", "1", 1, 1},
		{"a skin tone", "👩🏽", "👩", 2, 2},
		{"a skin tone alone", "🏽", "", 0, 0},
		{"a flag", "🇩🇪", "DE", 2, 2},
		{"half a flag", "🇩", "D", 1, 2},
		{"a mark alone", "\u0301x", "x", 1, 1},
		{"styles", "\x1b[1m❤\ufe0f\x1b[m!", "\x1b[1m❤\x1b[m!", 2, 3},
	} {
		if got := (Measure{}).Draw(c.text); got != c.runes || (Measure{}).Width(c.text) != c.cells {
			t.Errorf("%s: drawn as %q in %d cells, want %q in %d", c.name, got, Measure{}.Width(c.text), c.runes, c.cells)
		}
		m := Measure{Graphemes: true}
		if got := m.Draw(c.text); m.Width(c.text) != c.clusters || c.clusters > c.cells && got != c.text {
			t.Errorf("%s: by cluster drawn as %q in %d cells, want %d", c.name, got, m.Width(c.text), c.clusters)
		}
	}
}

// The renderer measures the drawn text as Measure does, and every picture in it the same in both ways to count.
func TestDrawnTextIsAsWideAsMeasured(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := text().Draw(t, "text")
		for _, m := range measures() {
			drawn := m.Draw(s)
			counted := ansi.WcWidth.StringWidth(drawn)
			if m.Graphemes {
				counted = ansi.GraphemeWidth.StringWidth(drawn)
			}
			if counted != m.Width(s) || m.Width(drawn) != m.Width(s) || m.Draw(drawn) != drawn {
				t.Fatalf("%+v: %q is drawn as %q in %d cells, want the measured %d; drawn again it is %q", m, s, drawn, counted, m.Width(s), m.Draw(drawn))
			}
			if m.ASCII && strings.ContainsFunc(drawn, func(r rune) bool { return r > unicode.MaxASCII }) {
				t.Fatalf("%+v: %q is drawn as %q, want ASCII", m, s, drawn)
			}
		}
		for c := (Measure{}).Draw(s); c != ""; {
			cluster, width := ansi.FirstGraphemeCluster(c, ansi.GraphemeWidth)
			c = c[len(cluster):]
			if r, _ := utf8.DecodeRuneInString(cluster); !unicode.IsLetter(r) && width != ansi.StringWidthWc(cluster) {
				t.Fatalf("%q takes %d cells by cluster and %d by rune, want the same", cluster, width, ansi.StringWidthWc(cluster))
			}
		}
	})
}

// The short cut for a rune that every terminal draws alike gives what the search for clusters gives.
func TestSimpleRunesAreDrawnAsTheyAre(t *testing.T) {
	for r := rune(utf8.RuneSelf); r < 0x10000; r++ {
		text := string(r)
		width := simpleWidth(text)
		if width == 0 {
			continue
		}
		for _, m := range []Measure{{}, {Graphemes: true}} {
			if drawn, cells := m.drawn(text); drawn != text || cells != width || Joins(r) {
				t.Errorf("%+v: %q is drawn as %q in %d cells, want it as it is in %d", m, text, drawn, cells, width)
			}
		}
	}
}

func TestFitReturnsExactlyTheWidth(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, w := text().Draw(t, "text"), rapid.IntRange(-2, 60).Draw(t, "width")
		for _, m := range measures() {
			for _, tail := range []string{"", "…", "->"} {
				if got := m.Width(m.Fit(s, w, tail)); got != max(0, w) {
					t.Fatalf("%+v: Fit(%q, %d, %q) has %d cells", m, s, w, tail, got)
				}
			}
		}
	})
}

func TestWrapNeverOverflows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, w := text().Draw(t, "text"), rapid.IntRange(1, 40).Draw(t, "width")
		for _, m := range measures() {
			lines := m.Wrap(s+"\n"+s, w)
			if len(lines) < 2 {
				t.Fatalf("%d lines, want two or more", len(lines))
			}
			for _, l := range lines {
				if m.Width(l) > w {
					t.Fatalf("%+v: Wrap(%q, %d) has a line %q of %d cells", m, s, w, l, m.Width(l))
				}
			}
		}
	})
}

func TestWrapBreaksAfterAHyphenWithinAWordOnly(t *testing.T) {
	for text, want := range map[string]string{
		"what is not -is:public": "what is not|-is:public", "what is to be --plain": "what is to be|--plain",
		"what is (-is:public)": "what is|(-is:public)", "on 2026-01-31 again": "on 2026-01-31|again", "a long well-known name": "a long well-|known name",
	} {
		if got := strings.Join(Measure{}.Wrap(text, 13), "|"); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestFromReturnsTheRestOfTheLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		total := rapid.IntRange(1, 50).Draw(t, "total")
		cell := rapid.IntRange(0, 55).Draw(t, "cell")
		for _, m := range measures() {
			line := m.Fit(text().Draw(t, "text"), total, "")
			if got := m.Width(m.from(line, cell, total)); got != max(0, total-cell) {
				t.Fatalf("%+v: from(%q, %d, %d) has %d cells, want %d", m, line, cell, total, got, max(0, total-cell))
			}
		}
	})
}

func TestOverlayKeepsTheWidthOfEveryLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const w, h = 30, 4
		for _, m := range measures() {
			base := make([]string, h)
			for i := range base {
				base[i] = m.Fit(text().Draw(t, "line"), w, "")
			}
			r := Rect{X: rapid.IntRange(0, w).Draw(t, "x"), Y: rapid.IntRange(0, h-2).Draw(t, "y"), H: 2}
			r.W = rapid.IntRange(0, w-r.X).Draw(t, "w")
			m.Overlay(base, r, []string{text().Draw(t, "box"), "box"}, w)
			for _, l := range base {
				if m.Width(l) != w {
					t.Fatalf("%+v, box at %v: %q has %d cells, want %d", m, r, l, m.Width(l), w)
				}
			}
		}
	})
}

func TestOverlayKeepsTheTextBesideTheBox(t *testing.T) {
	base := []string{"abcdefghij"}
	Measure{}.Overlay(base, Rect{X: 3, W: 4, H: 1}, []string{"XY"}, 10)
	if base[0] != "abcXY  hij" {
		t.Errorf("got %q, want %q", base[0], "abcXY  hij")
	}
}

func TestWindowKeepsTheCursorInSight(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		runes := []rune(text().Draw(t, "text"))
		pos := rapid.IntRange(-1, len(runes)+1).Draw(t, "pos")
		w := rapid.IntRange(0, 30).Draw(t, "width")
		for _, m := range measures() {
			s, x := m.Window(runes, pos, w)
			if m.Width(s) > w || x < 0 || w > 0 && x >= w {
				t.Fatalf("%+v: Window(%q, %d, %d) = %q, %d; want both within the width", m, string(runes), pos, w, s, x)
			}
		}
	})
}

func TestSplittingNeverGoesNegative(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(s string) int { return rapid.IntRange(-3, 20).Draw(t, s) }
		r := Rect{W: max(0, n("w")), H: max(0, n("h"))}
		top, rest := r.Top(n("top"))
		upper, bottom := rest.Bottom(n("bottom"))
		left, right := upper.Left(n("left"))
		for _, p := range []Rect{top, rest, upper, bottom, left, right, r.Center(n("cw"), n("ch"))} {
			if p.W < 0 || p.H < 0 {
				t.Fatalf("negative size: %+v", p)
			}
		}
		if top.H+upper.H+bottom.H != r.H || left.W+right.W != upper.W {
			t.Fatalf("the parts %+v %+v %+v and %+v %+v are not the whole %+v", top, upper, bottom, left, right, r)
		}
	})
}

func TestBarShowsAsManyRowsAsFitOnceThereIsRoom(t *testing.T) {
	b := Bar{At: 15}
	b.Show(20, 3)
	if first, end := b.Show(20, 17); first != 3 || end != 20 {
		t.Errorf("of 20 rows, those from %d to before %d are drawn, want 3 to 20", first, end)
	}
	if first, end := b.Show(20, 30); first != 0 || end != 20 {
		t.Errorf("of 20 rows, those from %d to before %d are drawn, want all", first, end)
	}
}
