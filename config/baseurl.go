package config

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ParseBaseURL checks the address of a service and returns its one spelling: scheme and host in lower case, no default
// port, no trailing slash. Only https is allowed, and http to loopback (127.0.0.0/8, ::1, localhost). User, password,
// query, fragment and dot segments are refused; "" stays "". Errors never repeat the address, since it may hold a
// password.
func ParseBaseURL(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if len(s) > 2048 {
		return "", errors.New("is longer than 2048 characters")
	}
	u, err := url.Parse(s)
	if err != nil || u.Opaque != "" {
		return "", errors.New("is not a valid address")
	}
	u.Host = strings.ToLower(u.Host)
	host, port := u.Hostname(), u.Port()
	number, err := strconv.Atoi(port)
	standard, known := map[string]string{"https": "443", "http": "80"}[u.Scheme]
	switch segments := strings.Split(u.Path, "/"); {
	case u.User != nil:
		return "", errors.New("must not hold a user or password; the credential belongs in credential")
	case strings.ContainsAny(s, "?#"):
		return "", errors.New("must not have a query or a fragment")
	case !known || host == "" || strings.ContainsAny(host, "% \\"):
		return "", errors.New(`must be a full address such as "https://api.example.com/v2"`)
	case u.Scheme == "http" && !loopbackHost(host):
		return "", errors.New("must be https; http is for loopback only (127.0.0.0/8, ::1, localhost)")
	case port != "" && (err != nil || number < 1 || number > 65535):
		return "", errors.New("has a port outside 1 to 65535")
	case slices.Contains(segments, ".") || slices.Contains(segments, ".."):
		return "", errors.New(`must not have "." or ".." in its path`)
	case port == standard || port == "":
		u.Host = strings.TrimSuffix(u.Host, ":"+port)
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// IsLoopback reports whether a URL's host is this machine: 127.0.0.0/8, ::1 or localhost.
func IsLoopback(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && loopbackHost(strings.ToLower(u.Hostname()))
}

func loopbackHost(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Zone() == "" && !addr.Is4In6() && addr.IsLoopback()
}
