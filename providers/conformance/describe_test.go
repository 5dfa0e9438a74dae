package conformance

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"confab/model"
)

func describe(t *testing.T, s Service) {
	bubble(t, "stable", func(t *testing.T) {
		b := s.open(t, Options{})
		d := b.Account.Describe()
		d.Roles = append(d.Roles, "changed by the caller")
		d.Effects["changed"] = "by the caller"
		again := b.Account.Describe()
		if !reflect.DeepEqual(again, b.Account.Describe()) || slices.Contains(again.Roles, "changed by the caller") || again.Effects["changed"] != "" {
			t.Error("Describe changes from call to call")
		}
		c := model.Conversation{Ref: model.Ref{Account: d.Account, ID: b.first()}}
		caps := b.Account.Capabilities(c)
		want := maps.Clone(caps)
		clear(caps)
		if !reflect.DeepEqual(b.Account.Capabilities(c), want) {
			t.Error("Capabilities changes from call to call")
		}
		b.wantCount(t, "Describe and Capabilities", 0)
	})
	bubble(t, "whole", func(t *testing.T) {
		b := s.open(t, Options{})
		d := b.Account.Describe()
		for name, v := range map[string]string{"Provider": d.Provider, "Name": d.Name, "Account": d.Account, "BaseURL": d.BaseURL, "Identity": d.Identity} {
			if v == "" {
				t.Errorf("%s is empty", name)
			}
		}
		if d.Provider != s.Provider {
			t.Errorf("Provider is %q, want %q", d.Provider, s.Provider)
		}
		if !strings.Contains(d.Identity, d.Provider) || !strings.Contains(d.Identity, d.BaseURL) {
			t.Errorf("Identity %q does not name provider and base URL", d.Identity)
		}
		if d.ReadOnly {
			t.Error("ReadOnly is set for an account that may write")
		}
		oneOf := func(what, v string, of []string) {
			if v != "" && !slices.Contains(of, v) || v == "" && len(of) > 0 {
				t.Errorf("%s is %q, which is none of %q", what, v, of)
			}
		}
		oneOf("DefaultRole", d.DefaultRole, d.Roles)
		oneOf("DefaultStatus", d.DefaultStatus, d.ParticipantStatuses)
		for _, r := range d.DefaultRoleValues {
			oneOf("an entry of DefaultRoleValues", r, d.Roles)
		}
		for _, list := range [][]string{d.Roles, d.AccessValues, d.ParticipantStatuses, d.DefaultRoleValues} {
			if sorted := slices.Compact(slices.Sorted(slices.Values(list))); len(sorted) != len(list) || slices.Contains(list, "") {
				t.Errorf("%q has a value twice or an empty one", list)
			}
		}
		caps := b.Account.Capabilities(b.load(b.first(), 0).Conversation)
		agrees := func(what string, listed bool, k model.EditKind) {
			if listed != caps.Of(k).Can() {
				t.Errorf("%s does not agree with the capability to edit %s, which is %q", what, k, caps.Of(k).State)
			}
		}
		agrees("AccessValues", len(d.AccessValues) > 0, model.EditAccess)
		agrees("DefaultRoleValues", len(d.DefaultRoleValues) > 0, model.EditDefaultRole)
		if people := caps.Of(model.EditParticipants).Can() || caps.Of(model.EditContacts).Can(); people != (len(d.People) > 0) {
			t.Errorf("People is %v, but people can be edited: %t", d.People, people)
		}
		for key, sentence := range d.Effects {
			kind, target, ok := strings.Cut(key, ":")
			if !ok || target == "" || sentence == "" || !slices.Contains(model.EditKinds(), model.EditKind(kind)) {
				t.Errorf("Effects says %q of %q, want a sentence for a kind of edit and a value", sentence, key)
			}
		}
		classes := []model.Class{model.ClassEveryone, model.ClassGroup, model.ClassMembers}
		for _, r := range d.Audience {
			if r.Word == "" || r.Sentence == "" || !slices.Contains(classes, r.Class) || strings.Contains(r.Sentence+r.Assumed, "|") {
				t.Errorf("the audience has the incomplete rule %+v", r)
			}
		}
		for _, k := range []struct {
			kind   model.EditKind
			target string
		}{{model.EditPrivacy, string(model.PrivacyPublic)}, {model.EditAccess, widest(d.AccessValues)}, {model.EditDefaultRole, model.RoleEditor}} {
			c := b.load(b.first(), 0).Conversation
			if caps.Of(k.kind).Can() && d.Effect(c, k.kind, k.target) == "" {
				t.Errorf("no rule says who sees a conversation after %s becomes %s", k.kind, k.target)
			}
		}
		public := model.Conversation{Privacy: model.PrivacyPublic}
		if caps.Of(model.EditPrivacy).Can() && d.AudienceOf(&public).Class != model.ClassEveryone {
			t.Errorf("the audience of a public conversation is %+v", d.AudienceOf(&public))
		}
		if d.NewPrivacy != "" && d.Audience.Of(d.NewPrivacy, d.NewAccess, false).Class == model.ClassUnknown || caps.Of(model.EditCreate).Can() && d.NewPrivacy == "" {
			t.Errorf("no rule says who sees a new conversation, which is %s and %s", d.NewPrivacy, d.NewAccess)
		}
	})
	bubble(t, "capabilities", func(t *testing.T) {
		b := s.open(t, Options{})
		for _, id := range b.IDs()[:20] {
			caps := b.Account.Capabilities(b.load(id, 0).Conversation)
			for _, k := range model.EditKinds() {
				c, ok := caps[k]
				states := []model.CapabilityState{model.CapabilityYes, model.CapabilityAssumed, model.CapabilityNo}
				if !ok || c.Reason == "" || !slices.Contains(states, c.State) {
					t.Errorf("%s: the capability %s is %+v, want a known state and a reason", id, k, c)
				}
			}
			if len(caps) != len(model.EditKinds()) {
				t.Errorf("%d capabilities for %d kinds", len(caps), len(model.EditKinds()))
			}
		}
	})
	bubble(t, "a case for all that is declared", func(t *testing.T) {
		b := s.open(t, Options{})
		caps := b.Account.Capabilities(b.load(b.first(), 0).Conversation)
		for _, k := range model.EditKinds() {
			has := slices.ContainsFunc(s.Edits, func(ec EditCase) bool { return ec.Kind == k })
			if caps.Of(k).Can() && !has {
				t.Errorf("%s is declared, but no edit case tries it", k)
			}
		}
	})
}

// widest returns the access value that is wider than every other.
func widest(values []string) string {
	for _, v := range values {
		if !slices.ContainsFunc(values, func(from string) bool {
			e := model.Edit{Kind: model.EditAccess, Base: model.TextValue(from), Target: model.TextValue(v)}
			return from != v && !e.Widens()
		}) {
			return v
		}
	}
	return ""
}
