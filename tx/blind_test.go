package tx_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/signature"
	"lifeboat/tx"
)

// blind reads a message and judges it with the test's key on a chain.
func blind(t *testing.T, id, message string, scheme signature.Scheme, keys *tx.Keys) (*tx.Transaction, error) {
	t.Helper()
	b := &tx.Blind{Scheme: scheme}
	for _, key := range keysOn(t, id, testKey) {
		if b.Chain = key.Chain; key.Public.Curve == scheme.Curve() {
			b.From = key.Address
		}
	}
	x, err := b.Read([]byte(message))
	if err != nil {
		return nil, err
	}
	_, err = (&tx.Policy{Keys: keys, Now: noon}).Judge(x)
	return x, err
}

func schemeOf(name string) signature.Scheme {
	for _, s := range []signature.Scheme{signature.ECDSA, signature.Schnorr, signature.Ed25519} {
		if s.String() == name {
			return s
		}
	}
	return 0
}

// What is signed, and how the signature is written, is as each chain's own library has it.
func TestBlindIsAsTheLibrariesHaveIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/blind.tsv") {
		x, err := blind(t, row[1], row[2]+"\n", schemeOf(row[3]), keysOf(t, testKey, row[1]))
		if err != nil {
			t.Errorf("%s: %v", row[0], err)
			continue
		}
		got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
		if err != nil || got.Text != row[5] || len(got.Parts) != 1 || !strings.HasSuffix(got.Parts[0], "="+row[5]) {
			t.Errorf("%s: signed\n%+v, %v, want\n%s", row[0], got, err, row[5])
			continue
		}
		public, _, _ := strings.Cut(got.Parts[0], "=")
		if k := publicOf(t, schemeOf(row[3]).Curve(), testKey); public != row[4] && row[4] != hex.EncodeToString(k.XY[:]) && row[4] != "04"+hex.EncodeToString(k.XY[:]) {
			t.Errorf("%s: the public key is %s, want %s", row[0], public, row[4])
		}
		if len(x.Effects) != 0 || x.Unread == nil || x.Unread.Length != len(row[2])/2 {
			t.Errorf("%s: it was understood: %+v", row[0], x)
		}
	}
}

// A key that is on another chain, too, signs nothing that nobody read.
func TestBlindKeyOfSeveralChains(t *testing.T) {
	row := rowOf(t, "tx/blind.tsv", "DOT transfer, 120 bytes, ed25519")
	for chain, ok := range map[string]bool{"DOT": true, "SOL": false, "FOO": false} {
		keys := keysOf(t, testKey, "DOT")
		for _, key := range keysOn(t, "DOT", testKey) {
			keys.List(&key.Public, chain)
		}
		if _, err := blind(t, "DOT", row[2], signature.Ed25519, keys); ok != (err == nil) || err != nil && (!errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), chain)) {
			t.Errorf("listed on %s: %v", chain, err)
		}
	}
}

// Nothing is signed unread on a chain that has a reader, or without a row; and a row
// is of a chain of the table, whose keys make such signatures.
func TestBlindChains(t *testing.T) {
	rows := make(map[string]bool)
	for _, row := range fixtures.Rows("tx/blind.tsv") {
		rows[row[1]] = true
	}
	message := strings.Repeat("5a", 100)
	for _, c := range chains.All() {
		_, read := tx.Coin(c)
		for _, scheme := range []signature.Scheme{signature.Ed25519, signature.ECDSA, signature.Schnorr} {
			_, err := (&tx.Blind{Chain: c, Scheme: scheme}).Read([]byte(message))
			why := ""
			switch {
			case read:
				why = "are read"
			case err == nil && len(c.On(scheme.Curve())) == 0:
				t.Errorf("%s signs with %s, and has no such keys", c.ID, scheme)
			case err == nil || strings.Contains(err.Error(), "is not what") || strings.Contains(err.Error(), "takes no"):
			default:
				why = "not known here with certainty"
			}
			if why != "" && (!errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), why)) {
				t.Errorf("%s, %s: %v, want %q", c.ID, scheme, err, why)
			}
		}
		delete(rows, c.ID)
	}
	if len(rows) > 0 {
		t.Errorf("vectors of chains that are not in the table: %v", rows)
	}
}

func TestBlindRefuses(t *testing.T) {
	row := func(file, name string) string { return rowOf(t, file, name)[2] }
	long := strings.Repeat("5a", 100)
	for _, tc := range []struct {
		name, chain, message string
		scheme               signature.Scheme
		want                 error
		why                  string
	}{
		{"a chain with a reader", "SOL", long, signature.Ed25519, tx.ErrUnsafe, "are read"},
		{"a chain without a row", "NIM", long, signature.Ed25519, tx.ErrUnsafe, "not known here"},
		{"another scheme", "DOT", long, signature.Schnorr, tx.ErrUnsafe, "takes no schnorr signature, but ed25519 or ecdsa"},
		{"a hash", "DOT", long[:64], signature.Ed25519, tx.ErrUnsafe, "give the message itself"},
		{"too short", "DOT", long[:120], signature.Ed25519, tx.ErrUnsafe, "is not what Polkadot signs"},
		{"without its watermark", "XTZ", long, signature.Ed25519, tx.ErrUnsafe, "is not what Tezos signs"},
		{"data of Tezos", "XTZ", "05" + long, signature.ECDSA, tx.ErrUnsafe, "is not what Tezos signs"},
		{"a query of ICP", "ICP", hex.EncodeToString([]byte("\x0eic-read_state")) + long, signature.Ed25519, tx.ErrUnsafe, "is not what"},
		{"a delegation", "DOT", "04f8" + long, signature.ECDSA, tx.ErrUnsafe, "EIP-7702"},
		{"an authorization", "DOT", "05d8" + long, signature.ECDSA, tx.ErrUnsafe, "EIP-7702"},
		{"typed data", "DOT", "1901" + long, signature.ECDSA, tx.ErrUnsafe, "EIP-712"},
		{"typed data on ed25519", "DOT", "1901" + long, signature.Ed25519, tx.ErrUnsafe, "EIP-712"},
		{"a personal message", "DOT", hex.EncodeToString([]byte("\x19Ethereum Signed Message:\n50")) + long, signature.ECDSA, tx.ErrUnsafe, "personal message"},
		{"a personal message of Polkadot", "DOT", hex.EncodeToString([]byte("<Bytes>")) + long, signature.Ed25519, tx.ErrUnsafe, "personal message"},
		{"XRP", "DOT", "53545800" + long, signature.ECDSA, tx.ErrUnsafe, "XRP Ledger"},
		{"a transaction of Ethereum", "DOT", row("tx/evm.tsv", "type 2"), signature.ECDSA, tx.ErrUnsafe, "EVM family"},
		{"a payment of Algorand, as it is signed", "DOT", "5458" + hex.EncodeToString(unbase64(t, row("tx/algorand.tsv", "a payment"))), signature.Ed25519, tx.ErrUnsafe, "transaction of Algorand"},
		{"a program for Algorand", "DOT", hex.EncodeToString([]byte("Program\x06\x81\x01")) + long, signature.Ed25519, tx.ErrUnsafe, "may spend"},
		// Sui signs the same hash as Polkadot of a message of more than 256 bytes.
		{"a transaction of Sui, as it is signed", "DOT", "000000" + long + long + long, signature.Ed25519, tx.ErrUnsafe, "transaction of Sui"},
		{"a transaction of Aptos that expires in a thousand years, as it is signed", "DOT", "b5e97db07fa0bd0e5598aa3643a9bc6f6693bddc1a9fec9e674a461eaa00b193" +
			changed(t, row("tx/aptos.tsv", "APT"), "986a0000000001", "986a00ff000001"), signature.Ed25519, tx.ErrUnsafe, "transaction of Aptos"},
		// Cardano signs that hash, too, and takes numbers that are not in their shortest form.
		{"a body of Cardano with a long number", "DOT", "a4180000" + long + long + long, signature.Ed25519, tx.ErrUnsafe, "Cardano"},
		{"what Filecoin hashes", "VET", "0171a0e40220" + long[:64], signature.ECDSA, tx.ErrUnsafe, "is not what VeChain signs"},
		{"a batch of XRP", "DOT", "42434800" + long, signature.Ed25519, tx.ErrUnsafe, "batch of transactions"},
		{"a login with Cardano", "DOT", "846a5369676e617475726531" + long, signature.Ed25519, tx.ErrUnsafe, "personal message of Cardano"},
		{"in base 64", "DOT", "AAAA" + strings.Repeat("QUFB", 40), signature.Ed25519, tx.ErrUnread, "is in hex"},
		{"half a byte", "DOT", long + "5", signature.Ed25519, tx.ErrUnread, "is in hex"},
		{"two lines", "DOT", long + "\n" + long, signature.Ed25519, tx.ErrUnread, "is in hex"},
		{"nothing", "DOT", "", signature.Ed25519, tx.ErrUnsafe, "is not what"},
	} {
		_, err := blind(t, tc.chain, tc.message, tc.scheme, keysOf(t, testKey, tc.chain))
		if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.why) {
			t.Errorf("%s: %v, want %q", tc.name, err, tc.why)
		}
	}
	// What another reader of the curve takes for its own is never signed unread.
	for file, scheme := range map[string]signature.Scheme{
		"tx/solana.tsv": signature.Ed25519, "tx/stellar.tsv": signature.Ed25519, "tx/ton.tsv": signature.Ed25519, "tx/near.tsv": signature.Ed25519,
		"tx/algorand.tsv": signature.Ed25519, "tx/aptos.tsv": signature.Ed25519, "tx/sui.tsv": signature.Ed25519, "tx/cardano.tsv": signature.Ed25519,
		"tx/evm.tsv": signature.ECDSA, "tx/tron.tsv": signature.ECDSA, "tx/xrp.tsv": signature.ECDSA, "tx/cosmos.tsv": signature.ECDSA,
	} {
		for _, row := range fixtures.Rows(file) {
			if _, err := blind(t, "DOT", row[2], scheme, keysOf(t, testKey, "DOT")); !errors.Is(err, tx.ErrUnsafe) || !strings.Contains(err.Error(), "family") {
				t.Errorf("%s, %s: %v", file, row[0], err)
			}
		}
	}
}

// An account that signs otherwise, and the key of the other curve.
func TestBlindForms(t *testing.T) {
	row := rowOf(t, "tx/blind.tsv", "FIL transfer, ecdsa")
	keys := keysOf(t, testKey, "FIL", "DOT")
	key := keysOn(t, "FIL", testKey)[0]
	for _, e := range key.Chain.On(signature.ECDSA.Curve()) {
		address, err := e.Address(&key.Public)
		if err != nil {
			t.Fatal(err)
		}
		x, err := (&tx.Blind{Chain: key.Chain, Scheme: signature.ECDSA, From: address}).Read([]byte(row[2]))
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&tx.Policy{Keys: keys, Now: noon}).Judge(x)
		if delegated := strings.HasSuffix(e.Name, "4"); delegated != (err != nil) || delegated && !strings.Contains(err.Error(), "do not sign so") {
			t.Errorf("%s: %v", address, err)
		}
	}
	other := keysOn(t, "DOT", testKey)
	for _, key := range other {
		x, err := (&tx.Blind{Chain: key.Chain, Scheme: signature.Ed25519, From: key.Address}).Read([]byte(strings.Repeat("5a", 100)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&tx.Policy{Keys: keys, Now: noon}).Judge(x)
		if of := key.Public.Curve == signature.Ed25519.Curve(); of != (err == nil) || !of && !errors.Is(err, tx.ErrUnsafe) {
			t.Errorf("ed25519 by a key on %v: %v", key.Public.Curve, err)
		}
	}
}

// Whatever is changed in a message changes the review code, or it is refused.
func TestBlindMutation(t *testing.T) {
	for _, row := range fixtures.Rows("tx/blind.tsv") {
		scheme, keys := schemeOf(row[3]), keysOf(t, testKey, row[1])
		code := func(message string) string {
			x, err := blind(t, row[1], message, scheme, keys)
			if err != nil {
				return ""
			}
			b := tx.Batch{Blind: true}
			if err := b.Add("m", x, &tx.Verdict{}); err != nil {
				t.Fatal(err)
			}
			return b.Code().String()
		}
		whole := code(row[2])
		step := max(1, len(row[2])/60)
		for i := 0; i < len(row[2]); i += step {
			changed := []byte(row[2])
			if changed[i]++; changed[i] == ':' || changed[i] == 'g' {
				changed[i] = '0'
			}
			if whole == "" || code(string(changed)) == whole || code(row[2][:i]) == whole {
				t.Fatalf("%s: the digit %d does not matter", row[0], i)
			}
		}
	}
}

// FuzzBlind reads anything as a message: what is taken is shown as not understood.
func FuzzBlind(f *testing.F) {
	for _, row := range fixtures.Rows("tx/blind.tsv") {
		f.Add([]byte(row[2]), row[1], uint8(schemeOf(row[3])))
	}
	f.Fuzz(func(t *testing.T, data []byte, id string, scheme uint8) {
		c, ok := chains.Lookup(id)
		if !ok {
			return
		}
		x, err := (&tx.Blind{Chain: c, Scheme: signature.Scheme(scheme), From: "?"}).Read(data)
		if err != nil {
			return
		}
		message, err := hex.DecodeString(strings.TrimPrefix(strings.TrimSpace(string(data)), "0x"))
		if err != nil || x.Unread.Length != len(message) || len(x.Effects) != 0 || len(x.Slots) != 1 || len(message) == 32 {
			t.Fatalf("%q was taken as %+v", data, x.Unread)
		}
		for _, text := range x.Unread.Text {
			if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
				t.Fatalf("%q is shown", text)
			}
		}
	})
}
