package conformance

import (
	"context"
	"encoding/base64"
	"io"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confab/model"
)

// secrecy makes the server send credentials back. All other subtests look for
// credentials, too.
func secrecy(t *testing.T, s Service) {
	everything := func(b *Bench) {
		ctx := context.Background()
		for _, id := range b.IDs()[:3] {
			_, _ = b.Account.Load(ctx, id, model.NeedEverything|model.NeedMessages)
		}
		_ = b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
		for _, lc := range s.Lookups {
			_, _ = b.Account.Lookup(ctx, model.LookupRequest{Kind: lc.Kind})
		}
		_ = b.Account.Check(ctx)
		_, _ = b.Account.Link(ctx, model.Conversation{Ref: model.Ref{Account: b.Account.Describe().Account, ID: b.first()}}, model.LinkRecording)
		b.Tamper(nil)
	}
	bubble(t, "in answers of success", func(t *testing.T) {
		b := s.open(t, Options{})
		if len(b.Secrets) == 0 || slices.ContainsFunc(b.Secrets, func(s string) bool { return len(s) < 8 }) {
			t.Fatalf("the secrets of the stand-in are %q, want long ones", b.Secrets)
		}
		everything(b)
		if !slices.ContainsFunc(b.Sent(), func(s Sent) bool { return strings.Contains(s.Credential, b.Secrets[0]) }) {
			t.Error("no request carries the credential: nothing was tested")
		}
	})
	for _, status := range []int{400, 401, 403, 404, 409, 422, 429, 500, 503} {
		bubble(t, "echoed with "+http.StatusText(status), func(t *testing.T) {
			b := s.open(t, Options{})
			echo := func(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
				said := "you sent " + b.wire.credential(req)
				if body := bodyOf(req); strings.HasSuffix(req.URL.Path, "/token") {
					form, _ := url.ParseQuery(string(body))
					said += " and " + string(body) + " and " + strings.Join(slices.Concat(slices.Collect(maps.Values(form))...), " ")
				}
				res := answer(status, "", "application/json", `{"code":"`+said+`","message":"`+said+`","detail":"`+said+`","title":"`+said+
					`","details":{".field":["`+said+`"],"conversationId":"`+said+`"},"error":"`+said+`","error_description":"`+said+
					`","request_id":"`+said+`","errors":[{"field":"`+said+`","code":"`+said+`","message":"`+said+`"}]}`)
				res.Header.Set("X-Request-Id", said)
				return res, nil
			}
			for _, ec := range s.writeCases() {
				b := s.open(t, Options{})
				c, e := b.choose(ec)
				b.TamperWrites(echo)
				_ = b.Account.Apply(context.Background(), c, []model.Edit{e})
			}
			b.load(b.first(), 0) // so that the account has used its credential
			b.Tamper(echo)
			everything(b)
		})
	}
	bubble(t, "in a network error", func(t *testing.T) {
		b := s.open(t, Options{})
		b.Tamper(func(req *http.Request, _ http.RoundTripper) (*http.Response, error) {
			return nil, &urlError{"cannot reach " + req.URL.String() + "?key=" + b.Secrets[0] + " with " + b.wire.credential(req)}
		})
		everything(b)
	})
	bubble(t, "in no address and no cookie", func(t *testing.T) {
		b := s.open(t, Options{})
		b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			for _, secret := range b.Secrets {
				for _, form := range []string{secret, base64.StdEncoding.EncodeToString([]byte(secret))} {
					if strings.Contains(req.URL.String(), form) || strings.Contains(req.Header.Get("Cookie"), form) {
						t.Errorf("a credential is in the address %s or in a cookie", req.URL)
					}
				}
			}
			return next.RoundTrip(req)
		})
		everything(b)
	})
}

func bodyOf(req *http.Request) []byte {
	if req.Body == nil {
		return nil
	}
	body, _ := io.ReadAll(req.Body)
	return body
}

type urlError struct{ text string }

func (e *urlError) Error() string { return e.text }

func readOnly(t *testing.T, s Service) {
	bubble(t, "nothing is written", func(t *testing.T) {
		b := s.open(t, Options{ReadOnly: true})
		if !b.Account.Describe().ReadOnly {
			t.Error("Describe does not say that the account is read-only")
		}
		writable := s.open(t, Options{}) // the same data, to make valid edits from
		for _, ec := range s.Edits {
			c, e := writable.choose(ec)
			state, ids := b.State(c.Ref.ID), b.IDs()
			b.Reset()
			if reqs, err := b.Account.Requests(c, []model.Edit{e}); err != nil || len(reqs) == 0 {
				t.Errorf("%s: Requests returned %v, error %v; want what another account would send", ec.Name, reqs, err)
			}
			out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
			wantKind(t, ec.Name, out.Err, model.Unsupported)
			b.wantCount(t, ec.Name, 0)
			if !reflect.DeepEqual(b.State(c.Ref.ID), state) || len(b.IDs()) != len(ids) {
				t.Errorf("%s: the server has changed", ec.Name)
			}
		}
		id := b.first()
		c := b.load(id, 0).Conversation
		if got, want := b.Account.Capabilities(c), writable.Account.Capabilities(c); !maps.Equal(got, want) {
			t.Errorf("a read-only account says that the service can do %v, another one %v", got, want)
		}
		undeclared(t, s, b)
	})
	bubble(t, "everything is read", func(t *testing.T) {
		b := s.open(t, Options{ReadOnly: true})
		wantIDs(t, "a walk", b.whole(t).ids, b.IDs())
		b.load(b.first(), model.NeedEverything|model.NeedMessages)
		for _, lc := range s.Lookups {
			if _, err := b.Account.Lookup(context.Background(), model.LookupRequest{Kind: lc.Kind, Limit: 5}); err != nil {
				t.Errorf("look up %s: %v", lc.Kind, err)
			}
		}
		for _, line := range b.Account.Check(context.Background()) {
			if !line.OK {
				t.Errorf("check: %s: %s", line.Name, line.Detail)
			}
		}
		if writes := b.Writes(); len(writes) > 0 {
			t.Errorf("a read-only account sent the writes %v", writes)
		}
	})
}

func redirects(t *testing.T, s Service) {
	away := []string{
		"https://elsewhere.example/v2", "http://service.example/", "https://service.example:8443/x", "//elsewhere.example/x",
		"https://user:pass@service.example/x", "https://service.example.elsewhere.example/", "\x00", "javascript:alert(1)",
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		bubble(t, "elsewhere with "+http.StatusText(status), func(t *testing.T) {
			for _, to := range away {
				b := s.open(t, Options{})
				c, e := b.choose(s.any())
				home := b.home()
				send := func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					if req.URL.Host != home || req.URL.Scheme != "https" {
						return answer(200, "", "application/json", `{}`), nil
					}
					res := answer(status, "", "", "")
					res.Header.Set("Location", to)
					return res, nil
				}
				b.TamperWrites(send)
				out := b.Account.Apply(context.Background(), c, []model.Edit{e})[0]
				if out.Err == nil {
					t.Errorf("%q: a redirected write succeeded", to)
				}
				if len(b.Writes()) > 1 {
					t.Errorf("%q: the write was repeated: %v", to, b.Writes())
				}
				b.Tamper(send)
				if _, err := b.Account.Load(context.Background(), b.first(), 0); err == nil {
					t.Errorf("%q: a redirected load succeeded", to)
				}
				for _, sent := range b.Sent() {
					if sent.Host != home && (sent.Credential != "" || slices.ContainsFunc(b.Secrets, func(x string) bool { return strings.Contains(sent.String(), x) })) {
						t.Errorf("%q: the credential went to %s", to, sent.Host)
					}
				}
			}
		})
	}
	bubble(t, "at home", func(t *testing.T) {
		b := s.open(t, Options{})
		id := b.first()
		b.load(id, 0)
		n := 0
		b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
			n++
			if n > 50 {
				t.Fatal("an endless chain of redirects was followed")
			}
			res := answer(307, "", "", "")
			res.Header.Set("Location", req.URL.String())
			return res, nil
		})
		if _, err := b.Account.Load(context.Background(), id, 0); err == nil {
			t.Error("an endless chain of redirects ended in success")
		}
	})
}

// home is the host of the account's base URL.
func (b *Bench) home() string {
	_, rest, _ := strings.Cut(b.Account.Describe().BaseURL, "://")
	host, _, _ := strings.Cut(rest, "/")
	return host
}
