package sandbox

import "time"

// newServices makes the four servers, in the order their accounts are listed,
// with total conversations spread evenly; the first ones take the remainder.
func newServices(total int, d *seedData, now func() time.Time) []service {
	share := func(i int) int {
		n := total / 4
		if i < total%4 {
			n++
		}
		return n
	}
	return []service{
		newAttention(share(0), d, now),
		newBird(share(1), d, now),
		newAskElephant(share(2), d, now),
		newKona(share(3), d, now),
	}
}

// vendor finds the server of one type.
func vendor[T service](s *Sandbox) T {
	for _, v := range s.services {
		if t, ok := v.(T); ok {
			return t
		}
	}
	var none T
	return none
}

// Attention returns the state of the Attention server.
func (s *Sandbox) Attention() *Attention { return vendor[*Attention](s) }

// AskElephant returns the state of the AskElephant server.
func (s *Sandbox) AskElephant() *AskElephant { return vendor[*AskElephant](s) }
