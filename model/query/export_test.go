package query

// Equal compares by identity: each is in its table once, and holds functions.
func (f *field) Equal(g *field) bool { return f == g }

// Equal compares by identity.
func (w *word) Equal(x *word) bool { return w == x }

// Root is the top of a query; nil means everything.
func (q Query) Root() *Node { return q.root }

// WithSort is the same query in another order, the default one for the zero Sort.
func (q Query) WithSort(s Sort) Query {
	if q.sort = s; s.Field == "" {
		q.sort = Sort{}
	}
	return q
}
