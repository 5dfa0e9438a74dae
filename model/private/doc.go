// Package private reads and writes files that only their owner may read or change. Files get the mode 0600, directories 0700.
// Owners and modes are checked on Unix only; access lists protect files on other systems.
package private
