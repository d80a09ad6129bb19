//go:build !goexperiment.runtimesecret

package secret

// Do runs f. This build has no runtime/secret, so nothing is erased after it.
func Do(f func()) { f() }

// Collect does nothing: there is nothing to erase.
func Collect() {}
