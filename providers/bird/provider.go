package bird

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const (
	settingWorkspace = "workspace_id"
	settingAccessKey = "access_key_id"
)

//go:embed service.json
var about []byte

// calls are the endpoints used. The searches are POSTs that read: of that of contacts the reference says so, its sample GET;
// of that of inbox items the body is documented, the path was seen in running code alone. A key without a policy for a read
// beside the conversations is reported to get a 401 there, so a 401 may be a right that is missing (MayLack). A 401 of a write
// stays a refused key: what is queued then waits. A 403 of a directory or of the inboxes lasts; one of messages, participants or
// a contact is of these alone. That there are no inboxes at all lasts too: their path is on no page. 409 is listed for reads
// without saying when it comes, so it is taken to be passing [assumed].
var calls struct {
	ListConversations, GetConversation, CreateConversation, UpdateConversation, DeleteConversation providers.Endpoint
	AddParticipant, SetParticipant, RemoveParticipant, ListMessages, ListParticipants              providers.Endpoint
	ListContacts, GetContact, SearchContacts, ListAgents, SearchFeedItems, ListChannels            providers.Endpoint
}

var service = providers.Service(about, &calls, map[string]func(string) error{settingWorkspace: checkWorkspace})

// Factory opens Bird accounts.
func Factory() providers.Factory { return providers.Opening(service, open) }

func checkWorkspace(v string) error {
	switch {
	case strings.HasPrefix(v, "ws_"):
		return errors.New("the workspace id is the UUID, not the short name that starts with ws_")
	case v == "" || strings.ContainsAny(v, "/?# \t\r\n"):
		return errors.New("the workspace id is a UUID, 00000000-0000-0000-0000-000000000000")
	}
	return nil
}

// provider is one account: one workspace seen through one access key.
type provider struct {
	*providers.Adapter

	workspace string
	accessKey string // its id, "" where that is not known

	channels *providers.Kept[channels]
	contacts *providers.Recent[string] // names by id, "" for one that cannot be had
	names    *providers.Recent[string] // of agents, likewise
	threads  *providers.Recent[thread]
	held     *providers.Recent[map[string]json.RawMessage] // attributes as the service sent them
}

var _ model.Creator = (*provider)(nil)

func open(a providers.Account) (p *provider, err error) {
	p = &provider{
		workspace: service.Value(a, settingWorkspace),
		accessKey: service.Value(a, settingAccessKey),
		threads:   providers.NewRecent[thread](maxThreads),
		held:      providers.NewRecent[map[string]json.RawMessage](maxHeldAttributes),
		contacts:  providers.NewRecent[string](maxNames),
		names:     providers.NewRecent[string](maxNames),
	}
	proof := p.page(calls.ListConversations, "", 1, "")
	p.Adapter, err = providers.Open(service, a, providers.ClientOptions{
		Proof:       &proof,
		Credential:  &providers.Credential{Schemes: []string{"AccessKey"}},
		DecodeError: decodeError,
	})
	if err != nil {
		return nil, err
	}
	p.Identity += " " + p.workspace
	p.Plan, p.Limits = p.plan, p.limits
	p.channels = providers.NewKept(calls.ListChannels.Name, 0, p.readChannels)
	return p, nil
}

const reasonDeleted = "the conversation is deleted"

// limits are what one conversation does not allow.
func (p *provider) limits(c model.Conversation, no func(model.EditKind, string)) {
	if c.Archived {
		for _, k := range model.EditKinds() {
			if k != model.EditCreate {
				no(k, reasonDeleted)
			}
		}
	}
	if s := c.Status; s != "" && s != statusActive && s != statusClosed {
		no(model.EditStatus, "the status is "+s+", which confab does not know how to leave")
	}
	if p.Client.Lacking(calls.ListParticipants) != nil {
		no(model.EditParticipants, "the access key has no right to list the participants, and without the list none is changed")
	}
}

// Check implements model.Provider. It asks for everything afresh, whatever was learnt; the parts of a conversation are
// those of the newest.
func (p *provider) Check(ctx context.Context) (out []model.CheckResult) {
	p.Client.AskAgain()
	ask := func(name, good string, call providers.Call) providers.RawPage {
		page, err := readPage(p.Client.Do(ctx, call))
		out = append(out, providers.Check(name, good, err))
		return page
	}
	head := ask(model.CheckList, "", p.page(calls.ListConversations, "", providers.HeadSize, ""))
	if !out[0].OK {
		return out // nothing else can be told from that
	}
	out[0].Detail = providers.Seen(len(head.Rows), head.Next != "")
	if len(head.Rows) > 0 {
		o, _ := providers.ObjectOf(head.Rows[0])
		if newest := o.Text("id"); newest != "" {
			ask("messages", "can be read", p.messages(newest, "", time.Time{}))
			ask("participants", "can be read", p.page(calls.ListParticipants, newest, pageLimit, ""))
			ask("inboxes", "who has it, and what was read, can be shown", p.feedItems(newest))
		}
	}
	ask("channels", "can be named", p.page(calls.ListChannels, "", 1, ""))
	ask("contacts", "can be looked up", p.page(calls.ListContacts, "", 1, ""))
	ask("users", "can be looked up", p.agents(1, "", ""))
	return out
}
