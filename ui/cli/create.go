package cli

import (
	"cmp"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
)

func (r *run) newCommand() *cobra.Command {
	return r.sendingCommand("new", noArgs, func(ctx context.Context, _ []string, f flags) error {
		n := model.NewConversation{Title: f.text("title"), Description: f.text("description"), Space: f.text("space"),
			Access: f.text("access"), Message: f.text("message")}
		if strings.TrimSpace(n.Title) == "" {
			return usage("a new conversation needs --title")
		}
		if n.Access != "" {
			if err := oneOf("--access", n.Access, r.Access); err != nil {
				return err
			}
		}
		with := f.texts("with")
		for _, text := range f.texts("group") {
			with = append(with, model.KindGroup+":"+strings.TrimPrefix(text, model.KindGroup+":"))
		}
		var people request
		for _, text := range with {
			w, err := parseChange("add", text, nil)
			if err != nil {
				return err
			}
			people = append(people, w)
		}
		if err := r.mayAsk(f.sending()); err != nil {
			return err
		}
		if err := r.loadConfig(); err != nil {
			return err
		}
		if len(r.setup.Active()) != 1 {
			return usage("say where with one --account")
		}
		return r.withEngine(ctx, func() error { return r.create(ctx, n, people, f.sending()) })
	})
}

func (r *run) create(ctx context.Context, n model.NewConversation, people request, send sendOptions) error {
	d, _ := r.engine.Describe(r.setup.Active()[0].Name)
	// Where nothing can be created the plan says why; nobody needs to be found.
	can := r.engine.Capabilities(model.Conversation{Ref: model.Ref{Account: d.Account}, Provider: d.Provider}).Of(model.EditCreate).Can()
	if can || send.dryRun && d.ReadOnly {
		dir := &directory{engine: r.engine}
		for _, w := range people {
			found, err := dir.find(ctx, d, n.Space, w.who)
			if err != nil {
				return of(d.Account, err)
			}
			found.Role, found.Status = w.People[0].Role, ""
			n.People = append(n.People, found)
		}
	}
	plan, err := r.engine.PlanCreate(ctx, d.Account, n, model.PlanOptions{DryRun: send.dryRun})
	if err != nil {
		return err
	}
	reason := unknownWord(d, "access", n.Access)
	for _, p := range n.People {
		reason = cmp.Or(reason, unknownWord(d, "role", p.Role))
	}
	for i := range plan.Items {
		block(&plan.Items[i], reason)
	}
	return r.send(ctx, plan, []model.Edit{{Kind: model.EditCreate}}, send)
}
