package layout

// Rect is a part of the screen, in cells. X and Y count from the top left.
type Rect struct{ X, Y, W, H int }

// Empty reports whether nothing can be drawn in it.
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

// Contains reports whether a cell lies in it.
func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Top cuts n rows off the top.
func (r Rect) Top(n int) (top, rest Rect) {
	n = Clamp(n, 0, r.H)
	return Rect{r.X, r.Y, r.W, n}, Rect{r.X, r.Y + n, r.W, r.H - n}
}

// Bottom cuts n rows off the bottom.
func (r Rect) Bottom(n int) (rest, bottom Rect) {
	n = Clamp(n, 0, r.H)
	return Rect{r.X, r.Y, r.W, r.H - n}, Rect{r.X, r.Y + r.H - n, r.W, n}
}

// Left cuts n columns off the left.
func (r Rect) Left(n int) (left, rest Rect) {
	n = Clamp(n, 0, r.W)
	return Rect{r.X, r.Y, n, r.H}, Rect{r.X + n, r.Y, r.W - n, r.H}
}

// Center returns a rectangle of at most w by h in the middle.
func (r Rect) Center(w, h int) Rect {
	w, h = Clamp(w, 0, r.W), Clamp(h, 0, r.H)
	return Rect{r.X + (r.W-w)/2, r.Y + (r.H-h)/2, w, h}
}

// Cursor is where the terminal's cursor belongs, in cells.
type Cursor struct{ X, Y int }

// Picture is something drawn that lies over the screen.
type Picture struct {
	At     Rect
	Lines  []string
	Cursor *Cursor
	// Inside is the part of At that holds what is not border, title or footer.
	Inside Rect
	// Keys are the places of the footer that name a key.
	Keys []KeyHit
}

// Wheel scrolls what lies on top by so many lines.
type Wheel int

// Click is a click on a line of what lies on top, the first inside its border being 0.
type Click int

// KeyHit is a place on the screen that stands for a key.
type KeyHit struct {
	At  Rect
	Key string
}
