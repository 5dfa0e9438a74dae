// Package config reads and writes the settings file, knows where confab keeps its files, and fetches credentials.
//
// What may be relied on:
//
//   - Load reports everything that is wrong with the file at once: unknown keys, wrong types, duplicates and invalid
//     values, each with file, line, column and, where one is close, the nearest valid word.
//   - The package knows no provider, no action and no query language. Validators holds their rules. A nil rule skips its
//     check.
//   - No secret reaches an error, a Problem, Show, fmt, encoding/json or log/slog. Only Source.Get returns it. A secret
//     typed into the settings file is refused and not repeated.
//   - Credentials are read when they are first needed and kept in memory only. Source reads again after a rejection.
//   - Files made here have the mode 0600, directories 0700. Init creates the settings file, and nothing rewrites it.
//     WriteSandbox replaces only files with its own marker.
//   - A *Config is plain data that this package never changes after Load. A Source may be used concurrently. The only
//     goroutine that may outlive a call is a keyring look-up that the operating system does not answer.
//
// Owners and permissions are checked on Unix only.
package config
