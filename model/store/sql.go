package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"time"

	"confab/model"
)

// row is one row of a query's result, or none.
type row struct {
	t    *tx
	from interface{ Scan(dest ...any) error }
}

// scan reads the columns of a row; ok is false if there is no row.
func (r row) scan(dest ...any) (ok bool) {
	if r.t.err != nil {
		return false
	}
	err := r.from.Scan(dest...)
	if !errors.Is(err, sql.ErrNoRows) {
		r.t.fail(err)
	}
	return err == nil
}

func (t *tx) row(query string, args ...any) row {
	if t.err != nil {
		return row{t: t}
	}
	return row{t, t.QueryRowContext(t.ctx, query, args...)}
}

// rows yields the rows of a query, until the first error of the transaction.
func (t *tx) rows(query string, args ...any) iter.Seq[row] {
	return func(yield func(row) bool) {
		if t.err != nil {
			return
		}
		rows, err := t.QueryContext(t.ctx, query, args...)
		if err != nil {
			t.fail(err)
			return
		}
		defer rows.Close()
		for t.err == nil && rows.Next() {
			if !yield(row{t, rows}) {
				return
			}
		}
		t.fail(rows.Err())
	}
}

// exec runs a statement. The result is nil after an error.
func (t *tx) exec(query string, args ...any) (res sql.Result) {
	if t.err == nil {
		res, t.err = t.ExecContext(t.ctx, query, args...)
	}
	return res
}

func list[T any](t *tx, scan func(row) (T, bool), query string, args ...any) (out []T) {
	for r := range t.rows(query, args...) {
		if v, ok := scan(r); ok {
			out = append(out, v)
		}
	}
	return out
}

func column[T any](r row) (v T, ok bool) {
	ok = r.scan(&v)
	return v, ok
}

func (t *tx) exists(query string, args ...any) bool {
	found, _ := column[bool](t.row("SELECT EXISTS ("+query+")", args...))
	return found
}

// read runs f in a read transaction and returns its result, or the zero value after an
// error.
func read[T any](ctx context.Context, s *Store, op string, f func(*tx) T) (v T, err error) {
	dbtx, err := s.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return v, s.localError(op, err)
	}
	defer dbtx.Rollback()
	t := &tx{Tx: dbtx, ctx: ctx, s: s}
	if got := f(t); t.err == nil {
		v = got
	}
	return v, s.localError(op, t.err)
}

// all reads every row of a query with scan.
func all[T any](ctx context.Context, s *Store, op string, scan func(row) (T, bool), query string, args ...any) ([]T, error) {
	return read(ctx, s, op, func(t *tx) []T { return list(t, scan, query, args...) })
}

// one reads the first row of a query with scan; ok is false if there is no row.
func one[T any](ctx context.Context, s *Store, op string, scan func(row) (T, bool), query string, args ...any) (v T, ok bool, err error) {
	v, err = read(ctx, s, op, func(t *tx) (v T) {
		v, ok = scan(t.row(query, args...))
		return v
	})
	return v, ok, err
}

// A long change is made in slices, so that other writers, in this process and in others, get
// their turn in between.
const (
	// sliceRows and sliceTime bound one slice.
	sliceRows = 150
	sliceTime = 10 * time.Millisecond
	// slicePause is longer than the pause between two tries of another process (busyWait).
	slicePause = 3 * time.Millisecond
)

// inSlices calls f for each element of a list, in as many write transactions as it takes.
// An error leaves the transactions before it in place.
func inSlices[T any](ctx context.Context, s *Store, op string, list []T, f func(*tx, T)) error {
	if len(list) == 0 {
		return nil
	}
	return s.repeat(ctx, op, func(t *tx) (done bool) {
		list = slice(t, list, f)
		return len(list) == 0
	})
}

// slice calls f for the first elements of a list and returns the rest.
func slice[T any](t *tx, list []T, f func(*tx, T)) (rest []T) {
	began := time.Now()
	for i, v := range list {
		if i == sliceRows || t.err != nil || time.Since(began) >= sliceTime {
			return list[i:]
		}
		f(t, v)
	}
	return nil
}

// repeat runs f in write transactions until f returns true.
func (s *Store) repeat(ctx context.Context, op string, f func(t *tx) (done bool)) error {
	for {
		done := false
		if err := s.change(ctx, op, func(t *tx) { done = f(t) }); err != nil || done {
			return err
		}
		if err := pause(ctx, slicePause); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

type fromJSON struct{ to any }

// Scan fails with errDamaged if the column holds no JSON of that type: what confab wrote has changed on the disk.
func (j fromJSON) Scan(column any) error {
	raw, ok := column.([]byte)
	if text, is := column.(string); is {
		raw, ok = []byte(text), true
	}
	if err := json.Unmarshal(raw, j.to); err != nil || !ok {
		return fmt.Errorf("%w: a %T can't be decoded: %w", errDamaged, column, err)
	}
	return nil
}

// fromJSONOrNull scans a column of JSON; NULL leaves the pointer nil.
type fromJSONOrNull[T any] struct{ to **T }

func (j fromJSONOrNull[T]) Scan(column any) error {
	if column == nil {
		return nil
	}
	*j.to = new(T)
	return fromJSON{*j.to}.Scan(column)
}

// json returns the JSON of a value, or NULL for a nil pointer.
func (t *tx) json(v any) any {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
		return nil
	}
	raw, err := json.Marshal(v)
	t.fail(err)
	return raw
}

// asList encodes a list for json_each, which lets a query take any number of ids as one
// argument.
func asList[T string | int64 | [2]string](list []T) string {
	raw, _ := json.Marshal(append([]T{}, list...)) // strings and numbers always encode
	return string(raw)
}

// refList encodes refs for json_each, each as a list of account and id.
func refList(refs []model.Ref) string {
	list := make([][2]string, len(refs))
	for i, r := range refs {
		list[i] = [2]string{r.Account, r.ID}
	}
	return asList(list)
}

// fromMS scans a column of milliseconds since 1970; NULL and 0 are the zero time.
type fromMS struct{ to *time.Time }

func (m fromMS) Scan(column any) error {
	n, _ := column.(int64)
	*m.to = timeOf(n)
	return nil
}

func ms(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}
