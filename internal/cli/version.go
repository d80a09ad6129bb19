package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"

	"lifeboat/internal/lockdown"
)

// Version is the version of all programs.
const Version = "0.1.0"

// A clock is certainly wrong before the day of the version, and most likely this many
// years after it.
const (
	versionDate = "2026-11-01"
	versionLife = 20
)

// Build says what a program was built from.
type Build struct {
	Program  string            `json:"program"`
	Version  string            `json:"version"`
	Go       string            `json:"go"`
	Platform string            `json:"platform"`
	Settings map[string]string `json:"settings"`
	Modules  []Module          `json:"modules"`
	Sandbox  lockdown.Support  `json:"sandbox"` // what this system offers
}

// Module is a module that is linked in.
type Module struct {
	Path    string `json:"path"`
	Version string `json:"version"`
	Sum     string `json:"sum"`
	Replace string `json:"replace,omitempty"` // what stands in for it
}

// settings are the build settings that change the program.
var settings = []string{"-buildmode", "-compiler", "-ldflags", "-tags", "-trimpath", "CGO_ENABLED", "GOARCH", "GOOS", "GOAMD64", "GOARM64", "GOEXPERIMENT", "vcs.revision", "vcs.modified"}

func build(program string) Build {
	b := Build{
		Program: program, Version: Version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Settings: map[string]string{}, Modules: []Module{},
		Sandbox: lockdown.Supported(),
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, s := range info.Settings {
		if slices.Contains(settings, s.Key) {
			b.Settings[s.Key] = s.Value
		}
	}
	for _, d := range info.Deps {
		m := Module{Path: d.Path, Version: d.Version, Sum: d.Sum}
		if d.Replace != nil {
			m.Replace, m.Sum = d.Replace.Path+" "+d.Replace.Version, d.Replace.Sum
		}
		b.Modules = append(b.Modules, m)
	}
	return b
}

func (p *Program) version(f *Flags, args []string) (*Plan, error) {
	asJSON := f.Bool("json", false, "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 {
		return nil, f.Misuse("version takes nothing but --json")
	}
	b := build(p.Name) // the sandbox does not let a process ask what sandbox there is
	return &Plan{Run: func(e *Env, _ *Conditions) error {
		if *asJSON {
			return e.WriteJSON(b)
		}
		_, err := fmt.Fprintf(e.Stdout, "%s %s %s %s\n", b.Program, b.Version, b.Go, b.Platform)
		return err
	}}, nil
}
