package cli

import (
	"bytes"
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
	return r.sendingCommand("edit", nil, func(ctx context.Context, args []string, f flags) (func(sendOptions) error, error) {
		ch, err := parseChanges(f, r.Access)
		if err == nil {
			err = r.checkTargets(f, args)
		}
		if err == nil && slices.Contains(args, "-") {
			args, err = r.refsFromInput(ctx, args, f)
		}
		return func(o sendOptions) error { return r.edit(ctx, args, f, ch, o) }, err
	}, "private public", "title replace title-template", "contacts add-contact", "contacts remove-contact", "archive delete")
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
	text = bytes.TrimPrefix(text, []byte("\ufeff")) // some editors and shells write one in front
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

func (r *run) edit(ctx context.Context, args []string, f flags, ch []model.Change, send sendOptions) error {
	refs, err := r.targets(ctx, args, f)
	if err != nil {
		return err
	}
	if len(refs) == 0 {
		return checkCount(f, 0)
	}
	plan, err := r.planEdit(ctx, refs, ch, model.PlanOptions{DryRun: send.dryRun, Sure: !f.Changed("query")})
	if err != nil {
		return err
	}
	r.noteBlocked(plan)
	if err := checkCount(f, plan.Count(model.PlanChange)); err != nil {
		r.printLines(r.Err, planLines(plan)...)
		return err
	}
	return r.send(ctx, plan, fieldsOf(ch), send)
}

// targets returns the conversations to edit: those of --query, after a sync unless --cached is given, or those named.
func (r *run) targets(ctx context.Context, args []string, f flags) (refs []model.Ref, err error) {
	if f.Changed("query") {
		if !f.on("cached") {
			if err := r.engine.SyncQuery(ctx, f.text("query")); err != nil {
				return nil, fmt.Errorf("%w\nnothing was changed; --cached goes by what is in the cache", err)
			}
		}
		refs, err = r.engine.Refs(ctx, f.text("query"), false)
		if err == nil && len(refs) == 0 {
			r.say("No conversation matches%s.", r.nearest(ctx, f.text("query"), false))
		}
		return refs, err
	}
	named := map[model.Ref]bool{} // standard input may hold very many
	for _, text := range args {
		ref, err := r.ref(text)
		if err != nil {
			return nil, err
		}
		if !named[ref] {
			refs, named[ref] = append(refs, ref), true
		}
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
		if it.State == model.PlanBlocked {
			r.addStatus(theme.Pick(it.Err != nil, CodeOf(it.Err), ExitRefused))
		}
	}
}

// planEdit plans changes to conversations. A conversation that could not be read is a blocked item with its error.
func (r *run) planEdit(ctx context.Context, refs []model.Ref, changes []model.Change, o model.PlanOptions) (model.Plan, error) {
	o.Progress = r.progress()
	plan, err := r.engine.Plan(ctx, refs, changes, o)
	known := slices.ContainsFunc(plan.Items, func(it model.PlanItem) bool { who := whoError(it.Err); return who == nil || !who.Nobody })
	for i, it := range plan.Items {
		// A name that matches nobody in any of the conversations is probably misspelt.
		if who := whoError(it.Err); who != nil && !(known && who.Nobody) {
			err = cmp.Or(err, error(who))
		}
		if it.Err != nil {
			plan.Items[i].Reason = model.Words(it.Err) // the ref stands before it
		}
	}
	return plan, err
}

func whoError(err error) *model.PersonQueryError {
	who, _ := errors.AsType[*model.PersonQueryError](err)
	return who
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
	var people []model.Change
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

func (r *run) create(ctx context.Context, n model.NewConversation, with []model.Change, send sendOptions) error {
	account := r.setup.Active()[0].Name
	plan, err := r.engine.PlanCreate(ctx, account, n, model.PlanOptions{DryRun: send.dryRun, With: with})
	if err != nil {
		return withAccount(account, err)
	}
	return r.send(ctx, plan, []model.Edit{{Kind: model.EditCreate}}, send)
}

// withAccount puts the name of the account before the error of a service.
func withAccount(account string, err error) error {
	if errors.As(err, new(*model.Error)) {
		return fmt.Errorf("%s: %w", account, err)
	}
	return err
}

// fieldsOf returns an empty edit for each field that changes are about.
func fieldsOf(changes []model.Change) (out []model.Edit) {
	for _, c := range changes {
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
func parseChanges(f flags, access []string) (ch []model.Change, err error) {
	for _, flag := range changeFlags {
		for _, text := range f.texts(flag) {
			c, err := parseChange(flag, text)
			if err == nil && flag == "access" {
				err = oneOf("--access", text, access)
			}
			if err != nil {
				return nil, err
			}
			set := func(o model.Change) bool { return o.Kind == c.Kind && o.Key == c.Key && o.Target.Text != nil }
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
func parseChange(flag, text string) (c model.Change, err error) {
	c.Op, c.Target = model.OpSet, model.TextValue(text)
	switch flag {
	case "private", "public":
		c.Kind, c.Target = model.EditPrivacy, model.TextValue(flag)
	case "title", "description", "status", "access", "default-role":
		c.Kind = model.EditKind(strings.ReplaceAll(flag, "-", "_"))
		known := map[string][]string{"status": model.EditStatus.Choices(model.Description{}), "default-role": roleWords()}[flag]
		switch {
		case flag == "title" && text != "" && strings.TrimSpace(text) == "":
			err = usage("--title must not be blank; --title '' clears it where the service can")
		case known != nil:
			err = oneOf("--"+flag, text, known)
		}
	case "replace":
		before, after, ok := strings.Cut(text, "=")
		if !ok || before == "" {
			err = usage("--replace wants OLD=NEW, with something to look for, not %q", cell(text))
		}
		c = model.Renaming{Old: before, New: after}.Change()
	case "title-template":
		r, wrong := model.ParseTemplate(text, time.Local)
		if title, literal := r.Literal(); wrong == nil && literal && strings.TrimSpace(title) == "" {
			wrong = errors.New("a title must not be blank")
		}
		if wrong != nil {
			err = usage("--title-template: %s", wrong)
		}
		c = r.Change()
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
		c = model.Change{Kind: model.EditKind(flag)}
	case "contacts", "add-contact", "remove-contact":
		c, err = parseContacts(flag, text)
	default:
		c, err = parsePerson(flag, text)
	}
	return c, err
}

func parseContacts(flag, text string) (model.Change, error) {
	// Without any id, the new value of OpSet is nobody.
	c := model.Change{Kind: model.EditContacts, Op: model.OpSet, Target: model.PeopleValue(nil)}
	ids, complaint := []string{text}, usage("--%s wants an id", flag)
	switch {
	case flag == "add-contact":
		c.Op = model.OpAdd
	case flag == "remove-contact":
		c.Op = model.OpRemove
	case text == "none":
		return c, nil
	default:
		ids = strings.Split(text, ",")
		complaint = usage(`--contacts wants ids with commas between, or "none" for no contact at all`)
	}
	for _, id := range ids {
		if id = strings.TrimPrefix(strings.TrimSpace(id), model.KindContact+":"); id == "" {
			return c, complaint
		}
		q := model.PersonQuery{Kind: model.KindContact, ID: id}
		if strings.ContainsAny(id, "@ ") || !strings.ContainsAny(id, "0123456789") { // an address or a name rather than an id
			q = model.PersonQuery{Text: id}
		}
		c.Queries = append(c.Queries, q)
	}
	return c, nil
}

func oneOf(flag, value string, known []string) error {
	if slices.Contains(known, value) {
		return nil
	}
	return usage("%s: unknown word %q%s", flag, cell(value), suggest(value, known, "it is one of"))
}
