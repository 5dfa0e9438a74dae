package ui

import tea "charm.land/bubbletea/v2"

// HangUp is the message of a dropped line.
func HangUp() tea.Msg { return hangupMsg{} }
