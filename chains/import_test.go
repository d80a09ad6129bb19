package chains_test

import (
	"bytes"
	"math/big"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/btcutil"
	"github.com/btcsuite/btcd/btcutil/bech32"
	"github.com/btcsuite/btcd/txscript"

	"lifeboat/chains"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"

	"pgregory.net/rapid"
)

// importOf returns what a taker imports, and checks what holds of every form.
func importOf(t testing.TB, e *chains.Encoding, scalar []byte) (text, taker string, k chains.PublicKey) {
	t.Helper()
	k = chains.NewPublicKey(e.Curve.Generator().Mul(e.Curve.ScalarFromBytes(scalar)))
	out, taker, err := e.Import(secret.Copy(scalar), &k)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Wipe()
	if (out.Len() == 0) != (taker == "") {
		t.Fatalf("%s: a form of %d bytes for %q", e.Name, out.Len(), taker)
	}
	if c := cap(out.Expose()); c != 0 && c != 512 {
		t.Fatalf("%s: a copy was left behind: capacity %d", e.Name, c)
	}
	return string(out.Expose()), taker, k
}

// TestDescriptorsShowTheAddress reads every output descriptor as a node does, with
// btcd, and compares the output that it describes with the address.
func TestDescriptorsShowTheAddress(t *testing.T) {
	seen := map[string]int{}
	for _, c := range chains.All() {
		for _, e := range c.On(curve.Secp256k1) {
			if _, taker, _ := importOf(t, e, bytes.Repeat([]byte{1}, 32)); !strings.HasSuffix(taker, ": importdescriptors") {
				continue
			}
			rapid.Check(t, func(r *rapid.T) {
				scalar := rapid.SliceOfN(rapid.ByteRange(1, 254), 32, 32).Draw(r, "scalar")
				text, _, k := importOf(t, e, scalar)
				function, got := described(t, text)
				seen[function]++
				if want := e.Payload.Of(nil, &k); !bytes.Equal(got, want) {
					r.Fatalf("%s/%s: %s(…) is not the address of the row", c.ID, e.Name, function)
				}
			})
		}
	}
	for _, function := range []string{"pkh", "sh(wpkh", "wpkh", "tr", "rawtr"} {
		if seen[function] == 0 {
			t.Errorf("nothing is imported as %s()", function)
		}
	}
}

// described returns the hash or key in the output of a descriptor.
func described(t testing.TB, text string) (function string, payload []byte) {
	t.Helper()
	plain, _, ok := strings.Cut(text, ")#")
	at := strings.LastIndexByte(plain, '(')
	if !ok || at < 0 {
		t.Fatal("no descriptor with a checksum")
	}
	function = plain[:at]
	wif, err := btcutil.DecodeWIF(strings.TrimRight(plain[at+1:], ")"))
	if err != nil {
		t.Fatal(err)
	}
	hash := btcutil.Hash160(wif.SerializePubKey())
	switch function {
	case "pkh":
		return function, hash
	case "wpkh", "sh(wpkh":
		if !wif.CompressPubKey {
			t.Fatal("an uncompressed key in segwit")
		}
		if function == "wpkh" {
			return function, hash
		}
		return function, btcutil.Hash160(append([]byte{txscript.OP_0, txscript.OP_DATA_20}, hash...))
	case "tr":
		return function, schnorr.SerializePubKey(txscript.ComputeTaprootKeyNoScript(wif.PrivKey.PubKey()))
	case "rawtr":
		return function, schnorr.SerializePubKey(wif.PrivKey.PubKey())
	}
	t.Fatalf("an unknown descriptor %s()", function)
	return "", nil
}

var groupOrder, _ = new(big.Int).SetString("7237005577332262213973186563042994240857116359379907606001950938285454250989", 10)

// TestCardanoImport: an addr_xsk of CardanoSharp's Bech32Tests.cs, reduced modulo the
// order of the group and made an extended key again, is the same number.
func TestCardanoImport(t *testing.T) {
	_, published, err := decodeLong("addr_xsk1fzw9r482t0ekua7rcqewg3k8ju5d9run4juuehm2p24jtuzz4dg4wpeulnqhualvtx9lyy7u0h9pdjvmyhxdhzsyy49szs6y8c9zwfp0eqyrqyl290e6dr0q3fvngmsjn4aask9jjr6q34juh25hczw3euust0dw")
	if err != nil || len(published) != 96 {
		t.Fatalf("%d bytes, %v", len(published), err)
	}
	scalar := littleEndian(published[:32])
	for name, hrp := range map[string]string{"enterprise": "addr_xsk", "base": "addr_xsk", "reward": "stake_xsk"} {
		text, taker, _ := importOf(t, encoding(t, lookup(t, "ADA"), name, curve.Ed25519), scalar.Mod(scalar, groupOrder).FillBytes(make([]byte, 32)))
		got, b, err := decodeLong(text)
		if err != nil || got != hrp || len(b) != 96 || !strings.HasPrefix(taker, "cardano-cli ") {
			t.Fatalf("%s: %s, %d bytes for %q, %v", name, got, len(b), taker, err)
		}
		if !bytes.Equal(b[:32], published[:32]) {
			t.Errorf("%s: it is another key", name)
		}
		if bytes.Equal(b[32:64], make([]byte, 32)) || bytes.Contains(b[32:64], b[:16]) {
			t.Errorf("%s: nonces are made of nothing secret", name)
		}
	}
}

// Every extended key is clamped and the same private key; about half of all scalars
// have one.
func TestCardanoScalars(t *testing.T) {
	e := encoding(t, lookup(t, "ADA"), "enterprise", curve.Ed25519)
	with, without := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		n := new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 40, 40).Draw(r, "number"))
		if n.Mod(n, groupOrder).Sign() == 0 {
			n.SetInt64(1)
		}
		text, _, _ := importOf(t, e, n.FillBytes(make([]byte, 32)))
		var want *big.Int // the one of n + m·order that is clamped
		for m := range int64(16) {
			x := new(big.Int).Add(n, new(big.Int).Mul(big.NewInt(m), groupOrder))
			if x.BitLen() == 255 && x.TrailingZeroBits() >= 3 {
				want = x
			}
		}
		if want == nil {
			without++
			if text != "" {
				r.Fatal("a scalar without a clamped form has an extended key")
			}
			return
		}
		with++
		if _, b, err := decodeLong(text); err != nil || littleEndian(b[:32]).Cmp(want) != 0 {
			r.Fatalf("the extended key is of another scalar: %v", err)
		}
	})
	if with == 0 || without == 0 {
		t.Errorf("%d scalars have an extended key, and %d have none", with, without)
	}
}

func littleEndian(number []byte) *big.Int {
	b := slices.Clone(number)
	slices.Reverse(b)
	return new(big.Int).SetBytes(b)
}

func decodeLong(s string) (hrp string, data []byte, err error) {
	hrp, fives, err := bech32.DecodeNoLimit(s)
	if err != nil {
		return "", nil, err
	}
	data, err = bech32.ConvertBits(fives, 5, 8, false)
	return hrp, data, err
}

// TestImport covers the forms that are neither.
func TestImport(t *testing.T) {
	one := append(make([]byte, 31), 1)
	const number = "0000000000000000000000000000000000000000000000000000000000000001"
	const wif = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn"
	for _, tc := range []struct {
		chain, encoding string
		on              curve.Curve
		want, taker     string
	}{
		{"ETH", "default", curve.Secp256k1, number, "EVM wallets such as MetaMask"},
		{"TRON", "default", curve.Secp256k1, number, "TronLink"},
		{"ATOM", "default", curve.Secp256k1, number, "Keplr"},
		{"XRP", "secp256k1", curve.Secp256k1, "00" + number, "xrpl.js: a Wallet of the public key and this"},
		{"BCH", "cashaddr", curve.Secp256k1, wif, "the chain's own node: importprivkey"},
		{"VTC", "p2wpkh", curve.Secp256k1, wif, "the chain's own node: importprivkey"},
		// No wallet shows this spelling, or none takes such a key.
		{"INJ", "default", curve.Secp256k1, "", ""},
		{"ONT", "secp256k1", curve.Secp256k1, "", ""},
		{"KAS", "schnorr", curve.Secp256k1, "", ""},
		{"SOL", "default", curve.Ed25519, "", ""},
		{"DOT", "ed25519", curve.Ed25519, "", ""},
	} {
		e := encoding(t, lookup(t, tc.chain), tc.encoding, tc.on)
		if text, taker, _ := importOf(t, e, one); text != tc.want || taker != tc.taker {
			t.Errorf("%s/%s: %q for %q", tc.chain, tc.encoding, text, taker)
		}
	}
	if _, _, err := encoding(t, lookup(t, "ETH"), "default", curve.Secp256k1).Import(secret.New(31), sample(t, curve.Secp256k1)); err == nil {
		t.Error("a private key of 31 bytes was written")
	}
}

// Of all ed25519 keys only Cardano's have a form that anything imports.
func TestNobodyImportsScalars(t *testing.T) {
	for _, c := range chains.All() {
		for _, e := range c.On(curve.Ed25519) {
			if _, taker, _ := importOf(t, e, append(make([]byte, 31), 1)); taker != "" && !strings.HasPrefix(c.ID, "ADA") {
				t.Errorf("%s/%s: %s takes a scalar", c.ID, e.Name, taker)
			}
		}
	}
}
