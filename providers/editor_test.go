package providers

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"confab/model"
)

// planned is an adapter with random plans: edits of one to three steps, some of which share a write.
type planned struct {
	editor *Adapter
	plans  []Planned
	// sent holds the body of each request, which names the steps.
	sent []string
	// answers holds the status of the answer to each request; further requests are answered 200.
	answers []int
}

// kinds returns the kinds of the edits in a plan.
func kinds() []model.EditKind {
	return []model.EditKind{model.EditTitle, model.EditDescription, model.EditPrivacy, model.EditAccess, model.EditStatus, model.EditParticipants}
}

func (p *planned) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	p.sent = append(p.sent, string(body))
	status := 200
	if n := len(p.sent) - 1; n < len(p.answers) {
		status = p.answers[n]
	}
	res := &http.Response{StatusCode: status, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(`{"message":"no"}`)), Request: r}
	return res, nil
}

// drawPlan draws plans.
func drawPlan(t *rapid.T) *planned {
	p := &planned{}
	client, err := NewClient(Account{BaseURL: "https://service.example", Transport: p}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string) *Write {
		return &Write{Build: func(edits []model.Edit) Call {
			var of []string
			for _, e := range edits {
				of = append(of, string(e.Kind))
			}
			body, _ := json.Marshal(map[string]any{name: of})
			return Call{Endpoint: Endpoint{Name: name, Method: "PUT", Path: "/x", Write: true}, Body: json.RawMessage(body)}
		}}
	}
	shared := []*Write{write("a"), write("b")}
	directions := []Direction{Narrows, Neutral, Neutral, Neutral, Widens, Widens, Widens}
	for i := range kinds() {
		switch rapid.IntRange(0, 9).Draw(t, "form") {
		case 0:
			p.plans = append(p.plans, Refuse(Invalid("x", "impossible")))
		case 1: // several requests that no other edit shares, narrowing first
			var out Planned
			for n, d := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.SampledFrom(directions), 1, 3).Draw(t, "steps"))) {
				out.Steps = append(out.Steps, Step{Write: write(fmt.Sprintf("own%d.%d", i, n)), Direction: d, Done: fmt.Sprintf("did %d", n)})
			}
			p.plans = append(p.plans, out)
		default:
			p.plans = append(p.plans, oneStep(rapid.SampledFrom(shared).Draw(t, "write"), rapid.SampledFrom(directions).Draw(t, "direction")))
		}
	}
	anything := func(model.EditKind, string) bool { return true }
	p.editor = &Adapter{Client: client, IsKnown: anything, Plan: func(model.Conversation) func(model.Edit) Planned {
		return func(e model.Edit) Planned { return p.plans[slices.Index(kinds(), e.Kind)] }
	}}
	for _, k := range kinds() {
		p.editor.Service.Table = append(p.editor.Service.Table, model.CapabilityRow{Kind: k, State: model.CapabilityYes})
	}
	return p
}

func (p *planned) edits() []model.Edit {
	var out []model.Edit
	for i, k := range kinds() {
		e := model.Edit{ID: fmt.Sprint(i), Kind: k, Target: model.TextValue("new")}
		if k == model.EditParticipants {
			e.Target = model.PeopleValue([]model.Participant{{Kind: "user", ID: "1"}})
		}
		out = append(out, e)
	}
	return out
}

// widens reports whether a request has steps that widen, and whether it has no others.
func (p *planned) widens(line string) (widens, only bool) {
	only = true
	for i, k := range kinds() {
		for _, s := range p.plans[i].Steps {
			body := string(s.Build([]model.Edit{{Kind: k}}).Body.(json.RawMessage))
			name, _, _ := strings.Cut(strings.TrimPrefix(body, `{"`), `"`)
			if strings.HasPrefix(line, `{"`+name+`"`) && strings.Contains(line, `"`+string(k)+`"`) {
				widens = widens || s.Direction == Widens
				only = only && s.Direction == Widens
			}
		}
	}
	return widens, only && widens
}

func TestApplySendsWhatRequestsShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		for i := range p.plans { // without refusals
			if p.plans[i].Refused != nil {
				p.plans[i] = oneStep(Single(kinds()[i], Call{Endpoint: Endpoint{Name: "c", Method: "PUT", Path: "/c", Write: true}, Body: json.RawMessage(fmt.Sprintf(`{"c%d":["%s"]}`, i, kinds()[i]))}), Neutral)
			}
		}
		fresh := model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Participants: model.SetOf[model.Participant]()}
		shown, err := p.editor.Requests(fresh, p.edits())
		if err != nil || len(p.sent) > 0 {
			t.Fatalf("Requests: got error %v and sent %v, want neither", err, p.sent)
		}
		out := p.editor.Apply(t.Context(), fresh, p.edits())
		for i, o := range out {
			if o.Err != nil {
				t.Errorf("edit %d: %v", i, o.Err)
			}
		}
		var lines []string
		for _, r := range shown {
			lines = append(lines, string(r.Body))
		}
		if !slices.Equal(lines, p.sent) {
			t.Errorf("Requests: %v, Apply: %v", lines, p.sent)
		}
		begun := false
		for n, line := range p.sent {
			widens, only := p.widens(line)
			if begun && !only {
				t.Errorf("request %d has a step that does not widen, after a request that widens: %v", n, p.sent)
			}
			begun = begun || widens
		}
	})
}

func TestNothingWidensAfterAFailure(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		p.answers = rapid.SliceOfN(rapid.SampledFrom([]int{200, 200, 200, 403, 422, 404, 429, 500, 503}), 0, 8).Draw(t, "answers")
		fresh := model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Participants: model.SetOf[model.Participant]()}
		edits := p.edits()
		out := p.editor.Apply(t.Context(), fresh, edits)
		wrong := slices.ContainsFunc(p.plans, func(p Planned) bool { return p.Refused != nil })
		ok := map[string]bool{} // the accepted requests
		for n, line := range p.sent {
			if widens, _ := p.widens(line); widens && wrong {
				t.Errorf("request %d widens after a failure: %v answered %v", n, p.sent, p.answers)
			}
			ok[line] = n >= len(p.answers) || p.answers[n] == 200
			wrong = wrong || !ok[line]
		}
		for i, o := range out {
			done := len(p.plans[i].Steps) > 0
			for _, s := range p.plans[i].Steps {
				name, _, _ := strings.Cut(string(s.Build(edits[i:i+1]).Body.(json.RawMessage)), ":")
				made := slices.ContainsFunc(p.sent, func(line string) bool {
					return ok[line] && strings.HasPrefix(line, name+":") && strings.Contains(line, `"`+string(edits[i].Kind)+`"`)
				})
				done = done && made
			}
			if done != (o.Err == nil) {
				t.Errorf("edit %d: got error %v, but made is %t; sent %v", i, o.Err, done, p.sent)
			}
		}
	})
}

func TestErrorNamesThePartsThatWereMade(t *testing.T) {
	p := &planned{answers: []int{200, 403}}
	client, err := NewClient(Account{BaseURL: "https://service.example", Transport: p}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	step := func(d Direction, done string) Step {
		return Step{Write: Single(model.EditParticipants, Call{Endpoint: Endpoint{Name: done, Method: "PUT", Path: "/x", Write: true}, Body: []byte(`{}`)}), Direction: d, Done: done}
	}
	ed := &Adapter{Client: client, Service: Factory{Table: []model.CapabilityRow{{Kind: model.EditParticipants, State: model.CapabilityYes}}},
		Plan: func(model.Conversation) func(model.Edit) Planned {
			return func(model.Edit) Planned {
				return Planned{Steps: []Step{step(Narrows, "removed Ann"), step(Narrows, "removed Bob"), step(Widens, "added Eve")}}
			}
		}}
	fresh := model.Conversation{Ref: model.Ref{ID: "1"}, Participants: model.SetOf[model.Participant]()}
	out := ed.Apply(t.Context(), fresh, []model.Edit{{Kind: model.EditParticipants, Target: model.PeopleValue([]model.Participant{{ID: "1"}})}})
	e := model.AsError(out[0].Err)
	if e == nil || e.Kind != model.Forbidden || e.Message != "removed Ann; then: no" || len(p.sent) != 2 {
		t.Errorf("got %v and sent %v, want Forbidden with \"removed Ann; then: no\" after 2 requests", out[0].Err, p.sent)
	}
	if ed.Capabilities(fresh).Of(model.EditParticipants).Can() {
		t.Error("capability after a refusal: got yes, want no")
	}
}

// answering is a transport that gives the same answer to every request.
type answering struct {
	status int
	header http.Header
	body   string
	sent   []string
}

func (a *answering) RoundTrip(r *http.Request) (*http.Response, error) {
	body, _ := io.ReadAll(r.Body)
	a.sent = append(a.sent, string(body))
	return &http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(strings.NewReader(a.body)), Request: r}, nil
}

// twoFields returns an adapter that changes title and description by one call, and privacy by another.
func twoFields(t *testing.T, a *answering) *Adapter {
	client, err := NewClient(Account{BaseURL: "https://service.example", Transport: a}, ClientOptions{DecodeError: func(_ int, body []byte) *model.Error {
		if o, ok := ParseObject(body); ok && o.Has("field") {
			return &model.Error{Message: "no", Fields: []model.FieldError{{Field: o.Text("field")}}}
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	put := Endpoint{Name: "update", Method: "PUT", Path: "/x", Write: true}
	w := Fields{{Kind: model.EditTitle, Names: []string{"name"}}, {Kind: model.EditDescription, Names: []string{"details"}}}.Write(
		func(b Body) Call { return Call{Endpoint: put, Body: b} })
	ad := &Adapter{Client: client, IsKnown: func(model.EditKind, string) bool { return true },
		Plan: func(c model.Conversation) func(model.Edit) Planned {
			return func(e model.Edit) Planned {
				if e.Kind == model.EditPrivacy {
					return Change(Single(e.Kind, Call{Endpoint: put, Body: []byte(`{"public":true}`)}), c, e)
				}
				return Change(w, c, e)
			}
		}}
	for _, k := range []model.EditKind{model.EditTitle, model.EditDescription, model.EditPrivacy, model.EditLabels} {
		ad.Service.Table = append(ad.Service.Table, model.CapabilityRow{Kind: k, State: model.CapabilityYes})
	}
	return ad
}

func TestOnlyARefusalOfTheValueSendsTheOtherFieldsAgain(t *testing.T) {
	for status, want := range map[int][]string{
		422: {`{"name":"a","details":"b"}`, `{"details":"b"}`}, 500: {`{"name":"a","details":"b"}`}, 403: {`{"name":"a","details":"b"}`},
	} {
		a := &answering{status: status, body: `{"field":"name"}`}
		out := twoFields(t, a).Apply(t.Context(), model.Conversation{}, []model.Edit{
			{Kind: model.EditTitle, Target: model.TextValue("a")}, {Kind: model.EditDescription, Target: model.TextValue("b")}})
		if !slices.Equal(a.sent, want) || out[0].Err == nil || out[1].Err == nil {
			t.Errorf("%d that names a field: sent %v, want %v; got %+v", status, a.sent, want, out)
		}
	}
}

func TestWhatWasNotSentIsTriedUnderTheSameConditions(t *testing.T) {
	rename := model.Edit{Kind: model.EditTitle, Target: model.TextValue("a")}
	label := model.Edit{Kind: model.EditLabels, Key: "k", Target: model.TextValue("v")} // the labels were not read
	publish := model.Edit{Kind: model.EditPrivacy, Target: model.TextValue("public")}
	for _, tc := range []struct {
		name   string
		first  model.Edit
		status int
		kind   model.ErrorKind
		sent   int
	}{
		{"asked to wait", rename, 429, model.RateLimited, 1}, {"an outage", rename, 503, model.Unavailable, 1},
		{"a refusal", rename, 403, model.Forbidden, 1}, {"a value that was not read", label, 200, model.Unavailable, 0},
	} {
		a := &answering{status: tc.status, header: http.Header{"Retry-After": {"30"}}}
		out := twoFields(t, a).Apply(t.Context(), model.Conversation{Privacy: model.PrivacyPrivate}, []model.Edit{tc.first, publish})
		first, second := model.AsError(out[0].Err), model.AsError(out[1].Err)
		if first == nil || second == nil || second.Kind != tc.kind || !second.RetryAt.Equal(first.RetryAt) || len(a.sent) != tc.sent {
			t.Errorf("%s: got %+v and then %+v after %v, want %s with the same time to retry", tc.name, first, second, a.sent, tc.kind)
		}
	}
}

// The steps of a refused plan are not sent, and a plan without steps is never stale.
func TestRefusedEditIsNotSent(t *testing.T) {
	p := &planned{}
	client, err := NewClient(Account{BaseURL: "https://service.example", Transport: p}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w := Single(model.EditTitle, Call{Endpoint: Endpoint{Name: "w", Method: "PUT", Path: "/x", Write: true}, Body: []byte(`{}`)})
	plans := map[model.EditKind]Planned{
		model.EditTitle:       {Refused: Invalid("x", "impossible"), Steps: []Step{{Write: w}}},
		model.EditDescription: {Stale: &model.Error{Kind: model.Unavailable, Message: "out of date"}},
	}
	ed := &Adapter{Client: client, Service: Factory{Table: []model.CapabilityRow{{Kind: model.EditTitle, State: model.CapabilityYes}, {Kind: model.EditDescription, State: model.CapabilityYes}}},
		Plan: func(model.Conversation) func(model.Edit) Planned {
			return func(e model.Edit) Planned { return plans[e.Kind] }
		}}
	out := ed.Apply(t.Context(), model.Conversation{}, []model.Edit{
		{Kind: model.EditTitle, Target: model.TextValue("a")}, {Kind: model.EditDescription, Target: model.TextValue("b")}})
	if model.KindOf(out[0].Err) != model.Invalid || len(p.sent) != 0 {
		t.Errorf("refused edit: got %v and sent %v, want Invalid and nothing", out[0].Err, p.sent)
	}
	if out[1].Err != nil || out[1].After == nil {
		t.Errorf("edit without steps: got %+v, want success", out[1])
	}
}

func oneStep(w *Write, d Direction) Planned {
	return Planned{Steps: []Step{{Write: w, Direction: d}}}
}
