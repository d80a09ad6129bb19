package backup

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
)

var inspectVerb = cli.Verb{
	Name:    "inspect",
	Summary: "what share files and bundles say, without a password",
	Usage: `Usage: mpc-backup inspect FILE… [--json]

Shows what a file says about its groups, its share and its password derivation,
and what is wrong with it. It opens no share and asks for no password. For a
bundle it shows the header and, with the identity that opens it, the shares inside.

  -i, --identity F        an age identity, an SSH key or a shard that opens bundles (repeatable)
  --passphrase-file F     the passphrase of a bundle: the i-th is for the i-th bundle that has one
  --threshold T           how many shares are needed, for tss-lib files, which do not say
  --xpub KEY              the root extended public key, for the chain code that tss-lib files lack
  --json                  print the same facts as JSON

Example: which two shares exist outside the provider?
  mpc-backup inspect client.json custodian.json
`,
	Prepare: prepareInspect,
}

type inspectReport struct {
	Files []fileReport `json:"files"`
}

type fileReport struct {
	Path   string         `json:"path"`
	Kind   string         `json:"kind"` // recovery-group, tss-lib, bundle or unknown
	SHA256 string         `json:"sha256,omitempty"`
	Error  string         `json:"error,omitempty"`
	Header *backup.Header `json:"bundle,omitempty"`
	Closed []closedReport `json:"closed,omitempty"` // files in it that are encrypted as a whole
	Groups []groupReport  `json:"groups"`

	input *holder.Input
}

// closed describes a file that is encrypted as a whole.
type closedReport struct {
	Lock    string     `json:"lock"`
	KDF     *share.KDF `json:"kdf,omitempty"`
	Secrets []string   `json:"secrets"`
}

type groupReport struct {
	ID           string              `json:"id"`
	CreatedTime  string              `json:"created_time"`
	Version      int                 `json:"version"`
	Curve        string              `json:"curve"`
	Scheme       string              `json:"scheme,omitempty"`
	Tree         string              `json:"tree,omitempty"`
	Threshold    int                 `json:"threshold"`
	Participants []participantReport `json:"participants"`
	Absent       []string            `json:"absent,omitempty"`          // parts that the file should have; all are needed
	Root         string              `json:"root_extended_public_key"`  // empty if there is no chain code
	RootKey      string              `json:"root_public_key,omitempty"` // in that case
	Epoch        string              `json:"epoch"`
	Share        participantReport   `json:"share"`
	KDF          *share.KDF          `json:"kdf,omitempty"`
	Identity     bool                `json:"identity,omitempty"` // an identity opens it, and not a password
	Lock         string              `json:"lock"`
	Secrets      []string            `json:"secrets"`         // what opens it, by the names that --secret has
	Notes        []string            `json:"notes,omitempty"` // what else is in the file
	Problems     []string            `json:"problems"`
	TestOnly     bool                `json:"test_only"`

	needs []share.Need
	lack  share.Lack // why there is no chain code
}

type participantReport struct {
	NodeID    string `json:"node_id"`
	ShareID   string `json:"share_id"`
	PublicKey string `json:"share_public_key,omitempty"`
}

func prepareInspect(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := holder.Flags{BundlesOnly: true}
	f.Define(set)
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() == 0 {
		return nil, set.Misuse("no FILE")
	}
	return &cli.Plan{Reads: set.Args(), Guard: f.Opens(),
		Run: func(e *cli.Env, _ *cli.Conditions) error { return inspect(e, set, &f, *asJSON) }}, nil
}

func inspect(e *cli.Env, set *cli.Flags, f *holder.Flags, asJSON bool) error {
	session, err := holder.Load(e, set, f, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	if f.Opens() {
		if err := session.OpenBundles(); err != nil {
			return err
		}
	}
	r := inspectReport{Files: []fileReport{}}
	for _, in := range session.Inputs {
		r.Files = append(r.Files, describe(in))
	}
	if asJSON {
		err = e.WriteJSON(r)
	} else {
		err = r.print(e.Stdout)
	}
	if err != nil {
		return err
	}
	return r.verdict()
}

func describe(in *holder.Input) fileReport {
	r := fileReport{Path: in.Path, Kind: "unknown", SHA256: in.SHA256, Header: in.Header, Groups: []groupReport{}, input: in}
	if in.Err != nil {
		r.Error = in.Err.Error()
	}
	if in.Header != nil {
		r.Kind = "bundle"
	}
	for _, c := range in.Closed {
		if in.Header == nil {
			r.Kind = string(c.Form)
		}
		r.Closed = append(r.Closed, closedReport{c.Lock.String(), c.Lock.KDF(), secretNames(c.Lock)})
	}
	for _, sh := range in.Shares {
		if in.Header == nil {
			r.Kind = string(sh.Sealed.Form)
		}
		r.Groups = append(r.Groups, describeGroup(sh.Sealed))
	}
	return r
}

func describeGroup(s *share.Sealed) groupReport {
	g := groupReport{Version: s.Version, Curve: s.Curve.String(), KDF: s.Lock.KDF(), Lock: s.Lock.String(), Secrets: secretNames(s.Lock), needs: s.Lock.Needs(), Notes: s.Notes, Identity: slices.Contains(s.Lock.Needs(), share.Identity), TestOnly: s.TestOnly(), Problems: []string{}, Participants: []participantReport{}}
	g.Share.NodeID = s.NodeID
	if s.ShareID != nil {
		g.Share.ShareID = s.ShareID.Text
	}
	g.Share.PublicKey = share.FormatKey(s.PublicKey)
	for _, p := range s.Roster {
		g.Participants = append(g.Participants, participantReport{p.NodeID, p.ShareID.Text, share.FormatKey(p.PublicKey)})
	}
	if s.Group != nil {
		g.ID, g.CreatedTime, g.Threshold, g.Epoch = s.Group.ID, s.Group.CreatedTime, s.Group.Needed(), s.Group.Epoch()
		g.Absent = s.Group.Absent
		g.Scheme, g.Tree = s.Group.Scheme.String(), s.Group.Root().Network().Name
		g.Root, g.RootKey = holder.RootTexts(s.Group.Root())
		g.lack = s.Group.Lack
	}
	for _, p := range s.Problems {
		g.Problems = append(g.Problems, p.Error())
	}
	return g
}

func secretNames(lock share.Lock) []string {
	names := []string{}
	for _, n := range lock.Needs() {
		names = append(names, n.Name)
	}
	return names
}

func (r inspectReport) print(w io.Writer) error {
	var b strings.Builder
	for i, f := range r.Files {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s: %s\n", cli.Clean(f.Path), f.Kind)
		if f.Error != "" {
			fmt.Fprintf(&b, "  cannot be used: %s\n", cli.Clean(f.Error))
		}
		if h := f.Header; h != nil {
			kinds := make([]string, len(h.Recipients))
			for i, k := range h.Recipients {
				kinds[i] = k.String()
			}
			fmt.Fprintf(&b, "  sealed to: %s\n", strings.Join(kinds, "; "))
			if h.WorkFactor > 0 {
				fmt.Fprintf(&b, "  scrypt work factor: %d\n", h.WorkFactor)
			}
			if f.input.Bundle != nil {
				for _, file := range f.input.Bundle.Manifest.Files {
					fmt.Fprintf(&b, "  holds: %q, %s\n", file.Name, phrase.Count(file.Size, "byte"))
				}
			}
		}
		for i, c := range f.Closed {
			fmt.Fprintf(&b, "  encrypted as a whole: what it holds shows when it is open\n    locked    %s; opened by %s\n", c.Lock, holder.SecretList(f.input.Closed[i].Lock.Needs()))
		}
		for rest := f.Groups; len(rest) > 0; {
			n := 1
			for n < len(rest) && rest[n].sameGroup(&rest[0]) {
				n++
			}
			printGroup(&b, rest[:n])
			rest = rest[n:]
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// rootText is a root key for a person: extended, or, for want of a chain code, the
// public key alone.
func rootText(extended, key string, lack share.Lack) string {
	if key == "" {
		return extended
	}
	return fmt.Sprintf("%s (public key; %v)", key, lack)
}

// sameGroup reports whether two shares are of one group.
func (g *groupReport) sameGroup(o *groupReport) bool {
	return g.ID == o.ID && g.Curve == o.Curve && g.Epoch == o.Epoch && g.Epoch != "" && g.Root == o.Root
}

// printGroup describes a group and the shares of it in one file.
func printGroup(b *strings.Builder, shares []groupReport) {
	g := &shares[0]
	held := map[string]bool{}
	for i := range shares {
		held[shares[i].Share.NodeID] = true
	}
	fmt.Fprintf(b, "  group %q on %s\n", g.ID, g.Curve)
	if g.TestOnly {
		b.WriteString("    TEST ONLY: the keys of this vault are published\n")
	}
	fmt.Fprintf(b, "    root key  %s\n    epoch     %s\n    shares    %d of %d give the key\n", rootText(g.Root, g.RootKey, g.lack), g.Epoch, g.Threshold, len(g.Participants)+len(g.Absent))
	for _, p := range g.Participants {
		mark := "         "
		if held[p.NodeID] {
			mark = "this file"
		}
		fmt.Fprintf(b, "    %s %q, share ID %s, %s\n", mark, p.NodeID, p.ShareID, keyText(p.PublicKey))
	}
	for _, node := range g.Absent {
		fmt.Fprintf(b, "    WRONG     the part of %q is not in the file, and all are needed\n", node)
	}
	if g.Scheme != "" && g.Scheme != share.Shamir.String() {
		fmt.Fprintf(b, "    scheme    %s\n", g.Scheme)
	}
	if len(held) >= g.Threshold && g.Threshold > 0 {
		b.WriteString("    note      this file holds enough shares: whoever opens it has the key\n")
	} else if len(g.Absent) == 0 && len(g.Participants) == 2 && g.Threshold == 2 {
		b.WriteString("    note      both shares are needed: if the provider holds the other one, this key cannot be recovered without the provider\n")
	}
	for _, s := range shares {
		if len(s.Secrets) == 0 || slices.Contains(s.Secrets, share.Password.Name) || s.Identity {
			fmt.Fprintf(b, "    password  %s\n", s.Lock)
		} else {
			fmt.Fprintf(b, "    locked    %q: %s; opened by %s\n", s.Share.NodeID, s.Lock, holder.SecretList(s.needs))
		}
		for _, n := range s.Notes {
			fmt.Fprintf(b, "    left out  %s\n", cli.Clean(n))
		}
		for _, p := range s.Problems {
			fmt.Fprintf(b, "    WRONG     %s\n", cli.Clean(p))
		}
	}
}

func keyText(key string) string {
	if key == "" {
		return "no public key in the file"
	}
	return "public key " + key
}

// verdict is exit status 3 if files contradict themselves or each other, or lack parts,
// and 1 if one cannot be read.
func (r inspectReport) verdict() error {
	code, bad := cli.OK, 0
	for _, f := range r.Files {
		wrong := f.input.Err != nil
		if wrong {
			code = max(code, cli.Failed)
		}
		for _, g := range f.Groups {
			if len(g.Absent) > 0 {
				wrong, code = true, cli.Mismatch
			}
		}
		for _, entry := range f.input.Shares {
			for _, p := range entry.Sealed.Problems {
				wrong = true
				if errors.Is(p, share.ErrInconsistent) {
					code = cli.Mismatch
				} else {
					code = max(code, cli.Failed)
				}
			}
		}
		if wrong {
			bad++
		}
	}
	if code == cli.OK {
		return nil
	}
	return cli.Fail(code, fmt.Errorf("problems in %d of %s: %s", bad, phrase.Count(len(r.Files), "file"), r.first()))
}

// first returns the first problem, for the error line.
func (r inspectReport) first() string {
	for _, f := range r.Files {
		if f.Error != "" {
			return f.Error
		}
		for _, g := range f.Groups {
			if len(g.Problems) > 0 {
				return fmt.Sprintf("%q: %s", f.Path, g.Problems[0])
			}
			if len(g.Absent) > 0 {
				return holder.Incomplete(f.Path, g.ID, g.Curve, g.Absent)
			}
		}
	}
	return ""
}
