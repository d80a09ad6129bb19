package derive

import (
	"cmp"
	"fmt"
	"io"

	"lifeboat/internal/cli"
	"lifeboat/internal/verb/moving"
	"lifeboat/tx"
)

var reviewVerb = cli.Verb{
	Name:    "review",
	Summary: "what unsigned transactions would do, and the review code that lets them be signed",
	Usage: `Usage: mpc-derive review FILE|DIR… --xpub KEY|--record F --addresses CSV [--to ADDRESS] [--json]

Reads unsigned transactions completely, and says of each what it does: who pays whom
how much, what it costs, how long it is valid. A file with anything in it that is not
known is refused. No share is needed, so this runs on any machine.

It ends with a review code. Write it on paper and carry it to the machine that signs:
"mpc-recover sign" asks for it and signs nothing else. Compare every recipient with a
source of your own first: the code says that both machines read the same, not that
the recipient is right.

` + vaultHelp + moving.Help + `  --json                  print the review as JSON

Example:
  mpc-derive review unsigned/ --xpub roots.txt --addresses address.csv --to-file exits.txt
`,
	Prepare: prepareReview,
}

type reviewFlags struct {
	moving.Flags
	vault vaultFlags
	json  bool
}

func prepareReview(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f reviewFlags
	f.Flags.Define(set)
	f.vault.define(set)
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no FILE: give the unsigned transactions, or a folder of them")
	case !f.vault.given():
		return nil, set.Misuse("whose vault? give --record, or --xpub, its root extended public keys")
	}
	if err := cmp.Or(f.vault.Check(set), f.Check(set)); err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: set.Args(), Run: func(e *cli.Env, _ *cli.Conditions) error {
		return f.review(e, set)
	}}, nil
}

// reviewReport is the review as JSON.
type reviewReport struct {
	Files  []moving.FileReport  `json:"files"`
	Totals []moving.TotalReport `json:"totals"`
	Code   string               `json:"review_code"`
}

func (f *reviewFlags) review(e *cli.Env, set *cli.Flags) error {
	roots, vault, err := f.vault.read(e)
	if err != nil {
		return err
	}
	exits, err := moving.Exits(vault)
	if err != nil {
		return err
	}
	r, err := moving.Begin(e, set, &f.Flags, roots, exits, set.Args())
	if err != nil {
		return err
	}
	report, files := reviewReport{Files: []moving.FileReport{}}, cli.NewList("files")
	err = r.All(e, func(path string, t *tx.Transaction, v *tx.Verdict) error {
		if f.json {
			return files.Add(moving.Report(path, t, v))
		}
		return r.Block(e.Stdout, path, t, v, true)
	})
	if err != nil {
		return err
	}
	if f.json {
		report.Totals, report.Code = r.TotalReports(), r.Batch.Code().String()
		return e.WriteList(report, files)
	}
	if err := r.Totals(e.Stdout, true); err != nil {
		return err
	}
	_, err = io.WriteString(e.Stdout, fmt.Sprintf("\nReview code: %s\n", r.Batch.Code()))
	return err
}
