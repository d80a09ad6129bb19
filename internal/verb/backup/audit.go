package backup

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"lifeboat/audit"
	"lifeboat/audit/report"
	"lifeboat/chains/book"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/recorded"
)

var auditVerb = cli.Verb{
	Name:    "audit",
	Summary: "what backups there are and whether they would do, without a secret",
	Usage: `Usage: mpc-backup audit PATH… [--record F | --xpub KEY] [--addresses CSV] [--report F.html] [--json]

Looks through files and folders for share files, bundles with their public
manifests, verifiable shares, attestations and address books, and says for each root key whose shares
are there, whether they are enough, and what is wrong. Beside a bundle that is named
it looks for the manifest. It asks for no password, opens nothing, and runs on any
machine.

Three things are told apart. Shares are here: files or bundles say so. They open: their
holders have signed, with these very files, to the challenge that you set. They are yours: their
roster is a recorded one, or those holders have a recorded root key. "Recoverable" is
said only if enough holders of one set have signed, with whatever file, or their shares are sealed, as proofs show that check, to
identities which have answered; without answers they are "sealed, verified". A recorded epoch alone makes it "present, of the
recorded epoch": the files may have rotted.

With --record it says of each holder of the record what is here: an attestation, a share
file or a bundle of the recorded set, only a share of another epoch or vault, or nothing;
and whether attestations among the paths show the record to be sworn. Enough shares of
another set than the recorded one are an error until their holders attest.

Exit status 3 if any finding is an error, 1 if something could not be read, else 0.
Missing shares give status 1, too, if they may be in what could not be read.

` + recorded.Help + `  --xpub KEY              a root public key from your own records: extended, or in hex where the vault has
                          no chain code; or a file of them (repeatable)
  --epoch E               an epoch from your own records, as inspect shows it, or the roster's
                          whole hash (repeatable)
  --addresses CSV         an address book to compare with the root keys (repeatable); those
                          found among the paths are compared, too
  --challenge TEXT        the challenge that you set: attestations that answer anything else,
                          or are dated after tomorrow, do not count; without it none does
  --expect F              what the answer of an identity must be, as mpc-backup challenge wrote it
                          (repeatable); answers are found among the paths
  --max-age DAYS          attestations, and challenges to identities, that are older do not count
  --threshold T           how many shares are needed, for tss-lib files, which do not say
  --strict                exit status 3 on warnings as well
  --accept FILE           warnings that somebody has accepted, and until when: a table with the columns
                          finding,file,who,until. They are listed, and do not count. Errors always do
  --report F.html         write a page that can be filed and printed
  --json                  print the findings as JSON

Example: every night, from cron
  mpc-backup audit /backups --xpub xpub6… --strict --accept known.csv --report "audit-$(date -I).html"
`,
	Prepare: prepareAudit,
}

// Limits of what is looked through.
const (
	maxAuditFiles = 20_000
	maxAuditDepth = 24
)

type auditFlags struct {
	xpubs, epochs, addresses []string
	maxAge, threshold        int
	strict, json             bool
	challenge, report        string
	expect                   []string
	accept                   string
	record                   recorded.Flags
}

func prepareAudit(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f auditFlags
	set.StringArrayVar(&f.xpubs, "xpub", nil, "")
	f.record.Define(set)
	set.StringArrayVar(&f.epochs, "epoch", nil, "")
	set.StringArrayVar(&f.addresses, "addresses", nil, "")
	set.StringVar(&f.challenge, "challenge", "", "")
	set.StringArrayVar(&f.expect, "expect", nil, "")
	set.IntVar(&f.maxAge, "max-age", 0, "")
	set.IntVar(&f.threshold, "threshold", 0, "")
	set.BoolVar(&f.strict, "strict", false, "")
	set.BoolVar(&f.json, "json", false, "")
	set.StringVar(&f.report, "report", "", "")
	set.StringVar(&f.accept, "accept", "", "")
	set.Reads("addresses", "xpub", "expect", "accept")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	options, err := f.options(set)
	if err != nil {
		return nil, err
	}
	return &cli.Plan{Reads: WithManifests(set.Args()), Outputs: Pages(f.report), Run: func(e *cli.Env, _ *cli.Conditions) error {
		if options.Roots, err = recorded.Xpubs(f.xpubs); err != nil {
			return err
		}
		if options.Expected, err = readExpected(f.expect); err != nil {
			return err
		}
		if options.Accepted, err = f.acceptances(); err != nil {
			return err
		}
		options.Tool = e.Program + " " + cli.Version
		if options.Record, err = f.record.Read(e); err != nil {
			return err
		}
		if err := datedSince(options.Record, options.Date); err != nil {
			return err
		}
		if options.Roots, err = f.record.Roots(options.Record, options.Roots); err != nil {
			return err
		}
		return f.audit(e, *options, set.Args(), args)
	}}, nil
}

func (f *auditFlags) audit(e *cli.Env, options audit.Options, paths, args []string) error {
	a := audit.New(options)
	if err := Look(e, a, Besides(paths)); err != nil {
		return err
	}
	if err := f.checkBooks(e, a); err != nil {
		return err
	}
	r := a.Report()
	if f.report != "" {
		page := report.Audit(r, report.Command(e.Program, "audit", args))
		if err := e.WriteFile(f.report, page.HTML()); err != nil {
			return err
		}
	}
	var err error
	if f.json {
		err = e.WriteJSON(r)
	} else {
		err = printAudit(e.Stdout, r)
	}
	if err != nil {
		return err
	}
	return f.verdict(r)
}

// acceptances reads the file of --accept.
func (f *auditFlags) acceptances() ([]audit.Acceptance, error) {
	if f.accept == "" {
		return nil, nil
	}
	file, err := strict.Open(f.accept)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	list, err := audit.ReadAcceptances(io.NewSectionReader(file, 0, file.Size()))
	if err != nil {
		return nil, cli.Fail(cli.Failed, fmt.Errorf("--accept %q: %w", f.accept, err), "it is a table with the columns finding,file,who,until: one row for each warning and file, as the audit names them")
	}
	return list, nil
}

var epochText = regexp.MustCompile(`^([0-9a-f]{16}|[0-9a-f]{32}|[0-9a-f]{64})$`)

func (f *auditFlags) options(set *cli.Flags) (*audit.Options, error) {
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no PATH to look at")
	case f.threshold < 0 || f.threshold == 1:
		return nil, set.Misuse("--threshold %d: the least is 2", f.threshold)
	case f.maxAge < 0 || set.Changed("max-age") && f.maxAge == 0:
		return nil, set.Misuse("--max-age %d: a number of days from 1 was expected", f.maxAge)
	}
	for _, epoch := range f.epochs {
		if !epochText.MatchString(epoch) {
			return nil, set.Misuse("--epoch %q: 32 hex digits were expected, as mpc-backup inspect shows them, or all 64 of the roster's hash (earlier versions showed 16)", epoch)
		}
	}
	if err := f.record.Check(set); err != nil {
		return nil, err
	}
	return &audit.Options{
		Date: set.Date(), MaxAge: time.Duration(f.maxAge) * 24 * time.Hour,
		Challenge: f.challenge, Epochs: f.epochs, Threshold: f.threshold,
	}, nil
}

// Pages are the outputs of a flag that names a page, such as --report.
func Pages(path string) []string {
	if path == "" {
		return nil
	}
	return []string{path}
}

// Besides adds the public manifests that lie beside the files at paths.
func Besides(paths []string) []string {
	all := slices.Clone(paths)
	for _, p := range paths {
		manifest := holder.PublicManifestPath(p)
		if info, err := os.Stat(manifest); err == nil && info.Mode().IsRegular() {
			all = append(all, manifest)
		}
	}
	return all
}

// Look gives an auditor the files at paths, and all files in folders.
func Look(e *cli.Env, a *audit.Auditor, paths []string) error {
	w := &walk{env: e, auditor: a, seen: map[string]bool{}}
	for _, path := range paths {
		if err := w.path(path); err != nil {
			return err
		}
	}
	return nil
}

// walk looks through files and folders, in the order of their names.
type walk struct {
	env     *cli.Env
	auditor *audit.Auditor
	seen    map[string]bool
	files   int
	full    bool
}

func (w *walk) path(root string) error {
	if info, err := os.Stat(root); err != nil {
		w.auditor.Unread(root, reason(err))
		return nil
	} else if !info.IsDir() {
		w.file(root)
		return nil
	}
	if info, err := os.Lstat(root); err == nil && info.Mode()&fs.ModeSymlink != 0 {
		root += string(filepath.Separator) // a link that was named is followed
	}
	base := strings.Count(filepath.Clean(root), string(filepath.Separator))
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if stop := w.env.Interrupt.Err(); stop != nil {
			return stop
		}
		switch {
		case err != nil:
			w.auditor.Unread(path, reason(err))
			if d != nil && d.IsDir() {
				return filepath.SkipDir
			}
		case d.IsDir():
			if strings.Count(path, string(filepath.Separator))-base > maxAuditDepth {
				w.auditor.Skip("%q and what is in it: deeper than %d folders", path, maxAuditDepth)
				return filepath.SkipDir
			}
		case d.Type()&fs.ModeSymlink != 0:
			w.auditor.Skip("%q: a symbolic link; name what it leads to", path)
		case !d.Type().IsRegular():
			w.auditor.Skip("%q: not a regular file", path)
		case w.files >= maxAuditFiles:
			if !w.full {
				w.auditor.Unread(root, fmt.Errorf("it holds more than %d files: name the folders with the backups", maxAuditFiles))
			}
			w.full = true
			return filepath.SkipAll
		default:
			w.file(path)
		}
		return nil
	})
}

func (w *walk) file(path string) {
	if w.seen[filepath.Clean(path)] {
		return
	}
	w.seen[filepath.Clean(path)] = true
	w.files++
	f, err := strict.Open(path)
	if err != nil {
		w.auditor.Unread(path, reason(err))
		return
	}
	defer f.Close()
	w.auditor.Add(audit.Source{Path: path, Size: f.Size(), Data: f})
}

// reason is why the system refused, without the path, which the report names.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// checkBooks compares every address book with the root keys.
func (f *auditFlags) checkBooks(e *cli.Env, a *audit.Auditor) error {
	paths := a.Books()
	for _, given := range f.addresses {
		found := false
		for _, p := range paths {
			found = found || filepath.Clean(p) == filepath.Clean(given)
		}
		if !found {
			if _, err := addresses.Header(given); err != nil {
				return err
			}
			(&walk{env: e, auditor: a, seen: map[string]bool{}}).file(given)
			paths = a.Books()
		}
	}
	roots := a.Roots()
	for _, path := range paths {
		b := audit.Book{Path: path, Rows: []audit.Row{}}
		if len(roots) == 0 {
			a.Skip("address book %q: there is no root key to compare it with", path)
			continue
		}
		totals, err := addresses.Run(e, path, roots, true, failures,
			func(rows []audit.Row) error {
				b.Rows = append(b.Rows, rows[:min(len(rows), audit.MaxRows-len(b.Rows))]...)
				return nil
			})
		if e.Interrupt.Err() != nil {
			return err
		}
		if err != nil {
			a.Unread(path, err)
			continue
		}
		b.Totals = *totals
		a.AddBook(b)
	}
	return nil
}

// failures names the first rows of a chunk that do not belong to the root keys.
func failures(c *addresses.Chunk) ([]audit.Row, error) {
	var rows []audit.Row
	for i := range c.Results {
		r := &c.Results[i]
		if (r.Status == book.Mismatch || r.Status == book.Bad || r.Uncovered) && len(rows) < audit.MaxRows {
			rows = append(rows, audit.Row{Line: c.Rows[i].Line, Text: r.Text()})
		}
	}
	return rows, nil
}

// excused are the findings that do not make the status 3 when files could not be read:
// those files themselves, and things missing that may be in them.
var excused = []string{"unreadable", "nothing-found", "no-backup", "too-few-shares", "record-set"}

func (f *auditFlags) verdict(r *audit.Report) error {
	var errs, warnings []audit.Finding
	for _, found := range r.Findings {
		switch excuse := r.Unreadable > 0 && slices.Contains(excused, found.Code); {
		case found.Level == audit.Error && !excuse:
			errs = append(errs, found)
		case found.Level == audit.Warning && !excuse:
			warnings = append(warnings, found)
		}
	}
	switch {
	case len(errs) > 0:
		return cli.Fail(cli.Mismatch, fmt.Errorf("not in order: %s", first(errs)))
	case f.strict && len(warnings) > 0:
		return cli.Fail(cli.Mismatch, fmt.Errorf("not in order, as --strict counts warnings: %s", first(warnings)))
	case r.Unreadable > 0:
		return cli.Fail(cli.Failed, fmt.Errorf("the audit is not complete: files or folders that could not be read: %d", r.Unreadable))
	}
	return nil
}

// first is the first of some findings, and how many others there are.
func first(list []audit.Finding) string {
	text := list[0].Text
	if about := list[0].About; len(about) > 0 {
		text = fmt.Sprintf("%.200s: %s", about[0], text)
	}
	if n := len(list) - 1; n > 0 {
		text += fmt.Sprintf(" (and %d more)", n)
	}
	return text
}

func printAudit(w io.Writer, r *audit.Report) error {
	var b strings.Builder
	if r.Count(audit.Error) > 0 {
		fmt.Fprintf(&b, "not in order: %s; ", phrase.Count(r.Count(audit.Error), "error"))
	} else if r.Unreadable > 0 {
		b.WriteString("not everything could be read; ")
	}
	fmt.Fprintf(&b, "%s\n%s\n", r.InShort(), r.Summary)
	for i := range r.Vaults {
		v := &r.Vaults[i]
		fmt.Fprintf(&b, "\nroot key on %s: %s\n", v.Curve, v.Status)
		if root := cmp.Or(v.Root, v.RootKey); root != "" {
			fmt.Fprintf(&b, "  %s\n", root)
		}
		fmt.Fprintf(&b, "  %s\n", cli.Clean(v.Verdict))
		for j := range v.Epochs {
			printEpoch(&b, &v.Epochs[j])
		}
	}
	if r.Record != nil {
		printRecorded(&b, r.Record)
	}
	for _, a := range r.Books {
		fmt.Fprintf(&b, "\naddress book %q: %v\n", a.Path, &a.Totals)
		for _, row := range a.Rows {
			fmt.Fprintf(&b, "  line %d: %s\n", row.Line, cli.Clean(row.Text))
		}
	}
	if len(r.Findings)+len(r.Accepted) > 0 {
		b.WriteString("\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Level, f.Code, cli.Clean(f.Text))
		for _, about := range f.About {
			fmt.Fprintf(&b, "    %s\n", cli.Clean(about))
		}
		fmt.Fprintf(&b, "    do: %s\n", cli.Clean(f.Do))
	}
	for _, f := range r.Accepted {
		fmt.Fprintf(&b, "accepted %s: %s\n    %s\n    by %q until %s\n", f.Code, cli.Clean(f.Text), cli.Clean(f.About[0]), f.Who, f.Until)
	}
	if len(r.NotCovered) > 0 {
		b.WriteString("\nnot covered:\n")
		for _, n := range r.NotCovered {
			fmt.Fprintf(&b, "  %s\n", cli.Clean(n))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func printRecorded(b *strings.Builder, r *audit.Recorded) {
	fmt.Fprintf(b, "\nrecord number %d, of %s: %s\n", r.Serial, r.Date, r.Signed())
	for _, g := range r.Groups {
		fmt.Fprintf(b, "  group %q on %s, epoch %s: %s\n", g.ID, g.Curve, g.Epoch, g.Status)
		for _, h := range g.Holders {
			fmt.Fprintf(b, "    %q", h.NodeID)
			if h.Person != "" {
				fmt.Fprintf(b, " (%s)", cli.Clean(h.Person))
			}
			fmt.Fprintf(b, ": %v", h.State)
			if len(h.Where) > 0 {
				fmt.Fprintf(b, ": %s", strings.Join(phrase.Quoted(h.Where), ", "))
			}
			b.WriteString("\n")
		}
	}
}

func printEpoch(b *strings.Builder, e *audit.Epoch) {
	needed := "?"
	if e.Threshold > 0 {
		needed = fmt.Sprint(e.Threshold)
	}
	if e.Roster {
		needed += fmt.Sprintf(" of %d", len(e.Holders))
	}
	fmt.Fprintf(b, "  epoch %s: %d present, %d sealed, %d attested, %s needed\n", e.Epoch, e.Present, e.Sealed, e.Attested, needed)
	fmt.Fprintf(b, "    enough are here: %s; they open: %s; they are yours: %s\n", yesNo(e.Here), shown(e.Opens), shown(e.Yours))
	for _, h := range e.Holders {
		var where []string
		for _, c := range h.Copies {
			kind := ""
			if c.Bundle {
				kind = " (bundle)"
			}
			if c.Opened {
				kind += " (its holder opened it)"
			}
			where = append(where, fmt.Sprintf("%q%s", c.Path, kind))
		}
		for _, d := range h.Damaged {
			where = append(where, fmt.Sprintf("%q (damaged)", d))
		}
		if s := h.Sealed; s != nil {
			live := ""
			if s.Live {
				live = ", and its identity answered"
			}
			where = append(where, fmt.Sprintf("sealed, verified, on %s in %s%s", s.Date, strings.Join(phrase.Quoted(s.Paths), ", "), live))
		}
		if h.Attested != nil {
			where = append(where, fmt.Sprintf("attested on %s in %q", h.Attested.Date, h.Attested.Path))
		}
		fmt.Fprintf(b, "    %q: %s", h.NodeID, h.States())
		if len(where) > 0 {
			fmt.Fprintf(b, ": %s", strings.Join(where, ", "))
		}
		b.WriteString("\n")
	}
}

func yesNo(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

// shown is yesNo for what nothing can disprove.
func shown(is bool) string {
	if is {
		return "yes"
	}
	return "not shown"
}
