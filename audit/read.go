package audit

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/internal/archive"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
	"lifeboat/share/verifiable"
)

// Auditor collects what files say. Its zero value is not usable: call New.
type Auditor struct {
	o          Options
	files      []File
	sums       map[string]string // SHA-256 of files, hex, by their paths
	shares     []*share.Sealed   // good or not; unencrypted secrets were taken out
	bundles    []*bundleFile
	manifests  []*manifestFile
	attested   []attested
	proved     Proofs
	expected   map[string]bool // files of what the answers of identities must be
	verified   int             // proofs that were looked at
	live       map[string]bool // recipients whose identities gave an expected answer
	signed     int             // attestations that were looked at
	books      []Book
	toCheck    []string // address books that were found
	findings   []Finding
	noted      map[note]int // where a finding stands among the findings
	notCovered []string
	unreadable int
	reader     formats.Reader
}

// New returns an auditor that has seen nothing.
func New(o Options) *Auditor {
	if o.Record != nil { // whose rosters are recorded epochs, all digits of them
		o.Epochs = slices.Clone(o.Epochs)
		for _, g := range o.Record.Groups {
			o.Epochs = append(o.Epochs, fmt.Sprintf("%x", g.RosterSHA256()))
		}
	}
	return &Auditor{o: o, noted: map[note]int{}, sums: map[string]string{}, expected: map[string]bool{}, live: map[string]bool{}, reader: formats.Reader{Pin: share.Pin{Threshold: o.Threshold, Roots: o.Roots}}}
}

// note identifies a finding by itself, or together with one thing that it is about.
type note struct {
	level                 Level
	code, text, do, about string
}

type bundleFile struct {
	path     string
	header   *backup.Header
	manifest *backup.PublicManifest // the one that describes it, or nil
}

type manifestFile struct {
	path     string
	manifest *backup.PublicManifest
}

// Source is a file to look at.
type Source struct {
	Path string
	Size int64 // bytes
	Data io.ReaderAt
}

const headSize = 4 << 10 // bytes that are enough to recognise a file

// privateKeys is an extended private key, of 78 bytes and a checksum in base 58, or
// the first line of a keys.csv, whose first rows may have none.
var privateKeys = regexp.MustCompile(`\b[A-Za-z]prv[1-9A-HJ-NP-Za-km-z]{100,}|\A[^\n]*\bhex private key,extended private key\b`)

// find notes a finding about a file or a vault. The same finding about several is one.
func (a *Auditor) find(level Level, code, about, do, format string, args ...any) {
	n := note{level: level, code: code, text: fmt.Sprintf(format, args...), do: do}
	i, ok := a.noted[n]
	if !ok {
		i = len(a.findings)
		a.noted[n] = i
		a.findings = append(a.findings, Finding{Level: level, Code: code, Text: n.text, Do: do, About: []string{}})
	}
	n.about = about
	if _, twice := a.noted[n]; !twice {
		a.noted[n] = i
		a.findings[i].About = append(a.findings[i].About, about)
	}
}

// Unread notes a file, or a folder, that could not be read.
func (a *Auditor) Unread(path string, err error) {
	a.unreadable++
	a.files = append(a.files, File{Path: path, Kind: Unread})
	a.find(Warning, "unreadable", path, "fix what keeps it from being read, and audit again: it may be a backup", "it could not be read: %v", err)
}

// Skip notes something that was left out on purpose.
func (a *Auditor) Skip(format string, args ...any) {
	a.notCovered = append(a.notCovered, fmt.Sprintf(format, args...))
}

// Add looks at a file. Files that are not recognised are noted as not covered.
func (a *Auditor) Add(s Source) {
	head := make([]byte, min(s.Size, headSize))
	if n, err := s.Data.ReadAt(head, 0); n < len(head) {
		a.Unread(s.Path, cmp.Or(err, io.ErrUnexpectedEOF))
		return
	}
	defer secret.Wipe(head)
	head, isNew := strict.Text(head[:len(head)&^1]) // which may end within a character
	if isNew {
		defer secret.Wipe(head)
	}
	text := bytes.TrimLeft(head, " \t\r\n")
	switch {
	case privateKeys.Match(head):
		a.file(s, PrivateKeys)
		a.privateKeys(s.Path)
	case backup.Is(head):
		a.bundle(s)
	case len(text) > 0 && (text[0] == '{' || text[0] == '['), strings.HasSuffix(s.Path, ".json"):
		a.json(s)
	case strings.HasSuffix(s.Path, ".age.README.txt"):
		a.file(s, HowTo)
	case bytes.Contains(head, []byte("LIFEBOAT SHARD")):
		a.file(s, ShardFile)
		a.find(Warning, "shard-here", s.Path, "keep each shard with its own holder, away from the others and from the bundles",
			"a shard of an identity lies among the backups: enough of them open what is sealed to it")
	case bytes.Contains(head, []byte("PRIVATE KEY-----")):
		a.file(s, IdentityFile)
		a.find(Warning, "identity-here", s.Path, "move the key to where the files that it opens are not, and look for copies",
			"a private key in PEM lies among the backups: it may open some of them")
	case bytes.Contains(head, []byte("AGE-SECRET-KEY-")):
		a.file(s, IdentityFile)
		a.find(Warning, "identity-here", s.Path, "move the identity to where the bundles are not, and look for copies",
			"an identity that opens bundles lies among the backups, in the clear")
	case record.Is(head):
		a.file(s, RecordFile)
	case bytes.HasPrefix(text, []byte("age1")), bytes.Contains(head, []byte("\nage1")):
		a.file(s, Recipients)
	case formats.IsDatabase(s.Path, head):
		a.file(s, NodeDatabase)
		a.database(s.Path)
	case archive.Kind(head) != "":
		a.archive(s)
	case a.isBook(s, head):
		a.file(s, AddressBook)
		a.toCheck = append(a.toCheck, s.Path)
	default:
		if data := a.read(s); data != nil {
			defer secret.Wipe(data)
			if !a.shareFile(s, data) {
				a.unrecognised(s)
			}
		}
	}
}

// shareFile looks for shares in a file that is no JSON, and reports whether a form takes
// it for its own.
func (a *Auditor) shareFile(s Source, data []byte) bool {
	shares, err := a.reader.Parse(s.Path, data)
	switch {
	case errors.Is(err, formats.ErrUnrecognised) && !formats.Named(s.Path):
		return false
	case a.shareless(s, err):
	case err != nil:
		if a.file(s, ShareFile) {
			a.brokenShare(s.Path, err)
		}
	case a.file(s, FileKind(shares[0].Form)):
		a.addShares(s.Path, shares)
	}
	return true
}

// shareless notes a file that is known and shows no share, as reading it for shares said.
func (a *Auditor) shareless(s Source, err error) bool {
	var closed *formats.Closed
	switch {
	case errors.As(err, &closed):
		if a.file(s, FileKind(closed.Form)) {
			a.closed(s.Path, closed)
		}
	case errors.Is(err, formats.ErrKeychain): // box C of a keycard
		if a.file(s, RootKey) {
			a.find(Note, "root-key-here", s.Path, "give it with --xpub, from your own records: one that lies beside the backups vouches for nothing", "%v", formats.ErrKeychain)
		}
	case errors.Is(err, formats.ErrUnzipped):
		if a.file(s, Unzipped) {
			a.unzipped(s.Path)
		}
	default:
		return false
	}
	return true
}

// closed notes that the file that was noted last, or one in it, is encrypted as a whole.
func (a *Auditor) closed(path string, c *formats.Closed) {
	a.files[len(a.files)-1].Closed = true
	a.password(path, c.Lock)
	a.Skip("what %q holds: it is encrypted as a whole", path)
}

func (a *Auditor) unzipped(path string) {
	a.find(Error, "unzipped-backup", path, formats.UnzippedAdvice, "a file of a Fireblocks workspace backup lies here out of its zip, and counts for nothing")
}

func (a *Auditor) privateKeys(path string) {
	a.find(Error, "private-key-here", path, "seal it (mpc-backup seal), destroy every copy that is not sealed, and move what the keys protect if anybody may have seen one",
		"private keys lie here in the clear: whoever copies the file has what they protect")
}

func (a *Auditor) database(path string) {
	a.find(Warning, "node-database", path, formats.DatabaseAdvice,
		"a database lies here, such as the secrets.db of a TSS node: only that node's own program opens it, so it does not count as a backup")
}

func (a *Auditor) brokenShare(path string, err error) {
	a.find(Error, "damaged-share-file", path, exportAgain, "it looks like a share file and cannot be read as one: %v", err)
}

// named are the ends of names that only our backups have.
var named = []string{".age", ".proof.json", ".attest.json"}

func (a *Auditor) unrecognised(s Source) {
	if s.Size == 0 || slices.ContainsFunc(named, func(end string) bool { return strings.HasSuffix(s.Path, end) }) {
		a.find(Warning, "damaged-file", s.Path, "take another copy of it, or remove it if nobody misses it", "the file is empty, or is not what its name says: it may have been a backup")
	}
	a.files = append(a.files, File{Path: s.Path, Kind: Unrecognised, Size: s.Size})
}

// file notes a file with its hash, and reports whether it could be read.
func (a *Auditor) file(s Source, kind FileKind) bool {
	sum := sha256.New()
	if _, err := io.Copy(sum, io.NewSectionReader(s.Data, 0, s.Size)); err != nil {
		a.Unread(s.Path, err)
		return false
	}
	a.hashed(s, kind, hex.EncodeToString(sum.Sum(nil)))
	return true
}

func (a *Auditor) hashed(s Source, kind FileKind, hash string) {
	a.files = append(a.files, File{Path: s.Path, Kind: kind, Size: s.Size, SHA256: hash})
	a.sums[s.Path] = hash
}

func (a *Auditor) isBook(s Source, head []byte) bool {
	if bytes.IndexByte(head, 0) >= 0 && strict.Unmarked(head) == nil {
		return false
	}
	_, err := book.NewReader(io.NewSectionReader(s.Data, 0, s.Size))
	return err == nil
}

func (a *Auditor) bundle(s Source) {
	h, err := backup.Inspect(s.Data, s.Size)
	switch {
	case err == nil:
		a.hashed(s, Bundle, h.SHA256)
		a.bundles = append(a.bundles, &bundleFile{path: s.Path, header: h})
	case errors.Is(err, backup.ErrDamaged):
		if a.file(s, Bundle) {
			a.find(Error, "damaged-bundle", s.Path, "take another copy of the bundle; if there is none, seal again what was in it", "the bundle is damaged: %v", err)
		}
	default:
		a.Unread(s.Path, err)
	}
}

// read returns a whole file, which the caller wipes: tss-lib's are not encrypted. If
// the file is too large or cannot be read, it notes that and returns nil.
func (a *Auditor) read(s Source) []byte {
	if s.Size > share.MaxFileSize {
		a.unrecognised(s)
		return nil
	}
	data := make([]byte, s.Size)
	if n, err := s.Data.ReadAt(data, 0); n < len(data) {
		a.Unread(s.Path, cmp.Or(err, io.ErrUnexpectedEOF))
		return nil
	}
	return data
}

// archived stands between the path of an archive and a name in it.
const archived = ": "

// archive looks for shares in a zip, a tar or a mail.
func (a *Auditor) archive(s Source) {
	data := a.read(s)
	if data == nil {
		return
	}
	defer secret.Wipe(data)
	if a.shareFile(s, data) || !a.file(s, Archive) {
		return
	}
	limit := archive.NewLimit(share.MaxFileSize)
	err := archive.Walk(data, &limit, func(name string, data []byte) {
		path := s.Path + archived + archive.Short(name)
		if privateKeys.Match(data[:min(len(data), headSize)]) {
			a.privateKeys(path)
		}
		shares, err := a.reader.Parse(path, data)
		var closed *formats.Closed
		switch {
		case err == nil:
			a.addShares(path, shares)
		case errors.As(err, &closed):
			a.closed(path, closed)
		case errors.Is(err, formats.ErrUnzipped):
			a.unzipped(path)
		case errors.Is(err, formats.ErrDatabase):
			a.database(path)
		case formats.LooksLike(data):
			a.brokenShare(path, err)
		case archive.Kind(data) != "" || backup.Is(data):
			a.Skip("%q: not opened inside another file", path)
		}
	})
	if err != nil {
		a.Skip("what else is in %q: %v", s.Path, err)
	}
}

func (a *Auditor) json(s Source) {
	data := a.read(s)
	if data == nil {
		return
	}
	defer secret.Wipe(data)
	if strings.HasSuffix(s.Path, manifestSuffix) || bytes.Contains(data, []byte(`"lifeboat-bundle-public"`)) {
		a.manifest(s, data)
		return
	}
	if a.attestation(s, data) {
		return
	}
	switch {
	case verifiable.Is(data):
		a.proofs(s, data)
		return
	case backup.IsAnswer(data):
		a.answer(s, data)
		return
	case backup.IsExpected(data):
		a.file(s, ExpectedFile)
		a.expected[s.Path] = true
		return
	}
	shares, err := a.reader.Parse(s.Path, data)
	switch {
	case err == nil:
		if a.file(s, FileKind(shares[0].Form)) {
			a.addShares(s.Path, shares)
		}
	case a.shareless(s, err):
	case formats.LooksLike(data):
		if a.file(s, ShareFile) {
			a.brokenShare(s.Path, err)
		}
	default:
		a.unrecognised(s)
	}
}

const exportAgain = "take another copy, or export the file again from the holder's node or phone"

func (a *Auditor) addShares(path string, shares []*share.Sealed) {
	for _, sh := range shares {
		sh.Wipe()
		a.shares = append(a.shares, sh)
		for _, p := range sh.Problems {
			a.find(Error, "damaged-share", path, exportAgain, "the share of node %.70q cannot be used: %v", sh.NodeID, p)
		}
		if sh.Lock.InClear() {
			a.find(Warning, "share-in-clear", path, "seal it (mpc-backup seal) and destroy every copy that is not sealed",
				"the share lies in the file in the clear: whoever copies the file has the share")
			continue
		}
		if share.Exposed(sh.Lock) {
			a.find(Warning, "password-beside", path, "take the password out, destroy every copy that has it, and seal the file (mpc-backup seal); if anybody may have seen one, move what the keys protect",
				"a password lies in the file, beside what it locks: the file is as good as in the clear")
			continue
		}
		a.password(path, sh.Lock)
	}
	for _, t := range verdict.Collect(shares) {
		if g := t.Group; len(t.Sealed) >= g.Needed() {
			a.find(Warning, "whole-key", path, "keep it apart from what opens it, and each of those from the others",
				"the file holds all the shares that are needed of group %q on %v: whoever opens it has the key", g.ID, g.Curve)
		}
	}
	for _, sh := range shares {
		for _, n := range sh.Notes {
			a.find(Note, "left-out", path, "nothing, if it is not meant to be recovered", "%s", n)
		}
	}
}

// The ends of what lies beside bundles, and beside challenges.
const (
	manifestSuffix = ".manifest.json"
	expectSuffix   = ".expect.json"
)

func (a *Auditor) manifest(s Source, data []byte) {
	if !a.file(s, Manifest) {
		return
	}
	m, err := backup.ParsePublicManifest(data)
	if err != nil {
		a.find(Error, "damaged-manifest", s.Path, "take another copy of the manifest; the bundle itself does not need it to be opened", "%v", err)
		return
	}
	a.manifests = append(a.manifests, &manifestFile{s.Path, m})
}

// Books returns the address books that were found, for the caller to check
// against Roots.
func (a *Auditor) Books() []string { return a.toCheck }

// Roots returns the root keys to compare address books with: the recorded ones if there
// are any, with the chain codes of the files where only a bare key was recorded;
// otherwise those of the shares that were found.
func (a *Auditor) Roots() []*derive.Key {
	var groups []*share.Group
	for _, set := range verdict.Collect(a.shares) {
		groups = append(groups, set.Group)
	}
	found := share.Roots(groups)
	roots := verdict.Roots(a.o.Roots).Completed(found)
	if a.o.Record != nil {
		return roots // nothing else is meant
	}
	for _, root := range found {
		if !verdict.Roots(a.o.Roots).On(root.Curve()) {
			roots = roots.Add(root)
		}
	}
	return roots
}

// AddBook notes how an address book fared.
func (a *Auditor) AddBook(b Book) { a.books = append(a.books, b) }
