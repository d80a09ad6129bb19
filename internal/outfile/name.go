package outfile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the length of the longest name of a file, in bytes on Linux and in
// UTF-16 units, which are fewer, on FAT and NTFS.
const maxName = 255

// reserved names are devices on Windows, whatever extension follows.
var reserved = map[string]bool{
	"CON": true, "PRN": true, "AUX": true, "NUL": true, "CONIN$": true, "CONOUT$": true,
	"COM0": true, "COM1": true, "COM2": true, "COM3": true, "COM4": true, "COM5": true, "COM6": true, "COM7": true, "COM8": true, "COM9": true,
	"COM¹": true, "COM²": true, "COM³": true,
	"LPT0": true, "LPT1": true, "LPT2": true, "LPT3": true, "LPT4": true, "LPT5": true, "LPT6": true, "LPT7": true, "LPT8": true, "LPT9": true,
	"LPT¹": true, "LPT²": true, "LPT³": true,
}

// CheckName checks that a base name is legal on FAT, NTFS and everywhere else.
func CheckName(name string) error {
	stem, _, _ := strings.Cut(name, ".")
	why := ""
	switch {
	case name == "" || name == "." || name == "..":
		why = "it names no file"
	case len(name) > maxName:
		name = strings.ToValidUTF8(name[:32], "") + "…"
		why = fmt.Sprintf("it is longer than %d bytes", maxName)
	case !utf8.ValidString(name):
		why = "it is not UTF-8"
	case strings.ContainsAny(name, `<>:"/\|?*`):
		why = `it has one of <>:"/\|?* in it`
	case strings.ContainsFunc(name, unicode.IsControl):
		why = "it has a control character in it"
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " "):
		why = "it ends with a dot or a blank"
	case reserved[strings.ToUpper(strings.TrimRight(stem, " "))]:
		why = "it is the name of a device on Windows"
	default:
		return nil
	}
	return fmt.Errorf("file name %q can't be used: %s", name, why)
}
