package backup

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"lifeboat/audit"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

var checkVerb = cli.Verb{
	Name:    "check",
	Summary: "check attestations or verifiable shares, and say what they prove",
	Usage: `Usage: mpc-backup check A.json… --challenge TEXT [--record F | --xpub KEY]
       mpc-backup check A.json… --record F
       mpc-backup check A.json… --report F
       mpc-backup check PROOF… [ANSWER…] --record F [--expect C.age.expect.json]…

Checks the signatures of attestations, that they answer what was asked, and that
they are for the recorded root keys. It needs no secret and no share.

With --challenge it says which vaults are recoverable: those for which enough holders
answered. With --record alone it says whether the record is sworn: whether every holder
of every group has signed it. With --report it says whether enough holders have signed
the report.

Verifiable shares (seal --verifiable) are checked without opening them: that whoever
has the identity of the recipient can open the share. Root keys, rosters and recipients
are compared with the record, and a recipient that it does not list is an error. Enough
of them are "sealed, verified"; with an answer for each (challenge, attest) they are
"recoverable".

Exit status 0 means that this was shown for every recorded root key; 3 that an
attestation is not good or is for another root key, or that there are too few.

  --challenge TEXT        the challenge that they must answer
  --report F              the file whose SHA-256 they must sign
  --record F              the record of the vault
  --record-code CODE      its code, from the paper; without it, it is asked for
  --xpub KEY              a root public key from your own records: extended, or in hex where the vault has
                          no chain code; or a file of them (repeatable)
  --group-file F          a share file, as a public description of its group (repeatable)
  --expect F              what the answer of an identity must be, as mpc-backup challenge wrote it
                          (repeatable)
  --partial               too few attestations are not an error: to check one holder's at a time
  --json                  print the result as JSON

Example: two of three holders have answered
  mpc-backup check client.attest.json custodian.attest.json --challenge "audit 2026-Q4, 83b1c9" --xpub xpub6…
`,
	Prepare: prepareCheck,
}

type checkFlags struct {
	question
	record        recorded.Flags
	groups, xpubs []string
	expect        []string
	partial, json bool
	date          time.Time
}

func prepareCheck(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f checkFlags
	f.define(set)
	f.record.Define(set)
	set.StringArrayVar(&f.groups, "group-file", nil, "")
	set.StringArrayVar(&f.xpubs, "xpub", nil, "")
	set.StringArrayVar(&f.expect, "expect", nil, "")
	set.BoolVar(&f.partial, "partial", false, "")
	set.BoolVar(&f.json, "json", false, "")
	set.Reads("group-file", "xpub", "expect")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() == 0 {
		return nil, set.Misuse("nothing to check: give the files that mpc-backup attest or seal --verifiable wrote")
	}
	if err := cmp.Or(f.question.check(set), f.record.Check(set)); err != nil {
		return nil, err
	}
	f.date = set.Date()
	return &cli.Plan{Reads: set.Args(), Run: func(e *cli.Env, _ *cli.Conditions) error { return f.judge(e, set.Args()) }}, nil
}

func (f *checkFlags) judge(e *cli.Env, paths []string) error {
	roots, err := recorded.Xpubs(f.xpubs)
	if err != nil {
		return err
	}
	vault, err := f.record.Read(e)
	if err != nil {
		return err
	}
	if err := datedSince(vault, f.date); err != nil {
		return err
	}
	known, err := recordedRoots(vault, roots)
	if err != nil {
		return err
	}
	proofs, err := readProofFiles(paths)
	if err != nil {
		return err
	}
	if proofs != nil {
		return f.judgeProofs(e, proofs, vault, known)
	}
	wanted, err := f.subject(vault)
	if err != nil {
		return err
	}
	groups, err := readGroups(f.groups)
	if err != nil {
		return err
	}
	answers, err := readAnswers(paths)
	if err != nil {
		return err
	}
	for i := range answers {
		if a := &answers[i]; a.err == nil {
			a.err = f.hold(a.statement, wanted, groups, known)
		}
	}
	r := judgeAnswers(answers, wanted, known)
	if wanted.Record != "" {
		r.Oath = &oathReport{Missing: unsworn(vault, answers)}
		r.Oath.Sworn = r.Good && len(r.Oath.Missing) == 0
	}
	return f.tell(e, r)
}

// datedSince refuses a date before that of the record: what was made since would be
// taken for what is not made yet.
func datedSince(vault *record.Record, date time.Time) error {
	if vault == nil || !audit.Future(vault.Date, date) {
		return nil
	}
	return cli.Fail(cli.Failed, fmt.Errorf("the date is %s, and the record was made on %s, after it", date.Format(time.DateOnly), vault.Date), "give today's with --date, or set the clock")
}

// hold compares a statement with what was asked and what is known.
func (f *checkFlags) hold(s *audit.Statement, wanted audit.Statement, groups []*audit.Roster, known *known) error {
	if err := s.Answers(wanted, groups); err != nil {
		return err
	}
	if _, foreign := known.root(s.RootKey); foreign {
		return fmt.Errorf("%w: node %q attests to a root key that is not a recorded one", audit.ErrContradicts, s.NodeID)
	}
	if audit.Future(s.Date, f.date) {
		return fmt.Errorf("%w: node %q dated it %s, which is after today, %s", audit.ErrContradicts, s.NodeID, s.Date, f.date.Format(time.DateOnly))
	}
	return nil
}

// answer is an attestation and what is wrong with it.
type answer struct {
	path      string
	statement *audit.Statement // nil if it cannot be read, or its signature is not good
	err       error
}

// readAnswers checks the signatures of attestations, one by one.
func readAnswers(paths []string) ([]answer, error) {
	var answers []answer
	for _, path := range paths {
		list, err := holder.ReadAttestations(path)
		if err != nil {
			return nil, cli.Fail(cli.Failed, err)
		}
		for _, a := range list {
			s, err := a.Verify()
			answers = append(answers, answer{path, s, err})
		}
	}
	return answers, nil
}

// judgeAnswers says what the attestations that are good by themselves prove together,
// and which of them do not belong to the others.
func judgeAnswers(answers []answer, wanted audit.Statement, known *known) *checkReport {
	var good []*audit.Statement
	for _, a := range answers {
		if a.err == nil {
			good = append(good, a.statement)
		}
	}
	all, against := audit.CollectStatements(good)
	r := &checkReport{outcome: outcome{Good: true, Note: fewProve}, asked: wanted, Attestations: []attestationReport{}, Together: []togetherReport{}}
	for i := range answers {
		a := &answers[i]
		if a.err == nil {
			a.err = against[a.statement]
		}
		r.Good = r.Good && a.err == nil
		r.Attestations = append(r.Attestations, describeAttestation(a.path, a.statement, a.err))
	}
	for _, t := range all {
		report := togetherReport{
			Curve: t.Curve.String(), Epoch: t.Epoch(), Roster: t.Roster, RootKey: hex.EncodeToString(t.RootKey.Bytes()), Subject: t.Subject,
			Threshold: t.Threshold, Nodes: t.Nodes, Enough: t.Enough, Recoverable: t.Enough && wanted.Challenge != "",
		}
		if k, _ := known.root(t.RootKey); k != nil {
			report.Recorded, report.Root, k.answered = true, k.text, k.answered || t.Enough
		}
		if t.Doubt != nil {
			r.Good, report.Reason = false, t.Doubt.Error()
		}
		r.Together = append(r.Together, report)
	}
	r.Silent = known.silent()
	return r
}

// known are the root keys that people have recorded.
type known struct {
	roots  []*knownRoot
	curves []curve.Curve // on which all of the vault's are among them
}

type knownRoot struct {
	point    *curve.Point
	text     string // in the form that was recorded
	answered bool   // by enough holders
}

// recordedRoots are those of the record, if there is one, and of --xpub, which must be
// among them.
func recordedRoots(vault *record.Record, xpubs verdict.Roots) (*known, error) {
	k := &known{}
	if vault != nil {
		k.curves = curve.All()
		for _, g := range vault.Groups {
			k.add(g.Root())
		}
	}
	for _, x := range xpubs {
		before, foreign := k.root(x.Point())
		if foreign || before != nil && vault != nil && !slices.ContainsFunc(vault.Roots(), x.Agrees) {
			return nil, cli.Fail(cli.Mismatch, errors.New("--xpub and --record contradict each other: the record does not have that root key"))
		}
		k.add(x)
	}
	for _, x := range xpubs {
		k.curves = append(k.curves, x.Curve())
	}
	return k, nil
}

func (k *known) add(root *derive.Key) {
	if found, _ := k.root(root.Point()); found == nil {
		k.roots = append(k.roots, &knownRoot{point: root.Point(), text: root.String()})
	}
}

// silent lists those for which too few have answered.
func (k *known) silent() []string {
	list := []string{}
	for _, r := range k.roots {
		if !r.answered {
			list = append(list, r.text)
		}
	}
	return list
}

// root returns what was recorded of a root key, and whether it is foreign: others were
// recorded and it was not.
func (k *known) root(p *curve.Point) (found *knownRoot, foreign bool) {
	for _, r := range k.roots {
		if r.point.Curve() == p.Curve() && r.point.Equal(p) {
			return r, false
		}
	}
	return nil, slices.Contains(k.curves, p.Curve())
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
