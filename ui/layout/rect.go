package layout

// Rect is a part of the screen in cells, X and Y counting from the top left.
type Rect struct{ X, Y, W, H int }

// Empty reports whether the rectangle has no cells.
func (r Rect) Empty() bool { return r.W <= 0 || r.H <= 0 }

// Contains reports whether a cell lies in the rectangle.
func (r Rect) Contains(x, y int) bool {
	return x >= r.X && x < r.X+r.W && y >= r.Y && y < r.Y+r.H
}

// Top splits n rows off the top.
func (r Rect) Top(n int) (top, rest Rect) {
	n = Clamp(n, 0, r.H)
	return Rect{r.X, r.Y, r.W, n}, Rect{r.X, r.Y + n, r.W, r.H - n}
}

// Bottom splits n rows off the bottom.
func (r Rect) Bottom(n int) (rest, bottom Rect) {
	n = Clamp(n, 0, r.H)
	return Rect{r.X, r.Y, r.W, r.H - n}, Rect{r.X, r.Y + r.H - n, r.W, n}
}

// Left splits n columns off the left.
func (r Rect) Left(n int) (left, rest Rect) {
	n = Clamp(n, 0, r.W)
	return Rect{r.X, r.Y, n, r.H}, Rect{r.X + n, r.Y, r.W - n, r.H}
}

// Center returns a rectangle of at most w by h cells in the middle.
func (r Rect) Center(w, h int) Rect {
	w, h = Clamp(w, 0, r.W), Clamp(h, 0, r.H)
	return Rect{r.X + (r.W-w)/2, r.Y + (r.H-h)/2, w, h}
}

// Cursor is the place of the terminal's cursor, in cells.
type Cursor struct{ X, Y int }

// Picture is a drawn overlay.
type Picture struct {
	At     Rect
	Lines  []string
	Cursor *Cursor  // nil for none
	Inside Rect     // At without border, title and footer
	Keys   []KeyHit // the places of the footer that name a key
}

// Wheel is the message that scrolls the top overlay by lines.
type Wheel int

// Click is the message of a click on a line of the top overlay, counted from 0 inside its border.
type Click int

// KeyHit is a place on the screen where a click presses a key.
type KeyHit struct {
	At  Rect
	Key string
}
