package backup

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The two files that every bundle starts with.
const (
	manifestName = "manifest.json"
	readmeName   = "README.txt"
)

const maxName = 200 // bytes: leaves room for a suffix within the 255 of most file systems

// devices are the names that Windows gives to a device, with any extension.
var devices = map[string]bool{"con": true, "prn": true, "aux": true, "nul": true, "conin$": true, "conout$": true}

// checkName says what is wrong with name as a base name on FAT, NTFS, Linux or
// macOS, or "".
func checkName(name string) string {
	stem, _, _ := strings.Cut(strings.ToLower(name), ".")
	stem = strings.TrimRight(stem, " ")
	switch {
	case name == "":
		return "it is empty"
	case len(name) > maxName:
		return fmt.Sprintf("it is longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		return "it is not UTF-8"
	case name == "." || name == "..":
		return "it names a folder"
	case strings.ContainsAny(name, `<>:"/\|?*`):
		return `it has one of < > : " / \ | ? *`
	case strings.ContainsFunc(name, isInvisible):
		return "it has an invisible character"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || strings.HasPrefix(name, " "):
		return "it starts or ends with a blank, or ends with a dot"
	case devices[stem] || isPort(stem):
		return "it is the name of a device on Windows"
	}
	return ""
}

// isInvisible reports whether r changes a text without showing, as controls,
// bidirectional overrides and exotic blanks do.
func isInvisible(r rune) bool {
	return r != ' ' && (!unicode.IsGraphic(r) || unicode.IsSpace(r))
}

// isPort reports whether the lower-case stem is COM or LPT and a digit.
func isPort(stem string) bool {
	digit, ok := strings.CutPrefix(stem, "com")
	if !ok {
		digit, ok = strings.CutPrefix(stem, "lpt")
	}
	return ok && utf8.RuneCountInString(digit) == 1 && strings.Contains("0123456789¹²³", digit)
}

// foldName maps names that are one file on some file system to one string.
func foldName(name string) string {
	return norm.NFC.String(strings.ToLower(strings.ToUpper(norm.NFC.String(name))))
}

// A nameSet refuses names that are illegal, reserved, or taken.
type nameSet map[string]string // folded name to name

func newNameSet() nameSet {
	return nameSet{foldName(manifestName): manifestName, foldName(readmeName): readmeName}
}

// add says what is wrong with name, or "".
func (s nameSet) add(name string) string {
	if why := checkName(name); why != "" {
		return why
	}
	folded := foldName(name)
	have, taken := s[folded]
	switch {
	case taken && (have == manifestName || have == readmeName):
		return fmt.Sprintf("the bundle has a %s of its own", have)
	case taken && have == name:
		return "two files have that name"
	case taken:
		return fmt.Sprintf("%q has the same name on some file systems", have)
	}
	s[folded] = name
	return ""
}

// distinct adds name, with a number if it is taken. It may be a name that cannot be
// written.
func (s nameSet) distinct(name string) string {
	name = strings.ToValidUTF8(name, "\ufffd")
	numbered := name
	for n := len(s) + 1; ; n++ { // which is free, unless somebody foresaw it
		if _, taken := s[foldName(numbered)]; !taken {
			s[foldName(numbered)] = numbered
			return numbered
		}
		numbered = fmt.Sprintf("%s (%d)", name, n)
	}
}
