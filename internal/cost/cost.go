// Package cost says how much work trying one password on what the programs write
// takes. No flag and no variable of the environment changes it: there is nothing to
// get wrong, and no cheap file that looks like the others.
package cost

var testOnlyCheap bool

// TestOnlyCheap makes passwords cost next to nothing in this process, for tests of
// something else. No program calls it, so that the linker leaves it out; build.sh
// check looks for its name.
//
//go:noinline
func TestOnlyCheap() { testOnlyCheap = true }

// Iterations is how often PBKDF2 runs its hash for the password of a share file:
// what OWASP recommends for HMAC-SHA-256.
func Iterations() int64 {
	if testOnlyCheap {
		return 1000
	}
	return 600_000
}

// WorkFactor is scrypt's for the passphrase of a bundle, age's own: about a second
// and 256 MiB.
func WorkFactor() int {
	if testOnlyCheap {
		return 10
	}
	return 18
}
