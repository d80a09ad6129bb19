package recover

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

// RootsName is the name of the result file with the root keys.
const RootsName = "root.json"

// ErrPublicOnly is wrapped by the error about a file without the private keys.
var ErrPublicOnly = errors.New("it has only the root public keys")

// Root is a root key that was recovered.
type Root struct {
	Group string // ID of its group
	Key   *Private
	Used  []string // node IDs of the shares that were combined; none if it was read
}

// WipeRoots erases the private keys.
func WipeRoots(roots []*Root) {
	for _, r := range roots {
		r.Key.Wipe()
	}
}

// MarshalRoots returns root.json: hex of 32 bytes without 0x, big-endian. Without
// private, the two private fields are left out. A key of a tree without a form for
// extended private keys has one of them; one without a chain code has no extended form at
// all, and its public key is there in hex.
func MarshalRoots(roots []*Root, private bool) *secret.Bytes {
	b := make([]byte, 0, 1024*(len(roots)+1)) // no append may leave a copy behind
	b = append(b, "{\n  \"groups\": ["...)
	for i, r := range roots {
		if i > 0 {
			b = append(b, ',')
		}
		public := r.Key.Public()
		b = append(b, "\n    {\n      \"id\": "...)
		b = appendJSON(b, r.Group)
		b = append(b, ",\n      \"curve\": "...)
		b = appendJSON(b, public.Curve().String())
		if private {
			x := r.Key.Scalar()
			b = append(b, ",\n      \"root_private_key\": \""...)
			b = hex.AppendEncode(b, x.Expose())
			b = append(b, '"')
			x.Wipe()
		}
		if private && public.Network().HasPrivate() {
			extended := r.Key.Extended()
			b = append(b, ",\n      \"root_extended_private_key\": \""...)
			b = append(b, extended.Expose()...)
			b = append(b, '"')
			extended.Wipe()
		}
		if public.IsBare() {
			b = append(b, ",\n      \"root_public_key\": "...)
		} else {
			b = append(b, ",\n      \"root_extended_public_key\": "...)
		}
		b = appendJSON(b, public.String())
		b = append(b, "\n    }"...)
	}
	return secret.Take(append(b, "\n  ]\n}\n"...))
}

// appendJSON appends a public string.
func appendJSON(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic("unreachable: a string always marshals")
	}
	return append(b, quoted...)
}

// hexText is a JSON string of hex as bytes, so that it never becomes a string.
type hexText struct{ *secret.Bytes }

// UnmarshalJSON takes what is between the quotes.
func (h *hexText) UnmarshalJSON(b []byte) error {
	if len(b) < 2 || b[0] != '"' {
		return errors.New("a string was expected")
	}
	raw := make([]byte, hex.DecodedLen(len(b)-2))
	if _, err := hex.Decode(raw, b[1:len(b)-1]); err != nil {
		secret.Wipe(raw)
		return errors.New("hex was expected")
	}
	h.Bytes = secret.Take(raw)
	return nil
}

// ParseRoots reads what MarshalRoots wrote, and checks each private key against
// its public key. A key without a chain code gets that of a recorded root key that
// agrees with it. Its errors repeat no key.
func ParseRoots(text *secret.Bytes, recorded []*derive.Key) (roots []*Root, err error) {
	var doc struct {
		Groups []struct {
			ID       string  `json:"id"`
			Private  hexText `json:"root_private_key"`
			Extended string  `json:"root_extended_public_key"`
			Bare     string  `json:"root_public_key"`
		} `json:"groups"`
	}
	defer func() {
		for _, g := range doc.Groups {
			g.Private.Wipe()
		}
		if err != nil {
			WipeRoots(roots)
			roots = nil
		}
	}()
	if err := strict.Unmarshal(text.Expose(), &doc); err != nil {
		return nil, errors.New("it is not a file of root keys")
	}
	for i, g := range doc.Groups {
		key, err := parseRoot(cmp.Or(g.Extended, g.Bare), g.Private.Bytes, recorded)
		if err != nil {
			return roots, fmt.Errorf("group %d: %w", i+1, err)
		}
		roots = append(roots, &Root{Group: g.ID, Key: key})
	}
	if len(roots) == 0 {
		return nil, errors.New("it holds no root key")
	}
	return roots, nil
}

func parseRoot(text string, private *secret.Bytes, recorded []*derive.Key) (*Private, error) {
	if private == nil {
		return nil, ErrPublicOnly
	}
	public, err := derive.ParsePublic(text)
	if err != nil {
		return nil, err
	}
	if !public.IsRoot() {
		return nil, fmt.Errorf("its public key has depth %d; a root key has depth 0", public.Depth())
	}
	if i := slices.IndexFunc(recorded, public.Agrees); i >= 0 && public.IsBare() {
		public = recorded[i]
	}
	return NewPrivate(public, private)
}
