package config

import (
	"errors"
	"net/netip"
	"net/url"
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
	if u.User != nil {
		return "", errors.New("must not hold a user or password; the credential belongs in credential")
	}
	if strings.ContainsAny(s, "?#") {
		return "", errors.New("must not have a query or a fragment")
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	host := u.Hostname()
	if (u.Scheme != "https" && u.Scheme != "http") || host == "" || strings.ContainsAny(host, "% \\") {
		return "", errors.New(`must be a full address such as "https://api.example.com/v2"`)
	}
	if u.Scheme == "http" && !loopbackHost(host) {
		return "", errors.New("must be https; http is for loopback only (127.0.0.0/8, ::1, localhost)")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return "", errors.New("has a port outside 1 to 65535")
		}
		if (u.Scheme == "https" && port == "443") || (u.Scheme == "http" && port == "80") {
			u.Host = strings.TrimSuffix(u.Host, ":"+port)
		}
	} else {
		u.Host = strings.TrimSuffix(u.Host, ":")
	}
	for segment := range strings.SplitSeq(u.Path, "/") {
		if segment == "." || segment == ".." {
			return "", errors.New(`must not have "." or ".." in its path`)
		}
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// IsLoopback reports whether a URL's host is this machine: 127.0.0.0/8, ::1 or localhost.
func IsLoopback(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && loopbackHost(strings.ToLower(u.Hostname()))
}

func loopbackHost(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Zone() == "" && !addr.Is4In6() && addr.IsLoopback()
}
