package model

import "strings"

// The status of a conversation in words shared by all providers. The first two are also the targets of a status edit.
const (
	StatusOpen       = "open" // or finished: nothing is out of the ordinary
	StatusClosed     = "closed"
	StatusProcessing = "processing"
	StatusFailed     = "failed"
)

// statusWords fold the services' open vocabularies; the folding is assumed.
var statusWords = map[string]string{
	"PENDING": StatusProcessing, "IMPORTING": StatusProcessing, "IN_PROGRESS": StatusProcessing, "PROCESSING": StatusProcessing,
	"FAILED": StatusFailed, "UNAVAILABLE": StatusFailed, "DISCARDED": StatusFailed, "ERROR": StatusFailed,
}

// StatusOf returns what a service's own word means. A word that is not known is open.
func StatusOf(word string) string {
	if meaning, ok := statusWords[strings.ToUpper(word)]; ok {
		return meaning
	}
	return StatusOpen
}

// PlainStatus returns the status in one of the four words.
func (c *Conversation) PlainStatus() string {
	if c.Closed {
		return StatusClosed
	}
	return StatusOf(c.Status)
}
