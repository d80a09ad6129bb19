package holder

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/backup"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

// statusOf returns the status that an error in opening a share, or the bundle around
// it, gives the share.
func statusOf(err error) verdict.Status {
	var need *open.SecretError
	switch {
	case errors.As(err, &need):
		return verdict.Unopened
	case errors.Is(err, open.ErrUnproven):
		return verdict.Unproven
	case errors.Is(err, open.ErrPassword), errors.Is(err, open.ErrWork), errors.Is(err, open.ErrIdentity), errors.Is(err, backup.ErrNoIdentity):
		return verdict.Unopened
	case errors.Is(err, open.ErrNotThisShare), errors.Is(err, open.ErrOtherShare):
		return verdict.Inconsistent
	}
	return verdict.StatusOf(err)
}

// Files are the inputs as the judgement sees them.
func (s *Session) Files() []*verdict.File {
	var files []*verdict.File
	for _, in := range s.Inputs {
		files = append(files, &in.File)
	}
	return files
}

// Asked is what the flags say of the vault that is meant. group, if not empty, narrows
// it to the groups with that ID.
func (s *Session) Asked(group string) verdict.Asked {
	return verdict.Asked{Roots: s.Roots, Record: s.Record != nil, NoRecord: s.flags.NoRecord, Group: group}
}

// Judge judges what Unlock opened, along with root keys of earlier recoveries. Even with
// an error it returns a judgement, for reports.
func (s *Session) Judge(group string, beside ...verdict.Known) (*verdict.Judgement, error) {
	asked := s.Asked(group)
	asked.Beside = beside
	j, err := verdict.Judge(s.Files(), asked)
	for _, w := range j.Warnings {
		s.env.Warn("%s", w)
	}
	var groups []*share.Group
	for _, set := range j.Wanted() {
		groups = append(groups, set.Group)
	}
	s.WarnUncompared(share.Roots(groups))
	return j, s.Fail(err)
}

// CheckRoots compares the recorded root keys with every share, for verbs that use
// every file they are given.
func (s *Session) CheckRoots() error {
	var groups []*share.Group
	for _, in := range s.Inputs {
		for _, sh := range in.Shares {
			if g := sh.Sealed.Group; g != nil {
				groups = append(groups, g)
			}
		}
	}
	s.WarnUncompared(share.Roots(groups))
	return s.Fail(s.Asked("").Check(s.Files()))
}

// WarnUncompared names the root keys of which only the public key was recorded, and
// the chain code was not.
func (s *Session) WarnUncompared(roots []*derive.Key) {
	for _, k := range s.Roots.Uncompared(roots) {
		s.env.Warn("the recorded root key on %v is a bare public key, and it matches; the chain code in the files was not compared with anything", k.Curve())
	}
}

// HasShares reports whether any input holds a share, opened or not.
func (s *Session) HasShares() bool {
	return slices.ContainsFunc(s.Inputs, func(in *Input) bool { return len(in.Shares) > 0 })
}

// Held returns opened shares, which Unlock must have kept.
func (s *Session) Held(shares []*verdict.Share) []*open.Share {
	held := make([]*open.Share, len(shares))
	for i, sh := range shares {
		held[i] = s.held[slices.IndexFunc(s.held, func(o *open.Share) bool { return o.Sealed() == sh.Sealed })]
	}
	return held
}

// Opened returns the shares on some curves that were opened.
func (s *Session) Opened(curves ...curve.Curve) []*verdict.Share {
	var list []*verdict.Share
	for _, in := range s.Inputs {
		for _, sh := range in.Shares {
			if sh.Public != nil && slices.Contains(curves, sh.Sealed.Curve) {
				list = append(list, sh)
			}
		}
	}
	return list
}

// Hints about whose vault it is.
const (
	nameVault = "a vault can be made up, and its group can have any ID: say with --xpub KEY or --record F, from your own records, which root key is meant, or leave out the files that belong to another vault"
	unvouched = "compare it with --xpub KEY or --record F, from your own records; only if there are none, --no-record says that whoever made that file is trusted"
)

const findVault = "check --xpub or --record, and which vault the files belong to; mpc-backup inspect shows the root key of each group"

// judged has the exit status of errors of the judgement, and what to do. An error
// without a row is a mismatch.
var judged = []struct {
	err  error
	code int
	hint string
}{
	{verdict.ErrNoGroup, cli.Mismatch, "mpc-backup inspect lists the groups of each file"},
	{verdict.ErrRootAbsent, cli.Mismatch, findVault},
	{verdict.ErrOtherRoot, cli.Mismatch, findVault},
	{verdict.ErrChainCode, cli.Usage, "give the root extended public key with --xpub, if the vault has one; if not, reshare --to tss-lib writes new shares for it"},
	{verdict.ErrUnvouched, cli.Mismatch, unvouched},
	{verdict.ErrUncovered, cli.Mismatch, "give files that have them, or name the group to work on with --group"},
	{verdict.ErrEpochs, cli.Usage, "give the files of one epoch only, or choose with --group"},
	{verdict.ErrNotLost, cli.Usage, ""},
	{verdict.ErrUnplaced, cli.Failed, "take another copy of the file; or name the group that is meant with --group"},
	{share.ErrUnprovable, cli.Failed, "mpc-recover key --check-only combines them, writes nothing, and tells"},
}

// closed says why the first file could not be opened, if no share was found in any.
func (s *Session) closed() error {
	if s.HasShares() {
		return nil
	}
	for _, in := range s.Inputs {
		switch {
		case errors.Is(in.Err, backup.ErrNoIdentity):
			return cli.Fail(cli.Failed, in.Err, "give -i IDENTITY, the file of an identity that the bundle is sealed to")
		case errors.Is(in.Err, verdict.ErrOtherRoot):
			return cli.Fail(cli.Mismatch, in.Err, findVault)
		case in.Err != nil:
			return cli.Fail(cli.Failed, in.Err)
		}
	}
	return nil
}

// Fail gives an error of the judgement its exit status and hints. It is 1 where
// files that cannot be read or opened are the only reason.
func (s *Session) Fail(err error) error {
	if closed := s.closed(); closed != nil && errors.Is(err, verdict.ErrRootAbsent) {
		// What is in the files is not known, so it is no wrong root key either.
		return closed
	}
	var few *verdict.TooFewError
	var nothing *verdict.NothingError
	var bad *verdict.BadFilesError
	var node *verdict.NodeError
	var vaults *verdict.VaultsError
	code, hints := cli.Mismatch, []string(nil)
	switch {
	case errors.As(err, &few):
		code = mismatchIf(few.Certain())
		for _, a := range few.Apart {
			hints = append(hints, fmt.Sprintf("%q does not go with %q: it belongs to %s", a.Path, a.Other, a.Relation))
		}
		hints = append(hints, s.hints()...)
	case errors.As(err, &nothing):
		code, hints = mismatchIf(nothing.Contradicting), s.hints()
		for _, in := range s.Inputs {
			if in.Bundle != nil && in.Err == nil && len(in.Shares) == 0 {
				hints = append(hints, fmt.Sprintf("%q opens, but holds no share", in.Path))
			}
		}
	case errors.As(err, &bad):
		code, hints = mismatchIf(bad.Contradicting()), s.hints()
	case errors.As(err, &vaults):
		hints = []string{nameVault}
	case errors.As(err, &node):
		hints = []string{"its nodes are " + phrase.And(phrase.Quoted(node.Group.NodeIDs()))}
	default:
		for _, row := range judged {
			if errors.Is(err, row.err) {
				code, hints = row.code, []string{row.hint}
			}
		}
	}
	return cli.Fail(code, err, hints...)
}

// mismatchIf is the exit status of what does not belong together if that was shown,
// otherwise of what could not be done.
func mismatchIf(shown bool) int {
	if shown {
		return cli.Mismatch
	}
	return cli.Failed
}

// hints says what to do about inputs that cannot be used.
func (s *Session) hints() []string {
	var hints []string
	add := func(hint string) {
		if hint != "" && !slices.Contains(hints, hint) {
			hints = append(hints, hint)
		}
	}
	for _, in := range s.Inputs {
		add(in.Hint())
		add(secretHint(in.Path, in.Err))
		for _, sh := range in.Shares {
			add(secretHint(in.Path, sh.Err))
			if g := sh.Sealed.Group; g != nil && len(g.Absent) > 0 {
				add(fmt.Sprintf("%q is not complete: take another copy of it, or have its vendor's program make the backup again", in.Path))
			}
			if errors.Is(sh.Err, open.ErrIdentity) {
				add("give the identity that opens it with -i, and for a quorum the other pieces and their identities")
			}
			if errors.Is(sh.Err, open.ErrWork) {
				add("--max-iterations allows more, if you know that the file is honest")
			}
		}
	}
	return hints
}

// AllOpened returns why the input was not opened, or not all shares in it, with
// the exit status of the first that was not.
func (in *Input) AllOpened() error {
	if in.Err != nil {
		return cli.Fail(cli.Failed, in.Err, in.Hint())
	}
	for _, sh := range in.Shares {
		if err := NotGood(sh); err != nil {
			return err
		}
	}
	if len(in.Shares) == 0 {
		return cli.Fail(cli.Failed, fmt.Errorf("%q holds no share", in.Path))
	}
	return nil
}

// NotGood returns why a share is not good, with its exit status, or nil.
func NotGood(sh *verdict.Share) *cli.Error {
	if sh.Status == verdict.Good {
		return nil
	}
	return &cli.Error{
		Code: mismatchIf(sh.Status == verdict.Inconsistent),
		Err:  fmt.Errorf("%q, node %q, %v: %s: %s", sh.File.Path, sh.Sealed.NodeID, sh.Sealed.Curve, sh.Status, sh.Reason()),
	}
}
