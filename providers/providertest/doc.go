// Package providertest holds what the tests of all adapters need: a stub in place of a service, a credential, and the check
// that everything a service returns reaches the person. Only tests import it.
package providertest
