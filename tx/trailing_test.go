package tx_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/tx"
)

// What is cut off was not understood; what has something more was, and is refused.
func TestCutAndTrailing(t *testing.T) {
	var file struct{ Hex string }
	if err := json.Unmarshal(fixtures.Read("unsigned/btc-raw.json"), &file); err != nil {
		t.Fatal(err)
	}
	var body struct{ From, Raw string }
	if err := json.Unmarshal([]byte(fixtures.Rows("tx/ton.tsv")[0][2]), &body); err != nil {
		t.Fatal(err)
	}
	raw := func(b []byte) string { return fmt.Sprintf(`{"hex":"%x"}`, b) }
	asHex := func(b []byte) string { return hex.EncodeToString(b) }
	asBase64 := base64.StdEncoding.EncodeToString
	for _, c := range []struct {
		name string
		data []byte
		text func([]byte) string
	}{
		{"EVM", unhex(t, evmRow(t, "type 2")), asHex},
		{"TRON", unhex(t, tronHex(t, fixtures.Rows("tx/tron.tsv")[0])), asHex},
		{"a Solana message", unbase64(t, solanaRow(t, "transfer, legacy message")[2]), asBase64},
		{"a Solana message in bytes", unbase64(t, solanaRow(t, "transfer, v0 message")[2]), func(b []byte) string { return string(b) }},
		{"a Solana transaction", append(make([]byte, 1, 500), unbase64(t, solanaRow(t, "transfer, legacy message")[2])...), asBase64},
		{"a SignDoc", unbase64(t, row(t, "tx/cosmos.tsv", "ATOM with a memo")[2]), asBase64},
		{"NEAR", unbase64(t, row(t, "tx/near.tsv", "to a key")[2]), asBase64},
		{"Algorand", unbase64(t, row(t, "tx/algorand.tsv", "a payment")[2]), asBase64},
		{"Aptos", unhex(t, aptosRow(t, "APT")[2]), asHex},
		{"Sui", unbase64(t, suiRow(t, "SUI")[2]), asBase64},
		{"Cardano", unhex(t, cardanoRow(t, "ADA")[2]), asHex},
		{"PSBT", fixtures.Read("unsigned/btc.psbt"), func(b []byte) string { return string(b) }},
		{"a raw transaction", unhex(t, file.Hex), raw},
		{"XRP", unhex(t, fixtures.Rows("tx/xrp.tsv")[0][3]), asHex},
		{"Cosmos", unbase64(t, fixtures.Rows("tx/cosmos.tsv")[0][2]), asBase64},
		{"TON", unbase64(t, body.Raw), func(b []byte) string { return fmt.Sprintf(`{"from":%q,"raw":%q}`, body.From, asBase64(b)) }},
	} {
		reads := func(b []byte) error {
			_, err := (&tx.Reader{}).Read([]byte(c.text(b)))
			return err
		}
		if err := reads(c.data[:len(c.data)-1]); !errors.Is(err, tx.ErrUnread) {
			t.Errorf("%s, cut: %v", c.name, err)
		}
		for _, more := range []string{"\x00", "\x01", "\xff\xff", string(c.data)} {
			if err := reads(append(c.data[:len(c.data):len(c.data)], more...)); !errors.Is(err, tx.ErrUnsafe) {
				t.Errorf("%s, with %.8x behind it: %v", c.name, more, err)
			}
		}
	}
	for _, name := range []string{"btc-raw.json", "eth.json", "tron.json", "xrp.json", "ton.json"} {
		for _, more := range []string{"{}", " x", "]"} {
			if _, err := (&tx.Reader{}).Read(append(fixtures.Read("unsigned/"+name), more...)); !errors.Is(err, tx.ErrUnsafe) {
				t.Errorf("%s, with %q behind it: %v", name, more, err)
			}
		}
	}
	long := evmWith(t, evmRow(t, "type 2"), "c0", "c080")
	if _, err := (&tx.Reader{}).Read([]byte(long)); !errors.Is(err, tx.ErrUnsafe) {
		t.Errorf("a field more: %v", err)
	}
}
