package sandbox

import (
	"fmt"
	"testing"
)

// largeProbe returns a probe of a service with 25,000 conversations.
func largeProbe(b *testing.B, provider string) probe {
	b.Helper()
	return newProbe(b, newTestSandbox(b, Options{Conversations: 100_000}), provider)
}

// benchmarkPage reads a page of 100 rows.
func benchmarkPage(b *testing.B, provider, path string) {
	p := largeProbe(b, provider)
	for b.Loop() {
		p.want(200, "GET", path, "")
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/100, "ns/row")
}

func BenchmarkBirdList(b *testing.B) {
	benchmarkPage(b, "bird", "/workspaces/"+birdWorkspace+"/conversations?limit=100")
}

func BenchmarkKonaList(b *testing.B) {
	benchmarkPage(b, "kona", "/conversations?order_by=updated_at&per_page=100&page=200")
}

func BenchmarkAttentionSync25000(b *testing.B) {
	p := largeProbe(b, "attention")
	for b.Loop() {
		for page := 1; page <= 500; page++ {
			p.want(200, "GET", fmt.Sprintf("/conversations/list?size=50&page=%d", page), "")
		}
	}
}

func BenchmarkAskElephantSync25000(b *testing.B) {
	p := largeProbe(b, "askelephant")
	for b.Loop() {
		rows := p.rows("/v2/engagements?limit=100&expand=contacts,owner,tags,companies&order_by=updated_at:asc")
		if len(rows) != 25_000 {
			b.Fatal(len(rows))
		}
	}
}

func BenchmarkNew100000(b *testing.B) {
	for b.Loop() {
		if _, err := New(Options{Conversations: 100_000}); err != nil {
			b.Fatal(err)
		}
	}
}
