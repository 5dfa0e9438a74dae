package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

const listPage = 2000

func (r *run) listCommand() *cobra.Command {
	c := r.commandOf("list", nil, func(ctx context.Context, args []string, f flags) error {
		q, limit := strings.Join(args, " "), f.number("limit")
		if limit < 0 {
			return usage("--limit must not be negative")
		}
		how, err := r.listing(f.text("format"), f.text("columns"))
		if err != nil {
			return err
		}
		if err := r.checkQuery(q); err != nil {
			return err
		}
		if q, err = r.ofView(f.text("view"), q); err != nil {
			return err
		}
		return r.withEngine(ctx, func() error {
			r.syncFor(ctx, f.on("sync"), q)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return r.list(ctx, q, limit, how)
		})
	})
	c.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		if short := new(pflag.NotExistError); errors.As(err, &short) && short.GetSpecifiedShortnames() != "" {
			return fmt.Errorf("%w; a query that begins with - goes after --", flagWords(c, err))
		}
		return flagWords(c, err)
	})
	return c
}

func (r *run) ofView(name, text string) (string, error) {
	if name == "" {
		return text, nil
	}
	if err := r.loadConfig(); err != nil {
		return "", err
	}
	kept, unread := r.keeper().Views()
	v, err := r.view(name, kept, unread)
	if err != nil {
		return "", err
	}
	of, err := query.Parse(v.Query)
	if err != nil {
		return "", usage("the query of the view %s: %w", v.Name, err)
	}
	q, err := query.Parse(text)
	return of.And(q).String(), err
}

// scoped narrows a query, which has been checked, to the accounts that take part: the cache may hold others.
func (r *run) scoped(text string) string {
	var names []string
	for _, a := range r.setup.Active() {
		names = append(names, "account:"+a.Name)
	}
	q, err := query.Parse(text)
	accounts, wrong := query.Parse(strings.Join(names, " OR "))
	if err != nil || wrong != nil {
		return text
	}
	return accounts.And(q).String()
}

// syncFor reads what a query may match in all accounts, or, unless all are asked for, reads those whole that were
// never read to the end. A failure is shown: what is in the cache can be used all the same.
func (r *run) syncFor(ctx context.Context, all bool, q string) {
	var err error
	var unread []string
	for _, a := range r.engine.Accounts() {
		if a.Swept.IsZero() {
			unread = append(unread, a.Name)
		}
	}
	if all {
		err = r.engine.SyncQuery(ctx, q)
	} else if len(unread) > 0 {
		err = r.engine.Sync(ctx, unread...)
	}
	if ctx.Err() == nil {
		r.fail(err)
	}
}

// paged reads page after page of a size, up to limit if that is not zero. read returns how many it got.
func paged(limit, size int, read func(from, want int) (got int, err error)) error {
	for n := 0; limit == 0 || n < limit; {
		want := size
		if limit > 0 {
			want = min(want, limit-n)
		}
		got, err := read(n, want)
		if n += got; err != nil || got < want {
			return err
		}
	}
	return nil
}

func (r *run) list(ctx context.Context, q string, limit int, how listing) error {
	print, end := r.printer(how)
	found := 0
	err := paged(limit, listPage, func(offset, want int) (int, error) {
		page, err := r.engine.List(ctx, model.ListRequest{Query: r.scoped(q), Offset: offset, Limit: want})
		rows := unseen(page, offset)
		for _, row := range rows {
			print(row)
		}
		found = page.Total
		return len(rows), cmp.Or(err, r.unwritten)
	})
	if err != nil && err != r.unwritten {
		return err
	}
	end()
	if found > 0 {
		return nil
	}
	if near := r.nearest(ctx, q, false); near != "" {
		fmt.Fprintln(r.Err, "confab: 0 found"+r.plainText(near))
	}
	return nil
}

// nearest names the query nearest to one that finds nothing, and how much it finds; "" for none.
func (r *run) nearest(ctx context.Context, q string, inbox bool) string {
	near, found, err := r.engine.Nearest(ctx, r.scoped(""), q, inbox)
	if err != nil || near == "" {
		return ""
	}
	return "; nearest: " + model.CleanLine(near, 0) + ", " + theme.Number(found)
}

// unseen returns the rows from offset on: a window at the end of a list begins earlier than it was asked to.
func unseen(p model.Page, offset int) []model.Row {
	if skip := offset - p.Offset; skip > 0 {
		return p.Rows[min(skip, len(p.Rows)):]
	}
	return p.Rows
}

// seenBy is the word for who can see a conversation, as the inbox has it.
func (r *run) seenBy(c *model.Conversation) string {
	described, _ := r.engine.Describe(c.Ref.Account)
	if seen := described.Audience.For(c); seen.Class != model.ClassUnknown {
		return seen.Word
	}
	return privacyWord(*c)
}

func privacyWord(c model.Conversation) string { return string(cmp.Or(c.Privacy, model.PrivacyUnknown)) }

func statusWord(c model.Conversation) string {
	switch {
	case c.Archived:
		return "archived"
	case c.Status == "" && c.Closed:
		return model.StatusClosed
	}
	return cmp.Or(c.Status, "-")
}
