package main

import (
	_ "embed"
	"encoding/json"
	"time"
)

//go:embed scenes.json
var script []byte

// page is what a picture stands on: the theme of the program, and the colours of a terminal that are its own.
type page struct {
	Theme, Fg, Bg, Edge string
	Sixteen             [16]string
}

// scene is one picture: a terminal and what is done in it.
type scene struct {
	Name  string
	W, H  int
	Steps []step
}

// step is what is done next, in the order of the fields.
type step struct {
	// Unless something is on the screen.
	Unless string
	// Find brings a conversation under the cursor, Press presses keys that the picture doesn't tell of, Paste pastes, Retitle
	// has somebody else give a call another title, To moves to a line.
	Find    string
	Press   []string
	Paste   string
	Retitle []string
	To      string
	// Key is pressed and told of, with what it does; Shown is only told of. Type is typed, a frame a letter.
	Key, Shown, Does, Type string
	// Until waits for a pattern, Hold holds what is then there for so many milliseconds, Still makes it the frame that is shown
	// where nothing moves.
	Until string
	Hold  time.Duration
	Still bool
}

var pages, scenes = readScript()

func readScript() ([]page, []scene) {
	var all struct {
		Pages  []page
		Scenes []scene
	}
	if err := json.Unmarshal(script, &all); err != nil {
		panic(err)
	}
	return all.Pages, all.Scenes
}
