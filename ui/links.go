package ui

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/theme"
)

func (m *Model) copyRef(in intent) tea.Cmd {
	if in.one {
		text := model.CleanLine(in.row.Conversation.Ref.String(), 0)
		m.say(theme.Good, "copied: "+text)
		return tea.SetClipboard(text)
	}
	n := in.size()
	text := func(ctx context.Context, _ func(int, int)) (string, error) {
		refs, err := in.refs(ctx, m.be)
		names := make([]string, len(refs))
		for i, r := range refs {
			names[i] = model.CleanLine(r.String(), 0)
		}
		return strings.Join(names, "\n"), err
	}
	return operate(m, inLine("copying "+theme.Count(n, "ref")), text, func(text string, err error) tea.Cmd { return m.copyRefs(n, text, err) })
}

// mostCopied is how many bytes most terminals take for their clipboard, once they are
// encoded.
const mostCopied = 74_994

func (m *Model) copyRefs(n int, text string, err error) tea.Cmd {
	switch {
	case errors.Is(err, context.Canceled):
		return m.say(theme.Dim, "stopped: nothing was copied")
	case err != nil:
		return m.fail("copy the refs", err)
	case len(text) > mostCopied:
		m.say(theme.Warning, fmt.Sprintf("nothing was copied: %s are %s kB, and terminals take %s; confab list prints them",
			theme.Count(n, "ref"), theme.Number(len(text)/1000), theme.Number(mostCopied/1000)))
		return nil
	case n == 1:
		m.say(theme.Good, "copied: "+text)
	default:
		m.say(theme.Good, "copied "+theme.Count(n, "ref"))
	}
	return tea.SetClipboard(text)
}

func (m *Model) copyLink(in intent) tea.Cmd {
	return read(m, m.link(in, model.LinkWeb), func(link string, err error) tea.Cmd {
		if err != nil {
			return m.fail("copy the link", err)
		}
		link = model.CleanLine(link, 0)
		m.say(theme.Good, "copied: "+link)
		return tea.SetClipboard(link)
	})
}

func opens(kind model.LinkKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		link := m.link(in, kind)
		open := func(ctx context.Context) (string, error) {
			url, err := link(ctx)
			if err == nil {
				err = m.opts.Open(url)
			}
			return url, err
		}
		return read(m, open, func(_ string, err error) tea.Cmd {
			if err != nil {
				m.fail("open it", err)
			} else {
				m.say(theme.Good, "opened in the browser")
			}
			return nil
		})
	}
}

func (m *Model) link(in intent, kind model.LinkKind) func(context.Context) (string, error) {
	ref := in.row.Conversation.Ref
	return func(ctx context.Context) (string, error) {
		link, err := m.be.Link(ctx, ref, kind)
		if err == nil {
			err = checkLink(link)
		}
		return link, err
	}
}

// checkLink lets only web pages through.
func checkLink(link string) error {
	u, err := url.Parse(link)
	switch {
	case link == "":
		return fmt.Errorf("there is no link for this conversation")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return fmt.Errorf("the link is no web page, so it is not opened")
	}
	return nil
}
