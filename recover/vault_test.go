package recover_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/recover"
	"lifeboat/share"
	"lifeboat/share/open"
)

// vault is a sharing whose every secret the test knows.
type vault struct {
	group  *share.Group
	shares []*open.Share // in the order of the participants
}

// newVault shares a random key, t of n.
func newVault(t testing.TB, c curve.Curve, threshold, n int) *vault {
	t.Helper()
	f := make([]*curve.Scalar, threshold)
	for k := range f {
		f[k] = c.RandomScalar()
	}
	g := &share.Group{ID: "TEST ONLY", Curve: c, Scheme: share.Shamir, Threshold: threshold, RootKey: c.Generator().Mul(f[0]), ChainCode: &[derive.ChainCodeSize]byte{1}}
	var values []*curve.Scalar
	for j := range n {
		id := open.NewID(c)
		v := c.Scalar()
		for k := threshold - 1; k >= 0; k-- {
			v.Mul(id.Scalar()).Add(f[k])
		}
		values = append(values, v)
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprintf("node-%d", j+1), ShareID: id, PublicKey: c.Generator().Mul(v)})
	}
	v := &vault{group: g}
	for j, p := range g.Participants {
		v.shares = append(v.shares, opened(t, g, p, values[j]))
	}
	return v
}

// opened returns a share as its file would open. Save data of tss-lib need no
// password, so that this is quick.
func opened(t testing.TB, g *share.Group, p share.Participant, x *curve.Scalar) *open.Share {
	t.Helper()
	s, err := open.Open(&share.Sealed{
		Path: p.NodeID + ".json", Group: g, Curve: g.Curve, Roster: g.Participants,
		NodeID: p.NodeID, ShareID: &p.ShareID, PublicKey: p.PublicKey, Lock: &share.Clear{Digits: secret.Copy([]byte(x.Int().String()))},
	}, nil, open.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// reopened is opened for a share that a test made.
func reopened(t testing.TB, g *share.Group, j int, x *scalar.Secret) *open.Share {
	t.Helper()
	return opened(t, g, g.Participants[j], g.Curve.ScalarFromBytes(x.Bytes().Expose()))
}

// pick returns some of the numbers below n, in random order.
func pick(n, count int) []int { return rand.Perm(n)[:count] }

func (v *vault) ids(of []int) []share.ID {
	ids := make([]share.ID, len(of))
	for i, j := range of {
		ids[i] = v.group.Participants[j].ShareID
	}
	return ids
}

func newIDs(c curve.Curve, n int) []share.ID {
	var ids []share.ID
	for range n {
		ids = append(ids, open.NewID(c, ids...))
	}
	return ids
}

func nodes(n int) []string {
	list := make([]string, n)
	for j := range list {
		list[j] = fmt.Sprintf("new-%d", j+1)
	}
	return list
}

// combines reports whether the shares of a group give its root key.
func combines(t testing.TB, g *share.Group, shares []*open.Share) bool {
	t.Helper()
	key, err := recover.Combine(g, g.Root(), shares)
	if err == nil {
		key.Wipe()
	}
	return err == nil
}

// cheater fails unless the error names the node.
func cheater(t testing.TB, err error, node string) {
	t.Helper()
	var cheat *recover.CheatError
	if !errors.As(err, &cheat) || cheat.NodeID != node || !errors.Is(err, recover.ErrCheat) {
		t.Errorf("node %q was not named: %v", node, err)
	}
}
