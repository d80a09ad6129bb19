// Package lockdown keeps what the process holds inside it: no dumps, no swap
// where that can be had, and a sandbox where the system has one.
package lockdown

// A Status is what Harden could do.
type Status struct {
	CoreLimit  bool `json:"core_limit"`  // the size of core dumps is limited to 0
	NoDump     bool `json:"no_dump"`     // nobody but root may read this process's memory
	MemoryLock bool `json:"memory_lock"` // memory is not swapped
}

// A Protection is the part of the sandbox that is in force.
type Protection struct {
	Landlock bool `json:"landlock"` // files other than the named ones are out of reach
	Seccomp  bool `json:"seccomp"`  // system calls other than the needed ones are
}

// Complete reports whether all of the sandbox is in force.
func (p Protection) Complete() bool { return p.Landlock && p.Seccomp }

func (p Protection) String() string {
	switch {
	case p.Complete():
		return "Landlock and seccomp"
	case p.Landlock:
		return "Landlock only"
	case p.Seccomp:
		return "seccomp only"
	default:
		return "none"
	}
}

// Sandbox returns what this package has put in force, not what a container or a
// service manager may have put around the process. That is nothing yet.
func Sandbox() Protection { return Protection{} }
