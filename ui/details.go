package ui

import "confab/model"

// detailCache keeps the last few conversations that were read whole, so that
// going back to one shows it at once. Bodies live here, in memory, and nowhere else.
type detailCache struct {
	order []model.Ref
	items map[model.Ref]model.Detail
}

const detailLimit = 8

func (c *detailCache) put(ref model.Ref, d model.Detail) {
	if c.items == nil {
		c.items = map[model.Ref]model.Detail{}
	}
	if _, ok := c.items[ref]; !ok {
		c.order = append(c.order, ref)
	}
	c.items[ref] = d
	for len(c.order) > detailLimit {
		delete(c.items, c.order[0])
		c.order = c.order[1:]
	}
}

func (c *detailCache) get(ref model.Ref) (model.Detail, bool) {
	d, ok := c.items[ref]
	return d, ok
}
