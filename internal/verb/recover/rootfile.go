package recover

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"lifeboat/derive"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
)

// rootName is the file of a result that has the root keys.
const rootName = "root.json"

// errPublicOnly is returned for a root.json that was written without --root.
var errPublicOnly = errors.New("it was made without --root, so it has the root public keys only; give the shares instead")

// vault is a root key that was recovered, with what is known of its group.
type vault struct {
	group string
	key   *recover.Private
	used  []string // node IDs, or files, whose shares were combined
	from  *holder.Set
}

// writeRoots returns root.json: hex of 32 bytes without 0x, big-endian. Without
// private, the two private fields are left out.
func writeRoots(vaults []*vault, private bool) *secret.Bytes {
	b := make([]byte, 0, 1024*(len(vaults)+1)) // no append may leave a copy behind
	b = append(b, "{\n  \"groups\": ["...)
	for i, v := range vaults {
		if i > 0 {
			b = append(b, ',')
		}
		public := v.key.Public()
		b = append(b, "\n    {\n      \"id\": "...)
		b = appendJSON(b, v.group)
		b = append(b, ",\n      \"curve\": "...)
		b = appendJSON(b, public.Curve().String())
		if private {
			x, extended := v.key.Scalar(), v.key.Extended()
			b = append(b, ",\n      \"root_private_key\": \""...)
			b = hex.AppendEncode(b, x.Expose())
			b = append(b, "\",\n      \"root_extended_private_key\": \""...)
			b = append(b, extended.Expose()...)
			b = append(b, '"')
			x.Wipe()
			extended.Wipe()
		}
		b = append(b, ",\n      \"root_extended_public_key\": "...)
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

// readRoots reads a root.json that an earlier recovery wrote, and checks each
// private key against its public key.
func readRoots(name string, text *secret.Bytes) (vaults []*vault, err error) {
	var doc struct {
		Groups []struct {
			ID      string  `json:"id"`
			Private hexText `json:"root_private_key"`
			Public  string  `json:"root_extended_public_key"`
		} `json:"groups"`
	}
	defer func() {
		for _, g := range doc.Groups {
			g.Private.Wipe()
		}
		if err != nil {
			wipeVaults(vaults)
			vaults = nil
		}
	}()
	if err := strict.Unmarshal(text.Expose(), &doc); err != nil {
		return nil, fmt.Errorf("%s: it is not a file of root keys", name)
	}
	for i, g := range doc.Groups {
		fail := func(err error) ([]*vault, error) {
			return vaults, fmt.Errorf("%s: group %d: %w", name, i+1, err)
		}
		if g.Private.Bytes == nil {
			return fail(errPublicOnly)
		}
		public, err := derive.Parse(g.Public)
		if err != nil {
			return fail(err)
		}
		if !public.IsRoot() {
			return fail(fmt.Errorf("its public key has depth %d; a root key has depth 0", public.Depth()))
		}
		key, err := recover.NewPrivate(public, g.Private.Bytes)
		if err != nil {
			return fail(err)
		}
		vaults = append(vaults, &vault{group: g.ID, key: key})
	}
	if len(vaults) == 0 {
		return nil, fmt.Errorf("%s: it holds no root key", name)
	}
	return vaults, nil
}
