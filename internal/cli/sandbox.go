package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"lifeboat/internal/lockdown"
)

// sandbox is what a run knows about its process's sandbox.
type sandbox struct {
	confined bool
	inForce  lockdown.Protection
	why      error // why it is not all
}

// Reads says that the values of flags name files, or folders, that the verb reads
// altogether. A value that names neither allows nothing.
func (f *Flags) Reads(flags ...string) { f.reads = append(f.reads, flags...) }

// ReadsNamed says the same of flags whose values are NAME=FILE.
func (f *Flags) ReadsNamed(flags ...string) { f.readsNamed = append(f.readsNamed, flags...) }

// files returns the files that the flags name.
func (f *Flags) files() []string {
	files := f.values(f.reads)
	for _, v := range f.values(f.readsNamed) {
		if _, path, ok := strings.Cut(v, "="); ok {
			files = append(files, path)
		}
	}
	return files
}

// confineTo leaves the process nothing but files, and refuses to go on without a
// sandbox if the user requires one. It does nothing if the process is not the
// program's own or is already confined.
func (e *Env) confineTo(f *Flags, files lockdown.Files) error {
	s := e.sandbox
	if e.confine != nil && !s.confined {
		s.confined = true
		// Afterwards, the files to look at can be read only if they are open (kept).
		e.probes.network()
		e.probes.swap()
		s.inForce, s.why = e.confine(files)
	}
	if !f.requireSandbox || e.sandbox.inForce.Complete() {
		return nil
	}
	return Fail(Refused, fmt.Errorf("--require-sandbox needs Landlock and seccomp, but %s", e.sandbox),
		"use a Linux system that has both, or leave --require-sandbox out")
}

// String says what is in force, and why it is not all.
func (s *sandbox) String() string {
	text := fmt.Sprintf("the sandbox in force is %s", s.inForce)
	if s.why != nil {
		text += fmt.Sprintf(" (%s)", strings.ReplaceAll(s.why.Error(), "\n", "; "))
	}
	return text
}

// values returns what was given for flags.
func (f *Flags) values(flags []string) []string {
	var all []string
	for _, name := range flags {
		flag := f.Lookup(name)
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			all = append(all, list.GetSlice()...)
		} else if v := flag.Value.String(); v != "" {
			all = append(all, v)
		}
	}
	return all
}
