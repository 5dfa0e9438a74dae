package model

// CapabilityState says whether an edit can be made.
type CapabilityState string

// The states of a capability.
const (
	CapabilityYes     CapabilityState = "yes"
	CapabilityAssumed CapabilityState = "assumed" // see AssumedMeans
	CapabilityNo      CapabilityState = "no"
)

// AssumedMeans explains CapabilityAssumed to a person.
const AssumedMeans = `"assumed" means that the vendor does not document the call, or not all of it: confab sends it and checks the answer.`

// Capability says whether one kind of edit can be made to one conversation, and why.
type Capability struct {
	State  CapabilityState `json:"state"`
	Reason string          `json:"reason"`
}

// Can reports whether the edit may be tried.
func (c Capability) Can() bool { return c.State == CapabilityYes || c.State == CapabilityAssumed }

// Capabilities holds one entry for every EditKind.
type Capabilities map[EditKind]Capability

// Of returns the capability for a kind of edit; a kind without an entry can't be made.
func (c Capabilities) Of(k EditKind) Capability {
	if v, ok := c[k]; ok {
		return v
	}
	return Capability{State: CapabilityNo, Reason: "the service can't do this"}
}
