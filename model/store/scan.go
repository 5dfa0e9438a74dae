package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"confab/model"
)

// querier is a database, or a transaction of one.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// scanner is one row of what a query returns.
type scanner interface{ Scan(dest ...any) error }

// errEnough ends each before the last row; each does not return it.
var errEnough = errors.New("enough rows")

// each calls read for every row that a query returns.
func each(ctx context.Context, q querier, read func(scanner) error, query string, args ...any) error {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := read(rows); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return rows.Err()
}

// list returns what scan makes of every row that a query returns.
func list[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (out []T, err error) {
	err = each(ctx, q, func(row scanner) error {
		v, err := scan(row)
		out = append(out, v)
		return err
	}, query, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// scanID reads a row of one text.
func scanID(row scanner) (id string, err error) {
	err = row.Scan(&id)
	return id, err
}

// scanRef reads a row of an account and an id.
func scanRef(row scanner) (ref model.Ref, err error) {
	err = row.Scan(&ref.Account, &ref.ID)
	return ref, err
}

// found reports whether a row was there, from the error of its Scan.
func found(err error) (bool, error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// fromJSON reads a column of JSON.
type fromJSON struct{ to any }

func (j fromJSON) Scan(column any) error {
	switch raw := column.(type) {
	case []byte:
		return json.Unmarshal(raw, j.to)
	case string:
		return json.Unmarshal([]byte(raw), j.to)
	}
	return fmt.Errorf("%T is no JSON", column)
}

// fromJSONOrNull reads a column that may be NULL into a pointer, which stays nil then.
type fromJSONOrNull[T any] struct{ to **T }

func (j fromJSONOrNull[T]) Scan(column any) error {
	if column == nil {
		return nil
	}
	*j.to = new(T)
	return fromJSON{*j.to}.Scan(column)
}

// asList returns a list as json_each reads it: a query takes any number of ids as
// one argument.
func asList[T string | int64 | [2]string](list []T) string {
	raw, _ := json.Marshal(append([]T{}, list...)) // texts and numbers always can be
	return string(raw)
}

// json returns what is kept of a value, NULL for a nil pointer.
func (t *tx) json(v any) any {
	if p := reflect.ValueOf(v); p.Kind() == reflect.Pointer && p.IsNil() {
		return nil
	}
	raw, err := json.Marshal(v)
	if err != nil && t.err == nil {
		t.err = err
	}
	return raw
}
