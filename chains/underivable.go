package chains

import (
	"regexp"
	"slices"

	"lifeboat/internal/curve"
)

// Underivable is an address that one key does not determine: an account name, or an
// address with a part that other keys decide.
type Underivable struct {
	Reason string
	// Of is the payload that a key decides of the address, and Part what the address
	// has there. Of is nil if there is nothing to compare with a key.
	Of   *Payload
	Part []byte
}

// PaysTo reports whether what a key decides of the address is of k.
func (u *Underivable) PaysTo(k *PublicKey) bool {
	if u.Of == nil || u.Of.Curve != k.Curve {
		return false
	}
	var buf [MaxPayload]byte
	return slices.Equal(u.Of.Of(buf[:0], k), u.Part)
}

// rule recognises addresses of one kind that a key alone does not determine. read
// checks everything that can be checked, checksums above all: a damaged address is
// not one of the kind.
type rule struct {
	reason string
	of     *Payload // what a key may decide of them
	read   func(address string) (part []byte, ok bool)
}

// Underivable returns what is known of an address of a kind that the key alone does
// not determine, or nil. Ask Match first: some forms (a Cardano base address) are
// determined for some keys.
func (c *Chain) Underivable(address string) *Underivable {
	if !readable(address) {
		return nil
	}
	for _, r := range c.underivable {
		switch part, ok := r.read(address); {
		case ok && part != nil:
			return &Underivable{r.reason, r.of, part}
		case ok:
			return &Underivable{Reason: r.reason}
		}
	}
	return nil
}

// HasParts reports whether a key of the curve may decide a part of an address that it
// does not determine.
func (c *Chain) HasParts(on curve.Curve) bool {
	return slices.ContainsFunc(c.underivable, func(r rule) bool { return r.of != nil && r.of.Curve == on })
}

// onLine is why a name or a number cannot be compared.
const onLine = ", which needs a look-up online"

// named is a rule for names and numbers given out on the chain.
func named(what, pattern string) rule {
	test := regexp.MustCompile(pattern).MatchString
	return rule{what + onLine, nil, func(s string) ([]byte, bool) { return nil, test(s) }}
}

// foreign is a rule for addresses of size bytes that no key of the two curves makes.
func foreign(reason string, size int, texts ...text) rule {
	return rule{reason, nil, func(s string) ([]byte, bool) {
		return nil, slices.ContainsFunc(texts, func(t text) bool {
			b, ok := t.parse(s)
			return ok && len(b) == size
		})
	}}
}
