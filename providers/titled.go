package providers

import "strings"

// Titled joins the title of an error with what a service says in detail, each
// said once: a detail that holds the title stands alone.
func Titled(title, detail string) string {
	title, detail = strings.TrimSpace(title), strings.TrimSpace(detail)
	switch {
	case detail == "":
		return title
	case strings.Contains(strings.ToLower(detail), strings.ToLower(title)):
		return detail
	}
	return title + ": " + detail
}
