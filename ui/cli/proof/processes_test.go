//go:build unix

package proof

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"confab/model"
)

// crowd is several confabs that work on one database.
type crowd struct {
	*stage
	h    *home
	refs []string

	mu      sync.Mutex
	n       int
	results []*process
	killed  int
}

// title returns a title that was not used before.
func (c *crowd) title() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n++
	return fmt.Sprintf("title %d", c.n)
}

// command returns a random command.
func (c *crowd) command(r *rand.Rand) []string {
	ref := pick(r, c.refs)
	switch n := r.IntN(20); {
	case n < 11:
		return []string{"edit", ref, "--title", c.title(), "--yes", "--json"}
	case n < 12:
		return []string{"edit", ref, "--title", c.title(), "--yes", "--json", "--no-wait"}
	case n < 14 && !strings.HasPrefix(ref, "projects:"):
		return []string{"edit", ref, pick(r, []string{"--private", "--public"}), "--title", c.title(), "--yes", "--json"}
	case n < 15:
		return append([]string{"edit"}, append(c.refs, "--title", c.title(), "--yes", "--json")...)
	case n < 17:
		return []string{"sync"}
	}
	// What is there is looked up without standing in anybody's way.
	db, err := sql.Open("sqlite", "file:"+c.h.database()+"?mode=ro&_pragma=busy_timeout(2000)")
	if err != nil {
		return []string{"sync"}
	}
	defer db.Close()
	id := ""
	if r.IntN(4) == 0 {
		if db.QueryRow("SELECT id FROM outbox ORDER BY random() LIMIT 1").Scan(&id) == nil {
			return []string{"outbox", "retry", id, "--yes"}
		}
	}
	if db.QueryRow("SELECT id FROM submission ORDER BY id DESC LIMIT 1 OFFSET ?", r.IntN(4)).Scan(&id) != nil {
		return []string{"sync"}
	}
	return []string{"undo", id, "--yes", "--json"}
}

// work runs commands one after another and kills some of them.
func (c *crowd) work(t *testing.T, r *rand.Rand, commands int) {
	for range commands {
		p := c.h.prepare(c.command(r)...)
		if err := p.cmd.Start(); err != nil {
			t.Error(err)
			return
		}
		p.await(nil)
		if r.IntN(8) == 0 {
			select {
			case <-time.After(time.Duration(r.Int64N(int64(120 * time.Millisecond)))):
				p.kill()
			case <-p.ended:
			}
		}
		code := p.wait(t)
		c.mu.Lock()
		c.results = append(c.results, p)
		if code < 0 {
			c.killed++
		}
		c.mu.Unlock()
	}
}

// round runs workers on one database and judges the result.
func (c *crowd) round(t *testing.T, r *rand.Rand, workers, commands int) {
	c.h = c.again(t)
	c.results = nil
	attention, birds, konas := c.box.Attention().IDs(), c.box.Bird().IDs(), c.box.Kona().IDs()
	c.refs = []string{"sales:" + attention[0], "support:" + birds[0], "projects:" + konas[0]}
	inbox := c.h.screen()
	var wg sync.WaitGroup
	for w := range workers {
		own := rand.New(rand.NewPCG(r.Uint64(), uint64(w)))
		wg.Go(func() { c.work(t, own, commands) })
	}
	wg.Wait()
	var last *process
	for range 8 {
		if last = c.h.run("sync"); c.h.read().waiting() == 0 {
			break
		}
	}
	c.leave(t, inbox)
	c.judge(t, last)
}

// leave quits the inbox and answers its questions. The inbox may ask because it has not yet read what the other processes did
// last, stay because an edit now needs a person, and ask again.
func (c *crowd) leave(t *testing.T, inbox *process) {
	end := time.Now().Add(20 * time.Second)
	for _, key := range strings.Repeat("qwl", 10) {
		if inbox.keys(string(key)); !inbox.rest() {
			return
		}
		if time.Now().After(end) {
			break
		}
	}
	t.Errorf("the inbox does not end: %s", inbox.shown())
	inbox.killed()
}

func (c *crowd) judge(t *testing.T, last *process) {
	k := c.h.read()
	bad := func(format string, args ...any) {
		t.Helper()
		var said strings.Builder
		for _, p := range c.results {
			fmt.Fprintln(&said, p)
		}
		t.Errorf("%s\n%s\n%s\n%s%s", fmt.Sprintf(format, args...), k, c.sent(), said.String(), last)
	}
	if k.waiting() > 0 {
		bad("an edit still waits")
	}
	for _, e := range k.outbox {
		if e.Undoes == "" {
			bad("edit %s is left to a person, though no other client changed anything: %+v", e.ID, e.Error)
		}
	}
	for _, s := range k.subs {
		if s.Edits != s.Waiting+s.NeedPerson+s.Delivered+s.Already+s.Withdrawn+s.Discarded+s.Replaced {
			bad("the counts of submission %s do not add up: %+v", s.ID, s)
		}
	}
	c.titles(k, bad)
	for _, p := range c.results {
		c.exits(p, bad)
	}
	db, err := sql.Open("sqlite", "file:"+c.h.database()+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	says := ""
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&says); err != nil || says != "ok" {
		bad("the database is damaged: %s %v", says, err)
	}
}

// titles compares the titles that were written, in order, with the history, which must hold each write once with the title before.
func (c *crowd) titles(k kept, bad func(string, ...any)) {
	done := map[string][]model.JournalEntry{}
	for _, j := range k.journal {
		if j.Kind == model.EditTitle && j.State == model.Done {
			key := j.Ref.String() + " " + j.After.String()
			done[key] = append(done[key], j)
		}
	}
	now := map[string]string{}
	fresh := newBox(c.t, c.seed, c.born)
	for _, ref := range c.refs {
		now[ref] = titleOf(ref, fresh)
	}
	for _, r := range c.proxy.requests() {
		if !r.effect() {
			continue
		}
		ref, title := c.titleIn(r)
		if title == "" {
			continue
		}
		key, was := ref+" "+title, now[ref]
		now[ref] = title
		i := -1
		for n, j := range done[key] {
			if j.Before.String() == was {
				i = n
			}
		}
		if i < 0 {
			bad("the title of %s was changed from %q to %q; the history has that %d times, but from another title", ref, was, title, len(done[key]))
			return
		}
		done[key] = append(done[key][:i], done[key][i+1:]...)
	}
	for key, left := range done {
		for _, j := range left {
			bad("the history says that %s was written (edit %s), but it was not", key, j.ID)
		}
	}
	for _, ref := range c.refs {
		if is := titleOf(ref, c.box); is != now[ref] {
			bad("the title of %s is %q, but the last write made it %q", ref, is, now[ref])
		}
	}
}

// titleIn reads the title that a request sets.
func (c *crowd) titleIn(r request) (ref, title string) {
	for _, ref := range c.refs {
		if _, id, _ := strings.Cut(ref, ":"); !strings.Contains(unescape(r.Path)+"/", "/"+id+"/") {
			continue
		}
		var body struct {
			Title, Name   *string
			Conversations []struct{ Name *string }
		}
		_ = json.Unmarshal([]byte(r.Body), &body)
		if len(body.Conversations) == 1 {
			body.Name = body.Conversations[0].Name
		}
		for _, s := range []*string{body.Title, body.Name} {
			if s != nil {
				return ref, *s
			}
		}
	}
	return "", ""
}

// exits compares the exit status of a command with its output.
func (c *crowd) exits(p *process, bad func(string, ...any)) {
	code := p.cmd.ProcessState.ExitCode()
	if code < 0 || p.args[0] != "edit" {
		return
	}
	if code != 0 && code != 1 && code != 4 {
		bad("%s", p)
	}
	lines, settled := 0, true
	for line := range strings.Lines(p.out.String()) {
		var e struct{ State model.EditState }
		if json.Unmarshal([]byte(line), &e) != nil || e.State == "" {
			bad("a line is no result: %s", p)
			continue
		}
		lines++
		settled = settled && !e.State.Waiting() && !e.State.NeedsPerson() && e.State != model.OutcomeBlocked
	}
	if waits := strings.Contains(strings.Join(p.args, " "), "--no-wait"); !waits && settled != (code == 0) || lines == 0 {
		bad("the exit status does not fit the output: %s", p)
	}
}

// TestSeveralProcesses has two and five confabs, and an inbox, edit the same fields in one database at the same time, and kills
// some of them.
func TestSeveralProcesses(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	n := seed(t)
	for _, workers := range []int{2, 5} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			c := &crowd{stage: newStage(t, 7)}
			r := source(n, uint64(workers))
			commands := 0
			rounds(t, 1, func(int) {
				t.Run("round", func(t *testing.T) { c.round(t, r, workers, 6) })
				commands += len(c.results)
			})
			t.Logf("%d commands, %d killed", commands, c.killed)
		})
	}
}
