package recover

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"lifeboat/audit"
	"lifeboat/fixtures/vaults/demo"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/backup"
)

// The passwords of the files that the drill makes.
var drillPasswords = map[string]string{
	"new-client.txt": "the client's new password\n", "new-provider.txt": "the provider's new password\n", "new-custodian.txt": "the custodian's new password\n",
}

// soft is soft key recovery: the client's share is lost.
func (d *drill) soft() scenario {
	backup, recover := backup.Program(), program(reshareVerb)
	return scenario{
		name:  "soft",
		title: "soft key recovery: the client's phone is stolen. The provider and the\ncustodian make a new set of shares; the custodian's is sealed behind a quorum of\nthree directors.",
		files: []string{"provider", "custodian"}, extra: drillPasswords,
		end: "the provider's and the custodian's shares became a new set of the same keys, and the new holders attested to it",
		steps: []step{
			{title: "The directors make an identity that any two of them can use.", program: backup,
				args: "keygen -o @directors --quorum 2/3", say: words("three shards, one for each director; no file holds the whole identity")},
			{title: "Make the new set. The root key is never put together.", program: recover,
				args: "reshare @provider.json @custodian.json --passphrase-file @provider.txt --passphrase-file @custodian.txt --party client --party provider --party custodian=@directors.pub --threshold 2 --new-passphrase-file @new-client.txt --new-passphrase-file @new-provider.txt -o @new", quiet: "--json" + d.record, say: d.sayReshare},
			{title: "The client and the provider open their new files. The addresses are the old ones.", program: backup,
				args: "verify @new/recovery-secrets-client.json @new/recovery-secrets-provider.json --passphrase-file @new-client.txt --passphrase-file @new-provider.txt --addresses @address.csv", quiet: "--json" + d.record, say: sayVerify},
			{title: "The custodian's file takes two directors.", program: backup,
				args: "open @new/recovery-secrets-custodian.age -i @directors.shard-1.txt -i @directors.shard-3.txt --list", say: words("it opens: the share file, and its random password beside it")},
			{title: "The client attests to the new share, for those who are not in the room.", program: backup,
				args: "attest @new/recovery-secrets-client.json --passphrase-file @new-client.txt --challenge drill-7 -o @client.attest.json", say: words("client.attest.json, signed with the share; it holds no secret")},
			{title: "So does the provider.", program: backup,
				args: "attest @new/recovery-secrets-provider.json --passphrase-file @new-provider.txt --challenge drill-7 -o @provider.attest.json", say: words("provider.attest.json: with the client's that is as many as are needed")},
			{title: "An auditor, who has seen no secret, asks whether the new set would do.", program: backup,
				args: "audit @client.attest.json @provider.attest.json @new --challenge drill-7 --addresses @address.csv", quiet: "--json" + d.record, say: sayAudit},
			{title: "And the old shares? They still give the key. That is why they must be destroyed.", program: backup,
				args: "verify @provider.json @custodian.json --passphrase-file @provider.txt --passphrase-file @custodian.txt", quiet: "--json", say: words("the old files still open and still give both root keys: destroy every copy, once each new holder has opened the new file")},
		},
	}
}

// thirdParty is third-party key recovery: the custodian's share was stolen.
func (d *drill) thirdParty() scenario {
	backup, recover := backup.Program(), program(reshareVerb, keyVerb)
	return scenario{
		name:  "third-party",
		title: "third-party key recovery: the custodian was burgled. The client and\nthe provider make a new set with another custodian.",
		files: []string{"client", "provider", "custodian"}, extra: drillPasswords,
		end: "a new set with a new custodian; the stolen share does not fit it",
		steps: []step{
			{title: "Make the new set, for a new custodian as well.", program: recover,
				args: "reshare @client.json @provider.json --passphrase-file @client.txt --passphrase-file @provider.txt --party client --party provider --party new-custodian --threshold 2 --new-passphrase-file @new-client.txt --new-passphrase-file @new-provider.txt --new-passphrase-file @new-custodian.txt -o @new", quiet: "--json" + d.record, say: d.sayReshare},
			{title: "The new client and the new custodian open their files.", program: backup,
				args: "verify @new/recovery-secrets-client.json @new/recovery-secrets-new-custodian.json --passphrase-file @new-client.txt --passphrase-file @new-custodian.txt --addresses @address.csv", quiet: "--json", say: sayVerify},
			{title: "The burglar has the old custodian's share and gets hold of a new one: that gives no key.", program: recover, status: 3,
				args: "key @custodian.json @new/recovery-secrets-client.json --root --passphrase-file @custodian.txt --passphrase-file @new-client.txt --plaintext -o @stolen", say: d.sayNothing("stolen", "too few shares")},
			{title: "With somebody else's old share it would. See what is still lying around.", program: backup,
				args: "audit @client.json @custodian.json @new", quiet: "--json" + d.record, say: sayEpochs},
		},
	}
}

// repair makes a lost share again.
func (d *drill) repair() scenario {
	backup, recover := backup.Program(), program(repairVerb)
	return scenario{
		name:  "repair",
		title: "a repair: the client's phone fell into the sea, where nobody finds\nit. The provider and the custodian make the same share again.",
		files: []string{"provider", "custodian"}, extra: drillPasswords,
		end: "the client has the same share again, and no other file had to change",
		steps: []step{
			{title: "Whose share is missing, and are the others enough?", program: backup,
				args: "audit @provider.json @custodian.json", quiet: "--json" + d.record, say: sayPresent},
			{title: "Make the client's share again, under a new password.", program: recover,
				args: "repair @provider.json @custodian.json --passphrase-file @provider.txt --passphrase-file @custodian.txt --lost client-harbour --new-passphrase-file @new-client.txt -o @client-again.json", quiet: "--json" + d.record, say: words("client-again.json: both curves, at the old share IDs; the root key was never put together")},
			{title: "The client opens it. It fits the custodian's old file.", program: backup,
				args: "verify @client-again.json @custodian.json --passphrase-file @new-client.txt --passphrase-file @custodian.txt --addresses @address.csv", quiet: "--json", say: sayVerify},
		},
	}
}

// badShare has one damaged file and one wrong password.
func (d *drill) badShare() scenario {
	backup, recover := backup.Program(), program(keyVerb)
	return scenario{
		name:  "bad-share",
		title: "bad luck: the client's file has rotted, and somebody mistypes.",
		files: []string{"client", "provider", "custodian"},
		extra: map[string]string{"wrong.txt": "not the password\n", "rotten.json": rotten()},
		end:   "the bad file was named and the good ones were used; too few good ones gave nothing",
		steps: []step{
			{title: "An audit finds the damage while there is time.", program: backup, status: 3,
				args: "audit @rotten.json @custodian.json", quiet: "--json" + d.record, say: sayDamaged},
			{title: "Two shares are needed and one file of the two is rotten: nothing is written.", program: recover, status: 3,
				args: "key @rotten.json @custodian.json --root --passphrase-file @client.txt --passphrase-file @custodian.txt --plaintext -o @none", say: d.sayNothing("none", "inconsistent: ")},
			{title: "A wrong password is no better, and is told from damage where that can be told.", program: recover, status: 1,
				args: "key @client.json @custodian.json --root --passphrase-file @wrong.txt --passphrase-file @custodian.txt --plaintext -o @none", say: d.sayNothing("none", "unopened: ")},
			{title: "With a third file the two good ones are enough, and the bad one is named.", program: recover,
				args: "key @rotten.json @custodian.json @provider.json --root --addresses @address.csv --passphrase-file @client.txt --passphrase-file @custodian.txt --passphrase-file @provider.txt --plaintext -o @result", quiet: "--json", say: func(o *outputs) (string, error) {
					if !strings.Contains(string(o.stderr), "rotten.json") {
						return "", fmt.Errorf("the bad file was not named")
					}
					if _, err := d.sayResult(o); err != nil {
						return "", err
					}
					return sayKey(o)
				}},
		},
	}
}

// rotten is the client's file with one bit flipped in each group: a threshold of 2
// has become 3.
func rotten() string {
	b, err := demo.FS.ReadFile("client.json")
	if err != nil {
		return ""
	}
	return strings.ReplaceAll(string(b), `"threshold": 2`, `"threshold": 3`)
}

// sayReshare looks at the new set, which must have the same root keys.
func (d *drill) sayReshare(out *outputs) (string, error) {
	var r struct {
		Groups []struct {
			Root     string `json:"root_extended_public_key"`
			Epoch    string `json:"epoch"`
			OldEpoch string `json:"old_epoch"`
		} `json:"groups"`
		Files []struct{} `json:"files"`
	}
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return "", err
	}
	for _, g := range r.Groups {
		if !strings.Contains(d.record, g.Root) || g.Epoch == g.OldEpoch {
			return "", fmt.Errorf("the new set is not one of the same root key")
		}
	}
	if len(r.Groups) != 2 || len(r.Files) != 3 {
		return "", fmt.Errorf("%d groups and %d files", len(r.Groups), len(r.Files))
	}
	return "3 new files; both root keys are those of the records, and the epochs are new", nil
}

// sayNothing expects a reason, and no output.
func (d *drill) sayNothing(output, reason string) func(*outputs) (string, error) {
	return func(out *outputs) (string, error) {
		if _, err := os.Lstat(d.path(output)); err == nil {
			return "", fmt.Errorf("something was written")
		}
		for line := range strings.Lines(string(out.stderr)) {
			if strings.Contains(line, reason) {
				_, text, _ := strings.Cut(strings.TrimSpace(line), "warning: ")
				if text == "" {
					_, text, _ = strings.Cut(strings.TrimSpace(line), "error: ")
				}
				return strings.ReplaceAll(text, d.dir+string(os.PathSeparator), ""), nil
			}
		}
		return "", fmt.Errorf("the reason is not %q", reason)
	}
}

func readAudit(out *outputs) (*audit.Report, error) {
	var r audit.Report
	if err := json.Unmarshal(out.stdout, &r); err != nil {
		return nil, err
	}
	if len(r.Vaults) != 2 {
		return nil, fmt.Errorf("%d root keys", len(r.Vaults))
	}
	return &r, nil
}

func sayAudit(out *outputs) (string, error) {
	r, err := readAudit(out)
	if err != nil {
		return "", err
	}
	for _, v := range r.Vaults {
		if v.Status != audit.Recoverable || !v.Recorded {
			return "", fmt.Errorf("the root key on %s is %s", v.Curve, v.Status)
		}
	}
	return strings.TrimSuffix(r.Vaults[0].Verdict, ".") + "; both root keys are the recorded ones", nil
}

func sayEpochs(out *outputs) (string, error) {
	r, err := readAudit(out)
	if err != nil {
		return "", err
	}
	for _, v := range r.Vaults {
		if len(v.Epochs) != 2 || !v.Epochs[1].Status.Enough() {
			return "", fmt.Errorf("not two sets of shares that give the key")
		}
	}
	return "two sets of shares of one key lie here, and the old one still gives it: the old files must go", nil
}

func sayPresent(out *outputs) (string, error) {
	r, err := readAudit(out)
	if err != nil {
		return "", err
	}
	var missing []string
	for _, h := range r.Vaults[0].Epochs[0].Holders {
		if !h.Here {
			missing = append(missing, fmt.Sprintf("%q", h.NodeID))
		}
	}
	if r.Vaults[0].Status != audit.Present || len(missing) != 1 {
		return "", fmt.Errorf("the root key is %s, and %d shares are missing", r.Vaults[0].Status, len(missing))
	}
	return fmt.Sprintf("the share of %s is missing; the two others are enough", phrase.And(missing)), nil
}

func sayDamaged(out *outputs) (string, error) {
	r, err := readAudit(out)
	if err != nil {
		return "", err
	}
	for _, f := range r.Findings {
		if f.Code == "damaged-share" || f.Code == "damaged-share-file" {
			return "rotten.json: " + f.Text, nil
		}
	}
	return "", fmt.Errorf("the damage was not found")
}
