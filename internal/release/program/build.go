package program

import (
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
)

// BuildFaults says how a program was not built as releases are: with which
// toolchain ("go1.26.8"), and with modules that are not in sums, the text of
// go.sum. Modules whose replacement is a folder are of this source.
func (p *Program) BuildFaults(toolchain, sums string) []string {
	var faults []string
	if version, _, _ := strings.Cut(p.Info.GoVersion, "-"); version != toolchain {
		faults = append(faults, "it was built with "+p.Info.GoVersion+", not "+toolchain)
	}
	want := map[string]string{
		"-buildmode": "exe", "-compiler": "gc", "-trimpath": "true", "CGO_ENABLED": "0",
		"GOEXPERIMENT": "runtimesecret", "GOOS": p.OS, "GOARCH": p.Arch,
	}
	switch p.Arch {
	case "amd64":
		want["GOAMD64"] = "v1"
	case "arm64":
		want["GOARM64"] = "v8.0"
	}
	for _, s := range p.Info.Settings {
		if want[s.Key] != s.Value {
			faults = append(faults, fmt.Sprintf("it was built with %s=%s, not %q", s.Key, s.Value, want[s.Key]))
		}
		delete(want, s.Key)
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		faults = append(faults, fmt.Sprintf("it was built without %s=%s", key, want[key]))
	}
	lines := strings.Split(sums, "\n")
	modules := p.Info.Deps
	if !p.Ours() {
		modules = append([]*debug.Module{&p.Info.Main}, modules...)
	}
	for _, d := range modules {
		if d = final(d); d.Sum == "" && strings.HasPrefix(d.Path, "./") {
			continue
		}
		if !slices.Contains(lines, d.Path+" "+d.Version+" "+d.Sum) {
			faults = append(faults, fmt.Sprintf("module %s %s %s is not in go.sum", d.Path, d.Version, d.Sum))
		}
	}
	return faults
}

// final returns a module's replacement, or the module.
func final(m *debug.Module) *debug.Module {
	if m.Replace != nil {
		return m.Replace
	}
	return m
}

// shown is how many differences of one kind are listed.
const shown = 5

// Differences says in words how two programs with different bytes differ: in
// toolchain, settings or modules, and otherwise in code.
func Differences(ours, theirs *Program) []string {
	var list []string
	say := func(what, a, b string) {
		if a != b {
			list = append(list, fmt.Sprintf("%s: %s here, %s there", what, present(a), present(b)))
		}
	}
	say("toolchain", ours.Info.GoVersion, theirs.Info.GoVersion)
	say("package", ours.Info.Path, theirs.Info.Path)
	say("version of the main module", ours.Info.Main.Version, theirs.Info.Main.Version)
	here, there := settings(ours), settings(theirs)
	for _, key := range union(here, there) {
		say("setting "+key, here[key], there[key])
	}
	here, there = modules(ours), modules(theirs)
	for _, path := range union(here, there) {
		say("module "+path, here[path], there[path])
	}
	if len(list) > 0 {
		return list
	}
	list = append(list, "toolchain, settings and modules are the same: the code of this repository differs, or the file was changed after it was built")
	var names []string
	for _, name := range union(ours.Symbols, theirs.Symbols) {
		a, in := ours.Symbols[name]
		b, also := theirs.Symbols[name]
		switch {
		case strings.HasPrefix(name, "go:"), strings.HasPrefix(name, "type:"): // made by the linker, follow the others
		case !also:
			names = append(names, "function or variable "+name+" is only here")
		case !in:
			names = append(names, "function or variable "+name+" is only there")
		case a != b:
			names = append(names, fmt.Sprintf("%s has %d bytes here, %d there", name, a, b))
		}
	}
	if n := len(names) - shown; n > 0 {
		names = append(names[:shown], fmt.Sprintf("and %d more", n))
	}
	return append(list, names...)
}

func present(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func settings(p *Program) map[string]string {
	m := map[string]string{}
	for _, s := range p.Info.Settings {
		m[s.Key] = s.Value
	}
	return m
}

func modules(p *Program) map[string]string {
	m := map[string]string{}
	for _, d := range p.Info.Deps {
		f := final(d)
		m[d.Path] = strings.TrimSpace(strings.TrimPrefix(f.Path, d.Path) + " " + f.Version + " " + f.Sum)
	}
	return m
}

func union[V any](a, b map[string]V) []string {
	all := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(all)
	return slices.Compact(all)
}
