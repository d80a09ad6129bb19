package backup

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"lifeboat/audit"
	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/record"
	"lifeboat/share/verifiable"
)

// proofsReport is what check found out about sealed shares.
type proofsReport struct {
	outcome
	Proofs   []proofReport     `json:"proofs"`
	Answers  []answerReport    `json:"answers"`
	Together []provedSetReport `json:"together"`
	Silent   []string          `json:"not_shown"` // recorded root keys of which too little is shown
	Record   bool              `json:"record"`    // rosters and recipients were compared with a record
	asked    []*backup.Expected
}

type proofReport struct {
	Path      string `json:"path"`
	OK        bool   `json:"ok"`
	Reason    string `json:"reason"`
	NodeID    string `json:"node_id"`
	GroupID   string `json:"group_id"`
	Curve     string `json:"curve"`
	Epoch     string `json:"epoch"`
	ShareID   string `json:"share_id"`
	Recipient string `json:"recipient"`
	Label     string `json:"recipient_label,omitempty"` // in the record
	Piece     string `json:"piece,omitempty"`           // "1 of 3, 2 needed"
	Date      string `json:"date"`
	Challenge string `json:"challenge,omitempty"`
}

type answerReport struct {
	Path       string `json:"path"`
	OK         bool   `json:"ok"`
	Reason     string `json:"reason"`
	Recipient  string `json:"recipient"`
	Challenged string `json:"challenged,omitempty"` // when
}

type provedSetReport struct {
	Curve     string   `json:"curve"`
	Epoch     string   `json:"epoch"`
	Roster    string   `json:"roster_sha256"`
	RootKey   string   `json:"root_public_key"`
	Recorded  bool     `json:"recorded"`
	Threshold int      `json:"threshold"`
	Sealed    []string `json:"sealed_verified"`
	Live      []string `json:"live"`
	Status    string   `json:"status"`
}

const proofsProve = "A proof shows that whoever has the identity of its recipient can open the share: not who that is, nor that the identities are in different hands, nor that the files will be there tomorrow."

// proofFiles are the files of sealed shares and of answers among those that were given.
type proofFiles struct {
	paths   []string
	proofs  [][]*verifiable.Proof
	answers []*backup.Answer // nil where a file holds proofs
}

// readProofFiles reads the files, or returns nil if none is of that kind.
func readProofFiles(paths []string) (*proofFiles, error) {
	all, other := &proofFiles{}, ""
	for _, path := range paths {
		data, err := strict.ReadFile(path, share.MaxFileSize)
		if err != nil {
			return nil, cli.Fail(cli.Failed, err)
		}
		var proofs []*verifiable.Proof
		var answer *backup.Answer
		switch {
		case verifiable.Is(data):
			proofs, err = verifiable.ParseFile(data)
		case backup.IsAnswer(data):
			answer, err = backup.ParseAnswer(data)
		default:
			other = path
			continue
		}
		if err != nil {
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("%q: %w", path, err))
		}
		all.paths, all.proofs, all.answers = append(all.paths, path), append(all.proofs, proofs), append(all.answers, answer)
	}
	switch {
	case len(all.paths) == 0:
		return nil, nil
	case other != "":
		return nil, cli.Fail(cli.Usage, fmt.Errorf("%q is neither a verifiable share nor the answer of an identity, as the others are", other), "check attestations in a run of their own; mpc-backup audit takes both")
	}
	return all, nil
}

// judgeProofs says what sealed shares and answers of identities show together.
func (f *checkFlags) judgeProofs(e *cli.Env, files *proofFiles, vault *record.Record, known *known) error {
	if f.report != "" {
		return cli.Fail(cli.Usage, errors.New("--report is what attestations sign: a verifiable share answers --challenge"))
	}
	expected, err := readExpected(f.expect)
	if err != nil {
		return err
	}
	r := &proofsReport{outcome: outcome{Good: true, Note: proofsProve}, Proofs: []proofReport{}, Answers: []answerReport{}, Together: []provedSetReport{}, Record: vault != nil, asked: expected}
	var proved audit.Proofs
	live := map[string]bool{}
	for i, path := range files.paths {
		if a := files.answers[i]; a != nil {
			report := f.describeAnswer(path, a, expected)
			if report.OK {
				live[a.Recipient] = true
			}
			r.Good = r.Good && report.OK
			r.Answers = append(r.Answers, report)
		}
		for _, p := range files.proofs[i] {
			err := f.holdProof(p, vault, known)
			if err == nil {
				err = proved.Add(path, p)
			}
			r.Good = r.Good && err == nil
			r.Proofs = append(r.Proofs, describeProof(path, p, vault, err))
		}
	}
	r.judge(proved.Sets(), live, known)
	for _, t := range proved.Sets() {
		for _, recipient := range t.Shared() {
			e.Warn("the shares of several holders are sealed to %q: whoever has its identity has all of them", recipient)
		}
	}
	return f.tell(e, r)
}

// holdProof compares a proof with what was asked and what is known.
func (f *checkFlags) holdProof(p *verifiable.Proof, vault *record.Record, known *known) error {
	if _, foreign := known.root(p.Group.RootKey); foreign {
		return errors.New("it is of a root key that is not a recorded one")
	}
	if vault != nil {
		if err := audit.HoldProof(vault, p); err != nil {
			return err
		}
	}
	if f.challenge != "" && p.Challenge != f.challenge {
		return fmt.Errorf("it answers the challenge %q, and not %q", p.Challenge, f.challenge)
	}
	if audit.Future(p.Date, f.date) {
		return fmt.Errorf("it is dated %s, which is after today, %s", p.Date, f.date.Format(time.DateOnly))
	}
	return nil
}

func describeProof(path string, p *verifiable.Proof, vault *record.Record, err error) proofReport {
	r := proofReport{
		Path: path, OK: err == nil, NodeID: p.Group.Participant(p.ShareID).NodeID, GroupID: p.Group.ID, Curve: p.Curve().String(), Epoch: p.Group.Epoch(),
		ShareID: p.ShareID.Text, Recipient: verifiable.FormatRecipient(p.Recipient), Date: p.Date, Challenge: p.Challenge,
	}
	if err != nil {
		r.Reason = err.Error()
	}
	if vault != nil {
		for _, known := range vault.Recipients {
			if known.Text == r.Recipient {
				r.Label = known.Label
			}
		}
	}
	if p.Piece != nil {
		r.Piece = fmt.Sprintf("%d of %d, %d needed", p.Piece.Index, len(p.Piece.Recipients), len(p.Piece.Commitments))
	}
	return r
}

func (f *checkFlags) describeAnswer(path string, a *backup.Answer, expected []*backup.Expected) answerReport {
	r := answerReport{Path: path, Recipient: a.Recipient}
	e := audit.Fitting(a, expected)
	switch {
	case e == nil:
		r.Reason = "not the answer that a challenge of yours expects (--expect)"
	case audit.Future(e.Date, f.date):
		r.Reason = fmt.Sprintf("the challenge is dated %s, which is after today, %s", e.Date, f.date.Format(time.DateOnly))
	default:
		r.OK, r.Challenged = true, e.Date
	}
	return r
}

// The statuses of a set, which are those of an audit.
func (r *proofsReport) judge(sets []*audit.ProvedSet, live map[string]bool, known *known) {
	for _, t := range sets {
		s := provedSetReport{Curve: t.Group.Curve.String(), Epoch: t.Group.Epoch(), Roster: fmt.Sprintf("%x", t.Group.RosterSHA256()),
			RootKey: fmt.Sprintf("%x", t.Group.RootKey.Bytes()), Threshold: t.Group.Threshold, Status: string(audit.TooFew)}
		s.Sealed, s.Live = t.Count(live)
		enough := len(s.Sealed) >= s.Threshold
		switch {
		case len(s.Live) >= s.Threshold:
			s.Status = string(audit.Recoverable)
		case enough:
			s.Status = string(audit.SealedVerified)
		}
		if k, _ := known.root(t.Group.RootKey); k != nil {
			s.Recorded, k.answered = true, k.answered || enough
		}
		r.Together = append(r.Together, s)
	}
	r.Silent = known.silent()
}

// shown reports whether every set, and every recorded root key, has enough; and if
// identities were challenged, whether enough of them answered.
func (r *proofsReport) shown() bool {
	if len(r.Silent) > 0 || len(r.Together) == 0 {
		return false
	}
	for _, t := range r.Together {
		if t.Status == string(audit.TooFew) || len(r.asked) > 0 && t.Status != string(audit.Recoverable) {
			return false
		}
	}
	return true
}

func (r *proofsReport) reason() string {
	for _, p := range r.Proofs {
		if !p.OK {
			return fmt.Sprintf("not every proof is good: %q: %s", p.Path, p.Reason)
		}
	}
	for _, a := range r.Answers {
		if !a.OK {
			return fmt.Sprintf("not every answer is good: %q: %s", a.Path, a.Reason)
		}
	}
	if len(r.asked) > 0 {
		return "too few shares are sealed, verified, or too few of their identities have answered"
	}
	return "too few shares are sealed, verified"
}

func (r *proofsReport) text() string {
	var b strings.Builder
	for _, p := range r.Proofs {
		if !p.OK {
			fmt.Fprintf(&b, "BAD: %q: the share of node %q on %s: %s\n", p.Path, p.NodeID, p.Curve, cli.Clean(p.Reason))
			continue
		}
		what := "the share"
		if p.Piece != "" {
			what = "piece " + p.Piece + ", of the share"
		}
		fmt.Fprintf(&b, "verified: %q: %s of node %q, share ID %s of group %q on %s, epoch %s\n", p.Path, what, p.NodeID, p.ShareID, p.GroupID, p.Curve, p.Epoch)
		fmt.Fprintf(&b, "  sealed to %s", p.Recipient)
		switch {
		case p.Label != "":
			fmt.Fprintf(&b, ", which the record calls %q", p.Label)
		case !r.Record:
			b.WriteString(", which nothing here says who is: give --record")
		}
		fmt.Fprintf(&b, "\n  on %s, by its own date\n", p.Date)
	}
	for _, a := range r.Answers {
		if a.OK {
			fmt.Fprintf(&b, "answered: %q: the identity of %s existed on %s, or later\n", a.Path, cli.Clean(a.Recipient), a.Challenged)
		} else {
			fmt.Fprintf(&b, "BAD: %q: %s\n", a.Path, a.Reason)
		}
	}
	for _, t := range r.Together {
		fmt.Fprintf(&b, "epoch %s on %s: %s sealed, verified, of %d needed; identities answered that open %d\n", t.Epoch, t.Curve, phrase.Count(len(t.Sealed), "share"), t.Threshold, len(t.Live))
		if !t.Recorded {
			fmt.Fprintf(&b, "  root public key %s, which nothing here says is yours: give --record or --xpub\n", t.RootKey)
		}
		switch t.Status {
		case string(audit.Recoverable):
			fmt.Fprintf(&b, "  recoverable: the identities that open the shares of %s have answered\n", phrase.And(phrase.Quoted(t.Live)))
		case string(audit.SealedVerified):
			fmt.Fprintf(&b, "  sealed, verified: the shares of %s; that the identities still exist is not shown: challenge them\n", phrase.And(phrase.Quoted(t.Sealed)))
		default:
			b.WriteString("  NOT SHOWN to be recoverable\n")
		}
	}
	for _, root := range r.Silent {
		fmt.Fprintf(&b, "too few shares are sealed, verified, for the recorded root key\n  %s\n", root)
	}
	return b.String()
}
