package lockdown

import "golang.org/x/sys/unix"

// Harden limits what the process can leave behind, as far as the system lets it.
// Call it at the start of main: it affects the whole process.
func Harden() Status {
	return Status{
		CoreLimit: noCore(),
		NoDump:    unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) == nil,
		// Go reserves more than a gigabyte of addresses, so this fails for ordinary
		// users; without MCL_ONFAULT it would touch what is mapped.
		MemoryLock: unix.Mlockall(unix.MCL_CURRENT|unix.MCL_FUTURE|unix.MCL_ONFAULT) == nil,
	}
}
