package bird

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// DefaultBaseURL is the vendor's own (docs.bird.com/api/api-access/common-api-usage).
const DefaultBaseURL = "https://api.bird.com"

// Settings of an account.
const (
	settingWorkspace = "workspace_id"
	settingAccessKey = "access_key_id"
)

// Factory opens Bird accounts.
func Factory() providers.Factory {
	return providers.Factory{
		Name:           model.Bird,
		Title:          "Bird",
		DefaultBaseURL: DefaultBaseURL,
		Settings: []providers.Setting{
			{Name: settingWorkspace, Required: true, Check: checkWorkspace,
				Help: "the id (a UUID) of the workspace, as in the address of Bird's web application"},
			{Name: settingAccessKey,
				Help: "the id (not the secret) of the access key, to tell its own messages from others"},
		},
		// The documented limit is 50 reads a second for a workspace; this stays far below.
		Pace:         providers.Pace{Every: 200 * time.Millisecond, Burst: 10, InFlight: 4},
		Table:        table(),
		AccessValues: accessValues(),
		Open:         open,
	}
}

func accessValues() []string { return []string{accessOpen, accessRequest, accessInviteOnly} }

func checkWorkspace(v string) error {
	switch {
	case strings.HasPrefix(v, "ws_"):
		return errors.New("the workspace id is the UUID, not the short name that starts with ws_")
	case v == "" || strings.ContainsAny(v, "/?# \t\r\n"):
		return errors.New("the workspace id is a UUID, 00000000-0000-0000-0000-000000000000")
	}
	return nil
}

func identity(a providers.Account) string {
	return model.Bird + " " + a.Base(DefaultBaseURL) + " " + strings.TrimSpace(a.Settings[settingWorkspace])
}

// Provider is one account: one workspace seen through one access key.
type Provider struct {
	providers.Editor

	account   providers.Account
	client    *client
	accessKey string

	channels *providers.Kept[channels]
	contacts recent[string] // names by id, "" for one that cannot be had
	agents   recent[string] // likewise
	messages recent[thread]
	held     recent[heldAttributes]
}

var (
	_ model.Provider = (*Provider)(nil)
	_ model.Creator  = (*Provider)(nil)
)

func open(a providers.Account) (model.Provider, error) { return newProvider(a) }

func newProvider(a providers.Account) (*Provider, error) {
	const op = "open account"
	a.BaseURL = a.Base(DefaultBaseURL)
	workspace := strings.TrimSpace(a.Settings[settingWorkspace])
	if err := checkWorkspace(workspace); err != nil {
		return nil, &model.Error{Kind: model.Local, Op: op, Message: settingWorkspace + ": " + err.Error()}
	}
	if a.Credential == nil {
		return nil, &model.Error{Kind: model.Local, Op: op, Message: "the account has no credential"}
	}
	c := &client{workspace: workspace}
	proof := c.listConversations(1, "")
	h, err := providers.NewClient(a, providers.ClientOptions{
		InFlight:    4,
		Proof:       &proof,
		Credential:  &providers.Credential{Schemes: []string{scheme}},
		DecodeError: decodeError,
	})
	if err != nil {
		return nil, err
	}
	c.http = h
	p := &Provider{
		account:   a,
		client:    c,
		accessKey: strings.TrimSpace(a.Settings[settingAccessKey]),
		messages:  recent[thread]{limit: maxThreads},
		held:      recent[heldAttributes]{limit: maxHeldAttributes},
		contacts:  recent[string]{limit: maxContactNames},
		agents:    recent[string]{limit: maxContactNames},
	}
	p.channels = providers.NewKept(listChannelsEndpoint.Name, 0, p.readChannels)
	p.Editor = providers.Editor{Client: h, Do: p.client.do, Table: table(), Plan: p.plan, Limits: p.limits}
	return p, nil
}

// scheme stands before the access key.
const scheme = "AccessKey"

// Describe implements model.Provider.
func (p *Provider) Describe() model.Description {
	return model.Description{
		Provider:            model.Bird,
		Name:                "Bird",
		Account:             p.account.Name,
		BaseURL:             p.account.BaseURL,
		Identity:            identity(p.account),
		ReadOnly:            p.account.ReadOnly,
		AccessValues:        accessValues(),
		ParticipantStatuses: participantStatuses(),
		DefaultStatus:       statusActive,
		NewTakesChannel:     true, // it may be left out, as the vendor's own create example does
		EmptyTitle:          true, // "required; may be empty" (docs.bird.com/api, create conversation)
		People:              []model.LookupKind{model.LookupContacts, model.LookupUsers, model.LookupFlows},
		Audience: map[string]string{
			model.AudienceKey(model.EditCreate, ""):                           "Where nothing is chosen, Bird makes it public and open: everyone in the workspace whose role shows conversations (assumed).",
			model.AudienceKey(model.EditPrivacy, string(model.PrivacyPublic)): "Everyone in the Bird workspace whose role shows conversations (assumed: Bird does not say who sees a public one).",
			model.AudienceKey(model.EditAccess, accessOpen):                   "Anyone in the workspace can join without being asked (assumed from the word: Bird does not explain it).",
			model.AudienceKey(model.EditAccess, accessRequest):                "Anyone in the workspace can ask to join (assumed from the word: Bird does not explain it).",
			model.AudienceKey(model.EditStatus, model.StatusOpen):             "Its participants can be written to again (assumed: Bird says only that a closed conversation takes no messages).",
			model.AudienceKey(model.EditParticipants, model.KindContact):      "The contact is a customer outside of the company and takes part from then on; which earlier messages it sees is assumed to depend on the channel.",
			model.AudienceKey(model.EditParticipants, model.KindUser):         "The user sees the conversation, its earlier messages included (assumed).",
			model.AudienceKey(model.EditParticipants, model.KindFlow):         "The automation takes part from then on (assumed).",
		},
		// Vendor's limits are far above; a list every ten seconds is what careful clients do.
		MinRefresh: 10 * time.Second,
	}
}

const (
	reasonDeleted = "the conversation is deleted"
	reasonPatch   = "documented: PATCH of the conversation"
)

// table is what the service can do, whatever the account.
func table() []providers.CapabilityRow {
	const patch = "PATCH /workspaces/{workspace_id}/conversations/{id}"
	const people = "/workspaces/{workspace_id}/conversations/{id}/participants"
	return []providers.CapabilityRow{
		{Kind: model.EditPrivacy, State: model.CapabilityYes, Call: patch + " visibility", Reason: reasonPatch},
		{Kind: model.EditTitle, State: model.CapabilityYes, Call: patch + " name", Reason: reasonPatch},
		{Kind: model.EditDescription, State: model.CapabilityYes, Call: patch + " description", Reason: reasonPatch},
		{Kind: model.EditStatus, State: model.CapabilityAssumed, Call: patch + " status",
			Reason: "assumed: the call is documented, but not the values it takes; active and closed are sent"},
		{Kind: model.EditAccess, State: model.CapabilityYes, Call: patch + " accessibility", Reason: reasonPatch},
		{Kind: model.EditParticipants, State: model.CapabilityYes, Call: "DELETE, PATCH " + people + "/{participant}, POST " + people,
			Reason: "documented: add users, flows and contacts, set a status, remove; access keys and bots cannot be added"},
		{Kind: model.EditDefaultRole, State: model.CapabilityNo, Reason: "Bird has no roles"},
		{Kind: model.EditContacts, State: model.CapabilityNo, Reason: "Bird has no contact set apart from the participants"},
		{Kind: model.EditLabels, State: model.CapabilityNo, Reason: "Bird has attributes rather than labels"},
		{Kind: model.EditAttributes, State: model.CapabilityAssumed, Call: patch + " attributes",
			Reason: "assumed: the vendor's example changes them, its reference leaves them out; the whole map is sent"},
		{Kind: model.EditArchive, State: model.CapabilityNo, Reason: "Bird has no archive: close the conversation, or delete it"},
		{Kind: model.EditDelete, State: model.CapabilityYes, Call: "DELETE /workspaces/{workspace_id}/conversations/{id}",
			Reason: "documented; described as permanent"},
		{Kind: model.EditCreate, State: model.CapabilityYes, Call: "POST /workspaces/{workspace_id}/conversations",
			Reason: "documented: with up to five people and a first message"},
	}
}

// limits are what one conversation does not allow.
func (p *Provider) limits(c model.Conversation, no func(model.EditKind, string)) {
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
	if p.client.lacks.of(listParticipantsEndpoint.Name) != nil {
		no(model.EditParticipants, "the access key has no right to list the participants, and without the list none is changed")
	}
}

// patched lists what one PATCH changes, and so what its refusal tells about.
func patched() []model.EditKind {
	return []model.EditKind{model.EditPrivacy, model.EditTitle, model.EditDescription, model.EditStatus,
		model.EditAccess, model.EditAttributes}
}

// Needs implements model.Provider: the participants of a row are at most the featured five, so an edit of them needs
// the full list. All else is on the conversation.
func (p *Provider) Needs(kinds ...model.EditKind) model.Need {
	for _, k := range kinds {
		if k == model.EditParticipants {
			return model.NeedParticipants
		}
	}
	return 0
}

// Link implements model.Provider. No address of Bird's web application is documented, and there are no recordings.
func (p *Provider) Link(_ context.Context, _ model.Conversation, kind model.LinkKind) (string, error) {
	if kind == model.LinkRecording {
		return "", providers.Unsupported("open recording", "Bird has no recordings")
	}
	return "", providers.Unsupported("open in browser", "Bird documents no address for a conversation")
}

// Check implements model.Provider. It asks for everything afresh, whatever was learnt; the parts of a conversation are
// those of the newest.
func (p *Provider) Check(ctx context.Context) []model.CheckResult {
	var (
		out    []model.CheckResult
		newest string
	)
	ask := func(name, good string, call providers.Call) (providers.Page[json.RawMessage], bool) {
		answer, err := p.client.ask(ctx, call)
		var pg providers.Page[json.RawMessage]
		if err == nil {
			pg, err = readPage(answer)
		}
		if err != nil {
			out = append(out, model.FailedCheck(name, err))
			return pg, false
		}
		out = append(out, model.CheckResult{Name: name, OK: true, Detail: good})
		return pg, true
	}
	pg, ok := ask("conversations", "the access key can list the workspace's conversations", p.client.listConversations(1, ""))
	if !ok {
		return out // nothing else can be told from that
	}
	if len(pg.Rows) > 0 {
		c, _ := convertRow(pg.Rows[0], p.account.Name, nil)
		newest = c.Ref.ID
	}
	if newest != "" {
		ask("messages", "messages can be read", p.client.listMessages(newest, "", time.Time{}))
		ask("participants", "participants can be read", p.client.listParticipants(newest, ""))
		ask("inboxes", "assignees and what was read can be shown", p.client.searchFeedItems(newest))
	}
	ask("channels", "channels can be named", p.client.listChannels(1, ""))
	ask("contacts", "contacts can be looked up", p.client.listContacts(1, ""))
	ask("agents", "users can be looked up", p.client.listAgents(1, "", ""))
	return out
}
