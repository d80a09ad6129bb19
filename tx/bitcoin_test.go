package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"

	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/btcsuite/btcd/btcec/v2/schnorr"
	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/txscript"
	"github.com/btcsuite/btcd/wire"
	secp "github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"pgregory.net/rapid"
)

// bitcoinVector is a case that somebody else's library signed; see
// fixtures/vectors/tx/README.md. The key of input n is SHA-256("TEST ONLY n").
type bitcoinVector struct {
	Name, Chain string
	Forms       []string // of the inputs
	File        string   // unsigned
	Signed      string   // the finalised PSBT
	Hex, TxID   string
	Size        int64 // virtual bytes
}

func bitcoinVectors(t testing.TB) []bitcoinVector {
	t.Helper()
	var list []bitcoinVector
	if err := json.Unmarshal(fixtures.Read("vectors/tx/bitcoin.json"), &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func bitcoinVectorNamed(t testing.TB, name string) bitcoinVector {
	t.Helper()
	for _, v := range bitcoinVectors(t) {
		if v.Name == name {
			return v
		}
	}
	t.Fatalf("no vector %q", name)
	return bitcoinVector{}
}

func bitcoinSecret(n int) *secp.PrivateKey {
	h := sha256.Sum256(fmt.Appendf(nil, "TEST ONLY %d", n))
	return secp.PrivKeyFromBytes(h[:])
}

func bitcoinPublic(t rapid.TB, n int) chains.PublicKey {
	t.Helper()
	p, err := curve.Secp256k1.ParsePoint(bitcoinSecret(n).PubKey().SerializeCompressed())
	if err != nil {
		t.Fatal(err)
	}
	return chains.NewPublicKey(p)
}

func chainOf(t testing.TB, id string) *chains.Chain {
	t.Helper()
	c, ok := chains.Lookup(id)
	if !ok {
		t.Fatalf("no chain %q", id)
	}
	return c
}

// bitcoinPolicy is that of a vault with the keys 0 to 5 on a chain.
func bitcoinPolicy(t testing.TB, chain *chains.Chain) *Policy {
	t.Helper()
	p := &Policy{Keys: new(Keys)}
	for n := range 6 {
		p.Keys.Add(&Key{Chain: chain, Path: fmt.Sprintf("m/0/%d", n), Public: bitcoinPublic(t, n)})
	}
	return p
}

// signBitcoin signs every slot with RFC 6979 and BIP 340 without randomness.
func signBitcoin(t testing.TB, tx *Transaction) []*signature.Signature {
	t.Helper()
	secrets := make(map[string]*secp.PrivateKey)
	for n := range 6 {
		k := bitcoinSecret(n)
		secrets[string(k.PubKey().SerializeCompressed())] = k
	}
	var list []*signature.Signature
	for i := range tx.Slots {
		signing := tx.Slots[i].Signing
		secret := secrets[string(signing.Public.Bytes())]
		s := &signature.Signature{Scheme: signing.Scheme}
		if signing.Scheme == signature.ECDSA {
			compact := ecdsa.SignCompact(secret, signing.Message, true)
			s.Recovery = compact[0] - 27 - 4
			copy(s.Bytes[:], compact[1:])
		} else {
			d := secret.Key
			if signing.Tweak != nil {
				if secret.PubKey().SerializeCompressed()[0] == 3 {
					d.Negate()
				}
				b := signing.Tweak.Bytes()
				var tweak secp.ModNScalar
				tweak.SetBytes(&b)
				d.Add(&tweak)
			}
			made, err := schnorr.Sign(btcec.PrivKeyFromScalar(&d), signing.Message, schnorr.CustomNonce([32]byte{}))
			if err != nil {
				t.Fatal(err)
			}
			copy(s.Bytes[:], made.Serialize())
		}
		list = append(list, s)
	}
	return list
}

// What was read, signed and finished is, byte for byte, what bitcoinjs-lib and
// bitcore-lib-cash make of the same file and keys.
func TestBitcoinVectors(t *testing.T) {
	for _, v := range bitcoinVectors(t) {
		t.Run(v.Name, func(t *testing.T) {
			chain := chainOf(t, v.Chain)
			tx, err := (&Reader{Chain: chain}).Read([]byte(v.File))
			if err != nil {
				t.Fatal(err)
			}
			policy := bitcoinPolicy(t, chain)
			policy.TrustAmounts = v.Name == "claimed amounts"
			if _, err := policy.Judge(tx); err != nil {
				t.Fatal(err)
			}
			size := tx.body.(*bitcoinBody).size()
			if slices.Contains(v.Forms, "p2pkh-uncompressed") {
				size += 32
			}
			if size < v.Size || size > v.Size+int64(2*len(v.Forms)) {
				t.Errorf("%d virtual bytes were estimated, there are %d", size, v.Size)
			}
			signed, err := tx.Finish(signBitcoin(t, tx))
			if err != nil {
				t.Fatal(err)
			}
			if signed.Text != v.Hex {
				t.Errorf("transaction\n%s, want\n%s", signed.Text, v.Hex)
			}
			if signed.ID != v.TxID {
				t.Errorf("txid %s, want %s", signed.ID, v.TxID)
			}
			want := v.Signed
			if want != "" {
				want += "\n"
			}
			if string(signed.Data) != want {
				t.Errorf("file\n%s, want\n%s", signed.Data, want)
			}
		})
	}
}

// A binary PSBT comes back as one.
func TestBitcoinBinary(t *testing.T) {
	v := bitcoinVectorNamed(t, "testnet")
	data, err := base64.StdEncoding.DecodeString(v.File)
	if err != nil {
		t.Fatal(err)
	}
	tx := judged(t, data, v.Chain)
	signed, err := tx.Finish(signBitcoin(t, tx))
	if err != nil {
		t.Fatal(err)
	}
	if got := base64.StdEncoding.EncodeToString(signed.Data); got != v.Signed {
		t.Errorf("%s, want %s", got, v.Signed)
	}
}

func judged(t testing.TB, data []byte, id string) *Transaction {
	t.Helper()
	chain := chainOf(t, id)
	tx, err := (&Reader{Chain: chain}).Read(data)
	if err == nil {
		_, err = bitcoinPolicy(t, chain).Judge(tx)
	}
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func TestBitcoinReview(t *testing.T) {
	v := bitcoinVectorNamed(t, "every form, proven")
	tx := judged(t, []byte(v.File), v.Chain)
	var effects []string
	for _, e := range tx.Effects {
		effects = append(effects, fmt.Sprintf("%s %s %s", e.Kind, e.Asset.Text(e.Amount), e.To))
	}
	want := []string{
		"pay 0.03000000 BTC bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
		"pay 0.04000000 BTC bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3",
		"pay 0.05000000 BTC bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
		"pay 0.06000000 BTC 3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC",
		"pay 0.02990000 BTC 1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
		`data 0.00000000 BTC "TEST ONLY"`,
	}
	if !slices.Equal(effects, want) {
		t.Errorf("effects:\n%s", strings.Join(effects, "\n"))
	}
	if tx.Fee.Most.Int64() != 10_000 || tx.Fee.High != "" || tx.Fee.Rate != "12.7 sat/vB" {
		t.Errorf("fee %+v", tx.Fee)
	}
	if want := []string{"The network takes it after block 850000 only.", "It says that another one with a higher fee may take its place (BIP 125).", noteTokens}; !slices.Equal(tx.Notes, want) {
		t.Errorf("notes %q", tx.Notes)
	}
	for i := range tx.Slots {
		s := &tx.Slots[i]
		if s.Amount.Int64() != int64(i+1)*1_000_000 || s.Proof != Proven || s.NeedsProof != strings.HasPrefix(v.Forms[i], "p2pkh") || s.All != strings.HasPrefix(v.Forms[i], "p2tr") {
			t.Errorf("slot %d, %s: %+v", i, v.Forms[i], s)
		}
	}
	if tx.Claims[0] != "BTC coin bd7d9d0f117827ba7aa2f475357bd9ae7d44084848ffc4bcf6bc143e056d5925:1" {
		t.Errorf("claim %q", tx.Claims[0])
	}
	dash := bitcoinVectorNamed(t, "Dash")
	if tx := judged(t, []byte(dash.File), dash.Chain); tx.Notes[0] != "The network takes it after 2027-01-15T08:00:00Z only." {
		t.Errorf("notes %q", tx.Notes)
	}
}

// The same bytes are of the chain whose address book has the coins' addresses.
func TestBitcoinChains(t *testing.T) {
	for _, tc := range []struct {
		vector string
		ours   []string
		want   string // empty if it could be of several
	}{
		{"BCH", []string{"BCH"}, "BCH"}, {"XEC", []string{"XEC"}, "XEC"}, {"BCH", []string{"BCH", "LTC"}, ""},
		{"BCH", []string{"DASH"}, "DASH"}, {"BCH", nil, "BTC"}, {"Litecoin", []string{"BCH", "LTC"}, "LTC"},
	} {
		keys := new(Keys)
		for _, id := range tc.ours {
			keys.Add(&Key{Chain: chainOf(t, id), Public: bitcoinPublic(t, 0)})
		}
		tx, err := (&Reader{Known: keys.Knows}).Read([]byte(bitcoinVectorNamed(t, tc.vector).File))
		switch {
		case tc.want == "" && !errors.Is(err, ErrChain), tc.want != "" && err != nil:
			t.Errorf("%v: %v", tc.ours, err)
		case tc.want != "" && tx.Chain.ID != tc.want:
			t.Errorf("%v: %s", tc.ours, tx.Chain.ID)
		}
	}
}

// rewritten changes a PSBT with its library.
func rewritten(t *testing.T, file string, change func(*psbt.Packet)) []byte {
	t.Helper()
	p, err := psbt.NewFromRawBytes(strings.NewReader(file), true)
	if err != nil {
		t.Fatal(err)
	}
	change(p)
	var b bytes.Buffer
	if err := p.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestBitcoinRefused(t *testing.T) {
	every := bitcoinVectorNamed(t, "every form, proven").File
	binary, err := base64.StdEncoding.DecodeString(every)
	if err != nil {
		t.Fatal(err)
	}
	decoded := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	change := func(f func(*psbt.Packet)) []byte { return rewritten(t, every, f) }
	output := func(value int64, script string) []byte {
		return change(func(p *psbt.Packet) { p.UnsignedTx.TxOut[0] = wire.NewTxOut(value, decoded(script)) })
	}
	input := func(f func(*psbt.PInput)) []byte { return change(func(p *psbt.Packet) { f(&p.Inputs[3]) }) }
	unsignedBytes := func(p *psbt.Packet) []byte {
		var b bytes.Buffer
		if err := p.UnsignedTx.SerializeNoWitness(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	global := func(f func([]byte) []byte) []byte {
		p, err := psbt.NewFromRawBytes(bytes.NewReader(binary), false)
		if err != nil {
			t.Fatal(err)
		}
		was := unsignedBytes(p)
		var b bytes.Buffer
		b.WriteString(psbtMagic + "\x01\x00")
		if err := wire.WriteVarBytes(&b, 0, f(was)); err != nil {
			t.Fatal(err)
		}
		rest := binary[bytes.Index(binary, was)+len(was):]
		return append(b.Bytes(), rest...)
	}
	raw := func(f func(map[string]any)) []byte {
		var file map[string]any
		if err := json.Unmarshal([]byte(bitcoinVectorNamed(t, "every form, raw").File), &file); err != nil {
			t.Fatal(err)
		}
		f(file)
		b, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	prevtx := func(f func(map[string]any)) []byte {
		return raw(func(file map[string]any) { f(file["prevtxs"].([]any)[3].(map[string]any)) })
	}
	// One input with a script of 200,000 bytes, and then one that claims 4,000,000:
	// together they are more than btcd has room for, and it would panic.
	claimed := "0200000002" + strings.Repeat("01", 36) + "fe400d0300" + strings.Repeat("00", 200_000) + "ffffffff" +
		strings.Repeat("01", 36) + "fe00093d00"
	// A field of an input or an output that is about the generator, or its x coordinate.
	const x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"
	of := func(key, value string) []*psbt.Unknown {
		return []*psbt.Unknown{{Key: decoded(key), Value: decoded(value)}}
	}
	ofInput := func(key, value string) []byte {
		return input(func(p *psbt.PInput) { p.Unknowns = of(key+x, value) })
	}
	ofOutput := func(key, value string) []byte {
		return change(func(p *psbt.Packet) { p.Outputs[0].Unknowns = of(key+x, value) })
	}
	text := func(s string) func([]byte) []byte { return func(b []byte) []byte { return append(b, s...) } }

	for name, tc := range map[string]struct {
		data []byte
		want error
		says string
	}{
		// The PSBT.
		"bytes after it":             {append(slices.Clone(binary), 0), ErrUnsafe, "follow the PSBT"},
		"bytes after the tx":         {global(text("\x00")), ErrUnsafe, "follow a transaction in it"},
		"cut":                        {binary[:len(binary)-1], ErrUnread, "damaged"},
		"base 64, cut":               {[]byte(every[:len(every)-2]), ErrUnread, "base 64"},
		"unknown global field":       {change(func(p *psbt.Packet) { p.Unknowns = []*psbt.Unknown{{Key: []byte{0x77}, Value: []byte{1}}} }), ErrUnsafe, "0x77 about the whole"},
		"proprietary field":          {change(func(p *psbt.Packet) { p.Unknowns = []*psbt.Unknown{{Key: []byte{0xfc, 1, 2}, Value: nil}} }), ErrUnsafe, "0xfc"},
		"version field 2":            {change(func(p *psbt.Packet) { p.Unknowns = []*psbt.Unknown{{Key: []byte{0xfb}, Value: []byte{2, 0, 0, 0}}} }), ErrUnsafe, "0xfb"},
		"unknown field of an input":  {input(func(p *psbt.PInput) { p.Unknowns = []*psbt.Unknown{{Key: []byte{0x10, 9}}} }), ErrUnsafe, "0x10 about an input"},
		"unknown field of an output": {change(func(p *psbt.Packet) { p.Outputs[0].Unknowns = []*psbt.Unknown{{Key: []byte{0x35}}} }), ErrUnsafe, "0x35 about an output"},
		"a field twice": {change(func(p *psbt.Packet) {
			p.Inputs[3].Unknowns = []*psbt.Unknown{{Key: []byte{0x03}, Value: make([]byte, 4)}, {Key: []byte{0x03}, Value: make([]byte, 4)}}
		}), ErrUnsafe, "twice"},
		"a field with a longer key":   {input(func(p *psbt.PInput) { p.Unknowns = []*psbt.Unknown{{Key: []byte{0x03, 1}, Value: []byte{1, 0, 0, 0}}} }), ErrUnsafe, "key of 2 bytes"},
		"a witness script":            {input(func(p *psbt.PInput) { p.WitnessScript = []byte{0x51} }), ErrUnsafe, "0x05"},
		"a script tree":               {input(func(p *psbt.PInput) { p.TaprootMerkleRoot = make([]byte, 32) }), ErrUnsafe, "0x18"},
		"a final script already":      {input(func(p *psbt.PInput) { p.FinalScriptSig = []byte{0} }), ErrUnsafe, "0x07"},
		"sighash NONE":                {input(func(p *psbt.PInput) { p.SighashType = txscript.SigHashNone }), ErrUnsafe, "type 0x2"},
		"sighash SINGLE":              {input(func(p *psbt.PInput) { p.SighashType = txscript.SigHashSingle }), ErrUnsafe, "type 0x3"},
		"sighash ANYONECANPAY":        {input(func(p *psbt.PInput) { p.SighashType = 0x81 }), ErrUnsafe, "type 0x81"},
		"sighash FORKID":              {input(func(p *psbt.PInput) { p.SighashType = 0x41 }), ErrUnsafe, "type 0x41"},
		"sighash of 32 bits":          {input(func(p *psbt.PInput) { p.SighashType = 0x101 }), ErrUnsafe, "type 0x101"},
		"redeem script where none is": {input(func(p *psbt.PInput) { p.RedeemScript = make([]byte, 22) }), ErrUnsafe, "redeem script"},
		"redeem script of another":    {change(func(p *psbt.Packet) { p.Inputs[2].RedeemScript[5]++ }), ErrUnsafe, "redeem script"},
		"redeem script of several":    {change(func(p *psbt.Packet) { p.Inputs[2].RedeemScript = []byte{0x51} }), ErrUnsafe, "redeem script"},
		"no coin":                     {input(func(p *psbt.PInput) { p.WitnessUtxo, p.NonWitnessUtxo = nil, nil }), ErrUnsafe, "what it is worth"},
		"amount that is a lie":        {input(func(p *psbt.PInput) { p.WitnessUtxo.Value++ }), ErrUnsafe, "the transaction that it comes from says"},
		"script that is a lie":        {input(func(p *psbt.PInput) { p.WitnessUtxo.PkScript[3]++ }), ErrUnsafe, "something else"},
		"previous of another coin":    {input(func(p *psbt.PInput) { p.NonWitnessUtxo.TxOut[0].Value++ }), ErrUnsafe, "another transaction"},
		"bytes after a previous": {change(func(p *psbt.Packet) {
			var b bytes.Buffer
			if err := p.Inputs[3].NonWitnessUtxo.Serialize(&b); err != nil {
				t.Fatal(err)
			}
			p.Inputs[3].NonWitnessUtxo = nil
			p.Inputs[3].Unknowns = []*psbt.Unknown{{Key: []byte{0}, Value: append(b.Bytes(), 0)}}
		}), ErrUnsafe, "0x00 about an input"},
		"bytes after a coin": {change(func(p *psbt.Packet) {
			u := p.Inputs[3].WitnessUtxo
			p.Inputs[3].WitnessUtxo = nil
			value := append(slices.Clone(make([]byte, 8)), byte(len(u.PkScript)))
			p.Inputs[3].Unknowns = []*psbt.Unknown{{Key: []byte{1}, Value: append(append(value, u.PkScript...), 0)}}
		}), ErrUnsafe, "0x01 about an input"},
		// The library would panic at each of these but the second and the sixth.
		"derivation that is empty":       {ofInput("0602", ""), ErrUnsafe, "0x06 about an input"},
		"derivation that is cut":         {ofInput("0602", "0102030405"), ErrUnsafe, "0x06 about an input"},
		"derivation of an output, empty": {ofOutput("0202", ""), ErrUnsafe, "0x02 about an output"},
		"derivation after a leaf":        {ofInput("16", "01"+x), ErrUnsafe, "0x16 about an input"},
		"leaves without end":             {ofInput("16", "ff0000000000000008"+"01020304"), ErrUnsafe, "0x16 about an input"},
		"leaf that is cut":               {ofOutput("07", "01"+x[2:]+"01020304"), ErrUnsafe, "0x07 about an output"},
		"leaves of an output":            {ofOutput("07", "ff0000000000000008"+"01020304"), ErrUnsafe, "0x07 about an output"},
		"output that is not there": {change(func(p *psbt.Packet) {
			p.UnsignedTx.TxIn[3].PreviousOutPoint.Index = 2
			p.Inputs[3].WitnessUtxo = nil
		}), ErrUnsafe, "only 2 outputs"},

		// The transaction.
		"version 3":             {change(func(p *psbt.Packet) { p.UnsignedTx.Version = 3 }), ErrUnsafe, "version"},
		"version of Dash":       {change(func(p *psbt.Packet) { p.UnsignedTx.Version = 3 | 1<<16 }), ErrUnsafe, "version"},
		"the same coin twice":   {change(func(p *psbt.Packet) { p.UnsignedTx.TxIn[4].PreviousOutPoint = p.UnsignedTx.TxIn[3].PreviousOutPoint }), ErrUnsafe, "coin of another"},
		"coinbase":              {change(func(p *psbt.Packet) { p.UnsignedTx.TxIn[4].PreviousOutPoint = wire.OutPoint{Index: 1<<32 - 1} }), ErrUnsafe, "spends no coin"},
		"no outputs":            {change(func(p *psbt.Packet) { p.UnsignedTx.TxOut, p.Outputs = nil, nil }), ErrUnsafe, "pays nobody"},
		"negative output":       {output(-1, "00140000000000000000000000000000000000000000"), ErrUnsafe, "not as many"},
		"more than there is":    {output(21e14+1, "00140000000000000000000000000000000000000000"), ErrUnsafe, "not as many"},
		"outputs of too much":   {output(21e14, "00140000000000000000000000000000000000000000"), ErrUnsafe, "not as many"},
		"more than it spends":   {output(21_000_000, "00140000000000000000000000000000000000000000"), ErrUnsafe, "spends only"},
		"unknown script":        {output(1000, "51"), ErrUnsafe, "no address"},
		"empty script":          {output(1000, ""), ErrUnsafe, "no address"},
		"public key":            {output(1000, "21"+strings.Repeat("02", 33)+"ac"), ErrUnsafe, "no address"},
		"token of Bitcoin Cash": {output(1000, "ef"+strings.Repeat("00", 32)+"1001"+"76a914"+strings.Repeat("00", 20)+"88ac"), ErrUnsafe, "no address"},
		"anchor":                {output(0, "51024e73"), ErrUnsafe, "no address"},
		"coins burnt":           {output(1, "6a0100"), ErrUnsafe, "burns"},
		"much data":             {output(0, "6a4cff"+strings.Repeat("00", 255)), ErrUnsafe, "257 bytes of data"},
		"runes":                 {output(0, "6a5d0100"), ErrUnsafe, "runes"},
		"Omni":                  {output(0, "6a146f6d6e69000000000000001f000000012a05f200"), ErrUnsafe, "Omni"},
		"Omni, all tokens":      {output(0, "6a096f6d6e690000000401"), ErrUnsafe, "Omni"},
		"SLP, pushed by 4d":     {output(0, "6a4d0400534c5000010108474d494e54"), ErrUnsafe, "SLP"},
		"SLP":                   {output(0, "6a04534c50000101"), ErrUnsafe, "SLP"},
		"Stacks":                {output(0, "6a0558322400ff"), ErrUnsafe, "Stacks"},

		// The raw form.
		"bare hex":               {[]byte("0200000001" + strings.Repeat("00", 50)), ErrUnread, "what its coins are worth"},
		"unknown key":            {raw(func(f map[string]any) { f["complete"] = false }), ErrUnsafe, "not known"},
		"key in another case":    {raw(func(f map[string]any) { f["HEX"] = "00" }), ErrUnread, "did you mean"},
		"unknown key of a coin":  {prevtx(func(e map[string]any) { e["witnessScript"] = "51" }), ErrUnsafe, "not known"},
		"bytes after":            {raw(func(f map[string]any) { f["hex"] = f["hex"].(string) + "00" }), ErrUnsafe, "follow a transaction in it"},
		"hex, cut":               {raw(func(f map[string]any) { f["hex"] = f["hex"].(string)[:100] }), ErrUnread, "cut"},
		"no hex":                 {raw(func(f map[string]any) { f["hex"] = "zz" }), ErrUnread, "hex"},
		"a float":                {prevtx(func(e map[string]any) { e["amount"] = 4e-9 }), ErrUnread, "not an amount"},
		"a ninth decimal":        {prevtx(func(e map[string]any) { e["amount"] = "0.040000001" }), ErrUnread, "not an amount"},
		"a negative amount":      {prevtx(func(e map[string]any) { e["amount"] = "-0.04" }), ErrUnread, "not an amount"},
		"an amount that is true": {prevtx(func(e map[string]any) { e["amount"] = true }), ErrUnread, "not an amount"},
		"a long amount":          {prevtx(func(e map[string]any) { e["amount"] = strings.Repeat("0", 50) }), ErrUnread, "characters"},
		"an amount of too much":  {prevtx(func(e map[string]any) { e["amount"] = "99999999" }), ErrUnsafe, "more than there is"},
		"an amount that lies":    {prevtx(func(e map[string]any) { e["amount"] = "0.05" }), ErrUnsafe, "the transaction that it comes from says"},
		"no vout":                {prevtx(func(e map[string]any) { delete(e, "vout") }), ErrUnread, "name a coin"},
		"short txid":             {prevtx(func(e map[string]any) { e["txid"] = "00" }), ErrUnread, "name a coin"},
		"no script":              {prevtx(func(e map[string]any) { delete(e, "scriptPubKey") }), ErrUnread, "scriptPubKey"},
		"a coin of another":      {prevtx(func(e map[string]any) { e["vout"] = 0 }), ErrUnsafe, "not a coin"},
		"a coin twice": {raw(func(f map[string]any) {
			list := f["prevtxs"].([]any)
			f["prevtxs"] = append(list, list[0])
		}), ErrUnsafe, "twice"},
		"a previous twice": {raw(func(f map[string]any) {
			list := f["previous"].([]any)
			f["previous"] = append(list, list[0])
		}), ErrUnsafe, "twice"},
		"a previous of nothing":         {raw(func(f map[string]any) { f["previous"] = append(f["previous"].([]any), f["hex"]) }), ErrUnsafe, "no coin comes from"},
		"a script that is only claimed": {raw(func(f map[string]any) { f["hex"] = claimed }), ErrUnread, "too large"},
		"the same in a previous":        {raw(func(f map[string]any) { f["previous"] = []string{claimed} }), ErrUnread, "too large"},
		"the same in a PSBT":            {global(func([]byte) []byte { return decoded(claimed) }), ErrUnread, "too large"},
		"bytes after a previous, raw": {raw(func(f map[string]any) {
			list := f["previous"].([]any)
			list[0] = list[0].(string) + "00"
		}), ErrUnsafe, "entry 0 of previous"},
		"nothing about the coins": {raw(func(f map[string]any) {
			delete(f, "previous")
			f["prevtxs"] = []any{}
		}), ErrUnsafe, "what it is worth"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&Reader{Chain: chainOf(t, "BTC")}).Read(tc.data)
			if !errors.Is(err, tc.want) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%v; want %v, %q", err, tc.want, tc.says)
			}
		})
	}
}
