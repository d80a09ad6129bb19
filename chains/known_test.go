package chains_test

import (
	"bytes"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"

	"github.com/btcsuite/btcd/btcutil/bech32"
)

// TestKnownAddresses are published pairs of key and address for the encodings
// that vectors.tsv has none of.
func TestKnownAddresses(t *testing.T) {
	for _, tc := range []struct {
		chain, encoding string
		curve           curve.Curve
		key, address    string
		source          string
	}{
		{"TON", "v3r1-nonbounceable", curve.Ed25519, "6e405efc651ae460c2b9cd55683cc22f185e34e811419a57bcf087011eee9807",
			"UQDBk9eyBPS8hRgkiia-_fcI7RvTFeaSJe-kU3Uu9Vk0iMRt", "toncenter/tonweb wallet-contract.test.ts"},
		{"TON", "v3r2-nonbounceable", curve.Ed25519, "6e405efc651ae460c2b9cd55683cc22f185e34e811419a57bcf087011eee9807",
			"UQCU89Iml8w3kH99CfW6C0cN78h3AqGuOYs3CK-5fdfagR6C", "toncenter/tonweb wallet-contract.test.ts"},
		{"KAS", "ecdsa", curve.Secp256k1, "04586190332c39188029d0da9b2dba0605ed3e3ffcef9c270d64fdcb8c0ba48a601e4fa5cd60afb067b7c554284beee67ceae6ab0634975e288507bd051904935f",
			"kaspa:qyp4scvsxvkrjxyq98gd4xedhgrqtmf78l7wl8p8p4j0mjuvpwjg5cqhy97n472", "tangem KaspaAddressTest"},
		{"APTOS", "single-secp256k1", curve.Secp256k1, "04acdd16651b839c24665b7e2033b55225f384554949fef46c397b5275f37f6ee95554d70fb5d9f93c5831ebf695c7206e7477ce708f03ae9bb2862dc6c9e033ea",
			"0x5792c985bc96f436270bd2a3c692210b09c7febb8889345ceefdbae4bacfe498", "aptos-labs/aptos-ts-sdk tests/unit/helper.ts"},
		{"APTOS", "single-ed25519", curve.Ed25519, "e425451a5dc888ac871976c3c724dec6118910e7d11d344b4b07a22cd94e8c2e",
			"0x5bdf77d5bf826c8c04273d4e7323f7bc4a85ee7ee34b37bd7458b7aed3639dd3", "aptos-labs/aptos-ts-sdk tests/unit/helper.ts"},
		{"XRD", "account-ed25519", curve.Ed25519, "0fe0e99bbb51b26af94195d4d61aebbff9b087397a616711c6e7d1600f7c1ebf",
			"account_rdx12yqa5qxme69f0km0uknampsfe8qa0umxkf6sgk4l0hs6jss6vw9zez", "radixdlt rola example"},
		{"XRD", "account-secp256k1", curve.Secp256k1, "028704afaadc0020d50d634c8c5ef6ae9e918db1da59ab11a21a26e24a919b4bff",
			"account_rdx16xtfz7339kx27nhzelg6p9d933x9fjwv6nxa9cyy8pvcmmvfaxslu4", "radixdlt rola example"},
		{"CSPR", "account-hash-ed25519", curve.Ed25519, "cd807fb41345d8dd5a61da7991e1468173acbee53920e4dfe0d28cb8825ac664",
			"account-hash-998c5fd4e7b568bedd78e05555c83c61893dc5d8546ce0bec8b30e1c570f21aa", "casper-cpp-sdk tests"},
		{"XTZ", "tz2", curve.Secp256k1, sppk(t, "sppk7a7FbTvhn3Qxh5WpXVdNK88xsdpWAZF2ux2RNmvikKFtXYdHdMy"),
			"tz2ToZF5fjmcawoUQUa6NoV3jsRmmZNwuEyZ", "airgap-it beacon tests"},
		{"VARA", "ed25519", curve.Ed25519, "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
			"kGkLEU3e3XXkJp2WK4eNpVmSab5xUNL9QtmLPh8QfCL2EgotW", "Substrate's Alice, on Vara"},
		{"TAO", "ed25519", curve.Ed25519, "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
			"5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "Substrate's Alice"},
		{"ASTR", "ed25519", curve.Ed25519, "d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d",
			"ajYMsCKsEAhEvHpeA4XqsfiA9v1CdzZPrCfS6pEfeGHW9j8", "Substrate's Alice, on Astar"},
		{"TAO", "ecdsa", curve.Secp256k1, "020a1091341fe5664bfa1782d5e04779689068c916b04cb365ec3153755684d9a1",
			"5C7C2Z5sWbytvHpuLTvzKunnnRwQxft1jiqrLD5rhucQ5S9X", "Substrate's Alice, ECDSA"},
	} {
		e := encoding(t, lookup(t, tc.chain), tc.encoding, tc.curve)
		got, err := e.Address(vectorKey(t, tc.curve, unhex(t, tc.key)))
		if err != nil || got != tc.address {
			t.Errorf("%s/%s: %s, %v; %s has %s", tc.chain, tc.encoding, got, err, tc.source, tc.address)
		}
	}
}

// sppk returns the key of a Tezos public key string, in hex.
func sppk(t *testing.T, s string) string {
	t.Helper()
	b, err := base58.CheckDecode(nil, s)
	if err != nil || len(b) != 4+33 {
		t.Fatalf("%s: %v", s, err)
	}
	return hex.EncodeToString(b[4:])
}

// TestKnownFormats are published pairs of payload and address.
func TestKnownFormats(t *testing.T) {
	for _, tc := range []struct {
		chain, encoding  string
		curve            curve.Curve
		payload, address string
		source           string
	}{
		{"ETH", "default", curve.Secp256k1, "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "EIP-55"},
		{"ETH", "default", curve.Secp256k1, "de709f2102306220921060314715629080e2fb77", "0xde709f2102306220921060314715629080e2fb77", "EIP-55"},
		{"RSK", "eip1191-30", curve.Secp256k1, "5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aaEB6053f3e94c9b9a09f33669435E7ef1bEAeD", "EIP-1191"},
		{"RSK", "eip1191-30", curve.Secp256k1, "fb6916095ca1df60bb79ce92ce3ea74c37c5d359", "0xFb6916095cA1Df60bb79ce92cE3EA74c37c5d359", "EIP-1191"},
		{"CFX", "core", curve.Secp256k1, "106d49f8505410eb4e671d51f7d96d2c87807b09", "cfx:aajg4wt2mbmbb44sp6szd783ry0jtad5bea80xdy7p", "CIP-37"},
		{"STX", "default", curve.Secp256k1, "a46ff88886c2ef9762d970b4d2c63678835bd39d", "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7", "c32check README"},
		{"STX", "default", curve.Secp256k1, "0000000000000000000000000000000000000000", "SP000000000000000000002Q6VF78", "c32check tests"},
		{"STX", "testnet", curve.Secp256k1, "a46ff88886c2ef9762d970b4d2c63678835bd39d", "ST2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKQYAC0RQ", "c32check tests"},
		{"HNS", "default", curve.Secp256k1, "6d5571fdbca1019cd0f0cd792d1b0bdfa7651c7e", "hs1qd42hrldu5yqee58se4uj6xctm7nk28r70e84vx", "hsd test/address-test.js"},
		{"KAS", "schnorr", curve.Secp256k1, "5fff3c4da18f45adcdd499e44611e9fff148ba69db3c4ea2ddd955fc46a59522", "kaspa:qp0l70zd5x85ttwd6jv7g3s3a8llzj96d8dncn4zmhv4tlzx5k2jyqh70xmfj", "kaspanet/rusty-kaspa crypto/addresses"},
		{"BCH", "cashaddr", curve.Secp256k1, "f5bf48b397dae70be82b3cca4793f8eb2b6cdac9", "bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", "the CashAddr specification"},
	} {
		e := encoding(t, lookup(t, tc.chain), tc.encoding, tc.curve)
		p := unhex(t, tc.payload)
		if got := e.Format(p); got != tc.address {
			t.Errorf("%s/%s: %s; %s has %s", tc.chain, tc.encoding, got, tc.source, tc.address)
		}
		if got, ok := e.Parse(tc.address); !ok || hex.EncodeToString(got) != tc.payload {
			t.Errorf("%s/%s: %s reads as %x, %v", tc.chain, tc.encoding, tc.address, got, ok)
		}
	}
}

// TestCasperChecksum reads a key in the case of CEP-57, as casper-js-sdk does.
func TestCasperChecksum(t *testing.T) {
	const key = "01682FA591f79eC7dCcaAdBf3a4C11d37b913e224F901730f6AaA1Dd545AE553E7"
	e := encoding(t, lookup(t, "CSPR"), "pubkey-ed25519", curve.Ed25519)
	for s, want := range map[string]bool{key: true, strings.ToLower(key): true, strings.ToUpper(key): true, swapCase(key): false} {
		if _, ok := e.Parse(s); ok != want {
			t.Errorf("%s is read: %v", s, ok)
		}
	}
}

// TestExportForms covers what privexport_vectors.tsv does not.
func TestExportForms(t *testing.T) {
	scalar := unhex(t, "0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d")
	one := append(make([]byte, 31), 1)
	for _, tc := range []struct {
		chain, encoding string
		curve           curve.Curve
		scalar          []byte
		want            string
	}{
		// Bitcoin wiki, Wallet import format.
		{"BTC", "p2pkh-uncompressed", curve.Secp256k1, scalar, "5HueCGU8rMjxEXxiPuD5BDku4MkFqeZyd4dZ1jvhTVqvbTLvyTJ"},
		// decred/dcrd dcrutil/wif_test.go.
		{"DCR", "p2pkh", curve.Secp256k1, scalar, "PmQdMn8xafwaQouk8ngs1CccRCB1ZmsqQxBaxNR4vhQi5a5QB5716"},
		{"BTC", "p2wpkh", curve.Secp256k1, one, "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn"},
		{"ETH", "default", curve.Secp256k1, one, "0000000000000000000000000000000000000000000000000000000000000001"},
		{"STX", "default", curve.Secp256k1, one, "000000000000000000000000000000000000000000000000000000000000000101"},
		{"SOL", "default", curve.Ed25519, one, "0000000000000000000000000000000000000000000000000000000000000001"},
		// The key that Avalanche's local networks are funded with.
		{"AVAX_X", "x-chain", curve.Secp256k1, unhex(t, "56289e99c94b6912bfc12adc093c9b51124f0dc54ac7a766b2bc5ccf558d8027"), "PrivateKey-ewoqjP7PxY4yr3iLTpLisriqt94hdyDFNgchSxGGztUrTXtNN"},
	} {
		k := chains.NewPublicKey(tc.curve.Generator().Mul(tc.curve.ScalarFromBytes(tc.scalar)))
		e := encoding(t, lookup(t, tc.chain), tc.encoding, tc.curve)
		form, out, note, err := e.Export(secret.Copy(tc.scalar), &k)
		if err != nil || string(out.Expose()) != tc.want {
			t.Errorf("%s/%s: %s, %v", tc.chain, tc.encoding, out.Expose(), err)
		}
		if wantForm, wantNote := e.ExportForm(); form != wantForm || note != wantNote {
			t.Errorf("%s/%s: %q, %q", tc.chain, tc.encoding, form, note)
		}
		if (tc.curve == curve.Ed25519) != strings.Contains(note, "a scalar, not a seed") {
			t.Errorf("%s/%s: note %q", tc.chain, tc.encoding, note)
		}
	}
}

// cardanoPaymentKey is the payment key of CIP-19's examples.
func cardanoPaymentKey(t testing.TB) []byte {
	t.Helper()
	_, b, err := bech32.DecodeToBase256("addr_vk1w0l2sr2zgfm26ztc6nl9xy8ghsk5sh6ldwemlpmp9xylzy4dtf7st80zhd")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestCardano: CIP-19.
func TestCardano(t *testing.T) {
	vk := func(hrp, s string) *chains.PublicKey {
		got, b, err := bech32.DecodeToBase256(s)
		if err != nil || got != hrp {
			t.Fatalf("%s: %v", s, err)
		}
		return vectorKey(t, curve.Ed25519, b)
	}
	payment := vectorKey(t, curve.Ed25519, cardanoPaymentKey(t))
	stake := vk("stake_vk", "stake_vk1px4j0r2fk7ux5p23shz8f3y5y2qam7s954rgf3lg5merqcj6aetsft99wu")
	for testnet, want := range map[bool]string{
		false: "addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x",
		true:  "addr_test1qz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgs68faae",
	} {
		if got, err := cardanoBase(t, payment, stake, testnet); err != nil || got != want {
			t.Errorf("base address %s, %v", got, err)
		}
	}
	for _, tc := range []struct {
		chain, encoding string
		key             *chains.PublicKey
		want            string
	}{
		{"ADA", "enterprise", payment, "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8"},
		{"ADA", "enterprise-test", payment, "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz"},
		{"ADA_TEST", "enterprise", payment, "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz"},
		{"ADA", "reward", stake, "stake1uyehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gh6ffgw"},
		{"ADA_TEST", "reward", stake, "stake_test1uqehkck0lajq8gr28t9uxnuvgcqrc6070x3k9r8048z8y5gssrtvn"},
	} {
		if got, err := encoding(t, lookup(t, tc.chain), tc.encoding, curve.Ed25519).Address(tc.key); err != nil || got != tc.want {
			t.Errorf("%s/%s: %s, %v", tc.chain, tc.encoding, got, err)
		}
	}
	// The base encoding is for a key that is its own stake key.
	own, err := cardanoBase(t, payment, payment, false)
	if err != nil {
		t.Fatal(err)
	}
	if m, ok := lookup(t, "ADA").Match(payment, own); !ok || m.Name != "base" {
		t.Errorf("%s matches %v", own, m)
	}
	// Without a stake key there is no such address, and no zeros are taken for one.
	for _, stake := range []*chains.PublicKey{nil, sample(t, curve.Secp256k1)} {
		if got, err := cardanoBase(t, payment, stake, false); err == nil {
			t.Errorf("%s of no stake key", got)
		}
	}
	zeros := encoding(t, lookup(t, "ADA"), "base-account-stake", curve.Ed25519).Format(append(payload(t, "ADA", "enterprise", payment), make([]byte, 28)...))
	if m, ok := lookup(t, "ADA").Match(payment, zeros); ok {
		t.Errorf("%s matches %s", zeros, m.Name)
	}
}

// cardanoBase writes the base address of two keys, or of one.
func cardanoBase(t testing.TB, payment, stake *chains.PublicKey, testnet bool) (string, error) {
	t.Helper()
	k := *payment
	if stake != nil {
		k.SetStake(stake)
	}
	return encoding(t, lookup(t, map[bool]string{false: "ADA", true: "ADA_TEST"}[testnet]), "base-account-stake", curve.Ed25519).Address(&k)
}

// payload is what an encoding makes of a key.
func payload(t testing.TB, chain, name string, k *chains.PublicKey) []byte {
	t.Helper()
	return encoding(t, lookup(t, chain), name, k.Curve).Payload.Of(nil, k)
}

// TestICPrincipalText: the Internet Computer's interface specification.
func TestICPrincipalText(t *testing.T) {
	e := encoding(t, lookup(t, "ICP"), "principal-secp256k1", curve.Secp256k1)
	if got := e.Format([]byte{0xab, 0xcd, 0x01}); got != "em77e-bvlzu-aq" {
		t.Errorf("abcd01 is written %s", got)
	}
}

func TestSEC1Export(t *testing.T) {
	scalar := unhex(t, "0c28fca386c7a227600b2fe50b7cae11ec86d3bf1fbe471be89827e19d72aa1d")
	point := curve.Secp256k1.Generator().Mul(curve.Secp256k1.ScalarFromBytes(scalar))
	k := chains.NewPublicKey(point)
	_, out, _, err := encoding(t, lookup(t, "ICP"), "account-secp256k1", curve.Secp256k1).Export(secret.Copy(scalar), &k)
	if err != nil {
		t.Fatal(err)
	}
	block, rest := pem.Decode(out.Expose())
	if block == nil || block.Type != "EC PRIVATE KEY" || len(rest) != 0 {
		t.Fatalf("not PEM: %s", out.Expose())
	}
	var parsed struct { // RFC 5915
		Version    int
		PrivateKey []byte
		Curve      asn1.ObjectIdentifier `asn1:"optional,explicit,tag:0"`
		PublicKey  asn1.BitString        `asn1:"optional,explicit,tag:1"`
	}
	if rest, err := asn1.Unmarshal(block.Bytes, &parsed); err != nil || len(rest) != 0 {
		t.Fatal(err)
	}
	if parsed.Version != 1 || !bytes.Equal(parsed.PrivateKey, scalar) || parsed.Curve.String() != "1.3.132.0.10" || !bytes.Equal(parsed.PublicKey.Bytes, point.Uncompressed()) {
		t.Errorf("%+v", parsed)
	}
}

// TestSuiExport: from MystenLabs/sui secp256k1-keypair.test.ts.
func TestSuiExport(t *testing.T) {
	const private, address = "suiprivkey1qyqr6yvxdqkh32ep4pk9caqvphmk9epn6rhkczcrhaeermsyvwsg783y9am", "0x9e8f732575cc5386f8df3c784cd3ed1b53ce538da79926b2ad54dcc1197d2532"
	_, flagged, err := bech32.DecodeToBase256(private)
	if err != nil {
		t.Fatal(err)
	}
	scalar := flagged[1:]
	k := chains.NewPublicKey(curve.Secp256k1.Generator().Mul(curve.Secp256k1.ScalarFromBytes(scalar)))
	e := encoding(t, lookup(t, "SUI"), "secp256k1", curve.Secp256k1)
	if got, _ := e.Address(&k); got != address {
		t.Errorf("address %s", got)
	}
	if _, out, _, err := e.Export(secret.Copy(scalar), &k); err != nil || string(out.Expose()) != private {
		t.Errorf("export %s, %v", out.Expose(), err)
	}
}

func TestTaprootExport(t *testing.T) {
	scalar := append(make([]byte, 31), 1)
	k := chains.NewPublicKey(curve.Secp256k1.Generator())
	for name, prefix := range map[string]string{"p2tr": "tr(KwDi", "p2tr-untweaked": "rawtr(KwDi"} {
		_, out, _, err := encoding(t, lookup(t, "BTC"), name, curve.Secp256k1).Export(secret.Copy(scalar), &k)
		if err != nil {
			t.Fatal(err)
		}
		s := string(out.Expose())
		if !strings.HasPrefix(s, prefix) || s[len(s)-10:len(s)-8] != ")#" {
			t.Errorf("%s: %s", name, s)
		}
	}
}

func TestExportRefuses(t *testing.T) {
	p2pkh := encoding(t, lookup(t, "BTC"), "p2pkh", curve.Secp256k1)
	for _, n := range []int{0, 31, 33, 64} {
		if _, _, _, err := p2pkh.Export(secret.New(n), sample(t, curve.Secp256k1)); err == nil {
			t.Errorf("a private key of %d bytes was exported", n)
		}
	}
	if _, _, _, err := p2pkh.Export(secret.New(32), sample(t, curve.Ed25519)); err == nil {
		t.Error("an ed25519 key was exported for p2pkh")
	}
}

func TestEveryExport(t *testing.T) {
	for _, c := range chains.All() {
		for i := range c.Encodings {
			e := &c.Encodings[i]
			form, out, _, err := e.Export(secret.New(curve.ScalarSize), sample(t, e.Curve))
			if err != nil || form == "" || out.Len() < curve.ScalarSize {
				t.Errorf("%s/%s: %q of %d bytes, %v", c.ID, e.Name, form, out.Len(), err)
			}
			if n := cap(out.Expose()); n != 512 {
				t.Errorf("%s/%s: a copy was left behind: capacity %d", c.ID, e.Name, n)
			}
		}
	}
}
