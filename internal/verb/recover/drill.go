package recover

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/audit/report"
	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/fixtures/vaults/demo"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
)

var drillVerb = cli.Verb{
	Name:    "drill",
	Summary: "rehearse what can be lost, on a made-up vault",
	Usage: `Usage: mpc-recover drill [--scenario WHAT] [--interactive] [--keep DIR]

Rehearses on a vault that comes with the program: three holders, both curves, an
address book over eighteen chains. Each step says what happened, what a holder would
type, and what to look for; and it runs that very command. No real key is touched,
so any machine will do.

  --scenario hard         the provider is gone: two shares move the money, and become every key (the default)
  --scenario soft         the client's share is lost: a new set, the custodian's behind a quorum
  --scenario third-party  the custodian's share was stolen: a new set, and what the old one still does
  --scenario repair       the client's file is destroyed: the same share again
  --scenario bad-share    one of three files is damaged, and one password is wrong
  --scenario outage       the provider is away for a week: two holders pay, and no key is made
  --scenario all          all of them
  --interactive           you type the commands; they are checked before they run
  --keep DIR              leave the files in a new folder, with rehearsal.html, a report to file

Example: once a quarter
  mpc-recover drill --scenario all --keep rehearsal
`,
	Prepare: prepareDrill,
}

// drill runs command lines of the programs in this process, on the files of a
// folder of its own.
type drill struct {
	env    *cli.Env
	dir    string // of the scenario
	n      int    // steps so far
	done   []report.Step
	ask    prompt.Terminal // nil: nobody types
	record string          // root extended public keys, as arguments
	code   string          // of the review, on paper

	recordCode string // on paper as well
}

// scenario is something that is lost and the steps that make up for it.
type scenario struct {
	name  string
	title string
	files []string // holders whose share files and passwords are there
	extra map[string]string
	money bool // there are transactions to sign
	steps []step
	end   string
}

// step is a command line and what to say about its result.
type step struct {
	title   string
	program *cli.Program
	args    string // as typed; @ stands for the folder of the scenario
	quiet   string // further arguments that are not shown
	status  int    // the exit status that it must have
	say     func(*outputs) (string, error)

	meanwhile func() error // what is done when it waits for somebody to press Enter; nil: it does not wait
}

// outputs is what a command wrote.
type outputs struct{ stdout, stderr []byte }

// words says the same whatever came out.
func words(text string) func(*outputs) (string, error) {
	return func(*outputs) (string, error) { return text, nil }
}

func (d *drill) scenarios() []scenario {
	return []scenario{d.hard(), d.soft(), d.thirdParty(), d.repair(), d.badShare(), d.outage()}
}

type drillFlags struct {
	scenario    string
	keep        string
	interactive bool
}

func prepareDrill(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f drillFlags
	set.StringVar(&f.scenario, "scenario", "hard", "")
	set.StringVar(&f.keep, "keep", "", "")
	set.BoolVar(&f.interactive, "interactive", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() > 0 {
		return nil, set.Misuse("drill takes no arguments")
	}
	d := &drill{}
	if err := d.readRecord(); err != nil {
		return nil, err
	}
	chosen := slices.DeleteFunc(d.scenarios(), func(s scenario) bool { return f.scenario != "all" && s.name != f.scenario })
	if len(chosen) == 0 {
		return nil, set.Misuse("--scenario %q: the scenarios are hard, soft, third-party, repair, bad-share, outage and all", f.scenario)
	}
	own := &cli.Own{Keep: f.keep}
	return &cli.Plan{Own: own, Run: func(e *cli.Env, _ *cli.Conditions) error {
		d.env = e
		return f.rehearse(set, d, chosen, own.Path, args)
	}}, nil
}

// rehearse plays the scenarios in a folder.
func (f *drillFlags) rehearse(set *cli.Flags, d *drill, chosen []scenario, base string, args []string) (err error) {
	e := d.env
	if f.interactive {
		if d.ask, err = e.Terminal(); err != nil {
			return cli.Fail(cli.Failed, err, "run it on a terminal, or without --interactive")
		}
	}
	for i, s := range chosen {
		d.dir = base
		if f.scenario == "all" {
			d.dir = filepath.Join(base, s.name)
		}
		if i > 0 {
			fmt.Fprintln(e.Stdout)
		}
		if err := d.play(s); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(e.Stdout, "\nThe rehearsal is over: %s, %s, and each ended as it should.\n", count(len(chosen), "scenario"), count(d.n, "command"))
	for _, s := range chosen {
		fmt.Fprintf(e.Stdout, "  %s: %s\n", s.name, s.end)
	}
	if err != nil || f.keep == "" {
		return err
	}
	if err := d.file(set, base, chosen, append([]string{e.Program, "drill"}, args...)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "The files are in %s; rehearsal.html is the report.\n", f.keep)
	return err
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// expected are the right answers about the demo vault.
type expected struct {
	Groups []knownRoot `json:"groups"`
}

type knownRoot struct {
	Curve   string `json:"curve"`
	Private string `json:"root_private"`
	Public  string `json:"root_xpub"`
}

func readExpected() (*expected, error) {
	b, err := demo.FS.ReadFile("expected.json")
	if err != nil {
		return nil, err
	}
	var e expected
	return &e, json.Unmarshal(b, &e)
}

// readRecord takes the root keys from what was recorded when the vault was made.
func (d *drill) readRecord() error {
	e, err := readExpected()
	if err != nil {
		return err
	}
	for _, g := range e.Groups {
		d.record += " --xpub " + g.Public
	}
	return nil
}

// layOut writes the files of a scenario: those of the holders who are there, the
// address book, and what else it needs.
func (d *drill) layOut(s scenario) error {
	if err := os.MkdirAll(d.dir, 0o700); err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, holder := range s.files {
		for _, name := range []string{holder + ".json", holder + ".txt"} {
			b, err := demo.FS.ReadFile(name)
			if err != nil {
				return fmt.Errorf("internal error: the demo vault has no %s", name)
			}
			files[name] = b
		}
	}
	for name, text := range s.extra {
		files[name] = []byte(text)
	}
	var err error
	if files["address.csv"], err = drillBook(); err != nil {
		return err
	}
	for name, b := range files {
		if err := os.WriteFile(d.path(name), b, 0o600); err != nil {
			return err
		}
	}
	if s.money {
		return d.layOutMoney()
	}
	return nil
}

// more are rows on further chains than the demo vault's own book has.
var more = []struct{ coin, curve, path string }{
	{"LTC", "secp256k1", "m/44/2/0/0/0"}, {"DOGE", "secp256k1", "m/44/3/0/0/0"}, {"TRON", "secp256k1", "m/44/195/0/0/0"},
	{"ATOM", "secp256k1", "m/44/118/0/0/0"}, {"XLM", "ed25519", "m/44/148/0/0/0"}, {"NEAR", "ed25519", "m/44/397/0/0/0"},
	{"TON", "ed25519", "m/44/607/0/0/0"}, {"XRP", "secp256k1", "m/44/144/0/0/0"}, {"ALGO", "ed25519", "m/44/283/0/0/0"},
	{"APTOS", "ed25519", "m/44/637/0/0/0"}, {"SUI", "ed25519", "m/44/784/0/0/0"}, {"ADA", "ed25519", "m/44/1815/0/0/0"},
}

// drillBook is the address book of the demo vault with those rows added.
func drillBook() ([]byte, error) {
	own, err := demo.FS.ReadFile("address.csv")
	if err != nil {
		return nil, err
	}
	e, err := readExpected()
	if err != nil {
		return nil, err
	}
	b := bytes.NewBuffer(own)
	w := csv.NewWriter(b)
	for _, m := range more {
		i := slices.IndexFunc(e.Groups, func(g knownRoot) bool { return g.Curve == m.curve })
		root, err := derive.Parse(e.Groups[i].Public)
		if err != nil {
			return nil, err
		}
		path, err := derive.ParsePath(m.path)
		if err != nil {
			return nil, err
		}
		key, _, err := root.Derive(path)
		if err != nil {
			return nil, err
		}
		chain, ok := chains.Lookup(m.coin)
		if !ok {
			return nil, fmt.Errorf("internal error: no chain %s", m.coin)
		}
		public := chains.NewPublicKey(key.Point())
		address, err := chain.On(root.Curve())[0].Address(&public)
		if err != nil {
			return nil, err
		}
		w.Write([]string{"Reserve", m.coin, address, m.curve, "", "", m.path, key.String()})
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

func (d *drill) path(name string) string { return filepath.Join(d.dir, name) }

// play goes through a scenario.
func (d *drill) play(s scenario) error {
	if err := d.layOut(s); err != nil {
		return err
	}
	fmt.Fprintf(d.env.Stdout, "A rehearsal of %s\nThe vault is made up and its keys are published: TEST ONLY. It is a (2,3) vault on\nsecp256k1 and ed25519.\n\n", s.title)
	for _, st := range s.steps {
		if err := d.run(st); err != nil {
			return err
		}
	}
	return nil
}

// run shows a step, has it typed if somebody types, and runs it.
func (d *drill) run(s step) error {
	d.n++
	shown := s.program.Name + " " + strings.ReplaceAll(s.args, "@", "")
	fmt.Fprintf(d.env.Stdout, "%d. %s\n", d.n, s.title)
	if d.ask != nil {
		if err := d.typed(shown); err != nil {
			return err
		}
	}
	fmt.Fprintf(d.env.Stdout, "   $ %s\n", shown)
	args := strings.Fields(strings.ReplaceAll(s.args, "@", "\x00") + " " + strings.NewReplacer("CODE", d.code, "RECORD", d.recordCode).Replace(s.quiet))
	for i, a := range args {
		args[i] = strings.ReplaceAll(a, "\x00", d.dir+string(filepath.Separator))
	}
	var stdout, stderr bytes.Buffer
	inner := *d.env // a signal cleans up after it, and it is in the same sandbox
	inner.Stdout, inner.Stderr = &stdout, &stderr
	inner.Terminal = func() (prompt.Terminal, error) {
		if s.meanwhile != nil {
			return attendant{s.meanwhile}, nil
		}
		return nil, prompt.ErrNoTerminal
	}
	// No real key is at stake, so the machine may be online.
	code := s.program.Run(&inner, append(args, "--allow-network", "--allow-swap"))
	if code != s.status {
		return cli.Fail(max(code, cli.Failed), fmt.Errorf("step %d of the drill ended with exit status %d, and %d was expected: %s", d.n, code, s.status, strings.TrimSpace(stderr.String())))
	}
	line, err := s.say(&outputs{stdout.Bytes(), stderr.Bytes()})
	if err != nil {
		return fmt.Errorf("step %d of the drill: %w", d.n, err)
	}
	if code != cli.OK {
		line = fmt.Sprintf("refused, as it should be (exit status %d): %s", code, line)
	}
	d.done = append(d.done, report.Step{Text: s.title, Command: shown, Result: line})
	_, err = fmt.Fprintf(d.env.Stdout, "   %s\n", line)
	return err
}

// typed has somebody type a command until it is the expected one. Flags may
// stand in any order; an empty line shows it.
func (d *drill) typed(want string) error {
	for try := 1; ; try++ {
		line, err := d.ask.Line("   type the command (Enter shows it): $ ")
		if err != nil {
			return err
		}
		if line == "" {
			return nil
		}
		missing, extra := differ(want, line)
		if len(missing)+len(extra) == 0 && paired(want, line) {
			return nil
		}
		if len(extra) > 0 {
			fmt.Fprintf(d.env.Stdout, "   not expected: %s\n", cli.Clean(strings.Join(extra, ", ")))
		}
		if len(missing) > 0 {
			fmt.Fprintf(d.env.Stdout, "   missing: %s\n", strings.Join(missing, ", "))
		}
		if len(missing)+len(extra) == 0 {
			fmt.Fprintln(d.env.Stdout, "   the i-th passphrase file belongs to the i-th file: keep both in the same order")
		}
		if try == 3 {
			return nil // it is shown next
		}
	}
}

// paired reports whether files and passphrase files come in the same order in
// two command lines with the same parts, so that each file gets its own.
func paired(want, got string) bool {
	order := func(line, prefix string) []string {
		return slices.DeleteFunc(parts(line), func(p string) bool { return !strings.HasPrefix(p, prefix) })
	}
	p := order(want, "--passphrase-file ")
	return len(p) < 2 || slices.Equal(p, order(got, "--passphrase-file ")) && slices.Equal(positional(want), positional(got))
}

func positional(line string) []string {
	return slices.DeleteFunc(parts(line), func(p string) bool { return strings.HasPrefix(p, "-") })
}

// differ compares two command lines: the program and the verb, then each flag
// with its value and each file, in any order.
func differ(want, got string) (missing, extra []string) {
	w, g := parts(want), parts(got)
	for _, p := range w {
		if i := slices.Index(g, p); i >= 0 {
			g = slices.Delete(g, i, i+1)
		} else {
			missing = append(missing, p)
		}
	}
	return missing, g
}

// parts joins flags with their values. The flags that take none are known.
func parts(line string) []string {
	var list []string
	fields := strings.Fields(strings.ReplaceAll(line, "\"", ""))
	for i := 0; i < len(fields); i++ {
		f := fields[i]
		if strings.HasPrefix(f, "-") && !slices.Contains([]string{"--root", "--json", "--classic", "--strict"}, f) && i+1 < len(fields) {
			i++
			f += " " + fields[i]
		}
		list = append(list, f)
	}
	return list
}

// file writes the report of the rehearsal beside its files.
func (d *drill) file(set *cli.Flags, base string, chosen []scenario, command []string) error {
	p := &report.Page{
		Title: "Rehearsal of recovery", Tool: d.env.Program + " " + cli.Version, Date: set.Date().Format("2006-01-02"), Command: command,
		Level: report.Good, Verdict: "Everything went as it should",
		Summary: fmt.Sprintf("%s, %s, on a vault that comes with the program.", count(len(chosen), "scenario"), count(d.n, "command")),
		Proves: []string{
			"The programs do on this machine what the runbooks say, with a vault whose right answers are known.",
			"It says nothing about real backups: mpc-backup audit and mpc-backup verify do.",
		},
		Left:  []string{"real shares, passwords and people", "what happens on the chains: the transactions were made up, and none was sent"},
		Steps: "What was done", Again: d.done,
	}
	for _, s := range chosen {
		p.Facts = append(p.Facts, [2]string{s.name, s.end})
	}
	return d.env.WriteFile(filepath.Join(base, "rehearsal.html"), p.HTML())
}
