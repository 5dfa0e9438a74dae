package providers

import (
	"cmp"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"confab/model"
)

// LookupLimit is how many entries one page of a picker holds by default.
const LookupLimit = 50

// CutPage returns one page of a directory that is held whole. Its cursor is the number of entries before the next page.
func CutPage(all []model.Participant, req model.LookupRequest) model.LookupPage {
	from, _ := strconv.Atoi(req.Cursor)
	from = max(0, min(from, len(all)))
	to := min(len(all), from+max(0, cmp.Or(req.Limit, LookupLimit)))
	page := model.LookupPage{Items: all[from:to:to]}
	if to < len(all) {
		page.Cursor = strconv.Itoa(to)
	}
	return page
}

// FoundOne is the page of a lookup by id, which may find nobody.
func FoundOne(who model.Participant, err error) (model.LookupPage, error) {
	switch model.KindOf(err) {
	case "":
		return model.LookupPage{Items: []model.Participant{who}}, nil
	case model.NotFound:
		return model.LookupPage{}, nil
	}
	return model.LookupPage{}, err
}

// Holds reports whether one of some texts holds another, whatever its case and its accents.
func Holds(text string, in ...string) bool {
	return strings.Contains(model.FoldText(strings.Join(in, " ")), model.FoldText(text))
}

// Check is a line of doctor: what is good, or the error.
func Check(name, good string, err error) model.CheckResult {
	if err != nil {
		return model.FailedCheck(name, err)
	}
	return model.CheckResult{Name: name, OK: true, Detail: good}
}

// HeadSize is how many conversations a check asks for.
const HeadSize = 20

// Seen says how many conversations the head of a list has, and whether there are more.
func Seen(n int, more bool) string {
	switch {
	case more && n > 0:
		return fmt.Sprintf("%d at the head of the list, and more behind", n)
	case n == 0:
		return "the list can be read, and is empty"
	}
	return fmt.Sprintf("%d in all", n)
}

// MediaLink is the address of a recording, which must be http or https. It is in no error.
func MediaLink(op, link string) (string, error) {
	u, err := url.Parse(link)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", Malformed(op, "the answer holds no link to a recording")
	}
	return link, nil
}
