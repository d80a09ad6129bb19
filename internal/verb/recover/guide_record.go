package recover

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/shell"
	"lifeboat/share"
	"lifeboat/share/record"
)

// noRecordSection says what to compare where nothing was recorded.
const noRecordSection = "There is no record"

// recordSection says how one is made.
const recordSection = "The record of the vault"

// recordPath returns the value of --record, as a list of files to read.
func recordPath(set *cli.Flags) []string {
	if path, err := set.GetString("record"); err == nil && path != "" {
		return []string{path}
	}
	return nil
}

// askRecord asks where the record is, unless the flags say so.
func (g *guide) askRecord(set *cli.Flags, terminal prompt.Terminal) error {
	if g.papers.Given() || g.noRecord {
		return nil
	}
	question := "The record of the vault, such as vault-record.txt (Enter if there is none): "
	for {
		path, err := terminal.Line(question)
		if err != nil {
			return err
		}
		if path == "" {
			g.noRecord = true
			return nil
		}
		if !missing(path) {
			return set.Set("record", path)
		}
		question = fmt.Sprintf("There is no file or folder %q. Type it again, without quotes (Enter if there is no record): ", path)
	}
}

// readRecord reads the record, if one was given, and asks for its code.
func (g *guide) readRecord(e *cli.Env, set *cli.Flags) (err error) {
	g.path = strings.Join(recordPath(set), "")
	if g.record, err = g.papers.Read(e); err != nil || len(g.oaths.Paths()) == 0 {
		return err
	}
	g.sworn, err = g.oaths.Judge(e, &g.papers, g.record)
	return err
}

// recorded is what the record tells an auditor.
func (g *guide) recorded() (o audit.Options) {
	if g.record == nil {
		return o
	}
	o.Roots = g.record.Roots()
	for _, group := range g.record.Groups {
		o.Epochs = append(o.Epochs, fmt.Sprintf("%x", group.RosterSHA256()))
	}
	return o
}

// keepRecorded leaves out of the commands what is not of the recorded vault, and takes
// of each root key the recorded set of shares, if enough of it is here.
func (g *guide) keepRecorded() error {
	if g.record == nil {
		return nil
	}
	vaults := g.found.Vaults
	g.found.Vaults = slices.DeleteFunc(slices.Clone(vaults), g.foreign)
	for i := range g.found.Vaults {
		v := &g.found.Vaults[i]
		if at := slices.IndexFunc(v.Epochs, func(e audit.Epoch) bool { return e.Recorded && e.Here }); at > 0 {
			v.Epochs[0], v.Epochs[at] = v.Epochs[at], v.Epochs[0]
			v.Status, v.Verdict = v.Epochs[0].Status, v.Epochs[0].Verdict
		}
	}
	here := func(v audit.Vault) bool { return len(v.Epochs) > 0 }
	if slices.ContainsFunc(vaults, here) && !slices.ContainsFunc(g.found.Vaults, here) {
		return cli.Fail(cli.Mismatch, fmt.Errorf("no share that is here is of a root key in record %q", g.path),
			"find out which of the two is not of the vault that is meant; nothing else can be said of these files")
	}
	return nil
}

// foreign reports whether a vault is none of the record's.
func (g *guide) foreign(v audit.Vault) bool {
	return v.RootKey != "" && !slices.ContainsFunc(g.record.Groups, func(group *share.Group) bool {
		return group.Curve.String() == v.Curve && hex.EncodeToString(group.RootKey.Bytes()) == v.RootKey
	})
}

// vaults are those that the files are of.
func (g *guide) vaults() []audit.Vault {
	if g.found == nil {
		return nil
	}
	return g.found.Vaults
}

// recordedNodes lists who holds shares, as the record has it.
func (g *guide) recordedNodes() []string {
	var nodes []string
	if g.record != nil {
		for _, group := range g.record.Groups {
			nodes = append(nodes, group.NodeIDs()...)
		}
	}
	slices.Sort(nodes)
	return slices.Compact(nodes)
}

// filesOf lists the files that have shares of a node.
func (g *guide) filesOf(node string) []string {
	var files []string
	for _, v := range g.vaults() {
		if len(v.Epochs) == 0 {
			continue
		}
		for _, h := range v.Epochs[0].Holders {
			for _, c := range h.Copies {
				if h.NodeID == node && !slices.Contains(files, c.Path) {
					files = append(files, c.Path)
				}
			}
		}
	}
	return files
}

// who names the holder of a node.
func (g *guide) who(node string) string {
	if g.record != nil {
		if p, ok := g.record.Person(node); ok {
			return fmt.Sprintf("%s, who has node %q", cli.Clean(p.Name), node)
		}
	}
	return fmt.Sprintf("%q", node)
}

// printRecord says what the record has: root keys, people, and where money may go.
func (g *guide) printRecord(b *strings.Builder) {
	switch {
	case g.record == nil && g.is.apart && !g.is.shut:
		b.WriteString("NO RECORD: two holders sign by the record of the vault alone, which says whose signature is whose. Give it with\n--record. If there is none, make one of both holders' files, and compare its code on the telephone: see below.\n\n")
		return
	case g.noRecord:
		b.WriteString("NO RECORD: nothing says whose vault the files are of. \"There is no record\" in the runbook says what to compare instead.\n\n")
		return
	case g.record == nil && g.is.name != "":
		b.WriteString("NO RECORD WAS NAMED. If there is one, give it with --record: it says whom to call, and fills in what is open,\n" +
			"such as {--record F}. If there is none, say so with --no-record. \"There is no record\" in the runbook says what\nto compare instead.\n\n")
		return
	case g.record == nil:
		return
	}
	r := g.record
	sworn := "unsworn, as far as is known here"
	if g.sworn {
		sworn = "every holder has signed it"
	}
	fmt.Fprintf(b, "THE RECORD (number %d, of %s; %s)\n\n", r.Serial, r.Date, sworn)
	for _, group := range r.Groups {
		fmt.Fprintf(b, "  On %v: %d of %d shares give the key, epoch %s\n    root key %s\n", group.Curve, group.Threshold, len(group.Participants), group.Epoch(), group.Root())
	}
	if !g.sworn {
		b.WriteString("  It is as good as whoever made it. Compare the codes on two holders' papers, and have who is here sign it: mpc-backup attest --record.\n")
	}
	for _, node := range g.recordedNodes() {
		g.printPerson(b, node)
	}
	if len(r.People) > 0 {
		b.WriteString("  Ask nobody for a password by telephone. A number that reaches a lost device proves nothing: call on another line, or meet.\n")
	}
	if len(r.Exits) == 0 {
		b.WriteString("  The record does not say where money may go: agree on it by telephone before anything is sent.\n")
	} else {
		b.WriteString("  Money may go to these addresses, and to no others:\n")
	}
	for _, e := range r.Exits {
		fmt.Fprintf(b, "    %s to %s", cli.Clean(e.Chain), cli.Clean(e.Address))
		if e.Tag != "" {
			fmt.Fprintf(b, " with tag %q", e.Tag)
		}
		b.WriteByte('\n')
	}
	if g.do {
		b.WriteString("\n")
	} else {
		b.WriteString("  Each command that is given the record asks for its code: type it from the paper.\n\n")
	}
}

// printPerson says who has the shares of a node, how to reach them and what to ask for.
func (g *guide) printPerson(b *strings.Builder, node string) {
	p, named := g.record.Person(node)
	switch {
	case !named:
		fmt.Fprintf(b, "  The record names nobody for node %q", node)
	case p.Contact == "":
		fmt.Fprintf(b, "  %s, with no telephone number in the record", g.who(node))
	default:
		fmt.Fprintf(b, "  %s: call %q", g.who(node), p.Contact)
	}
	switch files := g.filesOf(node); {
	case g.is.role == "auditor": // who should not be shown a secret
		b.WriteByte('\n')
	case len(files) > 0:
		fmt.Fprintf(b, "; have them type the password of %s here themselves\n", phrase.And(phrase.Quoted(files)))
	case g.found != nil:
		b.WriteString("; no file of theirs is here\n")
	default:
		b.WriteString("; have them bring their file, and type its password themselves\n")
	}
}

// printRoot says what vouches for a root key that the files name.
func (g *guide) printRoot(b *strings.Builder, v audit.Vault) {
	switch {
	case g.record == nil && v.RootKey != "":
		fmt.Fprintf(b, "    root key %s: is it the one in your records?\n", cmp.Or(v.Root, v.RootKey))
	case g.record != nil && len(v.Epochs) > 0 && v.RootKey != "":
		b.WriteString("    its root key is the record's\n")
		if e := v.Epochs[0]; e.Roster && !e.Recorded {
			b.WriteString("    WARNING: its shares are another set than the record's. mpc-recover key takes them; repair and reshare do not.\n")
		}
	}
	if g.record != nil || len(v.Epochs) == 0 {
		return
	}
	var files []string
	for _, h := range v.Epochs[0].Holders {
		for _, c := range h.Copies {
			if !c.Bundle && !slices.Contains(files, c.Path) { // nobody vouches for a public manifest
				files = append(files, c.Path)
			}
		}
	}
	switch list := cli.Clean(phrase.And(phrase.Quoted(files))); len(files) {
	case 0:
	case 1:
		fmt.Fprintf(b, "    Only %s says so: compare it with the file of another holder.\n", list)
	default:
		fmt.Fprintf(b, "    %s agree on it. Did each come from its own holder, on a stick that the others never had?\n", list)
	}
}

// fillKeys fills in the root keys and epochs, or by which curve to look for them.
func (g *guide) fillKeys(values map[string]string) {
	var keys, epochs, renewed []string
	if g.record != nil {
		for _, root := range g.record.Roots() {
			keys = append(keys, "--xpub "+root.String())
		}
		for _, group := range g.record.Groups {
			epochs = append(epochs, "--epoch "+group.Epoch())
			renewed = append(renewed, fmt.Sprintf("--epoch {NEW EPOCH on %v}", group.Curve))
		}
	} else {
		for _, v := range g.vaults() {
			if v.RootKey != "" {
				keys = append(keys, fmt.Sprintf("--xpub {KEY on %s}", v.Curve))
				epochs = append(epochs, fmt.Sprintf("--epoch {EPOCH on %s}", v.Curve))
				renewed = append(renewed, fmt.Sprintf("--epoch {NEW EPOCH on %s}", v.Curve))
			}
		}
	}
	if len(keys) > 0 {
		values["--xpub KEY"], values["--epoch EPOCH"], values["--epoch NEW"] = strings.Join(keys, " "), strings.Join(epochs, " "), strings.Join(renewed, " ")
	}
	switch {
	case g.record != nil:
		values["--record RECORD"] = recordLine(g.path, nil)
		values["--record F"] = recordLine(g.path, g.oaths.Paths())
	case g.noRecord && !g.is.apart:
		values["--record F"] = cmp.Or(values["--xpub KEY"], "{--xpub KEY}")
		values["--record RECORD"] = values["--record F"]
	}
	if g.noRecord {
		values["--previous F"] = ""
	}
}

// recordLine names the record and its oaths in a command.
func recordLine(path string, oaths []string) string {
	words := []string{"--record", shell.Paths([]string{path})[0]}
	for _, oath := range shell.Paths(oaths) {
		words = append(words, "--sworn", oath)
	}
	return shell.Line(words...)
}

// fillRecord has the record of a new set go on from this one.
func (g *guide) fillRecord(values map[string]string) {
	if len(g.record.Exits) > 0 {
		values["--to ADDRESS"] = ""
	}
	values["--previous F"] = shell.Line("--previous", shell.Paths([]string{g.path})[0])
	line, open := []string{}, ""
	add := func(words ...string) {
		if slices.ContainsFunc(words, func(w string) bool { return !shell.Safe(w) }) {
			open = "{--name NODE=PERSON}" // for somebody to type as their own shell wants it
			return
		}
		line = append(line, shell.Line(words...))
	}
	for _, p := range g.record.People {
		add("--name", p.NodeID+"="+p.Name)
		if p.Contact != "" {
			add("--contact", p.NodeID+"="+p.Contact)
		}
	}
	for _, e := range g.record.Exits {
		exit := e.Chain + "=" + e.Address
		if e.Tag != "" {
			exit += ":" + e.Tag
		}
		add("--exit", exit)
	}
	labelled := func(r record.Recipient) bool { return r.Label != "" } // the i-th label is for the i-th recipient
	for _, r := range g.record.Recipients {
		if labelled(r) {
			add("-r", r.Text, "--label", r.Label)
		}
	}
	for _, r := range g.record.Recipients {
		if !labelled(r) {
			add("-r", r.Text)
		}
	}
	for _, key := range g.record.ReleaseKeys {
		add("--release-key", key)
	}
	if open != "" {
		line = append(line, open)
	}
	if len(line) > 0 {
		values["--name NODE=PERSON"] = strings.Join(line, " ")
	}
}
