package conformance

import (
	"context"
	"net/url"
	"slices"
	"sync/atomic"
	"testing"

	"confab/model"
)

// turns is a pacer that counts how often an account waited for its turn.
type turns struct{ n atomic.Int64 }

func (p *turns) Wait(context.Context) error {
	p.n.Add(1)
	return nil
}

// pacing checks that every request waits for its turn.
func pacing(t *testing.T, s Service) {
	bubble(t, "every request waits", func(t *testing.T) {
		var p turns
		b := s.open(t, Options{Pacer: &p})
		b.whole(t)
		b.load(b.first(), model.NeedEverything)
		for _, lc := range s.Lookups {
			_, _ = b.Account.Lookup(context.Background(), model.LookupRequest{Kind: lc.Kind})
		}
		_ = b.Account.Check(context.Background())
		if sent, waited := len(b.Sent()), p.n.Load(); int64(sent) != waited {
			t.Errorf("%d requests, of which %d waited for their turn", sent, waited)
		}
		for _, ec := range s.writeCases() {
			var p turns
			b := s.open(t, Options{Pacer: &p})
			c, e := b.choose(ec)
			before := p.n.Load()
			b.Account.Apply(context.Background(), c, []model.Edit{e})
			if sent, waited := len(b.Sent()), p.n.Load()-before; int64(sent) != waited {
				t.Errorf("%s: %d requests, of which %d waited for their turn", ec.Name, sent, waited)
			}
		}
	})
}

// links checks that each link may be opened, or that an error says why there is none.
func links(t *testing.T, s Service) {
	bubble(t, "links", func(t *testing.T) {
		for _, readOnly := range []bool{false, true} {
			b := s.open(t, Options{ReadOnly: readOnly})
			for _, id := range b.some() {
				c := b.load(id, 0).Conversation
				for _, kind := range []model.LinkKind{model.LinkWeb, model.LinkRecording} {
					b.Reset()
					link, err := b.Account.Link(context.Background(), c, kind)
					switch k := model.KindOf(err); {
					case err != nil && link != "":
						t.Errorf("%s: both a link and an error", id)
					case err != nil && !slices.Contains([]model.ErrorKind{model.Unsupported, model.NotFound, model.Forbidden}, k):
						t.Errorf("%s: the error is %q, want unsupported, not found or forbidden: %v", id, k, err)
					case err == nil:
						if u, err := url.Parse(link); err != nil || u.Scheme != "https" || u.Host == "" {
							t.Errorf("%s: the link is %q, want an https address", id, link)
						}
					}
					if kind == model.LinkWeb || model.KindOf(err) == model.Unsupported {
						b.wantCount(t, "a link that takes no request", 0)
					}
				}
				if len(b.Writes()) > 0 {
					t.Errorf("links caused the writes %v", b.Writes())
				}
			}
		}
	})
	bubble(t, "creator", func(t *testing.T) {
		b := s.open(t, Options{})
		if can, has := b.Account.Capabilities(model.Conversation{}).Of(model.EditCreate).Can(), b.Creator != nil; can != has {
			t.Errorf("creates conversations: %t, is a model.Creator: %t", can, has)
		}
	})
}
