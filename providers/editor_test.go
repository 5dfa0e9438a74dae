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

// planned is an adapter whose plan is drawn: edits of one to three steps, of
// which some share a write.
type planned struct {
	editor *Adapter
	plans  []Planned
	// sent has one line a request: the names of its steps, as the body has them.
	sent []string
	// answers gives the status of each request in turn; 200 after the last.
	answers []int
}

// kinds are those that the edits of a plan have, one each.
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

// drawPlan makes writes and plans that use them.
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
		case 1: // several requests of its own, narrowing first
			var out Planned
			for n, d := range slices.Sorted(slices.Values(rapid.SliceOfN(rapid.SampledFrom(directions), 1, 3).Draw(t, "steps"))) {
				out.Steps = append(out.Steps, Step{Write: write(fmt.Sprintf("own%d.%d", i, n)), Direction: d, Done: fmt.Sprintf("did %d", n)})
			}
			p.plans = append(p.plans, out)
		default:
			p.plans = append(p.plans, One(rapid.SampledFrom(shared).Draw(t, "write"), rapid.SampledFrom(directions).Draw(t, "direction")))
		}
	}
	p.editor = &Adapter{Client: client, Plan: func(model.Conversation) func(model.Edit) Planned {
		return func(e model.Edit) Planned { return p.plans[slices.Index(kinds(), e.Kind)] }
	}}
	for _, k := range kinds() {
		p.editor.Service.Table = append(p.editor.Service.Table, CapabilityRow{Kind: k, State: model.CapabilityYes})
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

// widest tells where the steps lead that a request carried.
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

func TestEditorSendsWhatItShows(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		for i := range p.plans { // nothing is refused
			if p.plans[i].Refused != nil {
				p.plans[i] = One(Single(kinds()[i], Call{Endpoint: Endpoint{Name: "c", Method: "PUT", Path: "/c", Write: true}, Body: json.RawMessage(fmt.Sprintf(`{"c%d":["%s"]}`, i, kinds()[i]))}), Neutral)
			}
		}
		fresh := model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Participants: model.SetOf[model.Participant]()}
		shown, err := p.editor.Requests(fresh, p.edits())
		if err != nil || len(p.sent) > 0 {
			t.Fatalf("requests: %v; sent %v", err, p.sent)
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
			t.Errorf("shown %v, sent %v", lines, p.sent)
		}
		begun := false
		for n, line := range p.sent {
			widens, only := p.widens(line)
			if begun && !only {
				t.Errorf("request %d does not only widen, and comes after one that widens: %v", n, p.sent)
			}
			begun = begun || widens
		}
	})
}

func TestNothingWidensAfterAnythingWentWrong(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t)
		p.answers = rapid.SliceOfN(rapid.SampledFrom([]int{200, 200, 200, 403, 422, 404, 429, 500, 503}), 0, 8).Draw(t, "answers")
		fresh := model.Conversation{Ref: model.Ref{Account: "a", ID: "1"}, Participants: model.SetOf[model.Participant]()}
		edits := p.edits()
		out := p.editor.Apply(t.Context(), fresh, edits)
		wrong := slices.ContainsFunc(p.plans, func(p Planned) bool { return p.Refused != nil })
		ok := map[string]bool{} // the lines that were accepted
		for n, line := range p.sent {
			if widens, _ := p.widens(line); widens && wrong {
				t.Errorf("request %d widens after something went wrong: %v answered %v", n, p.sent, p.answers)
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
				t.Errorf("edit %d: error %v, and that it was made is %t; sent %v", i, o.Err, done, p.sent)
			}
		}
	})
}

func TestPartsThatWereMadeAreTold(t *testing.T) {
	p := &planned{answers: []int{200, 403}}
	client, err := NewClient(Account{BaseURL: "https://service.example", Transport: p}, ClientOptions{})
	if err != nil {
		t.Fatal(err)
	}
	step := func(d Direction, done string) Step {
		return Step{Write: Single(model.EditParticipants, Call{Endpoint: Endpoint{Name: done, Method: "PUT", Path: "/x", Write: true}, Body: []byte(`{}`)}), Direction: d, Done: done}
	}
	ed := &Adapter{Client: client, Service: Factory{Table: []CapabilityRow{{Kind: model.EditParticipants, State: model.CapabilityYes}}},
		Plan: func(model.Conversation) func(model.Edit) Planned {
			return func(model.Edit) Planned {
				return Planned{Steps: []Step{step(Narrows, "removed Ann"), step(Narrows, "removed Bob"), step(Widens, "added Eve")}}
			}
		}}
	fresh := model.Conversation{Ref: model.Ref{ID: "1"}, Participants: model.SetOf[model.Participant]()}
	out := ed.Apply(t.Context(), fresh, []model.Edit{{Kind: model.EditParticipants, Target: model.PeopleValue([]model.Participant{{ID: "1"}})}})
	e := model.AsError(out[0].Err)
	if e == nil || e.Kind != model.Forbidden || e.Message != "removed Ann; then: no" || len(p.sent) != 2 {
		t.Errorf("%v, sent %v", out[0].Err, p.sent)
	}
	if ed.Capabilities(fresh).Of(model.EditParticipants).Can() {
		t.Error("the refusal taught nothing")
	}
}

// TestOfARefusedEditNothingIsSent: not even steps that a plan names beside its refusal; and where there is nothing to
// send, nothing can be out of date.
func TestOfARefusedEditNothingIsSent(t *testing.T) {
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
	ed := &Adapter{Client: client, Service: Factory{Table: []CapabilityRow{{Kind: model.EditTitle, State: model.CapabilityYes}, {Kind: model.EditDescription, State: model.CapabilityYes}}},
		Plan: func(model.Conversation) func(model.Edit) Planned {
			return func(e model.Edit) Planned { return plans[e.Kind] }
		}}
	out := ed.Apply(t.Context(), model.Conversation{}, []model.Edit{
		{Kind: model.EditTitle, Target: model.TextValue("a")}, {Kind: model.EditDescription, Target: model.TextValue("b")}})
	if model.KindOf(out[0].Err) != model.Invalid || len(p.sent) != 0 {
		t.Errorf("the refused one: %v, sent %v", out[0].Err, p.sent)
	}
	if out[1].Err != nil || out[1].After == nil {
		t.Errorf("the one with nothing to send: %+v", out[1])
	}
}
