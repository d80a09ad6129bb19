// Package paper puts a shard, an identity or a small bundle on printable pages,
// and reads it back from what was typed or scanned.
//
// A page is one HTML file that refers to nothing outside: no scripts, fonts or
// pictures. What matters is on it twice, as numbered lines that people can type
// (package lines) and as QR codes that hold the same lines. The format is
// docs/formats/quorum.md.
package paper

import (
	"bytes"
	"errors"
	"fmt"

	"lifeboat/backup"
	"lifeboat/backup/lines"
	"lifeboat/backup/shard"
	"lifeboat/internal/secret"
)

// ErrPaper is wrapped by every error of this package.
var ErrPaper = errors.New("paper")

// MaxBundle is the size of the largest bundle put on paper, in bytes: about thirty
// pages. A share or two and a hybrid recipient take a third of it.
const MaxBundle = 18 << 10

// A Kind is what a page holds.
type Kind string

// The kinds, as the first bytes of what the lines hold.
const (
	Shard    Kind = "LBS1" // package shard's own
	Identity Kind = "LBI1" // then the identity, one line without its end
	Bundle   Kind = "LBB1" // then the age file
)

// A File is something on paper.
type File struct {
	Kind Kind
	Text *secret.Bytes // its content, the caller's to wipe
}

// content is what is put on a page.
type content struct {
	kind      Kind
	lines     *secret.Bytes
	shard     *shard.Shard // of a shard
	recipient string       // of an identity
}

// read finds out what a file is.
func read(text *secret.Bytes) (*content, error) {
	b := text.Expose()
	switch {
	case shard.Is(text):
		s, err := shard.Parse(text, "")
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPaper, err)
		}
		defer s.Wipe()
		l, err := s.Lines()
		return &content{kind: Shard, lines: l, shard: s}, err
	case bytes.HasPrefix(b, []byte("age-encryption.org/")):
		if len(b) > MaxBundle {
			return nil, fmt.Errorf("%w: the bundle has %d bytes, at most %d fit; put the shards or the identity on paper instead, and keep the bundle in several places", ErrPaper, len(b), MaxBundle)
		}
		if _, err := backup.ReadHeader(bytes.NewReader(b), int64(len(b))); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPaper, err)
		}
		l, err := encode(Bundle, b)
		return &content{kind: Bundle, lines: l}, err
	}
	ids, err := backup.ParseIdentities(backup.IdentityFile{Text: text})
	if err != nil || len(ids) != 1 || ids[0].Recipient == "" {
		return nil, fmt.Errorf("%w: a shard, a bundle, or a file with one age identity was expected", ErrPaper)
	}
	for line := range bytes.Lines(b) {
		line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff")))
		if len(line) > 0 && line[0] != '#' {
			l, err := encode(Identity, line)
			return &content{kind: Identity, lines: l, recipient: ids[0].Recipient}, err
		}
	}
	return nil, fmt.Errorf("%w: internal error: an identity without a line", ErrPaper)
}

func encode(kind Kind, b []byte) (*secret.Bytes, error) {
	p := secret.New(len(kind) + len(b))
	defer p.Wipe()
	copy(p.Expose()[copy(p.Expose(), kind):], b)
	return lines.Encode(p)
}

// Read reads the numbered lines of a page, typed or scanned. What is wrong with a
// line is a *lines.Error, which names it.
func Read(typed *secret.Bytes) (*File, error) {
	p, err := lines.Decode(typed)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPaper, err)
	}
	defer p.Wipe()
	b := p.Expose()
	const kindSize = len(Shard)
	if len(b) < kindSize {
		return nil, fmt.Errorf("%w: the lines are right, but too short to be anything", ErrPaper)
	}
	switch kind := Kind(b[:kindSize]); kind {
	case Shard:
		s, err := shard.Parse(typed, "")
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrPaper, err)
		}
		defer s.Wipe()
		text, err := s.Text("")
		return &File{kind, text}, err
	case Identity:
		text := secret.New(len(b) - kindSize + 1)
		copy(text.Expose(), b[kindSize:])
		text.Expose()[text.Len()-1] = '\n'
		if _, err := backup.ParseIdentities(backup.IdentityFile{Text: text}); err != nil {
			text.Wipe()
			return nil, fmt.Errorf("%w: the lines are right, but hold no identity", ErrPaper)
		}
		return &File{kind, text}, nil
	case Bundle:
		r := bytes.NewReader(b[kindSize:])
		if _, err := backup.ReadHeader(r, r.Size()); err != nil {
			return nil, fmt.Errorf("%w: the lines are right, but hold no bundle", ErrPaper)
		}
		return &File{kind, secret.Copy(b[kindSize:])}, nil
	}
	return nil, fmt.Errorf("%w: the lines are right, but of a kind that this program does not know; use a newer one", ErrPaper)
}
