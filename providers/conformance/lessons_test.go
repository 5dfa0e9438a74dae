package conformance

import (
	"context"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confab/model"
)

// lessons checks that an account doesn't repeat what a refusal has ruled out.
func lessons(t *testing.T, s Service) {
	for _, l := range s.Lessons {
		bubble(t, l.Name, func(t *testing.T) {
			ctx := context.Background()
			b := s.open(t, Options{})
			ec := s.edit(t, l.Try)
			c, e := b.choose(ec)
			var other model.Conversation
			for _, id := range b.IDs() {
				if id != c.Ref.ID {
					other = b.load(id, b.Account.Needs(l.Kinds...)).Conversation
					if b.Account.Capabilities(other).Of(ec.Kind).Can() {
						break
					}
				}
			}
			before, others := b.Account.Capabilities(c), b.Account.Capabilities(other)
			state := b.State(c.Ref.ID)
			l.Turn(b)
			b.Reset()
			out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
			wantKind(t, "the first try", out.Err, l.Err)
			b.wantCount(t, "the first try", l.Requests)
			if !reflect.DeepEqual(b.State(c.Ref.ID), state) {
				t.Errorf("the refused edit changed the conversation: %s", difference(state, b.State(c.Ref.ID)))
			}
			after := b.Account.Capabilities(c)
			for _, k := range model.EditKinds() {
				if !slices.Contains(l.Kinds, k) {
					if after.Of(k) != before.Of(k) {
						t.Errorf("%s was ruled out too: %+v", k, after.Of(k))
					}
					continue
				}
				if after.Of(k).Can() || after.Of(k).Reason == "" || after.Of(k).Reason == before.Of(k).Reason {
					t.Errorf("the capability %s is %+v, before it was %+v", k, after.Of(k), before.Of(k))
				}
				if now := b.Account.Capabilities(other).Of(k); l.Row && now != others.Of(k) || !l.Row && now.Can() {
					t.Errorf("the capability %s of another conversation is %+v", k, now)
				}
			}
			b.Reset()
			again := b.Account.Apply(ctx, c, []model.Edit{e})[0]
			wantKind(t, "the second try", again.Err, model.Unsupported)
			b.wantCount(t, "the second try", 0)
			if e := model.AsError(again.Err); e != nil && !strings.Contains(e.Message, after.Of(ec.Kind).Reason) {
				t.Errorf("the second try has the message %q, the capability the reason %q", e.Message, after.Of(ec.Kind).Reason)
			}
			if fresh := s.open(t, Options{}); fresh.Account.Capabilities(c).Of(ec.Kind) != before.Of(ec.Kind) {
				t.Error("the refusal changed the capabilities of another account")
			}
		})
	}
}
