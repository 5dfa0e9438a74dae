package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"confab/config"
	"confab/model"
	"confab/ui/theme"
)

const (
	linearPage = 20
	// maxAnnounced bounds the lines that one event may print.
	maxAnnounced = 5
	// settleTime is how long the next prompt waits for a submission to end, so that one line can tell all of it.
	settleTime = 3 * time.Second
)

// linear is the inbox as lines and prompts: nothing is repainted, and each event is one line.
type linear struct {
	*run
	query string
	views []config.View
	rows  []model.Ref // the listed conversations by their numbers
	// lines holds the last line printed for each listed conversation. An event is announced only if it changes that line.
	lines    map[model.Ref]string
	accounts map[string]string // the last line printed for each account
	acts     []*act
	events   <-chan model.Event
}

// act is a submission of this session whose end has not been announced yet.
type act struct {
	submission string
	refs       []model.Ref
	delayed    bool // it was announced what the submission waits for
}

func (r *run) openLinear(ctx context.Context, start Start) error {
	l := &linear{run: r, views: config.AllViews(r.setup.Config.Views, start.Kept), lines: map[model.Ref]string{},
		accounts: map[string]string{}}
	r.linear = l
	view := max(0, slices.IndexFunc(l.views, func(v config.View) bool { return v.Name == start.View }))
	var err error
	if l.query, err = r.both(l.views[view].Query, start.Query); err != nil {
		return err
	}
	events, stop := r.engine.Subscribe()
	defer stop()
	l.events = events
	for _, a := range r.engine.Accounts() {
		l.accounts[a.Name] = accountLine(a)
	}
	r.engine.Start(ctx)
	for _, line := range []string{model.Clean(start.Notice), "confab: type help for the commands, quit to leave.",
		only(r.setup.ReadOnly, "Read-only: nothing is changed on a service."),
		model.CleanLine(r.setup.Absent(), 500), model.CleanLine(start.Greeting, 500)} {
		if line != "" {
			r.print("%s", line)
		}
	}
	if err := l.list(ctx, false); err != nil {
		return err
	}
	needPerson := 0
	for _, a := range r.engine.Accounts() {
		needPerson += a.NeedPerson
	}
	if needPerson > 0 {
		l.print("%s: outbox", theme.Need(needPerson))
	}
	return l.converse(ctx)
}

// converse reads and runs commands until the person leaves.
func (l *linear) converse(ctx context.Context) error {
	for {
		l.prompt()
		line, err := l.next(ctx)
		switch {
		case errors.Is(err, errNoAnswer):
			fmt.Fprintln(l.Out)
			return nil
		case err != nil:
			return err
		case !utf8.ValidString(line):
			l.print("This line is not UTF-8, so nothing was done.")
			continue
		}
		word, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "quit" || word == "q" {
			err := l.leave(ctx)
			l.announce(context.WithoutCancel(ctx)) // how the last act ended
			return err
		}
		if err := l.command(ctx, word, strings.TrimSpace(rest)); ctx.Err() != nil {
			return ctx.Err()
		} else if err != nil && err != errShown {
			l.print("%s", model.Clean(err.Error()))
		}
	}
}

// next returns the next line that is typed, and announces events until then.
func (l *linear) next(ctx context.Context) (string, error) {
	lines := l.prompter.request()
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return "", errNoAnswer
			}
			if !l.InTerminal { // a terminal has ended the line of the prompt
				fmt.Fprintln(l.Out)
			}
			return line, nil
		case <-ctx.Done():
			fmt.Fprintln(l.Err)
			return "", ctx.Err()
		case ev := <-l.events:
			if news := l.news(ctx, ev); len(news) > 0 {
				fmt.Fprintln(l.Out)
				l.printLines(l.Out, news...)
				l.prompt()
			}
		}
	}
}

func (l *linear) prompt() { fmt.Fprint(l.Out, "confab> ") }

// announce prints what the acts of this session have come to, and what else has changed.
func (l *linear) announce(ctx context.Context) { l.printLines(l.Out, l.news(ctx, model.Event{})...) }

// news returns a line for each act that ended, and once for each that waits for a reason, and a line for each listed conversation
// and each account that an event changed.
func (l *linear) news(ctx context.Context, ev model.Event) (news []string) {
	own := map[model.Ref]bool{}
	l.acts = slices.DeleteFunc(l.acts, func(a *act) bool {
		for _, ref := range a.refs {
			own[ref] = true
		}
		sub, ok, err := l.engine.Submission(ctx, a.submission)
		if ok && (sub.Settled() || !a.delayed && sub.Problem != nil && sub.Problem.Error != nil) {
			a.delayed = true
			news = append(news, l.ending(sub, true))
		}
		return err == nil && sub.Settled()
	})
	var changed []string
	for i, ref := range l.rows {
		if len(ev.Refs) > 0 && !slices.Contains(ev.Refs, ref) {
			continue
		}
		row, ok, err := l.engine.Row(ctx, ref)
		if err != nil {
			break
		}
		was := l.lines[ref]
		line := theme.Pick(ok, l.rowLine(row), "gone: "+strings.TrimPrefix(was, "gone: "))
		if l.lines[ref] = line; line != was && !own[ref] { // the line of an act tells of its own conversations
			changed = append(changed, fmt.Sprintf("changed %d  %s", i+1, line))
		}
	}
	if more := len(changed) - maxAnnounced; more > 0 {
		changed = append(changed[:maxAnnounced], fmt.Sprintf("and %d more; list shows them", more))
	}
	news = append(news, changed...)
	for _, a := range l.engine.Accounts() {
		if line := accountLine(a); line != l.accounts[a.Name] {
			l.accounts[a.Name] = line
			news = append(news, line)
		}
	}
	return news
}

// follow has the ends of a plan's submissions announced, and the changes of their conversations with them, and waits a moment
// for the newest. If that takes longer, follow says what it waits for.
func (l *linear) follow(ctx context.Context, plan model.Plan) error {
	for _, e := range plan.Edits() {
		l.expect(cmp.Or(plan.ID, e.Submission), e.Ref) // a decision plans edits of earlier submissions
	}
	limit := time.After(settleTime)
	for {
		l.announce(ctx)
		if len(l.acts) == 0 || l.acts[len(l.acts)-1].delayed {
			return nil
		}
		select {
		case <-l.events:
		case <-ctx.Done():
			return ctx.Err()
		case <-limit:
			sub, _, err := l.engine.Submission(ctx, l.acts[len(l.acts)-1].submission)
			if err == nil {
				l.print("%s", l.ending(sub, true))
			}
			return err
		}
	}
}

// expect makes a submission the newest act, with one more conversation.
func (l *linear) expect(submission string, ref model.Ref) {
	newest := &act{submission: submission, refs: []model.Ref{ref}}
	l.acts = append(slices.DeleteFunc(l.acts, func(a *act) bool {
		if a.submission == submission {
			newest.refs = append(newest.refs, a.refs...)
		}
		return a.submission == submission
	}), newest)
}

// list lists the first conversations, or with more the next ones.
func (l *linear) list(ctx context.Context, more bool) error {
	offset := theme.Pick(more, len(l.rows), 0)
	page, err := l.engine.List(ctx, model.ListRequest{Query: l.query, Inbox: true, Offset: offset, Limit: linearPage})
	if err != nil {
		return err
	}
	if !more {
		l.rows, l.lines = nil, map[model.Ref]string{}
	}
	for _, row := range rowsFrom(page, offset) {
		ref := row.Conversation.Ref
		l.rows = append(l.rows, ref)
		l.lines[ref] = l.rowLine(row)
		l.print("%d  %s", len(l.rows), l.listLine(row))
	}
	switch {
	case page.Total == 0:
		l.printLines(l.Out, l.emptyLines(ctx)...)
	case len(l.rows) < page.Total:
		l.print("%d of %s; `more` lists the next.", len(l.rows), theme.Count(page.Total, "conversation"))
	case len(l.rows) == offset:
		l.print("There are no more: the list has %s.", theme.Count(page.Total, "conversation"))
	}
	return nil
}

// leave asks whether to wait for undelivered edits, and if so counts them down.
func (l *linear) leave(ctx context.Context) error {
	left, err := l.waiting(ctx)
	if err != nil || left == 0 || l.setup.ReadOnly {
		return err
	}
	otherwise := theme.Pick(l.setup.Demo, "ends the demo, and "+them(left)+" with it.", "leaves "+them(left)+" in the outbox.")
	yes, err := l.prompter.confirm(ctx, undelivered(left)+" Wait? No "+otherwise, false)
	for was := left; yes && err == nil; was = left {
		if left, err = l.waiting(ctx); err != nil || left == 0 {
			break
		}
		if left != was {
			l.print("%s", undelivered(left))
		}
		select {
		case ev := <-l.events:
			l.printLines(l.Out, l.news(ctx, ev)...)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}

func undelivered(n int) string { return theme.Count(n, "edit") + are(n) + " not delivered yet." }

// waiting counts the edits of the outbox that are still to be delivered.
func (r *run) waiting(ctx context.Context) (int, error) {
	entries, err := r.engine.Outbox(ctx)
	return len(slices.DeleteFunc(entries, func(x model.OutboxEntry) bool { return !x.State.Waiting() || x.Orphaned })), err
}

// maxNamed bounds the titles that a line about several conversations names.
const maxNamed = 5

// accountLine says how an account is, apart from times, which change all the time.
func accountLine(a model.AccountState) string {
	if a.Syncing && a.Swept.IsZero() {
		return a.Name + ": reading the list for the first time"
	}
	return a.Name + ": " + theme.Commas(theme.Count(a.Conversations, "conversation"), a.Error.Words())
}

func title(c model.Conversation) string { return cell(cmp.Or(c.Title, "(no title)")) }

// rowLine describes a conversation in one line. Local marks and pending edits are left out, and so is a normal status.
func (l *linear) rowLine(row model.Row) string {
	c := row.Conversation
	return theme.Commas(title(c), l.audienceWord(&c), unusual(c), cell(peopleIn(c, true)), c.Ref.Account)
}

// listLine is rowLine with time, marks and pending edits.
func (l *linear) listLine(row model.Row) string {
	parts := []string{l.rowLine(row), l.spoken(theme.LastChange(&row.Conversation)), only(!row.Triage.Seen, "unseen")}
	for _, p := range row.Pending {
		parts = append(parts, p.Kind.Words()+" "+p.State.Words())
	}
	return theme.Commas(parts...)
}

func unusual(c model.Conversation) string {
	status := c.PlainStatus()
	return theme.Pick(c.Archived, "archived", only(status != model.StatusOpen, status))
}

// emptyLines says why nothing is listed.
func (l *linear) emptyLines(ctx context.Context) []string {
	var unread []string
	for _, a := range l.engine.Accounts() {
		switch {
		case !a.Swept.IsZero():
		case a.Error != nil:
			unread = append(unread, accountLine(a))
		default:
			return []string{"Nothing here yet: the services are being read."}
		}
	}
	switch {
	case len(unread) > 0:
		return append([]string{"Nothing could be read yet."}, unread...)
	case l.query != "":
		return []string{"Nothing matches " + cell(l.query) + cell(l.nearest(ctx, l.query, true)) + "."}
	}
	return []string{"Nothing here. What is done, snoozed or archived is left out; list is:any has it."}
}

// preview says what a plan changes and what it leaves alone. A change that several conversations share is said once.
func (l *linear) preview(plan model.Plan) (lines []string) {
	var edits []model.OutboxEntry
	var titles, each, alike, noted []string
	for _, it := range plan.Items {
		if it.State != model.PlanChange {
			continue
		}
		var changes []string
		for _, e := range it.Edits {
			edits = append(edits, model.OutboxEntry{Edit: e, Title: it.Title})
			changes = append(changes, editLines(e)...)
		}
		alike = appendNew(alike, strings.Join(changes, "\n"))
		titles = append(titles, quote(it.Title))
		each = append(each, quote(it.Title)+": "+strings.Join(changes, "; "))
		noted = notes(noted, it)
	}
	if len(edits) > 0 {
		said := model.Sentence(edits)
		lines = []string{model.Submission{Sentence: said, Edits: len(edits), Waiting: len(edits)}.Words()}
		if len(titles) > 1 && len(alike) == 1 {
			lines[0] += ": " + few(titles)
		}
		if len(alike) > 1 {
			lines = append(lines, each...)
		} else if strings.HasPrefix(said, "changed ") || len(titles) > 1 && strings.HasPrefix(said, "renamed ") {
			lines = append(lines, "  "+strings.ReplaceAll(alike[0], "\n", "\n  "))
		}
	}
	var seen *model.AudienceChange
	if len(titles) == 1 && len(plan.Items) == 1 {
		seen = plan.Items[0].Audience
	}
	lines = append(lines, riskLines(seen, plan.Risks())...)
	return append(append(lines, noted...), leftAlone(plan)...)
}

func few(names []string) string {
	return theme.People(names, maxNamed, func(name string) string { return name })
}

// leftAlone says which conversations a plan leaves alone, by reason.
func leftAlone(plan model.Plan) (lines []string) {
	titles := map[string][]string{}
	var reasons []string
	for _, it := range plan.Items {
		if reason := whyUnchanged(it); reason != "" {
			reasons = appendNew(reasons, reason)
			titles[reason] = append(titles[reason], quote(it.Title))
		}
	}
	for _, reason := range reasons {
		lines = append(lines, few(titles[reason])+": "+reason)
	}
	return lines
}

// readOut prints a conversation to be read aloud: what it is, who can see it, who is in it, and what was said.
func (l *linear) readOut(row model.Row, d model.Detail) {
	c, now := row.Conversation, l.Now().Local()
	described, _ := l.engine.Describe(c.Ref.Account)
	about := theme.NewAbout(&c, described, now)
	l.print("%s", title(c))
	l.print("%s", about.What)
	l.print("Seen by %s.", model.CleanLine(described.AudienceOf(&c).Words(), 0))
	for _, f := range about.Head[1:] {
		if strings.Contains(f.Value, "\n") {
			l.text("", f.Value)
		} else {
			l.print("%s: %s", f.Label, f.Value)
		}
	}
	for _, p := range row.Pending {
		l.print("Not delivered yet: %s, %s", p.Kind.Words(), p.State.Words())
	}
	l.messages(d, now)
}
