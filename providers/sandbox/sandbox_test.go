package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestNewRefusesBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"unknown fault": {Faults: map[string]float64{"meteor": 0.5}},
		"above one":     {Faults: map[string]float64{Fault429: 1.01}},
		"negative":      {Faults: map[string]float64{FaultSlow: -0.1}},
		"not a number":  {Faults: map[string]float64{FaultSlow: math.NaN()}},
		"conversations": {Conversations: -1},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: New accepted the options", name)
		}
	}
	all := map[string]float64{}
	for _, name := range FaultNames() {
		all[name] = 1
	}
	if _, err := New(Options{Faults: all}); err != nil {
		t.Errorf("all faults at once: %v", err)
	}
}

func TestAccounts(t *testing.T) {
	s := newTestSandbox(t, Options{})
	var got []string
	for _, a := range s.Accounts("") {
		got = append(got, a.Name+" "+a.Provider)
		if !strings.HasPrefix(a.BaseURL, "/"+a.Provider) || a.Credential == "" {
			t.Errorf("got the account %+v, want a base URL below /%s and a credential", a, a.Provider)
		}
	}
	want := []string{"sales attention", "support bird", "meetings askelephant", "projects kona"}
	if !slices.Equal(got, want) {
		t.Errorf("got the accounts %q, want %q", got, want)
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
			t.Errorf("%d conversations are spread as %v, want %v", tc.total, got, tc.want)
		}
	}
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
	first, again := newTestSandbox(t, Options{Seed: 7}), newTestSandbox(t, Options{Seed: 7})
	a, b := first.Accounts(""), again.Accounts("")
	for i := range a {
		if a[i].Credential != b[i].Credential || !maps.Equal(a[i].Secrets, b[i].Secrets) {
			t.Errorf("%s: the same seed produced other credentials", a[i].Name)
		}
	}
	shown := func(s *Sandbox, provider, id string) string {
		return fmt.Sprint(s.Of(provider).JSON(id), s.Bird().Messages(id), s.Kona().Comments(id))
	}
	for provider := range listPaths(first) {
		for _, id := range first.Of(provider).IDs() {
			if shown(first, provider, id) != shown(again, provider, id) {
				t.Fatalf("%s: the same seed produced another %s", provider, id)
			}
		}
	}
}

func TestEmptyAndTinyServices(t *testing.T) {
	for n := range 3 {
		for name := range listPaths(newTestSandbox(t, Options{})) {
			s := newService(name, n, newWorld(nil, Hostile, 1, testNow), func() time.Time { return testNow })
			if s.Len() != n || len(s.IDs()) != n {
				t.Errorf("%s with %d conversations: Len returns %d, and IDs has %d", name, n, s.Len(), len(s.IDs()))
			}
			for _, id := range s.IDs() {
				if s.JSON(id) == nil {
					t.Errorf("%s with %d conversations: JSON returns nothing for %s", name, n, id)
				}
			}
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
			t.Fatalf("row %d is %v old, want at most %v", i, age, span200Days)
		}
		if testNow.Sub(at) < span200Days/4 {
			recent++
		}
		last = at
	}
	if recent < n*2/5 {
		t.Errorf("%d of %d conversations are in the newest quarter of the time, want two fifths of them or more", recent, n)
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

func TestTheLogOfRequestsIsBounded(t *testing.T) {
	s := newTestSandbox(t, Options{})
	s.requests = make([]Request, 2*maxRequests)
	newProbe(t, s, "kona").want(404, "GET", "/newest", "")
	logged := s.Requests()
	if last := logged[len(logged)-1]; len(logged) != maxRequests+1 || last.Path != "/api/newest" {
		t.Errorf("%d requests are logged, the last one %+v; want %d and the newest", len(logged), last, maxRequests+1)
	}
}

func TestUnknownNamesPanic(t *testing.T) {
	s := newTestSandbox(t, Options{})
	for name, f := range map[string]func(){
		"the rate of an unknown fault":        func() { s.SetFault("meteor", 1) },
		"a rate above one":                    func() { s.SetFault(Fault429, 2) },
		"an unknown planned fault":            func() { s.FailNext("kona", "meteor", 1) },
		"a fault of an unknown provider":      func() { s.FailNext("zoom", Fault429, 1) },
		"an outage of an unknown provider":    func() { s.SetOffline("zoom", true) },
		"a change of an unknown conversation": func() { s.Attention().Change("nobody", "title", "x") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
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
	put := func(path string) (*http.Response, error) {
		req, err := http.NewRequestWithContext(t.Context(), "PUT", server.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+a.Credential)
		return server.Client().Do(req)
	}
	id := s.Attention().IDs()[0]
	path := a.BaseURL + "/conversations/" + id + "/change_privacy?privacy=private"
	res, err := put(path)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	res.Body.Close()
	if res.StatusCode != 200 || res.Header.Get("Content-Length") != strconv.Itoa(len(body)) || !json.Valid(body) {
		t.Errorf("got status %d, header %v and body %.100s; want 200, and JSON of the length in the header", res.StatusCode, res.Header, body)
	}
	for _, fault := range []string{FaultDropBefore, FaultDropAfter} {
		s.FailNext("attention", fault, 1)
		if res, err := put(path); err == nil {
			res.Body.Close()
			t.Errorf("%s: the status is %d, want a lost connection", fault, res.StatusCode)
		}
	}
	res, err = server.Client().Get(server.URL + "/nowhere")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 404 {
		t.Errorf("a path of no provider: the status is %d, want 404", res.StatusCode)
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
