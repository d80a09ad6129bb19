package derive

import (
	"fmt"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/cli"
)

var chainsVerb = cli.Verb{
	Name:    "chains",
	Summary: "the chains and address forms that are supported",
	Usage: `Usage: mpc-derive chains [--json]

Lists the chains, by the ID that --chain takes, with their address forms.

Example:
  mpc-derive chains
`,
	Prepare: prepareChains,
}

type chainReport struct {
	ID        string         `json:"id"`
	Name      string         `json:"name"`
	Aliases   []string       `json:"aliases"`
	SLIP44    []uint32       `json:"slip44"`
	Status    string         `json:"status"`
	Note      string         `json:"note"`
	Encodings []encodingJSON `json:"encodings"`
}

type encodingJSON struct {
	Name   string `json:"name"`
	Curve  string `json:"curve"`
	Export string `json:"export"`
}

func prepareChains(set *cli.Flags, args []string) (*cli.Plan, error) {
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() > 0 {
		return nil, set.Misuse("chains takes no arguments")
	}
	return &cli.Plan{Run: func(e *cli.Env, _ *cli.Conditions) error { return listChains(e, *asJSON) }}, nil
}

func listChains(e *cli.Env, asJSON bool) error {
	list := []chainReport{}
	for _, c := range chains.All() {
		r := chainReport{ID: c.ID, Name: c.Name, Aliases: append([]string{}, c.Aliases...), SLIP44: append([]uint32{}, c.SLIP44...),
			Status: c.Status.String(), Note: c.Note, Encodings: []encodingJSON{}}
		for i := range c.Encodings {
			x := &c.Encodings[i]
			form, _ := x.ExportForm()
			r.Encodings = append(r.Encodings, encodingJSON{x.Name, x.Curve.String(), form})
		}
		list = append(list, r)
	}
	if asJSON {
		return e.WriteJSON(map[string]any{"chains": list})
	}
	for _, r := range list {
		var forms []string
		for _, x := range r.Encodings {
			forms = append(forms, x.Name)
		}
		if len(forms) == 0 {
			forms = []string{r.Status}
		}
		if _, err := fmt.Fprintf(e.Stdout, "%-14s %-28s %s\n", r.ID, r.Name, strings.Join(forms, " ")); err != nil {
			return err
		}
	}
	return nil
}
