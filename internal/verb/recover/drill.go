package recover

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"lifeboat/fixtures/vaults/demo"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/holder"
)

var drillVerb = cli.Verb{
	Name:    "drill",
	Summary: "rehearse a hard key recovery on a made-up vault",
	Usage: `Usage: mpc-recover drill [--keep DIR]

Rehearses hard key recovery on a vault that comes with the program: three holders,
both curves, an address book. The provider's share is missing; the client's and the
custodian's become the root key and the key of every address. Each step shows what
a custodian would type, and runs it. No real key is touched, so any machine will do.

  --keep DIR              leave the files of the rehearsal in a new folder

Example:
  mpc-recover drill
`,
	Run: runDrill,
}

// drill runs command lines of the programs in this process, on the files of a
// folder of its own.
type drill struct {
	env *cli.Env
	dir string
	n   int
}

// step is a command line and what to say of its result.
type step struct {
	title   string
	program *cli.Program
	args    string // as typed; the files are in the folder of the drill
	quiet   string // further arguments that are not shown
	say     func(stdout []byte) (string, error)
}

func runDrill(e *cli.Env, args []string) error {
	set := e.Flags("drill")
	keep := set.String("keep", "", "")
	if err := set.Parse(args); err != nil {
		return err
	}
	if set.NArg() > 0 {
		return set.Misuse("drill takes no arguments")
	}
	d := &drill{env: e, dir: *keep}
	if err := d.layOut(*keep == ""); err != nil {
		return err
	}
	if err := set.ConfineTo(d.dir); err != nil {
		return err
	}
	fmt.Fprintf(e.Stdout, `A rehearsal of hard key recovery. The vault is made up and its keys are
published: TEST ONLY. It is a (2,3) vault on secp256k1 and ed25519; the provider is
gone, and with it provider.json. The client and the custodian meet.

`)
	for _, s := range d.steps() {
		if err := d.run(s); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(e.Stdout, "\nThe rehearsal is over: two shares gave the root keys and every key of the address\nbook, and each was checked against what the files and the address book record.\n")
	if err == nil && *keep != "" {
		_, err = fmt.Fprintf(e.Stdout, "The files are in %s.\n", *keep)
	}
	return err
}

// layOut writes the files of the demo vault that the client and the custodian
// have, into a folder that is removed when the drill is over.
func (d *drill) layOut(temporary bool) error {
	var err error
	if temporary {
		if d.dir, err = os.MkdirTemp("", "lifeboat-drill-"); err == nil {
			d.env.OnExit(func() { os.RemoveAll(d.dir) })
		}
	} else {
		err = os.Mkdir(d.dir, 0o700)
	}
	if err != nil {
		return fmt.Errorf("making a folder for the drill: %w", err)
	}
	for _, name := range []string{"client.json", "client.txt", "custodian.json", "custodian.txt", "address.csv"} {
		b, err := demo.FS.ReadFile(name)
		if err != nil {
			return fmt.Errorf("internal error: the demo vault has no %s", name)
		}
		if err := os.WriteFile(d.path(name), b, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (d *drill) path(name string) string { return filepath.Join(d.dir, name) }

func (d *drill) steps() []step {
	backup, recover := backup.Program(), program(keyVerb)
	return []step{
		{"Look at the two backups: whose are they, how many shares does the key need?", backup,
			"inspect @client.json @custodian.json", "--json", d.sayInspect},
		{"Open each share alone and prove, without showing it, that the two are enough.", backup,
			"verify @client.json @custodian.json --addresses @address.csv --passphrase-file @client.txt --passphrase-file @custodian.txt", "--json", sayVerify},
		{"Make an identity that will open the result.", backup,
			"keygen -o @result.key", "", func([]byte) (string, error) {
				return "result.key opens what is sealed to result.key.pub", nil
			}},
		{"Recover: both root keys, and a key for every row of the address book.", recover,
			"key @client.json @custodian.json --root --addresses @address.csv --passphrase-file @client.txt --passphrase-file @custodian.txt -R @result.key.pub -o @keys.age", "--json", sayKey},
		{"Open the sealed result, where it is needed.", backup,
			"open @keys.age -i @result.key -o @result", "", d.sayResult},
	}
}

func (d *drill) run(s step) error {
	d.n++
	shown := strings.ReplaceAll(s.args, "@", "")
	fmt.Fprintf(d.env.Stdout, "%d. %s\n   $ %s %s\n", d.n, s.title, s.program.Name, shown)
	var args []string
	for _, a := range strings.Fields(s.args + " " + s.quiet) {
		if name, ok := strings.CutPrefix(a, "@"); ok {
			a = d.path(name)
		}
		args = append(args, a)
	}
	var stdout, stderr bytes.Buffer
	inner := *d.env // a signal cleans up after it, and it is in the same sandbox
	inner.Stdout, inner.Stderr = &stdout, &stderr
	inner.Terminal = func() (prompt.Terminal, error) { return nil, prompt.ErrNoTerminal }
	// No real key is at stake, so the machine may be online.
	if code := s.program.Run(&inner, append(args, "--allow-network", "--allow-swap")); code != cli.OK {
		return cli.Fail(code, fmt.Errorf("step %d of the drill ended with exit status %d: %s", d.n, code, strings.TrimSpace(stderr.String())))
	}
	line, err := s.say(stdout.Bytes())
	if err != nil {
		return fmt.Errorf("step %d of the drill: %w", d.n, err)
	}
	_, err = fmt.Fprintf(d.env.Stdout, "   %s\n", line)
	return err
}

func (d *drill) sayInspect(out []byte) (string, error) {
	var r struct {
		Files []struct {
			Groups []struct {
				Threshold    int        `json:"threshold"`
				Participants []struct{} `json:"participants"`
				Problems     []string   `json:"problems"`
			} `json:"groups"`
		} `json:"files"`
	}
	if err := json.Unmarshal(out, &r); err != nil {
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

func sayVerify(out []byte) (string, error) {
	var r struct {
		OK        bool                 `json:"ok"`
		Groups    []holder.GroupReport `json:"groups"`
		Addresses struct {
			Rows int `json:"rows"`
			OK   int `json:"ok"`
		} `json:"addresses"`
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return "", err
	}
	if !r.OK || r.Addresses.OK != r.Addresses.Rows {
		return "", fmt.Errorf("not everything is ok")
	}
	var curves []string
	for _, g := range r.Groups {
		curves = append(curves, g.Curve)
	}
	return fmt.Sprintf("every share opens and matches; %s are recoverable; %d of %d addresses match", holder.Sentence(curves), r.Addresses.OK, r.Addresses.Rows), nil
}

func sayKey(out []byte) (string, error) {
	var r keyReport
	if err := json.Unmarshal(out, &r); err != nil {
		return "", err
	}
	if len(r.Recovered) == 0 || r.Addresses == nil || r.Addresses.Rows == 0 {
		return "", fmt.Errorf("nothing was recovered")
	}
	var lines []string
	for _, v := range r.Recovered {
		lines = append(lines, fmt.Sprintf("%s root private key, from %s, matches %s…%s", v.Curve, holder.Sentence(v.Used), v.Root[:12], v.Root[len(v.Root)-6:]))
	}
	lines = append(lines, fmt.Sprintf("%d of %d rows of the address book have their private key; the result is sealed in keys.age", r.Addresses.OK, r.Addresses.Rows))
	return strings.Join(lines, "\n   "), nil
}

// sayResult compares what was recovered with what is known of the demo vault:
// the drill must not only end well, it must be right.
func (d *drill) sayResult([]byte) (string, error) {
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
	var want struct {
		Groups []struct {
			Curve   string `json:"curve"`
			Private string `json:"root_private"`
		} `json:"groups"`
	}
	expected, err := demo.FS.ReadFile("expected.json")
	if err != nil {
		return "", err
	}
	if err := json.Unmarshal(expected, &want); err != nil {
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
