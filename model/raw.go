package model

import (
	"regexp"
	"strings"
)

// GroupRaw is the group of facts that tell a person nothing: they stand beside the service's own object.
const GroupRaw = "Raw"

var (
	rawValue = regexp.MustCompile(`^(?:[a-z]{2,8}[_-][0-9A-Za-z]*[0-9][0-9A-Za-z]*|(?:[a-z]+ )?[0-9]{9,})$`)
	aUUID    = regexp.MustCompile(`(?i)\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b`)
	rawLabel = regexp.MustCompile(`(?:^|[ ._])(?:[Ii][Dd]|(?i:uuid|uid|href|etag|key))$|(?:Id|ID|Uuid|UUID|UID|Url)$`)
)

// maxRaw is the longest text that is taken for an id, in bytes.
const maxRaw = 200

// ForMachines reports whether a fact is an id, or what a service keeps for itself.
func (f Fact) ForMachines() bool {
	switch {
	case f.Group == GroupRaw:
		return true
	case len(f.Value) > maxRaw:
		return false
	case strings.Contains(f.Value, "://"):
		return strings.HasSuffix(f.Label, "Url")
	}
	return rawLabel.MatchString(f.Label) || rawValue.MatchString(f.Value) || aUUID.MatchString(f.Value) || aUUID.MatchString(f.Label)
}
