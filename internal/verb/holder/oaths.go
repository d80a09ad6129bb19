package holder

import (
	"fmt"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share/record"
)

// OathsHelp describes the flag.
const OathsHelp = `  --sworn A.json          attestations of the record, which show whether every holder has signed
                          it (repeatable)
`

// Oaths are files of attestations by which holders have signed the record.
type Oaths struct{ paths []string }

// Define adds the flag.
func (o *Oaths) Define(set *cli.Flags) {
	set.StringArrayVar(&o.paths, "sworn", nil, "")
	set.Reads("sworn")
}

// Check finds what is wrong with the flags themselves.
func (o *Oaths) Check(set *cli.Flags, r *recorded.Flags) error {
	if len(o.paths) > 0 && !r.Given() {
		return set.Misuse("--sworn goes with --record, the file that holders have signed")
	}
	return nil
}

// Paths returns where they are.
func (o *Oaths) Paths() []string { return o.paths }

// Judge says whether every holder has signed the record, and warns if not.
func (o *Oaths) Judge(e *cli.Env, f *recorded.Flags, r *record.Record) (sworn bool, err error) {
	if len(o.paths) == 0 {
		f.WarnUnsworn(e)
		return false, nil
	}
	var good []*audit.Statement
	for _, path := range o.paths {
		list, err := ReadAttestations(path)
		if err != nil {
			return false, cli.Fail(cli.Failed, fmt.Errorf("--sworn: %w", err))
		}
		for _, a := range list {
			if statement, err := a.Verify(); err != nil {
				e.Warn("--sworn %q: %v", path, err)
			} else {
				good = append(good, statement)
			}
		}
	}
	missing := audit.Unsworn(r, good)
	if len(missing) == 0 {
		e.Note("every holder has signed record %q; that two people have matched funded addresses with an explorer, its paper shows", f.Path())
		return true, nil
	}
	seat := missing[0]
	e.Warn("record %q is unsworn: signatures of holders are missing (%d), such as that of node %q in group %q on %v: it is as good as whoever made it",
		f.Path(), len(missing), seat.Holder.NodeID, seat.Group.ID, seat.Group.Curve)
	return false, nil
}

// ReadAttestations reads a file of attestations, none of which is verified.
func ReadAttestations(path string) ([]audit.Signed, error) {
	data, err := strict.ReadFile(path, audit.MaxFileSize)
	if err != nil {
		return nil, err
	}
	list, err := audit.ParseAttestations(data)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return list, nil
}
