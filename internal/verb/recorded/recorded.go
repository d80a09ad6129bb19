// Package recorded is what verbs take that people have of a vault besides its files,
// on paper or from another machine: its record, and its root public keys.
package recorded

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/papercode"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// compareHint is what to do about a key that is none.
const compareHint = "compare the key with your records, letter by letter"

// Help describes the flags of the record.
const Help = `  --record F              the record of the vault, which replaces --xpub; its code is asked for
  --record-code CODE      the whole code on the paper, where there is no terminal
`

// Flags are the flags of the record of a vault.
type Flags struct{ path, code string }

// Define adds the flags.
func (f *Flags) Define(set *cli.Flags) {
	set.StringVar(&f.path, "record", "", "")
	set.StringVar(&f.code, "record-code", "", "")
	set.Reads("record")
}

// Given reports whether there is a record.
func (f *Flags) Given() bool { return f.path != "" }

// Path returns where it is.
func (f *Flags) Path() string { return f.path }

// Check finds what is wrong with the flags themselves.
func (f *Flags) Check(set *cli.Flags) error {
	if f.code == "" {
		return nil
	}
	if !f.Given() {
		return set.Misuse("--record-code goes with --record, the file whose code it is")
	}
	if _, err := papercode.Parse(f.code); err != nil {
		return set.Misuse("--record-code: %w", err)
	}
	return nil
}

// Read returns the record, or nil if none was given. A file is the record if it has
// the code on the paper, which did not travel with it and is never shown.
func (f *Flags) Read(e *cli.Env) (*record.Record, error) {
	if !f.Given() {
		return nil, nil
	}
	data, err := strict.ReadFile(f.path, record.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("--record: %w", err)
	}
	r, err := record.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("--record %q: %w", f.path, err)
	}
	check := func(text string) error {
		code, err := papercode.Parse(text)
		switch {
		case err != nil:
			err = cli.Mistyped(err)
		case !code.Equal(r.Code()):
			err = fmt.Errorf("%q has another code than your paper: it is another record, or was changed", f.path)
		}
		return cli.Fail(cli.Mismatch, err, "compare what you typed with the paper, group by group")
	}
	if f.code != "" {
		err = check(f.code)
	} else {
		err = e.AskThrice("give the code on your paper with --record-code, or run it on a terminal", fmt.Sprintf("The record code on your paper, for %q: ", f.path), check)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

// WarnUnsworn says that nothing here shows that the holders have signed the record.
func (f *Flags) WarnUnsworn(e *cli.Env) {
	e.Warn("record %q is unsworn, as far as is known here: it is as good as whoever made it", f.path)
}

// Roots returns the root keys of the record, if there is one, and of --xpub, which are
// xpubs. --xpub may bring chain codes that the record lacks, and no other root key.
func (f *Flags) Roots(r *record.Record, xpubs verdict.Roots) (verdict.Roots, error) {
	if r == nil {
		return xpubs, nil
	}
	roots := verdict.Roots(r.Roots())
	for _, k := range xpubs {
		if !verdict.Roots(r.Roots()).Have(k) {
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("--xpub %s is not in record %q", k, f.path), "give one of the two, or find out which is of the vault that is meant")
		}
		roots = roots.Add(k)
	}
	return roots, nil
}

// Xpubs reads the values of --xpub: root public keys, extended or bare, or files of
// them.
func Xpubs(values []string) (verdict.Roots, error) {
	var roots verdict.Roots
	for i, value := range values {
		keys, err := keysOf(value)
		if err != nil {
			err = fmt.Errorf("--xpub number %d: %w", i+1, err)
			if !errors.As(err, new(*cli.Error)) {
				err = cli.Fail(cli.Failed, err, compareHint)
			}
			return nil, err
		}
		for _, k := range keys {
			if !k.IsRoot() {
				return nil, cli.Fail(cli.Failed, fmt.Errorf("--xpub number %d: it has depth %d; a root key has depth 0", i+1, k.Depth()), compareHint)
			}
			roots = roots.Add(k)
		}
	}
	return roots, nil
}

// maxKeys is the size, in bytes, of the largest file of public keys.
const maxKeys = 64 << 10

// Misspelt says that a word of the command line is not the key that it should be.
func Misspelt(err error) error {
	if errors.Is(err, derive.ErrRespelt) {
		return cli.Fail(cli.Usage, err)
	}
	return cli.Fail(cli.Usage, err, compareHint)
}

func keysOf(value string) ([]*derive.Key, error) {
	k, err := derive.ParsePublic(value)
	if err == nil {
		return []*derive.Key{k}, nil
	}
	data, fileErr := strict.ReadFile(value, maxKeys)
	switch {
	case errors.Is(fileErr, os.ErrNotExist): // it was meant as a key
		return nil, Misspelt(err)
	case fileErr != nil:
		return nil, fileErr
	case Structured(data):
		secret.Wipe(data) // tss-lib save data holds a share in the clear
		return nil, fmt.Errorf("%q is a share file, or other JSON: a file says itself whose vault it is of, so take the root key from your own papers", value)
	}
	return Keys(value, data)
}

// Structured reports whether data is JSON, as share files are, and not a list of keys.
func Structured(data []byte) bool {
	text, isNew := strict.Text(data)
	if isNew {
		defer secret.Wipe(text)
	}
	start := bytes.TrimLeft(text, " \t\r\n")
	return len(start) > 0 && (start[0] == '{' || start[0] == '[')
}

// Keys returns the public keys of a file, extended or bare, one a line. Empty lines, and
// those that begin with #, do not count.
func Keys(path string, data []byte) ([]*derive.Key, error) {
	if len(data) > maxKeys {
		return nil, fmt.Errorf("%q is too long for a file of public keys", path)
	}
	var keys []*derive.Key
	number := 0
	text, _ := strict.Text(data)
	for line := range strings.Lines(string(text)) {
		number++
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		k, err := derive.ParsePublic(line)
		if err != nil {
			return nil, fmt.Errorf("%q, line %d: %w", path, number, err)
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%q holds no public key", path)
	}
	return keys, nil
}
