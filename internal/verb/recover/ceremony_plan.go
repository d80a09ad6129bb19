package recover

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover/ceremony"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

type planFlags struct {
	pinFlags
	reason    string
	signers   []string
	parties   []string
	lost      string
	threshold int
	old       int
}

func preparePlan(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f planFlags
	f.define(set)
	set.StringArrayVar(&f.signers, "signer", nil, "")
	set.StringArrayVar(&f.parties, "party", nil, "")
	set.StringVar(&f.lost, "lost", "", "")
	set.IntVar(&f.old, "old-threshold", 0, "")
	set.StringVar(&f.reason, "reason", "", "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	var err error
	if f.threshold, err = newThreshold(set, f.old); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() < 2:
		return nil, set.Misuse("give the folder of the ceremony and a share FILE of the vault")
	case len(f.signers) == 0:
		return nil, set.Misuse("no signer: give --signer NODE_ID for each old holder who will deal")
	case (len(f.parties) == 0) == (f.lost == ""):
		return nil, set.Misuse("give either --party NODE_ID for each new holder, or --lost NODE_ID")
	case f.lost != "" && f.threshold != 0:
		return nil, set.Misuse("a repair changes no threshold: leave --threshold out")
	case f.threshold == 1 || len(f.parties) == 1:
		return nil, cli.Fail(cli.Refused, errors.New("a threshold of 1, or a single holder, would make one share the key"), "give at least two parties, each with a --party of its own, and --threshold 2 or more")
	}
	if err := f.CheckVouched(set); err != nil {
		return nil, err
	}
	if f.lost != "" && f.reason == "" {
		f.reason = string(ceremony.Lost)
	}
	if f.reason == "" {
		return nil, set.Misuse("--reason is missing: lost, stolen or rotation")
	}
	return &cli.Plan{Reads: set.Args(), Adds: append(adds(set.Arg(0)), set.Arg(0)),
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.plan(e, set, set.Arg(0)) }}, nil
}

func (f *planFlags) plan(e *cli.Env, set *cli.Flags, dir string) error {
	f.Refuse = holder.Foreign
	session, err := holder.Load(e, set, &f.Flags, set.Args()[1:])
	if err != nil {
		return err
	}
	defer session.Close()
	groups, err := f.groupsOf(session)
	if err != nil {
		return err
	}
	pins := f.read(session)
	outline := ceremony.Outline{
		Kind: ceremony.Repair, Reason: ceremony.Reason(f.reason), Pins: *pins, Others: groupsIn(session), Tool: e.Program + " " + cli.Version, Created: set.Date().UTC().Format(createdTime),
		Signers: f.signers, Parties: []string{f.lost}, Groups: groups,
	}
	if f.lost == "" {
		outline.Kind, outline.Parties, outline.Threshold = ceremony.Reshare, f.parties, f.threshold
		if outline.Threshold == 0 {
			outline.Threshold = groups[0].Threshold
		}
		for _, g := range groups {
			outline.NewIDs = append(outline.NewIDs, newGroupID(g))
		}
	}
	data, err := ceremony.NewPlan(outline)
	if err != nil {
		return cli.Fail(cli.Usage, err)
	}
	// What is refused here would stop every step after this one.
	planned, err := ceremony.Open(map[string][]byte{ceremony.PlanName: data})
	if err != nil {
		return ceremonyError(outline.Kind, err)
	}
	if err := planned.Pinned(pins, outline.Others...); err != nil {
		return ceremonyError(outline.Kind, err)
	}
	if _, err := os.Lstat(filepath.Join(dir, ceremony.PlanName)); err == nil {
		return f.again(e, dir, planned)
	}
	return f.write(e, dir, data)
}

// newThreshold takes --threshold for the new shares, and leaves --old-threshold
// in its place for the flags that all verbs share, which want that of tss-lib
// files.
func newThreshold(set *cli.Flags, old int) (int, error) {
	n, err := set.GetInt("threshold")
	if err != nil {
		return 0, err
	}
	if n < 0 || n > share.MaxParticipants || n == 0 && set.Changed("threshold") {
		return 0, set.Misuse("--threshold %d", n)
	}
	return n, set.Set("threshold", fmt.Sprint(old))
}

// groupsOf returns what the files say of the vault.
func (f *planFlags) groupsOf(session *holder.Session) (groups []*share.Group, err error) {
	if f.Opens() {
		if err := session.OpenBundles(); err != nil {
			return nil, err
		}
	}
	for _, in := range session.Inputs {
		if in.Err != nil {
			return nil, cli.Fail(cli.Failed, in.Err)
		}
		if len(in.Shares) == 0 {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("%q holds no share that can be read", in.Path), "give a share file, or with -i the identity that opens the bundle")
		}
	}
	meant := f.groups
	if len(meant) == 0 {
		meant = []string{""} // all of them
	}
	for _, id := range meant {
		of, err := verdict.Groups(session.Files(), session.Asked(id))
		if err != nil {
			return nil, session.Fail(err)
		}
		groups = append(groups, of...)
	}
	session.WarnUncompared(share.Roots(groups))
	return groups, nil
}

// again checks that the plan that is there is the one that was asked for.
func (f *planFlags) again(e *cli.Env, dir string, planned *ceremony.Ceremony) error {
	there, err := openFolder(e, dir, f.json)
	if err != nil {
		return err
	}
	if differences := there.Differences(planned); len(differences) > 0 {
		return cli.Fail(cli.Refused, fmt.Errorf("there is another plan in %q: %s", dir, strings.Join(differences, "; ")), "a new plan needs a new folder")
	}
	return there.report("there is this plan already, and nothing was written")
}

// makeFolder makes the folder of a ceremony, unless it is there. If nothing is in it
// when the verb ends, it is removed. keep cancels that.
func makeFolder(e *cli.Env, dir string) (keep func(), err error) {
	switch err := os.Mkdir(dir, 0o700); {
	case err == nil:
		return e.OnExit(func() { os.Remove(dir) }), nil // which fails if anything is in it
	case !errors.Is(err, fs.ErrExist):
		return nil, fmt.Errorf("couldn't make the folder %q: %w", dir, errors.Unwrap(err))
	}
	return func() {}, nil
}

func (f *planFlags) write(e *cli.Env, dir string, data []byte) error {
	keep, err := makeFolder(e, dir)
	if err != nil {
		return err
	}
	files, err := readFolder(dir)
	if err != nil {
		return err
	}
	if len(files) > 0 {
		return cli.Fail(cli.Refused, fmt.Errorf("the folder %q has JSON files of something else", dir), "give the ceremony a folder of its own")
	}
	there := &folder{env: e, path: dir, json: f.json}
	if err := there.add(ceremony.PlanName, data); err != nil {
		return err
	}
	keep()
	return there.report("planned", filepath.Join(dir, ceremony.PlanName))
}
