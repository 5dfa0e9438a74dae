package attention

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"confab/model"
	"confab/providers"
	"confab/providers/providertest"
)

func TestEveryEdit(t *testing.T) {
	for _, tc := range []struct {
		name   string
		edits  []model.Edit
		answer string
		want   []string
		after  func(model.Conversation) bool
	}{
		{"private", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(`,"private":true`),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, func(c model.Conversation) bool { return c.Privacy == model.PrivacyPrivate }},
		{"privacy not told", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(``),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, nil},
		{"privacy null", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(`,"private":null`),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, nil},
		{"title", []model.Edit{text(model.EditTitle, "", `a <b> "c"`)}, `{"data":` + resourceOf(`,"title":"a <b> \"c\""`) + `}`,
			[]string{`PUT /v2/conversations/c%2F1/title {"title":"a <b> \"c\""}`}, func(c model.Conversation) bool { return c.Title == `a <b> "c"` }},
		{"privacy, as in the vendor's sample", []model.Edit{text(model.EditPrivacy, "", "private")}, resourceOf(`,"private":false`),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private"}, nil},
		{"title, another answers", []model.Edit{text(model.EditTitle, "", "a")}, `{"id":"c2","attributes":{"title":"a"}}`,
			[]string{`PUT /v2/conversations/c%2F1/title {"title":"a"}`}, nil},
		{"labels", []model.Edit{text(model.EditLabels, "Stage", "Won"), {Kind: model.EditLabels, Key: "Old"}, text(model.EditLabels, "New", "y")}, resourceOf(`,"labels":{"Stage":"Won","New":"y"}`),
			[]string{`PUT /v2/conversations/c%2F1/labels {"labels":{"New":"y","Stage":"Won"},"skip_analysis":true}`}, func(c model.Conversation) bool { return c.Labels["Stage"] == "Won" }},
		{"archive", []model.Edit{text(model.EditArchive, "", "archived")}, resourceOf(`,"archived":true`),
			[]string{"DELETE /v2/conversations/c%2F1"}, func(c model.Conversation) bool { return c.Archived }},
		{"archive, as in the vendor's sample", []model.Edit{text(model.EditArchive, "", "archived")}, resourceOf(`,"archived":false`), []string{"DELETE /v2/conversations/c%2F1"}, nil},
		{"archive without a word", []model.Edit{{Kind: model.EditArchive}}, ``, []string{"DELETE /v2/conversations/c%2F1"}, nil},
		{"narrowing first", []model.Edit{{Kind: model.EditArchive}, text(model.EditTitle, "", "t"), text(model.EditPrivacy, "", "private")}, resourceOf(``),
			[]string{"PUT /v2/conversations/c%2F1/change_privacy?privacy=private", `PUT /v2/conversations/c%2F1/title {"title":"t"}`, "DELETE /v2/conversations/c%2F1"}, nil},
		{"widening last", []model.Edit{text(model.EditPrivacy, "", "public"), text(model.EditLabels, "Old", "z"), text(model.EditTitle, "", "t")}, resourceOf(``),
			[]string{`PUT /v2/conversations/c%2F1/labels {"labels":{"Old":"z","Stage":"Demo"},"skip_analysis":true}`, `PUT /v2/conversations/c%2F1/title {"title":"t"}`,
				"PUT /v2/conversations/c%2F1/change_privacy?privacy=public"}, nil},
	} {
		f := &providertest.Stub{}
		p := opened(t, f, nil)
		for _, path := range []string{"PUT /v2/conversations/c%2F1/change_privacy", "PUT /v2/conversations/c%2F1/title", "PUT /v2/conversations/c%2F1/labels", "DELETE /v2/conversations/c%2F1"} {
			f.Answers[path] = providertest.Says(200, tc.answer)
		}
		c := fresh()
		if slices.ContainsFunc(tc.edits, func(e model.Edit) bool { return e.Target.String() == string(model.PrivacyPublic) }) {
			c.Privacy = model.PrivacyPrivate
		}
		requests, err := p.Requests(c, tc.edits)
		if err != nil {
			t.Fatalf("%s: %v", tc.name, err)
		}
		var planned []string
		for _, r := range requests {
			line := r.Method + " " + r.Path
			if r.Query != "" {
				line += "?" + r.Query
			}
			if r.Body != nil {
				line += " " + string(r.Body)
			}
			planned = append(planned, line)
		}
		if len(f.Sent) != 0 {
			t.Errorf("%s: Requests sent %v, want nothing", tc.name, f.Sent)
		}
		outcomes := p.Apply(context.Background(), c, tc.edits)
		for _, r := range f.Sent {
			if (r.Header.Get("Content-Type") != "") != (r.Body != "") {
				t.Errorf("%s: got content type %q of %s", tc.name, r.Header.Get("Content-Type"), r.Line())
			}
		}
		sent := f.Take()
		if d := cmp.Diff(tc.want, sent); d != "" {
			t.Errorf("%s: requests (-want +got):\n%s", tc.name, d)
		}
		if d := cmp.Diff(sent, planned); d != "" {
			t.Errorf("%s: Requests differs from what was sent:\n%s", tc.name, d)
		}
		if len(outcomes) != len(tc.edits) {
			t.Fatalf("%s: got %d outcomes", tc.name, len(outcomes))
		}
		for _, o := range outcomes {
			if o.Err != nil {
				t.Errorf("%s: %v", tc.name, o.Err)
			}
			if (o.After != nil) != (tc.after != nil) || tc.after != nil && (!tc.after(*o.After) || o.After.Ref != fresh().Ref) {
				t.Errorf("%s: got conversation %+v after the edit", tc.name, o.After)
			}
		}
	}
}

func TestUnsupportedSendsNothing(t *testing.T) {
	for _, e := range []model.Edit{
		{Kind: model.EditDelete}, text(model.EditDescription, "", "x"), text(model.EditStatus, "", "closed"), {Kind: model.EditCreate},
		{Kind: model.EditParticipants, Target: model.PeopleValue(nil)},
	} {
		f := &providertest.Stub{}
		p := opened(t, f, nil)
		out := p.Apply(context.Background(), fresh(), []model.Edit{e})
		if len(out) != 1 || model.KindOf(out[0].Err) != model.Unsupported || len(f.Sent) != 0 {
			t.Errorf("%s: got %v and sent %v, want Unsupported and nothing", e.Kind, out, f.Sent)
		}
		if _, err := p.Requests(fresh(), []model.Edit{e}); model.KindOf(err) != model.Unsupported {
			t.Errorf("Requests of %s: got %v, want Unsupported", e.Kind, err)
		}
	}
	f := &providertest.Stub{}
	for _, e := range []model.Edit{text(model.EditPrivacy, "", "participants"), text(model.EditTitle, "", " "), text(model.EditLabels, "", "x")} {
		if out := opened(t, f, nil).Apply(context.Background(), fresh(), []model.Edit{e}); model.KindOf(out[0].Err) != model.Invalid || len(f.Sent) != 0 {
			t.Errorf("%s: got %v and sent %v, want Invalid and nothing", e.Kind, out, f.Sent)
		}
	}
	c := fresh()
	c.Labels = nil
	out := opened(t, f, nil).Apply(context.Background(), c, []model.Edit{text(model.EditLabels, "a", "b")})
	if out[0].Err == nil || len(f.Sent) != 0 {
		t.Errorf("edit of labels that were not read: got %v and sent %v, want an error and nothing", out, f.Sent)
	}
}

// No edit without a call of its own is planned as the call that can't be undone, whatever the table of capabilities says.
func TestOnlyAnArchiveArchives(t *testing.T) {
	p := opened(t, &providertest.Stub{}, nil).(*provider)
	archived := fresh()
	archived.Archived = true
	if caps := p.Capabilities(archived); caps.Of(model.EditArchive).Can() || !caps.Of(model.EditTitle).Can() || !p.Capabilities(fresh()).Of(model.EditArchive).Can() {
		t.Errorf("what is archived can be archived again, or can't be renamed: %+v", caps)
	}
	steps := p.plan(fresh())
	for _, k := range model.EditKinds() {
		planned := steps(text(k, "", "x"))
		if k == model.EditArchive {
			if len(planned.Steps) != 1 || planned.Steps[0].Direction != providers.Ends {
				t.Errorf("%s: got plan %+v, want a step that ends the conversation", k, planned)
			}
			continue
		}
		for _, s := range planned.Steps {
			if call := s.Write.Build([]model.Edit{text(k, "", "x")}); call.Method == http.MethodDelete {
				t.Errorf("%s: planned as %s %s", k, call.Method, call.Path)
			}
		}
	}
}

func TestReadOnly(t *testing.T) {
	f := &providertest.Stub{Answers: providertest.Answers{
		"POST /v2/conversations/c%2F1/media/download": providertest.Says(200, `{"url":"https://s3.example.com/a?sig=1"}`),
	}}
	p := opened(t, f, func(a *providers.Account) { a.ReadOnly = true })
	for _, o := range p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x"), {Kind: model.EditArchive}}) {
		if model.KindOf(o.Err) != model.Unsupported {
			t.Errorf("write on a read-only account: got %v, want Unsupported", o.Err)
		}
	}
	if len(f.Sent) != 0 {
		t.Errorf("write on a read-only account: sent %v, want nothing", f.Sent)
	}
	link, err := p.Link(context.Background(), fresh(), model.LinkRecording)
	if err != nil || link != "https://s3.example.com/a?sig=1" {
		t.Errorf("recording: got %q, error %v", link, err)
	}
}

func TestCapabilitiesLearnFromRefusals(t *testing.T) {
	f := &providertest.Stub{}
	p := opened(t, f, nil)
	caps := p.Capabilities(fresh())
	for _, k := range model.EditKinds() {
		if caps[k].Reason == "" {
			t.Errorf("capability %s has no reason", k)
		}
	}
	if !strings.Contains(caps[model.EditArchive].Reason, "cannot be undone") || !caps[model.EditArchive].Can() {
		t.Errorf("archive: got %+v, want yes, with a warning", caps[model.EditArchive])
	}
	f.Answers["PUT /v2/conversations/c%2F1/title"] = providertest.Says(403, `{"error":"not yours"}`)
	f.Answers["PUT /v2/conversations/c%2F1/labels"] = providertest.Says(405, ``)
	out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x"), text(model.EditLabels, "a", "b")})
	if model.KindOf(out[0].Err) != model.Forbidden || model.KindOf(out[1].Err) != model.Unsupported {
		t.Errorf("got %v, want Forbidden and Unsupported", out)
	}
	caps, other := p.Capabilities(fresh()), p.Capabilities(model.Conversation{Ref: model.Ref{ID: "other"}})
	if caps[model.EditTitle].Can() || !strings.Contains(caps[model.EditTitle].Reason, "not yours") || !other[model.EditTitle].Can() {
		t.Errorf("title after a 403: got %+v here and %+v elsewhere, want no and yes", caps[model.EditTitle], other[model.EditTitle])
	}
	if caps[model.EditLabels].Can() || other[model.EditLabels].Can() || !caps[model.EditPrivacy].Can() {
		t.Errorf("after a 405 for labels: got %+v, want no labels anywhere", caps)
	}
}

func TestNothingIsSentAfterAnOutage(t *testing.T) {
	for status, want := range map[int]model.ErrorKind{401: model.Unauthorized, 429: model.RateLimited} {
		f := &providertest.Stub{}
		p := opened(t, f, nil)
		f.Answers["PUT /v2/conversations/c%2F1/change_privacy"] = providertest.Says(status, "")
		out := p.Apply(context.Background(), fresh(), []model.Edit{text(model.EditTitle, "", "x"), text(model.EditPrivacy, "", "private")})
		if model.KindOf(out[0].Err) != want || model.KindOf(out[1].Err) != want {
			t.Errorf("%d: got %v, want %s for both edits", status, out, want)
		}
		for _, s := range f.Take() {
			if strings.Contains(s, "title") {
				t.Errorf("title was sent after %d: %s", status, s)
			}
		}
	}
}
