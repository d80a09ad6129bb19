package recover

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/recover"
	"lifeboat/recover/ceremony"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

var ceremonyVerb = cli.Verb{
	Name:    "ceremony",
	Summary: "reshare, repair or sign across machines that never meet, by files on a stick",
	Usage: `Usage: mpc-recover ceremony STEP DIR …

A reshare or a repair in which no machine ever holds two shares of one set. DIR is
a folder on a stick that is carried from machine to machine. Each step reads what
is there, checks everything, adds one file, and says who is next. A step can be
repeated: if its file is there, it is checked and nothing is written. Nothing in
DIR is secret. On a disk with modes each user of the machine needs a copy of DIR of
their own, since what one writes no other can read: chmod -R a+rX DIR, then cp -r DIR.

  1. ceremony plan DIR FILE --reason rotation --signer NODE --signer NODE --party NODE --party NODE --threshold T
     ceremony plan DIR FILE --signer NODE --signer NODE --lost NODE
       anybody, with any share file of the vault, no password: why (lost, stolen,
       rotation), who deals (as many old holders as are needed), and who gets a new
       share, or whose share is lost; each with a flag of its own.
  2. ceremony join DIR --node NODE -o KEY.age -R ID.pub
     ceremony join DIR --node NODE FILE -o KEY.age -R ID.pub
       each new party (in a repair each signer, and the holder of the lost share): a
       one-time key, sealed for yourself in KEY.age, kept off the stick that DIR is on.
       "mpc-backup keygen -o ID" comes first: it makes ID, which opens it, and ID.pub.
       Without a recipient it is sealed with a new passphrase, which is asked for twice, and again
       by each step that takes --key; -i is left out then.
       With FILE, your old share, the join is signed. It shows you eight words: write
       them down, read them to the signers, who call you, and to nobody else.
  3. ceremony deal DIR FILE --party NODE --party NODE --threshold T
     ceremony deal DIR FILE --lost NODE --key KEY.age -i ID
       each signer, with the old share. You say again who gets what, call the owner of
       each join that you are asked about, and type the words that they read. A join that is
       your own is known by --key; one that is signed, by the record, unless shares were
       stolen. If others could have changed KEY.age, type your own words as well (--joined).
     ceremony deal DIR FILE --key KEY.age -i ID
       in a repair once more, when all signers have dealt.
  4. ceremony accept DIR --key KEY.age -i ID -o FILE
       each new party: the new share file, under a new password or sealed (-r).
  5. ceremony confirm DIR FILE
       each new party: opens the written file again, and signs what was seen. Only when
       your own machine has seen that all have confirmed do you destroy an old share.

  KEY.age must go in the end, with every copy and its password:
       in a repair, those of the signers together, with a copy of DIR, are the root key. Each
       signer destroys theirs after the second deal, the holder of the lost share when it
       is confirmed.
       in a reshare each, with a copy of DIR, is a new share. Each new party destroys theirs
       when all have confirmed, and not before.

  ceremony status DIR                who is next
  ceremony status DIR --key KEY.age -i ID
                                     and the words of your own join

Two holders sign a batch of transactions, and no key exists at any time: Ed25519 and
Taproot, where two shares are enough. DIR is a folder of its own on each machine's
disk; copy the two files to the stick and from it. Each reviews the batch on another
machine first (mpc-derive review), and types the review code that the other has.
  ceremony sign DIR FILE --ask NODE --tx PATH --addresses CSV --record F -o OUT
       asks the holder of NODE, and waits for the answer. Let it run: no suspend, no
       snapshot, no virtual machine. One answer is read, good or bad.
  ceremony sign DIR FILE --answer NODE --tx PATH --addresses CSV --record F
       answers the holder of NODE, from your own copy of the batch.
  Both take --expect CODE where there is no terminal for the code, and of what
  mpc-recover sign takes
       --to, --to-file, --max-fee, --max-total, --path, --chain, --tokens,
       --trust-amounts, --no-expiry, --short-lived; --ask also --qr and --replaces.

Each step but status and sign wants one of these, for all that is in DIR passed through the
hands of others:
  --record F              the record of the vault, whose code you type from your paper
  --record-code CODE      the code, instead of asking
  --sworn A.json          attestations of the record, which show whether every holder has signed
                          it (repeatable)
  --xpub KEY              the root public key of each group, from your own papers: extended, or in hex,
                          which says nothing of the chain code
  --no-record             you have neither

  --group ID              these groups only, although more is recorded or in your file:
                          repeat it for each group that is dealt for
  -i, --identity F        an age identity, an SSH key or a shard that opens FILE or KEY.age
  --passphrase-file F     the password of FILE (join, deal, confirm) or KEY.age (accept, status)
  --key-passphrase-file F
                          deal: the passphrase of KEY.age
  --joined NODE=WORDS     deal: the words of a join, instead of asking (repeatable)
  --new-passphrase-file F
                          accept: the password of the new file, instead of asking
  --old-threshold T       how many old shares were needed, for tss-lib files
` + holder.RecipientHelp + `  --json                  print the state as JSON

Example: the second of three signers deals
  mpc-recover ceremony deal /media/stick/reshare custodian.json --record vault-record.txt --party client --party custodian --threshold 2
`,
	Steps: []cli.Verb{
		{Name: "plan", Prepare: preparePlan}, {Name: "join", Prepare: prepareJoin}, {Name: "deal", Prepare: prepareDeal},
		{Name: "sign", Prepare: prepareTogether}, {Name: "accept", Prepare: prepareAccept}, {Name: "confirm", Prepare: prepareConfirm}, {Name: "status", Prepare: prepareStatus},
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

	pins  *ceremony.Pins // what the party holds it against; nil if it did not say
	own   []*share.Group // of the party's own file
	words []string       // of the party's own join, if it showed its key
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
		return nil, ofAnother(fmt.Errorf("couldn't read the folder %q of the ceremony: %w", path, errors.Unwrap(err)))
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
			return nil, ofAnother(err)
		}
		if size += len(data); size > maxFolderSize {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("the files in %q are larger than %d MiB together", path, maxFolderSize>>20))
		}
		files[name] = data
	}
	return files, nil
}

// openFolder reads and checks a ceremony that is to go on.
func openFolder(e *cli.Env, path string, asJSON bool) (*folder, error) {
	f, err := openAnyFolder(e, path, asJSON)
	if err == nil && f.Legacy() {
		return nil, f.fail(ceremony.ErrVersion)
	}
	return f, err
}

// openAnyFolder reads and checks a ceremony of any version.
func openAnyFolder(e *cli.Env, path string, asJSON bool) (*folder, error) {
	files, err := readFolder(path)
	if err != nil {
		return nil, err
	}
	for name := range files {
		if files[ceremony.PlanName] == nil && strings.HasPrefix(name, "sign-") {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("in %q two holders sign: there is no plan, and no state", path), "the program that asked waits for the answer; only \"ceremony sign\" uses such a folder")
		}
	}
	c, err := ceremony.Open(files)
	if err != nil {
		return nil, ceremonyError(kindOf(files), fmt.Errorf("ceremony in %q: %w", path, err))
	}
	for _, g := range c.Old() {
		if g.TestOnly() {
			e.Warn("group %q belongs to a test vault: its keys are published, and nothing of value may ever be sent to them", g.ID)
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
	case errors.Is(err, ceremony.ErrVersion):
		return cli.Fail(cli.Refused, err, "begin a new ceremony with this version, in a new folder; status still says how far this one came")
	case errors.Is(err, ceremony.ErrOmitted):
		return cli.Fail(cli.Mismatch, err, "what is not dealt for stays with its old shares; if that is meant, name each group that is dealt for with --group")
	case errors.Is(err, ceremony.ErrWords):
		return cli.Fail(cli.Mismatch, err, "the owner reads them from \"ceremony status DIR --key KEY.age\"; if they differ again, the file was swapped: begin a new ceremony, and find out who had the stick")
	case errors.Is(err, ceremony.ErrRestated), errors.Is(err, ceremony.ErrSeats), errors.Is(err, ceremony.ErrRecord):
		return cli.Fail(cli.Mismatch, err, "deal nothing: find out who made the plan, and begin a new ceremony")
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

// takes refuses a folder in which nothing can be written, before a secret is asked for.
func (f *folder) takes() error {
	if err := f.env.TryOutput(filepath.Join(f.path, "next.json")); err != nil {
		return fmt.Errorf("the folder %q of the ceremony takes no file: %w", f.path, ofAnother(err))
	}
	return nil
}

// ofAnother says what to do about what another user of the machine wrote.
func ofAnother(err error) error {
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	return cli.Fail(cli.Failed, err, "it may be another user's: on a disk with modes, what one user writes is for them alone. Nothing in the folder of a ceremony is secret: have them run \"chmod -R a+rX DIR\", copy DIR to a folder of your own, and hand a copy of what you add back to them")
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
	Kind       ceremony.Kind       `json:"kind"`
	Reason     ceremony.Reason     `json:"reason"` // of version 1 empty
	Session    string              `json:"session"`
	Did        string              `json:"did"`          // what this run did
	Against    string              `json:"held_against"` // record, xpub, nothing; of a status empty
	Written    []string            `json:"written"`      // files, in DIR or outside
	Signers    []string            `json:"signers"`
	Parties    []string            `json:"parties"`
	Threshold  int                 `json:"threshold"`
	Words      []string            `json:"words"`     // of one's own join
	Omitted    []ceremony.Omission `json:"omitted"`   // what is not dealt for
	NextStep   ceremony.Step       `json:"next_step"` // empty: the ceremony is complete
	WaitingFor []string            `json:"waiting_for"`
	Done       bool                `json:"done"`
	Next       []string            `json:"next"`

	about string
}

// report says what was done and who is next.
func (f *folder) report(did string, written ...string) error {
	r := &ceremonyReport{
		Kind: f.Kind(), Reason: f.Reason(), Session: f.Session(), Did: did, Against: f.heldAgainst(), Written: append([]string{}, written...),
		Signers: f.Signers(), Parties: f.Parties(), Threshold: f.Threshold(), Words: append([]string{}, f.words...),
		Omitted: append([]ceremony.Omission{}, f.omitted()...), WaitingFor: []string{},
		about: f.about(),
	}
	step, missing := f.Ceremony.Next()
	r.NextStep, r.WaitingFor, r.Done = step, append(r.WaitingFor, missing...), step == ""
	r.Next = f.next(step, missing)
	if f.json {
		return f.env.WriteJSON(r)
	}
	return r.print(f.env.Stdout)
}

// heldAgainst says what the party brought to compare the folder with.
func (f *folder) heldAgainst() string {
	switch {
	case f.pins == nil:
		return ""
	case f.pins.Record != nil:
		return "record"
	case len(f.pins.Roots) > 0:
		return "xpub"
	}
	return "nothing"
}

// omitted lists what the ceremony does not cover.
func (f *folder) omitted() []ceremony.Omission {
	pins := f.pins
	if pins == nil {
		pins = &ceremony.Pins{}
	}
	return f.Omitted(pins, f.own...)
}

// about says in words what the plan is.
func (f *folder) about() string {
	about := fmt.Sprintf("%s, session %s…: %s deal; %s\n", f.Kind(), f.Session()[:16], phrase.And(phrase.Quoted(f.Signers())), phrases[f.Kind()].about(f))
	if f.Reason() != "" {
		about += fmt.Sprintf("  reason: %s\n", f.Reason())
	}
	for _, g := range f.Old() {
		about += fmt.Sprintf("  group %q on %v, root key %s\n", g.ID, g.Curve, g.Root())
	}
	if f.pins != nil {
		for _, k := range verdict.Roots(f.pins.Roots).Uncompared(share.Roots(f.Old())) {
			about += fmt.Sprintf("  the recorded root key on %v is a bare public key: the chain code was not compared with anything\n", k.Curve())
		}
	}
	if f.heldAgainst() == "nothing" {
		about += "  no record: nothing but this folder says that the plan is of your vault\n"
	}
	return about
}

// next says in words what is to be done.
func (f *folder) next(step ceremony.Step, missing []string) []string {
	var next []string
	who := phrase.And(phrase.Quoted(missing))
	switch step {
	case ceremony.StepJoin:
		next = []string{"Waiting for the join of " + who + "."}
	case ceremony.StepDeal:
		next = []string{
			"Each signer calls the owner of every join that the program asks about, and types the words that they read. A number that reaches a lost device proves nothing. Nobody shows words, or reads them to a caller they do not know.",
			"Waiting for the deal of " + who + ".",
		}
	case ceremony.StepSum:
		next = []string{"Waiting for the second deal, with --key, of " + who + "."}
	case ceremony.StepConfirm:
		next = append([]string{
			"Waiting for " + who + " to accept, with --record or --xpub from their own papers, and then to confirm.",
			"Nobody destroys an old share before their own machine has seen that all have confirmed.",
		}, phrases[f.Kind()].abandoned(f)...)
	default:
		next = phrases[f.Kind()].done(f)
	}
	if f.Legacy() && step != "" {
		next = []string{"It was begun under version 1, and no step goes on with it: begin a new ceremony with this version, in a new folder."}
	}
	next = append(next, phrases[f.Kind()].keys)
	for _, o := range f.omitted() {
		next = append(next, fmt.Sprintf("Not covered: %q on %s, root public key %s. Its old shares stay, and nobody destroys them, nor a file that holds one.", o.ID, o.Curve, o.Root))
	}
	return next
}

func (r *ceremonyReport) print(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", r.Did)
	for _, path := range r.Written {
		fmt.Fprintf(&b, "written: %s\n", cli.Clean(path))
	}
	b.WriteString(r.about)
	if len(r.Words) > 0 {
		fmt.Fprintf(&b, "the words of your join, for signers who call you: %s\n", strings.Join(r.Words, " "))
	}
	printNext(&b, r.Next)
	_, err := io.WriteString(w, b.String())
	return err
}

type statusFlags struct {
	holder.Flags
	key string
}

func prepareStatus(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := statusFlags{Flags: holder.Flags{BundlesOnly: true}}
	f.Define(set)
	set.StringVar(&f.key, "key", "", "")
	set.Reads("key")
	asJSON := set.Bool("json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() != 1 {
		return nil, set.Misuse("give the folder of the ceremony")
	}
	return &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Guard: f.key != "", Run: func(e *cli.Env, _ *cli.Conditions) error {
		dir, err := openAnyFolder(e, set.Arg(0), *asJSON)
		if err != nil {
			return err
		}
		if f.key != "" {
			if err := f.readWords(e, set, dir); err != nil {
				return err
			}
		}
		return dir.report("everything in the folder agrees")
	}}, nil
}

// readWords finds the words of the party's own join.
func (f *statusFlags) readWords(e *cli.Env, set *cli.Flags, dir *folder) error {
	session, err := holder.Load(e, set, &f.Flags, []string{f.key})
	if err != nil {
		return err
	}
	defer session.Close()
	key, err := readKey(session)
	if err != nil {
		return err
	}
	dir.words, err = dir.Words(key)
	return dir.fail(err)
}
