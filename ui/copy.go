package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// copying is a way to copy conversations.
type copying struct {
	// name follows :copy; noun says what is copied.
	name, key, noun string
	action          keymap.Action
	// of returns the text of a conversation, "" where it has none.
	of func(ctx context.Context, m *Model, row model.Row) (string, error)
}

var copyings = []copying{
	{"ref", "r", "ref", keymap.CopyRef, func(_ context.Context, _ *Model, row model.Row) (string, error) {
		return row.Conversation.Ref.String(), nil
	}},
	{"title", "t", "title", keymap.CopyTitle, func(_ context.Context, _ *Model, row model.Row) (string, error) {
		return row.Conversation.Title, nil
	}},
	{"link", "l", "link", keymap.CopyLink, func(ctx context.Context, m *Model, row model.Row) (string, error) {
		return m.webLink(ctx, row.Conversation.Ref)
	}},
	{"markdown", "m", "Markdown link", keymap.CopyMarkdown, func(ctx context.Context, m *Model, row model.Row) (string, error) {
		link, err := m.webLink(ctx, row.Conversation.Ref)
		if link == "" || err != nil {
			return "", err
		}
		return markdownLink(cmp.Or(row.Conversation.Title, row.Conversation.Ref.String()), link), nil
	}},
	{"emails", "e", "e-mail", keymap.CopyEmails, func(ctx context.Context, m *Model, row model.Row) (string, error) {
		c := row.Conversation
		if !c.PeopleKnown() {
			d, err := m.be.Load(ctx, c.Ref, model.NeedParticipants|model.NeedContacts)
			if err != nil {
				return "", err
			}
			c = d.Conversation
		}
		return emails(c.People()), nil
	}},
}

// copies returns the handler that copies in one way.
func copies(a keymap.Action) handler {
	i := slices.IndexFunc(copyings, func(c copying) bool { return c.action == a })
	return handler{wants: wantsRows, run: func(m *Model, in intent) tea.Cmd { return m.copyAs(in, copyings[i]) }}
}

// copyAny copies in the way that was typed, or offers the ways.
func (m *Model) copyAny(in intent) tea.Cmd {
	d := &dialog.Menu{Title: titled("Copy", in)}
	var names []string
	for _, c := range copyings {
		if c.name == strings.ToLower(in.arg) {
			return m.copyAs(in, c)
		}
		label := c.noun
		if !in.one || c.action == keymap.CopyEmails {
			label += "s"
		}
		d.Items = append(d.Items, dialog.Item{Key: c.key, Label: label})
		names = append(names, c.name)
	}
	if in.arg != "" {
		return m.say(theme.Warning, "nothing is copied as "+in.arg+"; there are "+strings.Join(names, ", "))
	}
	m.openMenu(d, func(i int) tea.Cmd { return m.copyAs(in, copyings[i]) })
	return nil
}

// mostCopied is how many bytes most terminals take for their clipboard, once they are
// encoded.
const mostCopied = 74_994

var errTooMuch = fmt.Errorf("more than the %s kB that terminals take; confab list prints them", theme.Number(mostCopied/1000))

// copied are the lines for the clipboard, how many conversations have none, and why
// the first has none.
type copied struct {
	lines   []string
	missing int
	why     string
}

func (m *Model) copyAs(in intent, c copying) tea.Cmd {
	work := func(ctx context.Context, report func(int, int)) (copied, error) { return m.linesOf(ctx, in, c, report) }
	return operate(m, inLine("copying "+theme.Count(in.size(), c.noun)), work, func(got copied, err error) tea.Cmd {
		n := len(got.lines)
		switch {
		case errors.Is(err, context.Canceled):
			return m.say(theme.Dim, "stopped: nothing was copied")
		case errors.Is(err, errTooMuch):
			return m.say(theme.Warning, fmt.Sprintf("nothing was copied: %s are %s", theme.Count(in.size(), c.noun), err))
		case err != nil:
			return m.fail("copy the "+c.noun, err)
		case n == 0:
			return m.say(theme.Warning, "nothing was copied: "+cmp.Or(got.why, "there is no "+c.noun+" here"))
		}
		said := "copied " + theme.Count(n, c.noun)
		if in.one {
			said = "copied: " + got.lines[0]
		} else if c.action == keymap.CopyEmails {
			said = "copied the e-mails of " + theme.Count(n, "conversation")
		}
		if got.missing == 1 {
			said += "; 1 has none"
		} else if got.missing > 1 {
			said += "; " + theme.Number(got.missing) + " have none"
		}
		m.say(theme.Good, said)
		return tea.SetClipboard(strings.Join(got.lines, "\n"))
	})
}

// linesOf returns a line for each conversation, cleaned.
func (m *Model) linesOf(ctx context.Context, in intent, c copying, report func(int, int)) (out copied, err error) {
	refs, err := in.refs(ctx, m.be)
	if err != nil {
		return out, err
	}
	size := 0
	for i, ref := range refs {
		row := in.row
		if !in.one {
			row = model.Row{Conversation: model.Conversation{Ref: ref}}
		}
		if !in.one && c.action != keymap.CopyRef {
			if row, _, err = m.be.Row(ctx, ref); err != nil {
				return out, err
			}
		}
		text, err := c.of(ctx, m, row)
		if model.KindOf(err) == model.Unsupported {
			out.why, err = cmp.Or(out.why, model.Words(err)), nil
		}
		if err != nil {
			return out, err
		}
		if text = strings.TrimSpace(model.CleanLine(text, 0)); text == "" {
			out.missing++
			continue
		}
		out.lines = append(out.lines, text)
		if size += len(text) + 1; size > mostCopied {
			return out, errTooMuch
		}
		report(i+1, len(refs))
	}
	return out, ctx.Err()
}

// webLink returns the page of a conversation, "" where it has none.
func (m *Model) webLink(ctx context.Context, ref model.Ref) (string, error) {
	link, err := m.be.Link(ctx, ref, model.LinkWeb)
	if checkLink(link) != nil {
		link = ""
	}
	return link, err
}

// markdownSigns are what means something in the text of a Markdown link, linkSigns in
// its address.
var (
	markdownSigns = escaping("\\`*_[]<>~|&", func(c string) string { return "\\" + c })
	linkSigns     = escaping(" ()<>\"\\", func(c string) string { return fmt.Sprintf("%%%02X", c) })
)

func escaping(signs string, how func(sign string) string) *strings.Replacer {
	var pairs []string
	for _, c := range signs {
		pairs = append(pairs, string(c), how(string(c)))
	}
	return strings.NewReplacer(pairs...)
}

func markdownLink(title, link string) string {
	return "[" + markdownSigns.Replace(model.CleanLine(title, 0)) + "](" + linkSigns.Replace(model.CleanLine(link, 0)) + ")"
}

// emails lists the addresses of people, each once: "ann@example.com, bob@example.com".
func emails(people []model.Participant) string {
	var out []string
	for _, p := range people {
		address := cmp.Or(p.Email, strings.TrimPrefix(p.Identifier, "emailaddress="))
		known := func(a string) bool { return strings.EqualFold(a, address) }
		if strings.Contains(address, "@") && !strings.ContainsAny(address, ", \t\r\n;<>") && !slices.ContainsFunc(out, known) {
			out = append(out, address)
		}
	}
	return strings.Join(out, ", ")
}
