//go:build unix

package proof

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"confab/model"
	"confab/ui/cli"
)

// existing is the conversation that already exists, as a service says.
const existing = "9748d0f2-84f9-4547-9777-5b8b9220b60c"

// requestID is the request id in every refusal.
const requestID = "rid_proof17"

// refusal is an answer to a write that a service documents.
type refusal struct {
	status int
	// body holds words, which must be shown to the person once; code is the service's own name for the refusal.
	body, words, code string
	header            map[string]string
	// once means that the service gives the answer once and then works.
	once bool
	// only names the changes for which it is documented; nil means all.
	only []string
	// shows are more texts that must be printed, such as the ref of the existing conversation.
	shows func(c change, s *stage) string

	state model.EditState
	exit  int
}

func (r refusal) String() string { return fmt.Sprintf("%d %s", r.status, r.words) }

func (r refusal) refused() refusal { r.state, r.exit = model.Refused, cli.ExitRefused; return r }

func (r refusal) waits(exit int) refusal { r.state, r.exit = model.RetryAt, exit; return r }

// passes returns the refusal as a failure that ends: the write is tried again and succeeds.
func (r refusal) passes() refusal {
	r.once, r.state, r.exit, r.words = true, model.Done, cli.ExitOK, ""
	return r
}

// gateway is the answer of a gateway before a service that is down.
func gateway(status int) refusal {
	return refusal{status: status, header: map[string]string{"Content-Type": "text/html"},
		body: "<html><head><title>Bad Gateway</title></head><body>nginx</body></html>"}.passes()
}

// refusals returns the documented refusals of the calls that change something, by provider.
func refusals() map[string][]refusal {
	later := map[string]string{"Retry-After": "3600"}
	attention := func(status int, words string) refusal {
		return refusal{status: status, words: words, body: fmt.Sprintf(`{"title":"Refused","detail":%q,"code":"%d"}`, words, status)}
	}
	elephant := func(status int, words string, errors string) refusal {
		return refusal{status: status, words: words, header: map[string]string{"Content-Type": "application/problem+json"},
			body: fmt.Sprintf(`{"type":"https://app.askelephant.ai/errors/refused","title":"Refused","status":%d,"detail":%q,"request_id":%q%s}`,
				status, words, requestID, errors)}
	}
	bird := func(status int, code, words, details string) refusal {
		return refusal{status: status, words: words, code: code, body: fmt.Sprintf(`{"code":%q,"message":%q%s}`, code, words, details)}
	}
	kona := func(status int, anchor, words string) refusal {
		const page = "https://github.com/KonaTeam/kona-api/blob/production/sections/exceptions.md"
		body := fmt.Sprintf(`{"problemType":"%s#%s","title":"Refused","details":%q}`, page, anchor, words)
		return refusal{status: status, words: words, body: body}
	}
	with := func(r refusal, header map[string]string) refusal { r.header = header; return r }
	only := func(r refusal, names ...string) refusal { r.only = names; return r }
	return map[string][]refusal{
		model.Attention: {
			attention(400, "privacy has an unknown value").refused(),
			attention(401, "the key has expired").waits(cli.ExitCredential),
			attention(403, "only managers may change this").refused(),
			attention(404, "conversation not found").refused(),
			{status: 403, body: `{"error":"forbidden for this key"}`, words: "forbidden for this key", state: model.Refused, exit: cli.ExitRefused},
			{status: 400, body: `Not like this, please`, words: "Not like this, please", state: model.Refused, exit: cli.ExitRefused},
			{status: 404, body: `{"errors":[{"status":"404","title":"Not Found","detail":"nobody knows that conversation"}]}`,
				words: "nobody knows that conversation", state: model.Refused, exit: cli.ExitRefused},
			with(attention(429, "too many requests of this key"), later).waits(cli.ExitUnreachable),
			attention(500, "something broke").passes(), gateway(502), gateway(503), gateway(504),
		},
		model.AskElephant: {
			elephant(401, "The API key is not valid.", "").waits(cli.ExitCredential),
			elephant(403, "The scope engagements:write is missing.", "").refused(),
			elephant(404, "No such engagement.", "").refused(),
			elephant(422, "The body has bad fields.",
				`,"errors":[{"field":"contact_ids","code":"invalid_id","message":"unknown contact"}]`).refused(),
			with(elephant(429, "Too many requests just now.", ""), later).waits(cli.ExitUnreachable),
			elephant(500, "An internal fault.", "").passes(), gateway(502),
		},
		model.Bird: {
			bird(401, "Unauthorized", "The access key is not valid.", "").waits(cli.ExitCredential),
			bird(403, "Forbidden", "The key has no role for this.", "").refused(),
			bird(404, "ResourceNotFound", "The resource could not be found.", "").refused(),
			bird(409, "ResourceConflict", "The resource is in a conflicting state.", "").refused(),
			only(bird(409, "ResourceAlreadyExists", "Another conversation of this contact is active.", ""),
				"create", "close", "make private").refused(),
			only(bird(409, "ContactAlreadyInConversation", "The contact is in a conversation already.",
				`,"details":{"conversationId":"`+existing+`"}`), "create").naming("support:" + existing),
			bird(422, "InvalidPayload", "The request did not pass validation.", `,"details":{".proof":["must be something else"]}`).refused(),
			with(bird(429, "TooManyRequests", "Slow down a little.", ""), later).waits(cli.ExitUnreachable),
			bird(429, "TooManyRequests", "Slow down a little.", "").passes(),
			gateway(500), gateway(502),
		},
		model.Kona: {
			kona(400, "bad_request", "The parameters make no sense.").refused(),
			{status: 400, header: map[string]string{"Content-Type": "text/plain"}, body: "There was a problem in the JSON you submitted",
				words: "There was a problem in the JSON you submitted", state: model.Refused, exit: cli.ExitRefused},
			{status: 401, body: `{"error":"unauthenticated","error_description":"The access token is wrong."}`, words: "The access token is wrong.",
				state: model.RetryAt, exit: cli.ExitCredential},
			kona(401, "expired", "Your password has expired.").waits(cli.ExitCredential),
			kona(403, "render_forbidden", "Only editors can change a conversation.").refused(),
			kona(404, "not_found", "There is no such conversation.").refused(),
			kona(405, "method_not_allowed", "That cannot be done here.").refused(),
			kona(422, "unprocessable_entity", "The name is already taken.").refused(),
			kona(500, "server_error", "Something went wrong here.").passes(), gateway(502),
		},
	}
}

// naming returns the refusal of a create with the ref of the conversation that already exists.
func (r refusal) naming(ref string) refusal {
	r = r.refused()
	r.shows = func(change, *stage) string { return ref }
	return r
}

// TestEveryRefusal has every documented refusal meet every kind of change, and compares what confab says with the services.
func TestEveryRefusal(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	var cases []func(t *testing.T, s *stage)
	names := []string{}
	for provider, list := range refusals() {
		for i, r := range list {
			var all []change
			for _, c := range changes() {
				if c.provider == provider && !c.undo && c.keys == nil && (r.only == nil || slices.Contains(r.only, c.name)) {
					all = append(all, c)
				}
			}
			if soak() == 0 {
				all = all[i%len(all):][:1] // the short form takes each refusal with one kind of change
			}
			for _, c := range all {
				names = append(names, fmt.Sprintf("%s, %d %s", c, i, r))
				cases = append(cases, func(t *testing.T, s *stage) { s.refuse(t, c, r) })
			}
		}
	}
	// The rounds mostly wait for the next try.
	const workers = 6
	sideBySide(t, workers, func(t *testing.T, w int) {
		s := newStage(t, 7)
		for n := w; n < len(cases); n += workers {
			t.Run(names[n], func(t *testing.T) { cases[n](t, s) })
		}
	})
	t.Logf("%d refusals", len(cases))
}

// refuse answers a change with a refusal.
func (s *stage) refuse(t *testing.T, c change, r refusal) {
	h := s.again(t)
	args, id := c.args(s.box)
	base := state(s.box, c.provider, id)
	var told atomic.Int32
	s.proxy.watch(hooks{instead: func(q request) *answer {
		if !q.Write || r.once && told.Load() > 0 {
			return nil
		}
		told.Add(1)
		a := &answer{status: r.status, body: r.body, header: map[string]string{"Content-Type": "application/json", "X-Request-Id": requestID}}
		for k, v := range r.header {
			a.header[k] = v
		}
		return a
	}})
	p := h.run(args...)
	k, now := h.read(), state(s.box, c.provider, id)
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s\n%s\n%s\n%s", fmt.Sprintf(format, args...), p, k, s.sent())
	}
	if told.Load() == 0 {
		t.Fatal("no write was sent:", p)
	}
	if code := p.cmd.ProcessState.ExitCode(); code != r.exit {
		bad("exit %d, want %d", code, r.exit)
	}
	if len(k.subs) != 1 {
		bad("%d submissions", len(k.subs))
		return
	}
	if r.state == model.Done {
		if k.subs[0].Delivered != k.subs[0].Edits || now == base || len(k.outbox) > 0 {
			bad("the write was not repeated after a failure that ends")
		}
		return
	}
	if now != base || len(k.journal) > 0 || k.subs[0].Delivered > 0 {
		bad("the edit was refused, but confab or the service has it done: %s", now)
	}
	word := string(r.state)
	if r.state == model.Refused && !strings.Contains(p.out.String(), word) {
		bad("the output has no %s", word)
	}
	s.said(h, c, r, p, k, bad)
}

// said compares the output of the command, and then of the outbox, with the refusal.
func (s *stage) said(h *home, c change, r refusal, p *process, k kept, bad func(string, ...any)) {
	for _, e := range k.outbox {
		if e.State != r.state && !(e.State == model.Queued && (r.state == model.RetryAt || e.Widens())) {
			bad("edit %s is %s, want %s", e.ID, e.State, r.state)
		}
	}
	// Each edit of the request is refused on a line of its own, with the same words.
	lines := func(text string) int {
		n := 0
		for line := range strings.Lines(text) {
			switch said := strings.Count(line, r.words); {
			case said > 1:
				bad("%q holds the service's words more than once", line)
			case said == 1:
				n++
				// An edit that was not sent because another was refused quotes that refusal.
				quotes := strings.Contains(line, "waits for the") || strings.Contains(line, "not sent, because")
				if strings.Count(line, requestID) != 1 && !quotes {
					bad("%q does not hold the request id exactly once", line)
				}
				if r.code != "" && strings.Count(line, r.code) > 1 {
					bad("%q holds the service's code more than once", line)
				}
				if r.shows != nil && !strings.Contains(line+text, r.shows(c, s)) {
					bad("the output has no %q", r.shows(c, s))
				}
			}
		}
		return n
	}
	if lines(p.out.String()+p.err.String()) == 0 {
		bad("the output lacks the service's words %q", r.words)
	}
	s.proxy.watch(hooks{})
	list := h.run("outbox", "list")
	if lines(list.out.String()) == 0 {
		bad("the outbox has no %q: %s", r.words, list)
	}
}

// TestEveryRefusalOnTheScreen has the inbox deliver edits that meet the documented refusals, and reads the screen of the outbox. The
// short form takes some of them.
func TestEveryRefusalOnTheScreen(t *testing.T) {
	t.Parallel()
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	type meeting struct {
		c change
		r refusal
	}
	var all []meeting
	for _, provider := range []string{model.Attention, model.AskElephant, model.Bird, model.Kona} {
		for i, r := range refusals()[provider] {
			if r.state == model.Done {
				continue
			}
			var fits []change
			for _, c := range changes() {
				if c.provider == provider && !c.undo && c.keys == nil && (r.only == nil || slices.Contains(r.only, c.name)) {
					fits = append(fits, c)
				}
			}
			all = append(all, meeting{fits[i%len(fits)], r})
		}
	}
	if soak() == 0 {
		var some []meeting
		for i := 2; i < len(all); i += 9 {
			some = append(some, all[i])
		}
		all = some
	}
	const workers = 4
	sideBySide(t, workers, func(t *testing.T, w int) {
		s := newStage(t, 7)
		for n := w; n < len(all); n += workers {
			m := all[n]
			t.Run(fmt.Sprintf("%s, %s", m.c, m.r), func(t *testing.T) { s.refuseOnScreen(t, m.c, m.r) })
		}
	})
	t.Logf("%d refusals", len(all))
}

func (s *stage) refuseOnScreen(t *testing.T, c change, r refusal) {
	h := s.again(t)
	args, id := c.args(s.box)
	base := state(s.box, c.provider, id)
	if p := h.run(append(args, "--no-wait")...); p.cmd.ProcessState.ExitCode() != cli.ExitOK {
		t.Fatal("the edit was not queued:", p)
	}
	told := make(chan bool, 100)
	s.proxy.watch(hooks{instead: func(q request) *answer {
		if !q.Write {
			return nil
		}
		told <- true
		a := &answer{status: r.status, body: r.body, header: map[string]string{"Content-Type": "application/json", "X-Request-Id": requestID}}
		for k, v := range r.header {
			a.header[k] = v
		}
		return a
	}})
	p := h.screen()
	defer p.killed()
	select {
	case <-told:
	case <-p.ended:
		t.Fatalf("no write was sent:\n%s", p.shown())
	}
	settled := func() bool { // a conflict is read a second time first
		return !slices.ContainsFunc(h.read().outbox, func(e model.OutboxEntry) bool {
			return e.State != r.state && !(e.State == model.Queued && e.Widens())
		})
	}
	for end := time.Now().Add(10 * time.Second); !settled() && time.Now().Before(end); {
		p.rest()
	}
	if !p.rest() {
		t.Fatalf("the inbox ended:\n%s", p.shown())
	}
	p.keys("O")
	p.rest()
	shown := strings.Join(strings.Fields(p.shown()), " ")
	p.kill()
	k := h.read()
	bad := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%s\n%s\n%s\n%s", fmt.Sprintf(format, args...), p.shown(), k, s.sent())
	}
	for _, e := range k.outbox {
		if e.State != r.state && !(e.State == model.Queued && e.Widens()) {
			bad("edit %s is %s, want %s", e.ID, e.State, r.state)
		}
	}
	if len(k.outbox) == 0 || len(k.journal) > 0 || state(s.box, c.provider, id) != base {
		bad("the edit was refused, but confab or the service has it done")
	}
	if n := strings.Count(shown, r.words); n == 0 {
		bad("the screen lacks the service's words %q", r.words)
	}
	word, section := "refused", "Needs you 1"
	if r.state == model.RetryAt {
		word, section = "waits:", "Waiting 1"
	}
	for _, want := range []string{word, section, "History 0"} {
		if !strings.Contains(shown, want) {
			bad("the screen has no %q", want)
		}
	}
}
