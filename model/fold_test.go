package model_test

import (
	"testing"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"confab/model"
)

// slowFold defines folding.
func slowFold(s string) string {
	for range 2 {
		out, _, err := transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
		if err != nil {
			out = s
		}
		s = cases.Fold().String(out)
	}
	return s
}

// checkFold compares FoldText with slowFold, except for ASCII, where folding is only lower case.
func checkFold(t interface{ Errorf(string, ...any) }, s string) {
	if got, want := model.FoldText(s), slowFold(s); got != want {
		t.Errorf("%q (%+q): got %q, want %q", s, s, got, want)
	}
}

func TestFoldTextOfEveryCharacter(t *testing.T) {
	step := rune(1)
	if testing.Short() { // with the race detector, which has nothing to find here
		step = 11
	}
	for r := rune(0x80); r <= 0x2ffff; r += step {
		if r >= 0xd800 && r < 0xe000 || r >= 0xac00+0x400 && r < 0xd7a4 || r >= 0x4e00+0x400 && r < 0xa000 || r >= 0x17000 && r < 0x1b000 {
			continue // these behave alike
		}
		checkFold(t, string(r))
	}
	joining := []rune{'e', 0x301, 0x327, 0x1100, 0x1161, 0x11a8, 0xac00, 0x9c7, 0x9be, 0x302e, 0x3099, 0x304b, 0x130, 0x345, 0x200d, 0x1f600, 0xfe0f, 0xff76, 0xff9e, 0x34f}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), genHostile(), rapid.StringOf(rapid.OneOf(rapid.SampledFrom(joining), rapid.Rune()))).Draw(t, "text")
		checkFold(t, s)
	})
}

// Marks and letters of every script stand beside each other, each also beside the characters that combine most.
func TestFoldTextOfNeighbouringCharacters(t *testing.T) {
	for _, table := range []*unicode.RangeTable{unicode.Mc, unicode.Mn, unicode.Me, unicode.Lo, unicode.Hangul, unicode.Devanagari, unicode.Bengali, unicode.Tamil, unicode.Katakana} {
		n := 0
		for _, r16 := range table.R16 {
			for r := rune(r16.Lo); r <= rune(r16.Hi) && n < 4000; r += rune(r16.Stride) {
				n++
				checkFold(t, "क"+string(r)+"ो"+string(r)+"ᅡ"+string(r))
			}
		}
	}
}

func BenchmarkFoldText(b *testing.B) {
	for name, s := range map[string]string{"latin": "Zoë Müller <zoe.mueller@example.com>", "cjk": "季度评审 与 客户", "arabic": "مراجعة العقد",
		"korean": "분기 검토", "hindi": "त्रैमासिक समीक्षा", "emoji": "Renewal 🚀 call"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				model.FoldText(s)
			}
		})
	}
}
