package chains

import (
	"encoding/hex"
	"fmt"
	"strings"

	"lifeboat/internal/bechsum"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
)

// exportForm is a way of writing a private key. Everything that write touches
// stays in slices of bytes, which it clears: a string cannot be wiped.
type exportForm struct {
	name string
	note string
	// write appends the form of a scalar of 32 bytes, big-endian, to dst.
	write func(dst, scalar []byte, k *PublicKey) []byte

	// taker is what imports the key so that it shows the address, or empty if nothing
	// is known to.
	taker string
	// taken appends what the taker imports, or nothing if that form cannot hold the
	// key. If it is nil, write does.
	taken func(dst, scalar []byte, k *PublicKey) []byte

	// watched is the function of an output descriptor, up to the key, such as
	// "sh(wpkh(", by which the chain's node watches the address; empty if it knows none.
	watched string
}

// takenBy returns the form with who imports it.
func (x exportForm) takenBy(taker string) *exportForm {
	x.taker = taker
	return &x
}

// exportSpace is enough for every form, so that no append leaves a copy behind.
const exportSpace = 512

// Export writes a private key in the form that wallets of this encoding import.
// scalar is the private key of k, 32 bytes big-endian, as the caller has checked.
// out is the secret, form is its name, and note is what to know before importing
// it, or empty.
func (e *Encoding) Export(scalar *secret.Bytes, k *PublicKey) (form string, out *secret.Bytes, note string, err error) {
	if err := e.exportable(scalar, k); err != nil {
		return "", nil, "", err
	}
	buf := e.export.write(make([]byte, 0, exportSpace), scalar.Expose(), k)
	return e.export.name, secret.Take(buf), e.export.note, nil
}

// Import writes a private key so that taker imports it and shows the address of this
// encoding, and no other. out is empty if nothing is known that does.
func (e *Encoding) Import(scalar *secret.Bytes, k *PublicKey) (out *secret.Bytes, taker string, err error) {
	if err := e.exportable(scalar, k); err != nil {
		return nil, "", err
	}
	if e.export.taker == "" {
		return secret.New(0), "", nil
	}
	write := e.export.taken
	if write == nil {
		write = e.export.write
	}
	if out = secret.Take(write(make([]byte, 0, exportSpace), scalar.Expose(), k)); out.Len() > 0 {
		taker = e.export.taker
	}
	return out, taker, nil
}

func (e *Encoding) exportable(scalar *secret.Bytes, k *PublicKey) error {
	if k.Curve != e.Curve {
		return fmt.Errorf("exporting a key for %q: the key is on %v, but this form needs one on %v", e.Name, k.Curve, e.Curve)
	}
	if scalar.Len() != curve.ScalarSize {
		return fmt.Errorf("exporting a key for %q: the private key has %d bytes, not %d", e.Name, scalar.Len(), curve.ScalarSize)
	}
	return nil
}

// Descriptor returns the output descriptor (BIP 380 to 386), with its checksum, of the
// address that k has in this encoding, and of no other. It holds the public key alone.
// ok is false if no node of the chain is known to import descriptors of this form.
func (e *Encoding) Descriptor(k *PublicKey) (text string, ok bool) {
	function := e.export.watched
	if function == "" || k.Curve != e.Curve {
		return "", false
	}
	key := k.Key[:]
	switch e.Payload {
	case taprootBIP86, xOnly:
		key = key[1:]
	case hash160Uncompressed:
		key = append([]byte{4}, k.XY[:]...)
	}
	d := hex.AppendEncode([]byte(function), key)
	d = append(d, strings.Repeat(")", strings.Count(function, "("))...)
	return string(appendDescriptorChecksum(d, d)), true
}

// Taker names what imports a key so that it shows an address of this encoding, or is
// empty if nothing is known to. Of some chains it takes a part of all keys.
func (e *Encoding) Taker() string { return e.export.taker }

// ExportForm returns the name and the note of what Export writes.
func (e *Encoding) ExportForm() (form, note string) { return e.export.name, e.export.note }

// hexForm is what most wallets call the private key.
var hexForm = &exportForm{name: "hex", write: func(dst, scalar []byte, _ *PublicKey) []byte {
	return hex.AppendEncode(dst, scalar)
}}

// scalarForm is the only form of an ed25519 key of a multi-party wallet.
var scalarForm = &exportForm{
	name: "ed25519 scalar, hex, big-endian",
	note: "a scalar, not a seed: wallets that import seeds cannot take it, and one that seems to shows another address. Use a signer that takes the scalar",
	write: func(dst, scalar []byte, _ *PublicKey) []byte {
		return hex.AppendEncode(dst, scalar)
	},
}

// appendWIF appends the wallet import format: version, key, and 01 if the public
// key is used compressed.
func appendWIF(dst []byte, check check58, version byte, scalar []byte, compressed bool) []byte {
	var stack [34]byte
	buf := append(append(stack[:0], version), scalar...)
	if compressed {
		buf = append(buf, 1)
	}
	dst = check.append(dst, buf)
	clear(stack[:])
	return dst
}

// ownNode is what takes a WIF of most chains: nodes that descend from Bitcoin Core's
// show every address of the key.
const ownNode = "the chain's own node: importprivkey"

// wifForm is the WIF of a compressed key. descriptor names the kind of address, for
// wallets that must be told.
func wifForm(check check58, version byte, descriptor string) *exportForm {
	note := ""
	if descriptor != "" {
		note = "a WIF does not say which kind of address it is for: tell the wallet, or import it as " + descriptor
	}
	return &exportForm{name: "WIF", note: note, taker: ownNode, write: func(dst, scalar []byte, _ *PublicKey) []byte {
		return appendWIF(dst, check, version, scalar, true)
	}}
}

func wifUncompressedForm(check check58, version byte) *exportForm {
	return &exportForm{
		name: "WIF, uncompressed key", taker: ownNode,
		write: func(dst, scalar []byte, _ *PublicKey) []byte {
			return appendWIF(dst, check, version, scalar, false)
		},
	}
}

// descriptor writes a key as an output descriptor (BIP 380 to 386) with its
// checksum. function is all before the key, such as "sh(wpkh(".
func descriptor(function string, check check58, version byte, compressed bool) func(dst, scalar []byte, _ *PublicKey) []byte {
	return func(dst, scalar []byte, _ *PublicKey) []byte {
		start := len(dst)
		dst = appendWIF(append(dst, function...), check, version, scalar, compressed)
		for range strings.Count(function, "(") {
			dst = append(dst, ')')
		}
		return appendDescriptorChecksum(dst, dst[start:])
	}
}

// descriptorForm is an output descriptor, which alone says what the address is.
func descriptorForm(function string, check check58, version byte) *exportForm {
	x := &exportForm{name: "output descriptor " + function + "()", write: descriptor(function+"(", check, version, true)}
	if function == "rawtr" {
		x.note = "Bitcoin Core 24 or later imports it, as will the wallets of other chains that know rawtr(); tr() and wallets that ask for a WIF show the BIP 86 address of this key, which is another one"
	}
	return x
}

// appendDescriptorChecksum appends # and the eight characters of BIP 380.
func appendDescriptorChecksum(dst, descriptor []byte) []byte {
	const charset = "0123456789()[],'/*abcdefgh@:$%{}" +
		"IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~" +
		"ijklmnopqrstuvwxyzABCDEFGH`#\"\\ "
	var position [128]byte
	for i := range len(charset) {
		position[charset[i]] = byte(i)
	}
	c := uint64(1)
	step := func(v byte) {
		top := c >> 35
		c = c&0x7ffffffff<<5 ^ uint64(v)
		for i, g := range [5]uint64{0xf5dee51989, 0xa9fdca3312, 0x1bab10e32d, 0x3706b1677a, 0x644d626ffd} {
			c ^= g & -(top >> i & 1)
		}
	}
	var class, classes byte
	for _, ch := range descriptor {
		v := position[ch&127]
		step(v & 31)
		class = class*3 + v>>5
		if classes++; classes == 3 {
			step(class)
			class, classes = 0, 0
		}
	}
	if classes > 0 {
		step(class)
	}
	for range 8 {
		step(0)
	}
	c ^= 1
	dst = append(dst, '#')
	for shift := 35; shift >= 0; shift -= 5 {
		dst = append(dst, bechsum.Charset[c>>shift&31])
	}
	return dst
}
