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
	"lifeboat/share"
	"lifeboat/share/verdict"
)

// rootFlags are the flags of verbs that make root private keys.
type rootFlags struct {
	holder.Flags
	group   string
	salvage bool
}

// found is what the files gave: the root keys, the judgement on all of the shares,
// and if root keys are missing that were asked for, why.
type found struct {
	roots     []*recover.Root
	judgement *verdict.Judgement
	short     error
}

// find judges what was opened, and recovers what it gives. The root keys are
// wiped on exit.
func (f *rootFlags) find(e *cli.Env, session *holder.Session) (*found, error) {
	written, known, err := writtenRoots(session)
	e.OnExit(func() { recover.WipeRoots(written) })
	var made *found
	switch shares := session.HasShares(); {
	case !shares && len(written) > 0:
		return f.again(e, session, written, known)
	case !shares && err != nil:
		return nil, err
	case f.salvage:
		made, err = f.salvageAll(session)
	default:
		made, err = f.combine(session, known)
	}
	for _, k := range known {
		e.Warn("%q: the root key of group %q in its root.json is not used: it never stands in for shares that are there", k.Path, k.Group)
	}
	if err != nil {
		return nil, err
	}
	e.OnExit(func() { recover.WipeRoots(made.roots) })
	return made, nil
}

// combine recovers every root key for which there are enough good shares.
func (f *rootFlags) combine(session *holder.Session, beside []verdict.Known) (*found, error) {
	j, err := session.Judge(f.group, beside...)
	if err != nil {
		return nil, err
	}
	sets, err := j.Combinable()
	if err != nil {
		return nil, session.Fail(err)
	}
	if err := session.CheckKeys(j, sets); err != nil {
		return nil, err
	}
	made := &found{judgement: j, short: session.Fail(j.Enough())}
	for _, s := range sets {
		key, err := recover.Combine(s.Group, s.Group.Root(), session.Held(s.Used()))
		if err != nil {
			recover.WipeRoots(made.roots)
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("group %q on %v: %w", s.Group.ID, s.Group.Curve, err))
		}
		made.roots = append(made.roots, &recover.Root{Group: s.Group.ID, Key: key, Used: s.UsedNodes()})
	}
	return made, nil
}

// salvageAll combines, for each recorded root key, whatever opened on its curve.
// That the files name other root keys is what --salvage is for.
func (f *rootFlags) salvageAll(session *holder.Session) (*found, error) {
	j, absent := session.Judge("")
	made := &found{judgement: j}
	var failures []error
	for _, recorded := range session.Roots {
		shares := session.Opened(recorded.Curve())
		var candidates []recover.Candidate
		for i, o := range session.Held(shares) {
			candidates = append(candidates, recover.Candidate{Share: o, IDs: verdict.PossibleIDs(j.Files, shares[i])})
		}
		key, used, err := recover.Salvage(recorded, candidates)
		if err != nil {
			failures = append(failures, fmt.Errorf("%v: %w", recorded.Curve(), err))
			continue
		}
		root := &recover.Root{Key: key}
		for _, i := range used {
			root.Used = append(root.Used, shares[i].Sealed.NodeID)
			if g := shares[i].Sealed.Group; root.Group == "" && g != nil {
				root.Group = g.ID
			}
			shares[i].Salvaged()
		}
		made.roots = append(made.roots, root)
	}
	if len(made.roots) == 0 && absent != nil {
		return nil, absent
	}
	hint := "check --xpub against your records"
	if slices.ContainsFunc(session.Opened(curve.All()...), func(s *verdict.Share) bool { return s.Sealed.Group != nil && s.Sealed.Group.Scheme != share.Shamir }) {
		hint = "--salvage knows Shamir's scheme alone, and shares of another were opened: leave it out, and damaged shares are named"
	}
	made.short = cli.Fail(cli.Mismatch, errors.Join(failures...), hint)
	return made, nil
}

// again takes root keys that an earlier run wrote, where there are no shares.
func (f *rootFlags) again(e *cli.Env, session *holder.Session, written []*recover.Root, known []verdict.Known) (*found, error) {
	asked := session.Asked(f.group)
	asked.Only = f.salvage
	kept, unrecorded, err := verdict.Choose(known, asked)
	for _, i := range unrecorded {
		e.Warn("the root key of group %q on %v is left out: it is not a recorded one", known[i].Group, known[i].Root.Curve())
	}
	if err != nil {
		return nil, session.Fail(err)
	}
	var roots []*derive.Key
	for _, i := range kept {
		roots = append(roots, known[i].Root)
	}
	session.WarnUncompared(roots)
	again := &found{judgement: &verdict.Judgement{Files: session.Files()}}
	for _, i := range kept {
		again.roots = append(again.roots, written[i])
	}
	return again, nil
}

// writtenRoots reads the root keys of bundles that an earlier run made. The error is
// about those that cannot be used, and is also in their inputs: the others may be
// enough.
func writtenRoots(session *holder.Session) (roots []*recover.Root, known []verdict.Known, err error) {
	var failures []error
	for _, in := range session.Inputs {
		if in.Bundle == nil || len(in.Shares) > 0 || !in.Has(recover.RootsName) {
			continue
		}
		found, err := rootsIn(in, session.Roots)
		if err != nil {
			in.Err = err
			failures = append(failures, err)
		}
		for _, r := range found {
			if !slices.ContainsFunc(roots, func(o *recover.Root) bool { return o.Group == r.Group && o.Key.Public().SameKey(r.Key.Public()) }) {
				roots, known = append(roots, r), append(known, verdict.Known{Path: in.Path, Group: r.Group, Root: r.Key.Public()})
			} else {
				r.Key.Wipe()
			}
		}
	}
	return roots, known, errors.Join(failures...)
}

func rootsIn(in *holder.Input, recorded []*derive.Key) ([]*recover.Root, error) {
	text, err := in.Bundle.ReadFile(recover.RootsName)
	if err != nil {
		return nil, fmt.Errorf("bundle %q: %w", in.Path, err)
	}
	defer text.Wipe()
	roots, err := recover.ParseRoots(text, recorded)
	if errors.Is(err, recover.ErrPublicOnly) {
		err = fmt.Errorf("it was made without --root, so %w; give the shares instead", recover.ErrPublicOnly)
	}
	if err != nil {
		return nil, cli.Fail(cli.Mismatch, fmt.Errorf("%q: %s: %w", in.Path, recover.RootsName, err))
	}
	return roots, nil
}
