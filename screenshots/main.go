// Command screenshots draws the pictures in this directory:
//
//	go run ./screenshots             # all of them
//	go run ./screenshots tour plan   # some, by name
//
// The pictures show the screen of the real program. Its model, engine, store and adapters run against the company of the
// sandbox, the keys in scenes.json are pressed, and the cells of a virtual terminal are written as SVG. A step waits for a
// text on the screen, never for a time. If the text does not come, the command fails and prints the screen.
//
// A scene of one frame becomes a still picture. A scene of several becomes an animation, of which only one frame is shown
// to people who want no motion. Each scene is drawn for dark and for light pages.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

//go:embed scenes.json
var script []byte

// page is what a picture is drawn for: the theme of the program, and the colours of the terminal.
type page struct {
	Theme, Fg, Bg, Edge string
	Sixteen             [16]string
}

// scene is a picture: the size of a terminal, and what is done in it.
type scene struct {
	Name  string
	W, H  int
	Steps []step
}

// step is a step of a scene. What it holds is done in the order of the fields.
type step struct {
	Unless  string   // a pattern; if it is on the screen the step is left out
	Find    string   // the title of a conversation to put the cursor on
	Press   []string // keys to press without a caption
	Paste   string
	Retitle []string // a title and a new one, which somebody else gives a call
	To      string   // a text of the line to move to
	// Key is pressed with a caption that says what it Does. Shown is a key that is only in the caption. Type is typed, with a
	// frame for each letter.
	Key, Shown, Does, Type string
	Until                  string        // a pattern to wait for
	Hold                   time.Duration // how long the frame is shown, in milliseconds
	Still                  bool          // the frame is the one to show without motion
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

func main() {
	for _, sc := range scenes {
		if len(os.Args) > 1 && !slices.Contains(os.Args[1:], sc.Name) {
			continue
		}
		var drawing errgroup.Group
		for _, p := range pages {
			drawing.Go(func() error { return draw(sc, p) })
		}
		if err := drawing.Wait(); err != nil {
			fmt.Fprintf(os.Stderr, "screenshots: %s: %v\n", sc.Name, err)
			os.Exit(1)
		}
	}
}

// draw writes the picture of a scene for a page.
func draw(sc scene, p page) error {
	svg, err := play(context.Background(), sc, p)
	if err != nil {
		return err
	}
	path := filepath.Join("screenshots", sc.Name+"-"+p.Theme+".svg")
	fmt.Printf("%4d KB  %s\n", len(svg)/1000, path)
	return os.WriteFile(path, svg, 0o644)
}
