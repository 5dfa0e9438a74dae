package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"confab/model"
)

func (r *run) syncCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "sync",
		Short: "Deliver every edit that is due, and refresh the cache",
		Args:  noArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			return r.withEngine(cmd.Context(), r.sync)
		}),
	}
}

func (r *run) sync(ctx context.Context, e Engine) error {
	codes := r.results(ctx, func(report func(model.DeliveryResult)) error { return e.SyncNow(ctx, false, report) })
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, a := range e.Accounts() {
		if err := r.reportAccount(a); err != nil {
			return err
		}
	}
	return status(codes)
}

// accountJSON is an account after a sync.
type accountJSON struct {
	Account       string            `json:"account"`
	Provider      string            `json:"provider"`
	ReadOnly      bool              `json:"read_only"`
	Conversations int               `json:"conversations"`
	Waiting       int               `json:"waiting"`
	NeedPerson    int               `json:"need_person"`
	Checked       *time.Time        `json:"checked"`
	Swept         *time.Time        `json:"swept"`
	Error         *model.EntryError `json:"error"`
}

func (r *run) reportAccount(a model.AccountState) error {
	if r.flags.json {
		return r.object(accountJSON{Account: a.Name, Provider: a.Provider, ReadOnly: a.ReadOnly, Conversations: a.Conversations,
			Waiting: a.Waiting, NeedPerson: a.NeedPerson, Checked: utc(a.Checked), Swept: utc(a.Swept), Error: a.Error})
	}
	line := fmt.Sprintf("%s  %s, checked %s", a.Name, count(a.Conversations, "conversation"), at(a.Checked))
	if a.Waiting > 0 {
		line += fmt.Sprintf(", %s waiting", count(a.Waiting, "edit"))
	}
	if a.NeedPerson > 0 {
		line += fmt.Sprintf(", %d need you: confab outbox", a.NeedPerson)
	}
	if a.Error != nil {
		line += ": " + errorText(a.Error)
	}
	r.print("%s", line)
	return nil
}

func utc(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}
