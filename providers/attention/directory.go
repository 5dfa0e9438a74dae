package attention

import (
	"context"
	"net/url"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

// directoryAge is how long users and teams are kept.
const directoryAge = 15 * time.Minute

// directory is users and teams, for names.
type directory struct{ users, teams []model.Participant }

// readDirectory reads users and teams. A service that refuses them to this
// credential has none.
func (c *client) readDirectory(ctx context.Context) (directory, error) {
	people, err := c.users(ctx, nil)
	if err != nil && !refusal(err) {
		return directory{}, err
	}
	groups, err := c.teams(ctx)
	if err != nil && !refusal(err) {
		return directory{}, err
	}
	d := directory{make([]model.Participant, 0, len(people)), make([]model.Participant, 0, len(groups))}
	for _, e := range people {
		d.users = append(d.users, userOf(e))
	}
	for _, e := range groups {
		d.teams = append(d.teams, model.Participant{Kind: string(model.LookupTeams), ID: e.id, Name: e.fields.Text("name")})
	}
	return d, nil
}

func refusal(err error) bool {
	k := model.KindOf(err)
	return k == model.Forbidden || k == model.NotFound || k == model.Unsupported
}

func userOf(e entry) model.Participant {
	return model.Participant{Kind: model.KindUser, ID: e.id, Name: fullName(e.fields), Email: e.fields.Text("email")}
}

// lookup answers from lists that the service gives whole. The scope of a
// label lookup is a label's name: then its options are listed.
func (p *provider) lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	var all []model.Participant
	switch req.Kind {
	case model.LookupUsers, model.LookupTeams:
		d, err := p.directory.Get(ctx)
		if err != nil {
			return model.LookupPage{}, err
		}
		all = d.users
		if req.Kind == model.LookupTeams {
			all = d.teams
		}
	case model.LookupLabels:
		list, err := p.client.labels(ctx)
		if err != nil {
			return model.LookupPage{}, err
		}
		all = labelEntries(list, req.Scope)
	default:
		return model.LookupPage{}, providers.Unsupported("look up", "Attention has no directory of this kind")
	}
	var found []model.Participant
	for _, e := range all {
		if matches(e, req.Text) {
			found = append(found, e)
		}
	}
	if len(found) == 0 && req.Kind == model.LookupUsers && strings.Contains(req.Text, "@") {
		list, err := p.client.users(ctx, url.Values{"filter[email]": {req.Text}})
		if err != nil && !refusal(err) {
			return model.LookupPage{}, err
		}
		for _, e := range list {
			if u := userOf(e); matches(u, req.Text) {
				found = append(found, u)
			}
		}
	}
	model.SortPeople(found)
	return providers.CutPage(found, req), nil
}

func labelEntries(list []entry, scope string) []model.Participant {
	var out []model.Participant
	for _, e := range list {
		name := e.fields.Text("name")
		if scope == "" {
			out = append(out, model.Participant{Kind: string(model.LookupLabels), ID: e.id, Name: name})
			continue
		}
		if name != scope {
			continue
		}
		options, _ := e.fields.List("options")
		for _, o := range options {
			value := first(o.Text("value"), o.Text(""))
			out = append(out, model.Participant{Kind: "option", ID: value, Name: value})
		}
	}
	return out
}

func matches(e model.Participant, text string) bool {
	if text == "" || e.ID == text {
		return true
	}
	text = strings.ToLower(text)
	return strings.Contains(strings.ToLower(e.Name), text) || strings.Contains(strings.ToLower(e.Email), text)
}

// frame gives what conversions need. Names are a convenience: a failure to
// read them only leaves them out.
func (p *provider) frame(ctx context.Context) frame {
	d, err := p.directory.Names(ctx)
	if err != nil {
		p.account.Logf("names: %v", err)
	}
	return p.framed(d)
}

// known is frame with the names known so far, without a request.
func (p *provider) known() frame { return p.framed(p.directory.Known()) }

func (p *provider) framed(d directory) frame {
	f := frame{account: p.account.Name, web: p.web, users: make(map[string]model.Participant, len(d.users)), teams: make(map[string]string, len(d.teams))}
	for _, u := range d.users {
		f.users[u.ID] = u
	}
	for _, t := range d.teams {
		f.teams[t.ID] = t.Name
	}
	return f
}
