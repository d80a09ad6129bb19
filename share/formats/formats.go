// Package formats reads the files in which vendors' programs keep key shares: it
// recognises the form and takes from it what is public. Each form has a file
// here, and no code elsewhere asks whose file a share is from. Opening a share is
// the work of share/open.
package formats

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// ErrUnknown is returned, wrapped with share.ErrFormat, for a JSON document that is
// no share file at all.
var ErrUnknown = errors.New("neither a recovery group file nor tss-lib save data")

// form is one vendor's form of share files.
type form struct {
	name  share.Form
	marks []string // keys in its files that other JSON does not have
	is    func(*document) bool
	read  func(*Reader, *document) ([]*share.Sealed, error)
}

// forms are tried in this order.
var forms = []form{verifiableShare, tssLib, recoveryGroup}

// document is a file of JSON, and what its form is recognised by.
type document struct {
	data []byte
	list bool // its top level is a list, and not an object
	keys keys
}

// keys are those of the top level that tell forms apart.
type keys struct {
	verifiableKeys
	tssLibKeys
	recoveryGroupKeys
}

// present notes that a document has a key. It keeps nothing of the value, which
// may be a share.
type present bool

// UnmarshalJSON takes any value.
func (p *present) UnmarshalJSON([]byte) error {
	*p = true
	return nil
}

// Reader reads the files of one run. Those of one vault repeat its roster: the second
// time it is neither read nor checked again. A Reader is not for several goroutines at
// once.
type Reader struct {
	Pin share.Pin // for forms that do not store everything

	known map[[sha256.Size]byte]*public
}

// public is what files say of a group, apart from the share of one holder.
type public struct {
	group    *share.Group // nil if any of it cannot be read
	roster   []share.Participant
	problems []error // of reading it
	err      error   // of the group's checks
}

// once returns what was read of the same facts earlier, or else reads them. The facts
// are all that read depends on, but for the pin.
func (r *Reader) once(facts any, read func() *public) (*public, error) {
	text, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	key := sha256.Sum256(text)
	if p := r.known[key]; p != nil {
		return p, nil
	}
	p := read()
	if p.group != nil {
		p.err = p.group.Check()
	}
	if r.known == nil {
		r.known = map[[sha256.Size]byte]*public{}
	}
	r.known[key] = p
	return p, nil
}

// Parse reads one share file, like Reader.Parse.
func Parse(path string, data []byte, pin share.Pin) ([]*share.Sealed, error) {
	return (&Reader{Pin: pin}).Parse(path, data)
}

// Parse reads a share file of any form. path is for messages only.
//
// An error wraps share.ErrFormat and means that the file as a whole cannot be
// read. What is wrong with single fields is in each share's Problems.
func (r *Reader) Parse(path string, data []byte) ([]*share.Sealed, error) {
	shares, err := r.parse(data)
	if err != nil && IsDatabase(path, data) {
		err = ErrDatabase
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", share.ErrFormat, err)
	}
	for _, s := range shares {
		s.Path = path
	}
	return shares, nil
}

func (r *Reader) parse(data []byte) ([]*share.Sealed, error) {
	data, isNew := strict.Text(data)
	if isNew {
		defer secret.Wipe(data)
	}
	d := &document{data: data, list: bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("["))}
	if !d.list {
		if err := strict.Unmarshal(data, &d.keys); err != nil {
			return nil, err
		}
	}
	for _, f := range forms {
		if !f.is(d) {
			continue
		}
		shares, err := f.read(r, d)
		for _, s := range shares {
			s.Form = f.name
		}
		return shares, err
	}
	return nil, ErrUnknown
}

// LooksLike reports whether data has a key that only share files have. If it cannot
// be parsed, it is a broken backup and not some other file.
func LooksLike(data []byte) bool {
	data, isNew := strict.Text(data[:len(data)&^1]) // UTF-16 may be cut off within a character
	if isNew {
		defer secret.Wipe(data)
	}
	return slices.ContainsFunc(forms, func(f form) bool {
		return slices.ContainsFunc(f.marks, func(key string) bool { return bytes.Contains(data, []byte(`"`+key+`"`)) })
	})
}
