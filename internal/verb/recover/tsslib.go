package recover

import (
	"fmt"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/tsslib"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// toTSSLib is the value of --to.
const toTSSLib = "tss-lib"

// saveDataNote is for those who take the save data out of the bundles.
const saveDataNote = "Each bundle holds NODE.CURVE.tss-lib, LocalPartySaveData of tss-lib for that curve. It is not encrypted in itself: take it out only where it is used. tss-lib's own threshold is one less than ours."

// checkTo refuses --to where its result would lie in the clear: tss-lib encrypts
// nothing.
func checkTo(set *cli.Flags, to string, parties []*party) error {
	switch {
	case to == "":
		return nil
	case to != toTSSLib:
		return set.Misuse("--to %s: tss-lib is the only other form", to)
	}
	for _, p := range parties {
		if !p.sealed() {
			return set.Misuse("--to tss-lib: tss-lib's save data is not encrypted, so each party needs a recipient: --party %s=RECIPIENT", p.node)
		}
	}
	return nil
}

// addSaveData adds to each party's bundle its tss-lib save data of every group. That of
// a group without a chain code, which no recovery group file can hold, is the share
// that the bundle is for.
func addSaveData(e *cli.Env, parties []*party, all []*resharing) error {
	on := map[curve.Curve]int{}
	for _, r := range all {
		params, err := ecdsaParams(e, r.Group)
		if err != nil {
			return err
		}
		var list []tsslib.Party
		for j, h := range r.Group.Participants {
			list = append(list, tsslib.Party{Holder: h, Share: r.Shares[j], Params: params[j]})
		}
		saves, err := tsslib.Marshal(r.Group, list)
		if err != nil {
			return err
		}
		on[r.Group.Curve]++
		for j, p := range parties {
			e.OnExit(saves[j].Wipe)
			facts, err := checkSave(r, j, saves[j])
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s.%v.tss-lib", p.node, r.Group.Curve)
			if n := on[r.Group.Curve]; n > 1 { // several vaults at once
				name = fmt.Sprintf("%s.%v-%d.tss-lib", p.node, r.Group.Curve, n)
			}
			if !r.Group.Root().IsBare() {
				facts = nil
			}
			p.extra = append(p.extra, backup.SecretFile(name, saves[j], facts...))
		}
	}
	return nil
}

// ecdsaParams makes the parameters of every party, which ed25519 does not need.
func ecdsaParams(e *cli.Env, g *share.Group) ([]*tsslib.Params, error) {
	list := make([]*tsslib.Params, len(g.Participants))
	if g.Curve != curve.Secp256k1 {
		return list, nil
	}
	e.Note("looking for %d safe primes of 1024 bits; that takes seconds to minutes", 4*len(list))
	progress := cli.NewProgress(e, "candidates for safe primes tested", 0)
	defer progress.Done()
	for j := range list {
		var err error
		if list[j], err = tsslib.NewParams(e.Interrupt, func() { progress.Add(1) }); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// checkSave reads save data as the other verbs will, and returns the facts of its
// share.
func checkSave(r *resharing, j int, save *secret.Bytes) ([]backup.ShareFacts, error) {
	list, err := formats.Parse("tss-lib save data", save.Expose(), share.Pin{Threshold: r.Group.Threshold})
	if err != nil {
		return nil, fmt.Errorf("internal error: %w", err)
	}
	s := list[0]
	defer s.Wipe()
	if s.Err() != nil || !s.Group.SameShares(r.Group) || !s.Group.SameKey(r.Group) {
		return nil, fmt.Errorf("internal error: tss-lib save data of node %q is of another group", r.Group.Participants[j].NodeID)
	}
	o, err := open.Open(s, nil, open.Options{})
	if err != nil {
		return nil, fmt.Errorf("internal error: tss-lib save data of node %q: %w", r.Group.Participants[j].NodeID, err)
	}
	defer o.Wipe()
	if !o.Scalar().Equal(r.Shares[j]) {
		return nil, fmt.Errorf("internal error: tss-lib save data of node %q has another share", r.Group.Participants[j].NodeID)
	}
	return []backup.ShareFacts{holder.Facts(s)}, nil
}
