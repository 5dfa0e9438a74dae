package store

import (
	"strings"
	"time"

	"confab/model"
	"confab/model/query"
)

// condition makes of a query the SQL that selects the same rows as
// query.Match would.
func (s *Store) condition(q query.Query, now time.Time, loc *time.Location) (string, []any) {
	c := compiler{now: now, loc: loc}
	c.sql.WriteString("gone = 0")
	if scope := s.scope.Load(); scope != nil {
		c.sql.WriteString(" AND account IN (" + placeholders(len(*scope)) + ")")
		for _, a := range *scope {
			c.args = append(c.args, a)
		}
	}
	if root := q.Root(); root != nil {
		c.sql.WriteString(" AND ")
		c.node(root)
	}
	return c.sql.String(), c.args
}

type compiler struct {
	sql  strings.Builder
	args []any
	now  time.Time
	loc  *time.Location
}

func (c *compiler) add(sql string, args ...any) {
	c.sql.WriteString(sql)
	c.args = append(c.args, args...)
}

func (c *compiler) node(n *query.Node) {
	switch n.Op {
	case query.Leaf:
		c.term(&n.Term)
	case query.Not:
		c.add("NOT (")
		c.node(n.Kids[0])
		c.add(")")
	case query.And, query.Or:
		word := " AND "
		if n.Op == query.Or {
			word = " OR "
		}
		c.add("(")
		for i, k := range n.Kids {
			if i > 0 {
				c.add(word)
			}
			c.node(k)
		}
		c.add(")")
	}
}

// holds are the fields whose column holds the value somewhere.
var holds = map[string]string{
	query.FieldTitle: "title", query.FieldWith: "people", query.FieldOwner: "owner", query.FieldTeam: "team",
	query.FieldSpace: "space", query.FieldChannel: "channel", query.FieldCompany: "company",
}

// equals are the fields whose column, folded, is the value.
var equals = map[string]string{
	query.FieldProvider: "provider", query.FieldKind: "kind", query.FieldStatus: "status",
	query.FieldAccount: "lower(account)",
}

func (c *compiler) term(t *query.Term) {
	if column, ok := holds[t.Field]; ok {
		c.add("instr("+column+", ?) > 0", t.Value)
		return
	}
	if column, ok := equals[t.Field]; ok {
		c.add(column+" = ?", t.Value)
		return
	}
	switch t.Field {
	case "":
		c.add("(instr(title, ?) > 0 OR instr(people, ?) > 0 OR instr(preview, ?) > 0)", t.Value, t.Value, t.Value)
	case query.FieldRole:
		c.add("instr(char(10) || roles || char(10), char(10) || ? || char(10)) > 0", t.Value)
	case query.FieldLabel:
		if t.HasValue {
			c.add("instr(char(10) || labels || char(10), char(10) || ? || char(10)) > 0", t.Key+"="+t.Value)
		} else {
			c.add("instr(char(10) || labels, char(10) || ?) > 0", t.Key+"=")
		}
	case query.FieldID:
		c.add("(id = ? OR account || ':' || id = ?)", t.Raw, t.Raw)
	case query.FieldUpdated, query.FieldCreated:
		from, to := t.Date.Bounds(c.now, c.loc)
		c.add("("+t.Field+" <> 0 AND "+t.Field+" >= ? AND "+t.Field+" < ?)", from, to)
	case query.FieldIs:
		c.is(t.Value)
	case query.FieldHas:
		c.flag(map[string]query.Flag{query.HasContacts: query.FlagContacts, query.HasMessages: query.FlagMessages,
			query.HasRecording: query.FlagRecording, query.HasTranscript: query.FlagTranscript}[t.Value])
	default:
		c.add("0")
	}
}

func (c *compiler) flag(f query.Flag) { c.add("flags & ? <> 0", int64(f)) }

func (c *compiler) is(word string) {
	switch word {
	case query.IsAny:
		c.add("1")
	case query.IsPrivate:
		c.add("privacy IN (?, ?)", string(model.PrivacyPrivate), string(model.PrivacyParticipants))
	case query.IsPublic:
		c.add("privacy = ?", string(model.PrivacyPublic))
	case query.IsOpen:
		c.add("flags & ? = 0", int64(query.FlagClosed|query.FlagArchived))
	case query.IsSnoozed:
		c.add("snoozed > ?", c.now.UnixMilli())
	default:
		c.flag(map[string]query.Flag{query.IsClosed: query.FlagClosed, query.IsArchived: query.FlagArchived,
			query.IsInternal: query.FlagInternal, query.IsExternal: query.FlagExternal, query.IsDone: query.FlagDone,
			query.IsPinned: query.FlagPinned, query.IsUnseen: query.FlagUnseen, query.IsPending: query.FlagPending,
			query.IsFailed: query.FlagFailed, query.IsConflict: query.FlagConflict, query.IsEmpty: query.FlagEmpty}[word])
	}
}
