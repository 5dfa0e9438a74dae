package conformance_test

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"confab/config"
	"confab/model"
	"confab/providers"
	"confab/providers/askelephant"
	"confab/providers/attention"
	"confab/providers/bird"
	"confab/providers/conformance"
	"confab/providers/conformance/notes"
	"confab/providers/kona"
)

// turning is a service whose credential is replaced. It accepts the newest one
// alone, and passes the original one on to the stand-in. A request takes a second.
type turning struct {
	next   http.RoundTripper
	real   string // what the stand-in accepts
	header string // carries the credential

	mu      sync.Mutex
	reads   int // of the credential, each as slow as running a command
	version int // of the credential that a read returns
	takes   int
	refused int
	sent    int
	tokens  int    // exchanges at the token endpoint
	ended   string // the access token that is refused; "" for none
}

func (s *turning) secret(version int) string { return s.real + "-v" + strconv.Itoa(version) }

func (s *turning) held(config.Credential) (string, bool) {
	time.Sleep(5 * time.Second)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reads++
	return s.secret(s.version), true
}

func (s *turning) RoundTrip(req *http.Request) (*http.Response, error) {
	time.Sleep(time.Second)
	s.mu.Lock()
	good := s.secret(s.takes)
	if strings.HasSuffix(req.URL.Path, "/token") {
		s.tokens++
	} else {
		s.sent++
	}
	ended := s.ended
	s.mu.Unlock()
	req = req.Clone(req.Context())
	said := req.Header.Get(s.header)
	if ended != "" && said == "Bearer "+ended {
		req.Header.Set(s.header, "Bearer ended")
	}
	if strings.HasSuffix(said, good) {
		req.Header.Set(s.header, strings.TrimSuffix(said, good)+s.real)
	}
	res, err := s.next.RoundTrip(req)
	if err == nil && res.StatusCode == http.StatusUnauthorized {
		s.mu.Lock()
		s.refused++
		s.mu.Unlock()
	}
	return res, err
}

// rotate replaces the credential; found says that reads return the new one.
func (s *turning) rotate(found bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.takes++
	if found {
		s.version = s.takes
	}
	s.reads, s.refused, s.sent, s.tokens = 0, 0, 0, 0
}

func (s *turning) counts() (reads, refused, sent int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.reads, s.refused, s.sent
}

// Twelve loads meet a replaced credential. The first that is refused reads the new
// one, once, and all go on with it.
func TestRotatedCredential(t *testing.T) {
	const loads = 12
	for _, tc := range []struct {
		factory providers.Factory
		service conformance.Service
		// whose is the number of requests for the owner of a new credential.
		whose int
	}{
		{factory: attention.Factory(), service: attentionService()},
		{factory: bird.Factory(), service: birdService()},
		{factory: askelephant.Factory(), service: askElephantService()},
		{factory: kona.Factory(), service: konaService(), whose: 1},
		{factory: notes.Factory(), service: notesService()},
	} {
		places := tc.factory.Pace.InFlight
		start := func(t *testing.T) (*turning, model.Provider, []string) {
			s := &turning{header: cmp.Or(tc.service.Header, "Authorization")}
			source := config.Resolver{Held: s.held}.Source(config.Credential{Env: "KEY"})
			standin := tc.service.Open(t, conformance.Options{Conversations: 60,
				Wrap: func(next http.RoundTripper) http.RoundTripper { s.next = next; return s },
				Log:  func(string, ...any) {},
				Credential: func(real string) model.CredentialSource {
					s.real = real
					return source
				}})
			ids := standin.IDs()
			if _, err := standin.Account.Load(t.Context(), ids[0], 0); err != nil {
				t.Fatal(err)
			}
			return s, standin.Account, ids[1 : 1+loads]
		}
		all := func(t *testing.T, p model.Provider, ids []string, want model.ErrorKind) {
			var wait sync.WaitGroup
			for _, id := range ids {
				wait.Go(func() {
					if _, err := p.Load(t.Context(), id, 0); model.KindOf(err) != want {
						t.Errorf("load %s: %v, want an error of kind %q", id, err, want)
					}
				})
			}
			wait.Wait()
		}
		t.Run(tc.factory.Name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, p, ids := start(t)
				all(t, p, ids, "") // so that names which are read once are known
				_, _, before := s.counts()
				all(t, p, ids, "")
				reads, refused, plain := s.counts()
				plain -= before
				if reads != 1 || refused != 0 || plain < loads {
					t.Fatalf("before the rotation: %d reads, %d refused, %d requests; want 1, 0 and %d or more", reads, refused, plain, loads)
				}
				for range 2 {
					s.rotate(true)
					all(t, p, ids, "")
					if reads, refused, sent := s.counts(); reads != 1 || refused != places || sent != places+plain+tc.whose {
						t.Errorf("rotated: %d reads, %d refused, %d requests; want 1, %d, %d", reads, refused, sent, places, places+plain+tc.whose)
					}
				}
				// Reads still return the old credential.
				s.rotate(false)
				all(t, p, ids, model.Unauthorized)
				if reads, refused, sent := s.counts(); reads != 1 || refused != loads || sent != loads {
					t.Errorf("not found: %d reads, %d refused, %d requests; want 1, %d, %d", reads, refused, sent, loads, loads)
				}
				s.rotate(true)
				all(t, p, ids, "")
				if reads, refused, _ := s.counts(); reads != 1 || refused != places {
					t.Errorf("found later: %d reads, %d refused; want 1, %d", reads, refused, places)
				}
			})
		})
	}
}

// When Kona's access token is refused, one exchange serves all requests that wait.
func TestRefusedAccessTokenIsRefreshedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &turning{header: "Authorization"}
		standin := konaService().Open(t, conformance.Options{Conversations: 60, Log: func(string, ...any) {},
			Wrap: func(next http.RoundTripper) http.RoundTripper { s.next = next; return s }})
		ids := standin.IDs()
		if _, err := standin.Account.Load(t.Context(), ids[0], 0); err != nil {
			t.Fatal(err)
		}
		s.refused, s.tokens, s.ended = 0, 0, standin.Secrets[0]
		var wait sync.WaitGroup
		for _, id := range ids[1:13] {
			wait.Go(func() {
				if _, err := standin.Account.Load(t.Context(), id, 0); err != nil {
					t.Errorf("load %s: %v", id, err)
				}
			})
		}
		wait.Wait()
		if want := kona.Factory().Pace.InFlight; s.tokens != 1 || s.refused != want {
			t.Errorf("%d exchanges, %d requests refused; want 1, %d", s.tokens, s.refused, want)
		}
	})
}
