package backup

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"filippo.io/age"
	"filippo.io/age/armor"

	"lifeboat/internal/strict"
)

// A Header is what can be read of a bundle without an identity.
type Header struct {
	Size       int64  `json:"size"`             // of the bundle on disk, bytes
	SHA256     string `json:"sha256,omitempty"` // of the same, hex; only Inspect sets it
	Armored    bool   `json:"armored"`          // ASCII armour, as age -a writes
	Recipients []Kind `json:"recipients"`       // one for each stanza
	WorkFactor int    `json:"scrypt_work_factor,omitempty"`
}

// NeedsPassphrase reports whether the bundle is sealed with a passphrase.
func (h *Header) NeedsPassphrase() bool { return slices.Contains(h.Recipients, Passphrase) }

// Memory returns the bytes that trying one passphrase takes: 128·r·2^N with r = 8
// (RFC 7914). It is 0 for a bundle that is not sealed with a passphrase.
func (h *Header) Memory() uint64 {
	if h.WorkFactor == 0 {
		return 0
	}
	return 1 << (min(h.WorkFactor, 53) + 10)
}

// ReadHeader reads the header of a bundle of size bytes, and nothing after it.
func ReadHeader(r io.ReaderAt, size int64) (*Header, error) {
	_, _, h, err := unarmor(r, size)
	return h, err
}

// Inspect reads the header and hashes the whole file.
func Inspect(r io.ReaderAt, size int64) (*Header, error) {
	h, err := ReadHeader(r, size)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	n, err := io.Copy(sum, io.NewSectionReader(r, 0, size))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the bundle: %w", err)
	}
	if n != size {
		return nil, fmt.Errorf("%w: it became shorter while it was read", ErrDamaged)
	}
	h.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return h, nil
}

const binaryMark = "age-encryption.org/"

// HeadSize is how much of a file Is looks at, in bytes.
const HeadSize = 1 << 10

// Is reports whether age encrypted a file, by its first HeadSize bytes.
func Is(head []byte) bool {
	_, armored := armorPrefix(head[:min(len(head), HeadSize)])
	return armored || bytes.HasPrefix(head, []byte(binaryMark))
}

// armorPrefix reports whether a text begins with ASCII armour, and what stands before
// each of its lines: blanks, and the > of a quoted mail.
func armorPrefix(text []byte) (prefix []byte, ok bool) {
	text, _ = strict.Text(text[:len(text)&^1])
	before, _, ok := bytes.Cut(text, []byte(armor.Header))
	if !ok || len(bytes.Trim(before, "> \t\r\n")) > 0 {
		return nil, false
	}
	return before[bytes.LastIndexByte(before, '\n')+1:], true
}

// dearmor returns the armour of a text without what stands before its lines.
func dearmor(text, prefix []byte) []byte {
	text, _ = strict.Text(text)
	if len(prefix) == 0 {
		return text
	}
	var plain []byte
	for line := range bytes.Lines(text) {
		if len(bytes.Trim(line, "> \t\r\n")) > 0 {
			plain = append(plain, bytes.TrimPrefix(line, prefix)...)
		}
	}
	return plain
}

// unarmor returns the binary form of an age file and its header.
func unarmor(r io.ReaderAt, size int64) (io.ReaderAt, int64, *Header, error) {
	h := &Header{Size: size}
	start := make([]byte, min(size, HeadSize))
	if n, err := r.ReadAt(start, 0); n < len(start) {
		if err == nil || err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, 0, nil, fmt.Errorf("couldn't read the bundle: %w", err)
	}
	if prefix, ok := armorPrefix(start); ok {
		h.Armored = true
		if size > maxArmored {
			return nil, 0, nil, fmt.Errorf("%w: an ASCII-armoured file of more than %d MiB; decode it first with base64", ErrTooLarge, maxArmored>>20)
		}
		src := &source{r: io.NewSectionReader(r, 0, size)}
		text, err := io.ReadAll(src)
		if src.err != nil {
			return nil, 0, nil, fmt.Errorf("couldn't read the bundle: %w", src.err)
		}
		var binary []byte
		if err == nil {
			binary, err = io.ReadAll(armor.NewReader(bytes.NewReader(dearmor(text, prefix))))
		}
		if err != nil {
			return nil, 0, nil, fmt.Errorf("%w: its ASCII armour is broken", ErrDamaged)
		}
		r, size = bytes.NewReader(binary), int64(len(binary))
	}
	src := &source{r: io.NewSectionReader(r, 0, size)}
	header, err := age.ExtractHeader(src)
	switch {
	case src.err != nil:
		return nil, 0, nil, fmt.Errorf("couldn't read the bundle: %w", src.err)
	case err != nil && bytes.HasPrefix(start, []byte(binaryMark)), err != nil && h.Armored:
		return nil, 0, nil, fmt.Errorf("%w: its age header cannot be read", ErrDamaged)
	case err != nil:
		return nil, 0, nil, fmt.Errorf("%w: it is not a file that age encrypted", ErrNotBundle)
	}
	h.readStanzas(string(header))
	return r, size, h, nil
}

// readStanzas reads the opening lines of the stanzas. Age has checked the
// header, and the lines between them are base64.
func (h *Header) readStanzas(header string) {
	for line := range strings.Lines(header) {
		words := strings.Fields(line)
		if len(words) < 2 || words[0] != "->" {
			continue
		}
		kind := Kind(words[1])
		h.Recipients = append(h.Recipients, kind)
		if kind == Passphrase && len(words) == 4 {
			// ParseUint returns the largest value for a number that does not fit,
			// and 0 for anything else, which age refuses.
			n, _ := strconv.ParseUint(words[3], 10, 16)
			h.WorkFactor = max(h.WorkFactor, int(n))
		}
	}
}
