package query

// Equal compares by identity: each field is in its table once and holds functions.
func (f *field) Equal(g *field) bool { return f == g }

// Equal compares by identity.
func (w *word) Equal(x *word) bool { return w == x }

// Equal compares the ends, not what Bounds remembers.
func (r *DateRange) Equal(o *DateRange) bool {
	return r == o || r != nil && o != nil && r.from == o.from && r.to == o.to
}

// IsZero reports whether the query matches everything in the default order.
func (q Query) IsZero() bool { return q.root == nil && q.Sort() == defaultSort }

// Root returns the top node of a query; nil matches everything.
func (q Query) Root() *Node { return q.root }

// WithSort returns the query with another order; the zero Sort is the default one.
func (q Query) WithSort(s Sort) Query {
	if q.sort = s; s.Field == "" {
		q.sort = Sort{}
	}
	return q
}
