package tx_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/fixtures"
	"lifeboat/internal/signature"
	"lifeboat/tx"
)

// evmChains are those of the vectors.
var evmChains = []string{"ETH", "BSC_BNB", "MATIC", "ARBITRUM_ETH", "SETH"}

func TestEVMIsAsEthersHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/evm.tsv") {
		name, from, unsigned, signed, hash := row[0], row[1], row[2], row[3], row[4]
		wrapped, err := json.Marshal(map[string]string{"from": from, "raw": unsigned})
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{unsigned, strings.TrimPrefix(unsigned, "0x") + "\n", string(wrapped)} {
			x, v, err := read(t, file, evmChains...)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if x.Slots[0].Address != from || x.Effects[0].From != from || v.Keys[0].Address != from {
				t.Errorf("%s: from %s", name, x.Slots[0].Address)
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || got.Text != signed || got.ID != hash {
				t.Errorf("%s: signed\n%+v, %v, want\n%s %s", name, got, err, signed, hash)
			}
		}
	}
}

// evmRow returns the unsigned bytes of a vector in hex.
func evmRow(t *testing.T, name string) string {
	t.Helper()
	for _, row := range fixtures.Rows("tx/evm.tsv") {
		if row[0] == name {
			return row[2]
		}
	}
	t.Fatalf("there is no vector %q", name)
	return ""
}

func TestEVMEffects(t *testing.T) {
	x, v, err := read(t, evmRow(t, "type 2, ERC-20"), "ETH")
	if err != nil {
		t.Fatal(err)
	}
	e := x.Effects[0]
	if len(x.Effects) != 1 || e.Kind != tx.Token || e.Asset.Contract != "0xdAC17F958D2ee523a2206206994597C13D831ec7" || e.Asset.Known ||
		e.Amount.Int64() != 1_500_000 || e.To != "0x3535353535353535353535353535353535353535" || v.Back[0] {
		t.Errorf("a token's transfer is read as %+v", e)
	}
	if got := x.Fee.Asset.Text(x.Fee.Most); got != "0.00195000 ETH" || x.Fee.High != "" {
		t.Errorf("65,000 gas at 30 gwei are %s, %q", got, x.Fee.High)
	}
	if x.Network != "Ethereum (chain ID 1)" || len(x.Claims) != 1 ||
		x.Claims[0] != "Ethereum (chain ID 1) nonce 6 of 0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F" {
		t.Errorf("%s %q", x.Network, x.Claims)
	}
}

func TestEVMJSON(t *testing.T) {
	const from = `"from":"0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F",`
	const to = `"to":"0x3535353535353535353535353535353535353535",`
	for _, row := range fixtures.Rows("tx/evm.tsv") {
		var text string
		switch row[0] {
		case "type 0, EIP-155 example":
			text = "{" + from + to + `"nonce":"0x9","gasPrice":"0x4a817c800","gas":"0x5208","value":"0xde0b6b3a7640000","chainId":1}`
		case "type 2":
			text = "{" + from + to + `"nonce":5,"maxFeePerGas":"30000000000","maxPriorityFeePerGas":1000000000,"gasLimit":21000,"value":"2000000000000000000","chainId":"0x1","type":2,"data":"0x","accessList":[]}`
		default:
			continue
		}
		x, _, err := read(t, text, "ETH")
		if err != nil {
			t.Fatalf("%s: %v", row[0], err)
		}
		got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
		if err != nil || got.Text != row[3] {
			t.Errorf("%s: %+v, %v, want %s", row[0], got, err, row[3])
		}
	}
	ok := "{" + from + to + `"nonce":5,"gasPrice":1,"gas":21000,"value":"1","chainId":1}`
	if _, _, err := read(t, ok, "ETH"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, old, new string
		err            error
		why            string
	}{
		{"an unknown field", `"nonce":5`, `"nonce":5,"authorizationList":[]`, tx.ErrUnsafe, `"authorizationList" is not known`},
		{"no nonce", `"nonce":5,`, "", tx.ErrUnread, "no nonce"},
		{"no chain ID", `,"chainId":1`, "", tx.ErrUnsafe, "every chain"},
		{"two prices", `"gasPrice":1`, `"gasPrice":1,"maxFeePerGas":1`, tx.ErrUnsafe, "both"},
		{"two data", `"nonce":5`, `"nonce":5,"data":"0x00","input":"0x01"`, tx.ErrUnsafe, "something else"},
		{"an access list", `"nonce":5`, `"nonce":5,"accessList":[{"address":"0x35"}]`, tx.ErrUnsafe, "access list"},
		{"a float", `"value":"1"`, `"value":1.5`, tx.ErrUnread, `"value" is not a number`},
		{"a negative amount", `"value":"1"`, `"value":"-1"`, tx.ErrUnread, `"value" is not a number`},
		{"an odd hex", `"gas":21000`, `"gas":"0xzz"`, tx.ErrUnread, `"gas" is not a number`},
		{"a nonce of 65 bits", `"nonce":5`, `"nonce":"0x10000000000000000"`, tx.ErrUnread, `"nonce" is not a number`},
		{"a short account", `"to":"0x35`, `"to":"0x`, tx.ErrUnread, "20 bytes"},
		{"no recipient", to, "", tx.ErrUnsafe, "would make a contract"},
		{"somebody else's", `"from":"0x9d`, `"from":"0x9e`, tx.ErrForeign, "not an address of this vault"},
		{"another chain of ours", `"chainId":1`, `"chainId":56`, tx.ErrUnsafe, "on Ethereum and not on BNB Smart Chain"},
		{"an unlisted chain", `"chainId":1`, `"chainId":31337`, tx.ErrUnsafe, "--chain"},
		{"type 4", `"nonce":5`, `"nonce":5,"type":"0x4"`, tx.ErrUnsafe, "EIP-7702"},
		{"a field twice", `"nonce":5`, `"nonce":5,"nonce":6`, tx.ErrUnsafe, `key "nonce" occurs twice`},
	} {
		refuses(t, c.name, changed(t, ok, c.old, c.new), c.err, c.why, "ETH")
	}
}

func TestEVMRefuses(t *testing.T) {
	plain, token, legacy := evmRow(t, "type 2"), evmRow(t, "type 2, ERC-20"), evmRow(t, "type 0, EIP-155 example")
	payee := strings.Repeat("35", 20)
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a trailing byte", plain + "00", tx.ErrUnsafe, "something follows the transaction: 00"},
		{"EIP-7702", changed(t, plain, "0x02f0", "0x04f0"), tx.ErrUnsafe, "EIP-7702"},
		{"blobs", changed(t, plain, "0x02f0", "0x03f0"), tx.ErrUnsafe, "EIP-4844"},
		{"no chain ID", "0xe9" + strings.TrimSuffix(strings.TrimPrefix(legacy, "0xec"), "018080"), tx.ErrUnsafe, "every chain"},
		{"the zero address", changed(t, plain, payee, strings.Repeat("00", 20)), tx.ErrUnsafe, "zero address"},
		{"approve", changed(t, token, "a9059cbb", "095ea7b3"), tx.ErrUnsafe, "approve"},
		{"transferFrom", changed(t, token, "a9059cbb", "23b872dd"), tx.ErrUnsafe, "transferFrom"},
		{"permit", changed(t, token, "a9059cbb", "d505accf"), tx.ErrUnsafe, "permit"},
		{"another function", changed(t, token, "a9059cbb", "12345678"), tx.ErrUnsafe, "12345678"},
		{"dirty padding", changed(t, token, "a9059cbb000000000000000000000000", "a9059cbb000000000000000000000001"), tx.ErrUnsafe, "68 bytes"},
		{"tokens to the zero address", changed(t, token, payee, strings.Repeat("00", 20)), tx.ErrUnsafe, "zero address"},
		{"tokens to their contract", changed(t, token, payee, "dac17f958d2ee523a2206206994597c13d831ec7"), tx.ErrUnsafe, "own contract"},
		{"a coin with the tokens", changed(t, token, "94dac17f958d2ee523a2206206994597c13d831ec780", "94dac17f958d2ee523a2206206994597c13d831ec701"), tx.ErrUnsafe, "lost"},
		{"a tip above the price", changed(t, plain, "843b9aca008506fc23ac00", "8506fc23ac00843b9aca00"), tx.ErrUnsafe, "tip"},
		{"a price of a thousandfold", changed(t, token, "8506fc23ac00", "85ffffffffff"), tx.ErrUnsafe, "--max-fee"},
		{"an access list", evmWith(t, plain, "c0", "c101"), tx.ErrUnsafe, "access list"},
		{"a number with a leading zero", changed(t, plain, "0x02f00105", "0x02f2018200"+"05"), tx.ErrUnread, "RLP"},
		{"a byte in two", changed(t, plain, "0x02f00105", "0x02f1018105"), tx.ErrUnread, "RLP"},
		{"a list for a number", changed(t, plain, "0x02f00105", "0x02f001c0"), tx.ErrUnread, "RLP"},
		{"signed", fixtures.Rows("tx/evm.tsv")[3][3], tx.ErrUnread, "signed already"},
		{"signed, type 0", fixtures.Rows("tx/evm.tsv")[0][3], tx.ErrUnread, "signed already"},
		{"typed data", "0x1901" + strings.Repeat("00", 64), tx.ErrUnsafe, "EIP-191"},
	} {
		refuses(t, c.name, c.file, c.err, c.why, "ETH")
	}
	p := tx.Policy{Keys: keysOf(t, testKey, "ETH"), Now: noon}
	x, err := (&tx.Reader{}).Read([]byte(plain))
	if err != nil {
		t.Fatal(err)
	}
	p.Keys.Add(keyOn(t, "ETH", []byte{1}))
	if _, err := p.Judge(x); err == nil || !strings.Contains(err.Error(), "does not say who pays") || !strings.Contains(err.Error(), `{"from": "ADDRESS", "raw": "…"}`) {
		t.Errorf("two keys and a file that says none: %v", err)
	}
}

// evmWith replaces the end of a transaction's bytes, and its length.
func evmWith(t *testing.T, file, end, with string) string {
	t.Helper()
	body := unhex(t, strings.TrimSuffix(file, end)+with)
	body[1] += byte(len(with)-len(end)) / 2
	return fmt.Sprintf("0x%x", body)
}

func TestEVMMutations(t *testing.T) {
	mutate(t, []byte(evmRow(t, "type 2, ERC-20")), evmChains...)
	mutate(t, []byte(evmRow(t, "type 0, EIP-155 example")), evmChains...)
}

// A chain that reads hex and writes something else would show another account than
// the one that is paid.
func TestEVMChainsOfTheUser(t *testing.T) {
	file := "{" + `"from":"0x9d8A62f656a8d1615C1294fd71e9CFb3E4855A4F","to":"0x3535353535353535353535353535353535353535",` +
		`"nonce":5,"gasPrice":1,"gas":21000,"value":"1","chainId":314}`
	for id, ok := range map[string]bool{"POA": true, "FIL": false, "TRON": false, "APTOS": false, "EVMOS": false, "BTC": false, "ETH": false} {
		named, _ := chains.Lookup(id)
		x, err := (&tx.Reader{Chain: named}).Read([]byte(file))
		if (err == nil) != ok {
			t.Errorf("%s: %v", id, err)
		}
		if ok && x.Effects[0].To != "0x3535353535353535353535353535353535353535" {
			t.Errorf("%s: pays %s", id, x.Effects[0].To)
		}
	}
}

// On some chains a contract pays the coin itself where it is told to transfer a token. A
// limit of the coin must hold that, too.
func TestEVMCoinsAsTokens(t *testing.T) {
	for _, c := range []struct{ id, chain, contract string }{
		{"CELO", "42220", "471EcE3750Da237f93B8E339c536989b8978a438"}, {"METIS", "1088", "DeadDeAddeAddEAddeadDEaDDEAdDeaDDeAD0000"},
		{"MOONBEAM", "1284", "0000000000000000000000000000000000000802"}, {"MOONRIVER", "1285", "0000000000000000000000000000000000000802"},
		{"MATIC", "137", "0000000000000000000000000000000000001010"}, {"ACALAEVM", "787", "0000000000000000000100000000000000000000"},
	} {
		file := `{"to":"0x` + c.contract + `","nonce":5,"gasPrice":1,"gas":65000,"chainId":` + c.chain + `,"data":"0xa9059cbb` +
			strings.Repeat("00", 12) + strings.Repeat("35", 20) + strings.Repeat("00", 31) + `01"}`
		refuses(t, c.id, file, tx.ErrUnsafe, "pay it as the coin", c.id)
		if _, _, err := read(t, changed(t, file, c.contract, strings.Repeat("12", 20)), c.id); err != nil {
			t.Errorf("another contract on %s: %v", c.id, err)
		}
	}
}

// Lists of single bytes take fifty times their size to read.
func TestEVMIsShort(t *testing.T) {
	const size = 1 << 19
	refuses(t, "a long list", fmt.Sprintf("fa%06x", size)+strings.Repeat("01", size), tx.ErrUnread, "larger", "ETH")
	name := strings.Repeat("x", 1000)
	_, _, err := read(t, `{"chainId":1,"`+name+`":1}`, "ETH")
	if err == nil || strings.Contains(err.Error(), name) {
		t.Errorf("a field with a long name: %v", err)
	}
}
