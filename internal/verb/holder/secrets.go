package holder

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
	"lifeboat/share/verdict"
)

// secretsHelp describes --secret.
const secretsHelp = `  --secret NAME=FILE      a secret that a file of another vendor's needs, such as rsa-key=key.pem; "help
                          forms" lists them (repeatable)
`

// CheckSecrets checks the names of --secret, and that each has a file.
func CheckSecrets(set *cli.Flags, secrets []string) error {
	var names []string
	for _, f := range formats.Forms() {
		for _, need := range f.Needs {
			if need != share.Password && need != share.Identity && !slices.Contains(names, need.Name) {
				names = append(names, need.Name)
			}
		}
	}
	for _, given := range secrets {
		name, path, ok := strings.Cut(given, "=")
		switch {
		case !ok || path == "":
			return set.Misuse("--secret takes NAME=FILE: the name of a secret, and a file that holds it")
		case name == share.Password.Name:
			return set.Misuse("--secret %s: the password of a file is given with --passphrase-file, in the order of the files", name)
		case !slices.Contains(names, name):
			return set.Misuse("--secret %q: no form needs a secret of that name; the names are %s", name, strings.Join(names, ", "))
		}
	}
	return nil
}

// readSecrets reads the files of --secret.
func (s *Session) readSecrets(set *cli.Flags) error {
	s.keys = open.Keys{}
	if err := CheckSecrets(set, s.flags.secrets); err != nil {
		return err
	}
	for _, given := range s.flags.secrets {
		name, path, _ := strings.Cut(given, "=")
		WarnExposed(s.env, path)
		text, err := prompt.ReadFile(path)
		if err != nil {
			return fmt.Errorf("--secret %s: %w", name, err)
		}
		s.keys[name] = append(s.keys[name], prompt.Forms(text)...)
		text.Wipe()
	}
	return nil
}

// missingFile returns the error for a secret that an input needs, that is a file, and
// that was not given. It is found before any password is asked for. An input of another
// vault than the recorded one is left out.
func (s *Session) missingFile(salvage bool) error {
	for _, in := range s.Inputs {
		for _, need := range in.needs() {
			if need.IfMissed || need == share.Password || need == share.Identity || s.keys[need.Name] != nil {
				continue
			}
			if !salvage && s.leaveOut(in) {
				break
			}
			if mustBeFile(need) {
				return cli.Fail(cli.Usage, fmt.Errorf("%q needs the %s", in.Path, need.What), fmt.Sprintf("give it with --secret %s=FILE%s", need.Name, s.orLeaveOut()))
			}
		}
	}
	return nil
}

// mustBeFile reports whether nothing is opened without a secret, and nobody can type it.
func mustBeFile(need share.Need) bool { return need.File && !need.IfMissed }

// Foresight is what a file says of its shares before anything is opened.
type Foresight struct {
	Files    []share.Need // secrets that have to be given as files
	Foreign  error        // why no new shares can be made of them, if so
	Unproven bool         // nothing says that each of them can be shown to be right by itself
}

// Foresee looks at a file. Of a bundle, or of what cannot be read, it says nothing.
func Foresee(path string) (f Foresight) {
	in := load(path, &formats.Reader{}, true)
	defer in.Close()
	f.Files = slices.DeleteFunc(in.needs(), func(need share.Need) bool { return !mustBeFile(need) })
	f.Unproven = len(in.Closed) > 0
	for _, c := range in.Closed {
		f.Foreign = cmp.Or(f.Foreign, Foreign(&share.Sealed{Form: c.Form}))
	}
	for _, sh := range in.Shares {
		f.Foreign = cmp.Or(f.Foreign, Foreign(sh.Sealed))
		f.Unproven = f.Unproven || sh.Sealed.Group != nil && !sh.Sealed.Group.Provable()
	}
	return f
}

// orLeaveOut ends a hint about a secret that is missing: the other files may do.
func (s *Session) orLeaveOut() string {
	if len(s.Inputs) > 1 {
		return ", or leave the file out"
	}
	return ""
}

// leaveOut leaves an input out whose root keys show that it is not of the recorded vault.
// If one of them is recorded, it is.
func (s *Session) leaveOut(in *Input) bool {
	foreign := ""
	for _, sh := range in.Shares {
		g := sh.Sealed.Group
		switch {
		case g == nil, sh.Sealed.Err() != nil:
		case s.Roots.Have(g.Root()):
			return false
		case s.Roots.On(g.Curve), s.Record != nil:
			foreign = fmt.Sprintf("the root key of group %q on %v", g.ID, g.Curve)
		}
	}
	if foreign == "" || len(s.Inputs) == 1 {
		return false
	}
	in.Shares, in.Err = nil, fmt.Errorf("%q is left out: %s %w", in.Path, foreign, verdict.ErrOtherRoot)
	return true
}

// SecretList is how to give the secrets of a lock. What only another of them may turn
// out to need is named last.
func SecretList(needs []share.Need) string {
	var flags, others []string
	for _, n := range needs {
		flag := "--secret " + n.Name + "=FILE"
		if n == share.Password {
			flag = "--passphrase-file FILE"
		}
		if n.IfMissed {
			others = append(others, flag)
		} else {
			flags = append(flags, flag)
		}
	}
	switch {
	case len(flags) == 0:
		return strings.Join(others, " or ")
	case len(others) == 0:
		return phrase.And(flags)
	}
	return fmt.Sprintf("%s, and perhaps %s", phrase.And(flags), phrase.And(others))
}

// secretHint says which secret kept something in a file from being opened, if one did.
func secretHint(path string, err error) string {
	var need *open.SecretError
	switch {
	case !errors.As(err, &need):
		return ""
	case need.Missing:
		return fmt.Sprintf("%q needs the %s: give it with --secret %s=FILE", path, need.Need.What, need.Need.Name)
	}
	return fmt.Sprintf("the %s that was given does not open %q: check --secret %s=FILE", need.Need.What, path, need.Need.Name)
}

// needs lists the secrets that open what the input is known to hold.
func (in *Input) needs() []share.Need {
	var list []share.Need
	add := func(lock share.Lock) {
		for _, n := range lock.Needs() {
			if !slices.Contains(list, n) {
				list = append(list, n)
			}
		}
	}
	for _, c := range in.Closed {
		add(c.Lock)
	}
	for _, sh := range in.Shares {
		if sh.Sealed.Lock != nil {
			add(sh.Sealed.Lock)
		}
	}
	return list
}

// with opens something of an input with the secrets that were given, and asks for
// what it turns out to need besides. passwords are those of the file.
func (s *Session) with(path, question string, a *asker, passwords *[]*secret.Bytes, try func(open.Keys) error) error {
	keys := func(more ...*secret.Bytes) open.Keys {
		all := open.Keys{share.Password.Name: append(slices.Clip(*passwords), more...)}
		for name, list := range s.keys {
			all[name] = list
		}
		return all
	}
	for {
		err := try(keys())
		var need *open.SecretError
		switch {
		case errors.Is(err, open.ErrPassword):
			a.next(path)
			return a.ask(question, func(forms []*secret.Bytes) error {
				// It may be right for the file's other groups, if this one is damaged.
				for _, f := range forms {
					p := secret.Copy(f.Expose())
					s.env.OnExit(p.Wipe)
					*passwords = append(*passwords, p)
				}
				return try(keys())
			}, open.ErrPassword)
		case !errors.As(err, &need) || s.given(need.Need.Name) || need.Need.File:
			return err
		}
		if err := s.askFor(path, need.Need, func() error { return try(keys()) }); !errors.Is(err, errAnother) {
			return err
		}
	}
}

// given reports whether --secret gave a secret of that name: then no other is asked
// for.
func (s *Session) given(name string) bool {
	return slices.ContainsFunc(s.flags.secrets, func(g string) bool { return strings.HasPrefix(g, name+"=") })
}

// errAnother means that an answer was right, and something else is needed besides.
var errAnother = errors.New("another secret is needed")

// askFor asks for a secret until it fits. An answer that does is kept for other files.
func (s *Session) askFor(path string, need share.Need, try func() error) error {
	a := s.askers[need.Name]
	if a == nil {
		a = &asker{env: s.env}
		s.askers[need.Name] = a
	}
	a.next(path)
	before := s.keys[need.Name]
	err := a.ask(fmt.Sprintf("The %s, for %q: ", need.What, path), func(forms []*secret.Bytes) error {
		kept := slices.Clip(before)
		for _, f := range forms {
			p := secret.Copy(f.Expose())
			s.env.OnExit(p.Wipe)
			kept = append(kept, p)
		}
		s.keys[need.Name] = kept
		err := try()
		var missing *open.SecretError
		switch {
		case !errors.As(err, &missing):
			return err
		case missing.Need.Name == need.Name:
			s.keys[need.Name] = before
			return wrongAnswer{err}
		}
		return errAnother
	}, errWrongAnswer)
	var wrong wrongAnswer
	if errors.As(err, &wrong) {
		return wrong.error
	}
	if errors.Is(err, prompt.ErrNoTerminal) {
		return &stopError{cli.Fail(cli.Failed, fmt.Errorf("%q needs the %s, and there is %w", path, need.What, prompt.ErrNoTerminal),
			fmt.Sprintf("give it with --secret %s=FILE, or run it on a terminal%s", need.Name, s.orLeaveOut()))}
	}
	if errors.Is(err, errSkipped) {
		return &open.SecretError{Need: need, Missing: true}
	}
	return err
}

// wrongAnswer is the error about a secret that does not fit.
type wrongAnswer struct{ error }

var errWrongAnswer = errors.New("wrong answer")

func (w wrongAnswer) Is(target error) bool { return target == errWrongAnswer }
func (w wrongAnswer) Unwrap() error        { return w.error }

// refuse returns why the verb takes none of the shares of an input, if so.
func (s *Session) refuse(in *Input) error {
	if s.flags.Refuse == nil {
		return nil
	}
	for _, sh := range in.Shares {
		if err := s.flags.Refuse(sh.Sealed); err != nil {
			return refused(sh.Sealed.Path, err)
		}
	}
	for _, c := range in.Closed {
		if err := s.flags.Refuse(&share.Sealed{Form: c.Form}); err != nil {
			return refused(in.Path, err)
		}
	}
	return nil
}

func refused(path string, err error) error {
	var hints []string
	if errors.Is(err, errForeign) {
		hints = []string{"with these files mpc-recover key gives the keys, and sign pays from them: to have other shares, make a new vault and move the money there (mpc-recover guide --moving)"}
	}
	return cli.Fail(cli.Refused, fmt.Errorf("%q: %w", path, err), hints...)
}

// errForeign says why shares are not made again.
var errForeign = errors.New("no new shares are made for a vault of this form: its vendor's program could not read them, and those of another form would give other addresses")

// Foreign refuses shares of which no new ones can be made. It is the Refuse of verbs
// that make some.
func Foreign(s *share.Sealed) error {
	if formats.Renewable(s.Form) && (s.Group == nil || s.Group.UsualTree()) {
		return nil
	}
	return fmt.Errorf("%s: %w", s.Form, errForeign)
}

// Combine is Unlock for verbs that compute with shares. Those that have no share public
// key are proven by combining them.
func (s *Session) Combine(salvage bool) error {
	s.combines = true
	if err := s.Unlock(salvage, Keep); err != nil {
		return err
	}
	var sealed []*share.Sealed
	for _, u := range s.unproven {
		sealed = append(sealed, u.open.Sealed())
	}
	for _, t := range verdict.Collect(sealed) {
		s.prove(t)
	}
	return nil
}

// prove notes what came of the shares of one group.
func (s *Session) prove(t *verdict.Sharing) {
	var list []*open.Unproven
	var shares []*verdict.Share
	for _, u := range s.unproven {
		if slices.Contains(t.Sealed, u.open.Sealed()) {
			list, shares = append(list, u.open), append(shares, u.share)
		}
	}
	proven, err := open.Prove(t.Group, list)
	for i, sh := range shares {
		switch {
		case errors.Is(err, open.ErrTooFew), errors.Is(err, open.ErrNoProof) && len(t.Group.Absent) > 0:
			sh.Failed(verdict.Unproven, open.ErrUnproven)
		case err != nil:
			sh.Failed(verdict.Inconsistent, err)
		case proven[i] == nil:
			sh.Failed(verdict.Inconsistent, open.ErrBad)
		default:
			sh.Opened(proven[i].Public())
			s.held = append(s.held, proven[i])
		}
	}
}

// unproven is a share that opened and has nothing to be checked against.
type unproven struct {
	share *verdict.Share
	open  *open.Unproven
}
