package sandbox

import (
	"encoding/json"
	"reflect"
	"strconv"
	"testing"
	"time"
)

// TestRecords: what a data file may say.
func TestRecords(t *testing.T) {
	var c collection
	err := json.Unmarshal([]byte(`{"all":{"id":"{id}","made":"@","kept":[1,null,"{user 3}"],"gone":true},"rows":[
		{"age":"1h","set":{"title":"{title}, {user 7} {other} {{.}}","later":"@+30m","list":{"deep":"@-1h"},"mail":"@home"},"drop":["gone"]},
		{"age":"3h"}
	]}`), &c)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(files, Hostile, 1, testNow)
	s := &scene{
		at: testNow, pace: 0.5, clock: func(at time.Time) any { return stamp(at) }, words: map[string]any{"id": 12, "title": "Hello {id}"},
		place: func(kind string, n int) any { return kind + strconv.Itoa(n) },
	}
	got := s.make(c.All, c.Rows[0].Set, c.Rows[0].Drop)
	want := map[string]any{
		"id": 12, "made": stamp(testNow), "kept": []any{1.0, nil, "user3"}, "title": "Hello {id}, user7 {other} {{.}}",
		"later": stamp(testNow.Add(15 * time.Minute)), "list": map[string]any{"deep": stamp(testNow.Add(-time.Hour))}, "mail": "@home",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("made %v\nwant %v", got, want)
	}
	if a, b := c.age(0, 2), c.age(1, 2); a != time.Hour || b != 3*time.Hour {
		t.Errorf("as many rows as the file has are %v and %v old", a, b)
	}
	if a := c.age(1, 4); a != 2*time.Hour {
		t.Errorf("twice as many are %v apart", a)
	}
	for _, n := range []int{0, 1, 77, 1 << 20} {
		id := w.id("thing", n)
		if got, ok := w.number("thing", id, n+1); !ok || got != n {
			t.Errorf("%s is number %d %v, want %d", id, got, ok, n)
		}
		if _, ok := w.number("thing", id, n); ok {
			t.Errorf("%s is below its own number", id)
		}
		if _, ok := w.number("other", id, 1<<30); ok {
			t.Errorf("%s is of two kinds", id)
		}
	}
	if _, ok := w.number("thing", "", 5); ok {
		t.Error("no id is a number")
	}
}
