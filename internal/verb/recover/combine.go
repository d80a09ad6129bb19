package recover

import (
	"errors"
	"fmt"
	"slices"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
)

// combine recovers every root key that enough good shares are there for. The
// verdict is not nil if a wanted one is not among them.
func (f *keyFlags) combine(session *holder.Session) (*holder.Outcome, []*recover.Root, error, error) {
	if f.salvage {
		return f.salvageAll(session)
	}
	outcome, err := session.Outcome(f.group)
	if err != nil {
		return nil, nil, nil, err
	}
	var vaults []*recover.Root
	for _, s := range outcome.Wanted() {
		root := s.Group.Root()
		if root == nil && s.Complete() {
			return nil, nil, nil, cli.Fail(cli.Usage, fmt.Errorf("group %q: tss-lib files do not hold the chain code", s.Group.ID),
				"give the root extended public key with --xpub")
		}
		if !s.Complete() {
			continue
		}
		v, err := combineSet(s, root)
		if err != nil {
			recover.WipeRoots(vaults)
			return nil, nil, nil, cli.Fail(cli.Mismatch, err)
		}
		vaults = append(vaults, v)
	}
	return outcome, vaults, outcome.Verdict(), nil
}

func combineSet(s *holder.Set, root *derive.Key) (*recover.Root, error) {
	used := s.Good[:s.Group.Threshold]
	key, err := recover.Combine(s.Group, root, opened(used))
	if err != nil {
		return nil, fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, err)
	}
	v := &recover.Root{Group: s.Group.ID, Key: key}
	for _, g := range used {
		v.Used = append(v.Used, g.Sealed.NodeID)
	}
	return v, nil
}

// salvageAll combines, for each recorded root key, whatever opened on its curve.
func (f *keyFlags) salvageAll(session *holder.Session) (*holder.Outcome, []*recover.Root, error, error) {
	var vaults []*recover.Root
	var failures []error
	for _, root := range session.Roots {
		entries := openedOn(session, root.Curve())
		var candidates []recover.Candidate
		for _, entry := range entries {
			candidates = append(candidates, recover.Candidate{Share: entry.Share, IDs: session.PossibleIDs(entry)})
		}
		key, used, err := recover.Salvage(root, candidates)
		if err != nil {
			failures = append(failures, fmt.Errorf("%v: %w", root.Curve(), err))
			continue
		}
		v := &recover.Root{Key: key}
		for _, i := range used {
			v.Used = append(v.Used, entries[i].Sealed.NodeID)
			if g := entries[i].Sealed.Group; v.Group == "" && g != nil {
				v.Group = g.ID
			}
			entries[i].Salvaged()
		}
		vaults = append(vaults, v)
	}
	outcome, err := session.Outcome("")
	if err != nil && len(vaults) == 0 {
		return nil, nil, nil, err
	}
	if outcome == nil { // the recorded key is not in any file, which is what --salvage is for
		outcome = &holder.Outcome{Inputs: session.Inputs}
	}
	if len(failures) > 0 {
		return outcome, vaults, cli.Fail(cli.Mismatch, errors.Join(failures...), "check --xpub against your records"), nil
	}
	return outcome, vaults, nil, nil
}

// openedOn returns the shares on some curves that are held open.
func openedOn(session *holder.Session, curves ...curve.Curve) []*holder.Entry {
	var entries []*holder.Entry
	for _, in := range session.Inputs {
		for _, entry := range in.Entries {
			if entry.Share != nil && slices.Contains(curves, entry.Sealed.Curve) {
				entries = append(entries, entry)
			}
		}
	}
	return entries
}
