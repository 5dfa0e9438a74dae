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

// DefaultBaseURL is the vendor's own (docs.bird.com/api/api-access/common-api-usage).
const DefaultBaseURL = "https://api.bird.com"

const (
	settingWorkspace = "workspace_id"
	settingAccessKey = "access_key_id"
)

//go:embed audience.txt
var audience string

//go:embed effects.txt
var effects string

// Factory opens Bird accounts.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.Bird,
		Title:          "Bird",
		DefaultBaseURL: DefaultBaseURL,
		Key:            "access key",
		Settings: []providers.Setting{
			{Name: settingWorkspace, Required: true, Check: checkWorkspace,
				Help: "the id (a UUID) of the workspace, as in the address of Bird's web application"},
			{Name: settingAccessKey, Asked: true,
				Help: "the id (not the secret) of the access key, to tell its own messages from others"},
		},
		// The documented limit is 50 reads a second for a workspace; this stays far below.
		Pace:         providers.Pace{Every: 200 * time.Millisecond, Burst: 10, InFlight: 4},
		Table:        table,
		AccessValues: accesses,
		Audience:     audience,
		Effects:      effects,
		Open:         open,
	}
}

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
	providers.Editor

	account   providers.Account
	client    *client
	accessKey string

	channels *providers.Kept[channels]
	contacts *providers.Recent[string] // names by id, "" for one that cannot be had
	agents   *providers.Recent[string] // likewise
	messages *providers.Recent[thread]
	held     *providers.Recent[map[string]json.RawMessage] // attributes as the service sent them
}

var _ model.Creator = (*provider)(nil)

func open(a providers.Account) (model.Provider, error) { return newProvider(a) }

func newProvider(a providers.Account) (*provider, error) {
	const op = "open account"
	a.BaseURL = a.Base(DefaultBaseURL)
	workspace := strings.TrimSpace(a.Settings[settingWorkspace])
	if err := checkWorkspace(workspace); err != nil {
		return nil, providers.Local(op, settingWorkspace+": "+err.Error())
	}
	if a.Credential == nil {
		return nil, providers.Local(op, "the account has no credential")
	}
	c := &client{workspace: workspace}
	proof := c.page(listConversations, "", 1, "", nil)
	var err error
	c.Client, err = providers.NewClient(a, providers.ClientOptions{
		InFlight:    4,
		Proof:       &proof,
		Credential:  &providers.Credential{Schemes: []string{scheme}},
		DecodeError: decodeError,
		Around:      c.around,
	})
	if err != nil {
		return nil, err
	}
	p := &provider{
		account:   a,
		client:    c,
		accessKey: strings.TrimSpace(a.Settings[settingAccessKey]),
		messages:  providers.NewRecent[thread](maxThreads),
		held:      providers.NewRecent[map[string]json.RawMessage](maxHeldAttributes),
		contacts:  providers.NewRecent[string](maxNames),
		agents:    providers.NewRecent[string](maxNames),
	}
	p.channels = providers.NewKept(listChannels.Name, 0, p.readChannels)
	p.Editor = providers.Editor{Client: c.Client, Table: table, Plan: p.plan, Limits: p.limits}
	return p, nil
}

// scheme stands before the access key.
const scheme = "AccessKey"

func (p *provider) Describe() model.Description {
	d := p.account.Describe(Factory(), model.Bird+" "+p.account.BaseURL+" "+p.client.workspace)
	d.ParticipantStatuses = participantStatuses
	d.DefaultStatus = statusActive
	d.NewPrivacy, d.NewAccess = model.PrivacyPublic, accesses[0] // documented defaults
	d.NewTakesChannel = true                                     // it may be left out, as the vendor's own create example does
	d.EmptyTitle = true                                          // "required; may be empty" (docs.bird.com/api, create conversation)
	d.People = []model.LookupKind{model.LookupContacts, model.LookupUsers, model.LookupFlows}
	// Vendor's limits are far above; a list every ten seconds is what careful clients do.
	d.MinRefresh = 10 * time.Second
	return d
}

const (
	reasonDeleted = "the conversation is deleted"
	reasonPatch   = "documented: PATCH of the conversation"
)

const (
	callPatch  = "PATCH /workspaces/{workspace_id}/conversations/{id}"
	callPeople = "/workspaces/{workspace_id}/conversations/{id}/participants"
)

// table is what the service can do, whatever the account. The participants of a row are at most the featured five, so
// an edit of them needs the full list. All else is on the conversation.
var table = []providers.CapabilityRow{
	providers.Yes(model.EditPrivacy, callPatch+" visibility", reasonPatch),
	providers.Yes(model.EditTitle, callPatch+" name", reasonPatch),
	providers.Yes(model.EditDescription, callPatch+" description", reasonPatch),
	providers.Assumed(model.EditStatus, callPatch+" status",
		"assumed: Bird documents the call, but not its words; \"active\" and \"closed\" are sent"),
	providers.Yes(model.EditAccess, callPatch+" accessibility", reasonPatch),
	providers.Yes(model.EditParticipants, "DELETE, PATCH "+callPeople+"/{participant}, POST "+callPeople,
		"documented: add users, flows and contacts, set a status, remove; access keys and bots cannot be added").
		Needing(model.NeedParticipants),
	providers.No(model.EditDefaultRole, "Bird has no roles"),
	providers.No(model.EditContacts, "Bird has no contact set apart from the participants"),
	providers.No(model.EditLabels, "Bird has attributes rather than labels"),
	providers.Assumed(model.EditAttributes, callPatch+" attributes",
		"assumed: Bird's example changes them, its reference leaves them out; all of them are sent"),
	providers.No(model.EditArchive, "Bird has no archive: close the conversation, or delete it"),
	providers.Yes(model.EditDelete, "DELETE /workspaces/{workspace_id}/conversations/{id}", "documented; described as permanent"),
	providers.Yes(model.EditCreate, "POST /workspaces/{workspace_id}/conversations",
		"documented: with up to five people and a first message"),
}

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
	if p.client.lacks.of(listParticipants) != nil {
		no(model.EditParticipants, "the access key has no right to list the participants, and without the list none is changed")
	}
}

// Link implements model.Provider. No address of Bird's web application is documented, and there are no recordings.
func (p *provider) Link(_ context.Context, _ model.Conversation, kind model.LinkKind) (string, error) {
	return providers.NoLink(kind, "Bird has no recordings", "Bird documents no address for a conversation")
}

// Check implements model.Provider. It asks for everything afresh, whatever was learnt; the parts of a conversation are
// those of the newest.
func (p *provider) Check(ctx context.Context) []model.CheckResult {
	p.client.lacks.forget()
	var out []model.CheckResult
	ask := func(name, good string, call providers.Call) providers.RawPage {
		page, err := readPage(p.client.Do(ctx, call))
		out = append(out, providers.Check(name, good, err))
		return page
	}
	head := ask(model.CheckList, "", p.client.page(listConversations, "", providers.HeadSize, "", nil))
	if !out[0].OK {
		return out // nothing else can be told from that
	}
	out[0].Detail = providers.Seen(len(head.Rows), head.Next != "")
	if len(head.Rows) > 0 {
		o, _ := providers.ObjectOf(head.Rows[0])
		if newest := o.Text("id"); newest != "" {
			ask("messages", "can be read", p.client.messages(newest, "", time.Time{}))
			ask("participants", "can be read", p.client.page(listParticipants, newest, pageLimit, "", nil))
			ask("inboxes", "who has it, and what was read, can be shown", p.client.feedItems(newest))
		}
	}
	ask("channels", "can be named", p.client.page(listChannels, "", 1, "", nil))
	ask("contacts", "can be looked up", p.client.page(listContacts, "", 1, "", nil))
	ask("users", "can be looked up", p.client.agents(1, "", ""))
	return out
}
