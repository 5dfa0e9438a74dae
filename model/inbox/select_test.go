package inbox_test

import (
	"context"
	"testing"

	"confab/model"
	"confab/model/inbox"
	"confab/model/store"
)

func TestSelectARange(t *testing.T) {
	f := newFake("projects", "a", "b", "c", "d", "e")
	run(t, []*fake{f}, func(t *testing.T, b *inbox.Inbox, _ *store.Store) {
		ctx := context.Background()
		b.Sync(ctx)
		for name, tc := range map[string]struct {
			req  model.SelectRequest
			want string
		}{
			"down":               {model.SelectRequest{First: f.ref("2"), Last: f.ref("4")}, "bcd"},
			"up":                 {model.SelectRequest{First: f.ref("4"), Last: f.ref("2")}, "bcd"},
			"a number of rows":   {model.SelectRequest{First: f.ref("3"), N: 2}, "cd"},
			"more than there is": {model.SelectRequest{First: f.ref("4"), N: 9}, "de"},
			"from a row unknown": {model.SelectRequest{First: f.ref("404"), N: 2}, ""},
			"to a row unknown":   {model.SelectRequest{First: f.ref("2"), Last: f.ref("404")}, ""},
		} {
			tc.req.Query, tc.req.Inbox = "sort:title", true
			set, err := b.Select(ctx, tc.req)
			must(t, err)
			refs, err := b.RefsOf(ctx, set)
			must(t, err)
			got := ""
			for _, c := range "abcde" {
				for _, r := range refs {
					if f.get(r.ID).Title == string(c) {
						got += string(c)
					}
				}
			}
			if got != tc.want || set.Len() != len(tc.want) {
				t.Errorf("%s: %d rows are selected, %q, want %q", name, set.Len(), got, tc.want)
			}
		}
	})
}
