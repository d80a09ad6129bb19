package audit

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/phrase"
)

// Report judges everything that was added. Call it once.
func (a *Auditor) Report() *Report {
	a.matchManifests()
	r := &Report{Tool: a.o.Tool, Date: a.o.Date.Format("2006-01-02"), Files: a.files, Books: a.books, Unreadable: a.unreadable}
	if r.Files == nil {
		r.Files = []File{}
	}
	if r.Books == nil {
		r.Books = []Book{}
	}
	r.Vaults = a.vaults()
	r.Record = a.recorded(r.Vaults)
	switch closed := slices.IndexFunc(r.Files, func(f File) bool { return f.Closed }); {
	case len(r.Vaults) > 0:
	case closed >= 0:
		a.find(Error, "nothing-found", "", "open them: mpc-backup verify, or mpc-recover key --check-only",
			"%q, like any other share file here, is encrypted as a whole: whose shares these are, and whether they are enough, shows when they are open", r.Files[closed].Path)
	case broken(a.findings):
		a.find(Error, "nothing-found", "", "mend what the other findings name", "no share here can be used: the other findings say why")
	case a.unseenBundle() != "":
		a.find(Error, "nothing-found", "", "open it: mpc-backup verify, or mpc-recover key --check-only; then put its public manifest, or a share file of the set, beside it",
			"no share file and no attestation is here, and no public manifest lists a share: what %q holds shows when it is open", a.unseenBundle())
	default:
		a.find(Error, "nothing-found", "", "check the paths", "there is no share file, no bundle with a public manifest and no attestation")
	}
	a.judgeBooks()
	for _, f := range r.Files {
		if f.Kind == Unrecognised {
			a.Skip("%q: not recognised", f.Path)
		}
	}
	r.Accepted = a.accept()
	if r.NotCovered = a.notCovered; r.NotCovered == nil {
		r.NotCovered = []string{}
	}
	r.Findings = a.findings
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	order := []Level{Error, Warning, Note}
	slices.SortStableFunc(r.Findings, func(x, y Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(order, x.Level), slices.Index(order, y.Level)), cmp.Compare(x.Code, y.Code), slices.Compare(x.About, y.About))
	})
	r.OK = r.Count(Error) == 0 && r.Unreadable == 0
	r.Here, r.Opens, r.Yours = r.all((*Epoch).isHere), r.all((*Epoch).isOpen), r.all((*Epoch).isYours)
	r.Summary = r.summary()
	return r
}

func (e *Epoch) isHere() bool  { return e.Here }
func (e *Epoch) isOpen() bool  { return e.Opens }
func (e *Epoch) isYours() bool { return e.Yours }

// broken reports whether something was found that ought to be a backup and is none.
func broken(list []Finding) bool {
	return slices.ContainsFunc(list, func(f Finding) bool {
		return slices.Contains([]string{"damaged-share", "damaged-share-file", "unzipped-backup"}, f.Code)
	})
}

// count returns of how many root keys something is true, as their best epochs have it.
func (r *Report) count(is func(*Epoch) bool) int {
	n := 0
	for _, v := range r.Vaults {
		if len(v.Epochs) > 0 && is(&v.Epochs[0]) {
			n++
		}
	}
	return n
}

func (r *Report) all(is func(*Epoch) bool) bool {
	return len(r.Vaults) > 0 && r.count(is) == len(r.Vaults)
}

// closed reports whether a share file is encrypted as a whole.
func (r *Report) closed() bool {
	return slices.ContainsFunc(r.Files, func(f File) bool { return f.Closed })
}

// InShort is the verdict in three words: are enough shares here, do they open, and
// are they yours.
func (r *Report) InShort() string {
	none := "no"
	if r.closed() {
		none = "not shown" // what those hold
	}
	say := func(is func(*Epoch) bool, none string) string {
		switch n := r.count(is); {
		case r.all(is):
			return "yes"
		case n == 0:
			return none
		default:
			return fmt.Sprintf("%d of %d root keys", n, len(r.Vaults))
		}
	}
	return fmt.Sprintf("here: %s; opens: %s; yours: %s", say((*Epoch).isHere, none), say((*Epoch).isOpen, "not shown"), say((*Epoch).isYours, "not shown"))
}

func (a *Auditor) judgeBooks() {
	for _, b := range a.books {
		t := b.Totals
		if t.Mismatch+t.Bad > 0 {
			var lines []string
			for _, row := range b.Rows {
				lines = append(lines, fmt.Sprint(row.Line))
			}
			a.find(Error, "address-book", b.Path, "look at the lines named in the report; the book is of another vault, was edited, or is damaged",
				"of %s, %d not of the root keys: %d mismatch, %d bad, first on line %s", phrase.Count(t.Rows, "row"), t.Mismatch+t.Bad, t.Mismatch, t.Bad, strings.Join(lines[:min(len(lines), 5)], ", "))
		}
		if t.Uncovered > 0 {
			a.find(Error, "address-uncovered", b.Path, "find the backup of the root key on that curve, or give the key with --xpub",
				"of %s, %d on a curve without a root key: no backup here covers that", phrase.Count(t.Rows, "row"), t.Uncovered)
			a.Skip("%s of %q: no root key on the curve", phrase.Count(t.Uncovered, "row"), b.Path)
		}
		if n := t.Unsupported - t.Uncovered; n > 0 {
			a.find(Note, "address-unsupported", b.Path, "check those chains by other means; mpc-derive chains lists what is supported", "of %s, %d not compared in full: coins or address forms that are not supported", phrase.Count(t.Rows, "row"), n)
			a.Skip("the addresses of %s of %q: coins or forms that are not supported", phrase.Count(n, "row"), b.Path)
		}
		if t.Rows == 0 {
			a.find(Warning, "address-book-empty", b.Path, "export the address book again", "the address book has no rows")
		}
	}
}

// summary is the verdict on everything, in a sentence or two.
func (r *Report) summary() string {
	count := map[Status]int{}
	for _, v := range r.Vaults {
		count[v.Status]++
	}
	var parts []string
	say := func(n int, one, many string) {
		if n == 1 {
			parts = append(parts, "One "+one)
		} else if n > 1 {
			parts = append(parts, fmt.Sprintf("%d %s", n, many))
		}
	}
	if r.closed() {
		say(count[TooFew]+count[Absent], "root key is not shown to be recoverable with these files.", "root keys are not shown to be recoverable with these files.")
	} else {
		say(count[TooFew]+count[Absent], "root key cannot be recovered with these files.", "root keys cannot be recovered with these files.")
	}
	say(count[Unknown], "set of shares is of an unknown root key.", "sets of shares are of unknown root keys.")
	say(count[Present], "root key has enough shares here, which nobody has shown to open.", "root keys have enough shares here, which nobody has shown to open.")
	say(count[SealedVerified], "root key has enough shares sealed, verified: that the identities exist is not shown.", "root keys have enough shares sealed, verified: that the identities exist is not shown.")
	say(count[Recoverable], "root key is recoverable.", "root keys are recoverable.")
	switch {
	case r.closed():
		parts = append(parts, "Whose shares are in the files that are encrypted as a whole shows when they are open.")
	case len(r.Vaults) == 0 && broken(r.Findings):
		parts = append(parts, "No backup was found that can be used.")
	case len(r.Vaults) == 0:
		parts = append(parts, "No backup was found.")
	}
	return strings.Join(parts, " ")
}

// Proves says what any such report proves and does not prove.
func Proves() []string {
	return []string{
		"That a share file is present does not say that it opens, nor that its password is known. mpc-backup verify and mpc-backup attest show that.",
		"That the files agree with each other proves nothing by itself: anybody who knows a root public key can make a consistent roster through it. It means something together with a root key and an epoch that were recorded before, or with attestations.",
		"Fewer attestations, or opened shares, of one epoch than its threshold prove nothing about the vault.",
		"What a public manifest says of a bundle is its maker's word; the hash only shows that the bundle is the same file.",
		"An attestation is as fresh as its challenge. The auditor must have chosen the challenge; the date is the holder's word.",
		"A verified sealed share says that whoever has the identity of its recipient can open it: not who that is, nor that the identity and another share are in different hands, nor that the file will be there tomorrow. An answer to a challenge says that the identity existed when it was given.",
		"Nothing here says who else has copies.",
	}
}
