package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxText is the length of the longest name, contact or ID, in bytes.
const maxText = 256

// maxASCII is the length of the longest recipient or release key, in bytes. A
// hybrid recipient has 1,959.
const maxASCII = 4096

// Clean makes one line of text fit for a record: in Unicode's form NFC, with one
// blank between words and none around them. Text with a line end, a control or
// another character that does not show is an error.
func Clean(text string) (string, error) {
	if !utf8.ValidString(text) {
		return "", errors.New("it is not UTF-8")
	}
	words := strings.FieldsFunc(norm.NFC.String(text), func(r rune) bool { return r == ' ' })
	text = strings.Join(words, " ")
	return text, checkText(text)
}

// checkText refuses what Clean would change. Two values that differ look
// different, as far as characters themselves do.
func checkText(s string) error {
	switch {
	case s == "":
		return errors.New("it is empty")
	case len(s) > maxText:
		return fmt.Errorf("it is longer than %d bytes", maxText)
	case !utf8.ValidString(s):
		return errors.New("it is not UTF-8")
	case strings.ContainsFunc(s, invisible):
		return errors.New("it has a line end, a control or another character that does not show")
	case !norm.NFC.IsNormalString(s):
		return errors.New("it is not in Unicode's form NFC")
	}
	return checkBlanks(s)
}

func checkBlanks(s string) error {
	if strings.Trim(s, " ") != s || strings.Contains(s, "  ") {
		return errors.New("it has blanks around it, or more than one together")
	}
	return nil
}

// invisible reports whether a character does not show, or moves others. IsPrint is
// false for controls, direction marks and all blanks but the space; it lets
// fillers, selectors and Braille's blank through.
func invisible(r rune) bool {
	return !unicode.IsPrint(r) || r == '\u2800' || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// checkASCII is checkText for what machines read: recipients and keys.
func checkASCII(s string) error {
	switch {
	case s == "":
		return errors.New("it is empty")
	case len(s) > maxASCII:
		return fmt.Errorf("it is longer than %d bytes", maxASCII)
	case strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }):
		return errors.New("it has a character that is not printable ASCII")
	}
	return checkBlanks(s)
}

// checkWord refuses blanks, too.
func checkWord(s string) error {
	if strings.Contains(s, " ") {
		return errors.New("it has a blank")
	}
	return checkASCII(s)
}

func checkDate(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return errors.New("it is not a date like 2006-01-02")
	}
	return nil
}

// ParseReleaseKey reads an SSH public key, and drops the comment after it.
func ParseReleaseKey(text string) (string, error) {
	fields := strings.Fields(text)
	key := strings.Join(fields[:min(2, len(fields))], " ")
	return key, checkReleaseKey(key)
}

// Fingerprint returns the fingerprint of a release key, as ssh-keygen -l shows it.
func Fingerprint(releaseKey string) string {
	blob, _ := decodeReleaseKey(releaseKey)
	sum := sha256.Sum256(blob)
	return "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
}

func checkReleaseKey(s string) error {
	if err := checkASCII(s); err != nil {
		return err
	}
	if _, ok := decodeReleaseKey(s); !ok {
		return errors.New("it is not an SSH public key like \"ssh-ed25519 AAAA…\", with nothing before or after it")
	}
	return nil
}

// decodeReleaseKey takes an SSH public key apart: its type, and base64 of what
// begins with the same type (RFC 4253, section 6.6).
func decodeReleaseKey(s string) (blob []byte, ok bool) {
	kind, key, _ := strings.Cut(s, " ")
	blob, err := base64.StdEncoding.Strict().DecodeString(key)
	start := append(binary.BigEndian.AppendUint32(nil, uint32(len(kind))), kind...)
	return blob, err == nil && bytes.HasPrefix(blob, start) && len(blob) > len(start)
}
