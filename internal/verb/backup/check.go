package backup

import (
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/formats"
)

var checkVerb = cli.Verb{
	Name:    "check",
	Summary: "check attestations, and say what they prove together",
	Usage: `Usage: mpc-backup check A.json… [--challenge TEXT | --report F] [--group-file F]

Checks the signatures of attestations, and that they answer the challenge and
belong to the group. It needs no secret and no share. Exit status 0 means that
every attestation is good; whether there are enough of them is in the output.

  --challenge TEXT        the challenge that they must answer
  --report F              the file whose SHA-256 they must sign
  --group-file F          a share file, as public description of the group (repeatable)
  --json                  print the result as JSON

Example: two of three holders have answered
  mpc-backup check client.attest.json custodian.attest.json --challenge "audit 2026-Q4, 83b1c9"
`,
	Prepare: prepareCheck,
}

type checkFlags struct {
	question
	groups []string
	json   bool
}

func prepareCheck(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f checkFlags
	f.define(set)
	set.StringArrayVar(&f.groups, "group-file", nil, "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("group-file")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() == 0 {
		return nil, set.Misuse("no attestation: give the files that mpc-backup attest wrote")
	}
	if err := f.check(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Run: func(e *cli.Env, _ *cli.Conditions) error { return f.judge(e, set.Args()) }}, nil
}

func (f *checkFlags) judge(e *cli.Env, paths []string) error {
	wanted, err := f.read()
	if err != nil {
		return err
	}
	groups, err := readGroups(f.groups)
	if err != nil {
		return err
	}
	answers, err := readAnswers(paths, wanted, groups)
	if err != nil {
		return err
	}
	r := judgeAnswers(answers, f.asked())
	if f.json {
		err = e.WriteJSON(r)
	} else {
		err = r.print(e.Stdout, f.asked())
	}
	if err != nil || r.OK {
		return err
	}
	return cli.Fail(cli.Mismatch, fmt.Errorf("not every attestation is good: %s", r.first()))
}

// answer is an attestation and what is wrong with it.
type answer struct {
	path      string
	statement *audit.Statement // nil if it cannot be read, or its signature is not good
	err       error
}

// readAnswers checks attestations one by one.
func readAnswers(paths []string, wanted audit.Statement, groups []*audit.Roster) ([]answer, error) {
	var answers []answer
	for _, path := range paths {
		list, err := readAttestations(path)
		if err != nil {
			return nil, cli.Fail(cli.Failed, err)
		}
		for _, a := range list {
			s, err := a.Verify()
			if err == nil {
				err = s.Answers(wanted, groups)
			}
			answers = append(answers, answer{path, s, err})
		}
	}
	return answers, nil
}

// judgeAnswers says what the attestations that are good by themselves prove together,
// and which of them do not belong to the others.
func judgeAnswers(answers []answer, asked bool) *checkReport {
	var good []*audit.Statement
	for _, a := range answers {
		if a.err == nil {
			good = append(good, a.statement)
		}
	}
	all, against := audit.CollectStatements(good)
	r := &checkReport{OK: true, Attestations: []attestationReport{}, Together: []togetherReport{}, Note: fewProve}
	for _, a := range answers {
		if a.err == nil {
			a.err = against[a.statement]
		}
		r.OK = r.OK && a.err == nil
		r.Attestations = append(r.Attestations, describeAttestation(a.path, a.statement, a.err))
	}
	for _, t := range all {
		report := togetherReport{t.Curve.String(), t.Epoch, hex.EncodeToString(t.RootKey.Bytes()), t.Subject, t.Threshold, t.Nodes, t.Enough, t.Enough && asked, ""}
		if t.Doubt != nil {
			r.OK, report.Reason = false, t.Doubt.Error()
		}
		r.Together = append(r.Together, report)
	}
	return r
}

func readAttestations(path string) ([]audit.Signed, error) {
	data, err := strict.ReadFile(path, audit.MaxFileSize)
	if err != nil {
		return nil, err
	}
	list, err := audit.ParseAttestations(data)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return list, nil
}

// readGroups reads the public description of the groups in share files.
func readGroups(paths []string) ([]*audit.Roster, error) {
	var groups []*audit.Roster
	for _, path := range paths {
		data, err := strict.ReadFile(path, share.MaxFileSize)
		if err != nil {
			return nil, fmt.Errorf("--group-file: %w", err)
		}
		list, err := formats.Parse(path, data, share.Pin{})
		clear(data)
		if err != nil {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("--group-file %q: %w", path, err))
		}
		for _, s := range list {
			defer s.Wipe()
			if err := s.Err(); err != nil {
				return nil, cli.Fail(cli.Mismatch, fmt.Errorf("--group-file %q: %w", path, err))
			}
			groups = append(groups, audit.NewRoster(s.Group))
		}
	}
	return groups, nil
}

type checkReport struct {
	OK           bool                `json:"ok"` // every attestation is good; not: there are enough
	Attestations []attestationReport `json:"attestations"`
	Together     []togetherReport    `json:"together"`
	Note         string              `json:"note"`
}

type attestationReport struct {
	Path       string `json:"path"`
	OK         bool   `json:"ok"`
	Reason     string `json:"reason"`
	NodeID     string `json:"node_id"`
	GroupID    string `json:"group_id"`
	Curve      string `json:"curve"`
	Epoch      string `json:"epoch"`
	ShareID    string `json:"share_id"`
	PublicKey  string `json:"share_public_key"`
	RootKey    string `json:"root_public_key"`
	Challenge  string `json:"challenge,omitempty"`
	Report     string `json:"report_sha256,omitempty"`
	FileSHA256 string `json:"file_sha256"`
	Tool       string `json:"tool"`
	Date       string `json:"date"`
}

type togetherReport struct {
	Curve     string   `json:"curve"`
	Epoch     string   `json:"epoch"`
	RootKey   string   `json:"root_public_key"`
	Subject   string   `json:"subject"`
	Threshold int      `json:"threshold"`
	Nodes     []string `json:"nodes"`
	Enough    bool     `json:"enough"`      // these holders had the root private key between them when they signed
	Fresh     bool     `json:"recoverable"` // and they answered what was asked
	Reason    string   `json:"reason"`      // why not all of them can be true; empty if nothing shows that
}

func describeAttestation(path string, s *audit.Statement, err error) attestationReport {
	r := attestationReport{Path: path, OK: err == nil}
	if err != nil {
		r.Reason = err.Error()
	}
	if s != nil {
		r.NodeID, r.GroupID, r.Curve, r.Epoch, r.ShareID = s.NodeID, s.GroupID, s.Curve.String(), s.Epoch, s.ShareID.Text
		r.PublicKey, r.RootKey = hex.EncodeToString(s.PublicKey.Bytes()), hex.EncodeToString(s.RootKey.Bytes())
		r.Challenge, r.Report, r.FileSHA256, r.Tool, r.Date = s.Challenge, s.Report, s.FileSHA256, s.Tool, s.Date
	}
	return r
}

func (r *checkReport) first() string {
	for _, a := range r.Attestations {
		if !a.OK {
			return fmt.Sprintf("%q: %s", a.Path, a.Reason)
		}
	}
	for _, t := range r.Together {
		if t.Reason != "" {
			return t.Reason
		}
	}
	return ""
}

func (r *checkReport) print(w io.Writer, asked bool) error {
	var b strings.Builder
	for _, a := range r.Attestations {
		if !a.OK {
			fmt.Fprintf(&b, "BAD: %q: %s\n", a.Path, cli.Clean(a.Reason))
			continue
		}
		fmt.Fprintf(&b, "good: %q: node %q held share ID %s of group %q on %s, epoch %s\n", a.Path, a.NodeID, a.ShareID, a.GroupID, a.Curve, a.Epoch)
		fmt.Fprintf(&b, "  on %s, by the signer's own date; file with SHA-256 %s\n", a.Date, a.FileSHA256)
	}
	for _, t := range r.Together {
		fmt.Fprintf(&b, "epoch %s on %s: %d holders answered, %d are needed\n  root public key %s\n  %s\n", t.Epoch, t.Curve, len(t.Nodes), t.Threshold, t.RootKey, cli.Clean(t.Subject))
		switch {
		case t.Fresh:
			fmt.Fprintf(&b, "  recoverable: %s have the root private key between them\n", phrase.And(phrase.Quoted(t.Nodes)))
		case t.Enough:
			fmt.Fprintf(&b, "  NOT SHOWN to be recoverable today: %s had the root private key between them when they signed\n", phrase.And(phrase.Quoted(t.Nodes)))
		case t.Reason != "":
			fmt.Fprintf(&b, "  NOT SHOWN to be recoverable, and %s\n", cli.Clean(t.Reason))
		default:
			b.WriteString("  NOT SHOWN to be recoverable\n")
		}
	}
	if !asked {
		b.WriteString("No --challenge or --report was given: an old answer looks as good as a fresh one. Compare what was asked.\n")
	}
	b.WriteString(fewProve + "\n")
	_, err := io.WriteString(w, b.String())
	return err
}
