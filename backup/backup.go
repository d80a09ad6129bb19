// Package backup makes and opens bundles, the one sealed container of the
// project.
//
// A bundle is age(tar(manifest.json, README.txt, files…)): it opens with age and
// tar alone, for ever. Seal makes one, Open authenticates one to its last byte
// before it gives out the first, Inspect says what can be said without an
// identity, Rewrap seals the same content to other recipients. The format is
// docs/formats/bundle.md.
//
// Files are streamed: memory does not grow with them. The package neither prints,
// prompts nor touches the file system. Its errors wrap one of the sentinels below
// and never repeat age's, which were not written with secrets in mind.
package backup

import (
	"errors"
	"io"
	"time"

	"lifeboat/internal/secret"
	"lifeboat/share"
)

// What can go wrong. Every error of this package wraps one of these, an error of a
// caller's reader or writer, or one of package shard.
var (
	ErrNoIdentity   = errors.New("no identity opens it")                        // wrong identity or passphrase
	ErrDamaged      = errors.New("damaged or incomplete")                       // does not authenticate, or differs from its manifest
	ErrNotBundle    = errors.New("not a bundle")                                // not an age file, or not a tar inside
	ErrTooExpensive = errors.New("opening it costs too much memory")            // scrypt work factor
	ErrHostile      = errors.New("made to do harm")                             // a tar that plays tricks
	ErrNotUnpacked  = errors.New("not unpacked, but what is in it can be read") // a foreign tar with links, or names that cannot be written
	ErrName         = errors.New("a file name that cannot be sealed")           // illegal, reserved, or a duplicate
	ErrChanged      = errors.New("changed while it was read")                   // a source gave two different contents
	ErrRecipient    = errors.New("recipients that cannot be used")
	ErrIdentity     = errors.New("not an identity that can be used")
	ErrTooLarge     = errors.New("too large")
)

// Limits of what is sealed and opened.
const (
	MaxFiles      = 10_000
	MaxReadFile   = 16 << 20 // bytes that ReadFile returns at once
	MaxRecipients = 256

	maxManifest = 16 << 20 // bytes
	maxReadme   = 64 << 10 // bytes
	maxArmored  = 64 << 20 // bytes of an ASCII-armoured file, which is decoded in memory
)

// A File is something to seal. Open is called twice: first to measure and hash,
// then to write; both must give the same bytes.
type File struct {
	Name   string // a base name, legal on FAT and NTFS
	Open   func() (io.ReadCloser, error)
	Shares []ShareFacts // the public facts of its key shares, if it is a share file
}

// ShareFacts are the public facts of one key share in a file.
type ShareFacts struct {
	GroupID               string `json:"group_id"`
	Curve                 string `json:"curve"`
	Threshold             int    `json:"threshold"` // how many shares are needed
	ShareID               string `json:"share_id"`  // decimal
	NodeID                string `json:"node_id"`
	SharePublicKey        string `json:"share_public_key"` // hex
	Epoch                 string `json:"epoch"`
	RosterSHA256          string `json:"roster_sha256,omitempty"` // hex; earlier versions did not write it
	RootExtendedPublicKey string `json:"root_extended_public_key"`
}

// Meta says how a bundle was made.
type Meta struct {
	Tool string    // program and version
	Date time.Time // written in UTC, to the second
}

// SecretFile returns a File whose content is s. It must outlive the sealing.
func SecretFile(name string, s *secret.Bytes, shares ...ShareFacts) File {
	return File{Name: name, Shares: shares, Open: func() (io.ReadCloser, error) {
		return io.NopCloser(&secretReader{s: s}), nil
	}}
}

// A secretReader reads a secret without copying it.
type secretReader struct {
	s  *secret.Bytes
	at int
}

func (r *secretReader) Read(p []byte) (int, error) {
	rest := r.s.Expose()[min(r.at, r.s.Len()):]
	if len(rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, rest)
	r.at += n
	return n, nil
}

// A Together is a sharing with several shares behind the same recipients.
type Together struct {
	Curve, Epoch string
	GroupIDs     []string
	NodeIDs      []string
	Shares       int  // different shares
	Threshold    int  // shares that give the key
	Enough       bool // whoever opens it has the key
}

// SharesTogether finds the sharings with more than one share among facts. Give it
// all that is sealed to one identity, in one bundle or in several: two holders'
// shares behind one identity undo the splitting.
func SharesTogether(facts []ShareFacts) []Together {
	type sharing struct{ curve, epoch string }
	var all []Together
	index := make(map[sharing]int)
	seen := make(map[[3]string]bool)
	for _, f := range facts {
		epoch := f.Epoch[:min(len(f.Epoch), share.OldEpoch)] // all that earlier versions wrote of it
		key := sharing{f.Curve, epoch}
		i, ok := index[key]
		if !ok {
			i = len(all)
			index[key] = i
			all = append(all, Together{Curve: f.Curve, Epoch: f.Epoch, Threshold: f.Threshold})
		}
		t := &all[i]
		t.Threshold = min(t.Threshold, f.Threshold)
		t.GroupIDs = appendNew(t.GroupIDs, f.GroupID)
		t.NodeIDs = appendNew(t.NodeIDs, f.NodeID)
		if id := [3]string{f.Curve, epoch, f.ShareID}; !seen[id] {
			seen[id] = true
			t.Shares++
		}
	}
	var several []Together
	for _, t := range all {
		if t.Enough = t.Shares >= t.Threshold; t.Shares > 1 {
			several = append(several, t)
		}
	}
	return several
}

func appendNew(list []string, s string) []string {
	for _, have := range list {
		if have == s {
			return list
		}
	}
	return append(list, s)
}
