// Package secret holds bytes that must not be printed.
//
// A *Bytes prints as [secret] for every verb of fmt, refuses to be marshalled,
// and can be wiped. It is always passed by pointer: fmt bypasses the Format
// method of a value in an unexported field, and a traceback prints the words of
// an array but only the address of a pointer.
package secret

import (
	"crypto/subtle"
	"errors"
	"fmt"
)

// ErrMarshal is returned by every attempt to marshal a secret.
var ErrMarshal = errors.New("internal error: a secret must not be marshalled")

// Bytes is a secret. The zero value is an empty one.
//
// The bytes are two pointers away: for %s of a struct with a *Bytes in an
// unexported field, fmt follows one.
type Bytes struct{ p *buffer }

type buffer struct{ b []byte }

// New returns a secret of n zero bytes.
func New(n int) *Bytes { return Take(make([]byte, n)) }

// Take returns a secret that owns b: wiping the secret wipes b.
func Take(b []byte) *Bytes { return &Bytes{&buffer{b}} }

// Copy returns a secret with a copy of b; b stays the caller's to wipe.
func Copy(b []byte) *Bytes { return Take(append(make([]byte, 0, len(b)), b...)) }

// Expose returns the bytes themselves, not a copy. They are gone after Wipe.
func (s *Bytes) Expose() []byte {
	if s.p == nil {
		return nil
	}
	return s.p.b
}

// Len returns the length in bytes.
func (s *Bytes) Len() int { return len(s.Expose()) }

// Equal compares in time that depends on the lengths only.
func (s *Bytes) Equal(t *Bytes) bool { return subtle.ConstantTimeCompare(s.Expose(), t.Expose()) == 1 }

// Wipe zeroes the bytes and forgets them. A nil or wiped secret may be wiped again.
func (s *Bytes) Wipe() {
	if s == nil || s.p == nil {
		return
	}
	Wipe(s.p.b)
	s.p.b = nil
}

// WipeAll wipes each of a list.
func WipeAll(list []*Bytes) {
	for _, s := range list {
		s.Wipe()
	}
}

// Wipe zeroes b up to its capacity.
func Wipe(b []byte) { clear(b[:cap(b)]) }

// Format prints [secret], whatever the verb.
func (s *Bytes) Format(f fmt.State, _ rune) { f.Write([]byte("[secret]")) }

// MarshalText refuses, for encoding/json and encoding/xml too.
func (s *Bytes) MarshalText() ([]byte, error) { return nil, ErrMarshal }

// MarshalBinary refuses, for encoding/gob too.
func (s *Bytes) MarshalBinary() ([]byte, error) { return nil, ErrMarshal }
