package backup

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

var attestVerb = cli.Verb{
	Name:    "attest",
	Summary: "prove possession of a share without showing it",
	Usage: `Usage: mpc-backup attest FILE --challenge TEXT -o A.json
       mpc-backup attest -i ID --challenge C.age -o A.json

Opens the share in a file, checks it against its share public key, and signs a
statement with it: the answer to a challenge, which the auditor chooses anew each
time, or the hash of a report, or of the record of the vault. The signature reveals
nothing about the share. In a file with several groups, each share signs a statement
of its own.

Without FILE it answers the challenge in C.age (mpc-backup challenge), which shows that
the identity still exists. It opens nothing else: of a file that is no challenge,
nothing is shown.

To sign a record is to swear to it: read it first, and compare its code with the
paper. It is signed only if its rosters have the shares of the file.

  --challenge TEXT        what the auditor asked to be repeated; without FILE, the file of a challenge
  --report F              sign the SHA-256 of this file instead
  --record F              alone: sign the SHA-256 of this record instead; with one of the others
                          it says which vault is meant
  -o, --output A.json     the file to write
` + holder.FlagsHelp + `
Example:
  mpc-backup attest client.json --challenge "audit 2026-Q4, 83b1c9" -o client.attest.json
`,
	Prepare: prepareAttest,
}

// fewProve says what attestations do not show.
const fewProve = "Fewer attestations than the threshold, of one epoch and to one fresh challenge, prove nothing about a vault: a consistent roster can be made up around any root public key."

// question are the flags that say what attestations answer.
type question struct{ challenge, report string }

func (q *question) define(set *cli.Flags) {
	set.StringVar(&q.challenge, "challenge", "", "")
	set.StringVar(&q.report, "report", "", "")
	set.Reads("report")
}

func (q *question) check(set *cli.Flags) error {
	if q.challenge != "" && q.report != "" {
		return set.Misuse("--challenge and --report contradict each other")
	}
	if q.challenge != "" {
		if err := audit.CheckChallenge(q.challenge); err != nil {
			return set.Misuse("--challenge: %w", err)
		}
	}
	return nil
}

type attestFlags struct {
	holder.Flags
	question
	output string
}

func prepareAttest(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f attestFlags
	f.Define(set)
	f.define(set)
	set.StringVarP(&f.output, "output", "o", "", "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() == 0 && f.Opens() && f.challenge != "" && f.report == "" && !f.Recorded() && f.output != "" {
		return &cli.Plan{Reads: []string{f.challenge}, Outputs: []string{f.output}, Guard: true,
			Run: func(e *cli.Env, _ *cli.Conditions) error { return f.answer(e, set) }}, nil
	}
	switch {
	case set.NArg() != 1:
		return nil, set.Misuse("give one FILE: the share file or bundle of one holder")
	case f.challenge == "" && f.report == "" && !f.Record.Given():
		return nil, set.Misuse("give one of --challenge, --report and --record")
	case f.output == "":
		return nil, set.Misuse("-o is missing: name the file to write")
	}
	if err := f.check(set); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Outputs: []string{f.output}, Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.attest(e, set) }}, nil
}

func (f *attestFlags) attest(e *cli.Env, set *cli.Flags) error {
	f.Refuse = unattestable
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	subject, err := f.subject(session.Record)
	if err != nil {
		return err
	}
	subject.Tool, subject.Date = e.Program+" "+cli.Version, set.Date().Format("2006-01-02")
	var list []audit.Signed
	var failed error
	if err := session.Unlock(false, func(sh *verdict.Share, o *open.Share) bool {
		var a audit.Signed
		var err error
		if subject.Record != "" {
			err = inRecord(session.Record, sh)
		}
		if err == nil {
			a, err = sign(sh, o, subject)
		}
		if err != nil {
			failed = err
		}
		list = append(list, a)
		return false
	}); err != nil {
		return err
	}
	// Half an answer would be taken for a whole one.
	if err := session.Inputs[0].AllOpened(); err != nil {
		return err
	}
	if failed != nil {
		return failed
	}
	if err := session.CheckRoots(); err != nil {
		return err
	}
	data, err := audit.MarshalAttestations(list)
	if err != nil {
		return err
	}
	if err := e.WriteFile(f.output, data); err != nil {
		return err
	}
	return printAttested(e.Stdout, list, f.output)
}

// unattestable refuses a share whose possession cannot be shown to anybody.
func unattestable(s *share.Sealed) error {
	if s.PublicKey == nil && s.Group != nil && s.Err() == nil {
		return errors.New("its form has no share public key, so there is nothing to prove the share against")
	}
	return nil
}

// subject returns a statement that says only what it answers, which may be nothing.
func (q *question) subject(vault *record.Record) (audit.Statement, error) {
	switch {
	case q.challenge != "":
		return audit.Statement{Challenge: q.challenge}, nil
	case q.report == "" && vault != nil:
		return audit.Statement{Record: fmt.Sprintf("%x", vault.Hash())}, nil
	case q.report == "":
		return audit.Statement{}, nil
	}
	sum, err := strict.SHA256(q.report)
	if err != nil {
		return audit.Statement{}, fmt.Errorf("--report: %w", err)
	}
	return audit.Statement{Report: hex.EncodeToString(sum[:])}, nil
}

// sign makes the statement of one share, and checks it as an auditor would.
func sign(sh *verdict.Share, o *open.Share, statement audit.Statement) (audit.Signed, error) {
	s := sh.Sealed
	statement.Curve, statement.GroupID, statement.Threshold = s.Curve, s.Group.ID, s.Group.Threshold
	statement.NodeID, statement.ShareID, statement.PublicKey = s.NodeID, *s.ShareID, o.Public()
	statement.RootKey, statement.Roster, statement.FileSHA256 = s.Group.RootKey, fmt.Sprintf("%x", s.Group.RosterSHA256()), sh.File.SHA256
	text, err := statement.Text()
	if err != nil {
		return audit.Signed{}, fmt.Errorf("%q: %w", sh.File.Path, err)
	}
	a := audit.Signed{Statement: text, Signature: o.Sign([]byte(text))}
	if _, err := a.Verify(); err != nil {
		return audit.Signed{}, fmt.Errorf("internal error: %w", err)
	}
	return a, nil
}

func printAttested(w io.Writer, list []audit.Signed, output string) error {
	var b strings.Builder
	for _, a := range list {
		s, err := a.Verify()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "attested: node %q holds share ID %s of group %q on %v, epoch %s\n", s.NodeID, s.ShareID.Text, s.GroupID, s.Curve, s.Epoch())
	}
	fmt.Fprintf(&b, "written: %s; it holds no secret\n%s\n", cli.Clean(output), fewProve)
	_, err := io.WriteString(w, b.String())
	return err
}
