package main

import (
	"regexp"
	"time"

	tea "charm.land/bubbletea/v2"

	"confab/model"
)

// scene is one picture: a terminal and what is pressed in it.
type scene struct {
	name string
	w, h int
	keys func(s *session)
}

// For how long a frame stands.
const (
	glance = 700 * time.Millisecond
	beat   = 1200 * time.Millisecond
	read   = 1900 * time.Millisecond
	plan   = 3500 * time.Millisecond
	end    = 3 * time.Second
)

var scenes = []scene{
	{"tour", 110, 30, tour},
	{"privacy", 96, 20, privacy},
	{"rename", 96, 20, rename},
	{"roles", 96, 20, roles},
	{"contacts", 96, 20, contacts},
	{"inbox", 140, 40, func(s *session) { s.press("j", "space", "j", "j", "space") }},
	{"detail", 100, 32, func(s *session) {
		s.find("Acme renewal: the pricing call")
		s.press("enter", "]", "]")
	}},
	{"plan", 100, 30, func(s *session) {
		s.press("space", "j", "space", "j", "space", "j", "space", "j", "space", "j", "space", "p")
		s.until("y ")
	}},
	{"conflict", 100, 30, conflict},
	{"narrow", 40, 12, func(s *session) { s.press("j") }},
}

// tour is the picture at the top of the README.
func tour(s *session) {
	s.film.say("", "one list for four services")
	s.hold(read)
	s.key("/", "filter", "/", glance)
	s.write("label:interview", "filter as you type", read)
	s.key("enter", "keep it", "Interview", glance)
	s.key("*", "mark all of them", "10 marked", beat)
	s.key("p", "make them private: the plan says what will change", `(?i)make .*private`, plan)
	s.film.still = len(s.film.frames)
	s.key("y", "send it", `9 private[^?]*(?s:.*)delivered`, read)
	s.key("esc", "they are private: the service has confirmed each", `delivered`, read)
	s.key("u", "not what you wanted? Take it back", `(?i)back\?|public`, read)
	s.key("y", "all nine, as one", `(?i)delivered|confirmed`, end)
}

// privacy has one call made private, which is one key.
func privacy(s *session) {
	s.find("Outage: what to say to customers")
	s.film.say("", "the whole company can listen to this one")
	s.hold(read)
	s.key("p", "private", "private +Outage", beat)
	s.film.say("p", "private: sent, checked, and still yours to take back")
	s.until("(?i)delivered")
	s.hold(read)
	s.key("p", "public again? That is shown, and asked", `(?i)public(?s:.*)enter`, plan)
	s.key("n", "better not", "private +Outage", end)
}

// rename has a stale title replaced.
func rename(s *session) {
	s.press("/")
	s.write("pricing v2", "titles that were never meant to stay", beat)
	s.key("enter", "keep them on the screen", "DRAFT", glance)
	s.key("t", "rename", "DRAFT", beat)
	s.key("ctrl+u", "away with it", "", glance)
	s.write("Pricing v2: prices from January", "", beat)
	s.key("enter", "on disk at once, then sent, then checked", "(?i)delivered", end)
}

// roles makes somebody who may only read along an editor, of three conversations at once.
func roles(s *session) {
	s.press("/")
	s.write("launch account:projects", "three threads of a launch", glance)
	s.key("enter", "and Anna, who leads it, can only read them", "risks", beat)
	s.key("*", "all three", "3 marked", glance)
	s.key("P", "their people, and in how many each is", "Anna Marsh +anna", read)
	s.to("Anna Marsh")
	for range 3 {
		if !regexp.MustCompile("Anna Marsh.*→ editor").MatchString(s.text()) {
			s.key("r", "the next role", "Anna Marsh.*→", glance)
		}
	}
	s.hold(beat)
	s.key("ctrl+s", "what will change", `(?s)Anna Marsh.*\by `, plan)
	s.key("y", "sent, and read back", "(?i)delivered", end)
}

// contacts has the wrong one of two people with nearly one name replaced.
func contacts(s *session) {
	s.find("Halden & Sons: onboarding call")
	s.film.say("", "Halden & Sons, with a buyer of Halden Foods on the call")
	s.hold(read)
	s.key("c", "contacts", "Olav Halden +olav", beat)
	s.to("Olav Halden")
	s.key("x", "not him", "1 removed|removed", beat)
	s.key("a", "but", "Add", glance)
	s.write("hal", "search as you type", glance)
	s.until("▌ Ola Halden")
	s.hold(beat)
	s.key("enter", "her", `Ola Halden .*added`, beat)
	s.key("ctrl+s", "what will change", `(?i)send`, plan)
	s.key("y", "sent, and read back", "(?i)delivered", end)
}

// conflict has somebody else rename what is being renamed.
func conflict(s *session) {
	ref := s.call("Acme renewal: the pricing call")
	s.find("Acme renewal: the pricing call")
	s.press("t", "ctrl+e", "ctrl+u")
	s.program.Send(tea.PasteMsg{Content: "Acme renewal: pricing, second part"})
	s.sb.Attention().Change(ref.ID, "title", "Acme renewal: pricing and the VAT line")
	s.press("enter")
	s.until("!")
	s.press("!")
	s.until("(?i)theirs")
}

// call is a call by its title.
func (s *session) call(title string) model.Ref {
	calls := s.sb.Attention()
	for _, id := range calls.IDs() {
		a, _ := calls.JSON(id)["attributes"].(map[string]any)
		if a["title"] == title {
			return model.Ref{Account: "sales", ID: id}
		}
	}
	return model.Ref{}
}
