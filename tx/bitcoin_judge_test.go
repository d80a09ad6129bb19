package tx

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/signature"

	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/txscript"
	"github.com/btcsuite/btcd/wire"
	"pgregory.net/rapid"
)

// Which amounts are believed: rule by rule.
func TestBitcoinAmounts(t *testing.T) {
	for _, tc := range []struct {
		name    string
		forms   []string
		proven  bool // the previous transactions are there
		trust   bool
		refused string // empty if it is not
		chain   string // BTC if empty
	}{
		{name: "legacy, proven", forms: []string{"p2pkh"}, proven: true},
		{name: "legacy, claimed", forms: []string{"p2pkh"}, refused: "previous transaction must come with it"},
		{name: "legacy, trusted", forms: []string{"p2pkh"}, trust: true, refused: "previous transaction must come with it"},
		{name: "legacy beside Taproot", forms: []string{"p2pkh", "p2tr"}, refused: "previous transaction must come with it"},
		{name: "segwit, claimed", forms: []string{"p2wpkh"}, refused: "--trust-amounts"},
		{name: "segwit, trusted", forms: []string{"p2wpkh", "p2sh-p2wpkh"}, trust: true},
		{name: "segwit, proven", forms: []string{"p2wpkh"}, proven: true},
		{name: "segwit beside Taproot", forms: []string{"p2wpkh", "p2tr"}},
		{name: "Taproot", forms: []string{"p2tr", "p2tr-untweaked"}},
		{name: "FORKID, claimed", forms: []string{"p2pkh"}, chain: "BCH", refused: "--trust-amounts"},
		{name: "FORKID, trusted", forms: []string{"p2pkh"}, chain: "BCH", trust: true},
		{name: "FORKID, proven", forms: []string{"p2pkh"}, chain: "BSV", proven: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.chain == "" {
				tc.chain = "BTC"
			}
			chain := chainOf(t, tc.chain)
			tx, err := (&Reader{Chain: chain}).Read(bitcoinFile(t, chain, tc.forms, tc.proven))
			if err != nil {
				t.Fatal(err)
			}
			policy := bitcoinPolicy(t, chain)
			policy.TrustAmounts = tc.trust
			_, err = policy.Judge(tx)
			if tc.refused == "" && err != nil || tc.refused != "" && (!errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), tc.refused)) {
				t.Fatalf("%v, want %q", err, tc.refused)
			}
		})
	}
}

// bitcoinFile makes a raw transaction that spends a coin of each form, and pays the
// whole to key 0.
func bitcoinFile(t testing.TB, chain *chains.Chain, forms []string, proven bool) []byte {
	t.Helper()
	const value = 1_000_000
	tx := wire.NewMsgTx(2)
	var prevtxs []map[string]any
	previous := []string{}
	for i, form := range forms {
		prev := wire.NewMsgTx(2)
		prev.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: uint32(i)}, nil, nil))
		prev.AddTxOut(wire.NewTxOut(value, bitcoinScript(t, chain, form, i%6)))
		hash := prev.TxHash()
		tx.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&hash, 0), nil, nil))
		prevtxs = append(prevtxs, map[string]any{
			"txid": hash.String(), "vout": 0, "scriptPubKey": fmt.Sprintf("%x", prev.TxOut[0].PkScript), "amount": "0.01",
		})
		if proven {
			previous = append(previous, hexOf(t, prev))
		}
	}
	tx.AddTxOut(wire.NewTxOut(int64(len(forms))*value*999/1000, bitcoinScript(t, chain, "p2pkh", 0)))
	data, err := json.Marshal(map[string]any{"hex": hexOf(t, tx), "prevtxs": prevtxs, "previous": previous})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func hexOf(t testing.TB, tx *wire.MsgTx) string {
	t.Helper()
	var b bytes.Buffer
	if err := tx.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x", b.Bytes())
}

// bitcoinScript is the output script that pays test key n.
func bitcoinScript(t testing.TB, chain *chains.Chain, form string, n int) []byte {
	t.Helper()
	public := bitcoinPublic(t, n)
	for i := range chain.Encodings {
		if e := &chain.Encodings[i]; e.Name == form {
			payload := e.Payload.Of(nil, &public)
			for _, f := range []struct {
				form, before, after string
			}{
				{"p2pkh", "\x76\xa9\x14", "\x88\xac"}, {"p2pkh-uncompressed", "\x76\xa9\x14", "\x88\xac"},
				{"p2sh-p2wpkh", "\xa9\x14", "\x87"}, {"p2wpkh", "\x00\x14", ""}, {"p2tr", "\x51\x20", ""}, {"p2tr-untweaked", "\x51\x20", ""},
			} {
				if f.form == form {
					return slices.Concat([]byte(f.before), payload, []byte(f.after))
				}
			}
		}
	}
	t.Fatalf("no form %q on %s", form, chain.ID)
	return nil
}

// Derivation fields are not believed, whatever they say, and the key must be that of
// the address.
func TestBitcoinForeign(t *testing.T) {
	v := bitcoinVectorNamed(t, "testnet")
	tx, err := (&Reader{Chain: chainOf(t, v.Chain)}).Read([]byte(v.File))
	if err != nil {
		t.Fatal(err)
	}
	other := bitcoinPublic(t, 1)
	if err := tx.Bind(0, &other); !errors.Is(err, ErrForeign) {
		t.Errorf("the key of another address: %v", err)
	}
	policy := &Policy{Keys: new(Keys)}
	policy.Keys.Add(&Key{Chain: tx.Chain, Public: other})
	if _, err := policy.Judge(tx); !errors.Is(err, ErrForeign) {
		t.Errorf("a coin of somebody else: %v", err)
	}
}

// No signature leaves that a node would not take: of every form of input, on both
// kinds of chains.
func TestBitcoinWrongSignature(t *testing.T) {
	for _, name := range []string{"every form, proven", "BCH", "Dogecoin"} {
		v := bitcoinVectorNamed(t, name)
		tx := judged(t, []byte(v.File), v.Chain)
		for i := range tx.Slots {
			signatures := signBitcoin(t, tx)
			signatures[i].Bytes[63] ^= 1
			if signed, err := tx.Finish(signatures); !errors.Is(err, signature.ErrInvalid) || signed != nil {
				t.Errorf("%s, input %d: %v", name, i, err)
			}
		}
	}
}

func TestBitcoinFees(t *testing.T) {
	file := bitcoinVectorNamed(t, "testnet").File // 1,000,000 in, 995,000 out, 110 bytes
	for _, tc := range []struct {
		out  int64
		high string
	}{
		{1_000_000, ""}, {990_100, ""}, {990_098, "more than 1 %"}, {900_000, "909.0 sat/vB, and 500 would be much"},
	} {
		data := rewritten(t, file, func(p *psbt.Packet) { p.UnsignedTx.TxOut[0].Value = tc.out })
		tx, err := (&Reader{Chain: chainOf(t, "XTN")}).Read(data)
		if err != nil {
			t.Fatal(err)
		}
		_, err = bitcoinPolicy(t, chainOf(t, "XTN")).Judge(tx)
		if tc.high == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), tc.high) {
			t.Errorf("%d: %v, want %q", tc.out, err, tc.high)
		}
	}
}

// Data beside a payment may say whose it is, as bridges read it, so it is the payment's
// memo: nobody is paid with data that was not allowed.
func TestBitcoinDataIsAMemo(t *testing.T) {
	btc := chainOf(t, "BTC")
	policy := bitcoinPolicy(t, btc)
	payee, _ := btc.OutputAddress(append([]byte{0x00, 0x14}, make([]byte, 20)...))
	for _, tc := range []struct {
		scripts []string
		tag     string
		refused string
	}{
		{nil, "", ""},
		{[]string{"6a043d3a4331"}, "=:C1", ""},
		{[]string{"6a4c043d3a4331"}, "=:C1", ""},
		{[]string{"6a043d3a4331"}, "=:C2", "with another one"},
		{[]string{"6a043d3a4331"}, "", "without one"},
		{nil, "=:C1", "with another one"},
		{[]string{"6a03ff0001"}, "hex ff0001", ""},
		{[]string{"6a023d3a024331"}, "script 023d3a024331", ""},
		{[]string{"6a3d3a"}, "=:", "with another one"},
		{[]string{"6a043d3a4331", "6a0141"}, "=:C1", "twice"},
	} {
		data := rewritten(t, bitcoinVectorNamed(t, "every form, proven").File, func(p *psbt.Packet) {
			p.UnsignedTx.TxOut = slices.DeleteFunc(p.UnsignedTx.TxOut, func(out *wire.TxOut) bool { return out.Value == 0 })
			p.Outputs = make([]psbt.POutput, len(p.UnsignedTx.TxOut))
			p.UnsignedTx.TxOut[0].PkScript = append([]byte{0x00, 0x14}, make([]byte, 20)...)
			for _, script := range tc.scripts {
				b, _ := hex.DecodeString(script)
				p.UnsignedTx.AddTxOut(wire.NewTxOut(0, b))
				p.Outputs = append(p.Outputs, psbt.POutput{})
			}
		})
		x, err := (&Reader{Chain: btc}).Read(data)
		if err == nil {
			policy.Payees = []Payee{{Chain: btc, Address: payee, Tag: tc.tag, From: "--to"}}
			for _, out := range x.Effects[1:] {
				policy.Payees = append(policy.Payees, Payee{Chain: btc, Address: out.To, Tag: out.Tag})
			}
			_, err = policy.Judge(x)
		}
		if tc.refused == "" && err != nil || tc.refused != "" && (!errors.Is(err, ErrUnsafe) || !strings.Contains(err.Error(), tc.refused)) {
			t.Errorf("%v, %q is allowed: %v, want %q", tc.scripts, tc.tag, err, tc.refused)
		}
	}
}

func TestBitcoinTiming(t *testing.T) {
	file := bitcoinVectorNamed(t, "testnet").File
	for _, tc := range []struct {
		version        int32
		sequence, lock uint32
		want           []string
	}{
		{2, 0xffffffff, 900_000, nil},
		{2, 0xfffffffe, 0, nil},
		{2, 0xfffffffe, 499_999_999, []string{"after block 499999999 only"}},
		{2, 0xfffffffd, 0, []string{"BIP 125"}},
		{2, 144, 0, []string{"BIP 68", "BIP 125"}},
		{1, 144, 500_000_000, []string{"after 1985-11-05T00:53:20Z only", "BIP 125"}},
	} {
		data := rewritten(t, file, func(p *psbt.Packet) {
			p.UnsignedTx.Version, p.UnsignedTx.LockTime, p.UnsignedTx.TxIn[0].Sequence = tc.version, tc.lock, tc.sequence
		})
		tx, err := (&Reader{Chain: chainOf(t, "XTN")}).Read(data)
		if err != nil {
			t.Fatal(err)
		}
		want := append(tc.want, "for a test")
		if len(tx.Notes) != len(want) {
			t.Fatalf("%+v: %q", tc, tx.Notes)
		}
		for i, want := range want {
			if !strings.Contains(tx.Notes[i], want) {
				t.Errorf("%+v: %q", tc, tx.Notes[i])
			}
		}
	}
}

// Legacy digests take time that grows with the square of the size: what nodes do not
// relay is refused. The others are linear, and only noted.
func TestBitcoinTooLarge(t *testing.T) {
	for form, want := range map[string]error{"p2pkh": ErrUnsafe, "p2wpkh": nil} {
		chain := chainOf(t, "BTC")
		tx, err := (&Reader{Chain: chain}).Read(bitcoinFile(t, chain, slices.Repeat([]string{form}, 1500), false))
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", form, err)
		}
		if err == nil && !strings.Contains(tx.Notes[1], "only a miner") {
			t.Errorf("%s: %q", form, tx.Notes)
		}
	}
}

// What is signed is what was shown: a file that signs the same shows the same.
func TestBitcoinMutations(t *testing.T) {
	for _, name := range []string{"every form, proven", "every form, proven by Taproot", "every form, raw", "BCH", "Dash"} {
		v := bitcoinVectorNamed(t, name)
		data := []byte(v.File)
		if decoded, err := base64.StdEncoding.DecodeString(v.File); err == nil {
			data = decoded
		}
		chain := chainOf(t, v.Chain)
		policy := bitcoinPolicy(t, chain)
		original := judged(t, data, v.Chain)
		accepted := 0
		check := func(what string, mutated []byte) {
			tx, err := (&Reader{Chain: chain}).Read(mutated)
			if err == nil {
				_, err = policy.Judge(tx)
			}
			if err != nil {
				if !errors.Is(err, ErrUnread) && !errors.Is(err, ErrUnsafe) && !errors.Is(err, ErrForeign) {
					t.Errorf("%s: %v", what, err)
				}
				return
			}
			accepted++
			if !reflect.DeepEqual(messages(tx), messages(original)) {
				return
			}
			if !reflect.DeepEqual(tx.Effects, original.Effects) || !reflect.DeepEqual(tx.Fee, original.Fee) || !slices.Equal(tx.Claims, original.Claims) {
				t.Errorf("%s: signs the same and shows something else", what)
			}
		}
		step := 1
		if testing.Short() {
			step = 16
		}
		for i := 0; i < len(data); i += step {
			mutated := slices.Clone(data)
			mutated[i] ^= 1 << (i % 8)
			check(fmt.Sprintf("%s, byte %d", name, i), mutated)
			if tx, err := (&Reader{Chain: chain}).Read(data[:i]); err == nil {
				t.Errorf("%s, cut to %d bytes: %+v", name, i, tx)
			}
		}
		if accepted == 0 {
			t.Errorf("%s: every change was refused", name)
		}
	}
}

func messages(tx *Transaction) [][]byte {
	var list [][]byte
	for i := range tx.Slots {
		list = append(list, tx.Slots[i].Signing.Message)
	}
	return list
}

// What a file is on a chain does not depend on what it was read as before.
func TestReadOnce(t *testing.T) {
	// Of which eCash, with its two decimals, reads a millionth.
	files := []string{string(bitcoinFile(t, chainOf(t, "BTC"), []string{"p2pkh"}, false))}
	for _, v := range bitcoinVectors(t) {
		files = append(files, v.File)
	}
	read := 0
	for _, file := range files {
		as, err := parseBitcoin([]byte(file))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range coins {
			got, err := as(chainOf(t, c.id))
			want, alone := (&Reader{Chain: chainOf(t, c.id)}).Read([]byte(file))
			if (err == nil) != (alone == nil) {
				t.Fatalf("%s: %v, and alone %v", c.id, err, alone)
			}
			if err != nil {
				continue
			}
			read++
			if !reflect.DeepEqual(got.Slots, want.Slots) || !reflect.DeepEqual(got.Effects, want.Effects) || !reflect.DeepEqual(got.Fee, want.Fee) {
				t.Errorf("%s: %+v, and alone %+v", c.id, got, want)
			}
		}
	}
	if read < 2*len(files) {
		t.Errorf("only %d readings of %d files", read, len(files))
	}
}

// FuzzPSBT changes the bytes of a PSBT after those that it begins with.
func FuzzPSBT(f *testing.F) {
	for _, v := range bitcoinVectors(f) {
		if b, err := base64.StdEncoding.DecodeString(v.File); err == nil {
			f.Add(bytes.TrimPrefix(b, []byte(psbtMagic)))
		}
	}
	check := soundOnEach(f)
	f.Fuzz(func(t *testing.T, data []byte) { check(t, append([]byte(psbtMagic), data...)) })
}

// FuzzPrevtxs changes the text of a JSON file.
func FuzzPrevtxs(f *testing.F) {
	for _, v := range bitcoinVectors(f) {
		if strings.HasPrefix(v.File, "{") {
			f.Add([]byte(v.File))
		}
	}
	check := soundOnEach(f)
	f.Fuzz(check)
}

// FuzzRawTransaction changes a transaction in the JSON file, and one that its coin comes
// from. What is read of either is all that there is.
func FuzzRawTransaction(f *testing.F) {
	for _, form := range []string{"p2pkh", "p2wpkh"} {
		var file prevtxsFile
		if err := json.Unmarshal(bitcoinFile(f, chainOf(f, "BTC"), []string{form}, true), &file); err != nil {
			f.Fatal(err)
		}
		spend, err := hex.DecodeString(file.Hex)
		if err != nil {
			f.Fatal(err)
		}
		previous, err := hex.DecodeString(file.Previous[0])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(spend, previous)
	}
	check := soundOnEach(f)
	f.Fuzz(func(t *testing.T, spend, previous []byte) {
		if prev, err := readTransaction(previous, true); err == nil {
			// Its ID does not cover a witness, which may be empty.
			if again := serialized(t, prev); previous[4] != 0 && !bytes.Equal(again, previous) {
				t.Fatalf("%x is read, and written as %x", previous, again)
			}
			// So that it is the one that the first coin comes from.
			if tx, err := readTransaction(spend, false); err == nil && len(tx.TxIn) > 0 {
				tx.TxIn[0].PreviousOutPoint.Hash = prev.TxHash()
				spend = serialized(t, tx)
			}
		}
		check(t, fmt.Appendf(nil, `{"hex":"%x","previous":["%x"]}`, spend, previous))
	})
}

func serialized(t rapid.TB, tx *wire.MsgTx) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tx.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// soundOnEach returns what reads a file on each chain, and checks its sums.
func soundOnEach(f *testing.F) func(*testing.T, []byte) {
	var all []*chains.Chain
	for _, c := range coins {
		all = append(all, chainOf(f, c.id))
	}
	return func(t *testing.T, data []byte) {
		if !claimsBitcoin(data) {
			return
		}
		as, err := parseBitcoin(data)
		for i := 0; err == nil && i < len(all); i++ {
			tx, refused := as(all[i])
			if refused == nil {
				sound(t, tx)
			} else if !errors.Is(refused, ErrUnread) && !errors.Is(refused, ErrUnsafe) {
				t.Fatalf("%s: %v", all[i].ID, refused)
			}
		}
		if err != nil && !errors.Is(err, ErrUnread) && !errors.Is(err, ErrUnsafe) {
			t.Fatal(err)
		}
	}
}

// sound checks that all inputs and outputs are there, and that the fee is what they
// leave.
func sound(t *testing.T, tx *Transaction) {
	body := tx.body.(*bitcoinBody)
	if len(tx.Slots) != len(body.tx.TxIn) || len(tx.Effects) != len(body.tx.TxOut) || tx.Fee.Most.Sign() < 0 {
		t.Fatalf("%s: %+v", tx.Chain.ID, tx)
	}
	in, out := tx.Fee.Most.Int64(), int64(0)
	for _, e := range tx.Effects {
		in += e.Amount.Int64()
		if e.Kind == Data && e.Amount.Sign() != 0 {
			t.Fatalf("%s: data with coins", tx.Chain.ID)
		}
	}
	for _, s := range tx.Slots {
		out += s.Amount.Int64()
		if !tx.Chain.Reads(s.Address) && len(s.Address) < 20 {
			t.Fatalf("%s: address %q", tx.Chain.ID, s.Address)
		}
	}
	if in != out {
		t.Fatalf("%s: %d in, %d out", tx.Chain.ID, in, out)
	}
}

// BenchmarkBitcoin reads, judges and finishes a transaction of 10,000 inputs, but
// for the signing.
func BenchmarkBitcoin(b *testing.B) {
	for _, form := range []string{"p2wpkh", "p2tr-untweaked"} {
		b.Run(form, func(b *testing.B) {
			chain := chainOf(b, "BTC")
			data := bitcoinFile(b, chain, slices.Repeat([]string{form}, 10_000), true)
			policy := bitcoinPolicy(b, chain)
			for b.Loop() {
				tx, err := (&Reader{Known: policy.Keys.Knows}).Read(data)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := policy.Judge(tx); err != nil {
					b.Fatal(err)
				}
				b.StopTimer()
				signatures := signBitcoin(b, tx)
				b.StartTimer()
				if _, err := tx.Finish(signatures); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The engine knows no FORKID, so nothing but this says that its bit is there.
func TestBitcoinForkID(t *testing.T) {
	for _, id := range []string{"BCH", "XEC", "BSV", "BTC"} {
		v := bitcoinVectorNamed(t, map[bool]string{true: id, false: "every form, proven"}[id != "BTC"])
		tx := judged(t, []byte(v.File), id)
		signed, err := tx.Finish(signBitcoin(t, tx))
		if err != nil {
			t.Fatal(err)
		}
		raw := wire.NewMsgTx(2)
		if err := raw.Deserialize(hex.NewDecoder(strings.NewReader(signed.Text))); err != nil {
			t.Fatal(err)
		}
		pushes := txscript.MakeScriptTokenizer(0, raw.TxIn[0].SignatureScript)
		if !pushes.Next() {
			t.Fatal("no signature")
		}
		kind := pushes.Data()[len(pushes.Data())-1]
		if want := map[bool]byte{true: 0x41, false: 0x01}[id != "BTC"]; kind != want {
			t.Errorf("%s: a signature of type %#x, want %#x", id, kind, want)
		}
	}
}
