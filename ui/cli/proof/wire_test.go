package proof

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"confab/model"
	"confab/model/store"
	"confab/providers/sandbox"
)

// wire carries the requests of the engine to the services, lets some of them fail, and records what each write changed.
type wire struct {
	w *simulation

	mu    sync.Mutex // one request at a time reaches the services
	r     *rand.Rand
	harm  float64 // the rate of requests that fail
	store *store.Store
	dead  bool // its process has been killed
}

// RoundTrip implements http.RoundTripper.
func (x *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	provider, rest, _ := strings.Cut(strings.TrimPrefix(req.URL.EscapedPath(), "/"), "/")
	write := req.Method != http.MethodGet && !strings.HasSuffix(rest, "/search") && !strings.HasSuffix(rest, "oauth/token")
	x.mu.Lock()
	what, status := 0, 0
	if x.r.Float64() < x.harm {
		what = 1 + x.r.IntN(9)
		status = pick(x.r, []int{409, 422, 400, 503, 502, 409, 422, 400, 503, 502, 401, 403})
	}
	x.mu.Unlock()
	slow := time.Duration(0)
	switch what {
	case 1:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	case 2: // lost on the way there
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
	case 3:
		slow = 20 * time.Second
	}
	if slow > 0 && what == 3 && write {
		if err := pause(req.Context(), slow/4); err != nil {
			return nil, err
		}
	}
	res, err := x.exchange(req, provider, write, what, status)
	if err != nil {
		return nil, err
	}
	if slow > 0 {
		if err := pause(req.Context(), slow); err != nil {
			res.Body.Close()
			return nil, err
		}
	}
	if what == 4 || what == 5 && write { // lost on the way back
		res.Body.Close()
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.dead {
		res.Body.Close()
		return nil, errDead
	}
	return res, nil
}

var errDead = errors.New("the process has died")

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// exchange gets the answer of the service and records what a write changed.
func (x *wire) exchange(req *http.Request, provider string, write bool, what, status int) (*http.Response, error) {
	x.w.mu.Lock()
	defer x.w.mu.Unlock()
	x.mu.Lock()
	dead := x.dead
	x.mu.Unlock()
	if dead {
		return nil, errDead
	}
	box := x.w.box
	switch what {
	case 6:
		box.FailNext(provider, sandbox.Fault429, 1)
	case 7:
		box.FailNext(provider, sandbox.Fault500HTML, 1)
	case 8, 9:
		answerNext(box, provider, status)
	}
	body := ""
	if write && req.Body != nil {
		raw, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		body = string(raw)
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(strings.NewReader(body))
	}
	var sending []model.OutboxEntry
	var all []model.OutboxEntry
	if write {
		var err error
		if all, err = x.store.Outbox(context.Background()); err != nil {
			return nil, err
		}
		sending = slices.DeleteFunc(slices.Clone(all), func(e model.OutboxEntry) bool { return e.State != model.Sending })
	}
	res, err := box.Transport().RoundTrip(req)
	if ref, known := x.w.refOf(accountOf(provider), unescape(req.URL.EscapedPath())); err == nil && known && req.Method == http.MethodGet {
		x.w.read[ref] = len(x.w.events)
	}
	if err == nil && write {
		x.w.say("  %s %s?%s %s: %d", req.Method, req.URL.EscapedPath(), req.URL.RawQuery, body, res.StatusCode)
		if res.StatusCode < 300 {
			x.w.wrote(provider, req, sending, all)
		}
	}
	return res, err
}

func answerNext(b *sandbox.Sandbox, provider string, status int) {
	switch provider {
	case model.Attention:
		b.Attention().AnswerNext(status, 1)
	case model.Bird:
		b.Bird().AnswerNext(status, 1)
	case model.AskElephant:
		b.AskElephant().AnswerNext(status, 1)
	case model.Kona:
		b.Kona().AnswerNext(status, 1)
	}
}

// event is a change of a field of a conversation, as the service made it.
type event struct {
	at   time.Time // with the precision of the history
	ref  model.Ref
	kind model.EditKind
	key  string
	was  model.Value
	is   model.Value
	// edit is the id of confab's edit, "" for a change by another client.
	edit string
	// crossed means that another client changed the field between confab's read and write.
	crossed bool
}

func (e event) field() string { return model.Edit{Kind: e.kind, Key: e.key}.Field() }

func (e event) String() string {
	by := "somebody else"
	if e.edit != "" {
		by = "edit " + e.edit
	}
	return fmt.Sprintf("%s %s %s: %s → %s by %s", e.at.Format("15:04:05.000"), e.ref, e.field(), show(e.was), show(e.is), by)
}

// fields returns an empty edit for each field of a conversation.
func fields(c model.Conversation) []model.Edit {
	var out []model.Edit
	for _, k := range []model.EditKind{model.EditPrivacy, model.EditTitle, model.EditDescription, model.EditStatus, model.EditAccess,
		model.EditDefaultRole, model.EditParticipants, model.EditContacts, model.EditArchive} {
		out = append(out, model.Edit{Kind: k})
	}
	for k := range c.Labels {
		out = append(out, model.Edit{Kind: model.EditLabels, Key: k})
	}
	for k := range c.Attributes {
		out = append(out, model.Edit{Kind: model.EditAttributes, Key: k})
	}
	return out
}

// changed returns an event for each field that differs.
func changed(was, is model.Conversation) []event {
	all := fields(was)
	for _, f := range fields(is) {
		if !slices.ContainsFunc(all, func(g model.Edit) bool { return g.Field() == f.Field() }) {
			all = append(all, f)
		}
	}
	var out []event
	for _, f := range all {
		if is.Provider == model.AskElephant && f.Kind == model.EditParticipants {
			continue // worked out from the contacts
		}
		a, _ := f.Read(was)
		b, _ := f.Read(is)
		if !a.Equal(b) {
			out = append(out, event{at: time.Now().Truncate(time.Millisecond), ref: is.Ref, kind: f.Kind, key: f.Key, was: a, is: b})
		}
	}
	return out
}
