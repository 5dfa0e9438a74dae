package config

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const hidden = "[hidden]"

// maxShown bounds, in runes, a key or name repeated in a message.
const maxShown = 48

// knownSecret matches beginnings that services give their keys and tokens, JSON web tokens included.
var knownSecret = regexp.MustCompile(`(?i)^(bearer\s+\S{6,}|basic\s+\S{6,}|sk[-_].{6,}|[pr]k[-_](live|test).{6,}|` +
	`xox[a-z]-.{6,}|gh[oprsu]_.{6,}|github_pat_.{6,}|glpat-.{6,}|eyj[a-z0-9_-]{10,}.*|AKIA[A-Z0-9]{12,}|AIza.{20,})$`)

var secretToken = regexp.MustCompile(`[A-Za-z0-9_+=~-]{8,}`)

// looksSecret reports whether a word is more likely a credential than a name: a known beginning, or twenty and more
// characters without a break that mix digits and letters. Upper-case identifiers stay visible, since environment
// variables look so.
func looksSecret(s string) bool {
	if knownSecret.MatchString(s) {
		return true
	}
	return len(s) >= 20 && !strings.ContainsAny(s, ` /\,`) &&
		strings.ContainsAny(s, "0123456789") && strings.ContainsFunc(s, unicode.IsLetter) &&
		(strings.ContainsFunc(s, unicode.IsLower) || !strings.Contains(s, "_"))
}

// knownInText finds credentials with a known beginning inside a text, to their very end.
var knownInText = regexp.MustCompile(`(?i)\b(?:sk[-_]|[pr]k[-_](?:live|test)|xox[a-z]-|gh[oprsu]_|github_pat_|glpat-|` +
	`eyj[a-z0-9_-]{10})[^\s"',;()\[\]]{6,}`)

// schemeInText finds what an Authorization header holds.
var schemeInText = regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[^\s"',;()\[\]]{8,}`)

// redactKnown replaces what has the form of a credential. Paths and names stay readable.
func redactKnown(s string) string {
	s = schemeInText.ReplaceAllStringFunc(s, func(found string) string {
		if strings.ContainsAny(found, "0123456789") {
			return hidden
		}
		return found
	})
	return knownInText.ReplaceAllString(s, hidden)
}

// redact also replaces every word that looks like a secret. It is for texts that came from elsewhere.
func redact(s string) string {
	return secretToken.ReplaceAllStringFunc(redactKnown(s), func(word string) string {
		if looksSecret(word) {
			return hidden
		}
		return word
	})
}

// quoted shows a key or name in a message: bounded, with control characters escaped, and hidden when it looks secret.
func quoted(s string) string {
	if looksSecret(s) {
		return strconv.Quote(hidden)
	}
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// secretKeys are names under which people type secrets, in lower case and with underscores.
var secretKeys = map[string]bool{
	"token": true, "api_key": true, "apikey": true, "api_token": true, "secret": true, "secret_key": true, "password": true,
	"passwd": true, "access_token": true, "refresh_token": true, "client_secret": true, "bearer": true, "bearer_token": true,
	"auth_token": true, "authorization": true, "private_key": true, "access_key": true, "key": true,
	"credential": true, "credentials": true, "value": true,
}

var separators = strings.NewReplacer("-", "_", " ", "_")

func secretKey(key string) bool { return secretKeys[strings.ToLower(separators.Replace(key))] }
