package providers

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"confab/model"
)

// speakerLine matches a line of a transcript that names the speaker, with an optional time before or after the name.
var speakerLine = regexp.MustCompile(`^\s*(?:[\[(]?` + clock + `[\])]?\s+)?` + // a time
	`([\p{L}][\p{L}\p{M}\p{N} .,'’_()@+-]{0,58}?)\s*` + // a name
	`(?:[\[(]` + clock + `[\])])?\s*:\s+(\S.*)$`)

const clock = `(\d{1,2}:\d{2}(?::\d{2})?)`

// SplitTranscript splits a plain text into messages, each of consecutive lines of one speaker, if at least half of its lines
// have the form "Speaker: text". Otherwise the text becomes one message without an author. Nothing but separators and times is
// dropped.
func SplitTranscript(text string) []model.Message {
	lines := slices.DeleteFunc(strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n"), func(l string) bool {
		return strings.TrimSpace(l) == ""
	})
	if len(lines) == 0 {
		return nil
	}
	named := 0
	var out []model.Message
	for _, l := range lines {
		m := speakerLine.FindStringSubmatch(l)
		if m != nil {
			named++
		}
		switch {
		case m != nil && len(out) > 0 && out[len(out)-1].Author == m[2]:
			out[len(out)-1].Text += "\n" + m[4]
		case m != nil:
			out = append(out, model.Message{Author: m[2], Offset: offset(cmp.Or(m[1], m[3])), Text: m[4]})
		case len(out) == 0:
			out = append(out, model.Message{Offset: -1, Text: strings.TrimSpace(l)})
		default:
			out[len(out)-1].Text += "\n" + strings.TrimSpace(l)
		}
	}
	if named == 0 || named*2 < len(lines) {
		return []model.Message{{Offset: -1, Text: text}}
	}
	return out
}

// SortMessages sorts messages by time, oldest first, then by id, shorter ids first as for numbers.
func SortMessages(m []model.Message) {
	slices.SortStableFunc(m, func(a, b model.Message) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(len(a.ID), len(b.ID)), cmp.Compare(a.ID, b.ID))
	})
}

// JoinWords joins the tokens of a transcript. It inserts a space where neither of two neighbours has one, except before
// punctuation.
func JoinWords(words []string) string {
	var b strings.Builder
	last := ' '
	for _, w := range words {
		if w == "" {
			continue
		}
		first, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsSpace(last) && !unicode.IsSpace(first) && !strings.ContainsRune(".,;:!?%)]}…'’", first) {
			b.WriteByte(' ')
		}
		b.WriteString(w)
		last, _ = utf8.DecodeLastRuneInString(w)
	}
	return strings.TrimSpace(b.String())
}

// offset parses m:ss or h:mm:ss, and returns -1 for "".
func offset(s string) time.Duration {
	if s == "" {
		return -1
	}
	var total time.Duration
	for _, part := range strings.Split(s, ":") {
		n, _ := strconv.Atoi(part)
		total = total*60 + time.Duration(n)
	}
	return total * time.Second
}

// maxHTML is the number of bytes of HTML that are read.
const maxHTML = 256 << 10

var manyBlankLines = regexp.MustCompile(`\n{3,}`)

// HTMLText returns the text of HTML: line breaks and blocks become newlines, entities are decoded, and other tags, scripts and
// styles are dropped. A text without markup stays as it is, except for decoded entities.
func HTMLText(content string) string {
	if len(content) > maxHTML {
		content = strings.ToValidUTF8(content[:maxHTML], "")
	}
	if !strings.ContainsAny(content, "<&") {
		return strings.TrimSpace(content)
	}
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(content))
	hidden := 0
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return manyBlankLines.ReplaceAllString(strings.TrimSpace(out.String()), "\n\n")
		case html.TextToken:
			if hidden == 0 {
				out.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			raw, _ := z.TagName()
			name := atom.Lookup(raw)
			switch {
			case name != atom.Script && name != atom.Style:
				writeTag(&out, name, kind)
			case kind == html.StartTagToken:
				hidden++
			case kind == html.EndTagToken && hidden > 0:
				hidden--
			}
		}
	}
}

func writeTag(out *strings.Builder, name atom.Atom, kind html.TokenType) {
	switch name {
	case atom.Br:
		out.WriteByte('\n')
	case atom.Li:
		endLine(out)
		if kind == html.StartTagToken {
			out.WriteString("- ")
		}
	case atom.P, atom.Div, atom.Ul, atom.Ol, atom.Blockquote, atom.Pre, atom.Table, atom.Tr,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		endLine(out)
	}
}

func endLine(b *strings.Builder) {
	if s := b.String(); s != "" && !strings.HasSuffix(s, "\n") {
		b.WriteByte('\n')
	}
}
