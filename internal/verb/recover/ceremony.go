package recover

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
	"lifeboat/recover/ceremony"
)

var ceremonyVerb = cli.Verb{
	Name:    "ceremony",
	Summary: "reshare or repair across machines that never meet, by files on a stick",
	Usage: `Usage: mpc-recover ceremony STEP DIR …

A reshare or a repair in which no machine ever holds two shares of one set. DIR is
a folder on a stick that is carried from machine to machine. Each step reads what
is there, checks everything, adds one file, and says who is next. A step can be
repeated: if its file is there, it is checked and nothing is written. Nothing in
DIR is secret.

  1. ceremony plan DIR FILE --signer NODE --signer NODE --party NODE --party NODE --threshold T
     ceremony plan DIR FILE --signer NODE --signer NODE --lost NODE
       anybody, with any share file of the vault, no password: who deals (as many old
       holders as are needed), and who gets a new share, or whose share is lost; each
       with a flag of its own.
  2. ceremony join DIR --node NODE -o KEY.age -r RECIPIENT
       each new party (in a repair each signer, and the holder of the lost share): a
       one-time key, sealed for yourself in KEY.age, kept outside DIR.
     Then everybody compares twelve words, over the telephone or face to face. Whoever
     swapped a file on the stick would otherwise get the parts meant for somebody else.
  3. ceremony deal DIR FILE
       each signer, with the old share. It shows the twelve words and goes on only when
       you confirm them.
     ceremony deal DIR FILE --key KEY.age
       in a repair once more, when all signers have dealt.
  4. ceremony accept DIR --key KEY.age --xpub KEY… -o FILE
       each new party: the new share file, under a new password or sealed (-r). The root
       extended public keys are from your own records, one for each group.
  5. ceremony confirm DIR FILE
       each new party: opens the written file again, and signs what was seen. Only when
       all have confirmed does anybody destroy an old share.

  ceremony status DIR          who is next

  -i, --identity F             an age identity, an SSH key or a shard that opens FILE or KEY.age
  --passphrase-file F          the password of FILE (deal, confirm) or of KEY.age (accept)
  --key-passphrase-file F      deal: the passphrase of KEY.age
  --new-passphrase-file F      accept: the password of the new file, instead of asking
  --words WORDS                deal: the twelve words, instead of asking
  --group ID                   plan: only this group
  --old-threshold T            plan: how many old shares were needed, for tss-lib files
` + holder.RecipientHelp + `  --json                       print the state as JSON

Example: the second of three signers deals
  mpc-recover ceremony deal /media/stick/reshare custodian.json
`,
	Steps: []cli.Verb{
		{Name: "plan", Prepare: preparePlan}, {Name: "join", Prepare: prepareJoin}, {Name: "deal", Prepare: prepareDeal},
		{Name: "accept", Prepare: prepareAccept}, {Name: "confirm", Prepare: prepareConfirm}, {Name: "status", Prepare: prepareStatus},
	},
}

// adds are the outputs of a step that adds a file to DIR. A status adds none, but
// names what a killed run left there.
func adds(dir string) []string { return []string{filepath.Join(dir, ceremony.PlanName)} }

// folder is DIR.
type folder struct {
	env  *cli.Env
	path string
	*ceremony.Ceremony
	json bool
}

// Limits of a folder.
const (
	maxFolderFiles = 5000
	maxFolderSize  = 64 << 20 // bytes
)

// readFolder reads the messages in a folder. Other files than JSON are left
// alone: sticks collect them.
func readFolder(path string) (map[string][]byte, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, cli.Fail(cli.Failed, fmt.Errorf("couldn't read the folder %q of the ceremony: %w", path, errors.Unwrap(err)))
	}
	if len(entries) > maxFolderFiles {
		return nil, cli.Fail(cli.Failed, fmt.Errorf("the folder %q has more than %d files: give the ceremony a folder of its own", path, maxFolderFiles))
	}
	files, size := map[string][]byte{}, 0
	for _, entry := range entries {
		name := entry.Name()
		if !strings.EqualFold(filepath.Ext(name), ".json") || strings.HasPrefix(name, ".") {
			continue
		}
		data, err := strict.ReadFile(filepath.Join(path, name), ceremony.MaxFileSize)
		if err != nil {
			return nil, err
		}
		if size += len(data); size > maxFolderSize {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("the files in %q are larger than %d MiB together", path, maxFolderSize>>20))
		}
		files[name] = data
	}
	return files, nil
}

// openFolder reads and checks a ceremony.
func openFolder(e *cli.Env, path string, asJSON bool) (*folder, error) {
	files, err := readFolder(path)
	if err != nil {
		return nil, err
	}
	c, err := ceremony.Open(files)
	if err != nil {
		return nil, ceremonyError(kindOf(files), fmt.Errorf("ceremony in %q: %w", path, err))
	}
	for _, g := range c.Old() {
		if g.TestOnly() {
			e.Warn("group %q is of a test vault: its keys are published, and nothing of value may ever be sent to them", g.ID)
		}
	}
	return &folder{env: e, path: path, Ceremony: c, json: asJSON}, nil
}

// kindOf returns the kind of a ceremony whose other files cannot be read. If its
// plan cannot be read either, it may be a reshare, which needs more care.
func kindOf(files map[string][]byte) ceremony.Kind {
	c, err := ceremony.Open(map[string][]byte{ceremony.PlanName: files[ceremony.PlanName]})
	if err != nil {
		return ceremony.Reshare
	}
	return c.Kind()
}

// fail gives an error of the ceremony its exit status.
func (f *folder) fail(err error) error { return ceremonyError(f.Kind(), err) }

// ceremonyError gives an error of package ceremony its exit status, and the hints
// that a ceremony of this kind needs.
func ceremonyError(kind ceremony.Kind, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ceremony.ErrTooEarly):
		return cli.Fail(cli.Failed, err, "ceremony status DIR says who is next")
	case errors.Is(err, ceremony.ErrUnpinned):
		return cli.Fail(cli.Usage, err, "repeat --xpub, once for each group, from your own records")
	case errors.Is(err, recover.ErrPinned):
		return cli.Fail(cli.Mismatch, err, "do not go on: the plan may be of another vault, or made up; compare the root extended public key with your records")
	case errors.Is(err, ceremony.ErrKey) && !errors.As(err, new(*ceremony.FileError)):
		return cli.Fail(cli.Mismatch, err, "give the key file that your own join of this ceremony wrote")
	case errors.Is(err, ceremony.ErrMessage), errors.Is(err, recover.ErrCheat), errors.Is(err, ceremony.ErrKey):
		hints := []string{"do not go on with this ceremony before it is known how that happened: ask the party that the file names"}
		return cli.Fail(cli.Mismatch, err, append(hints, phrases[kind].spoiled...)...)
	}
	return cli.Fail(cli.Mismatch, err)
}

// add writes a message into the folder, and reads the folder again as the next
// party will.
func (f *folder) add(name string, data []byte) error {
	if err := f.env.WriteFile(filepath.Join(f.path, name), data); err != nil {
		return err
	}
	return f.reread()
}

func (f *folder) reread() error {
	files, err := readFolder(f.path)
	if err != nil {
		return err
	}
	c, err := ceremony.Open(files)
	if err != nil {
		return f.fail(fmt.Errorf("ceremony in %q: %w", f.path, err))
	}
	f.Ceremony = c
	return nil
}

// ceremonyReport is what --json prints.
type ceremonyReport struct {
	Kind        ceremony.Kind `json:"kind"`
	Session     string        `json:"session"`
	Did         string        `json:"did"`     // what this run did
	Written     []string      `json:"written"` // files, in DIR or outside
	Signers     []string      `json:"signers"`
	Parties     []string      `json:"parties"`
	Threshold   int           `json:"threshold"`
	Fingerprint []string      `json:"fingerprint"` // twelve words, once everybody has joined
	NextStep    ceremony.Step `json:"next_step"`   // empty: the ceremony is complete
	WaitingFor  []string      `json:"waiting_for"`
	Done        bool          `json:"done"`
	Next        []string      `json:"next"`

	about string
}

// report says what was done and who is next.
func (f *folder) report(did string, written ...string) error {
	r := &ceremonyReport{
		Kind: f.Kind(), Session: f.Session(), Did: did, Written: append([]string{}, written...),
		Signers: f.Signers(), Parties: f.Parties(), Threshold: f.Threshold(), Fingerprint: []string{}, WaitingFor: []string{},
		about: f.about(),
	}
	if words, err := f.Fingerprint(); err == nil {
		r.Fingerprint = words
	}
	step, missing := f.Ceremony.Next()
	r.NextStep, r.WaitingFor, r.Done = step, append(r.WaitingFor, missing...), step == ""
	r.Next = f.next(step, missing)
	if f.json {
		return f.env.WriteJSON(r)
	}
	return r.print(f.env.Stdout)
}

// about says in words what the plan is.
func (f *folder) about() string {
	about := fmt.Sprintf("%s, session %s…: %s deal; %s\n", f.Kind(), f.Session()[:16], phrase.And(phrase.Quoted(f.Signers())), phrases[f.Kind()].about(f))
	for _, g := range f.Old() {
		about += fmt.Sprintf("  group %q on %v, root key %s\n", g.ID, g.Curve, g.Root())
	}
	return about
}

// next says in words what is to be done.
func (f *folder) next(step ceremony.Step, missing []string) []string {
	who := phrase.And(phrase.Quoted(missing))
	switch step {
	case ceremony.StepJoin:
		return []string{"Waiting for the join of " + who + "."}
	case ceremony.StepDeal:
		return []string{
			"Everybody compares the twelve words with everybody else, before anything is dealt.",
			"Waiting for the deal of " + who + ".",
		}
	case ceremony.StepSum:
		return []string{"Waiting for the second deal, with --key, of " + who + "."}
	case ceremony.StepConfirm:
		return append([]string{
			"Waiting for " + who + " to accept, with --xpub from their own records, and then to confirm.",
			"Nobody destroys an old share before all have confirmed.",
		}, phrases[f.Kind()].abandoned(f)...)
	}
	return phrases[f.Kind()].done(f)
}

func (r *ceremonyReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Did)
	for _, path := range r.Written {
		fmt.Fprintf(&b, "written: %s\n", cli.Clean(path))
	}
	b.WriteString(r.about)
	if len(r.Fingerprint) > 0 {
		b.WriteString(showWords(r.Fingerprint))
	}
	printNext(&b, r.Next)
	_, err := io.WriteString(w, b.String())
	return err
}

// showWords lays the twelve words out in three lines.
func showWords(words []string) string {
	var b strings.Builder
	b.WriteString("the twelve words of the plan and all joins:\n")
	for i := 0; i < len(words); i += 4 {
		fmt.Fprintf(&b, "  %s\n", strings.Join(words[i:min(i+4, len(words))], "  "))
	}
	return b.String()
}

func prepareStatus(set *cli.Flags, args []string) (*cli.Plan, error) {
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() != 1 {
		return nil, set.Misuse("give the folder of the ceremony")
	}
	return &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Run: func(e *cli.Env, _ *cli.Conditions) error {
		f, err := openFolder(e, set.Arg(0), *asJSON)
		if err != nil {
			return err
		}
		return f.report("everything in the folder agrees")
	}}, nil
}
