package ui

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	tea "charm.land/bubbletea/v2"

	"confab/model"
	"confab/ui/dialog"
	"confab/ui/keymap"
	"confab/ui/theme"
)

// copyFormat is something that can be copied of a conversation.
type copyFormat struct {
	// name is the argument of :copy, key the key in the menu; noun is shown.
	name, key, noun string
	action          keymap.Action
	// of returns the text to copy of a conversation, "" if it has none.
	of func(ctx context.Context, be Backend, c model.Conversation) (string, error)
}

var copyFormats = []copyFormat{
	{"ref", "r", "ref", keymap.CopyRef, func(_ context.Context, _ Backend, c model.Conversation) (string, error) {
		return c.Ref.String(), nil
	}},
	{"title", "t", "title", keymap.CopyTitle, func(_ context.Context, _ Backend, c model.Conversation) (string, error) {
		return c.Title, nil
	}},
	{"link", "l", "link", keymap.CopyLink, webLink},
	{"markdown", "m", "Markdown link", keymap.CopyMarkdown, func(ctx context.Context, be Backend, c model.Conversation) (string, error) {
		link, err := webLink(ctx, be, c)
		if link == "" || err != nil {
			return "", err
		}
		title := model.CleanLine(cmp.Or(c.Title, c.Ref.String()), 0)
		return "[" + markdownSigns.Replace(title) + "](" + linkSigns.Replace(model.CleanLine(link, 0)) + ")", nil
	}},
	{"emails", "e", "e-mail", keymap.CopyEmails, func(ctx context.Context, be Backend, c model.Conversation) (string, error) {
		if !c.PeopleKnown() {
			d, err := be.Load(ctx, c.Ref, model.NeedParticipants|model.NeedContacts)
			if err != nil {
				return "", err
			}
			c = d.Conversation
		}
		return emails(c.People()), nil
	}},
}

func openCopy(o *overlays, in intent) {
	d := &dialog.Menu{Title: titleFor("Copy", in)}
	var names []string
	for _, c := range copyFormats {
		if c.name == strings.ToLower(in.arg) {
			copyRows(o, in, c)
			return
		}
		plural := !in.single || c.action == keymap.CopyEmails
		d.Items = append(d.Items, dialog.Item{Key: c.key, Label: c.noun + theme.Pick(plural, "s", "")})
		names = append(names, c.name)
	}
	if in.arg != "" {
		o.say(theme.Warning, "nothing is copied as "+in.arg+"; there are "+strings.Join(names, ", "))
		return
	}
	o.openMenu(d, func(i int) { copyRows(o, in, copyFormats[i]) })
}

// maxCopied is how many bytes, before encoding, most terminals accept for the clipboard.
const maxCopied = 74_994

var errTooMuch = fmt.Errorf("more than the %s kB that terminals take; confab list prints them", theme.Number(maxCopied/1000))

type copyResult struct {
	lines   []string
	missing int    // conversations without anything to copy
	why     string // the reason of the first of them
}

func copyRows(o *overlays, in intent, c copyFormat) {
	work := func(ctx context.Context, report func(int, int)) (copyResult, error) {
		return linesOf(ctx, o.be, in, c, report)
	}
	operate(o, inLine("copying "+theme.Count(in.size(), c.noun), "nothing was copied"), work, func(got copyResult, err error) {
		n := len(got.lines)
		switch {
		case errors.Is(err, errTooMuch):
			o.say(theme.Warning, fmt.Sprintf("nothing was copied: %s are %s", theme.Count(in.size(), c.noun), err))
			return
		case err != nil:
			o.fail("copy the "+c.noun, err)
			return
		case n == 0:
			o.say(theme.Warning, "nothing was copied: "+cmp.Or(got.why, "there is no "+c.noun+" here"))
			return
		}
		said := "copied " + theme.Count(n, c.noun)
		if in.single {
			said = "copied: " + got.lines[0]
		} else if c.action == keymap.CopyEmails {
			said = "copied the e-mails of " + theme.Count(n, "conversation")
		}
		if n := got.missing; n > 0 {
			said += "; " + theme.Number(n) + theme.Pick(n == 1, " has none", " have none")
		}
		o.say(theme.Good, said)
		o.do(tea.SetClipboard(strings.Join(got.lines, "\n")))
	})
}

func linesOf(ctx context.Context, be Backend, in intent, c copyFormat, report func(int, int)) (out copyResult, err error) {
	refs, err := in.refs(ctx, be)
	if err != nil {
		return out, err
	}
	size := 0
	for i, ref := range refs {
		row := in.row
		if !in.single {
			row = model.Row{Conversation: model.Conversation{Ref: ref}}
			if c.action != keymap.CopyRef {
				if row, _, err = be.Row(ctx, ref); err != nil {
					return out, err
				}
			}
		}
		text, err := c.of(ctx, be, row.Conversation)
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
		if size += len(text) + 1; size > maxCopied {
			return out, errTooMuch
		}
		report(i+1, len(refs))
	}
	return out, ctx.Err()
}

func webLink(ctx context.Context, be Backend, c model.Conversation) (string, error) {
	link, err := be.Link(ctx, c.Ref, model.LinkWeb)
	if checkLink(link) != nil {
		link = ""
	}
	return link, err
}

// checkLink returns an error unless link is the address of a web page.
func checkLink(link string) error {
	u, err := url.Parse(link)
	switch {
	case link == "":
		return errors.New("there is no link for this conversation")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("the link is no web page, so it is not opened")
	}
	return nil
}

// linkHandler opens a link of a conversation in the browser.
func (m *Model) linkHandler(kind model.LinkKind) handler {
	return handler{wants: wantsRow, run: func(in intent) {
		m.try("open it", func(ctx context.Context) error {
			link, err := m.be.Link(ctx, in.row.Conversation.Ref, kind)
			if err == nil {
				err = checkLink(link)
			}
			if err == nil {
				err = m.opts.Open(link)
			}
			return err
		}, func() { m.say(theme.Good, "opened in the browser") })
	}, off: func(intent) string {
		why := "no browser can be opened from here; " + m.keyFor(keymap.List, keymap.CopyLink) + " copies the link"
		return theme.Pick(m.opts.Open == nil, why, "")
	}}
}

// markdownSigns escapes the text of a Markdown link, linkSigns its address.
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

// emails returns the addresses of people, each once: "ann@example.com, bob@example.com".
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
