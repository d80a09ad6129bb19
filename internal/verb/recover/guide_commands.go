package recover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lifeboat/audit"
	"lifeboat/docs/runbooks"
	"lifeboat/internal/cli"
	"lifeboat/internal/shell"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/open"
)

// files are the share files and bundles to name in the commands.
func (g *guide) files() (files []string, bundles bool) {
	if g.found == nil {
		return nil, false
	}
	for _, v := range g.vaults() {
		if len(v.Epochs) == 0 {
			continue
		}
		for _, h := range v.Epochs[0].Holders {
			for i, c := range h.Copies {
				// One copy of each share will do. Of files that differ one may be damaged.
				same := func(earlier audit.Copy) bool { return g.sum(earlier.Path) == g.sum(c.Path) }
				if i > 0 && (c.Bundle || h.Copies[0].Bundle || slices.ContainsFunc(h.Copies[:i], same)) {
					continue
				}
				if !slices.Contains(files, c.Path) {
					files, bundles = append(files, c.Path), bundles || c.Bundle
				}
			}
		}
	}
	lacking := slices.ContainsFunc(g.vaults(), func(v audit.Vault) bool { return !v.Status.Enough() })
	for _, f := range g.found.Files {
		if f.Kind != audit.Bundle && !f.Closed || slices.Contains(files, f.Path) {
			continue
		}
		// Without a public manifest it may hold a share; with one, still the root keys.
		if lacking || len(g.vaults()) == 0 || g.unlisted(f.Path) {
			files, bundles = append(files, f.Path), bundles || f.Kind == audit.Bundle
		}
	}
	return shell.Paths(files), bundles
}

// sum is the SHA-256 of a file that was looked at.
func (g *guide) sum(path string) string {
	for _, f := range g.found.Files {
		if f.Path == path {
			return f.SHA256
		}
	}
	return ""
}

// opening are the flags of the identities that were found.
func (g *guide) opening() (flags []string) {
	secrets := g.secretPaths()
	own := slices.DeleteFunc(slices.Clone(g.identities), func(path string) bool { return slices.Contains(secrets, path) })
	for _, path := range shell.Paths(own) {
		flags = append(flags, "-i", path)
	}
	return flags
}

// foresee returns what a file says before it is opened.
func (g *guide) foresee(path string) holder.Foresight {
	f, ok := g.foreseen[path]
	if !ok {
		if g.foreseen == nil {
			g.foreseen = map[string]holder.Foresight{}
		}
		f = holder.Foresee(path)
		g.foreseen[path] = f
	}
	return f
}

// foresaw returns the first of the files of which something is true, or nothing.
func (g *guide) foresaw(is func(holder.Foresight) bool) string {
	files, _ := g.files()
	if i := slices.IndexFunc(files, func(path string) bool { return is(g.foresee(path)) }); i >= 0 {
		return files[i]
	}
	return ""
}

func foreign(f holder.Foresight) bool { return f.Foreign != nil }

// unproven reports whether nothing shows yet that each share can be checked by itself. Of
// what is in a bundle its manifest says it.
func (g *guide) unproven() bool {
	for _, v := range g.vaults() {
		if len(v.Epochs) > 0 && slices.ContainsFunc(v.Epochs[0].Holders, func(h audit.Holder) bool { return h.Here && h.PublicKey == "" }) {
			return true
		}
	}
	return g.foresaw(func(f holder.Foresight) bool { return f.Unproven }) != ""
}

// lacking are the secrets that the files need, that are files, and that were not given.
func (g *guide) lacking() (needs []share.Need) {
	files, _ := g.files()
	for _, path := range files {
		for _, need := range g.foresee(path).Files {
			given := func(secret string) bool { return strings.HasPrefix(secret, need.Name+"=") }
			if !slices.Contains(needs, need) && !slices.ContainsFunc(g.secrets, given) {
				needs = append(needs, need)
			}
		}
	}
	return needs
}

// secretPaths are the files of --secret.
func (g *guide) secretPaths() (paths []string) {
	for _, given := range g.secrets {
		_, path, _ := strings.Cut(given, "=")
		paths = append(paths, path)
	}
	return paths
}

// secretFlags are the flags of the secrets that open the files. What is not known of
// them is a mark.
func (g *guide) secretFlags() string {
	line := secretLine(g.secrets)
	for _, need := range g.lacking() {
		line += fmt.Sprintf(" --secret %s={FILE of %[1]s}", need.Name)
	}
	return line
}

// secretLine names secrets after the files of a command.
func secretLine(secrets []string) (line string) {
	for _, given := range secrets {
		_, path, _ := strings.Cut(given, "=")
		if shell.Line(path) != path {
			given = shell.Line(given)
		}
		line += " --secret " + given
	}
	return line
}

// checkForm refuses a case that ends in new shares, if there are none.
func (g *guide) checkForm() error {
	if path := g.foresaw(foreign); path != "" && slices.Contains(g.is.sections, apartSection) {
		return cli.Fail(cli.Refused, fmt.Errorf("%q: %w", path, g.foresee(path).Foreign),
			"if the file is of another vault than the one that is meant, leave it out, and run this again",
			"if the vendor's own program makes new shares, do it with that; if not, move the money to a new vault while enough shares are left: mpc-recover guide --lost provider")
	}
	return nil
}

// checkNames refuses names that no command can safely have.
func (g *guide) checkNames() error {
	files, _ := g.files()
	for _, path := range append(slices.Concat(files, g.books, g.oaths.Paths(), g.identities, g.secretPaths()), g.path) {
		if !shell.Safe(path) {
			return cli.Fail(cli.Refused, fmt.Errorf("the name %q holds what a shell could run, so no command may have it", path),
				"give the file or its folder another name, of letters, digits, blanks, dots and dashes, or leave it out, and run this again")
		}
	}
	return nil
}

// unlisted says that no public manifest tells what is in a bundle.
func (g *guide) unlisted(bundle string) bool {
	return slices.ContainsFunc(g.found.Findings, func(f audit.Finding) bool {
		return f.Code == "no-manifest" && slices.Contains(f.About, bundle)
	})
}

// lostNodes are the nodes whose shares are not among the files.
func (g *guide) lostNodes() []string {
	var nodes []string
	if g.found == nil {
		return nil
	}
	for _, node := range g.recordedNodes() {
		if len(g.filesOf(node)) == 0 {
			nodes = append(nodes, node)
		}
	}
	for _, v := range g.vaults() {
		if len(v.Epochs) == 0 {
			continue
		}
		for _, h := range v.Epochs[0].Holders {
			if !h.Here && !slices.Contains(nodes, h.NodeID) {
				nodes = append(nodes, h.NodeID)
			}
		}
	}
	return nodes
}

// holders are all who hold shares of the vault, and how many of them give the key.
// They are known if the record, or else the share files, list the same ones for every
// root key, under names that a new set of shares can have.
func (g *guide) holders() (nodes []string, threshold int, known bool) {
	for _, r := range g.rosters() {
		slices.Sort(r.nodes)
		if r.threshold == 0 || slices.ContainsFunc(r.nodes, func(node string) bool { return open.CheckNodeID(node) != nil }) ||
			nodes != nil && (r.threshold != threshold || !slices.Equal(r.nodes, nodes)) {
			return nil, 0, false
		}
		nodes, threshold = r.nodes, r.threshold
	}
	return nodes, threshold, nodes != nil
}

// roster is who holds the shares of a root key.
type roster struct {
	nodes     []string
	threshold int // 0: not known, like all of it
}

// rosters returns that of each root key.
func (g *guide) rosters() (rosters []roster) {
	if g.record != nil {
		for _, group := range g.record.Groups {
			rosters = append(rosters, roster{group.NodeIDs(), group.Threshold})
		}
		return rosters
	}
	for _, v := range g.vaults() {
		if len(v.Epochs) == 0 {
			continue
		}
		var r roster
		if e := v.Epochs[0]; e.Roster {
			r.threshold = e.Threshold
			for _, h := range e.Holders {
				r.nodes = append(r.nodes, h.NodeID)
			}
		}
		rosters = append(rosters, r)
	}
	return rosters
}

// fill puts the names of this case where the runbook has marks.
func (g *guide) fill(text string) string { return runbooks.Fill(text, g.marks()) }

// marks are the names of this case, by the marks of the runbook.
func (g *guide) marks() map[string]string {
	values := map[string]string{}
	if g.found != nil {
		values["--addresses BOOK"] = ""
	}
	if files, bundles := g.files(); len(files) > 0 {
		one := len(files) == 1
		if bundles {
			files = append(files, g.opening()...)
		}
		values["FILES"] = shell.Line(files...) + g.secretFlags()
		if one {
			values["FILE"] = values["FILES"]
		}
	}
	if len(g.books) > 0 {
		nameBook(values, g.books[0])
	}
	node := g.node
	if lost := g.lostNodes(); node == "" && len(lost) == 1 {
		node = lost[0]
	}
	if node != "" && shell.Safe(node) { // another would not be the name of a node
		values["NODE"] = shell.Line(node)
	}
	g.fillSet(values)
	g.fillKeys(values)
	if g.record != nil {
		g.fillRecord(values)
	}
	for mark, value := range values {
		values[mark] = cli.Clean(value)
	}
	return values
}

// fillSet has a new set be like that of this vault, if it is known.
func (g *guide) fillSet(values map[string]string) {
	nodes, threshold, known := g.holders()
	if !known {
		return
	}
	var parties, files, attested, sworn, signers []string
	for i, node := range nodes {
		parties = append(parties, "--party", node)
		files = append(files, newShares+"/"+secretsName(node))
		sworn = append(sworn, node+".oath.json")
		if values["NODE"] != "" && values["NODE"] != node && len(signers) < 2*threshold {
			signers = append(signers, "--signer", node)
		}
		if i < threshold {
			attested = append(attested, node+".attest.json")
		}
	}
	values["--party NODE --threshold T"] = shell.Line(append(parties, "--threshold", strconv.Itoa(threshold))...)
	if len(signers) == 2*threshold {
		values["--signer NODE"] = shell.Line(signers...)
	}
	values["HOLDER"] = nodes[0] // plain in every shell, and part of a name
	values["ATTESTATIONS"] = shell.Line(shell.Paths(attested)...)
	values["OATHS"] = shell.Line(shell.Paths(sworn)...)
	values["NEWFILES"] = shell.Line(files...)
}

var writes = regexp.MustCompile(`(?m)^ *mpc-.* -o (\S+)`)

// taken are the names that the commands of a text would write and that exist here.
func taken(text string) []string {
	var names []string
	for _, m := range writes.FindAllStringSubmatch(text, -1) {
		if _, err := os.Lstat(m[1]); !errors.Is(err, fs.ErrNotExist) && !slices.Contains(names, m[1]) {
			names = append(names, m[1])
		}
	}
	return names
}
