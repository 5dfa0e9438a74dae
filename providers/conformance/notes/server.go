package notes

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// Key is what a new Server takes.
const Key = "notes-key-0123456789"

const pageSize = 20

// Server is a stand-in for the service, in memory: a transport that refuses all
// that the service does not document. The fields are read and set by Meet.
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

	Notes []*Note   // in the order of the list
	Log   []Request // as they came

	mu   sync.Mutex
	made int
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

// NewServer returns a stand-in with a number of notes.
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
	s.Notes = slices.Insert(s.Notes, 0, note)
}

// Find returns a note of those that Meet shows, nil where it is gone.
func (s *Server) Find(id string) *Note {
	if i := slices.IndexFunc(s.Notes, func(n *Note) bool { return n.ID == id }); i >= 0 {
		return s.Notes[i]
	}
	return nil
}

// Note returns a copy of a note, nil where it is gone.
func (s *Server) Note(id string) (note *Note) {
	s.Meet(func(s *Server) {
		if n := s.Find(id); n != nil {
			out := *n
			note = &out
		}
	})
	return note
}

// Meet shows the server between two requests, and changes what the next ones meet.
func (s *Server) Meet(set func(s *Server)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	set(s)
}
