package conformance

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"confab/model"
)

// oddIDs are ids that would change a path if they weren't escaped, or that can't
// be part of a path at all.
var oddIDs = []string{
	"", ".", "..", "a/b", "../users", "..%2Fusers", "a b", "a%2Fb", "%2e%2e", "a?b=c", "a#b", "a;b", "a&b=c", "ü/é", "日本", "a\nb", "a\\b",
	"//elsewhere.example/a", "http://elsewhere.example/a", "list", "a:b", "%", "%zz", "\x00", "{id}", strings.Repeat("x", 3000),
}

// hostile are texts that must arrive exactly as they are.
var hostile = []string{
	"Ünïcödé 日本語 مرحبا עברית 🎉👩‍👩‍👧",
	"\x1b[31mred\x1b[0m \x1b]0;title\a bell",
	"\u202eright to left\u202c \u2066isolated\u2069 zero\u200bwidth",
	"nul \x00 tab\t line\nfeed \r\n \u0085 \u2028 end",
	" spaces around ",
	`quote " backslash \ slash / <b>&amp;</b> {"json":null}`,
	strings.Repeat("long ", 20_000),
}

func loads(t *testing.T, s Service) {
	bubble(t, "a conversation that is gone", func(t *testing.T) {
		b := s.open(t, Options{})
		id := b.first()
		b.Remove(id)
		_, err := b.Account.Load(context.Background(), id, model.NeedEverything)
		wantKind(t, "loading it", err, model.NotFound)
	})
	bubble(t, "odd ids", func(t *testing.T) { oddLoads(t, s) })
	bubble(t, "known when needed", func(t *testing.T) {
		b := s.open(t, Options{})
		type load struct {
			id   string
			need model.Need
		}
		loaded := map[load]model.Conversation{} // by need, because most kinds need the same
		for _, k := range model.EditKinds() {
			if k == model.EditCreate {
				continue
			}
			tried := false
			for _, id := range b.IDs() {
				l := load{id, b.Account.Needs(k)}
				c, ok := loaded[l]
				if !ok {
					c = b.load(l.id, l.need).Conversation
					loaded[l] = c
				}
				if c.Ref.ID != id || c.Ref.Account != b.Account.Describe().Account || c.Provider != s.Provider {
					t.Fatalf("loading %s returned %s of %q", id, c.Ref, c.Provider)
				}
				if !b.Account.Capabilities(c).Of(k).Can() {
					continue
				}
				key := ""
				if i := slices.IndexFunc(s.Edits, func(ec EditCase) bool { return ec.Kind == k }); i >= 0 {
					key, _, _ = s.Edits[i].Edit(b, c)
				}
				got, known := model.Read(c, k, key)
				if !known || k == model.EditPrivacy && got.String() == string(model.PrivacyUnknown) {
					continue // a value of the service without a common word
				}
				tried = true
				if want := b.Field(id, k, key); !got.Equal(want) {
					t.Errorf("%s: %s is %s, the server holds %s", id, k, show(got), show(want))
				}
			}
			if !tried && slices.ContainsFunc(s.Edits, func(ec EditCase) bool { return ec.Kind == k }) {
				t.Errorf("no conversation shows %s after loading what the kind needs", k)
			}
		}
	})
	bubble(t, "no set is guessed", func(t *testing.T) {
		b := s.open(t, Options{})
		for _, need := range []model.Need{0, model.NeedParticipants, model.NeedContacts, model.NeedMessages, model.NeedEverything} {
			for _, id := range b.some() {
				d := b.load(id, need)
				b.honest(t, d.Conversation)
				if !need.Has(model.NeedMessages) && !need.Has(model.NeedEverything) && d.Messages.Known && len(d.Messages.Items) == 0 {
					t.Errorf("%s: the messages were not requested, but are known to be none", id)
				}
			}
		}
		for _, c := range b.whole(t).rows {
			b.honest(t, c)
		}
	})
	bubble(t, "texts are carried exactly", func(t *testing.T) {
		b := s.open(t, Options{})
		id := b.first()
		for _, text := range hostile {
			b.Retitle(id, text)
			if got := b.load(id, 0).Conversation.Title; got != text {
				t.Errorf("a load returned the title %.80q, want %.80q", got, text)
			}
			if got := b.whole(t).rows[id].Title; got != text {
				t.Errorf("a walk returned the title %.80q, want %.80q", got, text)
			}
		}
	})
	bubble(t, "raw", func(t *testing.T) {
		b := s.open(t, Options{})
		for _, id := range b.some() {
			for _, need := range []model.Need{0, model.NeedMessages, model.NeedEverything} {
				d := b.load(id, need)
				var own struct{ ID json.RawMessage }
				if err := json.Unmarshal(d.Raw, &own); err != nil || strings.Trim(string(own.ID), `"`) != id {
					t.Fatalf("%s: Raw is not the object of the conversation: %.200s", id, d.Raw)
				}
			}
		}
	})
	bubble(t, "messages", func(t *testing.T) {
		b := s.open(t, Options{})
		some := false
		for _, id := range b.some() {
			for _, need := range []model.Need{model.NeedMessages, model.NeedEverything | model.NeedMessages} {
				d := b.load(id, need)
				if !d.Messages.Known {
					t.Errorf("%s: the messages were requested, but are not known", id)
				}
				if n := len(d.Messages.Items); n > 0 {
					some = true
					if !d.Conversation.HasMessages && !d.Conversation.HasTranscript {
						t.Errorf("%s has %d messages, but neither HasMessages nor HasTranscript", id, n)
					}
				}
				for i := 1; i < len(d.Messages.Items); i++ {
					was, is := d.Messages.Items[i-1], d.Messages.Items[i]
					if is.At.Before(was.At) && !is.At.IsZero() || is.Offset >= 0 && is.Offset < was.Offset {
						t.Fatalf("%s: message %d is older than the one before", id, i)
					}
				}
			}
		}
		if !some {
			t.Error("no conversation has messages")
		}
	})
	for _, sc := range s.Silent {
		bubble(t, "silent: "+sc.Name, func(t *testing.T) {
			b := s.open(t, Options{})
			id := b.first()
			for _, candidate := range b.IDs() {
				if v, known := model.Read(b.load(candidate, b.Account.Needs(sc.Kind)).Conversation, sc.Kind, ""); known && len(v.Set()) > 0 {
					id = candidate
					break
				}
			}
			sc.Turn(b, id)
			for _, need := range []model.Need{0, b.Account.Needs(sc.Kind), model.NeedEverything} {
				c := b.load(id, need).Conversation
				if v, known := model.Read(c, sc.Kind, ""); known {
					t.Errorf("%s is %s, but the service does not say", sc.Kind, show(v))
				}
				e := model.Edit{Ref: c.Ref, Kind: sc.Kind, Target: model.PeopleValue(nil)}
				b.Reset()
				if out := b.Account.Apply(context.Background(), c, []model.Edit{e}); out[0].Err == nil || len(b.Writes()) != 0 {
					t.Errorf("an unknown set was replaced: error %v, writes %v", out[0].Err, b.Writes())
				}
				if _, err := b.Account.Requests(c, []model.Edit{e}); err == nil {
					t.Error("Requests announces the replacement of an unknown set")
				}
			}
			if c, ok := b.whole(t).rows[id]; ok {
				if v, known := model.Read(c, sc.Kind, ""); known {
					t.Errorf("in the list, %s is %s, but the service does not say", sc.Kind, show(v))
				}
			}
		})
	}
}

// honest fails if a known set is not the one that the server has.
func (b *Bench) honest(t *testing.T, c model.Conversation) {
	t.Helper()
	for _, k := range []model.EditKind{model.EditParticipants, model.EditContacts} {
		if !b.Account.Capabilities(c).Of(k).Can() {
			continue // no edit is based on it
		}
		got, known := model.Read(c, k, "")
		if !known {
			continue
		}
		if want := b.Field(c.Ref.ID, k, ""); !got.Equal(want) {
			t.Errorf("%s: %s is %s, the server has %s", c.Ref.ID, k, show(got), show(want))
		}
	}
}

func oddLoads(t *testing.T, s Service) {
	b := s.open(t, Options{})
	good := b.first()
	fresh := b.load(good, b.Account.Needs(s.any().Kind)).Conversation
	b.Reset()
	b.load(good, 0)
	path := ""
	for _, sent := range b.Sent() {
		if strings.Contains(sent.Path, url.PathEscape(good)) {
			path = sent.Path
		}
	}
	if path == "" {
		t.Fatalf("no request names %s: %v", good, b.Sent())
	}
	prefix, suffix, _ := strings.Cut(path, url.PathEscape(good))
	for _, id := range oddIDs {
		b.Reset()
		d, err := b.Account.Load(context.Background(), id, 0)
		switch kind := model.KindOf(err); kind {
		case model.NotFound, model.Invalid, model.Malformed:
		default:
			t.Errorf("%.60q: loading it returned %s and an error of kind %q (%v), want not found, invalid or malformed", id, d.Conversation.Ref, kind, err)
		}
		for _, sent := range b.Sent() {
			middle, ok := strings.CutPrefix(sent.Path, prefix)
			middle, end := strings.CutSuffix(middle, suffix)
			if plain, err := url.PathUnescape(middle); !ok || !end || err != nil || plain != id || strings.Contains(middle, "/") || sent.Query != "" && strings.Contains(sent.Query, "b=c") {
				t.Errorf("%.60q: the request goes to %s", id, sent)
			}
		}
		if (id == "" || id == "." || id == "..") && len(b.Sent()) > 0 {
			t.Errorf("%q, which no path can hold, was sent: %v", id, b.Sent())
		}

		// Writes must escape ids in the same way.
		c := fresh.Clone()
		c.Ref.ID = id
		for _, ec := range s.Edits {
			e, ok := newEdit(ec, b, c)
			if !ok || ec.Kind == model.EditCreate {
				continue
			}
			e.Ref = c.Ref
			b.Reset()
			out := b.Account.Apply(context.Background(), c, []model.Edit{e})
			if out[0].Err == nil && ec.Kind != model.EditDelete {
				t.Errorf("%.60q: %s succeeded", id, ec.Name)
			}
			for _, sent := range b.Writes() {
				if rest, ok := strings.CutPrefix(sent.Path, prefix); !ok || !strings.HasPrefix(rest, url.PathEscape(id)) || id == "" || id == "." || id == ".." {
					t.Errorf("%.60q: %s goes to %s", id, ec.Name, sent)
				}
			}
		}
	}
}
