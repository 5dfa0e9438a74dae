package attention

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"confab/model"
	"confab/providers"
)

const directoryAge = 15 * time.Minute

// directory is users and teams by id, for names.
type directory struct{ users, teams map[string]model.Participant }

// readDirectory reads users and teams. A service that refuses them to this
// credential has none.
func (p *provider) readDirectory(ctx context.Context) (directory, error) {
	d := directory{map[string]model.Participant{}, map[string]model.Participant{}}
	users, err := p.plain(ctx, endpointUsers, nil)
	if err != nil && !refusal(err) {
		return directory{}, err
	}
	teams, err := p.plain(ctx, endpointTeams, nil)
	if e := model.AsError(err); e != nil && (e.Status == http.StatusNotFound || e.Status == http.StatusMethodNotAllowed) {
		teams, err = p.plain(ctx, endpointTeamsAlso, nil)
	}
	if err != nil && !refusal(err) {
		return directory{}, err
	}
	for _, e := range users {
		d.users[e.id] = userOf(e)
	}
	for _, e := range teams {
		d.teams[e.id] = model.Participant{Kind: string(model.LookupTeams), ID: e.id, Name: e.fields.Text("name")}
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

// Lookup implements model.Provider. It answers from lists that the service gives
// whole. The scope of a label lookup is a label's name: then its options are listed.
func (p *provider) Lookup(ctx context.Context, req model.LookupRequest) (model.LookupPage, error) {
	var (
		d     directory
		found []model.Participant
		err   error
	)
	switch req.Kind {
	case model.LookupUsers:
		d, err = p.directory.Get(ctx)
		found = slices.Collect(maps.Values(d.users))
	case model.LookupTeams:
		d, err = p.directory.Get(ctx)
		found = slices.Collect(maps.Values(d.teams))
	case model.LookupLabels:
		var labels []entry
		labels, err = p.plain(ctx, endpointLabelList, nil)
		found = labelEntries(labels, req.Scope)
	default:
		err = providers.Unsupported("look up", "Attention has no directory of this kind")
	}
	if err != nil {
		return model.LookupPage{}, err
	}
	others := func(e model.Participant) bool { return !matches(e, req.Text) }
	found = slices.DeleteFunc(found, others)
	if len(found) == 0 && req.Kind == model.LookupUsers && strings.Contains(req.Text, "@") {
		users, err := p.plain(ctx, endpointUsers, url.Values{"filter[email]": {req.Text}})
		if err != nil && !refusal(err) {
			return model.LookupPage{}, err
		}
		for _, e := range users {
			found = append(found, userOf(e))
		}
		found = slices.DeleteFunc(found, others)
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
		} else if name == scope {
			options, _ := e.fields.List("options")
			for _, o := range options {
				value := o.FirstText("value", "")
				out = append(out, model.Participant{Kind: "option", ID: value, Name: value})
			}
		}
	}
	return out
}

func matches(e model.Participant, text string) bool {
	part := strings.ToLower(text)
	return e.ID == text || strings.Contains(strings.ToLower(e.Name), part) || strings.Contains(strings.ToLower(e.Email), part)
}
