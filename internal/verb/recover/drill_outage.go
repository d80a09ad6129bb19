package recover

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
	"lifeboat/recover/ceremony"
)

// drillCoins are two coins of Taproot addresses of the demo vault, one of BIP 86 and one
// whose output key is the derived key itself. Nobody made them.
const drillCoins = `txid,vout,amount,address
a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1,0,1,bc1pycxw2xh659f9y67jxg9760euq537gm999xm777ej58ahdm24s06snxt6nj
b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2,1,2,bc1pvrrkq453vd6r8mntgazemk3lha7t6r0933qrswy7ehm36dsg3pyqw645g7
`

// outage is a provider that is away and comes back: two holders sign without a key.
func (d *drill) outage() scenario {
	const bill = "--tx @bill --tx @unsigned/solana.txt --addresses @address.csv --record @record.txt"
	return scenario{
		name:  "outage",
		title: "an outage: the provider is away for a week, and bills are due. The client\nand the custodian pay together, each on their own machine; no key exists at any time.",
		files: []string{"client", "custodian"}, extra: map[string]string{"coins.csv": drillCoins}, money: true,
		end: "two holders signed with two shares that never met, and no key was made",
		steps: []step{
			{title: "While all is well: a record of the vault, with the addresses that may be paid.", program: backup.Program(),
				args: "record @client.json @custodian.json --exit BTC=bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 --exit SOL=6ASf5EcmmEHTgDJ4X4ZT5vT6iHVJBXPg5AN5YoTCpGWt -o @record.txt", quiet: "--json", say: d.sayRecord},
			{title: "The bill in bitcoin: two coins of Taproot addresses. The one in SOL lies beside it.", program: derive.Program(),
				args: "make BTC --to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 --amount all --number rate=20 --coins @coins.csv --record @record.txt --addresses @address.csv -o @bill", quiet: "--record-code RECORD", say: words("one transaction that spends both coins")},
			{title: "Each holder reviews the bills on another machine, and tells the other the code.", program: derive.Program(),
				args: "review @bill @unsigned/solana.txt --addresses @address.csv --record @record.txt", quiet: "--json --record-code RECORD", say: d.sayBill},
			{title: "The client asks the custodian, and the program waits. It asks for the review code of\n   the other, and makes numbers that are in no file.", program: program(ceremonyVerb),
				args: "ceremony sign @desk @client.json --ask custodian-granite " + bill + " --passphrase-file @client.txt -o @signed", quiet: "--json --record-code RECORD --expect CODE", say: d.sayOutage,
				meanwhile: func() error { return d.answer(bill) }},
		},
	}
}

// answer is what happens while the client's program waits.
func (d *drill) answer(bill string) error {
	if err := d.carry("desk", "table", ceremony.Name(ceremony.StepRequest, "client-harbour")); err != nil {
		return err
	}
	if err := d.run(step{title: "The stick brings the request, and the custodian answers it from their own copy.", program: program(ceremonyVerb),
		args: "ceremony sign @table @custodian.json --answer client-harbour " + bill + " --passphrase-file @custodian.txt", quiet: "--json --record-code RECORD --expect CODE",
		say: words("the answer is in table; only the program that waits can use it, and once. The stick brings it back:")}); err != nil {
		return err
	}
	return d.carry("table", "desk", ceremony.Name(ceremony.StepAnswer, "custodian-granite"))
}

// carry copies a file, as people do with a stick.
func (d *drill) carry(from, to, name string) error {
	data, err := os.ReadFile(filepath.Join(d.path(from), name))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(d.path(to), 0o700); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.path(to), name), data, 0o600)
}

// attendant is somebody who does something when a program waits, and presses Enter.
type attendant struct{ meanwhile func() error }

func (a attendant) Line(string) (string, error) { return "", a.meanwhile() }
func (a attendant) Close() error                { return nil }

func (a attendant) Show(string) error { return prompt.ErrNoTerminal }
func (a attendant) Password(string) (*secret.Bytes, error) {
	return nil, prompt.ErrNoTerminal
}
func (a attendant) Confirm(string) (bool, error) { return false, prompt.ErrNoTerminal }

func (d *drill) sayRecord(out *outputs) (string, error) {
	var r struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	d.recordCode = r.Code
	return "record.txt, and its code, which every holder has on paper: " + r.Code, nil
}

func (d *drill) sayBill(out *outputs) (string, error) {
	n, err := d.readReview(out, "the record")
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d transactions pay nobody but those of the record; the review code, told by telephone: %s", n, d.code), nil
}

// sayOutage finds the signed transactions, and no root key in any file.
func (d *drill) sayOutage(out *outputs) (string, error) {
	var r signReport
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	if len(r.Files) != 2 || len(r.Holders) != 2 {
		return "", fmt.Errorf("%d transactions were signed by %d holders", len(r.Files), len(r.Holders))
	}
	known, err := readExpected()
	if err != nil {
		return "", err
	}
	err = filepath.WalkDir(d.dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, g := range known.Groups {
			raw, err := hex.DecodeString(g.Private)
			if err != nil {
				return err
			}
			if bytes.Contains(data, raw) || bytes.Contains(bytes.ToLower(data), []byte(g.Private)) {
				return fmt.Errorf("the root private key on %s is in %s", g.Curve, path)
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return "2 transactions are signed and verified, and no root key is in any file. When the provider comes back, tell it\n   what was sent: what it had prepared with the same nonce or coin will fail", nil
}
