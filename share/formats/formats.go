// Package formats reads the files in which vendors' programs keep key shares: it
// recognises the form and takes from it what is public. Each form has a file
// here, and no code elsewhere asks whose file a share is from. Opening a share is
// the work of share/open.
//
// # To add a form
//
// Write it a file here, and list it in forms. It says how its files are recognised:
// by the keys of a JSON document, which join the struct keys, or by the bytes of a
// file that is none. It fills share.Sealed with what is public, as values: the group's
// scheme (share.Additive) and derivation tree (share.Group.Tree), and the lock.
//
// A share public key that the form does not have stays nil, in the roster and in the
// share. The group then passes Check by its structure alone, and open.Unlock gives an
// open.Unproven instead of a share.
//
// The lock is a type of package share, one file a kind: what of it is public, how well
// it holds (KDF), and the secrets that it needs, by name. A secret that several forms
// need is one share.Need. How the lock is opened is a file of share/open, and a row of
// its function locked: it takes the secrets from open.Keys and returns the scalar. If
// opening shows share public keys, it returns those, too, and the share is proven by
// them. An error names the secret that is missing or wrong (open.SecretError).
//
// A file that is encrypted as a whole, so that not even its groups are public, is an
// error of type *Closed, and inner reads what open.File decrypts.
//
// Beside it belong: fixtures/gen makes vaults of the form from a description of its
// own, a reader in the tests that shares no code with this one opens them, FuzzParse
// has a seed, and docs/formats has a page.
package formats

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
)

// ErrUnknown is returned, wrapped with share.ErrFormat, for a file that is no share
// file at all.
var ErrUnknown = errors.New("neither a recovery group file nor tss-lib save data, nor a file of another vendor's that is known")

// ErrUnrecognised is wrapped by ErrUnknown's errors and by those about what is no JSON
// either: no form takes the file for its own.
var ErrUnrecognised = errors.New("no form takes it for its own")

type unrecognised struct{ error }

func (u unrecognised) Is(target error) bool { return target == ErrUnrecognised }
func (u unrecognised) Unwrap() error        { return u.error }

// form is one vendor's form of share files.
type form struct {
	name  share.Form
	what  string   // for people: whose it is, and what it looks like
	parts string   // for people: how many of its files are needed
	page  string   // in docs/formats
	marks []string // what its files have and others do not: keys of JSON in their quotes, or names of files in a zip
	ends  string   // how the names of its files end, if no others' do
	is    func(*document) bool
	read  func(*Reader, *document) ([]*share.Sealed, error)

	needs     []share.Need // what opens its files
	renewable bool         // new shares can be written for its vaults
}

// forms are tried in this order.
var forms = []form{fireblocks, verifiableShare, tssLib, recoveryGroup, keycard, recoveryKit, vultisig}

// A Form is what is to be known about a form before there is a file of it.
type Form struct {
	Name        share.Form
	What, Parts string // for people: what its files look like, and how many are needed
	Page        string // in docs/formats
	Needs       []share.Need
}

// allInOne says that a file is the key, once it is open.
const allInOne = "the one file has all parts"

// Forms lists them all.
func Forms() []Form {
	var list []Form
	for _, f := range forms {
		list = append(list, Form{f.name, f.what, f.parts, f.page, f.needs})
	}
	return list
}

// Renewable reports whether new shares can be made of those in a form, for verbs that
// make some. Of other vendors' vaults there is no program that would read them.
func Renewable(name share.Form) bool {
	return slices.ContainsFunc(forms, func(f form) bool { return f.name == name && f.renewable })
}

// document is a file, and what its form is recognised by.
type document struct {
	data    []byte // a text is in UTF-8, without a mark
	list    bool   // it is JSON, and its top level is a list and not an object
	keys    keys   // of an object
	notJSON error  // why it is no object

	zip      *backup // what a zip that may be a backup of Fireblocks holds
	unpacked bool    // it was looked at
}

// keys are those of the top level that tell forms apart.
type keys struct {
	verifiableKeys
	tssLibKeys
	recoveryGroupKeys
	keycardKeys
	recoveryKitKeys
}

// present notes that a document has a key. It keeps nothing of the value, which
// may be a share.
type present bool

// UnmarshalJSON takes any value.
func (p *present) UnmarshalJSON([]byte) error {
	*p = true
	return nil
}

// Closed is the error for a file that is encrypted as a whole: which shares it holds
// shows when open.File has opened it.
type Closed struct {
	Form share.Form
	Lock share.Lock

	inner func(*Reader, []byte) ([]*share.Sealed, error)
}

func (c *Closed) Error() string {
	return "it is encrypted as a whole: what it holds shows when it is open"
}

// ParseOpened reads what such a file turned out to hold.
func (r *Reader) ParseOpened(path string, c *Closed, data []byte) ([]*share.Sealed, error) {
	shares, err := c.inner(r, data)
	return named(path, c.Form, shares, err)
}

// named completes what a form has read.
func named(path string, name share.Form, shares []*share.Sealed, err error) ([]*share.Sealed, error) {
	if err != nil {
		return nil, fmt.Errorf("%w: %w", share.ErrFormat, err)
	}
	for _, s := range shares {
		s.Path, s.Form = path, name
	}
	return shares, nil
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
// read; or a *Closed, that it has to be opened first. What is wrong with single fields is in each share's Problems.
func (r *Reader) Parse(path string, data []byte) ([]*share.Sealed, error) {
	name, shares, err := r.parse(data)
	switch {
	case err == nil:
	case name == "" && IsDatabase(path, data):
		err = ErrDatabase
	case name == "" && isUnzipped(data), isCloudPart(path, data):
		err = ErrUnzipped
	}
	return named(path, name, shares, err)
}

func (r *Reader) parse(data []byte) (share.Form, []*share.Sealed, error) {
	data, isNew := strict.Text(data)
	if isNew {
		defer secret.Wipe(data)
	}
	d := &document{data: data, list: bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("["))}
	if !d.list {
		d.notJSON = strict.Unmarshal(data, &d.keys)
	}
	if d.notJSON != nil {
		d.keys = keys{}
	}
	for _, f := range forms {
		if f.is(d) {
			shares, err := f.read(r, d)
			return f.name, shares, err
		}
	}
	return "", nil, unrecognised{cmp.Or(d.notJSON, ErrUnknown)}
}

// Named reports whether a file is named as those of a form are.
func Named(path string) bool {
	return slices.ContainsFunc(forms, func(f form) bool { return f.ends != "" && strings.HasSuffix(strings.ToLower(path), f.ends) })
}

// LooksLike reports whether data has what only share files have. If it cannot be
// parsed, it is a broken backup and not some other file.
func LooksLike(data []byte) bool {
	data, isNew := strict.Text(data[:len(data)&^1]) // UTF-16 may be cut off within a character
	if isNew {
		defer secret.Wipe(data)
	}
	return slices.ContainsFunc(forms, func(f form) bool {
		return slices.ContainsFunc(f.marks, func(mark string) bool { return bytes.Contains(data, []byte(mark)) })
	})
}
