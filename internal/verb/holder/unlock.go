package holder

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"lifeboat/backup"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/open"
)

// tries is how often a password is asked for.
const tries = 3

// Flags are the flags of every verb that opens shares.
type Flags struct {
	identities  []string
	passphrases []string
	threshold   int
	limits      Limits
	Xpubs       []string

	BundlesOnly bool // set by verbs that open bundles and no share in them
	AnyFile     bool // set by verbs that take files that are neither
}

// Define adds the flags.
func (f *Flags) Define(set *cli.Flags) {
	set.StringArrayVarP(&f.identities, "identity", "i", nil, "")
	set.StringArrayVar(&f.passphrases, "passphrase-file", nil, "")
	set.IntVar(&f.threshold, "threshold", 0, "")
	set.Int64Var(&f.limits.Iterations, "max-iterations", 0, "")
	set.IntVar(&f.limits.WorkFactor, "max-work-factor", 0, "")
	set.StringArrayVar(&f.Xpubs, "xpub", nil, "")
	set.Reads("identity", "passphrase-file")
}

// FlagsHelp describes them.
const FlagsHelp = `  -i, --identity F        an age identity, an SSH key or a shard that opens bundles (repeatable)
  --passphrase-file F     the password of a file, instead of asking: the i-th is for the i-th
                          FILE; a bundle under a passphrase takes two, its own first
  --xpub KEY              a root extended public key from your own records (repeatable)
  --threshold T           how many shares are needed, for tss-lib files, which do not say
  --max-iterations N      allow password derivations of more than 10,000,000 iterations
  --max-work-factor N     allow bundles with an scrypt work factor above 22
`

// Opens reports whether anything was given that opens bundles or shares.
func (f *Flags) Opens() bool { return len(f.identities)+len(f.passphrases) > 0 }

// Session is the inputs of one run of a verb.
type Session struct {
	Inputs []*Input
	Roots  []*derive.Key // of --xpub

	env        *cli.Env
	flags      *Flags
	pin        share.Pin
	identities []*backup.Identity
	passwords  [][]*secret.Bytes // for each input, if they come from files
}

// Load reads the inputs and the identities, and counts the passphrase files. It
// opens no share and asks for nothing. Call Close when done.
func Load(e *cli.Env, set *cli.Flags, f *Flags, paths []string) (*Session, error) {
	if f.threshold < 0 || f.threshold == 1 {
		return nil, set.Misuse("--threshold %d: a share alone must never be enough, so the least is 2", f.threshold)
	}
	if f.limits.Iterations < 0 || f.limits.WorkFactor < 0 || f.limits.WorkFactor > 30 {
		return nil, set.Misuse("--max-iterations and --max-work-factor (at most 30) are positive numbers")
	}
	roots, err := ParseRoots(f.Xpubs)
	if err != nil {
		return nil, cli.Fail(cli.Failed, err, "compare the key with your records, letter by letter")
	}
	s := &Session{env: e, flags: f, Roots: roots, pin: share.Pin{Threshold: f.threshold, Roots: roots}}
	e.OnExit(s.Close)
	if s.identities, err = readIdentities(e, f.identities); err != nil {
		return nil, err
	}
	for _, p := range paths {
		s.Inputs = append(s.Inputs, load(p, s.pin, f.AnyFile))
	}
	if err := s.readPassphrases(set); err != nil {
		return nil, err
	}
	s.warnTestOnly()
	for _, in := range s.Inputs {
		if len(in.Entries) > 0 && in.Entries[0].Sealed.Kind == share.TSSLib {
			WarnExposed(e, in.Path) // its share is not encrypted
		}
	}
	return s, nil
}

// OneIdentity reports whether one identity, and no other, was given for bundles.
func (s *Session) OneIdentity() bool { return len(s.identities) == 1 }

// Close wipes everything.
func (s *Session) Close() {
	for _, in := range s.Inputs {
		in.Close()
	}
	for _, list := range s.passwords {
		for _, p := range list {
			p.Wipe()
		}
	}
}

func readIdentities(e *cli.Env, paths []string) ([]*backup.Identity, error) {
	var files []backup.IdentityFile
	defer func() {
		for _, f := range files {
			f.Text.Wipe()
		}
	}()
	for _, p := range paths {
		b, err := strict.ReadFile(p, backup.MaxIdentityFile)
		if err != nil {
			return nil, fmt.Errorf("identity file: %w", err)
		}
		WarnExposed(e, p)
		files = append(files, backup.IdentityFile{Name: p, Text: secret.Take(b)})
	}
	ids, err := parseIdentities(e, files)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id.Shards == nil {
			continue
		}
		e.Note("joined from %s of set %q (%s)", shardNumbers(id.Shards.Used), id.Shards.Set.SetName, id.Shards.Set.SetID)
		for _, bad := range id.Shards.Bad {
			e.Warn("shard %d, %q, is wrong: %s; the others were enough", bad.Number, bad.From, bad.Why)
		}
	}
	return ids, nil
}

// parseIdentities leaves out one file that cannot be used, if all goes well
// without it: a shard with a typing error beside enough good ones.
func parseIdentities(e *cli.Env, files []backup.IdentityFile) ([]*backup.Identity, error) {
	if len(files) == 0 {
		return nil, nil
	}
	ids, err := backup.ParseIdentities(files...)
	if err == nil || len(files) == 1 {
		return ids, err
	}
	for i, f := range files {
		ids, without := backup.ParseIdentities(slices.Delete(slices.Clone(files), i, i+1)...)
		if without == nil {
			e.Warn("%q is not used: %v", f.Name, err)
			return ids, nil
		}
	}
	return nil, err
}

func shardNumbers(numbers []int) string {
	slices.Sort(numbers)
	var words []string
	for _, n := range numbers {
		words = append(words, strconv.Itoa(n))
	}
	return "shards " + Sentence(words)
}

// WarnExposed says that other users may read a file that holds a secret.
func WarnExposed(e *cli.Env, path string) {
	if prompt.Exposed(path) {
		e.Warn("%q can be read by other users of this machine; chmod 600 mends that", path)
	}
}

// readPassphrases reads the files of --passphrase-file, after counting them
// against the inputs.
func (s *Session) readPassphrases(set *cli.Flags) error {
	if len(s.flags.passphrases) == 0 {
		return nil
	}
	least := func(in *Input) int { return in.needed(!s.flags.BundlesOnly) }
	all, needed := 0, 0
	for _, in := range s.Inputs {
		all += in.slots()
		needed += least(in)
	}
	count := (*Input).slots
	if given := len(s.flags.passphrases); given != all {
		if given != needed {
			return set.Misuse("%d passphrase files for %d files: give one for each FILE, in their order (a bundle under a passphrase takes two)", given, len(s.Inputs))
		}
		count = least
	}
	next := s.flags.passphrases
	for _, in := range s.Inputs {
		var list []*secret.Bytes
		for range count(in) {
			WarnExposed(s.env, next[0])
			p, err := prompt.ReadFile(next[0])
			if err != nil {
				return err
			}
			list, next = append(list, p), next[1:]
		}
		s.passwords = append(s.passwords, list)
	}
	return nil
}

func (s *Session) warnTestOnly() {
	for _, in := range s.Inputs {
		for _, entry := range in.Entries {
			if entry.Sealed.TestOnly() {
				s.env.Warn("%q is of a test vault: its keys are published, and nothing of value may ever be sent to them", in.Path)
				break
			}
		}
	}
}

// Use is what a verb does with an opened share. It must not keep the share
// unless it says so.
type Use func(e *Entry) (keep bool)

// Unlock opens one input after the other, and in it one share after the other.
// Each opened share is given to use, and wiped after it unless it is kept. With
// salvage, shares whose public facts are damaged are opened, too.
func (s *Session) Unlock(salvage bool, use Use) error {
	for i, in := range s.Inputs {
		if err := s.env.Interrupt.Err(); err != nil {
			return err
		}
		if in.Err != nil {
			continue
		}
		if err := s.unlock(in, s.asker(i), salvage, use); err != nil {
			s.notReached(err)
			return err
		}
	}
	return nil
}

// notReached notes why the run did not come to some shares.
func (s *Session) notReached(err error) {
	for _, in := range s.Inputs {
		for _, e := range in.Entries {
			if e.Status == Unopened && e.Err == nil && e.Sealed.Err() == nil {
				e.Err = err
			}
		}
	}
}

// OpenBundles opens the bundles among the inputs, and no share in them, with
// what was given for it: it asks for nothing.
func (s *Session) OpenBundles() error {
	for i, in := range s.Inputs {
		if in.Err == nil && in.isBundle() && (s.passwords != nil || !in.Header.NeedsPassphrase()) {
			if err := s.unlockBundle(in, s.asker(i)); err != nil {
				return err
			}
		}
	}
	s.warnTestOnly()
	return nil
}

// OpenBundle opens one input that must be a bundle, and asks if it has to.
func (s *Session) OpenBundle(in *Input) error {
	if !in.isBundle() && in.SHA256 != "" { // it was read
		return cli.Fail(cli.Failed, fmt.Errorf("%q is not a bundle", in.Path))
	}
	if in.Err == nil {
		if err := s.unlockBundle(in, s.asker(slices.Index(s.Inputs, in))); err != nil {
			return err
		}
	}
	if in.Bundle == nil {
		var hints []string
		if h := in.Hint(); h != "" {
			hints = append(hints, h)
		}
		return cli.Fail(cli.Failed, in.Err, hints...)
	}
	return nil
}

func (s *Session) asker(i int) *asker {
	a := &asker{env: s.env}
	if s.passwords != nil {
		a.fromFiles, a.files = true, s.passwords[i]
	}
	return a
}

func (s *Session) unlock(in *Input, a *asker, salvage bool, use Use) error {
	if in.isBundle() && in.Bundle == nil {
		if err := s.unlockBundle(in, a); err != nil {
			return err
		}
		s.warnTestOnly()
	}
	o := open.Options{MaxIterations: s.flags.limits.Iterations, Salvage: salvage}
	if salvage {
		o.Known = s.known()
	}
	var passwords []*secret.Bytes // what was given before, or is in the bundle
	defer func() { wipeAll(passwords) }()
	for _, t := range in.text {
		passwords = append(passwords, secret.Copy(t.Expose()))
	}
	for _, e := range in.Entries {
		if err := e.Sealed.Err(); err != nil && !salvage {
			e.set(err)
			continue
		}
		held, err := open.Open(e.Sealed, passwords, o)
		if errors.Is(err, open.ErrPassword) {
			a.next(e.Sealed.Path)
			err = a.ask(fmt.Sprintf("Password of %q, node %q: ", e.Sealed.Path, e.Sealed.NodeID), func(forms []*secret.Bytes) error {
				// It may be right for the file's other groups, if this one is damaged.
				passwords = append(passwords, copyAll(forms)...)
				held, err = open.Open(e.Sealed, forms, o)
				return err
			}, open.ErrPassword)
		}
		var stop *stopError
		if errors.As(err, &stop) {
			return stop.err
		}
		e.set(err)
		if err == nil {
			e.Share = held
			if !use(e) {
				held.Wipe()
				e.Share = nil
			}
		}
	}
	return nil
}

func (s *Session) unlockBundle(in *Input, a *asker) error {
	if !in.Header.NeedsPassphrase() {
		in.Err = in.unlockBundle(s.env, s.identities, s.flags.limits, s.pin)
		return nil
	}
	if gib := in.Header.Memory() >> 30; gib > 0 {
		s.env.Note("trying a passphrase of %q takes about %d GiB of memory", in.Path, gib)
	}
	err := a.ask(fmt.Sprintf("Passphrase of bundle %q: ", in.Path), func(forms []*secret.Bytes) error {
		var err error
		for _, p := range forms {
			id, bad := backup.PassphraseIdentity(p)
			if bad != nil {
				return bad
			}
			if err = in.unlockBundle(s.env, []*backup.Identity{id}, s.flags.limits, s.pin); !errors.Is(err, backup.ErrNoIdentity) {
				return err
			}
		}
		return fmt.Errorf("bundle %q: %w: wrong passphrase", in.Path, backup.ErrNoIdentity)
	}, backup.ErrNoIdentity)
	var stop *stopError
	if errors.As(err, &stop) && errors.Is(err, prompt.ErrNoTerminal) { // the other inputs may do without
		in.Err = fmt.Errorf("bundle %q: %w: it takes a passphrase, and there is %w", in.Path, backup.ErrNoIdentity, prompt.ErrNoTerminal)
		return nil
	}
	if errors.As(err, &stop) {
		return stop.err
	}
	in.Err = err
	return nil
}

// known lists the share public keys of all files.
func (s *Session) known() []*curve.Point {
	var keys []*curve.Point
	for _, in := range s.Inputs {
		for _, e := range in.Entries {
			for _, p := range e.Sealed.Roster {
				keys = append(keys, p.PublicKey)
			}
		}
	}
	return keys
}

// asker brings passwords for one input, from files or from the terminal.
type asker struct {
	env       *cli.Env
	fromFiles bool
	files     []*secret.Bytes
	file      string // that is asked about: the input, or one in the bundle
	gaveUp    error  // why the file is not asked about again
}

// next turns to a file. All groups of one file share its tries.
func (a *asker) next(file string) {
	if a.file != file {
		a.file, a.gaveUp = file, nil
	}
}

// stopError is a reason to end the run, and not only to give up one file.
type stopError struct{ err error }

func (e *stopError) Error() string { return e.err.Error() }
func (e *stopError) Unwrap() error { return e.err }

var errSkipped = fmt.Errorf("no password was given: %w", open.ErrPassword)

// ask tries passwords until try returns something else than retry.
func (a *asker) ask(question string, try func(forms []*secret.Bytes) error, retry error) error {
	if a.fromFiles {
		if len(a.files) == 0 {
			return retry
		}
		forms := prompt.Forms(a.files[0]) // the bundle's own comes first
		a.files = a.files[1:]
		defer wipeAll(forms)
		return try(forms)
	}
	if a.gaveUp != nil {
		return a.gaveUp
	}
	terminal, err := a.env.Terminal()
	if err != nil {
		return &stopError{err}
	}
	for n := 1; ; n++ {
		p, err := terminal.Password(question)
		if err != nil {
			return &stopError{err}
		}
		if p.Len() == 0 {
			a.gaveUp = errSkipped
			a.env.Note("skipped")
			return errSkipped
		}
		forms := prompt.Forms(p)
		p.Wipe()
		err = try(forms)
		wipeAll(forms)
		if !errors.Is(err, retry) {
			return err
		}
		if n == tries {
			a.gaveUp = err
			return err
		}
		a.env.Note("that did not open it (%d of %d tries); an empty line skips the file", n, tries)
	}
}

func wipeAll(list []*secret.Bytes) {
	for _, p := range list {
		p.Wipe()
	}
}

func copyAll(list []*secret.Bytes) []*secret.Bytes {
	out := make([]*secret.Bytes, len(list))
	for i, p := range list {
		out[i] = secret.Copy(p.Expose())
	}
	return out
}

// Sentence joins strings for a person: "a", "a and b", "a, b and c".
func Sentence(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}
