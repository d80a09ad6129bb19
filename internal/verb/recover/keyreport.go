package recover

import (
	"cmp"
	"fmt"
	"io"

	"lifeboat/chains/book"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/holder"
)

// keyReport is report.json, and what --json prints. It holds no secret.
type keyReport struct {
	holder.Heading
	CheckOnly bool                 `json:"check_only,omitempty"` // nothing was written
	Recovered []recoveredReport    `json:"recovered"`
	Groups    []holder.GroupReport `json:"groups"`
	Files     []holder.FileReport  `json:"unassigned_files"`
	Addresses *book.Totals         `json:"addresses,omitempty"`
	Warnings  []string             `json:"warnings"`

	table *keyTable
}

type recoveredReport struct {
	ID      string   `json:"id"`
	Curve   string   `json:"curve"`
	Root    string   `json:"root_extended_public_key"`  // empty if there is no chain code
	RootKey string   `json:"root_public_key,omitempty"` // in that case
	Used    []string `json:"used"`
}

func (r *keyReport) describe(f *found, children bool) {
	r.Recovered, r.Warnings = []recoveredReport{}, []string{}
	r.Groups, r.Files = holder.Groups(f.judgement), holder.Unassigned(f.judgement)
	for _, root := range f.roots {
		public := root.Key.Public()
		extended, bare := holder.RootTexts(public)
		r.Recovered = append(r.Recovered, recoveredReport{root.Group, public.Curve().String(), extended, bare, append([]string{}, root.Used...)})
		if public.Curve() == curve.Ed25519 {
			r.Warnings = append(r.Warnings, "ed25519 private keys are scalars, not seeds: wallets that import seeds cannot take them")
		}
	}
	if len(f.roots) > 0 && children {
		r.Warnings = append(r.Warnings, leak)
	}
}

// finish adds what is known only once the keys have been written.
func (r *keyReport) finish() {
	if r.table.book != "" {
		totals := r.table.totals
		r.Addresses = &totals
	}
}

func (r *keyReport) print(w io.Writer, t *holder.Target) {
	for _, v := range r.Recovered {
		fmt.Fprintf(w, "recovered: the root private key of group %q on %s; it matches the root public key\n  %s\n", v.ID, v.Curve, cmp.Or(v.Root, v.RootKey))
		if len(v.Used) > 0 {
			fmt.Fprintf(w, "  from the shares of %s\n", phrase.And(phrase.Quoted(v.Used)))
		}
	}
	if a := r.Addresses; a != nil {
		fmt.Fprintf(w, "address book: %v\n", a)
	}
	fmt.Fprintf(w, "compared with: %s\n", r.HeldAgainst)
	if t == nil {
		fmt.Fprintln(w, "written: nothing (--check-only)")
		return
	}
	what := "sealed bundle"
	if t.Plain {
		what = "folder, in the clear"
	}
	fmt.Fprintf(w, "written: %s (%s)\n", cli.Clean(t.Path), what)
	for _, to := range t.Recipients {
		if to.Text != "" {
			fmt.Fprintf(w, "  %s opens it: the recipient with the fingerprint %s\n", cli.Clean(cmp.Or(to.Label, "somebody")), to.Fingerprint())
		}
	}
}
