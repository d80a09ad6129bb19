// Package holder is what the verbs that open shares have in common: reading
// share files and bundles, asking for their passwords, saying what came of each
// file, and sealing results.
package holder

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/archive"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

// Input is one FILE argument.
type Input struct {
	verdict.File

	Bundle *backup.Bundle // if it is one, and open
	Header *backup.Header // if it is a bundle
	Other  bool           // neither a bundle nor a share file, where Flags.AnyFile allows that
	PEM    bool           // of those, a private key
	Unseen []error        // what in it may hold a share but could not be looked at
	Closed []closed       // files in it that are encrypted as a whole, and not open yet

	file  *strict.File
	limit archive.Limit            // on what is read from the archives in it
	text  map[string]*secret.Bytes // passphrases that the bundle has for its files, by file name
}

// closed is a file that has to be opened before its shares are found.
type closed struct {
	*formats.Closed
	path string
}

// inClear reports whether a share in it lies in the clear.
func (in *Input) inClear() bool {
	return len(in.Shares) > 0 && in.Shares[0].Sealed.Lock.InClear()
}

// isBundle reports whether the file is sealed with age.
func (in *Input) isBundle() bool { return in.Header != nil }

// closed reports whether it is a bundle that nobody has tried to open.
func (in *Input) closed() bool { return in.isBundle() && in.Bundle == nil && in.Err == nil }

// slots returns how many passphrases the input takes at most: a bundle under a
// passphrase takes its own and then that of the shares in it.
func (in *Input) slots() int {
	if len(in.Shares)+len(in.Closed) > 0 && !in.inClear() && !slices.Contains(in.needs(), share.Password) {
		return in.own() // the shares in it are opened by other secrets
	}
	return in.own() + 1
}

// own returns how many passphrases the input itself takes, without the shares in it.
func (in *Input) own() int {
	if in.isBundle() && in.Header.NeedsPassphrase() {
		return 1
	}
	return 0
}

// needed returns how many it needs at least, as far as is known before it is opened.
// sharesToo says whether the shares in it are to be opened as well.
func (in *Input) needed(sharesToo bool) int {
	switch {
	case in.Other:
		return 0
	case !sharesToo, len(in.text) > 0: // a bundle that is open, and brings the password
		return in.own()
	case in.inClear():
		return 0
	}
	return in.slots()
}

// Close wipes whatever in the input was not encrypted, and closes it.
func (in *Input) Close() {
	for _, s := range in.Shares {
		s.Sealed.Wipe()
	}
	for _, t := range in.text {
		t.Wipe()
	}
	if in.file != nil {
		in.file.Close()
	}
}

// TakesFile reports whether a secret that is a file opens a share in it.
func (in *Input) TakesFile() bool {
	return slices.ContainsFunc(in.needs(), func(n share.Need) bool { return n.File })
}

// Hint returns what to do about an input that cannot be used.
func (in *Input) Hint() string {
	switch {
	case errors.Is(in.Err, prompt.ErrNoTerminal):
		return "give passphrases with --passphrase-file, or run it on a terminal"
	case errors.Is(in.Err, backup.ErrNoIdentity) && in.Header.NeedsPassphrase():
		return ""
	case errors.Is(in.Err, backup.ErrNoIdentity):
		return fmt.Sprintf("give the identity that opens %q with -i, or its shards, each with its own -i", in.Path)
	case errors.Is(in.Err, backup.ErrTooExpensive):
		return "--max-work-factor allows more"
	case errors.Is(in.Err, formats.ErrDatabase):
		return formats.DatabaseAdvice
	case errors.Is(in.Err, ErrBroken):
		return "export the file again from the node or the phone"
	}
	return ""
}

// Limits are what a user may allow beyond the defaults.
type Limits struct {
	Iterations int64
	WorkFactor int
}

func sniff(path string) (bool, error) {
	f, err := strict.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, backup.HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("couldn't read %q: %w", path, err)
	}
	return backup.Is(head[:n]), nil
}

// load reads one input. A fault is noted in the input and not returned: one bad file
// must not keep the others from being used.
func load(path string, r *formats.Reader, anyFile bool) *Input {
	in := &Input{File: verdict.File{Path: path}, limit: archive.NewLimit(share.MaxFileSize)}
	sealed, err := sniff(path)
	switch {
	case err != nil:
		in.Err = err
	case sealed:
		in.Err = in.openFile()
	case anyFile:
		in.Err = in.recognise(r)
	default:
		in.Err = in.readShares(r)
	}
	return in
}

// ErrBroken is wrapped by the errors about a file that ought to be a share file but
// cannot be read as one.
var ErrBroken = errors.New("a broken share is not a backup")

// recognise reads a share file, and accepts any other file. One that looks like a share
// file but cannot be read is an error.
func (in *Input) recognise(r *formats.Reader) error {
	data, err := strict.ReadFile(in.Path, share.MaxFileSize)
	if errors.Is(err, strict.ErrTooLong) {
		in.Other = true
		return nil
	}
	if err != nil {
		return err
	}
	defer secret.Wipe(data)
	sum := sha256.Sum256(data)
	in.SHA256 = hex.EncodeToString(sum[:])
	err = in.find(in.Path, data, r)
	if errors.Is(err, formats.ErrUnknown) {
		in.Other, in.PEM = true, bytes.Contains(data, []byte("PRIVATE KEY-----"))
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return nil
}

func (in *Input) openFile() error {
	f, err := strict.Open(in.Path)
	if err != nil {
		return err
	}
	h, err := backup.Inspect(f, f.Size())
	if err != nil {
		f.Close()
		return fmt.Errorf("bundle %q: %w", in.Path, err)
	}
	in.file, in.Header, in.SHA256 = f, h, h.SHA256
	return nil
}

func (in *Input) readShares(r *formats.Reader) error {
	data, err := strict.ReadFile(in.Path, share.MaxFileSize)
	if err != nil {
		return err
	}
	defer secret.Wipe(data) // tss-lib's are not encrypted
	sum := sha256.Sum256(data)
	in.SHA256 = hex.EncodeToString(sum[:])
	return in.find(in.Path, data, r)
}

// find adds the shares in a file, or in the files that it holds if it is an archive or
// a mail. The error wraps formats.ErrUnknown if there is no sign of a share.
func (in *Input) find(name string, data []byte, r *formats.Reader) error {
	kind := archive.Kind(data)
	err := in.parse(name, data, r)
	if what := ours(data); what != "" && errors.Is(err, formats.ErrUnknown) {
		return fmt.Errorf("%q is %s: %w", name, what, formats.ErrUnknown)
	}
	if kind == "" || !errors.Is(err, formats.ErrUnrecognised) {
		if errors.Is(err, formats.ErrUnrecognised) && !errors.Is(err, formats.ErrUnknown) && !looksBroken(name, data) {
			return fmt.Errorf("%q is %s: %w", name, whatIs(data), formats.ErrUnknown)
		}
		in.partOfMore(err)
		return err
	}
	var failures []error
	found := false
	err = archive.Walk(data, &in.limit, func(inner string, data []byte) {
		inner = name + ": " + archive.Short(inner)
		err := in.parse(inner, data, r)
		switch {
		case err == nil:
			found = true
		case looksBroken(inner, data) && !errors.Is(err, formats.ErrUnknown):
			failures = append(failures, err)
		case in.partOfMore(err):
		case archive.Kind(data) != "":
			in.Unseen = append(in.Unseen, fmt.Errorf("%q: a %s in a %s", inner, archive.Kind(data), kind))
		}
	})
	if err != nil {
		in.Unseen = append(in.Unseen, fmt.Errorf("%q: %w", name, err))
	}
	if i := slices.IndexFunc(in.Unseen, func(err error) bool { return errors.Is(err, formats.ErrUnzipped) }); i >= 0 && !found {
		failures = append(failures, in.Unseen[i])
	}
	if len(failures) == 0 && !found {
		return fmt.Errorf("%q is a %s, and no file that was found in it is a share file: %w", name, kind, formats.ErrUnknown)
	}
	return errors.Join(failures...)
}

// partOfMore notes a file that gives its share with others only, as reading it said.
func (in *Input) partOfMore(err error) bool {
	switch {
	case errors.Is(err, formats.ErrUnzipped):
		in.Unseen = append(in.Unseen, err)
	case errors.Is(err, formats.ErrDatabase):
		in.Unseen = append(in.Unseen, fmt.Errorf("%w; %s", err, formats.DatabaseAdvice))
	default:
		return false
	}
	return true
}

// ours names another file of these programs that is given for a share, or says nothing.
func ours(data []byte) string {
	for _, k := range []struct{ mark, name string }{
		{`"lifeboat-attestation"`, "a file of attestations, which mpc-backup check reads"},
		{`"lifeboat-bundle-public"`, "the public manifest of a bundle, which mpc-backup audit reads"},
		{`"identity answer`, "of a challenge to an identity, for mpc-backup check and audit"},
	} {
		if bytes.Contains(data, []byte(k.mark)) {
			return k.name
		}
	}
	return ""
}

// whatIs names a file that is given for a share by mistake, from what is in it.
func whatIs(data []byte) string {
	text, isNew := strict.Text(data)
	if isNew {
		defer secret.Wipe(text)
	}
	for _, k := range []struct{ mark, name string }{
		{"-----BEGIN LIFEBOAT SHARD", "a shard of an identity, which -i takes"},
		{"AGE-SECRET-KEY-", "an age identity, which -i takes"},
		{"-----BEGIN ", "a PEM file, such as a key or a certificate"},
		{"%PDF-", "a PDF"},
	} {
		if bytes.Contains(text, []byte(k.mark)) {
			return k.name
		}
	}
	if start := bytes.TrimLeft(text, " \t\r\n"); len(start) > 0 && (start[0] == '{' || start[0] == '[') {
		return "JSON, but damaged or incomplete"
	}
	return "no JSON"
}

// looksBroken reports whether a file that is not a share file may have been one.
func looksBroken(name string, data []byte) bool {
	return formats.LooksLike(data) || formats.Named(name) || strings.EqualFold(filepath.Ext(name), ".json")
}

func (in *Input) parse(name string, data []byte, r *formats.Reader) error {
	shares, err := r.Parse(name, data)
	if c := (*formats.Closed)(nil); errors.As(err, &c) {
		in.Closed = append(in.Closed, closed{c, name})
		return nil
	}
	if err != nil {
		return fmt.Errorf("%q: %w", name, err)
	}
	for _, s := range shares {
		in.Add(s)
	}
	return nil
}

// unlockBundle opens the bundle and finds the shares in it.
func (in *Input) unlockBundle(e *cli.Env, identities []*backup.Identity, limits Limits, r *formats.Reader) error {
	metered := &meteredAt{in.file, newMeter(e, "checking")}
	defer metered.done()
	b, err := backup.Open(metered, in.Header.Size, identities, backup.Options{WorkFactor: limits.WorkFactor, Name: contentName(in.Path)})
	if err != nil {
		return fmt.Errorf("bundle %q: %w", in.Path, err)
	}
	in.Bundle = b
	in.text = map[string]*secret.Bytes{}
	var failures []error
	for _, f := range b.Manifest.Files {
		name := in.Path + ": " + f.Name
		if f.Size > share.MaxFileSize {
			continue
		}
		data, err := b.ReadFile(f.Name)
		if err != nil {
			return fmt.Errorf("bundle %q: %w", in.Path, err)
		}
		if strings.HasSuffix(f.Name, PassphraseSuffix) {
			in.text[f.Name] = secret.Copy(bytes.TrimSpace(data.Expose()))
		} else if err := in.findListed(name, data, f.Shares, r); err != nil {
			failures = append(failures, err)
		}
		data.Wipe()
	}
	return errors.Join(failures...)
}

// contentName is what to call a file that age encrypted alone.
func contentName(path string) string {
	name := filepath.Base(path)
	for _, suffix := range []string{".age", ".asc"} {
		name = strings.TrimSuffix(name, suffix)
	}
	return name
}

// findListed finds the shares in a file of a bundle, and compares them with what the
// manifest says.
func (in *Input) findListed(name string, data *secret.Bytes, facts []backup.ShareFacts, r *formats.Reader) error {
	before := len(in.Shares)
	err := in.find(name, data.Expose(), r)
	if errors.Is(err, formats.ErrUnknown) && len(facts) == 0 {
		return nil
	}
	if err == nil && len(facts) > 0 { // earlier versions did not look into archives, and others list nothing
		if err = compareFacts(in.Shares[before:], facts); err != nil {
			err = fmt.Errorf("%q: %w", name, err)
		}
	}
	return err
}

// PassphraseSuffix ends the names of the files in which a bundle keeps the password of
// a recovery group file that it also holds.
const PassphraseSuffix = ".passphrase.txt"

// compareFacts compares a share file with what a bundle's manifest says about it.
func compareFacts(shares []*verdict.Share, facts []backup.ShareFacts) error {
	var own []backup.ShareFacts
	var ids []share.ID
	for _, s := range shares {
		if s.Sealed.Group != nil && s.Sealed.ShareID != nil {
			own, ids = append(own, Facts(s.Sealed)), append(ids, *s.Sealed.ShareID)
		}
	}
	if len(own) != len(facts) {
		return fmt.Errorf("%w: the manifest lists %d shares and the file holds %d", share.ErrInconsistent, len(facts), len(own))
	}
	for i := range own {
		if !sameFacts(ids[i], own[i], facts[i]) {
			return fmt.Errorf("%w: the manifest describes another share than the file holds", share.ErrInconsistent)
		}
	}
	return nil
}

// sameFacts compares the facts of a share with those of a manifest, which an earlier
// version may have written: without the whole hash of the roster, with less of it in
// the names that are made from it, or with a former name of the node.
func sameFacts(id share.ID, own, listed backup.ShareFacts) bool {
	own.NodeID, listed.NodeID = share.NodeID(id, own.NodeID), share.NodeID(id, listed.NodeID)
	if listed.RosterSHA256 == "" && share.SameEpoch(own.Epoch, listed.Epoch) && share.SameID(own.GroupID, listed.GroupID) {
		own.RosterSHA256, own.Epoch, own.GroupID = "", listed.Epoch, listed.GroupID
	}
	return own == listed
}

// Facts returns what a manifest says about a share.
func Facts(s *share.Sealed) backup.ShareFacts {
	roster := s.Group.RosterSHA256()
	return backup.ShareFacts{
		GroupID: s.Group.ID, Curve: s.Curve.String(), Threshold: s.Group.Threshold,
		ShareID: s.ShareID.Text, NodeID: s.NodeID, SharePublicKey: share.KeyText(s.PublicKey),
		Epoch: s.Group.Epoch(), RosterSHA256: hex.EncodeToString(roster[:]), RootExtendedPublicKey: s.Group.Root().Extended(),
	}
}

// Has reports whether an open bundle holds a file of that name.
func (in *Input) Has(name string) bool {
	return in.Bundle != nil && slices.ContainsFunc(in.Bundle.Manifest.Files, func(f backup.Entry) bool { return f.Name == name })
}
