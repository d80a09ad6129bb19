//go:build goexperiment.runtimesecret

package secret

import (
	"runtime"
	runtimesecret "runtime/secret"
)

// Do runs f and erases the registers and the stack that f used, and erases what
// f allocated when the garbage collector frees it. It covers the calling
// goroutine only: a goroutine that f starts is not covered, and a call made in a
// worker must be made inside that worker. Allocating inside is slow.
//
// Where the Go runtime has no such support, Do just calls f.
func Do(f func()) { runtimesecret.Do(f) }

// Collect erases what Do allocated and is no longer in use. What the first
// collection finds unused may lead to more, and finalizers keep some for another.
func Collect() {
	for range 3 {
		runtime.GC()
	}
}
