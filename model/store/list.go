package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"confab/model"
	"confab/model/query"
)

// List reads a window of the rows that match a query, in its order. If anchor
// is in the list, the window is placed around it and Page.Index says where it
// is; otherwise offset counts.
func (s *Store) List(ctx context.Context, q query.Query, now time.Time, loc *time.Location, offset, limit int, anchor model.Ref) (model.Page, error) {
	p := model.Page{Index: -1}
	err := s.reading(ctx, func(t *sql.Tx) error {
		where, args := s.condition(q, now, loc)
		keys := order(q.Sort())
		if err := t.QueryRowContext(ctx, "SELECT count(*) FROM conversation WHERE "+where, args...).Scan(&p.Total); err != nil {
			return err
		}
		if !anchor.IsZero() {
			var err error
			if p.Index, err = position(ctx, t, where, args, keys, anchor); err != nil {
				return err
			}
			if p.Index >= 0 {
				offset = p.Index - limit/2
			}
		}
		offset = max(0, min(offset, p.Total-limit))
		p.Offset = offset
		if limit <= 0 {
			return nil
		}
		rows, err := t.QueryContext(ctx, `
SELECT c.key, c.account, c.id, c.flags, c.snoozed, c.pinned, c.checked, b.server FROM
  (SELECT key FROM conversation WHERE `+where+" ORDER BY "+orderBy(keys)+` LIMIT ? OFFSET ?) w
  JOIN conversation c ON c.key = w.key JOIN body b ON b.key = c.key ORDER BY `+orderBy(keys),
			append(append([]any(nil), args...), limit, offset)...)
		if err != nil {
			return err
		}
		p.Rows, err = scanRows(ctx, t, rows, now)
		return err
	})
	return p, localError("list", err)
}

// reading runs f in one read transaction, so that what it reads fits together.
func (s *Store) reading(ctx context.Context, f func(*sql.Tx) error) error {
	t, err := s.read.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer t.Rollback()
	return f(t)
}

// scanRows reads rows as they are at a moment: a snooze that has ended is none.
func scanRows(ctx context.Context, t *sql.Tx, rows *sql.Rows, now time.Time) ([]model.Row, error) {
	defer rows.Close()
	var out []model.Row
	var waiting []int
	for rows.Next() {
		var r model.Row
		var flags, snoozed, checked int64
		var pinned bool
		var body []byte
		var ref model.Ref
		if err := rows.Scan(&r.Key, &ref.Account, &ref.ID, &flags, &snoozed, &pinned, &checked, &body); err != nil {
			return nil, err
		}
		if json.Unmarshal(body, &r.Conversation) != nil {
			// One damaged row must not hide all others; the next reading heals it.
			r.Conversation = model.Conversation{Ref: ref, ParticipantCount: -1}
		}
		f := query.Flag(flags)
		r.Triage = model.Triage{Done: f&query.FlagDone != 0, Pinned: pinned, Seen: f&query.FlagUnseen == 0}
		if snoozed > ms(now) {
			r.Triage.SnoozedUntil = fromMS(snoozed)
		}
		r.Checked = fromMS(checked)
		if f&(query.FlagPending|query.FlagFailed|query.FlagConflict) != 0 {
			waiting = append(waiting, len(out))
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	rows.Close()
	for _, i := range waiting {
		if err := layPending(ctx, t, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// layPending projects the edits on their way onto a row.
func layPending(ctx context.Context, t *sql.Tx, r *model.Row) error {
	ref := r.Conversation.Ref
	rows, err := t.QueryContext(ctx, "SELECT edit, state FROM outbox WHERE account = ? AND conv = ? ORDER BY id", ref.Account, ref.ID)
	if err != nil {
		return err
	}
	defer rows.Close()
	var edits []model.Edit
	for rows.Next() {
		var raw []byte
		var e model.Edit
		var state model.EditState
		if err := rows.Scan(&raw, &state); err != nil {
			return err
		}
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		if shown(state) {
			edits = append(edits, e)
		}
		r.Pending = append(r.Pending, model.Pending{ID: e.ID, Submission: e.Submission, Kind: e.Kind, State: state})
	}
	r.Conversation = model.Project(r.Conversation, edits)
	return rows.Err()
}

// Row reads one projected row; ok is false where it is not cached or gone.
func (s *Store) Row(ctx context.Context, ref model.Ref) (r model.Row, ok bool, err error) {
	err = s.reading(ctx, func(t *sql.Tx) error {
		rows, err := t.QueryContext(ctx, "SELECT c.key, c.account, c.id, c.flags, c.snoozed, c.pinned, c.checked, b.server FROM conversation c JOIN body b ON b.key = c.key WHERE c.account = ? AND c.id = ? AND c.gone = 0",
			ref.Account, ref.ID)
		if err != nil {
			return err
		}
		out, err := scanRows(ctx, t, rows, s.now())
		if len(out) == 1 {
			r, ok = out[0], true
		}
		return err
	})
	return r, ok, localError("read a row", err)
}

// Refs gives every conversation that matches a query, in its order.
func (s *Store) Refs(ctx context.Context, q query.Query, now time.Time, loc *time.Location) ([]model.Ref, error) {
	where, args := s.condition(q, now, loc)
	rows, err := s.read.QueryContext(ctx, "SELECT account, id FROM conversation WHERE "+where+" ORDER BY "+orderBy(order(q.Sort())), args...)
	if err != nil {
		return nil, localError("list", err)
	}
	defer rows.Close()
	var out []model.Ref
	for rows.Next() {
		var r model.Ref
		if err := rows.Scan(&r.Account, &r.ID); err != nil {
			return nil, localError("list", err)
		}
		out = append(out, r)
	}
	return out, localError("list", rows.Err())
}

// Count gives how many conversations match a query.
func (s *Store) Count(ctx context.Context, q query.Query, now time.Time, loc *time.Location) (int, error) {
	where, args := s.condition(q, now, loc)
	n := 0
	err := s.read.QueryRowContext(ctx, "SELECT count(*) FROM conversation WHERE "+where, args...).Scan(&n)
	return n, localError("count", err)
}

// key is one column of an order.
type key struct {
	expr string
	desc bool
}

// order gives the columns that sort as query.Compare does. The default order
// is that of the index conversation_updated.
func order(s query.Sort) []key {
	var keys []key
	number := func(column string) {
		if s.Reverse {
			keys = append(keys, key{"(" + column + " = 0)", false})
		}
		keys = append(keys, key{column, !s.Reverse})
	}
	keys = append(keys, key{"pinned", true})
	switch s.Field {
	case query.SortCreated:
		number("created")
	case query.SortDuration:
		number("duration")
	case query.SortTitle:
		keys = append(keys, key{"(title = '')", false}, key{"title", s.Reverse})
	case query.SortProvider:
		keys = append(keys, key{"provider", s.Reverse}, key{"account", s.Reverse})
	default:
		number("updated")
	}
	return append(keys, key{"created", true}, key{"account", false}, key{"id", false})
}

func orderBy(keys []key) string {
	parts := make([]string, len(keys))
	for i, k := range keys {
		parts[i] = k.expr
		if k.desc {
			parts[i] += " DESC"
		}
	}
	return strings.Join(parts, ", ")
}

// position counts the matching rows that come before a conversation; -1 where
// it does not match.
func position(ctx context.Context, t *sql.Tx, where string, args []any, keys []key, ref model.Ref) (int, error) {
	exprs := make([]string, len(keys))
	vals := make([]any, len(keys))
	ptrs := make([]any, len(keys))
	for i, k := range keys {
		exprs[i] = k.expr
		ptrs[i] = &vals[i]
	}
	err := t.QueryRowContext(ctx, "SELECT "+strings.Join(exprs, ", ")+" FROM conversation WHERE account = ? AND id = ? AND ("+where+")",
		append([]any{ref.Account, ref.ID}, args...)...).Scan(ptrs...)
	if errors.Is(err, sql.ErrNoRows) {
		return -1, nil
	}
	if err != nil {
		return -1, err
	}
	var before []string
	all := append([]any(nil), args...)
	for i, k := range keys {
		var and []string
		for j := range i {
			and = append(and, keys[j].expr+" = ?")
			all = append(all, vals[j])
		}
		op := " < ?"
		if k.desc {
			op = " > ?"
		}
		and = append(and, k.expr+op)
		all = append(all, vals[i])
		before = append(before, "("+strings.Join(and, " AND ")+")")
	}
	n := 0
	err = t.QueryRowContext(ctx, "SELECT count(*) FROM conversation WHERE ("+where+") AND ("+strings.Join(before, " OR ")+")", all...).Scan(&n)
	return n, err
}

// Vocabulary gives the values that completion offers, some hundred of each.
func (s *Store) Vocabulary(ctx context.Context) (query.Vocabulary, error) {
	var v query.Vocabulary
	where, args := s.condition(query.Query{}, s.now(), time.UTC)
	first := func(column string) []query.Value {
		rows, err := s.read.QueryContext(ctx, "SELECT DISTINCT "+column+" FROM conversation WHERE "+column+" <> '' AND "+where+" LIMIT 300", args...)
		if err != nil {
			return nil
		}
		defer rows.Close()
		var out []query.Value
		for rows.Next() {
			var text string
			if rows.Scan(&text) == nil {
				line, _, _ := strings.Cut(text, "\n")
				out = append(out, query.Value{Text: line})
			}
		}
		return out
	}
	v.Accounts, v.Providers, v.Kinds, v.Statuses = first("account"), first("provider"), first("kind"), first("status")
	v.Owners, v.Teams, v.Spaces, v.Channels, v.Companies = first("owner"), first("team"), first("space"), first("channel"), first("company")
	v.Labels, v.Roles = first("labels"), first("roles")
	return v, ctx.Err()
}
