package ui

import (
	"context"
	"fmt"
	"net/url"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/theme"
)

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
