package share

import (
	"crypto/sha256"
	"encoding/hex"
	"math/big"
)

// party begins the node ID of a holder whom no file names.
const party = "party-"

// PartyID returns the node ID of a holder of whom files have the share ID only, like
// tss-lib's:
//
//	"party-" ‖ the first 32 hex digits of SHA-256("lifeboat-party-v1" ‖ share ID)
//
// with the ID big-endian and without leading zeros. It is not reduced: a holder has one
// share ID on both curves, and so one name. It is hashed, since it may have 300 bits,
// and a node ID becomes part of file names.
func PartyID(id ID) string {
	n, ok := new(big.Int).SetString(id.Text, 10)
	if !ok {
		panic("unreachable: NewID reads decimal numbers only")
	}
	sum := sha256.Sum256(append([]byte("lifeboat-party-v1"), n.Bytes()...))
	return party + hex.EncodeToString(sum[:16])
}

// oldPartyID is what earlier versions called such a holder: by the first 8 of the 32
// bytes of the share ID modulo the order, which are zero in small ones.
func oldPartyID(id ID) string {
	x := id.x.Bytes()
	return party + hex.EncodeToString(x[:8])
}

// NodeID returns the name of today for a holder that a bundle, a statement, a record
// or a plan names, perhaps as an earlier version did.
func NodeID(id ID, written string) string {
	if written == oldPartyID(id) {
		return PartyID(id)
	}
	return written
}

// SameNode reports whether two node IDs may be those of one holder: one of them may be
// as earlier versions made it from the share ID.
func SameNode(id ID, a, b string) bool { return a == b || NodeID(id, a) == NodeID(id, b) }
