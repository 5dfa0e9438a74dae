package conformance

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"confab/model"
)

const unknown = "zzz_unknown"

// strange are values that fields are not documented to have.
var strange = []any{
	nil, true, false, -1, 1e300, 0.5, "", unknown, "\x1b[2J", strings.Repeat("y", 5000), []any{}, map[string]any{}, []any{nil, 1, "x", []any{}},
	map[string]any{"id": nil, "zz": []any{map[string]any{"deep": true}}}, []any{map[string]any{}},
}

// shapes gives answers whose fields differ from the documentation.
func shapes(t *testing.T, s Service) {
	bubble(t, "null for lists", func(t *testing.T) {
		b := s.open(t, Options{})
		b.Tamper(rewriteJSON(func(v any) any {
			if list, ok := v.([]any); ok && !holdsConversations(b, list) {
				return nil
			}
			return v
		}))
		b.survives(t)
		w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
		if w.err != nil {
			t.Fatal(w.err)
		}
		wantIDs(t, "a walk", w.ids, b.IDs())
		for _, id := range b.IDs() {
			c := b.load(id, b.Account.Needs(model.EditKinds()...)).Conversation
			caps := b.Account.Capabilities(c)
			for _, set := range []struct {
				kind model.EditKind
				set  model.Set[model.Participant]
			}{{model.EditParticipants, c.Participants}, {model.EditContacts, c.Contacts}} {
				if set.set.Known && caps.Of(set.kind).Can() {
					t.Errorf("%s: %s is known to be %v, but the service said null", id, set.kind, set.set.Items)
				}
			}
		}
	})
	bubble(t, "null for the whole list", func(t *testing.T) {
		b := s.open(t, Options{})
		b.Tamper(rewriteJSON(func(v any) any {
			if _, ok := v.([]any); ok {
				return nil
			}
			return v
		}))
		w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
		if model.KindOf(w.err) != model.Malformed && (w.err != nil || len(w.ids) > 0) {
			t.Errorf("a walk of a null list returned %d rows, error %v; want none, or an error of kind malformed", len(w.ids), w.err)
		}
	})
	bubble(t, "fields nobody knows", func(t *testing.T) {
		b := s.open(t, Options{})
		b.Tamper(rewriteJSON(func(v any) any {
			if m, ok := v.(map[string]any); ok && m["id"] != nil {
				m["zz_new_field"] = "a-new-value"
				m["zz_new_tree"] = map[string]any{"list": []any{"deep-new-value", nil, 1.5}}
			}
			return v
		}))
		for _, id := range b.IDs() {
			c := b.load(id, 0).Conversation
			facts := fmt.Sprint(c.Facts)
			if !strings.Contains(facts, "a-new-value") || !strings.Contains(facts, "deep-new-value") {
				t.Fatalf("%s: unknown fields are not among the facts: %s", id, facts)
			}
		}
		w := b.whole(t)
		wantIDs(t, "a walk", w.ids, b.IDs())
		for id, c := range w.rows {
			if !strings.Contains(fmt.Sprint(c.Facts), "a-new-value") {
				t.Fatalf("%s: unknown fields of a list row are not among the facts", id)
			}
		}
	})
	bubble(t, "words nobody knows", func(t *testing.T) { unknownWords(t, s) })
	bubble(t, "strange values", func(t *testing.T) { strangeValues(t, s) })
	bubble(t, "rows that are none", func(t *testing.T) {
		b := s.open(t, Options{})
		b.Tamper(rewriteJSON(func(v any) any {
			if list, ok := v.([]any); ok && holdsConversations(b, list) {
				return append(slices.Clip(list), "no row", 7, nil, []any{}, map[string]any{}, map[string]any{"id": nil})
			}
			return v
		}))
		w := b.walk(model.SyncRequest{Mode: model.SyncFull}, nil)
		if w.err == nil {
			wantIDs(t, "a walk", w.ids, b.IDs())
			if w.result.Complete {
				t.Error("a walk that left unreadable rows out says that it is complete")
			}
		} else {
			wantKind(t, "a walk", w.err, model.Malformed)
		}
	})
}

// unknownWords puts an undocumented word into each field of a conversation in
// turn. The account must show it.
func unknownWords(t *testing.T, s Service) {
	b := s.open(t, Options{})
	for _, id := range b.IDs()[:3] {
		b.load(id, model.NeedEverything) // so that directories are known
		b.Reset()
		fields := map[string]bool{}
		b.Tamper(rewriteJSON(func(v any) any {
			m, _ := v.(map[string]any)
			for k, v := range m {
				if _, ok := v.(string); ok {
					fields[k] = true
				}
			}
			return v
		}))
		b.load(id, 0)
		b.wantCount(t, "loading it again", 1)
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			put := false
			b.Tamper(rewriteJSON(func(v any) any {
				if m, ok := v.(map[string]any); ok && m[field] != nil {
					m[field], put = unknown, true
				}
				return v
			}))
			d, err := b.Account.Load(context.Background(), id, 0)
			if err != nil {
				if field != "id" && field != "uuid" {
					t.Errorf("%s: with %q for %s: %v", id, unknown, field, err)
				}
				continue
			}
			seen := fmt.Sprintf("%+v", d.Conversation)
			if !strings.Contains(seen, unknown) { // then it must be in the messages, perhaps in another form
				put = false
				seen = fmt.Sprintf("%+v", b.load(id, model.NeedMessages).Messages)
			}
			if put && !strings.Contains(seen, unknown) {
				t.Errorf("%s: %q for %s is not shown anywhere", id, unknown, field)
			}
		}
		b.Tamper(nil)
	}
}

// holdsConversations reports whether a list contains conversations.
func holdsConversations(b *Bench, list []any) bool {
	ids := b.IDs()
	for _, v := range list {
		m, _ := v.(map[string]any)
		if m == nil {
			return false
		}
		for _, holder := range []any{m, m["attributes"]} {
			h, _ := holder.(map[string]any)
			for _, key := range []string{"id", "uuid"} {
				if h[key] != nil && slices.Contains(ids, fmt.Sprint(h[key])) {
					return true
				}
			}
		}
	}
	return false
}

// survives calls every method once, for the checks of watched.
func (b *Bench) survives(t *testing.T) {
	t.Helper()
	ctx := context.Background()
	d, err := b.Account.Load(ctx, b.first(), model.NeedEverything|model.NeedMessages|model.NeedParticipants|model.NeedContacts)
	if err == nil {
		if d.Conversation.Ref.ID != b.first() {
			t.Errorf("the load returned %s, want %s", d.Conversation.Ref, b.first())
		}
		_ = b.Account.Capabilities(d.Conversation)
		if !json.Valid(d.Raw) {
			t.Errorf("Raw is not JSON: %.100s", d.Raw)
		}
	} else if k := model.KindOf(err); k != model.Malformed {
		t.Errorf("a load: the error is %q, want none or malformed: %v", k, err)
	}
	_ = b.walk(model.SyncRequest{Mode: model.SyncHead}, func(n int, _ model.Batch) (bool, error) { return n < 3, nil })
	for _, lc := range b.service.Lookups {
		_, _ = b.Account.Lookup(ctx, model.LookupRequest{Kind: lc.Kind, Limit: 5})
	}
	_ = b.Account.Check(ctx)
}

// strangeValues puts each strange value into each field of an answer.
func strangeValues(t *testing.T, s Service) {
	b := s.open(t, Options{Conversations: 1})
	id := b.first()
	fields := map[string]bool{}
	b.Tamper(rewriteJSON(func(v any) any {
		if m, ok := v.(map[string]any); ok {
			for k := range m {
				fields[k] = true
			}
		}
		return v
	}))
	need := model.NeedMessages | model.NeedParticipants | model.NeedContacts | model.NeedEverything
	b.load(id, need)
	b.whole(t)
	for turn, field := range slices.Sorted(maps.Keys(fields)) {
		for n, v := range aFew(strange, 3, turn) {
			b.Tamper(rewriteJSON(func(in any) any {
				if m, ok := in.(map[string]any); ok {
					if _, there := m[field]; there {
						m[field] = v
					}
				}
				return in
			}))
			d, err := b.Account.Load(context.Background(), id, need)
			switch {
			case err == nil && d.Conversation.Ref.ID != id:
				t.Errorf("%s is %.60v: the load returned %s, want %s", field, v, d.Conversation.Ref, id)
			case err != nil && model.KindOf(err) != model.Malformed:
				t.Errorf("%s is %.60v: the load failed with %v", field, v, err)
			}
			if n%4 != 0 {
				continue // lists and loads share the conversion, so a few walks are enough
			}
			w := b.walk(model.SyncRequest{Mode: model.SyncFull}, func(n int, _ model.Batch) (bool, error) { return n < 3, nil })
			if k := model.KindOf(w.err); k != "" && k != model.Malformed {
				t.Errorf("%s is %.60v: a walk failed with %v", field, v, w.err)
			}
		}
	}
	b.Tamper(nil)
	b.load(id, need)
}
