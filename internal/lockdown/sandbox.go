package lockdown

import "fmt"

// Files are all that a program may still reach after Confine, besides the
// terminal and what is open already. Names that lead nowhere are no error: what
// opens them later will say so.
type Files struct {
	Read  []string // files, or folders with all that is in them, for reading
	Write []string // outputs, to be made new in their folders
	Own   []string // folders of the run itself, which it may also remove
}

// A Protection is the part of the sandbox that is in force.
type Protection struct {
	Landlock int  // the version of its interface that is in force; 0: files are within reach
	Seccomp  bool // only needed system calls are allowed
}

// Complete reports whether all of the sandbox is in force.
func (p Protection) Complete() bool { return p.Landlock > 0 && p.Seccomp }

func (p Protection) String() string {
	switch {
	case p.Complete():
		return fmt.Sprintf("Landlock (version %d) and seccomp", p.Landlock)
	case p.Landlock > 0:
		return fmt.Sprintf("Landlock (version %d) only", p.Landlock)
	case p.Seccomp:
		return "seccomp only"
	default:
		return "none"
	}
}

// Support is what the system offers to Confine.
type Support struct {
	Landlock int  `json:"landlock"` // the version of its interface, 0 for none
	Seccomp  bool `json:"seccomp"`
}
