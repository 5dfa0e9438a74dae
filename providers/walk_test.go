package providers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"confab/model"
)

var errExpired = errors.New("no such place")

// paged returns a walk of a list with one row a page. "a>b" is a page with row a that names place b; "!" is an error, "?" a place
// that has expired, and "~" marks an incomplete page.
func paged(pages map[string]string, read *[]string) Walk[string] {
	return Walk[string]{MaxPages: 5, Expired: func(err error) bool { return errors.Is(err, errExpired) },
		Read: func(_ context.Context, at string) (Page[string], error) {
			*read = append(*read, at)
			row, next, _ := strings.Cut(pages[at], ">")
			switch {
			case row == "!":
				return Page[string]{}, errors.New("no")
			case row == "?" && slices.Index(*read, at) == len(*read)-1: // the first time
				return Page[string]{}, errExpired
			}
			return Page[string]{Rows: []string{row}, Next: next, Incomplete: strings.HasPrefix(row, "~")}, nil
		}}
}

func TestWalk(t *testing.T) {
	for _, tt := range []struct {
		name  string
		pages map[string]string
		at    string
		stop  int // stop after this number of pages; 0 for never
		want  WalkResult
		rows  string
		reads string
		err   bool
	}{
		{"to the end", map[string]string{"": "a>2", "2": "b>3", "3": "c"}, "", 0, WalkResult{Ended: true, Whole: true}, "abc", ",2,3", false},
		{"from the middle", map[string]string{"2": "b>3", "3": "c"}, "2", 0, WalkResult{Ended: true, Whole: true}, "bc", "2,3", false},
		{"stopped", map[string]string{"": "a>2", "2": "b>3"}, "", 2, WalkResult{Next: "3"}, "ab", ",2", false},
		{"stopped at the end", map[string]string{"": "a"}, "", 1, WalkResult{Ended: true}, "a", "", false},
		{"an incomplete page", map[string]string{"": "~a>2", "2": "b"}, "", 0, WalkResult{Ended: true}, "~ab", ",2", false},
		{"in a circle", map[string]string{"": "a>2", "2": "b>3", "3": "c>2"}, "", 0, WalkResult{Repeated: true}, "abc", ",2,3", false},
		{"back to where it began", map[string]string{"2": "b>2"}, "2", 0, WalkResult{Repeated: true}, "b", "2", false},
		{"without an end", map[string]string{"": "a>2", "2": "b>3", "3": "c>4", "4": "d>5", "5": "e>6"}, "", 0, WalkResult{Next: "6"}, "abcde", ",2,3,4,5", false},
		{"an error", map[string]string{"": "a>2", "2": "!"}, "", 0, WalkResult{Next: "2"}, "a", ",2", true},
		{"expired once", map[string]string{"": "a>2", "2": "?>3", "3": "c"}, "2", 0, WalkResult{Ended: true, Whole: true}, "a?c", "2,,2,3", false},
		{"expired after an incomplete page", map[string]string{"1": "~a>2", "2": "?", "": "b"}, "1", 0, WalkResult{Ended: true, Whole: true}, "~ab", "1,2,", false},
		{"expired twice", map[string]string{"1": "?", "": "a>2", "2": "?"}, "1", 0, WalkResult{Next: "2"}, "a", "1,,2", true},
		{"expired at the beginning", map[string]string{"": "?"}, "", 0, WalkResult{}, "", "", true},
	} {
		var read, rows []string
		n := 0
		got, err := paged(tt.pages, &read).Run(t.Context(), tt.at, func(p Page[string]) (bool, error) {
			n++
			rows = append(rows, p.Rows...)
			return n != tt.stop, nil
		})
		if got != tt.want || (err != nil) != tt.err || strings.Join(rows, "") != tt.rows || strings.Join(read, ",") != tt.reads {
			t.Errorf("%s: got %+v, error %v, rows %v, places %q; want %+v, %q, %q", tt.name, got, err, rows, read, tt.want, tt.rows, tt.reads)
		}
	}
}

func TestARowWithoutAKeyAlwaysStays(t *testing.T) {
	seen := map[string]bool{}
	for _, want := range []string{"a--", "--"} {
		rows := Unseen(seen, []string{"a", "-", "-", "a"}, func(row string) string { return strings.Trim(row, "-") })
		if got := strings.Join(rows, ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// A full walk continues at a cursor of Sync. Any other cursor, and reading the head, begin at the first page.
func TestSyncBeginsAtItsOwnCursorsOnly(t *testing.T) {
	for _, tt := range []struct {
		mode         model.SyncMode
		cursor, want string
	}{
		{model.SyncFull, "page:2", "2"}, {model.SyncFull, "2", ""}, {model.SyncFull, "", ""}, {model.SyncHead, "page:2", ""},
	} {
		at := "none"
		w := Walk[model.Conversation]{MaxPages: 3, Read: func(_ context.Context, place string) (Page[model.Conversation], error) {
			at = place
			return Page[model.Conversation]{}, nil
		}}
		emit := func(model.Batch) (bool, error) { return true, nil }
		if _, err := Sync(t.Context(), w, model.SyncRequest{Mode: tt.mode, Cursor: tt.cursor}, emit); err != nil || at != tt.want {
			t.Errorf("mode %d, cursor %q: began at %q, error %v; want %q", tt.mode, tt.cursor, at, err, tt.want)
		}
	}
}

func TestSyncWalkOfAnEndlessList(t *testing.T) {
	n := 0
	w := Walk[model.Conversation]{Op: "list things", MaxPages: 3, Read: func(context.Context, string) (Page[model.Conversation], error) {
		n++
		return Page[model.Conversation]{Next: fmt.Sprint(n)}, nil
	}}
	var cursors []string
	walked, err := SyncWalk(t.Context(), w, "", func(at string) string { return "at " + at }, func(b model.Batch) (bool, error) {
		cursors = append(cursors, b.Cursor)
		return true, nil
	})
	if model.KindOf(err) != model.Malformed || walked != (WalkResult{}) || !slices.Equal(cursors, []string{"at 1", "at 2", "at 3"}) {
		t.Errorf("got %+v, error %v, cursors %v; want Malformed after three pages", walked, err, cursors)
	}
}
