package model

import "slices"

// Project returns the server's state with the pending edits laid over it in order.
func Project(server Conversation, pending []Edit) Conversation {
	if len(pending) == 0 {
		return server
	}
	c := server.Clone()
	for _, e := range pending {
		apply(&c, e)
	}
	return c
}

func apply(c *Conversation, e Edit) {
	switch t := e.Kind.row(); {
	case t.text != nil:
		*t.text(c) = e.Target.String()
	case t.people != nil:
		*t.people(c) = SetOf(slices.Clone(e.Target.Set())...)
		if e.Kind == EditParticipants {
			c.ParticipantCount = len(c.Participants.Items)
		}
	case t.pairs != nil:
		pairs := t.pairs(c)
		if *pairs == nil {
			*pairs = map[string]string{}
		}
		if (*pairs)[e.Key] = e.Target.String(); e.Target.Text == nil {
			delete(*pairs, e.Key)
		}
	case t.set != nil:
		t.set(c, e.Target.String())
	}
}
