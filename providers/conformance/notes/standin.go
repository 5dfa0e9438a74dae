package notes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// ServeHTTP implements http.Handler, for a stand-in behind a real connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	res, err := s.RoundTrip(r)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range res.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(res.StatusCode)
	_, _ = io.Copy(w, res.Body)
}

// RoundTrip implements http.RoundTripper.
func (s *Server) RoundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := ""
	if len(s.Faults) > 0 {
		fault, s.Faults = s.Faults[0], s.Faults[1:]
	}
	if fault == "slow" {
		if err := s.pause(req.Context()); err != nil {
			return nil, err
		}
	}
	if s.Offline || fault == "drop-before" {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	header, answer := http.Header{"Content-Type": {"application/json"}}, any(map[string]string{"message": "the request was refused"})
	status := 0
	switch {
	case fault == "429":
		status = http.StatusTooManyRequests
		header.Set("Retry-After", "2")
	case fault == "429-date":
		status = http.StatusTooManyRequests
		header.Set("Retry-After", time.Now().Add(3*time.Second).UTC().Format(http.TimeFormat))
	case fault == "500-html":
		status = http.StatusInternalServerError
		header.Set("Content-Type", "text/html")
	case req.Header.Get("X-Key") != s.Key:
		status = http.StatusUnauthorized
	case len(s.Answers) > 0:
		status, s.Answers = s.Answers[0], s.Answers[1:]
	default:
		status, answer = s.serve(req.Method, req.URL, body)
	}
	s.Log = append(s.Log, Request{Method: req.Method, Path: req.URL.EscapedPath(), Query: req.URL.RawQuery, Body: body, Status: status})
	if fault == "drop-after" {
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: io.ErrUnexpectedEOF}
	}
	var text []byte
	if answer != nil {
		text, _ = json.Marshal(answer)
	}
	return &http.Response{StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: header,
		Body: io.NopCloser(bytes.NewReader(text)), ContentLength: int64(len(text)), Request: req}, nil
}

// pause is a slow answer; others are served meanwhile.
func (s *Server) pause(ctx context.Context) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-time.After(20 * time.Second):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func refuse(status int, message string) (int, any) {
	return status, map[string]string{"message": message}
}

// serve answers what is documented, and refuses everything else.
func (s *Server) serve(method string, u *url.URL, body []byte) (int, any) {
	_, path, _ := strings.Cut(u.EscapedPath(), "/v1/")
	parts, query := strings.Split(path, "/"), u.Query()
	page, err := strconv.Atoi(query.Get("page"))
	switch {
	case method == http.MethodGet && path == "notes" && len(query) == 1 && err == nil && page > 0:
		return s.list(page)
	case len(query) > 0:
		return refuse(http.StatusBadRequest, "no such parameter")
	case method == http.MethodGet && path == "people":
		var all []Person
		for n := range people {
			all = append(all, person(n))
		}
		return http.StatusOK, map[string]any{"people": all}
	case parts[0] != "notes" || len(parts) < 2 || len(parts) > 3:
		return refuse(http.StatusNotFound, "there is no such page")
	}
	id, err := url.PathUnescape(parts[1])
	note := s.Find(id)
	switch {
	case err != nil || note == nil:
		return refuse(http.StatusNotFound, "there is no such note")
	case len(parts) == 3 && method == http.MethodPut:
		if err := s.put(note, parts[2], body); err != nil {
			return refuse(http.StatusUnprocessableEntity, err.Error())
		}
	case len(parts) == 3 || len(body) > 0:
		return refuse(http.StatusBadRequest, "no such call")
	case method == http.MethodDelete:
		if !s.Deaf {
			s.Notes = slices.DeleteFunc(s.Notes, func(n *Note) bool { return n == note })
		}
		return http.StatusNoContent, nil
	case method != http.MethodGet:
		return refuse(http.StatusMethodNotAllowed, "no such call")
	}
	return http.StatusOK, s.show(note)
}

func (s *Server) show(n *Note) Note {
	out := *n
	if s.NoPeople {
		out.People = nil
	}
	return out
}

func (s *Server) list(page int) (int, any) {
	from := min((page-1)*pageSize, len(s.Notes))
	to := min(from+pageSize, len(s.Notes))
	rows := []Note{}
	for _, n := range s.Notes[from:to] {
		rows = append(rows, s.show(n))
	}
	var next any
	if to < len(s.Notes) {
		next = page + 1
	}
	return http.StatusOK, map[string]any{"notes": rows, "total": len(s.Notes), "next": next}
}

// put replaces one field of a note.
func (s *Server) put(n *Note, field string, body []byte) error {
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &fields); err != nil || len(fields) != 1 || fields[field] == nil {
		return errors.New("the body must hold " + field + " alone")
	}
	switch field {
	case "title":
		return json.Unmarshal(fields[field], &n.Title)
	case "visibility":
		var word string
		if err := json.Unmarshal(fields[field], &word); err != nil || word != "private" && word != "public" {
			return errors.New("visibility is private or public")
		}
		n.Visibility = word
		return nil
	case "people":
		var ids []string
		if err := json.Unmarshal(fields[field], &ids); err != nil {
			return err
		}
		set := []Person{}
		for _, id := range ids {
			i, err := strconv.Atoi(strings.TrimPrefix(id, "u"))
			if err != nil || i < 0 || i >= people || person(i).ID != id {
				return errors.New("there is no person " + id)
			}
			set = append(set, person(i))
		}
		n.People = set
		return nil
	}
	return errors.New("a note has no " + field)
}
