package syscalls

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os/exec"
	"strings"
)

// File scans an ELF program with go tool objdump.
func File(file string) (*Calls, string, error) {
	f, err := elf.Open(file)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read the program: %w", err)
	}
	defer f.Close()
	arch := map[elf.Machine]string{elf.EM_X86_64: "amd64", elf.EM_AARCH64: "arm64"}[f.Machine]
	if arch == "" {
		return nil, "", fmt.Errorf("don't know the machine %v", f.Machine)
	}
	cmd := exec.Command("go", "tool", "objdump", file)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	listing, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", fmt.Errorf("couldn't run go tool objdump: %w", err)
	}
	calls, scanErr := Scan(listing, arch)
	if scanErr != nil {
		_ = cmd.Process.Kill() // it may wait for a reader
	}
	if err := cmd.Wait(); scanErr == nil && err != nil {
		return nil, "", fmt.Errorf("go tool objdump: %w: %s", err, stderr.String())
	}
	if scanErr != nil {
		return nil, "", scanErr
	}
	if err := calls.values(f); err != nil {
		return nil, "", err
	}
	return calls, arch, nil
}

// descriptors is the symbol that Go's linker puts before the function values of a
// program: words with the address of each function that is used as a value.
const descriptors = "go:funcdesc"

// values adds to Open the gates that the program has as values, which it could
// call where the scan sees no name. Only the linker's function values count:
// elsewhere in the data a small number may be equal to an address by chance.
func (c *Calls) values(f *elf.File) error {
	symbols, err := f.Symbols()
	if err != nil {
		return fmt.Errorf("couldn't read the symbols: %w", err)
	}
	entry := map[uint64]string{}
	var start, end uint64
	for _, s := range symbols {
		if gates.MatchString(s.Name) {
			entry[s.Value] = s.Name
		}
		if s.Name == descriptors {
			start = s.Value
		}
	}
	for _, s := range symbols {
		if s.Value > start && (end == 0 || s.Value < end) {
			end = s.Value
		}
	}
	if start == 0 || end == 0 {
		return fmt.Errorf("there is no symbol %s: the program was not linked by a Go that this scan knows", descriptors)
	}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_PROGBITS || start < s.Addr || start >= s.Addr+s.Size {
			continue
		}
		data, err := s.Data()
		if err != nil {
			return fmt.Errorf("couldn't read section %s: %w", s.Name, err)
		}
		data = data[start-s.Addr : min(end-s.Addr, uint64(len(data)))]
		for ; len(data) >= 8; data = data[8:] {
			if name := entry[binary.LittleEndian.Uint64(data)]; name != "" {
				c.Open = append(c.Open, "whoever uses the value "+name)
			}
		}
		return nil
	}
	return fmt.Errorf("there is no section with the symbol %s", descriptors)
}
