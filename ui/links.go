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
	be, of := m.be, in.subjects
	return m.operateInLine("copying "+theme.Count(in.size(), "ref"), func(ctx context.Context, op int, _ func(int, int)) tea.Msg {
		refs, err := of.refs(ctx, be)
		words := make([]string, len(refs))
		for i, r := range refs {
			words[i] = model.CleanLine(r.String(), 0)
		}
		return refsMsg{op, strings.Join(words, "\n"), len(refs), err}
	})
}

// mostCopied is how much text is handed to a terminal for its clipboard, in bytes:
// encoded, it is as much as most of them take.
const mostCopied = 74_994

func (m *Model) refsCame(msg refsMsg) tea.Cmd {
	if !m.endOperation(msg.op) {
		return nil
	}
	switch {
	case errors.Is(msg.err, context.Canceled):
		m.say(theme.Dim, "stopped: nothing was copied")
		return nil
	case msg.err != nil:
		m.fail("copy the refs", msg.err)
		return nil
	case len(msg.text) > mostCopied:
		m.say(theme.Warning, fmt.Sprintf("nothing was copied: %s are %s kB, and terminals take %s; confab list prints them",
			theme.Count(msg.n, "ref"), theme.Number(len(msg.text)/1000), theme.Number(mostCopied/1000)))
		return nil
	case msg.n == 1:
		m.say(theme.Good, "copied: "+msg.text)
	default:
		m.say(theme.Good, "copied "+theme.Count(msg.n, "ref"))
	}
	return tea.SetClipboard(msg.text)
}

func (m *Model) copyLink(in intent) tea.Cmd {
	be, ctx, ref := m.be, m.ctx, in.row.Conversation.Ref
	return func() tea.Msg {
		link, err := be.Link(ctx, ref, model.LinkWeb)
		if err == nil {
			err = checkLink(link)
		}
		return linkMsg{url: link, copy: true, err: err}
	}
}

// openLink gives a handler that opens a page of the conversation.
func openLink(kind model.LinkKind) func(*Model, intent) tea.Cmd {
	return func(m *Model, in intent) tea.Cmd {
		be, ctx, open, ref := m.be, m.ctx, m.opts.Open, in.row.Conversation.Ref
		return func() tea.Msg {
			link, err := be.Link(ctx, ref, kind)
			if err == nil {
				err = checkLink(link)
			}
			if err == nil {
				err = open(link)
			}
			return linkMsg{url: link, err: err}
		}
	}
}

// checkLink lets only pages of the web through.
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

func (m *Model) linkCame(msg linkMsg) tea.Cmd {
	switch {
	case msg.err != nil && msg.copy:
		m.fail("copy the link", msg.err)
	case msg.err != nil:
		m.fail("open it", msg.err)
	case msg.copy:
		link := model.CleanLine(msg.url, 0)
		m.say(theme.Good, "copied: "+link)
		return tea.SetClipboard(link)
	default:
		m.say(theme.Good, "opened in the browser")
	}
	return nil
}
