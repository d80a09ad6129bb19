package recover

import (
	"embed"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"lifeboat/internal/papercode"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/moving"
)

// drillFiles are what moves the money of the demo vault on a chain state that is made up:
// unsigned transactions, a plan of others, one for each further family of chains, whom
// they pay, and what a node would take once some are signed: signatures are
// deterministic. A test makes the transactions and has other people's libraries judge
// what is signed.
//
//go:embed drill
var drillFiles embed.FS

// unsigned are the files of drill/unsigned.
var unsigned = []string{"bitcoin.psbt", "ether.json", "solana.txt"}

// planned is the number of transfers in drill/plan.csv, and drillDate when the chains
// were as it says.
const (
	planned   = 10
	drillDate = " --date 2026-09-01T12:00:00Z"
)

// layOutMoney writes the unsigned transactions, the recipients and the root keys.
func (d *drill) layOutMoney() error {
	if err := os.MkdirAll(d.path("unsigned"), 0o700); err != nil {
		return err
	}
	files := make(map[string]string)
	for _, name := range []string{"exits.txt", "plan.csv", "ada.csv"} {
		files[name] = "drill/" + name
	}
	for _, name := range unsigned {
		files["unsigned/"+name] = "drill/unsigned/" + name
	}
	for to, from := range files {
		b, err := drillFiles.ReadFile(from)
		if err != nil {
			return fmt.Errorf("internal error: the drill has no %s", from)
		}
		if err := os.WriteFile(d.path(to), b, 0o600); err != nil {
			return err
		}
	}
	roots := strings.TrimSpace(strings.ReplaceAll(d.record, " --xpub ", "\n")) + "\n"
	return os.WriteFile(d.path("roots.txt"), []byte(roots), 0o600)
}

// move are the steps that move the money.
func (d *drill) move() []step {
	return []step{
		{title: "Three unsigned transactions came from wallets: 2 BTC in two coins, 2 ETH, and 3 SOL with a durable\n   nonce. They are made up, like the chains behind them. Where no wallet is at hand, a plan has what\n   stands on explorers: a transfer for each further family of chains.",
			program: derive.Program(), args: "make --plan @plan.csv --xpub @roots.txt --addresses @address.csv -o @made", quiet: drillDate, say: d.sayMade},
		{title: "On another machine, without any share: what would all of them do?",
			program: derive.Program(), args: "review @unsigned @made --xpub @roots.txt --addresses @address.csv --to-file @exits.txt", quiet: "--json --short-lived" + drillDate, say: d.sayReview},
		{title: "Sign. It asks for the review code, which came here on paper; no key leaves the program.", program: program(signVerb),
			args: "sign @client.json @custodian.json --tx @unsigned --tx @made --addresses @address.csv --to-file @exits.txt --passphrase-file @client.txt --passphrase-file @custodian.txt -o @signed", quiet: "--json --short-lived --expect CODE" + drillDate, say: d.saySigned},
	}
}

// sayMade counts what was made.
func (d *drill) sayMade(*outputs) (string, error) {
	made, err := os.ReadDir(d.path("made"))
	if err == nil && len(made) != planned {
		err = fmt.Errorf("%d transactions were made", len(made))
	}
	return fmt.Sprintf("%d unsigned transactions, each read back and found to be what the plan says", planned), err
}

// sayReview keeps the review code, as somebody would on paper.
func (d *drill) sayReview(out *outputs) (string, error) {
	n, err := d.readReview(out, "--to-file")
	if err != nil {
		return "", err
	}
	if n != len(unsigned)+planned {
		return "", fmt.Errorf("%d transactions were reviewed", n)
	}
	return fmt.Sprintf("%d transactions pay nobody but those of exits.txt; the review code, for paper: %s", n, d.code), nil
}

// readReview keeps the review code, and returns how many transactions were reviewed. All
// are allowed by the same.
func (d *drill) readReview(out *outputs, by string) (int, error) {
	var r struct {
		Files []moving.FileReport `json:"files"`
		Code  string              `json:"review_code"`
	}
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return 0, err
	}
	code, err := papercode.Parse(r.Code)
	if err != nil {
		return 0, err
	}
	for _, f := range r.Files {
		for _, e := range f.Effects {
			if e.Allowed != by {
				return 0, fmt.Errorf("a transaction pays %s, who is not on the list", e.To)
			}
		}
	}
	d.code = code.String()
	return len(r.Files), nil
}

// saySigned counts what was signed, each verified by then, and compares some of it with
// the right answers.
func (d *drill) saySigned(out *outputs) (string, error) {
	var r signReport
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	for i := range r.Files {
		for _, name := range r.Files[i].Written {
			if _, err := os.Stat(d.path("signed/" + name)); err != nil {
				return "", err
			}
		}
	}
	if len(r.Files) != len(unsigned)+planned {
		return "", fmt.Errorf("%d transactions were signed", len(r.Files))
	}
	var want map[string]string
	b, err := drillFiles.ReadFile("drill/signed.json")
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(b, &want); err != nil {
		return "", err
	}
	for name, text := range want {
		got, err := os.ReadFile(d.path("signed/" + name))
		if err != nil {
			return "", err
		}
		if strings.TrimSpace(string(got)) != text {
			return "", fmt.Errorf("%s is not what the vault's keys sign", name)
		}
	}
	return fmt.Sprintf("%d transactions are signed, and every signature is right. Real ones would move the money as soon as somebody sends them; these are of no chain", len(r.Files)), nil
}
