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

// drillFiles are unsigned transactions of the demo vault on a chain state that is made
// up, whom they pay, and what a node would take once they are signed: signatures are
// deterministic. A test makes the former and has other people's libraries judge the
// latter.
//
//go:embed drill
var drillFiles embed.FS

// unsigned are the files of drill/unsigned.
var unsigned = []string{"bitcoin.psbt", "ether.json", "solana.txt"}

// layOutMoney writes the unsigned transactions, the recipients and the root keys.
func (d *drill) layOutMoney() error {
	if err := os.MkdirAll(d.path("unsigned"), 0o700); err != nil {
		return err
	}
	files := map[string]string{"exits.txt": "drill/exits.txt"}
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
		{title: "On another machine, without any share: what would these unsigned transactions do? They are\n   made up, like the chains behind them: 2 BTC in two coins, 2 ETH, and 3 SOL with a durable nonce.",
			program: derive.Program(), args: "review @unsigned --xpub @roots.txt --addresses @address.csv --to-file @exits.txt", quiet: "--json", say: d.sayReview},
		{title: "Sign. It asks for the review code, which came here on paper; no key leaves the program.", program: program(signVerb),
			args: "sign @client.json @custodian.json --tx @unsigned --addresses @address.csv --to-file @exits.txt --passphrase-file @client.txt --passphrase-file @custodian.txt -o @signed", quiet: "--json --expect CODE", say: d.saySigned},
	}
}

// sayReview keeps the review code, as somebody would on paper.
func (d *drill) sayReview(out *outputs) (string, error) {
	n, err := d.readReview(out, "--to-file")
	if err != nil {
		return "", err
	}
	if n != len(unsigned) {
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

// saySigned compares what was signed with the right answers.
func (d *drill) saySigned(*outputs) (string, error) {
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
	return fmt.Sprintf("%d transactions are signed, and every signature is right. Real ones would move the money as soon as somebody sends them; these are of no chain", len(want)), nil
}
