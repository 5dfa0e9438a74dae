package providers

import "strings"

// Bearer is the prefix of a bearer token in an Authorization header.
const Bearer = "Bearer "

// BareCredential gives a credential without the spaces and the "Bearer " that
// were pasted along with it; "" where nothing else is left.
func BareCredential(secret string) string {
	secret = strings.TrimSpace(secret)
	scheme, rest, _ := strings.Cut(secret, " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(rest)
	}
	return secret
}
