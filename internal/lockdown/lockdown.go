// Package lockdown keeps what the process holds inside it: no dumps, no swap where that
// is possible, and a sandbox where the system has one.
package lockdown

// A Status is what Harden could do.
type Status struct {
	CoreLimit  bool `json:"core_limit"`  // the size of core dumps is limited to 0
	NoDump     bool `json:"no_dump"`     // nobody but root may read this process's memory
	MemoryLock bool `json:"memory_lock"` // memory is not swapped
}
