package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
)

func (r *run) newCommand() *cobra.Command {
	var n model.NewConversation
	var with, groups []string
	var send sendOptions
	c := &cobra.Command{
		Use:     "new --account ACCOUNT --title TEXT",
		Short:   "Create a conversation, where the service can",
		Example: "  confab new --account projects --title 'Lift inspection' --space 40 --with frank.osei@northwind.example=editor",
		Args:    noArgs,
		RunE: r.do(func(ctx context.Context, _ []string) error {
			people, err := r.parseNew(n, with, groups)
			if err != nil {
				return err
			}
			if err := r.mayAsk(send); err != nil {
				return err
			}
			if err := r.loadConfig(); err != nil {
				return err
			}
			if len(r.setup.Active()) != 1 {
				return usage("say where with one --account")
			}
			return r.withEngine(ctx, func() error { return r.create(ctx, n, people, send) })
		}),
	}
	s := c.Flags()
	s.StringVar(&n.Title, "title", "", "its title")
	s.StringVar(&n.Description, "description", "", "its description")
	s.StringVar(&n.Space, "space", "", "the ID of the space it belongs to")
	s.StringArrayVar(&with, "with", nil, "a participant, WHO[=ROLE]; may be repeated")
	s.StringArrayVar(&groups, "group", nil, "a group, ID[=ROLE]; may be repeated")
	s.StringVar(&n.Access, "access", "", accessHelp(r.Access))
	s.StringVar(&n.Message, "message", "", "the first message")
	send.register(c)
	return c
}

func (r *run) parseNew(n model.NewConversation, with, groups []string) ([]personChange, error) {
	if strings.TrimSpace(n.Title) == "" {
		return nil, usage("a new conversation needs --title")
	}
	if n.Access != "" {
		if err := oneOf("--access", n.Access, r.Access); err != nil {
			return nil, err
		}
	}
	for _, text := range groups {
		with = append(with, model.KindGroup+":"+strings.TrimPrefix(text, model.KindGroup+":"))
	}
	return parseAdds(with)
}

func (r *run) create(ctx context.Context, n model.NewConversation, people []personChange, send sendOptions) error {
	d, _ := r.engine.Describe(r.setup.Active()[0].Name)
	// Where nothing can be created the plan says why; nobody needs to be found.
	can := r.engine.Capabilities(model.Conversation{Ref: model.Ref{Account: d.Account}, Provider: d.Provider}).Of(model.EditCreate).Can()
	if can || send.dryRun && d.ReadOnly {
		dir := &directory{engine: r.engine}
		for _, p := range people {
			found, err := dir.find(ctx, d, n.Space, p.who)
			if err != nil {
				return of(d.Account, err)
			}
			found.Role, found.Status = p.role, ""
			n.People = append(n.People, found)
		}
	}
	plan, err := r.engine.PlanCreate(ctx, d.Account, n, model.PlanOptions{DryRun: send.dryRun})
	if err != nil {
		return err
	}
	for i := range plan.Items {
		blockBadWords(d, &plan.Items[i])
	}
	return r.send(ctx, plan, []model.Edit{{Kind: model.EditCreate}}, nil, send)
}
