package recover

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/holder"
)

// hard is the main job: the provider is gone.
func (d *drill) hard() scenario {
	backup, recover := backup.Program(), program(keyVerb)
	return scenario{
		name:  "hard",
		title: "hard key recovery: the provider is gone, and with it provider.json. The\nclient and the custodian meet.",
		files: []string{"client", "custodian"}, money: true,
		end: "two shares gave the root keys and every key of the address book, each checked against what the files and the address book record; and they signed the made-up transactions that move the money",
		steps: append([]step{
			{title: "Look at the two backups: whose are they, how many shares does the key need?", program: backup,
				args: "inspect @client.json @custodian.json", quiet: "--json", say: d.sayInspect},
			{title: "Open each share alone and prove, without showing it, that the two are enough.", program: backup,
				args: "verify @client.json @custodian.json --addresses @address.csv --passphrase-file @client.txt --passphrase-file @custodian.txt", quiet: "--json", say: sayVerify},
			{title: "Make an identity that will open the result.", program: backup,
				args: "keygen -o @result.key", say: words("result.key opens what is sealed to result.key.pub")},
			{title: "Recover: both root keys, and a key for every row of the address book.", program: recover,
				args: "key @client.json @custodian.json --root --addresses @address.csv --passphrase-file @client.txt --passphrase-file @custodian.txt -R @result.key.pub -o @keys.age", quiet: "--json", say: sayKey},
			{title: "Open the sealed result. On the day it stays shut; here it is compared with the known keys.", program: backup,
				args: "open @keys.age -i @result.key -o @result", say: d.sayResult},
		}, d.move()...),
	}
}

func (d *drill) sayInspect(out *outputs) (string, error) {
	var r struct {
		Files []struct {
			Groups []struct {
				Threshold    int        `json:"threshold"`
				Participants []struct{} `json:"participants"`
				Problems     []string   `json:"problems"`
			} `json:"groups"`
		} `json:"files"`
	}
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	groups, first := 0, r.Files[0].Groups[0]
	for _, f := range r.Files {
		for _, g := range f.Groups {
			if len(g.Problems) > 0 {
				return "", fmt.Errorf("a group has problems: %s", g.Problems[0])
			}
			groups++
		}
	}
	return fmt.Sprintf("%d files with %d shares, consistent in themselves; %d of %d shares give the key", len(r.Files), groups, first.Threshold, len(first.Participants)), nil
}

func sayVerify(out *outputs) (string, error) {
	var r struct {
		OK        bool                 `json:"ok"`
		Groups    []holder.GroupReport `json:"groups"`
		Addresses struct {
			Rows int `json:"rows"`
			OK   int `json:"ok"`
		} `json:"addresses"`
	}
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	if !r.OK || r.Addresses.OK != r.Addresses.Rows {
		return "", fmt.Errorf("not everything is ok")
	}
	var curves []string
	for _, g := range r.Groups {
		curves = append(curves, g.Curve)
	}
	return fmt.Sprintf("every share opens and matches; %s are recoverable; %d of %d addresses match", phrase.And(curves), r.Addresses.OK, r.Addresses.Rows), nil
}

func sayKey(out *outputs) (string, error) {
	var r keyReport
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	if len(r.Recovered) == 0 || r.Addresses == nil || r.Addresses.Rows == 0 {
		return "", fmt.Errorf("nothing was recovered")
	}
	var lines []string
	for _, v := range r.Recovered {
		lines = append(lines, fmt.Sprintf("%s root private key, from %s, matches %s…%s", v.Curve, phrase.And(v.Used), v.Root[:12], v.Root[len(v.Root)-6:]))
	}
	lines = append(lines, fmt.Sprintf("%d of %d rows of the address book have their private key", r.Addresses.OK, r.Addresses.Rows))
	return strings.Join(lines, "\n   "), nil
}

// sayResult compares what was recovered with what is known about the demo vault:
// it is not enough that the drill ends well.
func (d *drill) sayResult(*outputs) (string, error) {
	var got struct {
		Groups []struct {
			Curve   string `json:"curve"`
			Private string `json:"root_private_key"`
		} `json:"groups"`
	}
	b, err := os.ReadFile(d.path("result/root.json"))
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(b, &got); err != nil {
		return "", err
	}
	want, err := readExpected()
	if err != nil {
		return "", err
	}
	if len(got.Groups) != len(want.Groups) {
		return "", fmt.Errorf("%d root keys were recovered, and the vault has %d", len(got.Groups), len(want.Groups))
	}
	for i := range got.Groups {
		if got.Groups[i].Curve != want.Groups[i].Curve || sha256.Sum256([]byte(got.Groups[i].Private)) != sha256.Sum256([]byte(want.Groups[i].Private)) {
			return "", fmt.Errorf("the recovered root key on %s is not the vault's", got.Groups[i].Curve)
		}
	}
	f, err := os.Open(d.path("result/keys.csv"))
	if err != nil {
		return "", err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return "", err
	}
	coins := map[string]bool{}
	for _, row := range rows[1:] {
		coins[row[1]] = true
	}
	return fmt.Sprintf("root.json has both root keys, the same that made this vault; keys.csv has %d keys on %d chains", len(rows)-1, len(coins)), nil
}
