package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"confab/model"
	"confab/model/query"
	"confab/ui/theme"
)

func (r *run) editCommand() *cobra.Command {
	c := r.sendingCommand("edit", nil, func(ctx context.Context, args []string, f flags) (func(sendOptions) error, error) {
		ch, err := parseChanges(f, r.Access)
		if err == nil {
			err = r.checkTargets(f, args)
		}
		if err == nil && slices.Contains(args, "-") {
			args, err = r.refsFromInput(ctx, args, f)
		}
		return func(o sendOptions) error { return r.edit(ctx, args, f, ch, o) }, err
	})
	for _, group := range []string{"private public", "title replace title-template", "contacts add-contact",
		"contacts remove-contact", "archive delete"} {
		c.MarkFlagsMutuallyExclusive(strings.Fields(group)...)
	}
	return c
}

// checkTargets refuses arguments that do not say which conversations to edit, before anything is opened.
func (r *run) checkTargets(f flags, args []string) error {
	queried := f.Changed("query")
	switch {
	case queried && len(args) > 0:
		return usage("name conversations or give --query, not both")
	case !queried && len(args) == 0:
		return usage("say which conversations: by REF, or with --query")
	case f.on("cached") && !queried:
		return usage("--cached goes with --query")
	case f.number("max") < 0 || f.number("expect") < 0:
		return usage("--max and --expect want a number that is not negative")
	}
	if err := r.checkQuery(f.text("query")); err != nil {
		return err
	}
	if q, err := query.Parse(f.text("query")); queried && err == nil && !q.Conditional() {
		return usage("a query without a condition matches everything: write is:any to mean that")
	}
	return nil
}

// maxInput bounds what is read from standard input, in bytes.
const maxInput = 16 << 20

// refsFromInput replaces "-" in args by the refs on standard input, which blanks or line ends separate. A word that is no
// ref is wrong usage.
func (r *run) refsFromInput(ctx context.Context, args []string, f flags) ([]string, error) {
	if !f.on("yes") && !f.on("dry-run") {
		return nil, usage("standard input holds the refs, so nothing can be asked there: give --yes, or --dry-run")
	}
	var text []byte
	var err error
	read := make(chan struct{})
	go func() {
		text, err = io.ReadAll(io.LimitReader(r.In, maxInput+1))
		close(read)
	}()
	select {
	case <-read:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	switch {
	case err != nil:
		return nil, local(err)
	case len(text) > maxInput:
		return nil, usage("standard input holds more than %d MB", maxInput>>20)
	case !utf8.Valid(text):
		return nil, usage("standard input is not UTF-8")
	}
	out := slices.DeleteFunc(slices.Clone(args), func(arg string) bool { return arg == "-" })
	for i, line := range strings.Split(string(text), "\n") {
		for _, word := range strings.Fields(line) {
			if _, err := model.ParseRef(word); err != nil {
				return nil, usage("standard input, line %d: %q: %s", i+1, cell(word), err)
			}
			out = append(out, word)
		}
	}
	return out, nil
}

func (r *run) edit(ctx context.Context, args []string, f flags, ch changes, send sendOptions) error {
	refs, err := r.targets(ctx, args, f)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return checkCount(f, 0)
	}
	plan, err := r.planEdit(ctx, refs, ch, send.dryRun)
	if err != nil {
		return err
	}
	r.noteBlocked(plan)
	if err := checkCount(f, plan.Count(model.PlanChange)); err != nil {
		r.printLines(r.Err, planLines(plan)...)
		return err
	}
	return r.send(ctx, plan, ch.fields(), send)
}

// targets returns the conversations to edit: those of --query, after a sync unless --cached is given, or those named.
func (r *run) targets(ctx context.Context, args []string, f flags) (refs []model.Ref, err error) {
	if f.Changed("query") {
		if !f.on("cached") {
			if err := r.engine.SyncQuery(ctx, f.text("query")); err != nil {
				return nil, fmt.Errorf("%w\nnothing was changed; --cached goes by what is in the cache", err)
			}
		}
		refs, err = r.engine.Refs(ctx, r.scoped(f.text("query")), false)
		if err == nil && len(refs) == 0 {
			r.say("No conversation matches%s.", r.nearest(ctx, f.text("query"), false))
		}
		return refs, err
	}
	for _, text := range args {
		ref, err := r.ref(text)
		if err != nil {
			return nil, err
		}
		refs = appendNew(refs, ref)
	}
	if len(refs) == 0 {
		r.say("Standard input names no conversation: nothing to do.")
	}
	return refs, nil
}

// checkCount refuses a plan that changes more conversations than --max allows, or other than --expect names.
func checkCount(f flags, n int) error {
	would := "the plan would change " + theme.Count(n, "conversation")
	switch limit, expected := f.number("max"), f.number("expect"); {
	case f.Changed("max") && n > limit:
		return refused("%s, and --max allows %d: nothing was sent", would, limit)
	case f.Changed("expect") && n != expected:
		return refused("%s, and --expect names %d: nothing was sent", would, expected)
	}
	return nil
}

// noteBlocked counts the blocked items of a plan in the exit status: as refused, or by the error that blocked them.
func (r *run) noteBlocked(plan model.Plan) {
	for _, it := range plan.Items {
		switch {
		case it.State != model.PlanBlocked:
		case it.Err != nil:
			r.addStatus(CodeOf(it.Err))
		default:
			r.addStatus(ExitRefused)
		}
	}
}

// planEdit plans changes to conversations. A conversation that could not be read is a blocked item with its error.
func (r *run) planEdit(ctx context.Context, refs []model.Ref, ch changes, dryRun bool) (plan model.Plan, err error) {
	targets := r.findPeople(ctx, refs, ch, dryRun)
	if err := ctx.Err(); err != nil {
		return plan, err
	}
	if err := fatal(targets); err != nil {
		return plan, err
	}
	var asked []model.Change
	for _, c := range ch {
		asked = append(asked, c.Change)
	}
	var ready []model.Ref
	for _, t := range targets {
		if t.Reason == "" {
			ready = append(ready, t.Ref)
		}
		for i, people := range t.people {
			if asked[i].PeopleByRef == nil {
				asked[i].PeopleByRef = map[model.Ref][]model.Participant{}
			}
			asked[i].PeopleByRef[t.Ref] = people
		}
	}
	if plan, err = r.engine.Plan(ctx, ready, asked, model.PlanOptions{DryRun: dryRun, Progress: r.progress()}); err != nil {
		return plan, err
	}
	planned := plan.Items
	plan.Items = make([]model.PlanItem, 0, len(refs))
	for _, t := range targets {
		it := t.PlanItem
		if t.Reason == "" {
			it, planned = planned[0], planned[1:]
		}
		if r.blockUnknownWords(&it, ch); it.Err != nil {
			it.Reason = model.Words(it.Err) // the ref stands before it
		}
		plan.Items = append(plan.Items, it)
	}
	return plan, nil
}

// fatal returns the error that ends the command before anything is planned, or nil: a failure of this machine, an
// ambiguous name, or a name that matches nobody in any conversation, which is probably misspelt.
func fatal(targets []*target) error {
	known := slices.ContainsFunc(targets, func(t *target) bool { return !errors.Is(t.Err, errNobody) })
	for _, t := range targets {
		if model.KindOf(t.Err) == model.Local && !(known && errors.Is(t.Err, errNobody)) {
			return t.Err
		}
	}
	return nil
}

// blockUnknownWords blocks an item whose edits use words that its service does not know.
func (r *run) blockUnknownWords(it *model.PlanItem, ch changes) {
	d, _ := r.engine.Describe(it.Ref.Account)
	for _, c := range ch {
		switch {
		case !slices.ContainsFunc(it.Edits, func(e model.Edit) bool { return e.Kind == c.Kind }):
		case c.Kind == model.EditParticipants:
			block(it, cmp.Or(unknownWord(d, "role", c.People[0].Role), unknownWord(d, "participant status", c.People[0].Status)))
		case c.Kind == model.EditAccess || c.Kind == model.EditDefaultRole:
			block(it, unknownWord(d, c.Kind.Words(), c.Target.String()))
		}
	}
}

func block(it *model.PlanItem, reason string) {
	if reason != "" && it.State == model.PlanChange {
		*it = it.Blocked(reason)
		it.Notes = nil
	}
}

// unknownWord returns why a service does not take a word, or "".
func unknownWord(d model.Description, what, word string) string {
	known := map[string]struct {
		all   string
		words []string
	}{"access": {"access setting", d.AccessValues}, "default role": {"default role", d.DefaultRoleValues}, "role": {"roles", d.Roles},
		"participant status": {"statuses of participants", d.ParticipantStatuses}}[what]
	switch {
	case word == "" || slices.Contains(known.words, word):
		return ""
	case len(known.words) == 0:
		return fmt.Sprintf("%s has no %s", d.Name, known.all)
	}
	return fmt.Sprintf("%s has no %s %q; it has %s", d.Name, what, word, strings.Join(known.words, ", "))
}

func (r *run) prepareNew(ctx context.Context, _ []string, f flags) (func(sendOptions) error, error) {
	n := model.NewConversation{Title: f.text("title"), Description: f.text("description"), Space: f.text("space"),
		Access: f.text("access"), Message: f.text("message")}
	if strings.TrimSpace(n.Title) == "" {
		return nil, usage("a new conversation needs --title")
	}
	if n.Access != "" {
		if err := oneOf("--access", n.Access, r.Access); err != nil {
			return nil, err
		}
	}
	with := f.texts("with")
	for _, text := range f.texts("group") {
		with = append(with, model.KindGroup+":"+strings.TrimPrefix(text, model.KindGroup+":"))
	}
	var people changes
	for _, text := range with {
		c, err := parseChange("add", text)
		if err != nil {
			return nil, err
		}
		people = append(people, c)
	}
	if err := r.loadConfig(); err != nil {
		return nil, err
	}
	if len(r.setup.Active()) != 1 {
		return nil, usage("say where with one --account")
	}
	return func(o sendOptions) error { return r.create(ctx, n, people, o) }, nil
}

func (r *run) create(ctx context.Context, n model.NewConversation, people changes, send sendOptions) error {
	d, _ := r.engine.Describe(r.setup.Active()[0].Name)
	// Where nothing can be created, the plan says why, and nobody is looked up.
	can := r.engine.Capabilities(model.Conversation{Ref: model.Ref{Account: d.Account}, Provider: d.Provider}).Of(model.EditCreate).Can()
	if can || send.dryRun && d.ReadOnly {
		dir := &directory{engine: r.engine}
		for _, c := range people {
			found, err := dir.find(ctx, d, n.Space, c.who)
			if err != nil {
				return withAccount(d.Account, err)
			}
			found.Role, found.Status = c.People[0].Role, ""
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

// change is one change that was asked for. The person it is about is looked up for each conversation anew: the same text
// may name different people in two conversations.
type change struct {
	model.Change
	who whoArg
}

type changes []change

// fields returns an empty edit for each field that the changes are about.
func (ch changes) fields() (out []model.Edit) {
	for _, c := range ch {
		if !slices.ContainsFunc(out, func(e model.Edit) bool { return e.Kind == c.Kind && e.Key == c.Key }) {
			out = append(out, model.Edit{Kind: c.Kind, Key: c.Key})
		}
	}
	return out
}

// changeFlags are the flags of `edit` that ask for a change, in the order in which the changes are planned.
var changeFlags = strings.Fields(`private public title description status access default-role replace title-template
	label remove-label attribute remove-attribute archive add role participant-status remove
	contacts add-contact remove-contact delete`)

// parseChanges reads the flags of `edit`. An empty text is a value: it clears a field. access lists the access settings of all
// services.
func parseChanges(f flags, access []string) (ch changes, err error) {
	for _, flag := range changeFlags {
		for _, text := range f.texts(flag) {
			c, err := parseChange(flag, text)
			if err == nil && flag == "access" {
				err = oneOf("--access", text, access)
			}
			if err != nil {
				return nil, err
			}
			set := func(o change) bool { return o.Kind == c.Kind && o.Key == c.Key && o.Target.Text != nil }
			if c.Key != "" && c.Target.Text == nil && slices.ContainsFunc(ch, set) {
				return nil, usage("%q is both to be set and to be removed", cell(c.Key))
			}
			ch = append(ch, c)
		}
	}
	switch {
	case f.on("delete") && len(ch) > 1:
		return nil, usage("--delete stands alone: what is deleted can't be changed too")
	case len(ch) == 0:
		return nil, usage("say what to change, with --private, --title and the like: see `confab edit --help`")
	}
	return ch, nil
}

// parseChange reads one use of a flag.
func parseChange(flag, text string) (c change, err error) {
	c.Op, c.Target = model.OpSet, model.TextValue(text)
	switch flag {
	case "private", "public":
		c.Kind, c.Target = model.EditPrivacy, model.TextValue(flag)
	case "title", "description", "status", "access", "default-role":
		c.Kind = model.EditKind(strings.ReplaceAll(flag, "-", "_"))
		known := map[string][]string{"status": model.EditStatus.Choices(model.Description{}), "default-role": roleWords()}[flag]
		switch {
		case flag == "title" && text != "" && strings.TrimSpace(text) == "":
			err = usage("--title must not be blank")
		case known != nil:
			err = oneOf("--"+flag, text, known)
		}
	case "replace":
		before, after, ok := strings.Cut(text, "=")
		if !ok || before == "" {
			err = usage("--replace wants OLD=NEW, with something to look for, not %q", cell(text))
		}
		c.Change = model.Renaming{Old: before, New: after}.Change()
	case "title-template":
		r, wrong := model.ParseTemplate(text, time.Local)
		if title, literal := r.Literal(); wrong == nil && literal && strings.TrimSpace(title) == "" {
			wrong = errors.New("a title must not be blank")
		}
		if wrong != nil {
			err = usage("--title-template: %s", wrong)
		}
		c.Change = r.Change()
	case "label", "attribute":
		key, value, ok := strings.Cut(text, "=")
		if !ok || strings.TrimSpace(key) == "" {
			err = usage("--%s wants KEY=VALUE, not %q", flag, cell(text))
		}
		c.Kind, c.Key, c.Target = model.EditKind(flag+"s"), key, model.TextValue(value)
	case "remove-label", "remove-attribute":
		pair := strings.TrimPrefix(flag, "remove-")
		if strings.TrimSpace(text) == "" {
			err = usage("--%s wants the name of the %s", flag, pair)
		}
		c.Kind, c.Key, c.Target = model.EditKind(pair+"s"), text, model.Value{}
	case "archive", "delete":
		c.Change = model.Change{Kind: model.EditKind(flag)}
	case "contacts", "add-contact", "remove-contact":
		c.Change, err = parseContacts(flag, text)
	default:
		c.Change = model.Change{Kind: model.EditParticipants, People: make([]model.Participant, 1)}
		c.Op, c.who, err = parsePerson(flag, text, &c.People[0])
	}
	return c, err
}

func parseContacts(flag, text string) (model.Change, error) {
	c := model.Change{Kind: model.EditContacts, Op: model.OpSet}
	ids, complaint := []string{text}, usage("--%s wants an id", flag)
	switch {
	case flag == "add-contact":
		c.Op = model.OpAdd
	case flag == "remove-contact":
		c.Op = model.OpRemove
	case text == "none":
		ids = nil
	default:
		ids = strings.Split(text, ",")
		complaint = usage(`--contacts wants ids with commas between, or "none" for no contact at all`)
	}
	for _, id := range ids {
		if id = strings.TrimPrefix(strings.TrimSpace(id), model.KindContact+":"); id == "" {
			return c, complaint
		}
		c.People = append(c.People, model.Participant{Kind: model.KindContact, ID: id})
	}
	return c, nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usage("%s: unknown word %q%s", flag, cell(value), suggest(value, known, "it is one of"))
}
