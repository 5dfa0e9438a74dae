package kona

import (
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"

	"confab/providers"
)

// maxTextBytes bounds how much of one comment is read.
const maxTextBytes = 256 << 10

// plainText turns the content of a comment, which is HTML-ish, into text: line breaks and the ends of blocks become
// newlines, other tags are dropped, entities are decoded, scripts and styles vanish. A new line is written as <br>
// (comments.md); that other markup comes too is [assumed] from the mentions, which the server turns into some. Text
// that is no HTML comes out as it went in, except that entities in it are decoded.
func plainText(content string) string {
	if len(content) > maxTextBytes {
		content = strings.ToValidUTF8(content[:maxTextBytes], "")
	}
	if !strings.ContainsAny(content, "<&") {
		return strings.TrimSpace(content)
	}
	return manyBlankLines.ReplaceAllString(providers.HTMLText(content, writeTag), "\n\n")
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

var manyBlankLines = regexp.MustCompile(`\n{3,}`)

// commentText is what a person typed, in the form the API takes: markup characters escaped, new lines as <br>
// (comments.md for the <br>; the escaping, and that a first comment follows the same rules, is [assumed]).
// A mention (@user:12) is left as it is, so that the server makes it one.
func commentText(typed string) string {
	typed = strings.ReplaceAll(typed, "\r\n", "\n")
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\n", "<br>").Replace(typed)
}

var mention = regexp.MustCompile(`@(user|group):([0-9]{1,19})\b`)

// nameMentions puts names in place of the ids of mentions; an id without a known name stays.
func nameMentions(text string, n names) string {
	return mention.ReplaceAllStringFunc(text, func(m string) string {
		part := mention.FindStringSubmatch(m)
		if name := n.of(part[1]+"s", part[2]).Name; name != "" {
			return "@" + name
		}
		return m
	})
}
