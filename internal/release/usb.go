package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/internal/page"
)

// pages writes what people read first, START-HERE.html and the check scripts, and
// docs and the manuals as HTML.
func pages(args []string) error {
	out := args[0]
	err := filepath.WalkDir("docs", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(name) != ".md" || filepath.Dir(name) == filepath.Join("docs", "usb") {
			return err
		}
		return render(name, filepath.Join(out, strings.TrimSuffix(name, ".md")+".html"))
	})
	if err != nil {
		return err
	}
	for _, script := range []string{"check.sh", "check.ps1"} {
		text, err := os.ReadFile(filepath.Join("docs", "usb", script))
		if err != nil {
			return err
		}
		if script == "check.ps1" { // old versions of Notepad
			text = []byte(strings.ReplaceAll(string(text), "\n", "\r\n"))
		}
		if err := write(filepath.Join(out, script), text); err != nil {
			return err
		}
	}
	if err := manualPages(out); err != nil {
		return err
	}
	return render(filepath.Join("docs", "usb", "START-HERE.markdown"), filepath.Join(out, "START-HERE.html"))
}

func render(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return write(to, []byte(page.HTML(string(text))))
}

func write(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, data, 0o644)
}

// extras lie beside SHA256SUMS and are not listed in it.
var extras = []string{"SHA256SUMS", "SHA256SUMS.sig", "allowed_signers"}

// usb copies a release to a stick: what SHA256SUMS lists, checked before and after.
func usb(args []string) error {
	from, to := args[0], args[1]
	sums, err := readSums(filepath.Join(from, "SHA256SUMS"))
	if err != nil {
		return err
	}
	names := slices.Sorted(maps.Keys(sums))
	for _, extra := range extras {
		if _, err := os.Stat(filepath.Join(from, extra)); err == nil {
			names = append(names, extra)
		}
	}
	attestations, err := fs.Glob(os.DirFS(from), "attest/*/*")
	if err != nil {
		return err
	}
	names = append(names, attestations...)
	if faults := fatFaults(names); len(faults) > 0 {
		return errors.New(strings.Join(faults, "\n"))
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(to)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") && e.Name() != "System Volume Information" {
			return fmt.Errorf("%s is not empty: it has %q", to, e.Name())
		}
	}
	for _, name := range names {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	for name, want := range sums {
		switch got, err := hashFile(filepath.Join(to, name)); {
		case err != nil:
			return err
		case got != want:
			return fmt.Errorf("%s is not as SHA256SUMS lists it: run ./build.sh bundle again, or try another stick", filepath.Join(to, name))
		}
	}
	signed := slices.Contains(names, "SHA256SUMS.sig")
	fmt.Printf("%d files in %s; the %d of SHA256SUMS were checked after they were copied\n", len(names), to, len(sums))
	if !signed {
		fmt.Println("there is no SHA256SUMS.sig, so check.sh ends with status 2: docs/releasing.md says how to sign")
	}
	return nil
}

func copyFile(from, to string) (err error) {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	r, err := os.Open(from)
	if err != nil {
		return err
	}
	defer r.Close()
	info, err := r.Stat()
	if err != nil {
		return err
	}
	w, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(w, r)
	return errors.Join(err, w.Sync(), w.Close())
}

// reserved are names that Windows keeps for devices, with any extension.
var reserved = strings.Fields("CON PRN AUX NUL COM1 COM2 COM3 COM4 COM5 COM6 COM7 COM8 COM9 LPT1 LPT2 LPT3 LPT4 LPT5 LPT6 LPT7 LPT8 LPT9")

// fatFaults says which names a stick with a FAT file system, or Windows, would
// refuse or change, and which it could not tell apart.
func fatFaults(names []string) []string {
	var faults []string
	seen := map[string]string{}
	for _, name := range names {
		for part := range strings.SplitSeq(name, "/") {
			stem, _, _ := strings.Cut(part, ".")
			switch {
			case part == "", part == ".", part == "..", len(part) > 100, len(name) > 200:
				faults = append(faults, fmt.Sprintf("%q is not a name for a stick", name))
			case strings.ContainsFunc(part, func(r rune) bool { return r < ' ' || r > '~' || strings.ContainsRune(`<>:"\|?*`, r) }):
				faults = append(faults, fmt.Sprintf("%q has a character that FAT or Windows does not have in names", name))
			case strings.HasSuffix(part, "."), strings.HasSuffix(part, " "), strings.HasPrefix(part, " "):
				faults = append(faults, fmt.Sprintf("%q begins or ends with what Windows drops", name))
			case slices.Contains(reserved, strings.ToUpper(stem)):
				faults = append(faults, fmt.Sprintf("%q is the name of a device on Windows", name))
			}
		}
		// Folders, too: a/x and A/y would be in one.
		for prefix := name; prefix != "." && prefix != "/"; prefix = path.Dir(prefix) {
			key := strings.ToLower(prefix)
			if other, ok := seen[key]; ok && other != prefix || ok && prefix == name {
				faults = append(faults, fmt.Sprintf("%q and %q are one name on FAT", prefix, other))
			}
			seen[key] = prefix
		}
	}
	return faults
}
