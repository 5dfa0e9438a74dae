package providers

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// HTMLText is the text of a piece of HTML without scripts and styles; tag writes what stands for every other tag.
func HTMLText(content string, tag func(out *strings.Builder, name atom.Atom, kind html.TokenType)) string {
	var out strings.Builder
	z := html.NewTokenizer(strings.NewReader(content))
	hidden := 0
	for {
		kind := z.Next()
		switch kind {
		case html.ErrorToken:
			return strings.TrimSpace(out.String())
		case html.TextToken:
			if hidden == 0 {
				out.Write(z.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			raw, _ := z.TagName()
			name := atom.Lookup(raw)
			switch {
			case name != atom.Script && name != atom.Style:
				tag(&out, name, kind)
			case kind == html.StartTagToken:
				hidden++
			case kind == html.EndTagToken && hidden > 0:
				hidden--
			}
		}
	}
}
