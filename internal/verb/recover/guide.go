package recover

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"lifeboat/audit"
	"lifeboat/docs/runbooks"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/shell"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share/record"
)

var guideVerb = cli.Verb{
	Name:    "guide",
	Summary: "the runbook for the case at hand: what to prepare and what to type, in order",
	Usage: `Usage: mpc-recover guide [--lost WHAT] [--record F | --no-record] [--page F.html] [PATH…]
       mpc-recover guide --do [--lost WHAT] [--record F | --no-record]
       mpc-recover guide --moving [--record F] [--page F.html] [PATH…]
       mpc-recover guide --role custodian|client|auditor [--record F] [--page F.html]

For the person on the worst day. On a terminal it asks what was lost, for the record
of the vault, and where the files are. It looks at the files, without opening
anything, and prints what to prepare and the exact commands for this case, in order.
It runs none of them, but for --do. With --role it prints the whole runbook of a role, and with
--moving how the money of an address book is moved, chain by chain.

The record says whose files are needed and whom to call, and fills in the root keys,
the holders and where money may go. Its code is asked for once, and never printed;
the commands ask for it again. Without a record, the guide says what is lost by that,
and what to compare instead.

With --do it works in the folder in which it is started, which holds copies of all the
files, on a disk of this machine. It finds the record in it, and goes through the steps: it
shows a command, runs it on a yes, and shows what came of it. Nothing is typed but yes, no,
passwords, codes from paper, and what only people know. It can be left at any question, and
run again goes on from the files that are there. guide-transcript.txt, in the same folder,
says what was run and what came of it, without a secret. It looks at the network and the swap
before each step, and every command can still be typed alone.

  --do                    go through the steps of the case in this folder
  --lost provider         the custody provider is gone
  --lost provider-away    it is away for a while: two holders sign, and no key is made
  --lost stolen           a share was stolen, or nobody knows who has it, and the provider still signs
  --lost client           the client's share is lost
  --lost third-party      the third party's share is lost
  --lost share:NODE       the share of this node is lost
  --moving                what to do with the address book among PATH, row by row and chain by chain, and
                          by which commands; with --record its addresses are compared with the root keys
  --role ROLE             the runbook of a role, to read or to print
  --record F              the record of the vault; its code is asked for
  --record-code CODE      the whole code on the paper, where there is no terminal
` + holder.OathsHelp + `  --no-record             there is none; --do hands it on to the commands, which then trust what the files say
  --secret NAME=FILE      a secret that opens the files, such as rsa-key=key.pem, for the commands to name; "help
                          forms" lists them (repeatable)
  --page F.html           write the same as a page to print, to work from on the day
  PATH                    share files, bundles and address books that are left, or folders of them

Example: the provider is gone, and this is what the client and the custodian have
  mpc-recover guide --lost provider --record vault-record.txt client.json custodian.json address.csv
`,
	Prepare: prepareGuide,
}

// These are the sections whose commands --do does not run: the one lets keys out, and
// what the other says is done by several people, each on their own machine.
const (
	lastResort   = "Single keys, the last resort"
	apartSection = "A lost share, and holders who are apart"
)

// guideCase is something that can be lost, and the sections of the runbooks that
// tell what to do.
type guideCase struct {
	name     string // of --lost
	question string
	role     string
	sections []string
	apart    bool // what is missing need not be here
	shut     bool // no share is opened, and nothing is typed
}

// lostSections are those of every case in which a share is lost.
var lostSections = []string{"What to prepare", "A share is lost", apartSection, "A child key leaks", "Afterwards"}

var guideCases = []guideCase{
	{"provider", "the custody provider is gone", "custodian",
		[]string{"What to prepare", "The provider is gone", "Moving the money", "Keeping the root keys", lastResort, "A child key leaks", "Afterwards"}, false, false},
	{"client", "the client's share is lost", "client", lostSections, false, false},
	{"third-party", "the third party's share is lost", "client", lostSections, false, false},
	{"share", "another holder's share is lost", "client", lostSections, false, false},
	{"provider-away", "the custody provider is away for a while", "client",
		[]string{"What to prepare", "The provider is away for a while"}, true, false},
	{"stolen", "a share was stolen, or nobody knows who has it, and the provider signs", "client",
		[]string{"A share was stolen, and the provider signs"}, true, true},
}

func prepareGuide(set *cli.Flags, args []string) (*cli.Plan, error) {
	g := &guide{}
	lost := set.String("lost", "", "")
	role := set.String("role", "", "")
	move := set.Bool("moving", false, "")
	set.BoolVar(&g.do, "do", false, "")
	g.papers.Define(set)
	g.oaths.Define(set)
	set.BoolVar(&g.noRecord, "no-record", false, "")
	set.StringVar(&g.page, "page", "", "")
	set.StringArrayVar(&g.secrets, "secret", nil, "")
	set.ReadsNamed("secret")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if err := cmp.Or(g.papers.Check(set), g.oaths.Check(set, &g.papers), holder.CheckSecrets(set, g.secrets)); err != nil {
		return nil, err
	}
	if g.noRecord && g.papers.Given() {
		return nil, set.Misuse("--no-record contradicts --record")
	}
	if *move && (*role != "" || *lost != "") {
		return nil, set.Misuse("--moving is a case of its own: leave out --lost and --role")
	}
	if g.do {
		if *move || *role != "" || g.page != "" || set.NArg() > 0 {
			return nil, set.Misuse("--do takes no --moving, --role, --page or PATH: it works with what is in the folder in which it is started")
		}
		return g.prepareDo(set, *lost)
	}
	if *role != "" {
		return g.printRole(set, *role, *lost)
	}
	g.paths = set.Args()
	if *move {
		return g.prepareMoving(set), nil
	}
	p := &cli.Plan{Reads: backup.WithManifests(g.paths), Outputs: backup.Pages(g.page), Run: func(e *cli.Env, _ *cli.Conditions) error { return g.show(e, set) }}
	if *lost == "" {
		p.Ask = func(terminal func() (prompt.Terminal, error)) ([]string, error) {
			err := g.ask(set, terminal)
			return append(backup.WithManifests(g.paths), recordPath(set)...), err
		}
		return p, nil
	}
	return p, g.choose(set, *lost)
}

// look reads the record, and looks at the files without opening anything.
func (g *guide) look(e *cli.Env, set *cli.Flags) error {
	g.foreseen = nil
	for _, path := range append(slices.Clone(g.paths), g.secretPaths()...) {
		if missing(path) {
			return cli.Fail(cli.Failed, fmt.Errorf("there is no file or folder %q", path), "check the spelling; nothing was looked at")
		}
	}
	if err := g.readRecord(e, set); err != nil {
		return err
	}
	if paths := backup.Besides(g.paths); len(paths) > 0 {
		options := g.recorded()
		options.Date, options.Tool = set.Date(), e.Program+" "+cli.Version
		a := audit.New(options)
		if err := backup.Look(e, a, paths); err != nil {
			return err
		}
		g.books, g.found = a.Books(), a.Report()
		if r := g.record; r != nil && r.Book != nil { // the one that was recorded goes first
			recorded := hex.EncodeToString(r.Book.SHA256[:])
			if i := slices.IndexFunc(g.books, func(path string) bool { return g.sum(path) == recorded }); i > 0 {
				g.books = slices.Concat(g.books[i:i+1], g.books[:i], g.books[i+1:])
			}
		}
		if err := g.keepRecorded(); err != nil {
			return err
		}
	}
	return cmp.Or(g.checkNode(), g.checkNames(), g.checkForm())
}

// show prints the case, once it is known.
func (g *guide) show(e *cli.Env, set *cli.Flags) error {
	if err := g.look(e, set); err != nil {
		return err
	}
	verdict := g.verdict()
	var t guideText
	g.print(&t, verdict == nil)
	if err := g.write(e, set, &t); err != nil {
		return err
	}
	return verdict
}

// printRole is the plan to print a runbook.
func (g *guide) printRole(set *cli.Flags, role, lost string) (*cli.Plan, error) {
	book := runbooks.Page(role)
	switch {
	case book == "":
		return nil, set.Misuse("--role %q: the roles are %s", role, strings.Join(runbooks.Roles(), ", "))
	case lost != "" || set.NArg() > 0:
		return nil, set.Misuse("--role takes no other case and no PATH: it prints the whole runbook")
	}
	g.is.role = role
	return &cli.Plan{Outputs: backup.Pages(g.page), Run: func(e *cli.Env, _ *cli.Conditions) error {
		if err := g.readRecord(e, set); err != nil {
			return err
		}
		if err := g.checkNames(); err != nil {
			return err
		}
		head, rest, _ := strings.Cut(book, "\n## ") // the head explains the marks
		title, head, _ := strings.Cut(head, "\n")
		var t guideText
		t.title(strings.TrimPrefix(title, "# "))
		var b strings.Builder
		g.printRecord(&b)
		t.say(b.String())
		t.prose(head + "\n")
		for part := range strings.SplitSeq(rest, "\n## ") {
			heading, text, _ := strings.Cut(part, "\n")
			t.section(heading, g.fill(strings.Trim(text, "\n")))
		}
		return g.write(e, set, &t)
	}}, nil
}

// guide is a case, what its files say, and what was recorded.
type guide struct {
	is    guideCase
	node  string // whose share is lost, if it is known
	paths []string
	books []string
	found *audit.Report // nil without files

	papers   recorded.Flags
	path     string         // of the record
	record   *record.Record // nil if none was given
	oaths    holder.Oaths
	sworn    bool     // every holder has signed the record
	noRecord bool     // there is none, and that was said
	secrets  []string // NAME=FILE
	page     string   // to write

	do         bool     // the commands are run: what they need is found, or asked for once
	identities []string // that may open bundles; looked for only then

	foreseen map[string]holder.Foresight // what each file says before it is opened
}

// choose finds out what was lost from the flag.
func (g *guide) choose(set *cli.Flags, lost string) error {
	name, node, hasNode := strings.Cut(lost, ":")
	i := slices.IndexFunc(guideCases, func(c guideCase) bool { return c.name == name })
	if i < 0 || hasNode != (name == "share") || hasNode && node == "" {
		return set.Misuse("--lost %q: give provider, provider-away, stolen, client, third-party or share:NODE", lost)
	}
	g.is, g.node = guideCases[i], node
	return nil
}

// ask asks on the terminal what was lost and where the files are.
func (g *guide) ask(set *cli.Flags, open func() (prompt.Terminal, error)) error {
	terminal, err := open()
	if errors.Is(err, prompt.ErrNoTerminal) {
		return set.Misuse("there is no terminal to ask on: give --lost provider, provider-away, stolen, client, third-party or share:NODE, or --role")
	}
	if err != nil {
		return err
	}
	if err := g.askLost(terminal); err != nil {
		return err
	}
	if err := g.askRecord(set, terminal); err != nil {
		return err
	}
	const next = "Share file, bundle or address book that is there, or a folder of them (Enter when that is all): "
	question := next
	for len(g.paths) < 100 {
		path, err := terminal.Line(question)
		if err != nil {
			return err
		}
		if path == "" {
			break
		}
		if missing(path) {
			question = fmt.Sprintf("There is no file or folder %q. Type it again, without quotes (Enter when that is all): ", path)
			continue
		}
		g.paths, question = append(g.paths, path), next
	}
	return nil
}

// askLost asks what was lost.
func (g *guide) askLost(terminal prompt.Terminal) error {
	var cases []string
	for _, c := range guideCases {
		cases = append(cases, c.question)
	}
	n, err := askNumber(terminal, "What was lost?", cases)
	if err != nil {
		return err
	}
	if g.is = guideCases[n]; g.is.name == "share" {
		g.node, err = terminal.Line("Node ID of the holder (Enter if you do not know): ")
	}
	return err
}

// askNumber asks which of several it is.
func askNumber(terminal prompt.Terminal, question string, list []string) (int, error) {
	for i, text := range list {
		question += fmt.Sprintf("\n  %d  %s", i+1, text)
	}
	question += "\nNumber: "
	for {
		answer, err := terminal.Line(question)
		if err != nil {
			return 0, err
		}
		if n, err := strconv.Atoi(answer); err == nil && 1 <= n && n <= len(list) {
			return n - 1, nil
		}
		question = fmt.Sprintf("A number from 1 to %d: ", len(list))
	}
}

// missing reports whether nothing has this name. What is there and cannot be read is
// for the auditor to report.
func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, fs.ErrNotExist)
}

// checkNode refuses a node that nothing lists, since its name would be in the
// commands. Where no roster is known, any name may be right.
func (g *guide) checkNode() error {
	nodes := g.recordedNodes()
	roster := g.record != nil
	for _, v := range g.vaults() {
		for _, e := range v.Epochs {
			roster = roster || e.Roster
			for _, h := range e.Holders {
				if !slices.Contains(nodes, h.NodeID) {
					nodes = append(nodes, h.NodeID)
				}
			}
		}
	}
	if g.node == "" || !roster || slices.Contains(nodes, g.node) {
		return nil
	}
	where := "no file lists"
	if g.record != nil {
		where = "neither the record nor a file lists"
	}
	return cli.Fail(cli.Mismatch, fmt.Errorf("%s a node %q", where, g.node), "they list "+phrase.And(phrase.Quoted(nodes)))
}

// printLost says whose share the commands restore, if that is not obvious.
func (g *guide) printLost(b *strings.Builder) {
	lost := g.lostNodes()
	switch {
	case g.node != "" && !slices.Contains(lost, g.node):
		fmt.Fprintf(b, "  WARNING: the share of %s is among the files. Is it the one that is lost?\n", g.who(g.node))
	case g.node == "" && g.is.name != "provider" && !g.is.apart && len(lost) == 1:
		fmt.Fprintf(b, "  The commands take the lost share to be that of %s, the only one that is not here. Is it?\n", g.who(lost[0]))
	}
}

// findFirst takes the place of commands that could not work.
const findFirst = `FIND THE MISSING SHARES FIRST

These files alone give nothing, so there is nothing to type yet. Look for other copies of them, for bundles and
for printed pages, and ask every holder. Then run this again with all the files that were found.

`

// printKnown says what is known of the case.
func (g *guide) printKnown(b *strings.Builder, enough bool) {
	g.printRecord(b)
	if g.found != nil {
		g.printFound(b)
		if enough {
			g.printCommands(b)
		}
		b.WriteString("\n")
	} else if !g.is.shut {
		b.WriteString("No files were named. Give those that are left, and the commands below name them.\n\n")
	}
	if !enough {
		b.WriteString(findFirst)
	}
}

// sections are those of the runbook that are for this case.
func (g *guide) sections() []string {
	switch {
	case g.record == nil && g.is.apart && !g.is.shut:
		return slices.Insert(slices.Clone(g.is.sections), 0, recordSection)
	case g.record == nil && !g.is.shut:
		return slices.Insert(slices.Clone(g.is.sections), 0, noRecordSection)
	}
	return g.is.sections
}

func (g *guide) print(t *guideText, enough bool) {
	t.title(fmt.Sprintf("The case: %s.", g.is.question))
	var b strings.Builder
	g.printKnown(&b, enough)
	sections := g.sections()
	if !enough {
		sections = nil
	}
	filled := make([]string, len(sections))
	for i, heading := range sections {
		filled[i] = g.fill(runbooks.Section(g.is.role, heading))
	}
	if taken := taken(strings.Join(filled, "\n")); len(taken) > 0 {
		fmt.Fprintf(&b, "HERE ALREADY: %s. Nothing is overwritten: a command that would write one of them refuses.\n"+
			"Go on with what you made before, or put another name after -o, and where it is read.\n\n", cli.Clean(phrase.And(taken)))
	}
	if enough && !g.is.shut {
		b.WriteString("What stands in braces in a command is yours to fill in.\n\n")
	}
	t.say(b.String())
	for i, heading := range sections {
		t.section(heading, filled[i])
	}
	t.prose(fmt.Sprintf("The whole runbook: `mpc-recover guide --role %s`\n", g.is.role))
}

// worthSaying are findings that are no errors, and change what is to be done.
var worthSaying = []string{"several-epochs", "unreadable", "test-only", "not-recorded", "epoch-not-recorded"}

func (g *guide) printFound(b *strings.Builder) {
	b.WriteString("WHAT THE FILES SAY (nothing was opened)\n\n")
	for _, v := range g.vaults() {
		fmt.Fprintf(b, "  On %s: %s\n", v.Curve, cli.Clean(v.Verdict))
		g.printRoot(b, v)
		for _, e := range v.Epochs {
			switch {
			case !e.Roster || e.Threshold < len(e.Holders):
			case e.InOneFile():
				b.WriteString("    One file has all the shares: whoever opens it has the key, and needs nobody else.\n")
			default:
				fmt.Fprintf(b, "    ALL %d shares are needed. If the provider holds one and is gone, this key cannot be recovered.\n", e.Threshold)
			}
		}
	}
	for _, f := range g.found.Findings {
		if f.Level != audit.Error && !slices.Contains(worthSaying, f.Code) {
			continue
		}
		fmt.Fprintf(b, "  %s: %s\n", strings.ToUpper(string(f.Level)), cli.Clean(f.Text))
		for _, about := range f.About {
			fmt.Fprintf(b, "    %s\n", cli.Clean(about))
		}
		fmt.Fprintf(b, "    do: %s\n", cli.Clean(f.Do))
	}
}

// printCommands says what to know about the commands for these files.
func (g *guide) printCommands(b *strings.Builder) {
	if files, bundles := g.files(); bundles && len(g.identities) == 0 {
		fmt.Fprintf(b, "  Bundles among %s need the identity that opens them: add -i IDENTITY to each command.\n", cli.Clean(shell.Line(files...)))
	}
	for _, need := range g.lacking() {
		if !g.do { // which asks
			fmt.Fprintf(b, "  The files are opened with the %s, which is a file: it takes the place of {FILE of %s} in each command.\n"+
				"  Give it to this guide with --secret %[2]s=FILE, and the commands name it. Passwords are asked for by name.\n", need.What, need.Name)
		}
	}
	if g.unproven() {
		b.WriteString("  That these shares are right may show only when they are combined: rehearse with mpc-recover key --check-only, in place of\n  mpc-backup verify.\n")
	}
	g.printLost(b)
	switch _, _, known := g.holders(); {
	case g.is.shut:
	case g.is.apart:
		b.WriteString("  What is missing need not be here: two holders sign, each on their own machine with their own file.\n")
	case g.is.name != "provider" && !known:
		b.WriteString("  These files do not say one set of holders and one threshold for every root key. Find out which they are, and\n  put them in place of {--party NODE --threshold T} below; --group reshares one group alone.\n")
	case g.is.name == "provider" && len(g.books) == 0:
		b.WriteString("  No address book is among the files. review and sign go by one: mpc-derive find searches for addresses\n  that you know, and makes it. key leaves --addresses out; --root gives the key.\n")
	case g.is.name == "provider" && len(g.books) > 1:
		fmt.Fprintf(b, "  There are %d address books: %s. Each command takes one, and those below\n"+
			"  take the first, which is the recorded one if that is here. Is it the newest? For each other one run verify and key again with it, and another name after -o.\n", len(g.books), cli.Clean(shell.Line(shell.Paths(g.books)...)))
	}
}

// verdict is exit status 3 if the files are too few for any root key to be
// recovered, so that nobody starts in vain.
func (g *guide) verdict() error {
	if g.found == nil || g.is.apart {
		return nil
	}
	for _, v := range g.vaults() {
		if v.Status.Enough() || v.Status == audit.Unknown {
			return nil
		}
	}
	if g.found.Unreadable > 0 {
		return cli.Fail(cli.Failed, errors.New("some of the files could not be read, and the others are not enough"))
	}
	for _, f := range g.found.Files {
		if f.Kind == audit.Bundle || f.Closed {
			return nil
		}
	}
	return cli.Fail(cli.Mismatch, errors.New("with these files alone, nothing can be recovered"), "find the missing shares first; the text above says whose they are")
}
