package backup

import (
	"errors"
	"fmt"
	"io"
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
	OK       bool              `json:"ok"`   // what was asked was shown or, with --partial, every proof is good
	Good     bool              `json:"good"` // every proof and every answer is good
	Proofs   []proofReport     `json:"proofs"`
	Answers  []answerReport    `json:"answers"`
	Together []provedSetReport `json:"together"`
	Silent   []string          `json:"not_shown"` // recorded root keys of which too little is shown
	Record   bool              `json:"record"`    // rosters and recipients were compared with a record
	Note     string            `json:"note"`
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
	Path      string `json:"path"`
	OK        bool   `json:"ok"`
	Recipient string `json:"recipient"`
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
	all, others := &proofFiles{}, 0
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
			others++
			continue
		}
		if err != nil {
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("%q: %w", path, err))
		}
		all.paths, all.proofs, all.answers = append(all.paths, path), append(all.proofs, proofs), append(all.answers, answer)
	}
	switch {
	case others == len(paths):
		return nil, nil
	case others > 0:
		return nil, cli.Fail(cli.Usage, errors.New("attestations of shares among verifiable ones"), "check them in two runs; mpc-backup audit takes both")
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
	r := &proofsReport{Good: true, Proofs: []proofReport{}, Answers: []answerReport{}, Together: []provedSetReport{}, Silent: []string{}, Record: vault != nil, Note: proofsProve, asked: expected}
	var proved audit.Proofs
	var fitting []*backup.Answer
	for i, path := range files.paths {
		if a := files.answers[i]; a != nil {
			ok := len(audit.Answered([]*backup.Answer{a}, expected)) > 0
			if ok {
				fitting = append(fitting, a)
			}
			r.Good = r.Good && ok
			r.Answers = append(r.Answers, answerReport{path, ok, a.Recipient})
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
	r.judge(proved.Sets(), audit.Answered(fitting, expected), known)
	r.OK = r.Good && (f.partial || r.shown())
	for _, t := range proved.Sets() {
		for _, recipient := range t.Shared() {
			e.Warn("the shares of several holders are sealed to %q: whoever has its identity has all of them", recipient)
		}
	}
	if f.json {
		err = e.WriteJSON(r)
	} else {
		_, err = io.WriteString(e.Stdout, r.text())
	}
	if err != nil || r.OK {
		return err
	}
	hint := ""
	if r.Good {
		hint = "--partial checks what is here, before the others have sealed or answered"
	}
	return cli.Fail(cli.Mismatch, errors.New(r.reason()), hint)
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
		return errors.New("it does not answer the challenge")
	}
	date, err := time.Parse(time.DateOnly, p.Date)
	if err != nil || date.After(f.date.AddDate(0, 0, 1)) {
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
	for _, k := range known.roots {
		if !k.answered {
			r.Silent = append(r.Silent, k.text)
		}
	}
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
			return fmt.Sprintf("not every answer is good: %q is not what a challenge of yours expects (--expect)", a.Path)
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
			fmt.Fprintf(&b, "answered: %q: the identity of %s exists\n", a.Path, cli.Clean(a.Recipient))
		} else {
			fmt.Fprintf(&b, "BAD: %q: not the answer that a challenge of yours expects\n", a.Path)
		}
	}
	for _, t := range r.Together {
		fmt.Fprintf(&b, "epoch %s on %s: %d shares are sealed, verified; %d are needed; identities answered that open %d\n", t.Epoch, t.Curve, len(t.Sealed), t.Threshold, len(t.Live))
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
	if !r.shown() && r.OK {
		b.WriteString("This is a partial check: what is here is good, and it does not show what was asked.\n")
	}
	b.WriteString(proofsProve + "\n")
	return b.String()
}
