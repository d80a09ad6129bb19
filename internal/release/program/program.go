// Package program inspects a finished program, as a stranger would: what it was
// built from, what it is linked to, and which names are in it. It needs neither the
// source nor to run the program.
package program

import (
	"bytes"
	"debug/buildinfo"
	"debug/elf"
	"debug/macho"
	"debug/pe"
	"fmt"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
)

// A Program is an executable file of one of our targets.
type Program struct {
	Name     string // mpc-derive, without .exe
	OS, Arch string
	Info     *debug.BuildInfo
	Symbols  map[string]uint64 // the size of each function and variable, as far as the format says
	Imported []string          // what it asks of the system's libraries
	libs     []string
	loader   bool // Linux: it needs a loader
	uuid     bool // macOS: it has an LC_UUID
}

// Open reads a program.
func Open(file string) (*Program, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	info, err := buildinfo.Read(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("couldn't read what %s was built from: %w", file, err)
	}
	base := file[strings.LastIndexAny(file, `/\`)+1:]
	p := &Program{Name: strings.TrimSuffix(base, ".exe"), Info: info, Symbols: map[string]uint64{}}
	p.OS, p.Arch = p.setting("GOOS"), p.setting("GOARCH")
	switch p.OS {
	case "linux":
		err = p.elf(data)
	case "darwin":
		err = p.macho(data)
	case "windows":
		err = p.pe(data)
	default:
		err = fmt.Errorf("it is for %q, which is no target", p.OS)
	}
	if err != nil {
		return nil, fmt.Errorf("couldn't read the program %s: %w", file, err)
	}
	return p, nil
}

func (p *Program) setting(key string) string {
	i := slices.IndexFunc(p.Info.Settings, func(s debug.BuildSetting) bool { return s.Key == key })
	if i < 0 {
		return ""
	}
	return p.Info.Settings[i].Value
}

func (p *Program) elf(data []byte) error {
	f, err := elf.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for _, part := range f.Progs {
		p.loader = p.loader || part.Type == elf.PT_INTERP || part.Type == elf.PT_DYNAMIC
	}
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	for _, s := range symbols {
		p.Symbols[s.Name] = s.Size
	}
	return nil
}

func (p *Program) macho(data []byte) error {
	f, err := macho.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	const uuid = 0x1b // LC_UUID, <mach-o/loader.h>
	for _, l := range f.Loads {
		raw := l.Raw()
		p.uuid = p.uuid || len(raw) >= 4 && f.ByteOrder.Uint32(raw) == uuid
	}
	if p.libs, err = f.ImportedLibraries(); err != nil {
		return err
	}
	if p.Imported, err = f.ImportedSymbols(); err != nil {
		return err
	}
	if f.Symtab != nil {
		for _, s := range f.Symtab.Syms {
			p.Symbols[s.Name] = 0
		}
	}
	return nil
}

func (p *Program) pe(data []byte) error {
	f, err := pe.NewFile(bytes.NewReader(data))
	if err != nil {
		return err
	}
	if p.Imported, err = f.ImportedSymbols(); err != nil { // name:library
		return err
	}
	for _, s := range f.Symbols {
		p.Symbols[s.Name] = 0
	}
	return nil
}

// No program has a function that could open a connection, or act on one. Names are
// one half of the proof, system call numbers (package syscalls) the other: package
// net is linked for its types, and the linker leaves its dialers out.
var talks = regexp.MustCompile(`(?i)^(syscall|internal/syscall/unix|golang\.org/x/sys/unix)\.(socket|socketpair|connect|bind|listen|accept4?|shutdown|send(to|msg|msgN|mmsg)|recv(from|msg|mmsg)|[gs]etsockopt.*)$|^net\..*(dial|listen|socket)|net/http|crypto/tls|os/exec|^_(socket|socketpair|connectx?|bind|listen|accept|recvfrom|recvmsg|sendmsg|sendto|shutdown)$`)

// gates are the ways to a system call by its number alone, or to a function of the
// system by its name alone. On macOS Go needs none of them, so names prove more
// there; on Linux the numbers are read.
var gates = regexp.MustCompile(`^(syscall|golang\.org/x/sys/unix)\.(Raw)?Syscall[0-9]*(\.abi0)?$|^_(_*syscall|dlopen|dlsym)$`)

// forTests are functions that weaken a program for its tests. They are in the source
// and called by tests alone, and the linker leaves out what nobody calls.
var forTests = regexp.MustCompile(`^lifeboat/.*\.TestOnly[A-Z]`)

// system are the libraries that every macOS has and that Go asks for.
var system = regexp.MustCompile(`^(/usr/lib/lib(System\.B|resolv\.9)\.dylib|/System/Library/Frameworks/(CoreFoundation|Security)\.framework/.*)$`)

// Ours reports whether a program is of this source, and not one of age's.
func (p *Program) Ours() bool { return strings.HasPrefix(p.Info.Path, "lifeboat/") }

// FormFaults says what is wrong with a program's form.
func (p *Program) FormFaults() []string {
	var faults []string
	if p.loader {
		faults = append(faults, "it is dynamically linked")
	}
	if p.OS == "darwin" && !p.uuid {
		faults = append(faults, "it has no LC_UUID, so macOS 26 will not start it")
	}
	for _, l := range p.libs {
		if !system.MatchString(l) {
			faults = append(faults, "it needs the library "+l)
		}
	}
	if _, ok := p.Symbols["main.main"]; !ok {
		faults = append(faults, "main.main is not among its symbols, so the absence of others proves nothing")
	}
	return faults
}

// NameFaults says which names in a program must not be there. On Windows Go itself
// asks for sockets, so names prove nothing of connections there.
func (p *Program) NameFaults() []string {
	names := slices.Clone(p.Imported)
	for name := range p.Symbols {
		names = append(names, name)
	}
	slices.Sort(names)
	var faults []string
	for _, name := range slices.Compact(names) {
		if forTests.MatchString(name) || p.OS != "windows" && talks.MatchString(name) || p.OS == "darwin" && gates.MatchString(name) {
			faults = append(faults, "it has "+name)
		}
	}
	return faults
}
