package query_test

import (
	"fmt"
	"testing"
	"time"

	"confab/model"
	"confab/model/query"
)

func subjects(n int) []*query.Subject {
	out := make([]*query.Subject, n)
	for i := range out {
		out[i] = query.NewSubject(model.Row{Conversation: model.Conversation{
			Ref: model.Ref{Account: "sales", ID: fmt.Sprint(i)}, Provider: services[i%4], Status: "active", Privacy: model.PrivacyPrivate,
			Title:   fmt.Sprintf("Quarterly review %d with customer %d", i%97, i),
			Preview: "Thanks for the call, we will send the paper by the end of the week.",
			Participants: model.SetOf(
				model.Participant{Kind: "user", ID: fmt.Sprint("usr_", i%500), Name: fmt.Sprint("Ann Person ", i%500), Email: fmt.Sprintf("ann%d@example.com", i%500)},
				model.Participant{Kind: "contact", ID: fmt.Sprint("cnt_", i), Name: fmt.Sprint("Bob Buyer ", i), Email: fmt.Sprintf("bob%d@buyer.example", i)},
				model.Participant{Kind: "contact", ID: fmt.Sprint("cnt_x", i), Name: fmt.Sprint("Eve Buyer ", i), Email: fmt.Sprintf("eve%d@buyer.example", i)}),
			Labels: map[string]string{"stage": fmt.Sprint(i % 7)}, Created: now.Add(-time.Duration(i) * time.Minute), Updated: now.Add(-time.Duration(i) * time.Minute),
		}})
	}
	return out
}

// One operation of BenchmarkMatch matches 100,000 conversations.
func BenchmarkMatch(b *testing.B) {
	list := subjects(100_000)
	for _, text := range []string{"", "nothing-holds-this", "customer 9", "with:bob99 title:review", "is:private -is:done label:stage=3", "updated:<7d", "created:2026-01..2026-02 OR acme"} {
		q := parse(b, text).Inbox()
		b.Run(q.String(), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				for _, s := range list {
					if q.Match(s, now, time.Local) {
						n++
					}
				}
			}
		})
	}
}

func TestMatchAllocatesNothing(t *testing.T) {
	s := subjects(1)[0]
	for _, text := range []string{"customer", "with:bob", "account:Sales kind:call", "label:stage=0", "id:sales:0", "updated:<7d created:2026-01..today", "-(a OR is:snoozed)"} {
		q := parse(t, text)
		if n := testing.AllocsPerRun(100, func() { q.Match(s, now, time.Local) }); n != 0 {
			t.Errorf("%s: got %v allocations, want none", text, n)
		}
	}
}
