package conformance_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"confab/model"
	"confab/providers/attention"
	"confab/providers/conformance"
	"confab/providers/sandbox"
)

func attentionService() conformance.Service {
	quirk := func(name string, to sandbox.Switches) conformance.Quirk {
		return conformance.Quirk{Name: name, Writes: true, Turn: func(b *conformance.Bench) { behind(b).Attention().Set(to) }}
	}
	errorShape := func(n int) conformance.Quirk {
		return conformance.Quirk{Name: "ErrorShape " + strconv.Itoa(n), Check: attentionWords, Turn: func(b *conformance.Bench) {
			behind(b).Attention().Set(sandbox.Switches{"ErrorShape": n})
		}}
	}
	privacy := func(to string) model.Edit { return model.Edit{Kind: model.EditPrivacy, Target: model.TextValue(to)} }
	return conformance.Service{
		Provider: model.Attention,
		Folder:   "../attention",
		Sizes:    []string{"size"},
		Open:     openAttention,
		Engine:   openEngine,
		Several:  130,
		IsWrite:  writes("/media/download"),
		Edits: []conformance.EditCase{
			setText("title", model.EditTitle, "", "Renamed: Ünïcode & <b>", 1),
			setText("make private", model.EditPrivacy, "", "private", 1),
			setText("make public", model.EditPrivacy, "", "public", 1),
			suits(setText("label", model.EditLabels, "Stage", "Negotiation", 1), labelled),
			{Name: "label removed", Kind: model.EditLabels, Requests: 1, Edit: func(_ *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
				_, has := c.Labels["Stage"]
				return "Stage", model.Value{}, has && len(c.Labels) > 1
			}},
			{Name: "label beside odd ones", Kind: model.EditLabels, Requests: 1, Edit: func(b *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
				labels, _ := b.State(c.Ref.ID)["labels"].(map[string]any)
				_, list := labels["Competitor"].([]any)
				_, flag := labels["Follow-up"].(bool)
				return "Stage", model.TextValue("Closed"), list || flag
			}},
			suits(setText("archive", model.EditArchive, "", "archived", 1), func(_ *conformance.Bench, c model.Conversation) bool { return !c.Archived }),
		},
		IgnoreDelete: func(b *conformance.Bench) {
			behind(b).Attention().Set(sandbox.Switches{"ArchiveIgnored": true})
		},
		Mixed: []conformance.MixedCase{{
			Name: "public, title, labels", Requests: 3, First: 1, Last: 0,
			Edits: func(_ *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				return []model.Edit{
					privacy("public"),
					{Kind: model.EditTitle, Target: model.TextValue("New")},
					{Kind: model.EditLabels, Key: "Stage", Target: model.TextValue("Demo")},
					{Kind: model.EditLabels, Key: "Outcome", Target: model.TextValue("Won")},
				}, c.Labels != nil
			},
		}, {
			Name: "private, title, archive", Requests: 3, First: 2, Last: 0,
			Edits: func(_ *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				return []model.Edit{
					{Kind: model.EditArchive, Target: model.TextValue("archived")},
					{Kind: model.EditTitle, Target: model.TextValue("New")},
					privacy("private"),
				}, !c.Archived
			},
		}},
		EmptyLists: []string{"[]"},
		Stored: map[model.EditKind][]string{
			model.EditTitle: {"title"}, model.EditPrivacy: {"private"}, model.EditLabels: {"labels"}, model.EditArchive: {"archived"},
		},
		Elsewhere: []string{"/conversations/list", "/organizations/teams"},
		Lookups: []conformance.LookupCase{
			{Kind: model.LookupUsers, ByID: true, Search: byMailOrName},
			{Kind: model.LookupTeams, Search: func(p model.Participant) string { return p.Name }, ByID: true},
			{Kind: model.LookupLabels, Search: func(p model.Participant) string { return p.Name }, ByID: true},
		},
		Lessons: []conformance.Lesson{{
			Name: "a conversation that may not be changed", Try: "title", Kinds: []model.EditKind{model.EditTitle}, Row: true, Requests: 1, Err: model.Forbidden,
			Turn: func(b *conformance.Bench) {
				behind(b).Attention().Set(sandbox.Switches{"ForbidWrites": true})
			},
		}},
		Quirks: []conformance.Quirk{
			quirk("WrapData", sandbox.Switches{"WrapData": true}),
			{Name: "ListPathMissing", Writes: true,
				Turn: func(b *conformance.Bench) {
					behind(b).Attention().Set(sandbox.Switches{"ListPathMissing": true})
				},
				Hidden: func(b *conformance.Bench, id string) bool { return b.State(id)["isEmpty"] == true }},
			quirk("RawKeyOnly", sandbox.Switches{"RawKeyOnly": true}),
			quirk("BearerOnly", sandbox.Switches{"BearerOnly": true}),
			quirk("NullLists", sandbox.Switches{"NullLists": true}),
			quirk("UpperStatuses", sandbox.Switches{"UpperStatuses": true}),
			quirk("LowerStatuses", sandbox.Switches{"LowerStatuses": true}),
			quirk("BareArrayList", sandbox.Switches{"BareArrayList": true}),
			quirk("MetaTotalOnly", sandbox.Switches{"MetaTotalOnly": true}),
			quirk("NoMeta", sandbox.Switches{"NoMeta": true}),
			{Name: "NotFoundPastEnd", Incomplete: true, Turn: func(b *conformance.Bench) {
				behind(b).Attention().Set(sandbox.Switches{"NotFoundPastEnd": true})
				b.TamperReads(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					if req.URL.Query().Get("page") == "3" { // somebody removes all but a page's worth before it is asked for
						for _, id := range b.IDs()[50:] {
							behind(b).Attention().Remove(id)
						}
					}
					return next.RoundTrip(req)
				})
			}},
			quirk("MaxPage", sandbox.Switches{"MaxPage": 20}),
			quirk("MaxPage with a total alone", sandbox.Switches{"MaxPage": 20, "MetaTotalOnly": true}),
			{Name: "the page is ignored", Incomplete: true, Turn: func(b *conformance.Bench) {
				b.Tamper(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
					if q := req.URL.Query(); q.Has("page") {
						req = req.Clone(req.Context())
						q.Set("page", "1")
						req.URL.RawQuery = q.Encode()
					}
					return next.RoundTrip(req)
				})
			}},
			quirk("PrivacyIgnored", sandbox.Switches{"PrivacyIgnored": true}),
			quirk("PrivacyOmitted", sandbox.Switches{"PrivacyOmitted": true}),
			quirk("LabelsMerged", sandbox.Switches{"LabelsMerged": true}),
			quirk("ForbidWrites", sandbox.Switches{"ForbidWrites": true}),
			quirk("InternalByDefault", sandbox.Switches{"InternalByDefault": true}),
			quirk("IDInAttributesOnly", sandbox.Switches{"IDInAttributesOnly": true}),
			errorShape(1), errorShape(2), errorShape(3), errorShape(4),
		},
		BudgetSize: 250,
		Budget:     conformance.Budget{FirstSync: 7, Walk: 5, Refresh: 1, Open: 1, Reopen: 1, Fresh: 1},
	}
}

func openAttention(t testing.TB, o conformance.Options) conformance.Standin {
	held := &heldBack{}
	wrap := o.Wrap
	o.Wrap = func(next http.RoundTripper) http.RoundTripper { held.next = next; return wrap(held) }
	s, out := open(t, attention.Factory(), o)
	a := s.Attention()
	out.IDs = a.IDs
	out.State = func(id string) map[string]any {
		r := a.JSON(id)
		if r == nil {
			return nil
		}
		attributes, _ := r["attributes"].(map[string]any)
		return attributes
	}
	out.Field = func(id string, kind model.EditKind, key string) model.Value {
		at := out.State(id)
		switch kind {
		case model.EditPrivacy:
			if at["private"] == true {
				return model.TextValue("private")
			}
			return model.TextValue("public")
		case model.EditTitle:
			return model.TextValue(text(at["title"]))
		case model.EditLabels:
			labels, _ := at["labels"].(map[string]any)
			v, ok := labels[key]
			switch v := v.(type) {
			case nil:
				return model.Value{}
			case string:
				return model.TextValue(v)
			default:
				raw, _ := json.Marshal(v)
				return map[bool]model.Value{true: model.TextValue(string(raw))}[ok]
			}
		case model.EditArchive:
			if at["archived"] == true {
				return model.TextValue("archived")
			}
			return model.TextValue("present")
		}
		return model.Value{}
	}
	out.Retitle = func(id, title string) { a.Change(id, "title", title) }
	out.Remove = a.Remove
	out.AnswerNext = a.AnswerNext
	out.Insert = func() { held.rows++ }
	return out
}

func labelled(_ *conformance.Bench, c model.Conversation) bool { return len(c.Labels) > 0 }

func byMailOrName(p model.Participant) string {
	if p.Email != "" {
		return p.Email
	}
	return p.Name
}

// heldBack moves the rows of a list down, as new conversations at its head would,
// which the sandbox never adds by itself. It doesn't show the new rows.
type heldBack struct {
	next http.RoundTripper
	rows int
}

func (h *heldBack) RoundTrip(req *http.Request) (*http.Response, error) {
	page, err := strconv.Atoi(req.URL.Query().Get("page"))
	size, _ := strconv.Atoi(req.URL.Query().Get("size"))
	if h.rows == 0 || err != nil || page < 2 || !strings.Contains(req.URL.Path, "/conversations") || h.rows > size {
		return h.next.RoundTrip(req)
	}
	before, _, err := h.page(req, page-1)
	if err != nil {
		return nil, err
	}
	rows, res, err := h.page(req, page)
	if err != nil {
		return nil, err
	}
	var body map[string]json.RawMessage
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, err
	}
	shifted := append(before[max(0, len(before)-h.rows):len(before):len(before)], rows...)
	if len(shifted) > size {
		shifted = shifted[:size]
	}
	if body["data"], err = json.Marshal(shifted); err != nil {
		return nil, err
	}
	var meta map[string]int
	if json.Unmarshal(body["meta"], &meta) == nil {
		meta["totalRecords"] += h.rows
		meta["pageCount"] = (meta["totalRecords"] + size - 1) / size
		if body["meta"], err = json.Marshal(meta); err != nil {
			return nil, err
		}
	}
	out, err := json.Marshal(body)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(out)), int64(len(out))
	return res, err
}

func (h *heldBack) page(req *http.Request, page int) ([]json.RawMessage, *http.Response, error) {
	in := req.Clone(req.Context())
	q := in.URL.Query()
	q.Set("page", strconv.Itoa(page))
	in.URL.RawQuery = url.Values(q).Encode()
	res, err := h.next.RoundTrip(in)
	if err != nil {
		return nil, nil, err
	}
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, nil, err
	}
	var body struct{ Data []json.RawMessage }
	if err := json.Unmarshal(raw, &body); err != nil {
		return nil, nil, err
	}
	res.Body = io.NopCloser(bytes.NewReader(raw))
	return body.Data, res, nil
}

// attentionWords checks that errors carry the service's words in each shape of error body.
func attentionWords(t *testing.T, b *conformance.Bench) {
	_, err := b.Account.Load(context.Background(), "00000000-0000-4000-8000-000000000000", 0)
	if e := model.AsError(err); e == nil || e.Kind != model.NotFound || !strings.Contains(e.Message, "conversation not found") {
		t.Errorf("the error is %v, want not found with the service's words", err)
	}
}
