// Package welcome draws the first screen of somebody who has no account yet.
//
// What may be relied on: it asks nothing of the disk or the network, and the
// keys it names are the ones that work there.
package welcome
