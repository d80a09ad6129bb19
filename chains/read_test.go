package chains_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/curve"
	"lifeboat/internal/strict"

	"pgregory.net/rapid"
)

// sample returns a key of the curve.
func sample(t testing.TB, c curve.Curve) *chains.PublicKey {
	t.Helper()
	k := chains.NewPublicKey(c.Generator().Mul(c.ScalarFromUint(0x5eed)))
	if c == curve.Ed25519 {
		stake := chains.NewPublicKey(c.Generator().Mul(c.ScalarFromUint(0x57a4e)))
		k.SetStake(&stake)
	}
	return &k
}

func TestEveryEncodingReadsWhatItWrites(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		random := rapid.SliceOfN(rapid.Byte(), chains.MaxPayload, chains.MaxPayload).Draw(t, "payload")
		zeros := rapid.IntRange(0, 3).Draw(t, "leading zeros")
		clear(random[:zeros])
		for _, c := range chains.All() {
			for i := range c.Encodings {
				e := &c.Encodings[i]
				p := random[:e.Payload.Size]
				s := e.Format(p)
				if len(s) > chains.MaxAddress {
					t.Fatalf("%s/%s: %d characters", c.ID, e.Name, len(s))
				}
				if string(strict.AppendText(nil, s)) != s {
					t.Fatalf("%s/%s: %s is not written to a table as it is", c.ID, e.Name, s)
				}
				if got, ok := e.Parse(s); !ok || !bytes.Equal(got, p) {
					t.Fatalf("%s/%s: %x is written %s and read %x, %v", c.ID, e.Name, p, s, got, ok)
				}
			}
		}
	})
}

func TestEveryEncodingMatches(t *testing.T) {
	for _, c := range chains.All() {
		for i := range c.Encodings {
			e := &c.Encodings[i]
			k := sample(t, e.Curve)
			s, err := e.Address(k)
			if err != nil {
				t.Fatalf("%s/%s: %v", c.ID, e.Name, err)
			}
			m, ok := c.Match(k, s)
			if !ok {
				t.Errorf("%s/%s: %s does not match", c.ID, e.Name, s)
			} else if again, _ := m.Address(k); again != s {
				t.Errorf("%s/%s: %s matches %s, which writes %s", c.ID, e.Name, s, m.Name, again)
			}
			if other, ok := e.Parse(s); !ok || len(other) != e.Payload.Size {
				t.Errorf("%s/%s: reads %x, %v", c.ID, e.Name, other, ok)
			}
			for _, on := range curve.All() {
				if on == e.Curve {
					continue
				}
				wrong := sample(t, on)
				if _, err := e.Address(wrong); err == nil {
					t.Errorf("%s/%s writes an address of a key on %v", c.ID, e.Name, on)
				}
				if m, ok := c.Match(wrong, s); ok {
					t.Errorf("%s/%s: %s matches %s of a key on %v", c.ID, e.Name, s, m.Name, on)
				}
			}
		}
	}
}

// TestEveryChecksum changes one character of every address: but for the encodings
// without a checksum, nothing may match any more.
func TestEveryChecksum(t *testing.T) {
	unchecked := map[string]bool{} // all hex, or base 58 of the key itself
	for _, id := range []string{"SOL", "SOLDEV_SOL", "IOST", "APTOS", "SUI", "IOTA", "NEAR", "HBAR", "KDA", "CSPR", "EVER", "AION", "ICX", "FLOW"} {
		unchecked[id] = true
	}
	for _, c := range chains.All() {
		for i := range c.Encodings {
			e := &c.Encodings[i]
			if unchecked[c.ID] || strings.Contains(e.Name, "-raw") {
				continue
			}
			k := sample(t, e.Curve)
			s, _ := e.Address(k)
			for at := len(s) - 8; at < len(s); at++ {
				for _, ch := range []byte("2345qz7") {
					wrong := []byte(s)
					wrong[at] = ch
					if strings.EqualFold(string(wrong), s) { // case may carry nothing
						continue
					}
					if m, ok := c.Match(k, string(wrong)); ok {
						t.Fatalf("%s/%s: %s matches %s for %s", c.ID, e.Name, wrong, m.Name, s)
					}
				}
			}
		}
	}
}

func TestSpellings(t *testing.T) {
	for _, tc := range []struct {
		chain, encoding string
		curve           curve.Curve
		change          func(string) string
		match           bool
	}{
		{"ETH", "default", curve.Secp256k1, strings.ToLower, true},
		{"ETH", "default", curve.Secp256k1, strings.ToUpper, true},
		{"ETH", "default", curve.Secp256k1, func(s string) string { return s[2:] }, true},
		{"ETH", "default", curve.Secp256k1, swapCase, false},
		{"ETH", "default", curve.Secp256k1, func(s string) string { return s + "00" }, false},
		{"ETH", "default", curve.Secp256k1, func(s string) string { return " " + s }, false},
		{"RSK", "eip1191-30", curve.Secp256k1, strings.ToLower, true},
		{"XDC", "default", curve.Secp256k1, func(s string) string { return "xdc" + s[2:] }, true},
		{"XDC", "default", curve.Secp256k1, func(s string) string { return "XDC" + strings.ToUpper(s[2:]) }, true},
		{"RON", "default", curve.Secp256k1, func(s string) string { return "ronin:" + s[2:] }, true},
		{"TRON", "default", curve.Secp256k1, strings.ToLower, false},
		{"ATOM", "default", curve.Secp256k1, func(s string) string { return strings.Replace(s, "s", "\u017f", 1) }, false},
		{"STX", "default", curve.Secp256k1, func(s string) string { return strings.Replace(s, "S", "\u017f", 1) }, false},
		{"BTC", "p2wpkh", curve.Secp256k1, strings.ToUpper, true},
		{"BTC", "p2wpkh", curve.Secp256k1, func(s string) string { return strings.ToUpper(s[:8]) + s[8:] }, false},
		{"BTC", "p2wpkh", curve.Secp256k1, func(s string) string { return "tb" + s[2:] }, false},
		{"BTC", "p2tr", curve.Secp256k1, strings.ToUpper, true},
		{"BTC", "p2pkh", curve.Secp256k1, strings.ToUpper, false},
		{"BCH", "cashaddr", curve.Secp256k1, func(s string) string { return strings.TrimPrefix(s, "bitcoincash:") }, true},
		{"BCH", "cashaddr", curve.Secp256k1, strings.ToUpper, true},
		{"BCH", "cashaddr", curve.Secp256k1, func(s string) string { return strings.Replace(s, "bitcoincash", "ecash", 1) }, false},
		{"XEC", "cashaddr", curve.Secp256k1, func(s string) string { return strings.TrimPrefix(s, "ecash:") }, true},
		{"KAS", "schnorr", curve.Secp256k1, func(s string) string { return strings.TrimPrefix(s, "kaspa:") }, true},
		{"CFX", "core", curve.Secp256k1, func(s string) string {
			return strings.ToUpper(strings.Replace(s, ":", ":type.user:", 1))
		}, true},
		{"CFX", "core", curve.Secp256k1, func(s string) string { return strings.TrimPrefix(s, "cfx:") }, false},
		{"ICX", "default", curve.Secp256k1, strings.ToUpper, true},
		{"AVAX_X", "x-chain", curve.Secp256k1, func(s string) string { return s[2:] }, true},
		{"STX", "default", curve.Secp256k1, strings.ToLower, true},
		{"SUI", "ed25519", curve.Ed25519, strings.ToUpper, true}, // 0X as well
		{"NEAR", "implicit", curve.Ed25519, func(s string) string { return "0X" + s }, true},
		{"SUI", "ed25519", curve.Ed25519, func(s string) string { return "0x" + strings.ToUpper(s[2:]) }, true},
		{"NEAR", "implicit", curve.Ed25519, strings.ToUpper, true},
		{"ALGO", "default", curve.Ed25519, strings.ToLower, true},
		{"XLM", "default", curve.Ed25519, func(s string) string { return s[:20] + "\n" + s[20:] }, false},
		{"ICP", "principal-ed25519", curve.Ed25519, func(s string) string { return strings.ReplaceAll(s, "-", "") }, true},
		{"NIM", "default", curve.Ed25519, func(s string) string { return strings.ReplaceAll(s, " ", "") }, true},
		{"HBAR", "alias-ed25519", curve.Ed25519, func(s string) string { return strings.TrimPrefix(s, "0.0.") }, true},
		{"CSPR", "pubkey-ed25519", curve.Ed25519, strings.ToUpper, true},
		{"TON", "v4r2-nonbounceable", curve.Ed25519, func(s string) string { return strings.NewReplacer("-", "+", "_", "/").Replace(s) }, true},
		{"TON", "v4r2-nonbounceable", curve.Ed25519, strings.ToUpper, false},
		{"TON", "v4r2-raw", curve.Ed25519, func(s string) string { return "-1" + s[1:] }, false},
		{"TON", "v4r2-raw", curve.Ed25519, func(s string) string { return "0:" + strings.ToUpper(s[2:]) }, true},
	} {
		c, k := lookup(t, tc.chain), sample(t, tc.curve)
		s, err := encoding(t, c, tc.encoding, tc.curve).Address(k)
		if err != nil {
			t.Fatal(err)
		}
		changed := tc.change(s)
		if changed == s {
			t.Errorf("%s/%s: %s did not change", tc.chain, tc.encoding, s)
		}
		if _, ok := c.Match(k, changed); ok != tc.match {
			t.Errorf("%s/%s: %q for %q matches: %v", tc.chain, tc.encoding, changed, s, ok)
		}
	}
}

// swapCase keeps 0x and turns the case of the digits round.
func swapCase(s string) string {
	b := []byte(s)
	for i := 2; i < len(b); i++ {
		if b[i] >= 'A' {
			b[i] ^= 0x20
		}
	}
	return string(b)
}

// TestReaders: whatever any encoding reads, a reader reads as the same payload.
func TestReaders(t *testing.T) {
	for _, on := range curve.All() {
		readers := chains.Readers(chains.All(), on)
		for _, row := range rows(t, "vectors.tsv", 6) {
			for _, s := range []string{row[4], strings.ToLower(row[4]), "xdc" + strings.TrimPrefix(row[4], "0x"), "ronin:" + strings.TrimPrefix(row[4], "0x")} {
				for _, c := range chains.All() {
					for _, e := range c.On(on) {
						p, ok := e.Parse(s)
						if ok && !slices.ContainsFunc(readers, func(r *chains.Encoding) bool {
							q, ok := r.Parse(s)
							return ok && r.Payload == e.Payload && bytes.Equal(p, q)
						}) {
							t.Fatalf("no reader reads %s as %s/%s does", s, c.ID, e.Name)
						}
					}
				}
			}
		}
		if n := len(readers); n > 300 {
			t.Errorf("%d readers on %v", n, on)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	readers := chains.Readers(chains.All(), curve.Secp256k1)
	for name, s := range map[string]string{
		"evm":    "0xBe7f55D105BBacc2A963aef535d0d791D8911fB2",
		"segwit": "bc1qgkal4qh29fklm7rw07f6rw6mpxr8thjxvuc7hk",
		"base58": "TDpBe64DqirkKWj6HWuR1pWgmnhw2wDacE",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, e := range readers {
					e.Parse(s)
				}
			}
		})
	}
}

func TestExactSpellingIsPreferred(t *testing.T) {
	for chain, on := range map[string]curve.Curve{"TON": curve.Ed25519, "TON_TEST": curve.Ed25519, "XDC": curve.Secp256k1, "RON": curve.Secp256k1, "FIL": curve.Secp256k1, "AVAX_X": curve.Secp256k1} {
		c, k := lookup(t, chain), sample(t, on)
		for _, e := range c.On(on) {
			s, _ := e.Address(k)
			if m, ok := c.Match(k, s); !ok || m.Name != e.Name {
				t.Errorf("%s: %s matches %v, not %s", chain, s, m, e.Name)
			}
		}
	}
}

func TestOtherFormsOfAnAccount(t *testing.T) {
	for _, tc := range []struct{ chain, usual, other, source string }{
		{"XRP", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD28Sq49uo34VyjnmK5H", "XLS-5d, tag 12345"},
		{"XRP", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2gYsjNFQLKYW33DzBm", "XLS-5d, without a tag"},
		{"XLM", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ", "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ", "SEP-23"},
		{"TON", "UQAzCS7JoSiOi1BdH4nFkuvUwbBjxUzPx1AhQKwiwXAv27Xs", "0:33092ec9a1288e8b505d1f89c592ebd4c1b063c54ccfc7502140ac22c1702fdb", "the same account, raw"},
		{"BCH", "bitcoincash:qr6m7j9njldwwzlg9v7v53unlr4jkmx6eylep8ekg2", "bitcoincash:zr6m7j9njldwwzlg9v7v53unlr4jkmx6eycnjehshe", "CHIP-2022-02 CashTokens"},
		{"SUI", "0x0000000000000000000000000000000000000000000000000000000000000002", "0x2", "the framework"},
	} {
		c := lookup(t, tc.chain)
		found := false
		for i := range c.Encodings {
			a, ok := c.Encodings[i].Parse(tc.usual)
			b, also := c.Encodings[i].Parse(tc.other)
			found = found || ok && also && bytes.Equal(a, b)
		}
		if !found {
			t.Errorf("%s: %s and %s are not read as one account (%s)", tc.chain, tc.usual, tc.other, tc.source)
		}
	}
}

// Another form of the account that the usual one names, and what it is called.
func TestNamedForms(t *testing.T) {
	for _, tc := range []struct{ chain, usual, name, other, source string }{
		{"ZEC", "t1VmmGiyjVNeCjxDZzg7vZmd99WyzVby9yC", "tex", "tex1s2rt77ggv6q989lr49rkgzmh5slsksa9khdgte", "ZIP 320"},
		{"CKB", "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4", "full-2019", "ckb1qjda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xw3vumhs9nvu786dj9p0q5elx66t24n3kxgj53qks", "RFC 21"},
		{"CKB", "ckb1qzda0cr08m85hc8jlnfp3zer7xulejywt49kt2rr0vthywaa50xwsqdnnw7qkdnnclfkg59uzn8umtfd2kwxceqxwquc4", "short", "ckb1qyqt8xaupvm8837nv3gtc9x0ekkj64vud3jqfwyw5v", "RFC 21"},
		{"CFX", "cfx:aarc9abycue0hhzgyrr53m6cxedgccrmmyybjgh4xg", "core-hex", "0x1a2f80341409639ea6a35bbcab8299066109aa55", "CIP-37"},
		{"DOT", "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "ed25519-other-prefix", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "Substrate's Alice"},
		{"DOT", "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "ed25519-other-prefix", "HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F", "Substrate's Alice"},
		{"DOT", "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "ecdsa-other-prefix", "HNZata7iMYWmk5RvZRTiAsSDhV8366zq2YGb3tLH5Upf74F", "Substrate's Alice"},
		{"TAO", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY", "ed25519-other-prefix", "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5", "Substrate's Alice"},
		{"HBAR", "0.0.302d300706052b8104000a032200025ecab777153796f5ee2e435bd4b0dcee59036b9cca8c2743d7c4d75fbdba0200", "hip32-secp256k1", "0.0.HIQQEXWKW53RKN4W6XXC4Q232SYNZ3SZANVZZSUME5B5PRGXL663UAQA", "HIP-32"},
	} {
		c := lookup(t, tc.chain)
		found := false
		for i := range c.Encodings {
			a, ok := c.Encodings[i].Parse(tc.usual)
			for j := range c.Encodings {
				b, also := c.Encodings[j].Parse(tc.other)
				found = found || ok && also && bytes.Equal(a, b) && c.Encodings[i].Payload == c.Encodings[j].Payload && c.Encodings[j].Name == tc.name
			}
		}
		if !found {
			t.Errorf("%s: %s is not read as %s of %s (%s)", tc.chain, tc.other, tc.name, tc.usual, tc.source)
		}
	}
}

// Both networks of TON know the other's forms, and call them by the same name.
func TestTONNetworks(t *testing.T) {
	k := sample(t, curve.Ed25519)
	main, test := lookup(t, "TON"), lookup(t, "TON_TEST")
	for _, pair := range [][2]*chains.Chain{{main, test}, {test, main}} {
		for _, e := range pair[0].On(curve.Ed25519) {
			s, _ := e.Address(k)
			if m, ok := pair[1].Match(k, s); !ok || !strings.Contains(e.Name, "-raw") && m.Name != e.Name {
				t.Errorf("%s/%s: %s matches %v on %s", pair[0].ID, e.Name, s, m, pair[1].ID)
			}
		}
	}
}

func TestOfToken(t *testing.T) {
	for id, want := range map[string]string{
		"ETH_USDT": "ETH", "eth_usdt": "ETH", "BSC_USDT": "BSC_BNB", "ARBITRUM_ETH_USDC": "ARBITRUM_ETH", "SOL_USDC": "SOL", "TRON_USDT": "TRON",
		"SOLDEV_SOL_USDC": "SOLDEV_SOL", "ETH_": "ETH", "DREAM_USDT": "", "ETHUSDT": "", "_USDT": "", "": "", "BCH_TEST": "", "BCH_test5": "",
	} {
		got := ""
		if c, ok := chains.OfToken(id); ok {
			got = c.ID
		}
		if got != want {
			t.Errorf("%s: %q, not %q", id, got, want)
		}
	}
}

func TestOldScriptVersions(t *testing.T) {
	k := sample(t, curve.Secp256k1)
	old, err := encoding(t, lookup(t, "BTC"), "p2sh-p2wpkh", curve.Secp256k1).Address(k)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"LTC", "MONA"} {
		if m, ok := lookup(t, id).Match(k, old); !ok || m.Name != "p2sh-p2wpkh" {
			t.Errorf("%s does not read %s", id, old)
		}
	}
	if m, ok := lookup(t, "QTUM").Match(k, old); ok {
		t.Errorf("QTUM reads %s as %s", old, m.Name)
	}
}

func TestUnderivable(t *testing.T) {
	for _, tc := range []struct{ chain, address, want string }{
		{"EOS", "eosio.token", "account name, which needs a look-up online"},
		{"EOS", "EOS5YtaCcbPJ3BknNBTDezE9eJoGNnAVuUwT8bnxhSRS5dqRvyfxr", ""},
		{"FIO", "alice@wallet", "account name, which needs a look-up online"},
		{"WAX", "eosio", "account name, which needs a look-up online"},
		{"IOST", "alice_1", "account name, which needs a look-up online"},
		{"IOST", "Gcv8c2tH8qZrUYnKdEEdTtASsxivic2834MQW6mgxqto", ""},
		{"FLOW", "0x1654653399040a61", "account number, which needs a look-up online"},
		{"HBAR", "0.0.1234", "account number, which needs a look-up online"},
		{"HBAR", "0.0.123-vfmkw", "account number, which needs a look-up online"}, // HIP-15
		{"HBAR", "0.0.123-esxsf", "account number, which needs a look-up online"}, // on the test network
		{"HBAR", "0.0.124-vfmkw", ""},
		{"HBAR", "0x00000000000000000000000000000000000004d2", "account number as an EVM address, which needs a look-up online"},
		{"HBAR", "0x00000000000000000000000100000000000004d2", ""},
		{"HBAR", "0.0.302a300506032b65700321007df3e1ab790b28de4706d36a7aa99a0e043cb3e2c3d6ec6686e4af7f638b0860", ""},
		{"NEAR", "alice.near", "account name, which needs a look-up online"},
		{"NEAR", "ee93a4f66f8d16b819bb9beb9ffccdfcdc1412e87fee6a324c2a99a1e0e67148", ""},
		{"NEAR", "Alice.near", ""},
		{"XLM", "alice*example.org", "federation name, which needs a look-up online"},
		{"XLM", "alice*example", ""},
		{"LBTC", "VJLCbLBTCdxhWyjVLdjcSmGAksVMtabYg15maSi93zknQD2ihC38R7CUd8KbDFnV8A4hiykxnRB3Uv6d", "a confidential address, whose blinding key is not known"},
		{"LBTC", "lq1qqf8er278e6nyvuwtgf39e6ewvdcnjupn9a86rzpx655y5lhkt0walu3djf9cklkxd3ryld97hu8h3xepw7sh2rlu7q45dcew5", "a confidential address, whose blinding key is not known"},
		{"LBTC", "ex1qrvpj73lwvh7qfu0v25lvqmsg27crj8gvz3hapa", ""},
		{"ZEC", "u1l8xunezsvhq8fgzfl7404m450nwnd76zshscn6nfys7vyz2ywyh4cc5daaq0c7q2su5lqfh23sp7fkf3kt27ve5948mzpfdvckzaect2jtte308mkwlycj2u0eac077wu70vqcetkxf", "a unified address, whose shielded part cannot be derived"},
		{"ADA", "addr1qxxe304qg9py8hyyqu8evfj4wln7dnms943wsugpdzzsxnkvvjljtzuwxvx0pnwelkcruy95ujkq3aw6rl0vvg32x35qc92xkq", "Cardano base address with another stake key"},
		{"ADA", "addr1w8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtcyjy7wx", "Cardano script address"},
		{"ADA", "Ae2tdPwUPEZ6RUCnjGHFqi59k5WZLiv3HoCCNGCW8SYc5H9srdTzn1bec4W", "Cardano Byron address, which needs the chain code as well"},
		{"ADA", "addr1v8mv75d2evhr4kt048cx7m3f97x363ajadha8xv8dp96nuggpv8rn", ""},
		{"FIL", "f01234", "actor number, which needs a look-up online"},
		{"FIL", "f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i", "contract or multi-signature actor"},
		{"FIL", "f3vvmn62lofvhjd2ugzca6sof2j2ubwok6cj4xxbfzz4yuxfkgobpihhd2thlanmsh3w2ptld2gqkn2jvlss4a", "BLS key"},
		{"XTZ", "KT1PWx2mnDueood7fEmfbBDKx1D9BAnnXitn", "contract"},
		{"XLM", "CA3D5KRYM6CB7OWQ6TWYRR3Z4T7GNZLKERYNZGGA5SOAOPIFY6YQGAXE", "contract"},
		{"BTC", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "pay to witness script hash: the script decides"},
		{"BTC", "bc1qgkal4qh29fklm7rw07f6rw6mpxr8thjxvuc7hk", ""},
		{"BTC", "", ""},
		{"BTC", strings.Repeat("q", 600), ""},
		{"ETH", "0xBe7f55D105BBacc2A963aef535d0d791D8911fB2", ""},
	} {
		reason := ""
		u := lookup(t, tc.chain).Underivable(tc.address)
		if u != nil {
			reason = u.Reason
		}
		if reason != tc.want {
			t.Errorf("%s %s: %q; want %q", tc.chain, tc.address, reason, tc.want)
		}
		if u == nil || strings.HasSuffix(reason, "online") || strings.HasPrefix(reason, "actor") {
			continue // names have no checksum
		}
		// Damage to any of the last letters, or rubbish in their place, makes it nothing.
		for at := len(tc.address) - 12; at < len(tc.address); at++ {
			for _, ch := range []byte("2345qzQZ") {
				damaged := []byte(tc.address)
				if damaged[at] = ch; strings.EqualFold(string(damaged), tc.address) {
					continue
				}
				if u := lookup(t, tc.chain).Underivable(string(damaged)); u != nil {
					t.Errorf("%s %s: %s", tc.chain, damaged, u.Reason)
				}
			}
		}
		for _, end := range []string{"", "rubbish", strings.Repeat("q", len(tc.address)-3)} {
			if u := lookup(t, tc.chain).Underivable(tc.address[:3] + end); u != nil {
				t.Errorf("%s %s: %s", tc.chain, tc.address[:3]+end, u.Reason)
			}
		}
	}
}

// What a key decides of an address with other parts is compared.
func TestUnderivablePaysTo(t *testing.T) {
	other := chains.NewPublicKey(curve.Ed25519.Generator())
	payment := sample(t, curve.Ed25519)
	base, err := cardanoBase(t, payment, &other, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := lookup(t, "ADA").Match(payment, base); ok {
		t.Fatal("another stake key matches")
	}
	for _, tc := range []struct {
		chain, address string
		of             string // the payload, or empty
		key            *chains.PublicKey
	}{
		{"ADA", base, "blake2b224-ed25519", payment},
		// CIP-19's pointer address, of the key that TestCardano has.
		{"ADA", "addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k", "blake2b224-ed25519", vectorKey(t, curve.Ed25519, cardanoPaymentKey(t))},
		{"ADA", "addr128phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gtupnz75xxcrtw79hu", "", payment},
		{"ADA", "addr1x8phkx6acpnf78fuvxn0mkew3l0fd058hzquvz7w36x4gt7r0vd4msrxnuwnccdxlhdjar77j6lg0wypcc9uar5d2shskhj42g", "", payment},
		{"LBTC", "lq1qqf8er278e6nyvuwtgf39e6ewvdcnjupn9a86rzpx655y5lhkt0walu3djf9cklkxd3ryld97hu8h3xepw7sh2rlu7q45dcew5", "hash160", nil},
		{"LBTC", "VJLCbLBTCdxhWyjVLdjcSmGAksVMtabYg15maSi93zknQD2ihC38R7CUd8KbDFnV8A4hiykxnRB3Uv6d", "hash160-nested", nil},
		{"ZEC", "u1l8xunezsvhq8fgzfl7404m450nwnd76zshscn6nfys7vyz2ywyh4cc5daaq0c7q2su5lqfh23sp7fkf3kt27ve5948mzpfdvckzaect2jtte308mkwlycj2u0eac077wu70vqcetkxf", "hash160", nil},
	} {
		u := lookup(t, tc.chain).Underivable(tc.address)
		switch {
		case u == nil:
			t.Errorf("%s %s is not read", tc.chain, tc.address)
		case (u.Of == nil) != (tc.of == "") || u.Of != nil && (u.Of.Name != tc.of || len(u.Part) != u.Of.Size):
			t.Errorf("%s %s: compared as %+v", tc.chain, tc.address, u)
		case tc.of != "" && tc.key != nil && !u.PaysTo(tc.key):
			t.Errorf("%s %s does not pay to its key", tc.chain, tc.address)
		case u.PaysTo(&other) || u.PaysTo(sample(t, curve.Secp256k1)):
			t.Errorf("%s %s pays to a stranger", tc.chain, tc.address)
		}
	}
}

// FuzzParse reads a string with every encoding of a chain. What is accepted must
// be written in a way that reads back the same.
func FuzzParse(f *testing.F) {
	all := chains.All()
	for _, row := range rows(f, "vectors.tsv", 6) {
		f.Add(uint8(slices.Index(all, lookup(f, row[0]))), row[4])
	}
	for _, s := range []string{
		"lq1qqf8er278e6nyvuwtgf39e6ewvdcnjupn9a86rzpx655y5lhkt0walu3djf9cklkxd3ryld97hu8h3xepw7sh2rlu7q45dcew5",
		"u1l8xunezsvhq8fgzfl7404m450nwnd76zshscn6nfys7vyz2ywyh4cc5daaq0c7q2su5lqfh23sp7fkf3kt27ve5948mzpfdvckzaect2jtte308mkwlycj2u0eac077wu70vqcetkxf",
		"addr1gx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer5pnz75xxcrzqf96k", "0.0.123-vfmkw", "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
	} {
		for i, c := range all {
			if slices.Contains([]string{"LBTC", "ZEC", "ADA", "HBAR", "DOT"}, c.ID) {
				f.Add(uint8(i), s)
			}
		}
	}
	for i, s := range []string{"", "0x", "1", "bc1", "bc1q", ":", "0:", "S", "SP", "NQ", "0.0.", "ak_", "NULSd", "PUB_K1_", "X-", strings.Repeat("1", 512), strings.Repeat("a", 513), "\xff\xfe", "K\u212a"} {
		f.Add(uint8(i), s)
	}
	f.Fuzz(func(t *testing.T, chain uint8, s string) {
		c := all[int(chain)%len(all)]
		for i := range c.Encodings {
			e := &c.Encodings[i]
			p, ok := e.Parse(s)
			if !ok {
				continue
			}
			if len(s) > chains.MaxAddress || len(p) != e.Payload.Size {
				t.Fatalf("%s/%s reads %q as %d bytes", c.ID, e.Name, s, len(p))
			}
			if q, ok := e.Parse(e.Format(p)); !ok || !bytes.Equal(p, q) {
				t.Fatalf("%s/%s: %q is %x, and written %q", c.ID, e.Name, s, p, e.Format(p))
			}
		}
		if u := c.Underivable(s); u != nil && (u.Reason == "" || u.Of == nil != (u.Part == nil) || u.Of != nil && len(u.Part) != u.Of.Size) {
			t.Fatalf("%s: %q is %+v", c.ID, s, u)
		}
	})
}
