package providers

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"confab/model"
)

// Row is one conversation of a list, with what the service sent for it.
type Row struct {
	model.Conversation
	Raw json.RawMessage
}

// Head is the beginning of a list that a service gives newest created first.
type Head struct {
	Rows []Row
	// Sure says that the rows are in that order, without a gap.
	Sure bool
}

// ReadHead walks a list from its head to the first conversation of known, to its end, or for as many pages as the walk has;
// without known, one page. Rows are compared by the service's own times alone. The head is sure only where it got there
// without a hole: then every conversation that was created since known was read is above.
func ReadHead(ctx context.Context, known []string, w Walk[Row]) (Head, error) {
	h := Head{Sure: true}
	if known == nil {
		w.Most = 1
	}
	var last time.Time
	met := false
	walked, err := w.Run(ctx, "", func(page Page[Row]) (bool, error) {
		h.Sure = h.Sure && !page.Holes
		for _, r := range page.Rows {
			if !r.Created.IsZero() {
				h.Sure = h.Sure && (last.IsZero() || !r.Created.After(last))
				last = r.Created
			}
			if met = slices.Contains(known, r.Ref.ID); met {
				return false, nil
			}
			if !slices.ContainsFunc(h.Rows, func(o Row) bool { return o.Ref.ID == r.Ref.ID }) {
				h.Rows = append(h.Rows, r)
			}
		}
		return true, nil
	})
	if err != nil {
		return Head{}, err
	}
	h.Sure = h.Sure && (met || walked.Ended || known == nil && !walked.Again)
	return h, nil
}

func (h Head) Newest() model.Newest {
	ids := make([]string, len(h.Rows))
	for i, r := range h.Rows {
		ids[i] = r.Ref.ID
	}
	return model.Newest{IDs: ids, Sure: h.Sure}
}

// FindCreated picks from a head what a create may have made: alike tells by the row whether title and place are those asked
// for; same reads it and tells whether all of it is, and whether it bears a mark of that very create. Another new row may be
// it where ours says that this account can have created it: its title may have changed since.
func FindCreated(h Head, alike, ours func(Row) bool,
	same func(Row) (c model.Conversation, ok, marked bool, err error)) (model.Found, error) {
	found := model.Found{Sure: h.Sure}
	var others []string
	for _, r := range h.Rows {
		if !alike(r) {
			if ours(r) {
				others = append(others, r.Ref.ID)
			}
			continue
		}
		c, ok, marked, err := same(r)
		if model.KindOf(err) == model.NotFound {
			continue // it has gone meanwhile
		}
		if err != nil {
			return model.Found{}, err
		}
		if marked {
			return model.Found{Same: []model.Conversation{c}, Alike: []string{c.Ref.ID}, Marked: true, Sure: h.Sure}, nil
		}
		found.Alike = append(found.Alike, r.Ref.ID)
		if ok {
			found.Same = append(found.Same, c)
		}
	}
	if len(found.Same) == 0 {
		found.Alike = append(found.Alike, others...)
	}
	return found, nil
}
