package providers

import (
	"strconv"

	"confab/model"
)

// lookupPage is how many entries one page of a picker holds by default.
const lookupPage = 50

// CutPage returns one page of a directory that is held whole. Its cursor is the
// number of entries before the next page.
func CutPage(all []model.Participant, req model.LookupRequest) model.LookupPage {
	from, _ := strconv.Atoi(req.Cursor)
	from = max(0, min(from, len(all)))
	limit := req.Limit
	if limit <= 0 {
		limit = lookupPage
	}
	to := min(len(all), from+limit)
	page := model.LookupPage{Items: all[from:to:to]}
	if to < len(all) {
		page.Cursor = strconv.Itoa(to)
	}
	return page
}
