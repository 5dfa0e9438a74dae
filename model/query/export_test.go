package query

// Fields returns the fields of the language, in the order of display.
func Fields() []field { return fields }

// Equal compares by identity: each is in its table once, and holds functions.
func (f *field) Equal(g *field) bool { return f == g }

// Equal compares by identity.
func (w *word) Equal(x *word) bool { return w == x }
