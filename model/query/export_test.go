package query

// Equal compares by identity: each is in its table once, and holds functions.
func (f *field) Equal(g *field) bool { return f == g }

// Equal compares by identity.
func (w *word) Equal(x *word) bool { return w == x }
