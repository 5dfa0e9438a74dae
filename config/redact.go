package config

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

const hidden = "[hidden]"

// maxShown is the greatest number of runes of a key or name that a message repeats.
const maxShown = 48

// knownSecret matches keys and tokens that begin as those of known services do, and JSON web tokens.
var knownSecret = regexp.MustCompile(`(?i)^(bearer\s+\S{6,}|basic\s+\S{6,}|sk[-_].{6,}|[pr]k[-_](live|test).{6,}|` +
	`xox[a-z]-.{6,}|gh[oprsu]_.{6,}|github_pat_.{6,}|glpat-.{6,}|eyj[a-z0-9_-]{10,}.*|AKIA[A-Z0-9]{12,}|AIza.{20,})$`)

var secretToken = regexp.MustCompile(`[A-Za-z0-9_+=~-]{8,}`)

// looksSecret reports whether a word is probably a credential: it has a known beginning, or it mixes letters and digits in
// 20 or more characters without a break. Upper-case names with underscores are not, because environment variables look
// like that.
func looksSecret(s string) bool {
	if knownSecret.MatchString(s) {
		return true
	}
	return len(s) >= 20 && !strings.ContainsAny(s, ` /\,`) &&
		strings.ContainsAny(s, "0123456789") && strings.ContainsFunc(s, unicode.IsLetter) &&
		(strings.ContainsFunc(s, unicode.IsLower) || !strings.Contains(s, "_"))
}

// knownInText matches whole credentials with a known beginning inside a text.
var knownInText = regexp.MustCompile(`(?i)\b(?:sk[-_]|[pr]k[-_](?:live|test)|xox[a-z]-|gh[oprsu]_|github_pat_|glpat-|` +
	`eyj[a-z0-9_-]{10})[^\s"',;()\[\]]{6,}`)

// schemeInText matches the value of an Authorization header.
var schemeInText = regexp.MustCompile(`(?i)\b(?:bearer|basic)\s+[^\s"',;()\[\]]{8,}`)

// redactKnown hides credentials of a known form. Paths and names stay readable.
func redactKnown(s string) string {
	s = schemeInText.ReplaceAllStringFunc(s, func(found string) string {
		if strings.ContainsAny(found, "0123456789") {
			return hidden
		}
		return found
	})
	return knownInText.ReplaceAllString(s, hidden)
}

// redact also hides every word that looks like a secret. It is for texts from outside confab.
func redact(s string) string {
	return secretToken.ReplaceAllStringFunc(redactKnown(s), func(word string) string {
		if looksSecret(word) {
			return hidden
		}
		return word
	})
}

// quoted returns a key or name for use in a message: shortened, control characters escaped, hidden if it looks secret.
func quoted(s string) string {
	if looksSecret(s) {
		return strconv.Quote(hidden)
	}
	if r := []rune(s); len(r) > maxShown {
		s = string(r[:maxShown]) + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// secretKeys holds the keys under which people type secrets, in lower case and with underscores.
var secretKeys = map[string]bool{
	"token": true, "api_key": true, "apikey": true, "api_token": true, "secret": true, "secret_key": true, "password": true,
	"passwd": true, "access_token": true, "refresh_token": true, "client_secret": true, "bearer": true, "bearer_token": true,
	"auth_token": true, "authorization": true, "private_key": true, "access_key": true, "key": true,
	"credential": true, "credentials": true, "value": true,
}

var separators = strings.NewReplacer("-", "_", " ", "_")

func secretKey(key string) bool { return secretKeys[strings.ToLower(separators.Replace(key))] }
