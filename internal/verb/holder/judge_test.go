package holder

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/backup"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

// Every error of the judgement has its exit status, and says what to do.
func TestFail(t *testing.T) {
	g := &share.Group{ID: "a", Curve: curve.Secp256k1, Threshold: 2, Participants: []share.Participant{{NodeID: "x"}, {NodeID: "y"}}}
	short := verdict.Shortage{Group: g, Have: 1, Of: []string{"x"}}
	perhaps := short
	perhaps.Unknown = 1
	slow := &Input{}
	slow.Add(&share.Sealed{})
	slow.Shares[0].Failed(verdict.Unopened, fmt.Errorf("%w: 20000000", open.ErrWork))
	broken := &Input{File: verdict.File{Err: ErrBroken}}
	empty := &Input{File: verdict.File{Path: "book.age"}, Bundle: new(backup.Bundle)}
	s := &Session{Inputs: []*Input{broken, slow, slow, empty}}
	own := "export the file again from the node or the phone; --max-iterations allows more, if you know that the file is honest"
	for _, tc := range []struct {
		err   error
		code  int
		hints string
	}{
		{&verdict.TooFewError{Short: []verdict.Shortage{perhaps}}, cli.Failed, own},
		{&verdict.TooFewError{Short: []verdict.Shortage{perhaps, short}}, cli.Mismatch, own},
		{&verdict.TooFewError{Short: []verdict.Shortage{short}, Apart: []verdict.Apart{{Path: "p", Other: "q", Relation: "another epoch"}}}, cli.Mismatch, `"p" does not go with "q": it belongs to another epoch; ` + own},
		{&verdict.NothingError{}, cli.Failed, own + `; "book.age" opens, but holds no share`},
		{&verdict.NothingError{Contradicting: true}, cli.Mismatch, own + `; "book.age" opens, but holds no share`},
		{&verdict.BadFilesError{Files: []verdict.BadFile{{Path: "p"}}}, cli.Failed, own},
		{&verdict.BadFilesError{Files: []verdict.BadFile{{Path: "p"}, {Path: "q", Contradicts: true}}}, cli.Mismatch, own},
		{&verdict.NodeError{Group: g, NodeID: "z"}, cli.Mismatch, `its nodes are "x" and "y"`},
		{fmt.Errorf("%w %q", verdict.ErrNoGroup, "a"), cli.Mismatch, "mpc-backup inspect lists the groups of each file"},
		{fmt.Errorf("the key %w", verdict.ErrRootAbsent), cli.Mismatch, findVault},
		{fmt.Errorf("the key %w", verdict.ErrOtherRoot), cli.Mismatch, findVault},
		{fmt.Errorf("group: %w", verdict.ErrChainCode), cli.Usage, "give the root extended public key with --xpub, if the vault has one; if not, reshare --to tss-lib writes new shares for it"},
		{fmt.Errorf("all from one, and %w", verdict.ErrUnvouched), cli.Mismatch, unvouched},
		{&verdict.VaultsError{Curve: curve.Ed25519, Vaults: []verdict.Vault{{Root: derive.NewBare(curve.Ed25519.Generator()), Paths: []string{"p"}}, {Root: derive.NewRoot(curve.Ed25519.Generator(), [32]byte{}), Paths: []string{"q"}}}}, cli.Mismatch, nameVault},
		{fmt.Errorf("%w: a and b", verdict.ErrEpochs), cli.Usage, "give the files of one epoch only, or choose with --group"},
		{fmt.Errorf("the share %w", verdict.ErrNotLost), cli.Usage, ""},
		{errors.New("anything else"), cli.Mismatch, ""},
	} {
		var got *cli.Error
		if err := s.Fail(tc.err); !errors.As(err, &got) || got.Code != tc.code || strings.Join(got.Hints, "; ") != tc.hints || !errors.Is(err, tc.err) {
			t.Errorf("%v: %+v", tc.err, got)
		}
	}
	if err := s.Fail(nil); err != nil {
		t.Error(err)
	}
}

func TestStatusOf(t *testing.T) {
	for err, want := range map[error]verdict.Status{
		open.ErrPassword: verdict.Unopened, open.ErrWork: verdict.Unopened, backup.ErrNoIdentity: verdict.Unopened,
		open.ErrNotThisShare: verdict.Inconsistent, share.ErrInconsistent: verdict.Inconsistent,
		share.ErrFormat: verdict.Unreadable, open.ErrContent: verdict.Unreadable, open.ErrDamaged: verdict.Unreadable,
	} {
		if got := statusOf(fmt.Errorf("file: %w", err)); got != want {
			t.Errorf("%v: %s", err, got)
		}
	}
}

// One bad share of a file is enough for the file not to be open.
func TestAllOpened(t *testing.T) {
	in := &Input{File: verdict.File{Path: "p"}}
	code := func() int {
		var got *cli.Error
		if err := in.AllOpened(); err == nil {
			return cli.OK
		} else if !errors.As(err, &got) || !strings.Contains(err.Error(), `"p"`) {
			t.Fatal(err)
		}
		return got.Code
	}
	codes := []int{code()}
	for _, err := range []error{nil, open.ErrPassword, open.ErrNotThisShare} {
		in.Shares = nil
		for _, e := range []error{nil, err} {
			in.Add(&share.Sealed{Curve: curve.Ed25519, NodeID: "x"})
			if sh := in.Shares[len(in.Shares)-1]; e == nil {
				sh.Opened(curve.Ed25519.Generator())
			} else {
				sh.Failed(statusOf(e), e)
			}
		}
		codes = append(codes, code())
	}
	in.Err = fmt.Errorf("%q: %w", "p", ErrBroken)
	if codes = append(codes, code()); !slices.Equal(codes, []int{cli.Failed, cli.OK, cli.Failed, cli.Mismatch, cli.Failed}) {
		t.Errorf("exit statuses %v", codes)
	}
}
