// Package config holds what a person tells confab about itself: the settings file, where files live, and where
// credentials come from.
//
// What may be relied on:
//
//   - Load is strict and complete: unknown keys, wrong types, duplicates and wrong values are all reported together as
//     Errors, each with file, line, column and, where one is close, the nearest valid word.
//   - The package knows no provider, no action and no query language. Validators brings these rules in; a nil rule
//     skips its check.
//   - No secret reaches an error, a Problem, Show, fmt, encoding/json or log/slog. Source gives its value to Get only.
//     A secret typed into the settings file is refused without being repeated.
//   - Credentials are read when first asked for and kept in memory only; Source reads again after a rejection.
//   - Files made here are 0600 and directories 0700. The user's settings file is created by Init and never rewritten.
//     WriteSandbox replaces only files that carry its own marker.
//   - A *Config is plain data and is not changed by this package once Load returned it. Source is safe for concurrent
//     use; nothing else here starts a goroutine that outlives its call, except a keyring look-up that the operating
//     system does not answer.
//
// Ownership and permissions are checked on Unix. On other systems the checks that need Unix modes are left out.
package config
