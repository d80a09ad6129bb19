package chains_test

import (
	"encoding/hex"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"
)

// The scripts and addresses are those of BIP 173, of BIP 350, of the CashAddr
// specification's translation of 3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC, of the tests of
// ltcsuite's ltcutil and of the npm package wallet-address-validator, and, for Dash,
// its foundation's; those of Cardano are of CIP-19.
func TestOutputAddress(t *testing.T) {
	for _, tc := range []struct{ id, script, want string }{
		{"BTC", "0014751e76e8199196d454941c45d1b3a323f1433bd6", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"},
		{"XTN", "00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262", "tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7"},
		{"BTC", "512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0"},
		{"BTC", "a914" + payloadOf(t, "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC") + "87", "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC"},
		{"BCH", "a914" + payloadOf(t, "3CWFddi6m4ndiGyKqzYvsFYagqDLPVMTzC") + "87", "bitcoincash:ppm2qsznhks23z7629mms6s4cwef74vcwvn0h829pq"},
		{"BCH", "76a914" + payloadOf(t, "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu") + "88ac", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a"},
		{"LTC", "a914" + payloadOf(t, "MVcg9uEvtWuP5N6V48EHfEtbz48qR8TKZ9") + "87", "MVcg9uEvtWuP5N6V48EHfEtbz48qR8TKZ9"},
		{"DOGE", "a914" + payloadOf(t, "A7JjzK9k9x5b2MkkQzqt91WZsuu7wTu6iS") + "87", "A7JjzK9k9x5b2MkkQzqt91WZsuu7wTu6iS"},
		{"DASH", "a914" + payloadOf(t, "7gnwGHt17heGpG9Crfeh4KGpYNFugPhJdh") + "87", "7gnwGHt17heGpG9Crfeh4KGpYNFugPhJdh"},
		{"ADA", "619493315cd92eb5d8c4304e67b7e16ae36d61d34502694657811a2c8e", "addr1vx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzers66hrl8"},
		{"ADA_TEST", "609493315cd92eb5d8c4304e67b7e16ae36d61d34502694657811a2c8e", "addr_test1vz2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerspjrlsz"},
		{"ADA", "219493315cd92eb5d8c4304e67b7e16ae36d61d34502694657811a2c8ec37b1b5dc0669f1d3c61a6fddb2e8fde96be87b881c60bce8e8d542f",
			"addr1yx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzerkr0vd4msrxnuwnccdxlhdjar77j6lg0wypcc9uar5d2shs2z78ve"},
		{"ADA", "019493315cd92eb5d8c4304e67b7e16ae36d61d34502694657811a2c8e337b62cfff6403a06a3acbc34f8c46003c69fe79a3628cefa9c47251",
			"addr1qx2fxv2umyhttkxyxp8x0dlpdt3k6cwng5pxj3jhsydzer3n0d3vllmyqwsx5wktcd8cc3sq835lu7drv2xwl2wywfgse35a3x"},
	} {
		script, err := hex.DecodeString(tc.script)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := lookup(t, tc.id).OutputAddress(script); !ok || got != tc.want {
			t.Errorf("%s script %s: %q, %t, want %q", tc.id, tc.script, got, ok, tc.want)
		}
		for _, damaged := range [][]byte{script[1:], script[:len(script)-1], append(script, 0)} {
			if got, ok := lookup(t, tc.id).OutputAddress(damaged); ok {
				t.Errorf("%s script %x has the address %q", tc.id, damaged, got)
			}
		}
	}
	for id, script := range map[string]string{
		"BSV":  "a914" + strings.Repeat("00", 20) + "87", // spent by whoever knows the script
		"DOGE": "0014" + strings.Repeat("00", 20),
		"DASH": "5120" + strings.Repeat("00", 32),
		"BTC":  "51024e73", // an anchor that anybody spends
		"ETH":  "0014" + strings.Repeat("00", 20),
		"ADA":  "71c37b1b5dc0669f1d3c61a6fddb2e8fde96be87b881c60bce8e8d542f", // a script

		"ADA_TEST": "619493315cd92eb5d8c4304e67b7e16ae36d61d34502694657811a2c8e", // another network
	} {
		b, err := hex.DecodeString(script)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := lookup(t, id).OutputAddress(b); ok {
			t.Errorf("%s script %s has the address %q", id, script, got)
		}
	}
}

// payloadOf reads an address of Base58Check with one version byte.
func payloadOf(t *testing.T, address string) string {
	t.Helper()
	b, err := base58.Bitcoin.Decode(nil, address)
	if err != nil || len(b) != 25 || base58.Checksum(b[:21]) != [base58.ChecksumSize]byte(b[21:]) {
		t.Fatalf("%s is no address", address)
	}
	return hex.EncodeToString(b[1:21])
}

// An output to a key has the address that the table gives the key.
func TestOutputAddressOfKeys(t *testing.T) {
	k := chains.NewPublicKey(curve.Secp256k1.Generator())
	wrap := map[string][2]string{
		"hash160": {"76a914", "88ac"}, "hash160-uncompressed": {"76a914", "88ac"}, "hash160-nested": {"a914", "87"},
		"taproot-bip86": {"5120", ""}, "x-only": {"5120", ""},
	}
	seen := 0
	for _, id := range []string{"BTC", "XTN", "SIGNET_BTC", "LTC", "LTC_TEST", "DOGE", "DOGE_TEST", "DASH", "DASH_TEST", "BCH", "XEC", "BSV"} {
		chain := lookup(t, id)
		for i := range chain.Encodings {
			e := &chain.Encodings[i]
			if e.Name == "p2pkh" && chain.Encodings[0].Name == "cashaddr" {
				continue // the old spelling
			}
			w := wrap[e.Payload.Name]
			if e.Name == "p2wpkh" {
				w = [2]string{"0014", ""}
			}
			script, err := hex.DecodeString(w[0] + hex.EncodeToString(e.Payload.Of(nil, &k)) + w[1])
			if err != nil {
				t.Fatal(err)
			}
			want, err := e.Address(&k)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := chain.OutputAddress(script); !ok || got != want {
				t.Errorf("%s %s: %q, want %q", id, e.Name, got, want)
			}
			seen++
		}
	}
	if seen < 30 {
		t.Errorf("%d forms", seen)
	}
}
