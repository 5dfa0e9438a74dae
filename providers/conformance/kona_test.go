package conformance_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"confab/model"
	"confab/providers"
	"confab/providers/conformance"
	"confab/providers/kona"
	"confab/providers/sandbox"
)

func konaService() conformance.Service {
	turn := func(to sandbox.Switches) func(*conformance.Bench) {
		return func(b *conformance.Bench) { behind(b).Kona().Set(to) }
	}
	quirk := func(name string, to sandbox.Switches) conformance.Quirk {
		return conformance.Quirk{Name: name, Writes: true, Turn: turn(to)}
	}
	with := func(q conformance.Quirk, check func(t *testing.T, b *conformance.Bench)) conformance.Quirk {
		q.Check = check
		return q
	}
	mine := func(ec conformance.EditCase) conformance.EditCase { return suits(ec, konaMine) }
	set := func(k model.EditKind, to string) model.Edit { return model.Edit{Kind: k, Target: model.TextValue(to)} }
	put := []model.EditKind{model.EditTitle, model.EditDescription, model.EditAccess, model.EditDefaultRole, model.EditParticipants}
	user := func(b *conformance.Bench, now []model.Participant) int {
		return slices.IndexFunc(now, func(p model.Participant) bool {
			return p.Kind == model.KindUser && p.ID != konaMe(b) && p.Role == model.RoleViewer
		})
	}
	return conformance.Service{
		Provider: model.Kona,
		Turn:     3,
		Folder:   "../kona",
		Sizes:    []string{"per_page"},
		Open:     openKona,
		Engine:   openEngine,
		Several:  230,
		IsWrite:  writes("/oauth/token"),
		Edits: []conformance.EditCase{
			mine(setText("title", model.EditTitle, "", "Renamed: Ünïcode & <b>", 1)),
			mine(setText("description", model.EditDescription, "", "Line one\nline two", 1)),
			suits(mine(setText("description cleared", model.EditDescription, "", "", 1)), func(_ *conformance.Bench, c model.Conversation) bool { return c.Description != "" }),
			mine(setText("access: everyone", model.EditAccess, "", "everyone", 1)),
			mine(setText("access: group", model.EditAccess, "", "group", 1)),
			mine(setText("access: just me", model.EditAccess, "", "just_me", 1)),
			mine(setText("default role: editor", model.EditDefaultRole, "", model.RoleEditor, 1)),
			mine(setText("default role: viewer", model.EditDefaultRole, "", model.RoleViewer, 1)),
			mine(setText("default role: complete", model.EditDefaultRole, "", model.RoleComplete, 1)),
			mine(setPeople("add a user", model.EditParticipants, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return append(now, konaPerson(b, model.LookupUsers, "", now)), true
			})),
			{Name: "add a group", Kind: model.EditParticipants, Requests: 1, Edit: func(b *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
				if !c.Participants.Known || !konaMine(b, c) {
					return "", model.Value{}, false
				}
				added := konaPerson(b, model.LookupGroups, c.Space.ID, c.Participants.Items)
				return "", model.PeopleValue(append(slices.Clone(c.Participants.Items), added)), added.ID != ""
			}},
			mine(setPeople("change a role", model.EditParticipants, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				i := user(b, now)
				if i >= 0 {
					now[i].Role = model.RoleEditor
				}
				return now, i >= 0
			})),
			mine(setPeople("remove a user", model.EditParticipants, 1, func(b *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				i := user(b, now)
				if i < 0 {
					return nil, false
				}
				return slices.Delete(now, i, i+1), true
			})),
			mine(setPeople("remove everybody", model.EditParticipants, 1, func(_ *conformance.Bench, now []model.Participant) ([]model.Participant, bool) {
				return nil, len(now) > 1 && !slices.ContainsFunc(now, func(p model.Participant) bool { return p.Kind == model.KindGroup })
			})),
			{Name: "change users and groups", Kind: model.EditParticipants, Requests: 1, Edit: func(b *conformance.Bench, c model.Conversation) (string, model.Value, bool) {
				i := user(b, c.Participants.Items)
				if i < 0 || !konaMine(b, c) {
					return "", model.Value{}, false
				}
				now := slices.Clone(c.Participants.Items)
				now[i].Role = model.RoleEditor
				added := konaPerson(b, model.LookupGroups, c.Space.ID, now)
				return "", model.PeopleValue(append(now, added)), added.ID != ""
			}},
			mine(setText("delete", model.EditDelete, "", "deleted", 1)),
			{Name: "create", Kind: model.EditCreate, Requests: 1, Edit: func(b *conformance.Bench, _ model.Conversation) (string, model.Value, bool) {
				return "", model.Value{New: &model.NewConversation{Title: "A new one", Space: konaSpace(b)}}, true
			}},
			{Name: "create with people", Kind: model.EditCreate, Requests: 1, Edit: func(b *conformance.Bench, _ model.Conversation) (string, model.Value, bool) {
				space := konaSpace(b)
				return "", model.Value{New: &model.NewConversation{Title: "Hello <b>", Description: "About\nit", Space: space, Access: "everyone", DefaultRole: model.RoleViewer,
					People:  []model.Participant{konaPerson(b, model.LookupUsers, space, nil), konaPerson(b, model.LookupGroups, space, nil)},
					Message: "Good morning <b>& all\nof you"}}, true
			}},
		},
		Mixed: []conformance.MixedCase{{
			Name: "editors by default, narrower access, title", Requests: 2, First: 2, Last: 0, Guards: true,
			Edits: func(b *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				return []model.Edit{set(model.EditDefaultRole, model.RoleEditor), set(model.EditTitle, "New"), set(model.EditAccess, "just_me")}, konaMine(b, c)
			},
		}, {
			Name: "people, access, title, description", Requests: 1, First: -1, Last: -1,
			Edits: func(b *conformance.Bench, c model.Conversation) ([]model.Edit, bool) {
				if !konaMine(b, c) || !c.Participants.Known || c.Access == "everyone" {
					return nil, false
				}
				people := append(slices.Clone(c.Participants.Items), konaPerson(b, model.LookupUsers, "", c.Participants.Items))
				return []model.Edit{{Kind: model.EditParticipants, Target: model.PeopleValue(people)}, set(model.EditAccess, "everyone"),
					set(model.EditTitle, "New"), set(model.EditDescription, "New too")}, true
			},
		}},
		Stored: map[model.EditKind][]string{
			model.EditTitle: {"name"}, model.EditDescription: {"details"}, model.EditAccess: {"stakeholder"}, model.EditDefaultRole: {"default_role"},
			model.EditParticipants: {"participants", "groups"},
		},
		Lookups: []conformance.LookupCase{
			{Kind: model.LookupUsers, ByID: true, Search: byMailOrName},
			{Kind: model.LookupGroups, Search: func(p model.Participant) string { return p.Name }, ByID: true},
			{Kind: model.LookupSpaces, Search: func(p model.Participant) string { return p.Name }, ByID: true},
		},
		ByHand: func(b *conformance.Bench, n model.NewConversation) {
			before := b.IDs()
			post(b.T(), behind(b), providers.Bearer, "/kona/api/conversations", fmt.Sprintf(`{"conversations":[{"name":%q,"details":%q,"space_id":%s}]}`, n.Title, n.Description, n.Space))
			for _, id := range b.IDs() {
				if !slices.Contains(before, id) {
					behind(b).Kona().Change(id, "creator_id", behind(b).Kona().Me()+1)
					behind(b).Kona().Change(id, "stakeholder", 2)
				}
			}
		},
		IgnoreCreate: turn(sandbox.Switches{"CreateIgnored": true}),
		IgnoreDelete: turn(sandbox.Switches{"DeleteIgnored": true}),
		Silent: []conformance.SilentCase{
			{Name: "participants are null", Kind: model.EditParticipants, Turn: func(b *conformance.Bench, id string) { behind(b).Kona().Change(id, "participants", nil) }},
			{Name: "groups are null", Kind: model.EditParticipants, Turn: func(b *conformance.Bench, id string) { behind(b).Kona().Change(id, "groups", nil) }},
		},
		Lessons: []conformance.Lesson{
			{Name: "404 to every PUT", Try: "title", Kinds: put, Requests: 2, Err: model.Unsupported, Turn: turn(sandbox.Switches{"NoPut404": true})},
			{Name: "405 to every PUT", Try: "add a user", Kinds: put, Requests: 1, Err: model.Unsupported, Turn: turn(sandbox.Switches{"NoPut405": true})},
			{Name: "not the creator", Try: "delete", Kinds: []model.EditKind{model.EditDelete}, Row: true, Requests: 1, Err: model.Forbidden,
				Turn: func(b *conformance.Bench) {
					b.TamperWrites(func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
						behind(b).Kona().AnswerNext(http.StatusForbidden, 1)
						return next.RoundTrip(req)
					})
				}},
		},
		Quirks: []conformance.Quirk{
			quirk("NoPut404", sandbox.Switches{"NoPut404": true}),
			quirk("NoPut405", sandbox.Switches{"NoPut405": true}),
			quirk("MergeLists", sandbox.Switches{"MergeLists": true}),
			quirk("EmptyListIgnored", sandbox.Switches{"EmptyListIgnored": true}),
			{Name: "ConcurrentOnPut", Turn: turn(sandbox.Switches{"ConcurrentOnPut": true}), Check: konaConcurrent},
			quirk("ListWithoutPeople", sandbox.Switches{"ListWithoutPeople": true}),
			quirk("ShiftBetweenPages", sandbox.Switches{"ShiftBetweenPages": true}),
			{Name: "IgnorePage", Incomplete: true, Turn: turn(sandbox.Switches{"IgnorePage": true})},
			with(quirk("ExpireOnRefresh", sandbox.Switches{"ExpireOnRefresh": true}), konaRefresh),
			with(quirk("RotateRefresh", sandbox.Switches{"RotateRefresh": true}), konaRefresh),
			with(quirk("RotateRefresh and ExpireOnRefresh", sandbox.Switches{"RotateRefresh": true, "ExpireOnRefresh": true}), konaRefresh),
			with(quirk("OmitRefresh", sandbox.Switches{"OmitRefresh": true}), konaRefresh),
			{Name: "ExpiredPassword", SyncErr: model.Unauthorized, LoadErr: func(*conformance.Bench, string) model.ErrorKind { return model.Unauthorized },
				Turn: turn(sandbox.Switches{"ExpiredPassword": true})},
			{Name: "the token endpoint redirects", SyncErr: model.Unavailable, LoadErr: func(*conformance.Bench, string) model.ErrorKind { return model.Unavailable }, Turn: konaAway, Check: konaStays},
			{Name: "the token endpoint is ill", SyncErr: model.Unavailable, LoadErr: func(*conformance.Bench, string) model.ErrorKind { return model.Unavailable }, Turn: func(b *conformance.Bench) {
				behind(b).Kona().ExpireTokens()
				b.Tamper(atToken(func(*http.Request) *http.Response { return plain(http.StatusBadGateway, "", "<html>ill</html>") }))
			}},
			{Name: "the token endpoint asks to wait", SyncErr: model.RateLimited, LoadErr: func(*conformance.Bench, string) model.ErrorKind { return model.RateLimited }, Turn: func(b *conformance.Bench) {
				behind(b).Kona().ExpireTokens()
				b.Tamper(atToken(func(*http.Request) *http.Response { return plain(http.StatusTooManyRequests, "", "{}") }))
			}},
			{Name: "the token endpoint gives no token", SyncErr: model.Malformed, LoadErr: func(*conformance.Bench, string) model.ErrorKind { return model.Malformed }, Turn: func(b *conformance.Bench) {
				behind(b).Kona().ExpireTokens()
				b.Tamper(atToken(func(*http.Request) *http.Response { return plain(http.StatusOK, "", `{"token_type":"bearer"}`) }))
			}},
			{Name: "the token has ended", Writes: true, Turn: func(b *conformance.Bench) { behind(b).Kona().ExpireTokens() }, Check: konaRefresh},
		},
		BudgetSize: 250,
		// The first sync also asks once whose the credential is.
		Budget: conformance.Budget{FirstSync: 30, Walk: 4, Refresh: 1, Open: 4, Reopen: 4, Fresh: 1},
	}
}

func openKona(t testing.TB, o conformance.Options) conformance.Standin {
	s, out := open(t, kona.Factory(), o)
	k := s.Kona()
	out.IDs = k.IDs
	out.State = func(id string) map[string]any {
		state := k.JSON(id)
		if state == nil {
			return nil
		}
		return without(state, "updated_at")
	}
	out.Field = func(id string, kind model.EditKind, _ string) model.Value {
		state := k.JSON(id)
		number := func(v any) string {
			if n, ok := v.(float64); ok {
				return strconv.Itoa(int(n))
			}
			return ""
		}
		role := func(v any) string {
			switch n := number(v); n {
			case "1":
				return model.RoleEditor
			case "2":
				return model.RoleViewer
			case "3":
				return model.RoleComplete
			default:
				return "role " + n
			}
		}
		switch kind {
		case model.EditTitle:
			return model.TextValue(text(state["name"]))
		case model.EditDescription:
			return model.TextValue(text(state["details"]))
		case model.EditAccess:
			words := map[string]string{"0": "just_me", "1": "group", "2": "everyone"}
			if n := number(state["stakeholder"]); words[n] == "" {
				return model.TextValue(n)
			}
			return model.TextValue(words[number(state["stakeholder"])])
		case model.EditDefaultRole:
			return model.TextValue(role(state["default_role"]))
		case model.EditParticipants:
			var people []model.Participant
			for list, key := range map[string]string{"participants": "user_id", "groups": "group_id"} {
				members, _ := state[list].([]any)
				for _, m := range members {
					p, _ := m.(map[string]any)
					people = append(people, model.Participant{Kind: strings.TrimSuffix(key, "_id"), ID: number(p[key]), Role: role(p["role"])})
				}
			}
			return model.PeopleValue(people)
		case model.EditDelete:
			return model.TextValue("present")
		}
		return model.Value{}
	}
	out.Retitle = func(id, title string) { k.Change(id, "name", title) }
	out.Remove = k.Remove
	out.AnswerNext = k.AnswerNext
	n := 0
	out.Insert = func() {
		n++
		body := fmt.Sprintf(`{"conversations":[{"name":"Posted in between (%d)","space_id":%s}]}`, n, fmt.Sprint(int64(k.JSON(k.IDs()[0])["space_id"].(float64))))
		post(t, s, providers.Bearer, "/kona/api/conversations", body)
	}
	return out
}

func konaMe(b *conformance.Bench) string { return strconv.FormatInt(behind(b).Kona().Me(), 10) }

// konaMine reports whether the account created a conversation, so that it can edit
// the conversation whoever takes part.
func konaMine(b *conformance.Bench, c model.Conversation) bool { return c.Owner.ID == konaMe(b) }

func konaSpace(b *conformance.Bench) string {
	page, err := b.Account.Lookup(context.Background(), model.LookupRequest{Kind: model.LookupSpaces})
	if err != nil || len(page.Items) == 0 {
		return ""
	}
	return page.Items[0].ID
}

// konaPerson returns somebody of a directory who is not in the given list.
func konaPerson(b *conformance.Bench, kind model.LookupKind, space string, without []model.Participant) model.Participant {
	page, err := b.Account.Lookup(context.Background(), model.LookupRequest{Kind: kind, Scope: space, Limit: 100})
	if err == nil {
		for _, p := range page.Items {
			p.Role = model.RoleViewer
			if p.ID != konaMe(b) && !slices.ContainsFunc(without, func(w model.Participant) bool { return model.SamePerson(w, p) }) {
				return p
			}
		}
	}
	return model.Participant{}
}

// konaConcurrent checks that the outcome has everything that the answer shows,
// including somebody else's change.
func konaConcurrent(t *testing.T, b *conformance.Bench) {
	ctx := context.Background()
	for _, id := range b.IDs() {
		d, err := b.Account.Load(ctx, id, model.NeedParticipants)
		if err != nil {
			t.Fatal(err)
		}
		c := d.Conversation
		if !konaMine(b, c) || !c.Participants.Known {
			continue
		}
		target := append(slices.Clone(c.Participants.Items), konaPerson(b, model.LookupUsers, "", c.Participants.Items))
		e := model.Edit{ID: "e", Ref: c.Ref, Kind: model.EditParticipants, Base: model.PeopleValue(c.Participants.Items), Target: model.PeopleValue(target)}
		out := b.Account.Apply(ctx, c, []model.Edit{e})[0]
		if out.Err != nil {
			t.Fatal(out.Err)
		}
		if held := b.Field(id, model.EditParticipants, ""); out.After != nil && !model.PeopleValue(out.After.Participants.Items).Equal(held) {
			t.Error("the outcome has other people than the server")
		}
		return
	}
	t.Fatal("no conversation suits the edit")
}

// konaRefresh checks that concurrent requests with an expired token cause a single
// refresh and are each replayed once.
func konaRefresh(t *testing.T, b *conformance.Bench) {
	ctx := context.Background()
	for range 3 {
		behind(b).Kona().ExpireTokens()
		b.Reset()
		ids := b.IDs()[:6]
		var all sync.WaitGroup
		for _, id := range ids {
			all.Go(func() {
				if _, err := b.Account.Load(ctx, id, 0); err != nil {
					t.Errorf("load: %v", err)
				}
			})
		}
		all.Wait()
		refreshes := 0
		for _, s := range b.Sent() {
			if strings.HasSuffix(s.Path, "/oauth/token") {
				refreshes++
				if s.Credential != "" || s.Query != "" {
					t.Errorf("the token was requested with %s", s)
				}
			}
		}
		if refreshes != 1 {
			t.Errorf("%d refreshes, want 1", refreshes)
		}
		b.Reset()
		if _, err := b.Account.Load(ctx, ids[0], 0); err != nil || len(b.Sent()) != 1 {
			t.Errorf("after the refresh, a load took %d requests, error %v", len(b.Sent()), err)
		}
	}
}

// atToken answers in place of the token endpoint.
func atToken(f func(*http.Request) *http.Response) conformance.Tamper {
	return func(req *http.Request, next http.RoundTripper) (*http.Response, error) {
		if strings.HasSuffix(req.URL.Path, "/oauth/token") || req.URL.Host != strings.TrimPrefix(host, "https://") {
			res := f(req)
			res.Request = req
			return res, nil
		}
		return next.RoundTrip(req)
	}
}

// plain returns an answer. If location is "", it lacks that header.
func plain(status int, location, body string) *http.Response {
	res := &http.Response{StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body))}
	if location != "" {
		res.Header.Set("Location", location)
	}
	return res
}

// konaAway makes the token endpoint redirect to another host.
func konaAway(b *conformance.Bench) {
	behind(b).Kona().ExpireTokens()
	b.Tamper(atToken(func(*http.Request) *http.Response {
		return plain(http.StatusTemporaryRedirect, "https://elsewhere.example/oauth/token", "")
	}))
}

// konaStays checks that no request follows the redirect to the other host.
func konaStays(t *testing.T, b *conformance.Bench) {
	_, err := b.Account.Load(context.Background(), b.IDs()[0], 0)
	if err == nil {
		t.Error("a load without a token succeeded")
	}
	for _, s := range b.Sent() {
		if "https://"+s.Host != host {
			t.Errorf("a request went to %s: %s", s.Host, s)
		}
	}
}
