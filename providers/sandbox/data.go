package sandbox

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"strconv"
	"strings"
)

// files are what the servers hold, apart from what is counted out: the words everything is made of in texts.json, and one
// file for each vendor. Times in them are relative to the start of the sandbox.
//
//go:embed data
var files embed.FS

// texts are the words that conversations are made of.
type texts struct {
	// Scripts are sets of names that belong together. A name is its spelling and its form in a mail address.
	Scripts []struct {
		First, Last [][2]string
		Zones       []string
	}
	Companies  [][2]string // name and domain
	Industries []string
	Jobs       []string
	// Subjects are titles of conversations; {c} stands for a company, {p} for a person, {n} for a digit.
	Subjects  []string
	Sentences []string
	// Hostile titles are what a title may hold and a screen must survive, by row number within each block of 500 rows.
	Hostile map[string]string
}

var words = load[texts]("texts")

// load reads a data file into T. The files are part of the program, so a wrong one is a fault of it.
func load[T any](name string) *T {
	raw, err := fs.ReadFile(files, "data/"+name+".json")
	v := new(T)
	if err == nil {
		err = strict(raw, v)
	}
	if err != nil {
		panic(fmt.Sprintf("sandbox: data/%s.json: %v", name, err))
	}
	return v
}

// strict decodes JSON whose members are all known.
func strict(raw []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	return dec.Decode(v)
}

// title returns the title of row i.
func (d *seedData) title(r *rand.Rand, i int) string {
	c, p, n := pick(r, d.companies).name, pick(r, d.contacts).name(), digits(r, 1)
	subject := pick(r, words.Subjects)
	if t, ok := words.Hostile[strconv.Itoa(i%500)]; ok {
		return t
	}
	return strings.NewReplacer("{c}", c, "{p}", p, "{n}", n).Replace(subject)
}

// sentence is one thing somebody says or writes. One in 40 holds bytes a terminal would act on.
func (d *seedData) sentence(r *rand.Rand) string {
	if r.IntN(40) == 0 {
		return "look: \x1b[5mblink\x1b[0m \x1b]2;title\x07 \u202etxet desrever\u202c done"
	}
	return pick(r, words.Sentences)
}
