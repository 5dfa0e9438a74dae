package providers

import "context"

// Gate has a number of places; who waits for one obeys a context.
type Gate chan struct{}

// NewGate makes a gate with some places.
func NewGate(places int) Gate { return make(Gate, places) }

// Enter takes a place. Its error is that of the context.
func (g Gate) Enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Leave returns the place back.
func (g Gate) Leave() { <-g }
