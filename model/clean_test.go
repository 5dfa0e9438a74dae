package model_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"confab/model"
)

const (
	family  = "👨\u200d👩\u200d👧\u200d👦"
	persian = "می\u200cخواهم"            // ZWNJ between the parts of a word
	hindi   = "क्\u200dष क\u094d\u200cष" // ZWJ and ZWNJ choose the form of a conjunct
)

func TestCleanLine(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "Quarterly review", "Quarterly review"},
		{"other scripts", "Größe 数据 שלום", "Größe 数据 שלום"},
		{"colours", "a\x1b[1;31mred\x1b[0mb", "aredb"},
		{"private parameters", "a\x1b[?1049hb", "ab"},
		{"cursor and clear", "\x1b[2J\x1b[Hx", "x"},
		{"link, closed by BEL", "\x1b]8;;https://evil.test\x07click\x1b]8;;\x07", "click"},
		{"link, closed by ST", "\x1b]8;id=1;https://evil.test\x1b\\click\x1b]8;;\x1b\\", "click"},
		{"link, closed by C1 ST", "\x1b]8;;https://evil.test\u009cclick", "click"},
		{"title", "\x1b]0;owned\x07x", "x"},
		{"clipboard", "\x1b]52;c;cm0gLXJmIC8=\x07x", "x"},
		{"DCS", "a\x1bP+q544e\x1b\\b", "ab"},
		{"APC", "a\x1b_Gf=100;AAAA\x1b\\b", "ab"},
		{"PM and SOS", "a\x1b^x\x1b\\b\x1bXy\x1b\\c", "abc"},
		{"C1 CSI", "a\u009b31mb", "ab"},
		{"C1 OSC", "a\u009d0;owned\x07b", "ab"},
		{"C1 DCS", "a\u0090q\u009cb", "ab"},
		{"C1 APC, PM, SOS", "a\u009fx\u009cb\u009ex\u009cc\u0098x\u009cd", "abcd"},
		{"other C1", "a\u0080\u008f\u009cb", "ab"},
		{"charset", "\x1b(0lqk\x1b(B", "lqk"},
		{"keypad", "\x1b=\x1b>\x1bcx", "x"},
		{"escape at the end", "x\x1b", "x"},
		{"bracket at the end", "x\x1b[", "x"},
		{"unfinished", "x\x1b]0;abc\ny", "x y"},
		{"escape within an escape", "\x1b]0;a\x1b[31mb", "b"},
		{"a lone C1 byte", "a\x9bb", "a\ufffdb"},
		{"bad UTF-8", "a\xff\xc3(", "a\ufffd\ufffd("},
		{"controls", "a\x00\x01\x08\x0e\x7fb", "ab"},
		{"line ends", "a\r\nb\rc\nd\te", "a b c d e"},
		{"other line ends", "a\u2028b\u2029c\u0085d\ve\ff", "a b c d e f"},
		{"overrides", "invoice\u202efdp.exe\u202c", "invoicefdp.exe"},
		{"isolates", "\u2066a\u2067b\u2068c\u2069\u200e\u200f\u061c", "abc"},
		{"invisible", "pay\u200bpal\ufeff\u00ad\u2060", "paypal"},
		{"annotations", "a\ufff9b\ufffac\ufffb", "abc"},
		{"family", family, family},
		{"persian", persian, persian},
		{"hindi", hindi, hindi},
		{"variation", "❤\ufe0f", "❤\ufe0f"},
		{"joiners in Latin", "pay\u200dpal\u200c", "paypal"},
		{"joiner first", "\u200dx", "x"},
		{"joiners in a row", "क\u200d\u200d\u200c\u200dष", "क\u200dष"},
		{"tags", "🏴\U000e0067\U000e0062\U000e007f", "🏴"},
		{"hidden tags", "hi\U000e0069\U000e0067\U000e006e", "hi"},
		{"private use", "a\ue000b\U000f0000", "ab"},
		{"accents", "e\u0301\u0323x", "e\u0301\u0323x"},
		{"zalgo", "e" + strings.Repeat("\u0301", 50) + "x", "e" + strings.Repeat("\u0301", 6) + "x"},
		{"zalgo with joiners", "é" + strings.Repeat(strings.Repeat("\u0301", 6)+"\u200d", 3), "é" + strings.Repeat("\u0301", 6) + "\u200d"},
		{"a mark alone", "\u0301x", "x"},
	} {
		if got := model.CleanLine(c.in, 0); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestCleanLineIsBounded(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdef", 5, "abcde…"},
		{"äbcdef", 5, "äbcde…"},
		{"äbcde", 5, "äbcde"},
		{"abcde\x1b[0m\u200b\n", 5, "abcde…"},
		{"abcde\x1b[0m\u200b", 5, "abcde"},
		{"äb", -1, "äb"},
		{strings.Repeat("ä", model.MaxLine+5), model.MaxLine + 100, strings.Repeat("ä", model.MaxLine) + "…"},
	} {
		if got := model.CleanLine(c.in, c.limit); got != c.want {
			t.Errorf("%.20q limited to %d: got %q, want %q", c.in, c.limit, got, c.want)
		}
	}
}

// Whether a single character is kept or dropped depends only on its category.
func TestCleanLineOfEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		want := string(r)
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\v' || r == '\f' || r == 0x85 || r == 0x2028 || r == 0x2029:
			want = " "
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Mn, unicode.Me):
			want = ""
		}
		if got := model.CleanLine(string(r), 0); got != want {
			t.Errorf("%U: got %q, want %q", r, got, want)
		}
	}
}

func BenchmarkCleanLine(b *testing.B) {
	for name, s := range map[string]string{"latin": "Zoë Müller – “renewal”", "chinese": "季度评审 与 客户", "arabic": "مراجعة العقد", "hindi": "त्रैमासिक समीक्षा"} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				model.CleanLine(s, 0)
			}
		})
	}
}

func TestCleanKeepsLines(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"a\r\nb\rc\n\nd", "a\nb\nc\n\nd"},
		{"a\tb", "a    b"},
		{"a\u2028b\u0085c", "a\nb\nc"},
		{"a\n\u0301b", "a\nb"}, // the mark would combine with what is drawn to the left
		{"x\x1b]0;never closed\nnext line", "x\nnext line"},
	} {
		if got := model.Clean(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
	long := model.Clean(strings.Repeat("a\t", model.MaxText))
	if n := utf8.RuneCountInString(long); n != model.MaxText+1 || !strings.HasSuffix(long, "…") {
		t.Errorf("a long text is cleaned to %d runes", n)
	}
	if model.Clean(long) != long {
		t.Error("cleaning a long text again cuts it again")
	}
}

// checkClean checks the guarantees for every cleaned text; again is out cleaned once more.
func checkClean(t interface{ Errorf(string, ...any) }, in, out string, limit int, lines bool, again string) {
	if !utf8.ValidString(out) {
		t.Errorf("%q: %q is not UTF-8", in, out)
	}
	marks := 0
	for _, r := range out {
		switch {
		case r == '\n' && lines:
		case unicode.IsControl(r):
			t.Errorf("%q: control character %U in %q", in, r, out)
		case unicode.Is(unicode.Bidi_Control, r):
			t.Errorf("%q: bidirectional control %U in %q", in, r, out)
		case unicode.Is(unicode.Cf, r) && r != 0x200c && r != 0x200d, r == 0x2028, r == 0x2029:
			t.Errorf("%q: format character %U in %q", in, r, out)
		}
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me):
			marks++
		case r != 0x200c && r != 0x200d:
			marks = 0
		}
		if marks > 6 {
			t.Errorf("%q: too many marks on one character in %q", in, out)
			break
		}
	}
	if n := utf8.RuneCountInString(out); n > limit+1 {
		t.Errorf("%q: got %d runes, want at most %d", in, n, limit)
	}
	if again != out {
		t.Errorf("%q: cleaned %q, but cleaned again %q", in, out, again)
	}
}

func genHostile() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.OneOf(
		rapid.SampledFrom([]string{"\x1b", "\x1b[", "\x1b]8;;", "\x1b\\", "\x07", "\u009b", "\u009d", "\u009c", "\x1bP", "31m", ";", "a", "é", "\u0301", "\u200d",
			"\u200c", "👨", "क", "\u094d", "\n", "\r", "\r\n", "\t", "\u202e", "\u2066", "\x00", "\xff", "\xc2", "\x9c", "\U000e0067", " ", "\u2028", "…"}),
		rapid.String()), 0, 30), func(parts []string) string { return strings.Join(parts, "") })
}

func TestCleanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genHostile().Draw(t, "text")
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		line := model.CleanLine(s, limit)
		checkClean(t, s, line, limit, false, model.CleanLine(line, limit))
		text := model.Clean(s)
		checkClean(t, s, text, model.MaxText, true, model.Clean(text))
	})
}

func seedTexts(f *testing.F) {
	for _, s := range []string{
		"", "plain", "a\x1b[1;31mred\x1b[0mb", "\x1b]8;;https://evil.test\x07click\x1b]8;;\x07", "\x1b]8;;https://evil.test\x1b\\click\x1b]8;;\x1b\\",
		"a\x1bP+q544e\x1b\\b", "a\u009b31mb\u009d0;x\u009cc\u0090q\u009cd", "invoice\u202efdp.exe", "\u2066a\u2069", family, persian, hindi,
		"🏴\U000e0067\U000e0062\U000e007f", "e" + strings.Repeat("\u0301", 50), "a\r\nb\rc", "\xff\xc3(", "\x1b]" + strings.Repeat("x", 300), "\x1b[" + strings.Repeat("1;", 300) + "m",
		strings.Repeat("\x1b", 50), "\x1b]0;" + strings.Repeat("ü", 200),
	} {
		f.Add(s)
	}
}

func FuzzClean(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, s string) {
		out := model.Clean(s)
		checkClean(t, s, out, model.MaxText, true, model.Clean(out))
	})
}

func FuzzCleanLine(f *testing.F) {
	seedTexts(f)
	f.Fuzz(func(t *testing.T, s string) {
		for _, limit := range []int{0, 1, 7, 80} {
			out := model.CleanLine(s, limit)
			bound := limit
			if limit == 0 {
				bound = model.MaxLine
			}
			checkClean(t, s, out, bound, false, model.CleanLine(out, limit))
		}
	})
}

func TestFoldText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"", ""}, {"Plain TEXT 1", "plain text 1"}, {"Café", "cafe"}, {"CAFE\u0301", "cafe"}, {"Zoë Müller", "zoe muller"}, {"Straße", "strasse"}, {"STRASSE", "strasse"},
		{"İstanbul", "istanbul"}, {"ﬁne", "fine"}, {"Ｆｕｌｌ", "full"}, {"Σίσυφος", "σισυφοσ"}, {"Ёлка", "елка"}, {"한국", "한국"},
	} {
		if got := model.FoldText(c.in); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

func TestFoldTextIsIdempotent(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r >= 0xac00 && r < 0xd7a4 || r >= 0xe000 && r < 0xf900 || r >= 0x20000 { // all Hangul, private use characters and ideographs behave alike
			continue
		}
		once := model.FoldText(string(r))
		if twice := model.FoldText(once); twice != once {
			t.Errorf("%U: %q, folded again %q", r, once, twice)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), genHostile()).Draw(t, "text")
		once := model.FoldText(s)
		if twice := model.FoldText(once); twice != once {
			t.Errorf("%q: %q, folded again %q", s, once, twice)
		}
	})
}

// FoldText returns the same as the transformers of x/text, applied one after the other.
func TestFoldTextAgreesWithTheTransformers(t *testing.T) {
	chain := func(s string) string {
		for range 2 {
			s, _, _ = transform.String(transform.Chain(norm.NFKD, runes.Remove(runes.In(unicode.Mn)), norm.NFC), s)
			s = cases.Fold().String(s)
		}
		return s
	}
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if s := string(r); r >= 0xe000 && r < 0xf900 || r >= 0x20000 { // all private use characters and ideographs behave alike
			continue
		} else if got, want := model.FoldText(s), chain(s); got != want {
			t.Errorf("%U: got %q, want %q", r, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), genHostile(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) })).Draw(t, "text")
		if s = "é" + s; model.FoldText(s) != chain(s) {
			t.Errorf("%q: got %q, want %q", s, model.FoldText(s), chain(s))
		}
	})
}
