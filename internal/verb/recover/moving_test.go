package recover_test

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire"

	"lifeboat/chains"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/recover"
	"lifeboat/tx"
)

// filled is what a person could put in the place of a mark, by family and mark, or by
// mark alone.
var filled = map[string]string{
	"AMOUNT": "1.5", "TOKEN": "TKN", "nonce": "5", "gas": "100000", "max-price": "30", "tip": "1", "rate": "5", "fee": "0.01",
	"sequence": "7", "last-ledger": "99000000", "account-number": "12", "timeout-height": "29000000", "seqno": "5", "first-round": "50000000",
	"TRON fee": "30", "TRON block": "67116374", "TRON block-hash": "0000000004001d56" + strings.Repeat("9d", 24),
	"Solana nonce": "29d2S7vB453rNYFdR5Ycwt7y9haRT5fwVwL9zTmBhfV2", "Solana nonce-account": "92CudvFbL7Tyw2RkWC7NU1ehdNBSjy8FEG1TsJaN8wgz",
	"Solana nonce-authority": "GFKfRLPKHYRyARLSTc4p94vukKPMFAkSrQT5j55WYoy2", "Solana fee-payer": "GFKfRLPKHYRyARLSTc4p94vukKPMFAkSrQT5j55WYoy2", "Solana create": "yes",
	"NEAR block-hash": "29d2S7vB453rNYFdR5Ycwt7y9haRT5fwVwL9zTmBhfV2",
	"Sui gas":         "0x" + strings.Repeat("ab", 32) + ",7,29d2S7vB453rNYFdR5Ycwt7y9haRT5fwVwL9zTmBhfV2",
	"Cardano ttl":     "190000000",
	// The row of a token comes before the one of its account's coin.
	"EVM token nonce": "4", "NEAR token nonce": "4", "token sequence": "6", "token seqno": "4", "Solana token nonce": "29d2S7vB453rNYFdR5Ycwt7y9haRT5fwVwL9zTmBhfV3",
}

// contracts are tokens, by family; those of chains of Ethereum's kind are of any of them.
var contracts = map[string]string{
	"EVM": "0xdAC17F958D2ee523a2206206994597C13D831ec7", "TRON": "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "Solana": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
	"Cosmos": "ibc/" + strings.Repeat("27", 32), "TON": "UQD56q0pMho24wNErhaoxFZTPIBgBBzUkQ_b5JNDposp126W", "Stellar": "USDC:GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ",
	"Aptos": "0x" + strings.Repeat("ba", 32), "NEAR": "usdt.tether-token.near", "Algorand": "31566704",
}

var openMark = regexp.MustCompile(`\{([A-Za-z-]+)\}`)

// fillRow fills in the marks of a row of a plan.
func fillRow(row string, payees map[string]string) string {
	id, _, _ := strings.Cut(row, ",")
	c, _ := chains.Lookup(id)
	if c == nil {
		return row // the header
	}
	family, _ := tx.Family(c)
	return openMark.ReplaceAllStringFunc(row, func(mark string) string {
		name := strings.Trim(mark, "{}")
		if name == "TO" {
			return payees[id]
		}
		value := cmp.Or(filled[family+" "+name], filled[name], mark)
		if strings.Contains(row, "{TOKEN}") {
			value = cmp.Or(filled[family+" token "+name], filled["token "+name], value)
		}
		return value
	})
}

// The plan that "guide --moving" prints for two accounts and a token of every chain is
// one that make takes, once its marks are filled in.
func TestPrintedPlans(t *testing.T) {
	demoHere(t)
	var ids []string
	for _, c := range chains.All() {
		if _, ok := tx.Wants(c); ok {
			ids = append(ids, c.ID)
		}
	}
	payers, payees := demoAddresses(t, ids, "m/44/60/0/0/0"), demoAddresses(t, ids, "m/44/60/0/0/1")
	book, tokens := "coin,address,HD path\n", "chain,contract,symbol,decimals\n"
	for _, id := range ids {
		c, _ := chains.Lookup(id)
		family, _ := tx.Family(c)
		book += fmt.Sprintf("%s,%s,m/44/60/0/0/0\n", id, payers[id])
		if contract := contracts[family]; contract != "" {
			book += fmt.Sprintf("%s_TKN,%s,m/44/60/0/0/0\n", id, payers[id])
			tokens += fmt.Sprintf("%s,%s,TKN,6\n", id, contract)
		}
		writeCoin(t, c, payers[id])
	}
	write(t, "book.csv", book)
	write(t, "tokens.csv", tokens)
	code, stdout, stderr := runLine(recover.Program(), "guide --moving book.csv")
	if code != 0 {
		t.Fatal(stderr)
	}
	var plan []string
	made := map[string]bool{}
	for line := range strings.Lines(stdout) {
		line = strings.TrimSpace(line)
		words := strings.Fields(strings.ReplaceAll(line, "{--xpub KEY}", "--xpub roots.txt"))
		switch {
		case strings.HasPrefix(line, "chain,from,"):
			plan = []string{line}
		case len(plan) > 0 && strings.Contains(line, ",{TO},"):
			row := fillRow(line, payees)
			if mark := openMark.FindString(row); mark != "" {
				t.Errorf("%s: nothing says what %s is", row, mark)
			}
			plan = append(plan, row)
		case strings.HasPrefix(line, "mpc-derive make --plan"):
			write(t, words[3], strings.Join(plan, "\n")+"\n")
			if code, _, stderr := runLine(derive.Program(), strings.Join(words[1:], " ")+" --date 2026-09-20T08:00:00Z"); code != 0 {
				t.Errorf("%s\n%s\nexit status %d: %s", strings.Join(plan, "\n"), line, code, stderr)
			}
			for _, row := range plan[1:] {
				id, _, _ := strings.Cut(row, ",")
				made[id] = true
			}
			plan = nil
		case strings.HasPrefix(line, "mpc-derive review unsigned-"):
			if code, _, stderr := runLine(derive.Program(), strings.Join(words[1:], " ")+" --date 2026-09-20T08:00:00Z"); code != 0 {
				t.Errorf("%s: exit status %d: %s", line, code, stderr)
			}
		}
	}
	for _, id := range ids {
		if !made[id] {
			t.Errorf("%s is in no plan", id)
		}
	}
}

// writeCoin writes a list of one coin of a chain of Bitcoin's kin or of Cardano.
func writeCoin(t *testing.T, c *chains.Chain, address string) {
	t.Helper()
	script, ok := c.OutputScript(address)
	if !ok {
		return
	}
	coin, _ := tx.Coin(c)
	const amount = "1000"
	value, err := coin.ParseAmount(amount)
	if err != nil {
		t.Fatal(err)
	}
	previous := wire.NewMsgTx(2)
	previous.AddTxIn(wire.NewTxIn(&wire.OutPoint{}, nil, nil))
	previous.AddTxOut(wire.NewTxOut(value.Int64(), script))
	var b bytes.Buffer
	if err := previous.Serialize(&b); err != nil {
		t.Fatal(err)
	}
	write(t, c.ID+".csv", fmt.Sprintf("txid,vout,amount,address,previous\n%s,0,%s,%s,%x\n", previous.TxHash(), amount, address, b.Bytes()))
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// demoAddresses are those of a path of the vault demo, by chain.
func demoAddresses(t *testing.T, ids []string, path string) map[string]string {
	t.Helper()
	code, stdout, stderr := runLine(derive.Program(), "address roots.txt --csv --path "+path+" --chain "+strings.Join(ids, ","))
	if code != 0 {
		t.Fatal(stderr)
	}
	byChain := map[string]string{}
	for line := range strings.Lines(stdout) {
		if cells := strings.Split(line, ","); byChain[cells[1]] == "" {
			byChain[cells[1]] = cells[3]
		}
	}
	return byChain
}
