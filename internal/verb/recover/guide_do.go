package recover

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"lifeboat/audit"
	"lifeboat/docs/runbooks"
	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/page"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/shell"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share/record"
)

// This file is guide --do, which goes through the steps of a case. The rules:
//
//  1. What it shows and runs are the sections of the runbook that guide prints, with
//     the same names filled in. There is no other list of steps.
//  2. The process is confined once, to the folder in which it was started; commands
//     run in it, with nothing more.
//  3. Where the case stands is seen from the files. Nothing is stored for the next run:
//     the transcript is for people.
//  4. The machine is looked at again before each step.
//  5. Nothing that was typed is in the transcript, but what stands in a command. The
//     code of the record is typed once, and handed to the commands in memory.
//  6. What mpc-derive does is done on another machine, which has no share: a review
//     code off the same screen would prove nothing.

const (
	transcriptName = "guide-transcript.txt"
	unsignedName   = "unsigned"   // the folder of unsigned transactions in the runbook
	deskName       = "desk"       // that of a ceremony
	newShares      = "new-shares" // the folder of a new set in the runbook
	prepareSection = "What to prepare"
	afterwards     = "Afterwards"
)

// doing is a case that people go through.
type doing struct {
	*guide
	set      *cli.Flags
	env      *cli.Env
	terminal prompt.Terminal
	look     func() error      // at the machine
	log      io.Writer         // the transcript
	keys     []string          // root public keys from people's papers, where there is no record; nil: not asked
	sought   []string          // those of secrets that were asked for
	typed    map[string]string // what people filled in, by its mark
	open     []string          // commands that were passed over
	aims     bool              // some steps recover something
	got      bool              // and one of them has
}

// action is something to do: a command, or what people do elsewhere.
type action struct {
	heading string
	text    string // of the step; empty for its further commands
	command string // with its marks; empty: people do it
}

// recovers reports whether a command recovers something: a key, a share, or signatures.
func (a *action) recovers() bool {
	return strings.HasPrefix(a.command, "mpc-recover ") && !strings.Contains(a.command, checkOnly)
}

// checkOnly is how a command ends that combines shares and makes nothing.
const checkOnly = " --check-only"

// output is what a command makes, or nothing.
func (a *action) output() string {
	if m := writes.FindStringSubmatch(a.command); m != nil {
		return m[1]
	}
	return ""
}

// programs are those whose commands are run.
func programs() map[string]*cli.Program {
	return map[string]*cli.Program{"mpc-backup": backup.Program(), "mpc-recover": program(keyVerb, signVerb, repairVerb, reshareVerb, ceremonyVerb)}
}

func (g *guide) prepareDo(set *cli.Flags, lost string) (*cli.Plan, error) {
	if lost != "" {
		if err := g.choose(set, lost); err != nil {
			return nil, err
		}
	}
	d := &doing{guide: g, set: set, typed: map[string]string{}}
	return &cli.Plan{Within: ".", Guard: true, Ask: d.begin, Run: d.run}, nil
}

// begin names the folder, and asks what was lost.
func (d *doing) begin(open func() (prompt.Terminal, error)) ([]string, error) {
	terminal, err := open()
	if errors.Is(err, prompt.ErrNoTerminal) {
		return nil, d.set.Misuse("--do asks before each step, and there is no terminal to ask on: run it on one, or leave --do out, which prints the steps")
	}
	if err != nil {
		return nil, err
	}
	folder, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	d.terminal = terminal
	err = d.agreed(fmt.Sprintf(`Everything is read from this folder, and written into it:
  %s
It should be on a disk of this machine: a stick that is pulled and put back cannot be read again. First copy into it
all the files that are left: shares, bundles, identities, address book, record and oaths, and unsigned transactions in
a folder "unsigned". What is run, and what came of it, is kept in %s, without a secret.
Is everything there?`, cli.Clean(folder), transcriptName))
	if err == nil && d.is.name == "" {
		err = d.askLost(terminal)
	}
	return nil, err
}

// agreed asks whether to go on. To leave is an error.
func (d *doing) agreed(question string) error {
	yes, err := d.terminal.Confirm(question)
	if err == nil && !yes {
		err = cli.Fail(cli.Failed, errors.New("left before the end"), "run it again in this folder when you are ready: it goes on from the files that are there")
	}
	return err
}

func (d *doing) run(e *cli.Env, _ *cli.Conditions) error {
	quiet := *e
	quiet.Stderr = io.Discard // what is allowed was said at the start, and commands say it again
	d.env, d.look = e, func() error {
		_, err := quiet.Guard(d.set)
		return err
	}
	f, err := outfile.Append(transcriptName)
	if err != nil {
		return err
	}
	defer f.Close()
	d.log = f
	d.note("%s %s, guide --do: %s", e.Program, cli.Version, d.is.question)
	if err = d.walk(); err != nil {
		d.note("ended: %v", err)
	}
	return cmp.Or(err, f.Sync())
}

// note adds a line to the transcript.
func (d *doing) note(format string, args ...any) {
	now := time.Now().UTC()
	if d.set.Changed("date") {
		now = d.set.Date()
	}
	fmt.Fprintf(d.log, "%s %s\n", now.Format(time.RFC3339), cli.Clean(cli.Masked(fmt.Sprintf(format, args...))))
}

// walk says what the case is, and goes through it.
func (d *doing) walk() error {
	if err := d.find(); err != nil {
		return err
	}
	if !d.papers.Given() && !d.noRecord {
		if err := d.agreed("There is no record of the vault in this folder. If there is one anywhere, answer no, and copy it here with its oaths.\nGo on without a record?"); err != nil {
			return err
		}
		d.noRecord = true
	}
	if d.is.apart && !d.is.shut && !d.papers.Given() {
		return cli.Fail(cli.Failed, errors.New("two holders sign by the record of the vault alone, and there is none in this folder"),
			"make it of both holders' files (mpc-backup record), compare its code on the telephone, and copy it here: mpc-recover guide --lost provider-away prints how")
	}
	if err := d.guide.look(d.env, d.set); err != nil {
		return err
	}
	verdict := d.verdict()
	var b strings.Builder
	d.printKnown(&b, verdict == nil)
	var t guideText
	t.title(fmt.Sprintf("The case: %s.", d.is.question))
	t.say(b.String())
	if _, err := io.WriteString(d.env.Stdout, t.terminal.String()); err != nil || verdict != nil {
		return cmp.Or(err, verdict)
	}
	if err := d.askSecrets(); err != nil {
		return err
	}
	if d.record != nil {
		if err := d.set.Set("record-code", d.record.Code().String()); err != nil {
			return err
		}
	}
	actions, err := d.actions()
	if err != nil {
		return err
	}
	if err := d.goThrough(actions); err != nil {
		return err
	}
	return d.end()
}

// find looks through the folder for what the commands are to name.
func (d *doing) find() error {
	entries, err := os.ReadDir(".")
	if err != nil {
		return err
	}
	d.paths, d.identities = nil, nil
	for _, e := range entries {
		if !d.made(e.Name()) {
			d.paths = append(d.paths, e.Name())
		}
	}
	a := audit.New(audit.Options{})
	if err := backup.Look(d.env, a, d.paths); err != nil {
		return err
	}
	var records, said []string
	oaths := d.oaths.Paths()
	for _, f := range a.Report().Files {
		switch f.Kind {
		case audit.IdentityFile, audit.ShardFile:
			d.identities = append(d.identities, f.Path)
		case audit.RecordFile:
			if r := recordAt(f.Path); r != nil {
				records, said = append(records, f.Path), append(said, fmt.Sprintf("%s: number %d, of %s", cli.Clean(f.Path), r.Serial, r.Date))
			}
		case audit.AttestationFile:
			if len(oaths) == 0 && strings.HasSuffix(f.Path, ".oath.json") {
				if err := d.set.Set("sworn", f.Path); err != nil {
					return err
				}
			}
		}
	}
	if len(records) > 0 && !d.papers.Given() && !d.noRecord {
		n := 0
		if len(records) > 1 {
			if n, err = askNumber(d.terminal, "Which of these records is the one whose code you have on paper?", said); err != nil {
				return err
			}
		}
		err = d.set.Set("record", records[n])
	}
	if !d.papers.Given() { // what they swear to is not here
		d.oaths = holder.Oaths{}
	}
	return err
}

// recordAt returns the record in a file, or nil.
func recordAt(path string) *record.Record {
	data, err := strict.ReadFile(path, record.MaxSize)
	if err != nil {
		return nil
	}
	r, err := record.Parse(data)
	if err != nil {
		secret.Wipe(data) // nobody knows what it is
		return nil
	}
	return r
}

// made reports whether a name is that of something that the steps make or read
// besides the files of the vault.
func (d *doing) made(name string) bool {
	if name == transcriptName || name == unsignedName || name == deskName {
		return true
	}
	for _, heading := range d.is.sections {
		if heading == apartSection { // made on other machines, if at all
			continue
		}
		for _, m := range writes.FindAllStringSubmatch(runbooks.Section(d.is.role, heading), -1) {
			pattern := strings.ReplaceAll(m[1], "{HOLDER}", "*")
			for _, ending := range []string{"", ".pub", ".manifest.json", ".README.txt"} {
				if ok, _ := path.Match(pattern+ending, name); ok {
					return true
				}
			}
		}
	}
	return false
}

// askKeys asks for the root keys that people have on paper.
func (d *doing) askKeys() error {
	d.keys = []string{}
	for _, v := range d.vaults() {
		if v.RootKey == "" {
			continue
		}
		question := fmt.Sprintf("The root public key on %s from your own records, not from these files, or a file in this folder that has it\n(Enter if there is none): ", v.Curve)
		for {
			answer, err := d.terminal.Line(question)
			if err != nil {
				return err
			}
			if answer == "" {
				break
			}
			if _, err := recorded.Xpubs([]string{answer}); err == nil && shell.Safe(answer) {
				d.keys = append(d.keys, "--xpub", answer)
				break
			}
			question = "That is no root public key, and no file that has one. Compare it letter by letter, and type it again (Enter if there is none): "
		}
	}
	return nil
}

// askSecrets asks for the files that open others. What can be typed the commands ask for.
func (d *doing) askSecrets() error {
	if d.is.shut {
		return nil
	}
	for _, need := range d.lacking() {
		question := fmt.Sprintf("Which file in this folder has the %s? Without it nothing is opened (Enter to leave): ", need.What)
		for {
			answer, err := d.terminal.Line(question)
			if err != nil {
				return err
			}
			if answer == "" {
				return cli.Fail(cli.Failed, fmt.Errorf("left before the end: the files are opened with the %s", need.What),
					fmt.Sprintf("copy it into this folder, and run it again there, with --secret %s=FILE if you like", need.Name))
			}
			if legible(answer) && shell.Safe(answer) {
				d.sought = append(d.sought, need.Name+"="+answer)
				d.secrets = append(d.secrets, need.Name+"="+answer)
				break
			}
			question = fmt.Sprintf("There is no file %q in this folder that can be read, and whose name a command can have. Type it again (Enter to leave): ", answer)
		}
	}
	return nil
}

// legible reports whether a command could read a file of the folder.
func legible(path string) bool {
	f, err := strict.Open(path)
	if err != nil {
		return false
	}
	f.Close()
	return filepath.IsLocal(path)
}

// actions are the steps of all sections, in order.
func (d *doing) actions() ([]action, error) {
	var all []action
	runs := programs()
	nodes, _, known := d.holders()
	for _, heading := range d.sections() {
		if heading == lastResort || heading == apartSection {
			continue
		}
		way, err := d.way(heading)
		if err != nil {
			return nil, err
		}
		for _, step := range way.Steps {
			next := action{heading: heading, text: step.Text}
			for _, command := range step.Commands {
				name, _, _ := strings.Cut(command, " ")
				if runs[name] == nil {
					continue // its text has it
				}
				if slices.ContainsFunc(step.Commands, isCheckOnly) && isCheckOnly(command) != d.unproven() {
					continue // the other one is for these shares
				}
				each := []string{command}
				if strings.Contains(command, "{HOLDER}") && known {
					each = nil
					for _, node := range nodes {
						each = append(each, strings.ReplaceAll(command, "{HOLDER}", node))
					}
				}
				for _, command := range each {
					next.command = command
					all = append(all, next)
					next = action{heading: heading}
				}
			}
			if next.text != "" {
				all = append(all, next)
			}
		}
	}
	return all, nil
}

func isCheckOnly(command string) bool { return strings.HasSuffix(command, checkOnly) }

// way is how a section is gone through: where it has several, the one whose outputs
// are here, or that people choose.
func (d *doing) way(heading string) (runbooks.Way, error) {
	ways := runbooks.Ways(runbooks.Section(d.is.role, heading))
	if len(ways) == 1 {
		return ways[0], nil
	}
	var when []string
	for _, w := range ways {
		for _, s := range w.Steps {
			if len(taken(strings.Join(s.Commands, "\n"))) > 0 {
				return w, nil
			}
		}
		when = append(when, strings.ReplaceAll(page.Text(w.When), "\n", "\n     "))
	}
	n, err := askNumber(d.terminal, heading+". Which of these is it?", when)
	return ways[max(n, 0)], err
}

// goThrough does what is still to be done.
func (d *doing) goThrough(actions []action) error {
	done := make([]bool, len(actions))
	last := -1 // what was made from shares
	var here []string
	for i, a := range actions {
		name, ok := a.output(), false
		d.aims = d.aims || a.recovers()
		if strings.HasPrefix(a.command, keygen) {
			ok = d.pair(name)
			if all := fingerprints(name + ".pub"); all != "" {
				name += ".pub, with the fingerprint " + all
			}
		} else if name != "" {
			ok = d.whole(name)
		}
		if ok {
			done[i], here = true, append(here, name)
			d.got = d.got || a.recovers()
			if a.heading != prepareSection { // which may have been long before
				last = i
			}
		}
	}
	if len(here) > 0 {
		fmt.Fprintf(d.env.Stdout, "DONE BEFORE: %s. It goes on from there.\n", cli.Clean(phrase.And(here)))
		if err := d.agreed("Did you make all of that yourselves, and is each fingerprint the one that keygen showed? What others may have put here,\nmove away first."); err != nil {
			return err
		}
		d.note("done before, they say: %s", phrase.And(here))
	}
	heading := ""
	for i, a := range actions {
		if done[i] || i < last && a.output() == "" {
			continue
		}
		if a.heading == afterwards && d.aims && !d.got {
			return nil // there is nothing yet in place of what it has people destroy
		}
		if d.record == nil && !d.is.shut && a.heading != noRecordSection && d.keys == nil {
			if err := d.askKeys(); err != nil {
				return err
			}
		}
		if a.heading != heading {
			heading = a.heading
			fmt.Fprintf(d.env.Stdout, "\n%s\n", strings.ToUpper(heading))
		}
		if err := d.do(&a); err != nil {
			return err
		}
	}
	return nil
}

// keygen is how a command begins that makes an identity and its recipient.
const keygen = "mpc-backup keygen "

// pair reports whether a recipient is here, whose identity may be on another machine,
// or an identity, and nothing wrong with either.
func (d *doing) pair(name string) bool {
	pub := name + ".pub"
	if !missing(pub) && fingerprints(pub) == "" {
		d.env.Warn("%q is here, and is no file of recipients: look at it and move it away, since nothing is overwritten", pub)
		return false
	}
	if missing(name) {
		return !missing(pub)
	}
	return d.whole(name)
}

// fingerprints are those of the recipients in a file, or empty if it is none.
func fingerprints(path string) string {
	recipients, err := holder.ReadRecipients(path)
	if err != nil {
		return ""
	}
	var all []string
	for _, r := range recipients {
		all = append(all, r.Fingerprint())
	}
	return phrase.And(all)
}

// whole reports whether something is here, and nothing is wrong with it as far as that
// can be seen without opening it.
func (d *doing) whole(name string) bool {
	info, err := os.Lstat(name)
	if err != nil {
		return false
	}
	a := audit.New(audit.Options{})
	if err = backup.Look(d.env, a, []string{name}); err == nil {
		r := a.Report()
		if len(r.Files) == 0 || r.Unreadable > 0 || info.Mode().IsRegular() &&
			(r.Files[0].Kind == audit.Unrecognised || r.Files[0].Kind == audit.RecordFile && recordAt(name) == nil) {
			err = errors.New("it is not what the step makes")
		}
		for _, f := range r.Findings { // what is wrong with a file, not that one share is too few
			if f.Level == audit.Error && (strings.HasPrefix(f.Code, "damaged-") || strings.HasPrefix(f.Code, "attestation-")) {
				err = errors.New(f.Text)
			}
		}
	}
	if err != nil {
		d.env.Warn("%q is here, and no good: %v; look at it and move it away, since nothing is overwritten", name, err)
	}
	return err == nil
}

// do shows a step and does it, if people want to.
func (d *doing) do(a *action) error {
	if a.text != "" {
		fmt.Fprintf(d.env.Stdout, "\n%s\n\n", page.Text(d.line(a.text)))
	}
	if a.command == "" {
		if err := d.look(); err != nil {
			return err
		}
		if err := d.agreed("Done?"); err != nil {
			return err
		}
		text, _, _ := strings.Cut(a.text, "\n")
		d.note("done, they say: %s", text)
		return nil
	}
	for question := "Run it?"; ; question = "Try it again?" {
		line, filled, err := d.complete(a.command)
		if err != nil {
			return err
		}
		yes := false
		if line != "" {
			words := shell.Words(line)
			if i := slices.Index(words, "-R") + 1; i > 0 && i < len(words) {
				if all := fingerprints(words[i]); all != "" {
					d.env.Note("what is sealed here is for the fingerprint %s, in %q: it must be the one that keygen showed", all, words[i])
				}
			}
			if yes, err = d.terminal.Confirm("$ " + line + "\n" + question); err != nil {
				return err
			}
		}
		if !yes {
			if err := d.agreed("Pass over it, and go on?"); err != nil {
				return err
			}
			d.open = append(d.open, a.command)
			d.note("passed over: %s", cmp.Or(line, a.command))
			return nil
		}
		if err := d.look(); err != nil {
			return err
		}
		code := d.execute(line)
		if err := d.env.Interrupt.Err(); err != nil {
			return err
		}
		if code == cli.OK {
			d.got = d.got || a.recovers()
			return nil
		}
		d.env.Note("that ended with exit status %d: what stands above says why, and what to do", code)
		if code == cli.Mismatch && d.noRecord && len(d.keys) == 0 && !d.trusts() && trusting.MatchString(line) {
			d.env.Hint("if nothing can be compared, leave, and run the guide again with --no-record, which goes to the commands as well")
		}
		for _, mark := range filled { // it may have been wrong
			delete(d.typed, mark)
		}
		d.secrets = slices.DeleteFunc(d.secrets, func(s string) bool { return slices.Contains(d.sought, s) })
		before, _ := d.files()
		if err := cmp.Or(d.find(), d.guide.look(d.env, d.set)); err != nil { // a file may have been brought
			return err
		}
		if err := d.askSecrets(); err != nil {
			return err
		}
		after, _ := d.files()
		for _, path := range before {
			if !slices.Contains(after, path) {
				d.env.Warn("%s is no longer among the files: it is gone, or it is damaged; bring a good copy", shell.Line(path))
			}
		}
	}
}

// quoted are the words of a command that may have braces of their own.
var quoted = regexp.MustCompile(`'[^']*'`)

// complete fills in a command, and asks for what only people know. The line is empty
// if they do not. What was asked for is returned by its marks.
func (d *doing) complete(command string) (line string, asked []string, err error) {
	for {
		line = d.line(command)
		name, open := runbooks.Open(quoted.ReplaceAllString(line, ""))
		if !open {
			for _, flag := range []string{"allow-network", "allow-swap", "require-sandbox"} {
				if on, _ := d.set.GetBool(flag); on {
					line += " --" + flag
				}
			}
			if date, _ := d.set.GetString("date"); date != "" {
				line += " --date " + date
			}
			return line, asked, nil
		}
		question := fmt.Sprintf("$ %s\nWhat is {%s}?", line, name)
		if meaning := runbooks.Meaning(d.is.role, name); meaning != "" {
			question += " It is " + meaning + "."
		}
		flag, _, _ := strings.Cut(name, " ")
		optional := strings.HasPrefix(flag, "--")
		without := "the command"
		if optional {
			without = flag
		}
		answer, err := d.terminal.Line(fmt.Sprintf("%s\nType it (Enter to leave %s out): ", question, without))
		if err != nil || answer == "" && !optional {
			return "", asked, err
		}
		words := []string{strings.Trim(answer, `'"`)}
		switch {
		case optional && strings.HasPrefix(answer, "--"):
			words = shell.Words(answer)
		case optional:
			words = nil
			for _, word := range shell.Words(answer) {
				words = append(words, flag, word)
			}
		}
		if slices.ContainsFunc(words, unsafeName) {
			d.env.Note("that holds what a shell could run, so no command may have it")
			continue
		}
		d.typed[name], asked = shell.Line(words...), append(asked, name)
	}
}

// line fills in what is known, in a command or in the text of a step.
func (d *doing) line(text string) string {
	marks := d.marks()
	marks["FOLDER"] = "."
	if d.record == nil {
		delete(marks, "--xpub KEY")
		if len(d.keys) > 0 {
			marks["--xpub KEY"] = shell.Line(d.keys...)
		}
	}
	late := d.renewed() // what stands in a mark's value
	maps.Copy(late, d.typed)
	maps.Copy(marks, late)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if d.record == nil {
			marks["--record F"] = shell.Line(d.keys...)
			if len(d.keys) == 0 && (unrecorded.MatchString(line) || d.trusts() && trusting.MatchString(line)) {
				marks["--record F"] = "--no-record"
			}
			marks["--record RECORD"] = marks["--record F"]
		}
		lines[i] = runbooks.Fill(runbooks.Fill(line, marks), late)
	}
	return strings.Join(lines, "\n")
}

// renewed are the marks that a new set of shares fills in, once it is here. Nobody could
// know its epochs before, so they are what its holders attest to.
func (d *doing) renewed() map[string]string {
	marks := map[string]string{}
	a := audit.New(audit.Options{})
	if missing(newShares) || backup.Look(d.env, a, []string{newShares}) != nil {
		return marks
	}
	for _, v := range a.Report().Vaults {
		for _, e := range v.Epochs {
			marks["NEW EPOCH on "+v.Curve] = e.Epoch
			marks["TEXT"] = cmp.Or(marks["TEXT"], e.Epoch)
		}
	}
	return marks
}

// unrecorded are the commands that want it in so many words that there is no record.
var unrecorded = regexp.MustCompile(`^ *mpc-recover (repair|reshare) `)

// trusting are those that then trust one file, if people say so.
var trusting = regexp.MustCompile(`^ *mpc-recover (key|sign) `)

// trusts reports whether they said so, when they began.
func (d *doing) trusts() bool { return d.noRecord && d.set.Changed("no-record") }

// execute runs a command in this process, and returns its exit status.
func (d *doing) execute(line string) int {
	words := shell.Words(line)
	args := words[1:]
	if d.record != nil && slices.Contains(args, "--record") {
		args = append(args, "--record-code", d.record.Code().String())
	}
	d.note("$ %s", line)
	inner := *d.env // a signal cleans up after it, and it is in the same sandbox
	inner.Stdout, inner.Stderr = io.MultiWriter(d.env.Stdout, d.log), cli.Tee{Screen: d.env.Stderr, Log: d.log}
	code := programs()[words[0]].Run(&inner, args)
	secret.Collect() // it may be long until the next
	d.note("exit status %d", code)
	return code
}

// end says what was left out, and where the rest of the runbook is.
func (d *doing) end() error {
	if d.aims && !d.got {
		fmt.Fprint(d.env.Stdout, "\nNOTHING WAS RECOVERED. Keep all files and shares.\n")
	}
	fmt.Fprintf(d.env.Stdout, "\nTHE STEPS ARE OVER. What was run, and what came of it, is in %s.\n", transcriptName)
	for _, command := range d.open {
		fmt.Fprintf(d.env.Stdout, "  passed over: %s\n", d.line(command))
	}
	if slices.Contains(d.is.sections, lastResort) {
		fmt.Fprintf(d.env.Stdout, "For what \"sign\" cannot read: \"%s\" in mpc-recover guide --role %s\n", lastResort, d.is.role)
	}
	d.note("the steps are over; passed over: %d", len(d.open))
	if d.aims && !d.got {
		return cli.Fail(cli.Failed, errors.New("nothing was recovered: no step that makes a key, a share or a signature was run to its end"),
			"destroy nothing; run it again in this folder when you are ready")
	}
	return nil
}
