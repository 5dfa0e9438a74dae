package providers

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A call without a body must not look like one with a body of unknown length.
func TestACallWithoutABodySaysSo(t *testing.T) {
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPost, http.MethodDelete} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength != 0 || len(r.TransferEncoding) != 0 || r.Header.Get("Content-Type") != "" {
				t.Errorf("%s: length %d, transfer %v, content type %q", method, r.ContentLength, r.TransferEncoding, r.Header.Get("Content-Type"))
			}
			w.Header().Set("Content-Type", "application/json")
			w.Write([]byte(`{}`))
		}))
		c, err := NewClient(Account{Name: "a", BaseURL: server.URL}, ClientOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Do(context.Background(), Call{Endpoint: Endpoint{Name: "call", Method: method, Path: "/x", Write: method != http.MethodGet}}); err != nil {
			t.Errorf("%s: %v", method, err)
		}
		server.Close()
	}
}

// A write that is answered with another success than the documented one is not
// sent again: it counts as taken.
func TestAnUnexpectedSuccessOfAWriteIsOne(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) }))
	defer server.Close()
	c, err := NewClient(Account{Name: "a", BaseURL: server.URL}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	call := Call{Endpoint: Endpoint{Name: "call", Method: http.MethodPut, Path: "/x", Write: true, Success: []int{200}}}
	if a, err := c.Do(context.Background(), call); err != nil || a.Status != http.StatusAccepted {
		t.Errorf("a write: %v", err)
	}
	call.Write, call.Method = false, http.MethodGet
	if _, err := c.Do(context.Background(), call); err == nil {
		t.Error("a read took an answer that is none")
	}
}
