package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"confab/model"
)

// newFlags are what `new` may be told, as typed.
type newFlags struct {
	title, description, space, access, message string
	with, groups                               []string
}

func (r *run) newCommand() *cobra.Command {
	var f newFlags
	var send sendOptions
	c := &cobra.Command{
		Use:     "new --account ACCOUNT --title TEXT",
		Short:   "Create a conversation, where the service can",
		Example: "  confab new --account projects --title 'Lift inspection' --space 40 --with ann@example.com=editor",
		Args:    noArgs,
		RunE: r.do(func(cmd *cobra.Command, _ []string) error {
			people, err := f.parse(r.Access)
			if err != nil {
				return err
			}
			if err := r.mayAsk(send); err != nil {
				return err
			}
			if err := r.loadConfig(); err != nil {
				return err
			}
			active := r.setup.Active()
			if len(active) != 1 {
				return usage("say where with one --account")
			}
			return r.withEngine(cmd.Context(), func(ctx context.Context, e Engine) error {
				n := model.NewConversation{Title: f.title, Description: f.description, Space: f.space, Access: f.access, Message: f.message}
				d, _ := e.Describe(active[0].Name)
				if d.Account == "" {
					d.Account = active[0].Name
				}
				// Where nothing can be created the plan says why; nobody needs to be found.
				can := e.Capabilities(model.Conversation{Ref: model.Ref{Account: d.Account}, Provider: d.Provider}).Of(model.EditCreate).Can()
				if can || send.dryRun && d.ReadOnly {
					dir := newDirectory(e)
					for _, p := range people {
						found, err := dir.find(ctx, d, f.space, p.who)
						if err != nil {
							return of(d.Account, err)
						}
						found.Role, found.Status = p.role, ""
						n.People = append(n.People, found)
					}
				}
				plan, err := e.PlanCreate(ctx, d.Account, n, model.PlanOptions{DryRun: send.dryRun})
				if err != nil {
					return err
				}
				for i := range plan.Items {
					plan.Items[i] = checkCreate(d, plan.Items[i])
				}
				return r.send(ctx, e, plan, []want{{kind: model.EditCreate}}, nil, send)
			})
		}),
	}
	s := c.Flags()
	s.StringVar(&f.title, "title", "", "its title")
	s.StringVar(&f.description, "description", "", "its description")
	s.StringVar(&f.space, "space", "", "the ID of the space it belongs to")
	s.StringArrayVar(&f.with, "with", nil, "a participant, WHO[=ROLE]; may be repeated")
	s.StringArrayVar(&f.groups, "group", nil, "a group, ID[=ROLE]; may be repeated")
	s.StringVar(&f.access, "access", "", "who gets in, in the service's own word: "+strings.Join(r.Access, " "))
	s.StringVar(&f.message, "message", "", "the first message")
	send.register(c)
	return c
}

func (f *newFlags) parse(access []string) ([]personChange, error) {
	if strings.TrimSpace(f.title) == "" {
		return nil, usage("a new conversation needs --title")
	}
	if f.access != "" {
		if err := oneOf("--access", f.access, access); err != nil {
			return nil, err
		}
	}
	var people []personChange
	for _, text := range f.with {
		w, role, err := parseWhoRole(text)
		if err != nil {
			return nil, err
		}
		people = append(people, personChange{who: w, op: model.OpAdd, role: role})
	}
	for _, text := range f.groups {
		w, role, err := parseWhoRole(model.KindGroup + ":" + strings.TrimPrefix(text, model.KindGroup+":"))
		if err != nil {
			return nil, err
		}
		people = append(people, personChange{who: w, op: model.OpAdd, role: role})
	}
	return people, nil
}

// checkCreate blocks a create that names a word the service doesn't have.
func checkCreate(d model.Description, it model.PlanItem) model.PlanItem {
	if it.State != model.PlanChange {
		return it
	}
	for _, e := range it.Edits {
		if e.Target.New == nil {
			continue
		}
		for _, part := range []model.Edit{
			{Kind: model.EditAccess, Target: model.TextValue(e.Target.New.Access)},
			{Kind: model.EditParticipants, Base: model.PeopleValue(nil), Target: model.PeopleValue(e.Target.New.People)},
		} {
			if reason := badWord(d, part); reason != "" {
				it.State, it.Reason, it.Edits, it.Risks, it.Notes = model.PlanBlocked, reason, nil, nil, nil
				return it
			}
		}
	}
	return it
}
