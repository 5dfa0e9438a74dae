package bird

import (
	"context"
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"confab/model"
	"confab/providers"
)

const (
	maxPages            = 20_000
	maxParticipantPages = 100
	maxChannelPages     = 10
	headPages           = 5 // to find what was created since the list was last read
)

// Sync implements model.Provider. The list can't be narrowed, so Since and Filter are left to the caller. It comes newest created
// first, an order that was observed but is not documented. So only a full walk finds an old conversation with a new message. If
// the service refuses a page token, the walk starts again, once.
func (p *provider) Sync(ctx context.Context, req model.SyncRequest, emit providers.Emit) (model.SyncResult, error) {
	list := p.conversations(maxPages)
	list.Op, list.Expired = calls.ListConversations.Name, refusesToken
	return providers.Sync(ctx, providers.ConvertWalk(list, func(raw json.RawMessage) (model.Conversation, bool) {
		return p.convert(raw, p.channelNames(ctx))
	}), req, emit)
}

func (p *provider) conversations(maxPages int) providers.RawWalk {
	return p.list(maxPages, func(token string) providers.Call { return p.page(calls.ListConversations, "", pageLimit, token) })
}

// channels holds the channels of the workspace, in the order of the service and by id.
type channels struct {
	list []model.Participant
	byID map[string]model.Participant
}

func (c channels) name(id string) (name, platform string) { return c.byID[id].Name, c.byID[id].Status }

// channelNames returns a function that names channels, for convert. A channel without a known name is shown by its id.
func (p *provider) channelNames(ctx context.Context) func(string) (string, string) {
	known, _ := p.channels.Optional(ctx)
	return known.name
}

func (p *provider) readChannels(ctx context.Context) (channels, error) {
	list := p.list(maxChannelPages, func(token string) providers.Call {
		return p.page(calls.ListChannels, "", channelLimit, token)
	})
	rows, _, err := providers.ConvertWalk(list, convertChannel).All(ctx)
	if err != nil {
		return channels{}, err
	}
	out := channels{list: rows, byID: map[string]model.Participant{}}
	for _, c := range out.list {
		out.byID[c.ID] = c
	}
	return out, nil
}

func (p *provider) Newest(ctx context.Context, _ model.NewConversation) (model.Newest, error) {
	h, err := p.head(ctx, nil)
	return h.Newest(), err
}

// Find implements model.Creator. The first message bears a reference that is derived from the edit and unique in the workspace, so
// it identifies what this very create made. Without a first message, the people and the initiator must be the same.
func (p *provider) Find(ctx context.Context, e model.Edit, known []string) (model.FoundCreates, error) {
	n := *e.Target.New
	h, err := p.head(ctx, slices.Concat([]string{}, known))
	if err != nil {
		return model.FoundCreates{}, err
	}
	matches := func(r providers.Row) bool { return r.Title == n.Title && strings.EqualFold(r.Channel.ID, n.Channel) }
	mayBeOurs := func(r providers.Row) bool { return p.mayHaveStarted(r, n) }
	mark := messageReference(e.ID)
	return providers.FindCreated(h, matches, mayBeOurs, func(r providers.Row) (c model.Conversation, same, marked bool, err error) {
		d, err := p.Load(ctx, r.Ref.ID, model.NeedParticipants|model.NeedMessages)
		if err != nil {
			return c, false, false, err
		}
		c = d.Conversation
		for _, m := range d.Messages.Items {
			if m.Reference == mark {
				return c, true, true, nil
			}
			if m.Reference != "" && n.Message != "" {
				return c, false, false, nil
			}
		}
		// The access key that created the conversation may be a participant as well.
		d.Conversation = c.Clone()
		d.Conversation.Participants.Items = slices.DeleteFunc(d.Conversation.Participants.Items, p.isOwnKey)
		return c, n.Matches(d) && mayBeOurs(r), false, nil
	})
}

// head reads the newest conversations.
func (p *provider) head(ctx context.Context, known []string) (providers.Head, error) {
	list := p.conversations(headPages)
	read := func(ctx context.Context, token string) (out providers.Page[providers.Row], err error) {
		page, err := list.Read(ctx, token)
		if err != nil && token != "" && refusesToken(err) {
			return providers.Page[providers.Row]{Incomplete: true}, nil // what was read so far is the head
		}
		out = providers.ConvertPage(page, func(raw json.RawMessage) (providers.Row, bool) {
			c, ok := p.convert(raw, nil)
			return providers.Row{Conversation: c, Raw: raw}, ok
		})
		out.Incomplete = out.Incomplete || slices.ContainsFunc(out.Rows, func(r providers.Row) bool { return r.Created.IsZero() })
		return out, err
	}
	return providers.ReadHead(ctx, known, providers.Walk[providers.Row]{Read: read, MaxPages: headPages})
}

// mayHaveStarted reports whether a create of confab can have started a conversation: the initiator is the access key, or one of the
// people that the create named.
func (p *provider) mayHaveStarted(r providers.Row, n model.NewConversation) bool {
	o, _ := providers.ObjectOf(r.Raw)
	started := o.Object("initiatingParticipant")
	if started == nil {
		return true
	}
	who := participant(started)
	return p.isOwnKey(who) || slices.ContainsFunc(n.People, func(q model.Participant) bool { return model.SamePerson(q, who) })
}

// isOwnKey reports whether a participant may be the access key of the account.
func (p *provider) isOwnKey(q model.Participant) bool {
	return q.Kind == kindAccessKey && (p.accessKey == "" || q.ID == p.accessKey)
}

// searchPages bounds the pages that are read for a search by name, because the service searches contacts by identifier alone.
const searchPages = 10

var (
	uuidShape  = regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)
	phoneShape = regexp.MustCompile(`^\+[0-9 ()./-]{5,24}$`)
	nonDigits  = regexp.MustCompile(`[^0-9]`)
	keyShape   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.:-]{0,99}$`)
)

// Lookup implements model.Provider. It finds contacts by id, e-mail address, phone number (+31…) or KEY=VALUE, and by name among
// the first pages of the list. Users are found among the agents. Flows have no directory, so none is ever found.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if req.Limit <= 0 {
		req.Limit = providers.LookupLimit
	}
	req.Text = strings.TrimSpace(req.Text)
	switch req.Kind {
	case model.LookupContacts:
		return p.lookupContacts(ctx, req)
	case model.LookupChannels:
		known, err := p.channels.Get(ctx)
		if err != nil {
			return model.LookupPage{}, err
		}
		return providers.Search(known.list, req), nil
	case model.LookupUsers:
		if uuidShape.MatchString(req.Text) {
			return p.lookupAgent(ctx, req.Text)
		}
		return p.lookupAgents(ctx, req)
	case model.LookupFlows:
		return model.LookupPage{}, nil
	}
	return model.LookupPage{}, providers.Unsupported("look up", "Bird has no directory of this kind: "+string(req.Kind))
}

func (p *provider) lookupContacts(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	if uuidShape.MatchString(req.Text) {
		return providers.PageOfOne(p.contact(ctx, req.Text))
	}
	key, value, ok := identifierIn(req.Text)
	if !ok {
		return p.scanContacts(ctx, req)
	}
	// The shape of the answer is not documented. A list of results and a single contact are both accepted [assumed].
	answer, err := p.Client.Do(ctx, p.contactsWith(key, value))
	page, failed := readPage(answer, err)
	if err == nil {
		if o, _ := providers.ObjectOf(answer.Body); o.Peek("results") == nil && o.Text("id") != "" {
			page, failed = providers.RawPage{Rows: []json.RawMessage{answer.Body}}, nil
		}
	}
	if failed != nil && model.KindOf(failed) != model.NotFound {
		return model.LookupPage{}, failed
	}
	found := providers.ConvertPage(page, convertContact).Rows
	for i := range found {
		found[i].Identifier = pair(key, value)
	}
	return model.LookupPage{Items: found[:min(len(found), req.Limit)]}, nil
}

// identifierIn returns the identifier of a contact that a text consists of.
func identifierIn(text string) (key, value string, ok bool) {
	if k, v, found := strings.Cut(text, "="); found && v != "" && keyShape.MatchString(k) {
		return k, v, true
	}
	if name, host, _ := strings.Cut(text, "@"); name != "" && strings.Contains(host, ".") && !strings.ContainsAny(text, " \t") {
		return keyEmail, text, true
	}
	if phoneShape.MatchString(text) {
		return keyPhone, "+" + nonDigits.ReplaceAllString(text, ""), true
	}
	return "", "", false
}

// scanContacts reads the list of contacts and returns those whose name or identifier contains the text. The cursor consists of the
// service's token of a page and the number of matches of that page that have been returned already.
func (p *provider) scanContacts(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	n, token, _ := strings.Cut(req.Cursor, ":")
	skip, _ := strconv.Atoi(n)
	cursor := func(token string, skip int) string { return strconv.Itoa(skip) + ":" + token }
	var out model.LookupPage
	w := p.list(searchPages, func(at string) providers.Call {
		token = at
		return p.page(calls.ListContacts, "", pageLimit, at)
	})
	_, err := w.Run(ctx, token, func(page providers.RawPage) (bool, error) {
		matches := 0
		for _, raw := range page.Rows {
			c, ok := convertContact(raw)
			if !ok || !providers.ContainsFold(req.Text, c.Name, c.Email, c.Identifier) {
				continue
			}
			if matches++; matches <= skip {
				continue
			}
			if len(out.Items) == req.Limit {
				out.Cursor = cursor(token, matches-1)
				return false, nil
			}
			out.Items = append(out.Items, c)
		}
		skip, out.Cursor = 0, ""
		if page.Next != "" {
			out.Cursor = cursor(page.Next, 0)
		}
		return len(out.Items) < req.Limit, nil
	})
	return out, err
}

// lookupAgents returns a page of the agents. It is assumed that the id of an agent is the id of the user: a participant of type
// user is "usually an agent at the desk", and the service would refuse to add a wrong id.
func (p *provider) lookupAgents(ctx context.Context, req model.LookupRequest) (out model.LookupPage, err error) {
	page, err := readPage(p.Client.Do(ctx, p.agents(min(req.Limit, pageLimit), req.Cursor, req.Text)))
	found := slices.DeleteFunc(providers.ConvertPage(page, convertAgent).Rows, func(u model.Participant) bool {
		return !providers.ContainsFold(req.Text, u.Name, u.Email)
	})
	out.Items = found[:min(len(found), req.Limit)]
	if page.Next != req.Cursor { // else the token leads to the same page
		out.Cursor = page.Next
	}
	return out, p.withoutAgents(err)
}

// withoutAgents drops an error that says that the access key may not list agents, which is common. Then nobody is found.
func (p *provider) withoutAgents(err error) error {
	switch model.KindOf(err) {
	case model.Unauthorized, model.Forbidden, model.NotFound, model.Unsupported:
		p.Account.Logf("agents cannot be listed, so no users are found: %s", err)
		return nil
	}
	return err
}

// lookupAgent finds the agent with an id. The list has no filter by id, so it reads up to searchPages pages of it.
func (p *provider) lookupAgent(ctx context.Context, id string) (out model.LookupPage, err error) {
	list := p.list(searchPages, func(token string) providers.Call { return p.agents(pageLimit, token, "") })
	_, err = list.Run(ctx, "", func(page providers.RawPage) (bool, error) {
		out.Items = slices.DeleteFunc(providers.ConvertPage(page, convertAgent).Rows, func(u model.Participant) bool {
			return !strings.EqualFold(u.ID, id)
		})
		return len(out.Items) == 0, nil
	})
	return out, p.withoutAgents(err)
}
