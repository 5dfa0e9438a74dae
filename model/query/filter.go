package query

import (
	"math"
	"strings"
	"time"

	"confab/model"
)

// Filter gives the part of the query that services may answer themselves:
// only what must hold of every match, and of several values for one field the
// first. Owners and participants are passed on only as e-mail addresses,
// owners, teams and spaces also as what looks like an id, since services
// compare those exactly. From and To are of the creation time. What comes back
// is still to be matched, and since services search in their own way, the
// filter finds more rows but never proves that there are none.
func (q Query) Filter(now time.Time, loc *time.Location) model.Filter {
	var f model.Filter
	if q.root == nil {
		return f
	}
	terms := []*Node{q.root}
	if q.root.Op == And {
		terms = q.root.Kids
	}
	var words []string
	first := func(list *[]string, value string, fits bool) {
		if fits && len(*list) == 0 {
			*list = []string{value}
		}
	}
	for _, n := range terms {
		if n.Op == Not && n.Kids[0].Op == Leaf && n.Kids[0].Term.isWord(IsInternal) {
			f.HideInternal = true
		}
		if n.Op != Leaf {
			continue
		}
		t := &n.Term
		switch t.Field {
		case "":
			words = append(words, t.Raw)
		case FieldTitle:
			if f.Title == "" {
				f.Title = t.Raw
			}
		case FieldOwner:
			first(&f.Owner, t.Raw, looksLikeEmail(t.Raw) || LooksLikeID(t.Raw))
		case FieldWith:
			first(&f.Participants, t.Raw, looksLikeEmail(t.Raw))
		case FieldTeam:
			first(&f.Team, t.Raw, LooksLikeID(t.Raw))
		case FieldSpace:
			first(&f.Space, t.Raw, LooksLikeID(t.Raw))
		case FieldIs:
			f.HideInternal = f.HideInternal || t.Value == IsExternal
		case FieldCreated:
			from, to := t.Date.Bounds(now, loc)
			if at := time.UnixMilli(from); from != math.MinInt64 && at.After(f.From) {
				f.From = at.UTC()
			}
			if at := time.UnixMilli(to); to != math.MaxInt64 && (f.To.IsZero() || at.Before(f.To)) {
				f.To = at.UTC()
			}
		}
	}
	f.Text = strings.Join(words, " ")
	return f
}

func (t *Term) isWord(word string) bool { return t.Field == FieldIs && t.Value == word }

func looksLikeEmail(s string) bool {
	name, host, ok := strings.Cut(s, "@")
	return ok && name != "" && strings.Contains(strings.Trim(host, "."), ".") && !strings.ContainsAny(s, " \t\n")
}

// LooksLikeID tells 4711, usr_01XYZ and UUIDs from names; a name that is
// taken for an id costs a wider search at most once.
func LooksLikeID(s string) bool {
	digits, separators := 0, 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '-' || c == '_':
			separators++
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
		default:
			return false
		}
	}
	return digits > 0 && (digits == len(s) || separators > 0 || len(s) >= 12)
}
