package model

// Project gives what to show: the server's state with the pending edits laid
// over it in order. Neither argument is changed.
func Project(server Conversation, pending []Edit) Conversation {
	c := server
	if len(pending) > 0 {
		c = server.Clone()
	}
	for _, e := range pending {
		apply(&c, e)
	}
	return c
}

func apply(c *Conversation, e Edit) {
	text := e.Target.String()
	switch e.Kind {
	case EditPrivacy:
		c.Privacy = Privacy(text)
	case EditTitle:
		c.Title = text
	case EditDescription:
		c.Description = text
	case EditStatus:
		c.Closed = text == StatusClosed
		c.Status = "active" // Bird's own word, the one service whose status can be edited
		if c.Closed {
			c.Status = StatusClosed
		}
	case EditAccess:
		c.Access = text
	case EditDefaultRole:
		c.DefaultRole = text
	case EditParticipants:
		c.Participants = SetOf(cloneSlice(e.Target.Set())...)
		c.ParticipantCount = len(c.Participants.Items)
	case EditContacts:
		c.Contacts = SetOf(cloneSlice(e.Target.Set())...)
	case EditLabels:
		c.Labels = withKey(c.Labels, e.Key, e.Target)
	case EditAttributes:
		c.Attributes = withKey(c.Attributes, e.Key, e.Target)
	case EditArchive:
		c.Archived = true
	}
}

func withKey(m map[string]string, key string, v Value) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	if v.Text == nil {
		delete(m, key)
	} else {
		m[key] = *v.Text
	}
	return m
}
