package sandbox

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

var testNow = time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)

func newTestSandbox(t *testing.T, o Options) *Sandbox {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return testNow }
	}
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// probe is an in-memory client of a server.
type probe struct {
	t       *testing.T
	s       *Sandbox
	account Account
	auth    string
	key     string // the header that carries the credential; "" means Authorization
}

// reply is an answer with its whole body.
type reply struct {
	status int
	header http.Header
	text   string
}

// object decodes the answer as a JSON object.
func (r reply) object(t *testing.T) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(r.text), &m); err != nil {
		t.Fatalf("status %d, not an object: %v\n%.300s", r.status, err, r.text)
	}
	return m
}

func newProbe(t *testing.T, s *Sandbox, provider string) probe {
	t.Helper()
	for _, a := range s.Accounts("") {
		if a.Provider == provider {
			scheme := map[string]string{"bird": "AccessKey ", "kona": "Bearer "}[provider]
			return probe{t: t, s: s, account: a, auth: scheme + a.Credential}
		}
	}
	t.Fatalf("no account of %s", provider)
	return probe{}
}

func (p probe) request(ctx context.Context, method, path, body string) *http.Request {
	p.t.Helper()
	var r io.Reader
	if body != "" {
		r = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://sandbox.test"+p.account.BaseURL+path, r)
	if err != nil {
		p.t.Fatal(err)
	}
	if p.auth != "" {
		req.Header.Set(cmp.Or(p.key, "Authorization"), p.auth)
	}
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	return req
}

func (p probe) try(method, path, body string) (reply, error) {
	p.t.Helper()
	return p.send(p.request(p.t.Context(), method, path, body))
}

func (p probe) send(req *http.Request) (reply, error) {
	p.t.Helper()
	res, err := p.s.Transport().RoundTrip(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(text)}, nil
}

func (p probe) do(method, path, body string) reply {
	p.t.Helper()
	r, err := p.try(method, path, body)
	if err != nil {
		p.t.Fatalf("%s %s: %v", method, path, err)
	}
	return r
}

// want sends a request and checks the status.
func (p probe) want(status int, method, path, body string) reply {
	p.t.Helper()
	r := p.do(method, path, body)
	if r.status != status {
		p.t.Fatalf("%s %s %s: status %d, want %d: %.300s", method, path, body, r.status, status, r.text)
	}
	return r
}

func TestNewRefusesBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown fault": {Faults: map[string]float64{"meteor": 0.5}},
		"above one":     {Faults: map[string]float64{Fault429: 1.01}},
		"negative":      {Faults: map[string]float64{FaultSlow: -0.1}},
		"not a number":  {Faults: map[string]float64{FaultSlow: math.NaN()}},
		"conversations": {Conversations: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	all := map[string]float64{}
	for _, name := range FaultNames() {
		all[name] = 1
	}
	if _, err := New(Options{Faults: all}); err != nil {
		t.Errorf("all faults: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	s := newTestSandbox(t, Options{})
	var got []string
	for _, a := range s.Accounts("") {
		got = append(got, a.Name+" "+a.Provider)
		if !strings.HasPrefix(a.BaseURL, "/"+a.Provider) || a.Credential == "" {
			t.Errorf("account %+v", a)
		}
	}
	want := []string{"sales attention", "support bird", "meetings askelephant", "projects kona"}
	if !slices.Equal(got, want) {
		t.Errorf("accounts %q, want %q", got, want)
	}
}

func TestConversationsAreSpreadEvenly(t *testing.T) {
	for _, tc := range []struct {
		total int
		want  [4]int
	}{{0, [4]int{100, 100, 100, 100}}, {7, [4]int{2, 2, 2, 1}}, {1, [4]int{1, 0, 0, 0}}, {4000, [4]int{1000, 1000, 1000, 1000}}} {
		s := newTestSandbox(t, Options{Conversations: tc.total})
		got := [4]int{s.Attention().Len(), s.Bird().Len(), s.AskElephant().Len(), s.Kona().Len()}
		if got != tc.want {
			t.Errorf("%d conversations: %v, want %v", tc.total, got, tc.want)
		}
	}
}

// listPaths has the path of a list page of each provider.
func listPaths(s *Sandbox) map[string]string {
	paths := map[string]string{
		"attention": "/conversations/list?size=50", "askelephant": "/v2/engagements?limit=50&expand=contacts,owner",
		"kona": "/conversations",
	}
	for _, a := range s.Accounts("") {
		if a.Provider == "bird" {
			paths[a.Provider] = "/workspaces/" + a.Settings["workspace_id"] + "/conversations?limit=20"
		}
	}
	return paths
}

func TestSameSeedSameData(t *testing.T) {
	fetch := func(seed uint64, provider, path string) string {
		p := newProbe(t, newTestSandbox(t, Options{Seed: seed}), provider)
		return p.want(200, "GET", path, "").text
	}
	for provider, path := range listPaths(newTestSandbox(t, Options{Seed: 7})) {
		first := fetch(7, provider, path)
		if again := fetch(7, provider, path); again != first {
			t.Errorf("%s: the same seed produced other data", provider)
		}
		if other := fetch(8, provider, path); other == first {
			t.Errorf("%s: another seed produced the same data", provider)
		}
	}
	a, b := newTestSandbox(t, Options{Seed: 7}).Accounts(""), newTestSandbox(t, Options{Seed: 7}).Accounts("")
	for i := range a {
		if a[i].Credential != b[i].Credential || !maps.Equal(a[i].Secrets, b[i].Secrets) {
			t.Errorf("%s: the same seed produced other credentials", a[i].Name)
		}
	}
}

func TestSameSeedSameFaults(t *testing.T) {
	run := func() (statuses []int) {
		s := newTestSandbox(t, Options{Seed: 3, Faults: map[string]float64{Fault429: 0.2, Fault500HTML: 0.2, FaultDropBefore: 0.2}})
		p := newProbe(t, s, "attention")
		for range 60 {
			r, err := p.try("GET", "/labels", "")
			if err != nil {
				r.status = -1
			}
			statuses = append(statuses, r.status)
		}
		return statuses
	}
	first := run()
	if !slices.Equal(first, run()) {
		t.Error("the same seed produced other faults")
	}
	for _, status := range []int{200, 429, 500, -1} {
		if !slices.Contains(first, status) {
			t.Errorf("no status %d among %v", status, first)
		}
	}
}

func TestDatesAreNewestFirstWithinSpan(t *testing.T) {
	const n, span200Days = 2000, 201 * 24 * time.Hour
	a := newTestSandbox(t, Options{Conversations: 4 * n}).Attention()
	last := testNow
	recent := 0
	for i := range n {
		at := a.createdAt(i)
		// Truncation may swap neighbours within a second.
		if at.After(last.Add(time.Second)) {
			t.Fatalf("row %d at %v is younger than row %d at %v", i, at, i-1, last)
		}
		if age := testNow.Sub(at); age < 0 || age > span200Days {
			t.Fatalf("row %d is %v old", i, age)
		}
		if testNow.Sub(at) < span200Days/4 {
			recent++
		}
		last = at
	}
	if recent < n*2/5 {
		t.Errorf("only %d of %d conversations in the newest quarter", recent, n)
	}
}

func TestPeopleHaveManyScriptsAndUniqueAddresses(t *testing.T) {
	w := newWorld(nil, Hostile, 1, testNow)
	seen := map[string]bool{}
	people := slices.Clone(w.Staff)
	for i := range 3 * len(w.Contacts) {
		people = append(people, w.contact(i))
	}
	var text strings.Builder
	for _, p := range people {
		if seen[p.Email] || seen[p.Phone] {
			t.Fatalf("%s or %s belongs to two people", p.Email, p.Phone)
		}
		seen[p.Email], seen[p.Phone] = true, true
		text.WriteString(p.name())
	}
	for _, r := range "öвηר田ن민🌻\u200d" {
		if !strings.ContainsRune(text.String(), r) {
			t.Errorf("no name contains %q", r)
		}
	}
}

func TestFaultAnswers(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")

	s.FailNext("attention", Fault429, 1)
	if r := p.want(429, "GET", "/labels", ""); r.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
	}
	s.FailNext("attention", Fault429Date, 1)
	r := p.want(429, "GET", "/labels", "")
	at, err := http.ParseTime(r.header.Get("Retry-After"))
	if wait := at.Sub(testNow); err != nil || wait < 2*time.Second || wait > 3*time.Second {
		t.Errorf("Retry-After %q: %v %v", r.header.Get("Retry-After"), wait, err)
	}
	s.FailNext("attention", Fault500HTML, 2)
	for range 2 {
		if r := p.want(500, "GET", "/labels", ""); !strings.HasPrefix(r.header.Get("Content-Type"), "text/html") || !strings.HasPrefix(r.text, "<!DOCTYPE") {
			t.Errorf("500: %v %s", r.header, r.text)
		}
	}
	p.want(200, "GET", "/labels", "")
	if n := len(s.Requests()); n != 5 {
		t.Errorf("%d requests recorded, want 5", n)
	}
}

func TestDropBeforeDoesNothing(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	id := s.Attention().IDs()[0]
	s.Attention().Change(id, "private", false)
	s.FailNext("attention", FaultDropBefore, 1)
	_, err := p.try("PUT", "/conversations/"+id+"/change_privacy?privacy=private", "")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "dial" || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v", err)
	}
	if s.Attention().JSON(id)["attributes"].(map[string]any)["private"] != false {
		t.Error("the write was done, though the connection was refused")
	}
	if len(s.Requests()) != 0 {
		t.Error("a request that never arrived was recorded")
	}
}

func TestDropAfterDoesTheWrite(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	id := s.Attention().IDs()[0]
	s.Attention().Change(id, "private", false)
	s.FailNext("attention", FaultDropAfter, 1)
	p.want(200, "GET", "/conversations/"+id, "") // reads are not affected
	_, err := p.try("PUT", "/conversations/"+id+"/change_privacy?privacy=private", "")
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "read" || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("error %v", err)
	}
	if s.Attention().JSON(id)["attributes"].(map[string]any)["private"] != true {
		t.Error("the write was not done before the connection was lost")
	}
	requests := s.Requests()
	if last := requests[len(requests)-1]; !last.Write || last.Status != 200 || last.Method != "PUT" ||
		last.Path != "/v2/conversations/"+id+"/change_privacy" || last.Query != "privacy=private" {
		t.Errorf("recorded %+v", last)
	}
	s.ResetRequests()
	if len(s.Requests()) != 0 {
		t.Error("ResetRequests kept requests")
	}
}

func TestConcurrentChangesTheSameFieldFirst(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	id := s.Attention().IDs()[0]
	s.Attention().Change(id, "title", "base")
	s.SetFault(FaultConcurrent, 1)
	r := p.want(200, "GET", "/conversations/"+id, "")
	if got := r.object(t)["attributes"].(map[string]any)["title"]; got == "base" {
		t.Error("the title was not changed concurrently")
	}
	s.SetFault(FaultConcurrent, 0)
	if again := p.want(200, "GET", "/conversations/"+id, ""); again.text != r.text {
		t.Error("the fault is still on")
	}

	e := newProbe(t, s, "askelephant")
	eid := s.AskElephant().IDs()[0]
	before := s.AskElephant().Contacts(eid)
	s.FailNext("askelephant", FaultConcurrent, 1)
	e.want(200, "GET", "/v2/engagements/"+eid, "")
	if !slices.Equal(before, s.AskElephant().Contacts(eid)) {
		t.Error("a planned concurrent change happened at a read")
	}
	updated := s.AskElephant().JSON(eid)["updated_at"]
	s.AskElephant().Set(Switches{"IgnoreWrite": true})
	e.want(200, "PUT", "/v2/engagements/"+eid+"/contacts", `{"contact_ids":[]}`)
	if slices.Equal(before, s.AskElephant().Contacts(eid)) || s.AskElephant().JSON(eid)["updated_at"] == updated {
		t.Error("the contacts were not changed concurrently")
	}
}

func TestSlowAndLatencyFollowTheClockAndTheContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := New(Options{Latency: 300 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		p := newProbe(t, s, "attention")
		start := time.Now()
		p.want(200, "GET", "/labels", "")
		if d := time.Since(start); d != 300*time.Millisecond {
			t.Errorf("latency %v", d)
		}
		s.SetLatency(0)
		s.FailNext("attention", FaultSlow, 2)
		start = time.Now()
		p.want(200, "GET", "/labels", "")
		if d := time.Since(start); d != slowDelay {
			t.Errorf("slow took %v", d)
		}

		id := s.Attention().IDs()[0]
		s.Attention().Change(id, "private", false)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		start = time.Now()
		_, err = p.send(p.request(ctx, "PUT", "/conversations/"+id+"/change_privacy?privacy=private", ""))
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != 5*time.Second {
			t.Errorf("the canceled request returned after %v: %v", time.Since(start), err)
		}
		if s.Attention().JSON(id)["attributes"].(map[string]any)["private"] != true {
			t.Error("the write of a slow request was not done")
		}

		// The timeout of an http.Client is a deadline of the context.
		s.FailNext("attention", FaultSlow, 1)
		client := &http.Client{Transport: s.Transport(), Timeout: time.Second}
		start = time.Now()
		_, err = client.Do(p.request(t.Context(), "GET", "/labels", ""))
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(start) != time.Second {
			t.Errorf("the client timed out after %v: %v", time.Since(start), err)
		}
	})
}

func TestCanceledRequestDoesNotReachTheServer(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.send(p.request(ctx, "GET", "/labels", "")); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if len(s.Requests()) != 0 {
		t.Error("the canceled request was recorded")
	}
}

func TestOffline(t *testing.T) {
	s := newTestSandbox(t, Options{})
	a, e := newProbe(t, s, "attention"), newProbe(t, s, "askelephant")
	s.SetOffline("attention", true)
	if _, err := a.try("GET", "/labels", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v", err)
	}
	e.want(200, "GET", "/v2/tags", "")
	s.SetOffline("", true)
	if _, err := e.try("GET", "/v2/tags", ""); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("error %v", err)
	}
	s.SetOffline("", false)
	a.want(200, "GET", "/labels", "")
	e.want(200, "GET", "/v2/tags", "")
}

func TestRevoke(t *testing.T) {
	s := newTestSandbox(t, Options{})
	a, e := newProbe(t, s, "attention"), newProbe(t, s, "askelephant")
	s.Revoke("attention")
	a.want(401, "GET", "/labels", "")
	e.want(200, "GET", "/v2/tags", "")
	s.Revoke("askelephant")
	e.want(401, "GET", "/v2/tags", "")
}

func TestUnknownNamesPanic(t *testing.T) {
	s := newTestSandbox(t, Options{})
	for name, f := range map[string]func(){
		"fault":    func() { s.SetFault("meteor", 1) },
		"rate":     func() { s.SetFault(Fault429, 2) },
		"plan":     func() { s.FailNext("kona", "meteor", 1) },
		"provider": func() { s.FailNext("zoom", Fault429, 1) },
		"offline":  func() { s.SetOffline("zoom", true) },
		"id":       func() { s.Attention().Change("nobody", "title", "x") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestOverARealSocket(t *testing.T) {
	s := newTestSandbox(t, Options{})
	server := httptest.NewServer(s)
	defer server.Close()
	a := s.Accounts("")[0]
	get := func(path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.Credential)
		return server.Client().Do(req)
	}
	id := s.Attention().IDs()[0]
	path := a.BaseURL + "/conversations/" + id + "/change_privacy?privacy=private"
	res, err := get(path)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Length") != strconv.Itoa(len(body)) || !json.Valid(body) {
		t.Errorf("%d %v %.100s", res.StatusCode, res.Header, body)
	}
	for _, fault := range []string{FaultDropBefore, FaultDropAfter} {
		s.FailNext("attention", fault, 1)
		if res, err := get(path); err == nil {
			res.Body.Close()
			t.Errorf("%s: answered %d", fault, res.StatusCode)
		}
	}
	res, err = server.Client().Get(server.URL + "/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("/nowhere: %d", res.StatusCode)
	}
}

func TestTooLargeBody(t *testing.T) {
	s := newTestSandbox(t, Options{})
	p := newProbe(t, s, "attention")
	req := p.request(t.Context(), "PUT", "/conversations/x/title", "x")
	req.Body = io.NopCloser(bytes.NewReader(make([]byte, maxBody+1)))
	if r, err := p.send(req); err != nil || r.status != 413 {
		t.Errorf("%d %v", r.status, err)
	}
}

// TestUseFromManyGoroutines is for the race detector.
func TestUseFromManyGoroutines(t *testing.T) {
	s := newTestSandbox(t, Options{Faults: map[string]float64{Fault429: 0.1, FaultConcurrent: 0.3, FaultDropAfter: 0.1}})
	a, e := newProbe(t, s, "attention"), newProbe(t, s, "askelephant")
	aid, eid := s.Attention().IDs()[0], s.AskElephant().IDs()[0]
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			for range 10 {
				// The answers are irrelevant; the race detector is the check.
				_, _ = a.try("PUT", "/conversations/"+aid+"/title", `{"title":"t`+strconv.Itoa(n)+`"}`)
				_, _ = a.try("GET", "/conversations/list", "")
				_, _ = e.try("PUT", "/v2/engagements/"+eid+"/contacts", `{"contact_ids":[]}`)
				_, _ = e.try("GET", "/v2/engagements?limit=5", "")
				s.Attention().JSON(aid)
				s.AskElephant().Change(eid, "title", "x")
				s.Requests()
			}
		})
	}
	wg.Wait()
}

func BenchmarkNew100000(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{Conversations: 100_000}); err != nil {
			b.Fatal(err)
		}
	}
}
