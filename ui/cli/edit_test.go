package cli

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"strings"
	"testing"

	"confab/config"
	"confab/model"
)

// ofALibrary matches the words of libraries about a wrong command line.
var ofALibrary = regexp.MustCompile(`arg\(s\)|in the group|strconv|unknown flag|shorthand|invalid|flag needs|time: |\?;`)

func TestUsageErrors(t *testing.T) {
	for _, args := range [][]string{
		{"edit"},
		{"edit", "projects:71", "--yes"},
		{"edit", "--private", "--yes"},
		{"new", "--account", "projects", "--title", "x", "--access", "evryone", "--yes"},
		{"new", "--account", "projects", "--title", "x", "--with", "=", "--yes"},
		{"edit", "projects:71", "--title", " ", "--yes"},
		{"edit", "projects:71", "--private", "--public", "--yes"},
		{"edit", "projects:71", "--private"}, // no terminal and no --yes
		{"edit", "projects:71", "--query", "x", "--private", "--yes"},
		{"edit", "--query", "is:nonsense", "--private", "--yes"},
		{"edit", "projects:71", "--cached", "--private", "--yes"},
		{"edit", "projects:71", "--status", "shut", "--yes"},
		{"edit", "projects:71", "--access", "evryone", "--yes"},
		{"edit", "projects:71", "--role", "Ann", "--yes"},
		{"edit", "projects:71", "--role", "Ann=boss", "--yes"},
		{"edit", "projects:71", "--add", "user:1=boss", "--yes"},
		{"edit", "projects:71", "--add", "ann@example.com=editr", "--yes"},
		{"edit", "projects:71", "--label", "key", "--yes"},
		{"edit", "projects:71", "--attribute", "=v", "--yes"},
		{"edit", "projects:71", "--contacts", "1,,2", "--yes"},
		{"edit", "projects:71", "--contacts", "1", "--add-contact", "2", "--yes"},
		{"edit", "projects:71", "--archive", "--delete", "--yes"},
		{"edit", "projects:71", "--delete", "--title", "x", "--yes"},
		{"edit", "projects:71", "--no-wait", "--dry-run", "--private"},
		{"edit", "projects:71", "--title", "x", "--replace", "a=b", "--yes"},
		{"edit", "projects:71", "--title-template", "x", "--replace", "a=b", "--yes"},
		{"edit", "projects:71", "--contacts", "1", "--remove-contact", "2", "--yes"},
		{"edit", "71", "--private", "--yes"},
		{"edit", "project:71", "--private", "--yes"},
		{"edit", "projects:71", "--account", "meetings", "--private", "--yes"},
		{"edit", "projects:71", "--colour", "red"},
		{"list", "--limit", "-1"},
		{"list", "--limit", "x"},
		{"list", "--limit"},
		{"list", "--limt", "3"},
		{"list", "-is:public"},
		{"demo", "--latency", "x"},
		{"sync", "--full=x"},
		{"show", "projects:71", "projects:72"},
		{"history", "projects:71", "projects:72"},
		{"outbox", "resolve", "e1", "--yes"},
		{"outbox", "resolve", "e1", "--mine=false", "--yes"},
		{"outbox", "retry", "e1", "--dry-run", "--no-wait"},
		{"outbox", "resolve", "e1", "--mine", "--theirs"},
		{"list", "with:(("},
		{"list", "--account", "nobody"},
		{"new", "--account", "projects", "--yes"},
		{"new", "--title", "x", "--yes"},
		{"lst"},
		{"outbox", "retri", "1"},
		{"outbox", "retry"},
		{"show"},
		{"demo", "--fault", "429"},
		{"sandbox"},
		{"--view", "Mien"},
		{"config"},
		{"completion"},
		{"completion", "nosuch"},
		{"help", "nosuch"},
		{"help", "outbox", "nosuch"},
		{"edit", "projects:71", "--title", "bad\xff", "--yes"},
		{"edit", "projects:71", "--description", "bad\xff", "--yes"},
		{"edit", "projects:71", "--label", "k=bad\xff", "--yes"},
		{"edit", "projects:71", "--add", "bad\xff", "--yes"},
		{"edit", "projects:7\xff1", "--private", "--yes"},
		{"edit", "--query", "bad\xff", "--private", "--yes"},
		{"new", "--account", "projects", "--title", "x", "--message", "bad\xff", "--yes"},
		{"list", "x\xff"},
		{"undo", "bad\xff", "--yes"},
		{"--view", "bad\xff"},
	} {
		b := newBench(t)
		if got := b.run(t, args...); got != ExitUsage {
			t.Errorf("%q: exit %d, want 2\n%s%s", args, got, &b.out, &b.err)
		}
		if b.out.Len() > 0 || b.err.Len() == 0 {
			t.Errorf("%q: got stdout %q and stderr %q, want the error on stderr only", args, &b.out, &b.err)
		}
		if b.submits > 0 {
			t.Errorf("%q: edits were submitted, want none", args)
		}
		if raw := ofALibrary.FindString(b.err.String()); raw != "" {
			t.Errorf("%q: stderr has a library's words %q: %s", args, raw, &b.err)
		}
	}
}

func TestArgumentsThatAreNotUTF8OpenNothing(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitUsage, "edit", "projects:71", "--title", "bad\xff", "--yes")
	contains(t, "stderr", &b.err, "is not UTF-8")
	if b.opened > 0 {
		t.Error("the engine was opened")
	}
}

func TestHelpAndCompletion(t *testing.T) {
	for want, args := range map[string][]string{
		"--dry-run":     {"help", "edit"},
		"retry":         {"help", "outbox"},
		"CONFAB_CONFIG": {"help"},
		"__complete":    {"completion", "bash"},
	} {
		b := newBench(t)
		b.want(t, ExitOK, args...)
		contains(t, "stdout", &b.out, want)
	}
}

func TestErrorsNameTheNearestWord(t *testing.T) {
	for word, args := range map[string][]string{
		`"projects"`: {"list", "--account", "project"},
		`"list"`:     {"lst"},
		`"editor"`:   {"edit", "projects:71", "--role", "Ann=editr", "--yes"},
		`"everyone"`: {"edit", "projects:71", "--access", "evryone", "--yes"},
		`"Mine"`:     {"--view", "Mien"},
	} {
		b := newBench(t)
		b.want(t, ExitUsage, args...)
		contains(t, "stderr", &b.err, "did you mean "+word)
	}
}

func TestEditDeliversAndReports(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitOK, "edit", "projects:71", "--title", "Roof, again", "--yes")
	contains(t, "stdout", &b.out, "title: Roof repair → Roof, again", "done  projects:71")
	if !b.closed {
		t.Error("the engine was left open")
	}
	b.want(t, ExitOK, "edit", "projects:71", "--title", "Roof repair", "--yes")
	contains(t, "stdout", &b.out, "already so")
	if b.submits != 1 {
		t.Errorf("%d submissions, want 1", b.submits)
	}
}

func TestEditAsksBeforeItSends(t *testing.T) {
	b := newBench(t)
	for _, x := range []struct {
		answers string
		args    []string
		code    int
		sent    int
	}{
		{"\n", []string{"--title", "x"}, ExitRefused, 0},
		{"n\n", []string{"--title", "x"}, ExitRefused, 0},
		{"", []string{"--title", "x"}, ExitRefused, 0},
		{"y\n", []string{"--title", "x"}, ExitOK, 1},
		{"y\n", []string{"--delete"}, ExitRefused, 1}, // wants the whole word
		{"yes\n", []string{"--delete"}, ExitOK, 2},
	} {
		b.atTerminal(x.answers)
		b.want(t, x.code, append([]string{"edit", "projects:71"}, x.args...)...)
		if b.submits != x.sent {
			t.Errorf("%q %q: %d submissions, want %d", x.args, x.answers, b.submits, x.sent)
		}
	}
}

func TestDeliveryDecidesTheExitStatus(t *testing.T) {
	state := func(s model.EditState, k model.ErrorKind) func(model.OutboxEntry) model.OutboxEntry {
		return func(e model.OutboxEntry) model.OutboxEntry {
			e.State = s
			if k != "" {
				e.Error = &model.EntryError{Kind: k, Message: "in its own words", RequestID: "r-1"}
			}
			return e
		}
	}
	for _, x := range []struct {
		state model.EditState
		kind  model.ErrorKind
		code  int
	}{
		{model.Done, "", ExitOK},
		{model.OutcomeAlreadySet, "", ExitOK},
		{model.Refused, model.Forbidden, ExitRefused},
		{model.InConflict, model.ConflictKind, ExitRefused},
		{model.NotVerified, model.Unverified, ExitRefused},
		{model.OutcomeNotKnown, model.UnknownOutcome, ExitRefused},
		{model.RetryAt, model.Unauthorized, ExitCredential},
		{model.RetryAt, model.Unavailable, ExitUnreachable},
		{model.RetryAt, model.NoCredential, ExitUsage},
		{model.RetryAt, model.RateLimited, ExitUnreachable},
		{model.RetryAt, model.Local, ExitLocal},
		{model.Queued, "", ExitUnreachable},
	} {
		b := newBench(t)
		b.outcome = state(x.state, x.kind)
		b.want(t, x.code, "edit", "projects:71", "--title", "x", "--yes")
		b = newBench(t)
		b.outcome = state(x.state, x.kind)
		b.want(t, x.code, "edit", "projects:71", "--title", "x", "--yes", "--json")
		var line map[string]any
		if err := json.Unmarshal(b.out.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v in %s", x.state, err, &b.out)
		}
		if line["state"] != string(x.state) || line["ref"] != "projects:71" || line["kind"] != "title" {
			t.Errorf("%s: %v", x.state, line)
		}
		if _, history := line["before"]; history != (x.state == model.Done) {
			t.Errorf("%s: before there is %v", x.state, history)
		}
	}
}

func TestDoctorStatusComesFromTheKind(t *testing.T) {
	for kind, code := range map[model.ErrorKind]int{
		"": ExitRefused, model.Forbidden: ExitRefused, model.Unauthorized: ExitCredential, model.NoCredential: ExitUsage,
		model.Unavailable: ExitUnreachable, model.RateLimited: ExitUnreachable,
	} {
		b := newBench(t)
		t.Setenv("KONA", "a-token")
		t.Setenv("ASK", "another")
		b.program.Check = func(context.Context, Setup, config.Account) []model.CheckResult {
			// The message of a service does not matter.
			return []model.CheckResult{{Name: "reach", Detail: "list: unauthorized: unavailable: no", Kind: kind}}
		}
		b.want(t, code, "doctor", "--json")
		contains(t, "stdout", &b.out, `{"account":null,"name":"version","ok":true,"detail":"1.2.3","kind":null}`, `"name":"reach","ok":false`)
	}
}

func TestWorstStatus(t *testing.T) {
	for _, x := range []struct {
		codes []int
		want  int
	}{
		{nil, 0}, {[]int{0, 0}, 0}, {[]int{4, 1}, 1}, {[]int{1, 3, 4}, 3}, {[]int{3, 5}, 5}, {[]int{5, 130, 1}, 130},
	} {
		if got := Worst(x.codes...); got != x.want {
			t.Errorf("codes %v: got %d, want %d", x.codes, got, x.want)
		}
	}
	joined := errors.Join(&model.Error{Kind: model.Unavailable}, &model.Error{Kind: model.Unauthorized})
	for err, want := range map[error]int{
		joined:           3,
		context.Canceled: 130,
		&model.Error{Kind: model.NotFound, Err: context.Canceled}: 1,
		errors.New("disk"): 5,
		usage("no"):        2,
	} {
		if got := CodeOf(err); got != want {
			t.Errorf("%v: %d, want %d", err, got, want)
		}
	}
}

func TestDryRunPrintsTheRequests(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitOK, "edit", "projects:71", "--public", "--title", "x", "--dry-run")
	contains(t, "stdout", &b.out, "PUT /c/71/privacy?privacy=public", "PUT /c/71/title", `{"v":1}`)
	b.want(t, ExitOK, "edit", "projects:71", "--public", "--title", "x", "--dry-run", "--json")
	want := `{"ref":"projects:71","method":"PUT","path":"/c/71/privacy","query":"privacy=public","body":null}
{"ref":"projects:71","method":"PUT","path":"/c/71/title","query":"","body":{"v":1}}
`
	if b.out.String() != want {
		t.Errorf("got %s", &b.out)
	}
	b.want(t, ExitRefused, "edit", "meetings:e:4", "--private", "--dry-run", "--json")
	if b.submits > 0 || b.out.Len() > 0 {
		t.Errorf("a blocked dry run submitted or printed requests: %s", &b.out)
	}
}

func TestBlockedConversationsAreReported(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitRefused, "edit", "projects:71", "meetings:e:4", "--title", "x", "--yes")
	contains(t, "stdout", &b.out, "2 conversations: 1 to change, 1 can't be done", "the service has no call for title", "done  projects:71")
	b.want(t, ExitRefused, "edit", "meetings:e:4", "--title", "x", "--yes", "--json")
	contains(t, "stdout", &b.out, `"state":"blocked"`, `"message":"the service has no call for title"`)
	b.want(t, ExitRefused, "edit", "projects:none", "--title", "x", "--yes")
	b.loadErr[model.Ref{Account: "projects", ID: "gone"}] = &model.Error{Kind: model.Unauthorized, Message: "bad key"}
	b.want(t, ExitCredential, "edit", "projects:gone", "projects:71", "--title", "y", "--yes")
	contains(t, "stdout", &b.out, "bad key", "done  projects:71")
}

func TestTitlesMustNotBeBlank(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitRefused, "edit", "projects:71", "--title", "", "--yes")
	contains(t, "stdout", &b.out, "can't: a conversation in Kona needs a title")
	d := b.describe["projects"]
	d.EmptyTitle = true
	b.describe["projects"] = d
	b.want(t, ExitOK, "edit", "projects:71", "--title", "", "--yes")
	contains(t, "stdout", &b.out, "title: Roof repair → (empty)")
}

func TestJSONReportsConversationsWithoutAnEdit(t *testing.T) {
	b := newBench(t)
	lines := func(code int, want string, args ...string) {
		t.Helper()
		b.want(t, code, append([]string{"edit", "--yes", "--json"}, args...)...)
		if got := b.out.String(); got != want {
			t.Errorf("%q:\n got %swant %s", args, got, want)
		}
	}
	lines(ExitOK, `{"id":null,"submission":null,"ref":"projects:71","kind":"privacy","key":null,"state":"already","base":"private","target":"private","theirs":null,"error":null,"next_try":null}
{"id":null,"submission":null,"ref":"projects:71","kind":"labels","key":"tag","state":"already","base":"old","target":"old","theirs":null,"error":null,"next_try":null}
`, "projects:71", "--private", "--label", "tag=old")
	lines(ExitRefused, `{"id":null,"submission":null,"ref":"meetings:e:4","kind":"description","key":null,"state":"blocked","base":"","target":null,"theirs":null,"error":{"kind":"unsupported","status":null,"message":"the service has no call for description","code":null,"request_id":null,"existing":null},"next_try":null}
`, "meetings:e:4", "--description", "x")
	gone := `{"id":null,"submission":null,"ref":"projects:none","kind":"title","key":null,"state":"blocked","base":null,"target":null,"theirs":null,"error":{"kind":"not_found","status":null,"message":"no such conversation","code":null,"request_id":null,"existing":null},"next_try":null}
`
	lines(ExitRefused, gone, "projects:none", "--title", "x")
	lines(ExitRefused, gone+`{"id":null,"submission":null,"ref":"projects:71","kind":"title","key":null,"state":"already","base":"Roof repair","target":"Roof repair","theirs":null,"error":null,"next_try":null}
`, "projects:none", "projects:71", "--title", "Roof repair")

	// A conversation that could not be read is not a refusal.
	b.loadErr[model.Ref{Account: "projects", ID: "far"}] = &model.Error{Kind: model.Unavailable, Message: "no route"}
	b.want(t, ExitUnreachable, "edit", "projects:far", "--title", "x", "--yes", "--json")
	contains(t, "stdout", &b.out, `"state":"blocked"`, `"kind":"unavailable"`)
	b.want(t, ExitUnreachable, "edit", "projects:far", "--title", "x", "--dry-run")
}

func TestQuerySyncsFirst(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitRefused, "edit", "--query", "roof", "--title", "x", "--yes")
	if b.syncs != 2 {
		t.Errorf("got %d accounts synced, want 2", b.syncs)
	}
	if q := b.queries[len(b.queries)-1]; q != "roof" {
		t.Errorf("the query was %q", q)
	}
	b.want(t, ExitRefused, "edit", "--query", "roof", "--cached", "--title", "y", "--yes")
	if b.syncs != 2 {
		t.Error("--cached synced, want no sync")
	}
	b.syncErr["meetings"] = &model.Error{Kind: model.Unavailable, Message: "no route"}
	n := b.submits
	b.want(t, ExitUnreachable, "edit", "--query", "roof", "--title", "z", "--yes")
	if b.submits != n {
		t.Error("the edit was submitted after a failed sync")
	}
}

func TestNoWaitLeavesEditsInTheOutbox(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitOK, "edit", "projects:71", "--title", "x", "--no-wait", "--yes", "--json")
	contains(t, "stdout", &b.out, `"state":"queued"`, `"id":"e1"`)
	if b.fakeEngine.outbox[0].State != model.Queued {
		t.Error("the edit was delivered with --no-wait")
	}
}

func TestPeopleAreFoundByName(t *testing.T) {
	for name, x := range map[string]struct {
		args []string
		code int
		out  []string
		err  []string
	}{
		"participant by name":    {[]string{"--role", "bo day=editor"}, 0, []string{"~ Bo Day", "viewer → editor", "! makes Bo Day"}, nil},
		"participant by id":      {[]string{"--remove", "5"}, 0, []string{"- Dee"}, nil},
		"directory by e-mail":    {[]string{"--add", "ANN@example.com=editor"}, 0, []string{"+ Ann Lee <ann@example.com> user:1, editor"}, nil},
		"default role":           {[]string{"--add", "Ann Lee"}, 0, []string{"+ Ann Lee <ann@example.com> user:1, viewer"}, nil},
		"group by prefix":        {[]string{"--add", "group:9"}, 0, []string{"+ Roofs group:9"}, nil},
		"unknown id with prefix": {[]string{"--add", "user:77"}, 0, []string{"+ user:77"}, nil},
		"same id twice":          {[]string{"--add", "1"}, 2, nil, []string{"ambiguous", "user:1", "group:1"}},
		"same name twice":        {[]string{"--add", "Sam"}, 2, nil, []string{"ambiguous", "sam1@example.com", "sam2@example.com"}},
		"nobody":                 {[]string{"--add", "Zed"}, 2, nil, []string{"is nobody in projects"}},
		"not there to remove":    {[]string{"--remove", "Ann Lee"}, 0, []string{"already so"}, nil},
		"not there to alter":     {[]string{"--role", "Ann Lee=editor"}, 1, []string{"can't: Ann Lee is not in this conversation"}, nil},
		"no such status":         {[]string{"--participant-status", "Bo Day=left"}, 1, []string{"Kona has no statuses of participants"}, nil},
		"foreign access":         {[]string{"--access", "open"}, 1, []string{`can't: "open" is none of just_me, group, everyone`}, nil},
		"added twice over":       {[]string{"--add", "Ann Lee", "--role", "Ann Lee=editor"}, 0, []string{"+ Ann Lee <ann@example.com> user:1, editor"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.want(t, x.code, append([]string{"edit", "projects:71", "--yes"}, x.args...)...)
			contains(t, "stdout", &b.out, x.out...)
			contains(t, "stderr", &b.err, x.err...)
			if x.code == 2 && b.submits > 0 {
				t.Error("the edit was submitted after an error")
			}
		})
	}
}

func TestPeopleAreNotLookedUpWhereTheyCannotBeEdited(t *testing.T) {
	b := newBench(t)
	ref := model.Ref{Account: "meetings", ID: "e:4"}
	row := b.rows[ref]
	row.Conversation.Participants = model.SetOf(model.Participant{Kind: "user", ID: "1", Name: "Ann"})
	b.rows[ref] = row
	b.want(t, ExitRefused, "edit", "meetings:e:4", "--remove", "Ann", "--yes")
	b.want(t, ExitRefused, "edit", "meetings:e:4", "--add", "Ann", "--yes")
	contains(t, "stdout", &b.out, "the service has no call for participants")
	if b.lookups > 0 {
		t.Error("the directory was asked, want no lookup")
	}
}

func TestAStaleListOfPeopleIsReadAgain(t *testing.T) {
	b := newBench(t)
	ref := model.Ref{Account: "projects", ID: "71"}
	c := b.rows[ref].Conversation.Clone()
	c.Participants.Items = append(c.Participants.Items, model.Participant{Kind: "user", ID: "8", Name: "Zoe", Role: model.RoleViewer})
	b.fresh = map[model.Ref]model.Conversation{ref: c}
	b.want(t, ExitOK, "edit", "projects:71", "--role", "Bo Day=editor", "--dry-run")
	if b.loads != 1 {
		t.Errorf("the conversation was read %d times, want once", b.loads)
	}
	b.want(t, ExitOK, "edit", "projects:71", "--role", "Zoe=editor", "--yes")
	contains(t, "stdout", &b.out, "~ Zoe user:8, viewer → editor")
}

func TestIdentifiersNeedNoDirectory(t *testing.T) {
	b := newBench(t)
	d := b.describe["projects"]
	d.People = []model.LookupKind{model.LookupContacts, model.LookupUsers}
	d.Roles = nil
	d.DefaultRole = ""
	b.describe["projects"] = d
	b.want(t, ExitOK, "edit", "projects:71", "--add", "emailaddress=new@example.com", "--yes", "--json")
	contains(t, "stdout", &b.out, `"identifier":"emailaddress=new@example.com"`, `"kind":"contact"`)
	b.want(t, ExitRefused, "edit", "projects:71", "--add", "emailaddress=new@example.com=editor", "--yes")
	contains(t, "stdout", &b.out, "Kona has no role")
}

func TestContactsAreReplacedAddedAndRemoved(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitOK, "edit", "meetings:e:4", "--contacts", "12,7", "--yes")
	contains(t, "stdout", &b.out, "contacts: 1 → 2", "+ Cleo contact:12", "note: assumed")
	b.want(t, ExitOK, "edit", "meetings:e:4", "--contacts", "none", "--yes")
	contains(t, "stdout", &b.out, "- Gus contact:7", "! clears every contact")
	b.want(t, ExitOK, "edit", "meetings:e:4", "--add-contact", "12", "--remove-contact", "contact:7", "--yes")
	contains(t, "stdout", &b.out, "+ Cleo", "- Gus")
	b.want(t, ExitOK, "edit", "meetings:e:4", "--remove-contact", "99", "--yes")
	contains(t, "stdout", &b.out, "already so")
	b.atTerminal("y\n")
	b.want(t, ExitRefused, "edit", "meetings:e:4", "--contacts", "none")
}

func TestLabelsAreSetAndRemoved(t *testing.T) {
	b := newBench(t)
	b.want(t, ExitOK, "edit", "projects:71", "--label", "tag=a=b", "--label", "empty=", "--attribute", "k=v", "--yes", "--dry-run")
	contains(t, "stdout", &b.out, "label tag: old → a=b", "label empty: (none) → (empty)", "attribute k: (none) → v")
	b.want(t, ExitOK, "edit", "projects:71", "--remove-label", "tag", "--label", "new=1", "--remove-attribute", "k", "--yes", "--dry-run")
	contains(t, "stdout", &b.out, "label tag: old → (none)", "label new: (none) → 1")
	if strings.Contains(b.out.String(), "attribute k") {
		t.Errorf("removing a label that is not there is not already so: %s", &b.out)
	}
	b.want(t, ExitOK, "edit", "projects:71", "--remove-label", "nothing", "--yes")
	contains(t, "stdout", &b.out, "already so")
	for _, args := range [][]string{{"--remove-label", " "}, {"--remove-attribute", ""}, {"--label", "a=1", "--remove-label", "a"},
		{"--delete", "--remove-label", "a"}} {
		b.want(t, ExitUsage, append([]string{"edit", "projects:71", "--yes"}, args...)...)
	}
}

func TestAccessTakesTheWordsOfAnyService(t *testing.T) {
	b := newBench(t)
	b.program.Access = []string{"world"}
	d := b.describe["projects"]
	d.AccessValues = []string{"world", "group"}
	b.describe["projects"] = d
	b.want(t, ExitOK, "edit", "projects:71", "--access", "world", "--dry-run")
	b.want(t, ExitOK, "new", "--account", "projects", "--title", "New", "--space", "1", "--access", "world", "--dry-run")
	b.want(t, ExitUsage, "edit", "projects:71", "--access", "everyone", "--dry-run")
	contains(t, "stderr", &b.err, "it is one of world")
}

// TestANewConversationHasItsGroups holds that --group takes a group by its id, and that an error names the account.
func TestANewConversationHasItsGroups(t *testing.T) {
	b := newBench(t)
	args := []string{"new", "--account", "projects", "--title", "New", "--space", "1", "--with", "ann@example.com=editor", "--dry-run", "--group"}
	for _, group := range []string{"9=viewer", "group:9=viewer"} {
		b.want(t, ExitOK, append(args, group)...)
		contains(t, "stdout", &b.out, "create “New”", "+ Ann Lee <ann@example.com> user:1, editor", "+ Roofs group:9, viewer")
	}
	b.want(t, ExitUsage, append(args, "9", "--with", "nosuch")...)
	contains(t, "stderr", &b.err, "is nobody in projects")
}
