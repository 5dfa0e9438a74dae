package notes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Key is what a new Server takes.
const Key = "notes-key-0123456789"

const pageSize = 20

// Server is a stand-in for the service, in memory: a transport that refuses all
// that the service does not document. The fields are set before it is used.
type Server struct {
	Key     string
	Offline bool
	// Faults and Answers are met by the next requests, in order: a fault of the
	// conformance suite by its name, and a status.
	Faults  []string
	Answers []int
	// NoPeople leaves the people of a note out of every answer, Deaf lets
	// deletions succeed and do nothing.
	NoPeople, Deaf bool

	mu    sync.Mutex
	notes []*Note
	made  int
	log   []Request
}

// Person is somebody who may be on a note.
type Person struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Email string `json:"email"`
}

// Line is a part of the text of a note.
type Line struct {
	By   string `json:"by"`
	Text string `json:"text"`
}

// Note is a note as the service sends it.
type Note struct {
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	Visibility string    `json:"visibility"`
	People     []Person  `json:"people"`
	Lines      []Line    `json:"lines"`
	Created    time.Time `json:"created"`
}

// Request is a request as it came.
type Request struct {
	Method, Path, Query string
	Body                []byte
	Status              int
}

// NewServer gives a stand-in with a number of notes.
func NewServer(notes int) *Server {
	s := &Server{Key: Key}
	for range notes {
		s.Insert()
	}
	return s
}

func person(n int) Person {
	return Person{ID: fmt.Sprintf("u%d", n), Name: fmt.Sprintf("Person %c%d", 'A'+n%26, n), Email: fmt.Sprintf("p%d@example.com", n)}
}

const people = 40

// Insert adds a note at the head of the list.
func (s *Server) Insert() {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.made
	s.made++
	note := &Note{ID: fmt.Sprintf("n%d", n), Title: fmt.Sprintf("Note %d", n), Visibility: []string{"private", "public"}[n%2],
		People: []Person{person(n % people), person((n + 7) % people)}, Lines: []Line{{By: person(n % people).Name, Text: "As we said."}},
		Created: time.Date(2026, 1, 1, 9, n, 0, 0, time.UTC)}
	s.notes = slices.Insert(s.notes, 0, note)
}

// IDs lists the notes in the order of the list.
func (s *Server) IDs() (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, n := range s.notes {
		ids = append(ids, n.ID)
	}
	return ids
}

func (s *Server) find(id string) *Note {
	if i := slices.IndexFunc(s.notes, func(n *Note) bool { return n.ID == id }); i >= 0 {
		return s.notes[i]
	}
	return nil
}

// Note gives what is stored, nil where it is gone.
func (s *Server) Note(id string) *Note {
	s.mu.Lock()
	defer s.mu.Unlock()
	if n := s.find(id); n != nil {
		out := *n
		return &out
	}
	return nil
}

// Retitle is somebody else's change of a title.
func (s *Server) Retitle(id, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.find(id).Title = title
}

// Remove is somebody else's deletion.
func (s *Server) Remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = slices.DeleteFunc(s.notes, func(n *Note) bool { return n.ID == id })
}

// Requests are those since the last Forget.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Forget forgets the requests so far.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Meet sets what the next requests meet.
func (s *Server) Meet(set func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set(s)
}

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
	s.log = append(s.log, Request{Method: req.Method, Path: req.URL.EscapedPath(), Query: req.URL.RawQuery, Body: body, Status: status})
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
	note := s.find(id)
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
			s.notes = slices.DeleteFunc(s.notes, func(n *Note) bool { return n == note })
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
	from := min((page-1)*pageSize, len(s.notes))
	to := min(from+pageSize, len(s.notes))
	rows := []Note{}
	for _, n := range s.notes[from:to] {
		rows = append(rows, s.show(n))
	}
	var next any
	if to < len(s.notes) {
		next = page + 1
	}
	return http.StatusOK, map[string]any{"notes": rows, "total": len(s.notes), "next": next}
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
