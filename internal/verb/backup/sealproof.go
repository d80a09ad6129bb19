package backup

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/holder"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
	"lifeboat/share/verifiable"
)

// proofFlags say how shares are sealed so that anybody can check it.
type proofFlags struct {
	verifiable       bool
	quorum           string
	threshold, count int // of --quorum
	challenge        string
}

const proofHelp = `  --verifiable            also write B.age.proof.json: the shares once more, encrypted so that
                          anybody can check it without opening them (mpc-backup check); to
                          one X25519 recipient
  --quorum K/N            with --verifiable: cut the shares into N pieces, one for each -r, of
                          which any K are needed; no bundle is written
  --challenge TEXT        with --verifiable: what an auditor asked to be repeated in the proof
`

func (f *proofFlags) define(set *cli.Flags) {
	set.BoolVar(&f.verifiable, "verifiable", false, "")
	set.StringVar(&f.quorum, "quorum", "", "")
	set.StringVar(&f.challenge, "challenge", "", "")
}

func (f *proofFlags) check(set *cli.Flags, to *sealFlags) (err error) {
	switch {
	case !f.verifiable && (set.Changed("quorum") || set.Changed("challenge")):
		return set.Misuse("--quorum and --challenge go with --verifiable")
	case f.verifiable && to.newPassphrase():
		return set.Misuse("--verifiable seals to a recipient: nothing can be proved of a passphrase")
	}
	if err := verifiable.CheckChallenge(f.challenge); err != nil {
		return set.Misuse("--challenge: %w", err)
	}
	if f.threshold, f.count, err = parseQuorum(f.quorum, set.Changed("quorum")); err != nil {
		return set.Misuse("%w", err)
	}
	return nil
}

// paths are the files of proofs.
func (f *proofFlags) paths(bundle string) []string {
	switch {
	case !f.verifiable:
		return nil
	case f.count == 0:
		return []string{bundle + ".proof.json"}
	}
	var paths []string
	for i := range f.count {
		paths = append(paths, fmt.Sprintf("%s.proof-%d.json", bundle, i+1))
	}
	return paths
}

// keys are the keys of the recipients, of which there must be as many as there are
// files of proofs.
func (f *proofFlags) keys(set *cli.Flags, recipients []backup.Recipient) ([][verifiable.KeySize]byte, error) {
	var keys [][verifiable.KeySize]byte
	for _, r := range recipients {
		key, err := verifiable.ParseRecipient(r.Text)
		if err != nil {
			return nil, cli.Fail(cli.Usage, fmt.Errorf("recipient %.20q: %w", r.Text, err))
		}
		if slices.Contains(keys, key) {
			return nil, set.Misuse("recipient %.20q twice: each gets one piece", r.Text)
		}
		keys = append(keys, key)
	}
	switch {
	case f.count == 0 && len(keys) != 1:
		return nil, set.Misuse("%d recipients: --verifiable proves the share to one, or with --quorum K/N a piece to each of N", len(keys))
	case f.count > 0 && len(keys) != f.count:
		return nil, set.Misuse("--quorum %s with %s: give one -r for each piece", f.quorum, phrase.Count(len(keys), "recipient"))
	}
	return keys, nil
}

// prover makes the proofs of shares as they are opened.
type prover struct {
	flags *proofFlags
	keys  [][verifiable.KeySize]byte
	date  string
	files [][]*verifiable.Proof // for each recipient
	err   error
}

func (f *proofFlags) prover(keys [][verifiable.KeySize]byte, date time.Time) *prover {
	return &prover{flags: f, keys: keys, date: date.Format(time.DateOnly), files: make([][]*verifiable.Proof, len(keys))}
}

// use proves a share, which is wiped afterwards.
func (p *prover) use(sh *verdict.Share, o *open.Share) bool {
	if p.err == nil {
		if err := p.prove(sh, o); err != nil {
			p.err = fmt.Errorf("%q: %w", sh.Sealed.Path, err)
		}
	}
	return false
}

func (p *prover) prove(sh *verdict.Share, o *open.Share) error {
	s := &verifiable.Statement{
		Group: sh.Sealed.Group, ShareID: *sh.Sealed.ShareID, Public: o.Public(),
		Recipient: p.keys[0], Date: p.date, Challenge: p.flags.challenge,
	}
	if p.flags.count == 0 {
		proof, err := verifiable.Prove(o.Scalar(), s)
		if err != nil {
			return err
		}
		p.files[0] = append(p.files[0], proof)
		return nil
	}
	proofs, err := verifiable.ProveQuorum(o.Scalar(), s, p.flags.threshold, p.keys)
	for i, proof := range proofs {
		p.files[i] = append(p.files[i], proof)
	}
	return err
}

// add adds the files of proofs to what is written. They were read again and verified.
func (p *prover) add(out *cli.Outputs, paths []string) error {
	if p.err != nil {
		return p.err
	}
	for i, path := range paths {
		if len(p.files[i]) == 0 {
			return cli.Fail(cli.Failed, errors.New("--verifiable: the files hold no share to prove"))
		}
		text, err := verifiable.Format(p.files[i])
		if err != nil {
			return err
		}
		again, err := verifiable.ParseFile(text)
		if err != nil {
			return fmt.Errorf("internal error: %w", err)
		}
		for _, proof := range again {
			if err := proof.Verify(); err != nil {
				return fmt.Errorf("internal error: %w", err)
			}
		}
		out.Add(path, text)
	}
	return nil
}

// sealProved writes the proofs and, if they are of whole shares, the bundle.
func (f *sealingFlags) sealProved(e *cli.Env, set *cli.Flags, p *prover, recipients []backup.Recipient, files []backup.File) error {
	var out cli.Outputs
	if f.proof.count == 0 {
		t := &holder.Target{Path: f.output, Recipients: recipients}
		t.Seal(e, &out, files, holder.Meta(e, set))
	}
	if err := p.add(&out, f.proof.paths(f.output)); err != nil {
		return err
	}
	return out.Write(e)
}

// warnUnlisted warns of recipients that the record does not have.
func warnUnlisted(e *cli.Env, s *holder.Session, recipients []backup.Recipient) {
	if s.Record == nil {
		return
	}
	for _, r := range recipients {
		if !s.Record.HasRecipient(r.Text) {
			e.Warn("the record does not list recipient %q: nobody who checks the proof knows whose it is", r.Text)
		}
	}
}

// describe says what was proved.
func (p *prover) describe(paths []string) string {
	var b strings.Builder
	what := phrase.Count(len(p.files[0]), "share")
	if p.flags.count > 0 {
		fmt.Fprintf(&b, "cut: %s into %d pieces, of which any %d are needed\n", what, p.flags.count, p.flags.threshold)
	}
	fmt.Fprintf(&b, "proved: %s, in %s; anybody can check it with mpc-backup check\n", what, phrase.And(phrase.Quoted(paths)))
	return b.String()
}
