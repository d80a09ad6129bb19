package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/release/program"
	"lifeboat/internal/release/syscalls"
)

func printVersion([]string) error {
	_, err := fmt.Println(cli.Version)
	return err
}

// check inspects every program of a build.
func check(args []string) error {
	dir, toolchain := args[0], args[1]
	files, err := built(dir)
	if err != nil {
		return err
	}
	sums, err := os.ReadFile("go.sum")
	if err != nil {
		return err
	}
	var faults []string
	for _, file := range files {
		found, told, err := inspect(file, toolchain, string(sums))
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(dir, file)
		if len(found) == 0 {
			fmt.Printf("%s: ok%s\n", name, told)
		}
		for _, f := range found {
			faults = append(faults, name+": "+f)
		}
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}

// inspect returns what is wrong with a program, and what was seen in it.
func inspect(file, toolchain, sums string) (faults []string, told string, err error) {
	p, err := program.Open(file)
	if err != nil {
		return nil, "", err
	}
	faults = append(p.FormFaults(), p.BuildFaults(toolchain, sums)...)
	told = fmt.Sprintf(", %d modules", len(p.Info.Deps))
	age := filepath.Base(filepath.Dir(filepath.Dir(file))) == "age" // bin/SYSTEM/PROGRAM, age/SYSTEM/PROGRAM
	if age == p.Ours() {
		faults = append(faults, fmt.Sprintf("it was built from %q, and does not belong in this folder", p.Info.Path))
	}
	if folder := filepath.Base(filepath.Dir(file)); folder != p.OS+"-"+p.Arch {
		faults = append(faults, fmt.Sprintf("it is for %s-%s, but is in the folder %s", p.OS, p.Arch, folder))
	}
	if age {
		return faults, told + "; age starts plugins, so its names and system calls are not looked at", nil
	}
	faults = append(faults, p.NameFaults()...)
	switch p.OS {
	case "linux":
		calls, arch, err := syscalls.File(file)
		if err != nil {
			return nil, "", fmt.Errorf("%s: %w", file, err)
		}
		if arch != p.Arch {
			faults = append(faults, fmt.Sprintf("its code is for %s", arch))
		}
		faults = append(faults, calls.Faults(arch)...)
		told += ", statically linked, no way to open a connection or to start a program; system calls:"
		for _, n := range slices.Sorted(maps.Keys(calls.Numbers)) {
			told += fmt.Sprintf(" %d", n)
		}
	case "darwin":
		told += ", LC_UUID, only libraries of the system, no name that opens a connection or makes a system call by its number"
	case "windows":
		told += "; on Windows Go itself asks for sockets, so names prove nothing"
	}
	return faults, told, nil
}

var sumLine = regexp.MustCompile(`^([0-9a-f]{64})[ ][ *]([^\\]+)$`)

// readSums reads a SHA256SUMS file: the hash of each name.
func readSums(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sums := map[string]string{}
	for lines := bufio.NewScanner(f); ; {
		if !lines.Scan() {
			if len(sums) == 0 && lines.Err() == nil {
				return nil, fmt.Errorf("%s lists nothing", file)
			}
			return sums, lines.Err()
		}
		match := sumLine.FindStringSubmatch(strings.TrimSuffix(lines.Text(), "\r"))
		if match == nil || sums[match[2]] != "" {
			return nil, fmt.Errorf("%s: line %d is not a checksum and a new name", file, len(sums)+1)
		}
		sums[match[2]] = match[1]
	}
}

// compare says how a build differs from what a SHA256SUMS file lists, and why, if
// the listed programs lie beside that file.
func compare(args []string) error {
	dir, file := args[0], args[1]
	ours, err := readSums(filepath.Join(dir, "SHA256SUMS"))
	if err != nil {
		return err
	}
	theirs, err := readSums(file)
	if err != nil {
		return err
	}
	var faults []string
	same := 0
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		switch theirs[name] {
		case ours[name]:
			// The list may be right and what lies beside it not.
			beside := filepath.Join(filepath.Dir(file), name)
			if got, err := hashFile(beside); err == nil && got == ours[name] || errors.Is(err, os.ErrNotExist) {
				same++
			} else {
				faults = append(faults, name+" is listed as it is built here, but "+beside+" is another file")
			}
		case "":
			faults = append(faults, name+" is built here and not listed there")
		default:
			faults = append(faults, name+" differs")
			faults = append(faults, reasons(filepath.Join(dir, name), filepath.Join(filepath.Dir(file), name), theirs[name])...)
		}
	}
	other := 0
	for name := range theirs {
		if ours[name] == "" {
			other++
		}
	}
	fmt.Printf("%d of %d files are the same as in %s", same, len(ours), file)
	if other > 0 {
		fmt.Printf("; it lists %d others, which were not built here", other)
	}
	fmt.Println()
	if same == 0 && len(faults) == 0 {
		faults = append(faults, "nothing was compared")
	}
	if len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	return nil
}

// reasons says how a program differs from a published one of a known hash.
func reasons(ours, theirs, sum string) []string {
	const why = "  why: "
	got, err := hashFile(theirs)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return []string{why + "put the published file at " + theirs + " to be told"}
	case err != nil:
		return []string{why + err.Error()}
	case got != sum:
		return []string{why + theirs + " is not the file that was listed: it is damaged, or the list is"}
	}
	a, err := program.Open(ours)
	if err != nil {
		return nil // no program
	}
	b, err := program.Open(theirs)
	if err != nil {
		return []string{why + err.Error()}
	}
	list := program.Differences(a, b)
	for i, s := range list {
		list[i] = why + s
	}
	return list
}

func hashFile(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sboms writes sbom/OS-ARCH/NAME.cdx.json for every program.
func sboms(args []string) error {
	dir := args[0]
	files, err := built(dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		p, err := program.Open(file)
		if err != nil {
			return err
		}
		sum, err := hashFile(file)
		if err != nil {
			return err
		}
		raw, err := hex.DecodeString(sum)
		if err != nil {
			return err
		}
		version := cli.Version
		if !p.Ours() {
			version = p.Info.Main.Version
		}
		text, err := p.SBOM(version, raw)
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		folder := filepath.Join(dir, "sbom", filepath.Base(filepath.Dir(file)))
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, p.Name+".cdx.json"), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
