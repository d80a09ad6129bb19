// Release does for build.sh what a shell cannot: it inspects the programs, compares
// them, describes them, and packs the source. It is not part of the product, which
// imports none of it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// verbs are what build.sh asks for. Each takes its arguments and nothing else,
// in the folder of the source.
var verbs = []struct {
	name, arguments string
	run             func(args []string) error
}{
	{"version", "", printVersion},
	{"check", "DIR TOOLCHAIN", check},
	{"compare", "DIR SHA256SUMS", compare},
	{"sbom", "DIR", sboms},
	{"source", "OUT.tar", packSource},
	{"modules", "CACHE OUT.tar", packModules},
	{"pages", "DIR", pages},
	{"manuals", "DIR", manuals},
	{"forms", "FILE", forms},
	{"usb", "DIST DIR", usb},
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		for line := range strings.SplitSeq(err.Error(), "\n") {
			fmt.Fprintln(os.Stderr, "build.sh: error:", line)
		}
		os.Exit(1)
	}
}

func run(args []string) error {
	var usage []string
	for _, v := range verbs {
		if len(args) > 0 && args[0] == v.name && len(args)-1 == len(strings.Fields(v.arguments)) {
			return v.run(args[1:])
		}
		usage = append(usage, strings.TrimSpace(v.name+" "+v.arguments))
	}
	return errors.New("usage: release " + strings.Join(usage, " | "))
}

// built lists the programs of a build: ours as bin/OS-ARCH/NAME, and those of age.
func built(dir string) ([]string, error) {
	var files []string
	for _, folder := range []string{"bin", "age"} {
		found, err := filepath.Glob(filepath.Join(dir, folder, "*", "*"))
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there are no programs in %s", filepath.Join(dir, folder))
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	return files, nil
}
