package holder

import (
	"cmp"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// Flags are the flags of every verb that opens shares.
type Flags struct {
	identities  []string
	passphrases []string
	secrets     []string // NAME=FILE
	threshold   int
	limits      Limits
	Xpubs       []string
	NoRecord    bool // the user said that nothing was recorded
	Record      recorded.Flags
	oaths       Oaths

	BundlesOnly bool // set by verbs that open bundles and no share in them
	AnyFile     bool // set by verbs that take files other than bundles and shares

	// Refuse says why a verb does not take a share, if so. It is asked as soon as the
	// share is found, before any password.
	Refuse func(*share.Sealed) error
}

// Oaths are the files of --sworn.
func (f *Flags) Oaths() []string { return f.oaths.Paths() }

// Define adds the flags.
func (f *Flags) Define(set *cli.Flags) {
	set.StringArrayVarP(&f.identities, "identity", "i", nil, "")
	set.StringArrayVar(&f.passphrases, "passphrase-file", nil, "")
	set.StringArrayVar(&f.secrets, "secret", nil, "")
	set.IntVar(&f.threshold, "threshold", 0, "")
	set.Int64Var(&f.limits.Iterations, "max-iterations", 0, "")
	set.IntVar(&f.limits.WorkFactor, "max-work-factor", 0, "")
	set.StringArrayVar(&f.Xpubs, "xpub", nil, "")
	f.Record.Define(set)
	f.oaths.Define(set)
	set.Reads("identity", "passphrase-file", "xpub")
	set.ReadsNamed("secret")
}

// DefineNoRecord adds the flag of verbs that nobody should trust files with.
func (f *Flags) DefineNoRecord(set *cli.Flags) { set.BoolVar(&f.NoRecord, "no-record", false, "") }

// NoRecordHelp describes it.
const NoRecordHelp = `  --no-record             nothing was recorded: trust what the files say of whose vault it is
`

// FlagsHelp describes them.
const FlagsHelp = `  -i, --identity F        an age identity, an SSH key or a shard that opens bundles (repeatable)
  --passphrase-file F     the password of a file, instead of asking: the i-th is for the i-th
                          FILE; a bundle under a passphrase takes two, its own first
` + secretsHelp + `  --xpub KEY              a root public key from your own records: extended, or in hex where the vault has
                          no chain code; or a file with one a line, such as roots.txt (repeatable)
` + recorded.Help + OathsHelp + `  --threshold T           how many shares are needed, for tss-lib files, which do not say
  --max-iterations N      allow password derivations of more than 10,000,000 iterations
  --max-work-factor N     allow bundles with an scrypt work factor above 22
`

// Opens reports whether anything was given that opens bundles or shares.
func (f *Flags) Opens() bool { return len(f.identities)+len(f.passphrases)+len(f.secrets) > 0 }

// Beside returns the flags for a bundle that is opened beside the files: the same
// identities, and a passphrase file of its own, if that is not empty.
func (f *Flags) Beside(passphraseFile string) *Flags {
	b := &Flags{identities: f.identities, BundlesOnly: true}
	if passphraseFile != "" {
		b.passphrases = []string{passphraseFile}
	}
	return b
}

// Session is the inputs of one run of a verb.
type Session struct {
	Inputs []*Input
	Roots  verdict.Roots  // of --xpub and of the record
	Record *record.Record // nil if none was given
	sworn  bool           // every holder has signed it

	env        *cli.Env
	flags      *Flags
	reader     formats.Reader
	identities []*backup.Identity
	private    []*secret.Bytes // of the X25519 ones among them
	passwords  [][]string      // the files that have them, for each input, if they come from files
	keys       open.Keys       // of --secret, and what was asked for
	askers     map[string]*asker
	held       []*open.Share
	unproven   []unproven
	combines   bool  // unproven shares are kept
	miscounted error // what to say if a bundle lacks a password that the count of files relies on
}

// Load reads the inputs and the identities, and counts the passphrase files. It
// opens no share and asks for nothing but the code of a record. Call Close when done.
func Load(e *cli.Env, set *cli.Flags, f *Flags, paths []string) (*Session, error) {
	if f.threshold < 0 || f.threshold == 1 {
		return nil, set.Misuse("--threshold %d: a share alone must never be enough, so the least is 2", f.threshold)
	}
	if f.limits.Iterations < 0 || f.limits.WorkFactor < 0 || f.limits.WorkFactor > 30 {
		return nil, set.Misuse("--max-iterations and --max-work-factor (at most 30) are positive numbers")
	}
	if err := cmp.Or(f.Record.Check(set), f.oaths.Check(set, &f.Record)); err != nil {
		return nil, err
	}
	if f.NoRecord && f.Recorded() {
		return nil, set.Misuse("--no-record contradicts --record and --xpub")
	}
	xpubs, err := recorded.Xpubs(f.Xpubs)
	if err != nil {
		return nil, err
	}
	s := &Session{env: e, flags: f, Roots: xpubs, askers: map[string]*asker{}}
	e.OnExit(s.Close)
	if err := s.readRecord(); err != nil {
		return nil, err
	}
	s.reader.Pin = share.Pin{Threshold: f.threshold, Roots: s.Roots}
	if s.identities, err = readIdentities(e, f.identities); err != nil {
		return nil, err
	}
	if s.private, err = x25519Keys(s.identities); err != nil {
		return nil, err
	}
	if err := s.readSecrets(set); err != nil {
		return nil, err
	}
	for _, p := range paths {
		in := load(p, &s.reader, f.AnyFile)
		s.Inputs = append(s.Inputs, in)
		if err := s.refuse(in); err != nil {
			return nil, err
		}
	}
	s.gatherPieces()
	if err := s.countPassphrases(set); err != nil {
		return nil, err
	}
	for _, in := range s.Inputs {
		if !in.isBundle() { // of others it is said when they are opened
			s.warnTestOnly(in)
			s.warnUnseen(in)
			s.warnAbsent(in)
		}
		for _, sh := range in.Shares {
			for _, n := range sh.Sealed.Notes {
				e.Note("%q: %s", in.Path, n)
			}
		}
		if len(in.Shares) > 0 && share.Exposed(in.Shares[0].Sealed.Lock) {
			WarnExposed(e, in.Path)
		}
	}
	return s, nil
}

// OneIdentity reports whether one identity, and no other, was given for bundles.
func (s *Session) OneIdentity() bool { return len(s.identities) == 1 }

// Close wipes everything.
func (s *Session) Close() {
	for _, o := range s.held {
		o.Wipe()
	}
	for _, u := range s.unproven { // of those that were proven it is gone already
		u.open.Wipe()
	}
	for _, list := range s.keys {
		secret.WipeAll(list)
	}
	for _, in := range s.Inputs {
		in.Close()
	}
	for _, id := range s.identities {
		id.Line.Wipe()
	}
	secret.WipeAll(s.private)
}

// countPassphrases gives each input its files of --passphrase-file, once their number
// fits. Each is read when its turn comes.
func (s *Session) countPassphrases(set *cli.Flags) error {
	if len(s.flags.passphrases) == 0 {
		return nil
	}
	count := s.matching((*Input).slots, s.least)
	if count == nil {
		// A bundle may hold the password of the file in it: only opening it shows that.
		// One that no identity opens is blamed later, whether or not it was counted.
		if err := s.openByIdentity(); err != nil {
			return err
		}
		count = s.matching(s.least, func(in *Input) int {
			if in.isBundle() && in.Err != nil && in.Bundle == nil {
				return in.own()
			}
			return s.least(in)
		})
	}
	if count == nil {
		for _, in := range s.Inputs {
			if needs := in.needs(); len(needs) > 0 && in.slots() == 0 {
				return set.Misuse("--passphrase-file is not for %q: it is opened by %s", in.Path, SecretList(needs))
			}
		}
		s.miscounted = set.Misuse("%s for %s: give one for each FILE, in their order (a bundle under a passphrase takes two; a bundle that holds the password of the file in it may need one less)", phrase.Count(len(s.flags.passphrases), "passphrase file"), phrase.Count(len(s.Inputs), "file"))
		count = s.matching(func(in *Input) int {
			if in.isBundle() && in.Header.NeedsPassphrase() {
				return in.own()
			}
			return s.least(in)
		})
	}
	if count == nil {
		return s.miscounted
	}
	next := s.flags.passphrases
	for _, in := range s.Inputs {
		n := count(in)
		for _, path := range next[:n] {
			WarnExposed(s.env, path)
			if err := prompt.CheckFile(path); err != nil {
				return err
			}
		}
		s.passwords, next = append(s.passwords, next[:n]), next[n:]
	}
	return nil
}

// least returns how many passphrases an input needs at least in this run.
func (s *Session) least(in *Input) int { return in.needed(!s.flags.BundlesOnly) }

// matching returns the first way of counting that takes as many passphrases as
// were given, or nil.
func (s *Session) matching(counts ...func(*Input) int) func(*Input) int {
	for _, count := range counts {
		sum := 0
		for _, in := range s.Inputs {
			sum += count(in)
		}
		if sum == len(s.flags.passphrases) {
			return count
		}
	}
	return nil
}

// openByIdentity opens the bundles that are sealed to identities.
func (s *Session) openByIdentity() error {
	for _, in := range s.Inputs {
		if in.closed() && !in.Header.NeedsPassphrase() {
			if err := s.unlockBundle(in, &asker{env: s.env}); err != nil {
				return err
			}
		}
	}
	return nil
}

// warnTestOnly warns once that an input belongs to a test vault.
func (s *Session) warnTestOnly(in *Input) {
	if slices.ContainsFunc(in.Shares, func(sh *verdict.Share) bool { return sh.Sealed.TestOnly() }) {
		s.env.Warn("%q belongs to a test vault: its keys are published, and nothing of value may ever be sent to them", in.Path)
	}
}

// warnAbsent names the parts that an input should have and has not.
func (s *Session) warnAbsent(in *Input) {
	var last *share.Group
	for _, sh := range in.Shares {
		if g := sh.Sealed.Group; g != nil && g != last && len(g.Absent) > 0 {
			s.env.Warn("%s, and all are needed", Incomplete(in.Path, g.ID, g.Curve.String(), g.Absent))
			last = g
		}
	}
}

// Incomplete says which parts of a group a file should have and has not.
func Incomplete(path, group, curve string, absent []string) string {
	return fmt.Sprintf("%q is not complete: of group %q on %s it lacks the part of %s", path, group, curve, phrase.And(phrase.Quoted(absent)))
}

// warnUnseen warns of what was not looked at in an input that can be used.
func (s *Session) warnUnseen(in *Input) {
	const shown = 5
	if in.Err != nil && in.Bundle == nil { // which says it
		return
	}
	for i, err := range in.Unseen {
		if i == shown {
			s.env.Warn("and %d more in %q", len(in.Unseen)-shown, in.Path)
			return
		}
		s.env.Warn("a share in it would not be found: %v", err)
	}
}

// Use is what is done with each share as soon as it is open. The share is wiped
// afterwards unless it is kept.
type Use func(s *verdict.Share, o *open.Share) (keep bool)

// Keep is the Use of verbs that compute with shares.
func Keep(*verdict.Share, *open.Share) bool { return true }

// Forget is the Use of verbs that want to know whether a share opens.
func Forget(*verdict.Share, *open.Share) bool { return false }

// Unlock opens one input after the other, and in it one share after the other.
// With salvage, shares whose public facts are damaged are opened, too.
func (s *Session) Unlock(salvage bool, use Use) error {
	if err := s.missingFile(salvage); err != nil {
		return err
	}
	for i, in := range s.Inputs {
		if err := s.env.Interrupt.Err(); err != nil {
			return err
		}
		if in.Err != nil && in.Bundle == nil {
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
		for _, sh := range in.Shares {
			if sh.Status == verdict.Unopened && sh.Err == nil && sh.Sealed.Err() == nil {
				sh.Err = err
			}
		}
	}
}

// OpenBundles opens the bundles among the inputs, and no share in them, with what the
// flags gave: it asks for nothing.
func (s *Session) OpenBundles() error {
	for i, in := range s.Inputs {
		if in.closed() && (s.passwords != nil || !in.Header.NeedsPassphrase()) {
			if err := s.unlockBundle(in, s.asker(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// OpenBundle opens one input that must be a bundle, and asks if it has to.
func (s *Session) OpenBundle(in *Input) error {
	if !in.isBundle() && in.SHA256 != "" { // it was read
		return cli.Fail(cli.Failed, fmt.Errorf("%q is not a bundle", in.Path))
	}
	if in.closed() {
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
	if in.closed() {
		if err := s.unlockBundle(in, a); err != nil {
			return err
		}
		if s.miscounted != nil && in.Bundle != nil && in.Header.NeedsPassphrase() && s.least(in) == in.slots() {
			return s.miscounted
		}
	}
	o := open.Options{MaxIterations: s.flags.limits.Iterations, Salvage: salvage, Identities: s.private}
	if salvage {
		o.Known = s.known()
	}
	var passwords []*secret.Bytes // what was given before, or is in the bundle
	defer func() { secret.WipeAll(passwords) }()
	for _, t := range in.text {
		passwords = append(passwords, secret.Copy(t.Expose()))
	}
	if err := s.openClosed(in, a, &passwords, o); err != nil {
		return err
	}
	for _, sh := range in.Shares {
		if err := sh.Sealed.Err(); err != nil && !salvage {
			sh.Failed(statusOf(err), err)
			continue
		}
		var unlocked *open.Unproven
		err := s.with(sh.Sealed.Path, s.question(sh.Sealed), a, &passwords, func(keys open.Keys) (err error) {
			unlocked, err = open.Unlock(sh.Sealed, keys, o)
			return err
		})
		var stop *stopError
		if errors.As(err, &stop) {
			return stop.err
		}
		if err != nil {
			sh.Failed(statusOf(err), err)
			continue
		}
		if g := sh.Sealed.Group; s.combines && sh.Sealed.Err() == nil && !g.KeysKnown() {
			s.unproven = append(s.unproven, unproven{sh, unlocked})
			sh.Failed(verdict.Unproven, open.ErrUnproven)
			continue
		}
		held, err := unlocked.Check(o)
		if err != nil {
			unlocked.Wipe()
			sh.Failed(statusOf(err), err)
			continue
		}
		sh.Opened(held.Public())
		if use(sh, held) {
			s.held = append(s.held, held)
		} else {
			held.Wipe()
		}
	}
	return nil
}

// openClosed opens the files that are encrypted as a whole, and finds the shares in
// them. One that does not open is why the input cannot be used.
func (s *Session) openClosed(in *Input, a *asker, passwords *[]*secret.Bytes, o open.Options) error {
	if len(in.Closed) == 0 {
		return nil
	}
	for _, c := range in.Closed {
		var text *secret.Bytes
		err := s.with(c.path, fmt.Sprintf("Password of %q: ", c.path), a, passwords, func(keys open.Keys) (err error) {
			text, err = open.File(c.Lock, keys, o)
			return err
		})
		var stop *stopError
		if errors.As(err, &stop) {
			return stop.err
		}
		var shares []*share.Sealed
		if err == nil {
			shares, err = s.reader.ParseOpened(c.path, c.Closed, text.Expose())
			text.Wipe()
		}
		if err != nil {
			in.Err = errors.Join(in.Err, fmt.Errorf("%q: %w", c.path, err))
			continue
		}
		for _, sh := range shares {
			in.Add(sh)
		}
	}
	in.Closed = nil
	s.warnTestOnly(in)
	return s.refuse(in)
}

func (s *Session) unlockBundle(in *Input, a *asker) error {
	if err := s.openBundle(in, a); err != nil {
		return err
	}
	return s.refuse(in)
}

func (s *Session) openBundle(in *Input, a *asker) error {
	defer s.warnAbsent(in)
	defer s.warnUnseen(in)
	defer s.warnTestOnly(in)
	if !in.Header.NeedsPassphrase() {
		in.Err = in.unlockBundle(s.env, s.identities, s.flags.limits, &s.reader)
		return nil
	}
	if gib := in.Header.Memory() >> 30; gib > 0 {
		s.env.Note("trying a passphrase of %q takes about %d GiB of memory", in.Path, gib)
	}
	err := a.ask(fmt.Sprintf("Passphrase of bundle %q: ", in.Path), func(forms []*secret.Bytes) error {
		return s.tryPassphrase(in, forms)
	}, backup.ErrNoIdentity)
	var stop *stopError
	if errors.As(err, &stop) && errors.Is(err, prompt.ErrNoTerminal) { // the other inputs may not need a terminal
		in.Err = fmt.Errorf("bundle %q: %w: it takes a passphrase, and there is %w", in.Path, backup.ErrNoIdentity, prompt.ErrNoTerminal)
		return nil
	}
	if errors.As(err, &stop) {
		return stop.err
	}
	in.Err = err
	return nil
}

// tryPassphrase opens a bundle with one of the forms of a passphrase.
func (s *Session) tryPassphrase(in *Input, forms []*secret.Bytes) error {
	for _, p := range forms {
		id, err := backup.PassphraseIdentity(p)
		if err != nil {
			return err
		}
		err = in.unlockBundle(s.env, []*backup.Identity{id}, s.flags.limits, &s.reader)
		runtime.GC() // scrypt took 256 MiB, and may be about to again
		if !errors.Is(err, backup.ErrNoIdentity) {
			return err
		}
	}
	return fmt.Errorf("bundle %q: %w: wrong passphrase", in.Path, backup.ErrNoIdentity)
}

// known lists the share public keys of all files.
func (s *Session) known() []*curve.Point {
	var keys []*curve.Point
	for _, in := range s.Inputs {
		for _, sh := range in.Shares {
			for _, p := range sh.Sealed.Roster {
				if p.PublicKey != nil {
					keys = append(keys, p.PublicKey)
				}
			}
		}
	}
	return keys
}
