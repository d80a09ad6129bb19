package record

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
	"lifeboat/internal/papercode"
	"lifeboat/share"
)

// header is the first line of every record.
const header = "lifeboat-record-v1"

// Is reports whether text calls itself a record. Byte order marks were taken off.
func Is(text []byte) bool { return bytes.HasPrefix(text, []byte(header)) }

// The names of the other lines, in the order of the text.
const (
	keySerial    = "serial"
	keyDate      = "date"
	keyPrevious  = "previous"
	keyGroup     = "group"
	keyCurve     = "curve"
	keyRoot      = "root-extended-public-key"
	keyBareRoot  = "root-public-key"
	keyTree      = "tree"
	keyScheme    = "scheme"
	keyThreshold = "threshold"
	keyRoster    = "roster-sha256"
	keyHolder    = "holder"
	keyShareID   = "share-id"
	keyPublic    = "share-public-key"
	keyPerson    = "person"
	keyName      = "name"
	keyContact   = "contact"
	keyRecipient = "recipient"
	keyLabel     = "label"
	keyExit      = "exit"
	keyAddress   = "address"
	keyTag       = "tag"
	keyBook      = "address-book-sha256"
	keyRows      = "address-book-rows"
	keyRelease   = "release-key"
)

// writer collects lines.
type writer struct{ bytes.Buffer }

func (w *writer) line(key, value string) { fmt.Fprintf(w, "%s: %s\n", key, value) }

// optional writes a line if there is a value.
func (w *writer) optional(key, value string) {
	if value != "" {
		w.line(key, value)
	}
}

// write returns the text of facts that are sorted and checked.
func (f *Facts) write() []byte {
	w := new(writer)
	w.WriteString(header + "\n")
	w.line(keySerial, strconv.Itoa(f.Serial))
	w.line(keyDate, f.Date)
	if f.Previous != nil {
		w.line(keyPrevious, f.Previous.String())
	}
	for _, g := range f.Groups {
		w.line(keyGroup, g.ID)
		w.line(keyCurve, g.Curve.String())
		if root := g.Root(); root.IsBare() {
			w.line(keyBareRoot, root.String())
		} else {
			w.line(keyRoot, root.String())
			w.line(keyTree, root.Network().Name)
		}
		w.line(keyScheme, g.Scheme.String())
		w.line(keyThreshold, strconv.Itoa(g.Threshold))
		roster := g.RosterSHA256()
		w.line(keyRoster, hex.EncodeToString(roster[:]))
		for _, p := range g.Participants {
			w.line(keyHolder, p.NodeID)
			w.line(keyShareID, p.ShareID.Text)
			w.optional(keyPublic, share.KeyText(p.PublicKey))
		}
	}
	for _, p := range f.People {
		w.line(keyPerson, p.NodeID)
		w.line(keyName, p.Name)
		w.optional(keyContact, p.Contact)
	}
	for _, r := range f.Recipients {
		w.line(keyRecipient, r.Text)
		w.optional(keyLabel, r.Label)
	}
	for _, e := range f.Exits {
		w.line(keyExit, e.Chain)
		w.line(keyAddress, e.Address)
		w.optional(keyTag, e.Tag)
	}
	if f.Book != nil {
		w.line(keyBook, hex.EncodeToString(f.Book.SHA256[:]))
		w.line(keyRows, strconv.FormatInt(f.Book.Rows, 10))
	}
	for _, k := range f.ReleaseKeys {
		w.line(keyRelease, k)
	}
	return w.Bytes()
}

// Parse reads the text of a record. It undoes what text editors and mail programs do: a
// byte order mark, CR LF at line ends, and a missing last line end or empty lines after
// it. Everything else that New does not write is refused, so that a record has one text
// and one code.
func Parse(data []byte) (*Record, error) {
	if len(data) > MaxSize {
		return nil, fmt.Errorf("%w: it is longer than %d MiB", ErrFormat, MaxSize>>20)
	}
	text := strings.TrimPrefix(string(data), "\ufeff")
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), "\n") + "\n"
	rd := &reader{rest: text}
	if first, _ := rd.peek(); first != header {
		return nil, fmt.Errorf("%w: its first line is not %q", ErrFormat, header)
	}
	rd.skip()
	f := rd.facts()
	if rd.err == nil && rd.rest != "" {
		rd.number++
		rd.fail(errors.New("it is unknown, or out of place"))
	}
	if rd.err != nil {
		return nil, fmt.Errorf("%w: line %d: %w", ErrFormat, rd.number, rd.err)
	}
	r, err := New(f)
	if err != nil {
		return nil, err
	}
	if n := firstDifference(text, string(r.text)); n > 0 {
		return nil, fmt.Errorf("%w: line %d: it is not written as in a record, or is out of order", ErrFormat, n)
	}
	return r, nil
}

// firstDifference returns the number of the first line in which two texts differ,
// or 0.
func firstDifference(a, b string) int {
	for n := 1; a != b; n++ {
		var x, y string
		x, a, _ = strings.Cut(a, "\n")
		y, b, _ = strings.Cut(b, "\n")
		if x != y {
			return n
		}
	}
	return 0
}

// reader reads lines. After an error it reads nothing more.
type reader struct {
	rest   string
	number int // of the line that was read last
	err    error
}

// peek returns the next line, which has a line end.
func (r *reader) peek() (line string, ok bool) {
	line, _, ok = strings.Cut(r.rest, "\n")
	return line, ok && r.err == nil
}

func (r *reader) skip() {
	_, r.rest, _ = strings.Cut(r.rest, "\n")
	r.number++
}

// fail keeps the first error.
func (r *reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// next reads the next line if it has that name.
func (r *reader) next(key string) (value string, ok bool) {
	line, _ := r.peek()
	value, ok = strings.CutPrefix(line, key+": ")
	if ok = ok && r.err == nil; !ok {
		return "", false
	}
	r.skip()
	return value, true
}

// need reads the next line, which must have that name.
func (r *reader) need(key string) string {
	value, ok := r.next(key)
	if !ok && r.err == nil {
		r.number++
		r.fail(fmt.Errorf("%q was expected", key))
	}
	return value
}

// optional reads the next line if it has that name. An empty value is refused,
// since it would be written as no line.
func (r *reader) optional(key string) string {
	value, _ := r.next(key)
	return value
}

func (r *reader) integer(key string) int64 {
	n, err := strconv.ParseInt(r.need(key), 10, 64)
	if err != nil {
		r.fail(errors.New("a whole number was expected"))
	}
	return n
}

func (r *reader) facts() Facts {
	f := Facts{Serial: int(r.integer(keySerial)), Date: r.need(keyDate)}
	if text, ok := r.next(keyPrevious); ok {
		code, err := papercode.Parse(text)
		if err != nil {
			r.fail(err)
		}
		f.Previous = &code
	}
	entries := 0
	for id, ok := r.next(keyGroup); ok; id, ok = r.next(keyGroup) {
		g := r.group(id)
		f.Groups = append(f.Groups, g)
		// Refused here, since every point takes time to read.
		if entries += len(g.Participants); entries > share.MaxEntries || len(f.Groups) > share.MaxGroups {
			r.fail(fmt.Errorf("more than %d groups, or %d holders in all of them", share.MaxGroups, share.MaxEntries))
		}
	}
	for node, ok := r.next(keyPerson); ok; node, ok = r.next(keyPerson) {
		f.People = append(f.People, Person{node, r.need(keyName), r.optional(keyContact)})
	}
	for text, ok := r.next(keyRecipient); ok; text, ok = r.next(keyRecipient) {
		f.Recipients = append(f.Recipients, Recipient{text, r.optional(keyLabel)})
	}
	for chain, ok := r.next(keyExit); ok; chain, ok = r.next(keyExit) {
		f.Exits = append(f.Exits, Exit{chain, r.need(keyAddress), r.optional(keyTag)})
	}
	if text, ok := r.next(keyBook); ok {
		f.Book = new(Book)
		if n, err := hex.Decode(f.Book.SHA256[:], []byte(text)[:min(len(text), 2*len(f.Book.SHA256))]); err != nil || n != len(f.Book.SHA256) {
			r.fail(fmt.Errorf("%d hex digits were expected", 2*len(f.Book.SHA256)))
		}
		f.Book.Rows = r.integer(keyRows)
	}
	for key, ok := r.next(keyRelease); ok; key, ok = r.next(keyRelease) {
		f.ReleaseKeys = append(f.ReleaseKeys, key)
	}
	return f
}

// group reads what follows the name of a group. Without an error all its parts are
// there.
func (r *reader) group(id string) *share.Group {
	g := &share.Group{ID: id}
	var ok bool
	if g.Curve, ok = curve.ByName(r.need(keyCurve)); !ok {
		r.fail(errors.New("the curve is neither secp256k1 nor ed25519"))
		return g
	}
	if text, ok := r.next(keyRoot); ok {
		root, err := derive.Parse(text)
		switch {
		case err != nil:
			r.fail(err)
			return g
		case root.Curve() != g.Curve || !root.IsRoot():
			r.fail(errors.New("it is not a root key of the group's curve"))
			return g
		}
		code := root.ChainCode()
		g.RootKey, g.ChainCode, g.Tree = root.Point(), &code, root.Network().Tree
		r.need(keyTree) // which is compared when all is read, as is the roster's hash
	} else {
		g.RootKey = r.point(g.Curve, keyBareRoot)
	}
	if g.Scheme, ok = share.SchemeByName(r.need(keyScheme)); !ok {
		r.fail(errors.New("this version does not know the scheme"))
		return g
	}
	g.Threshold = int(r.integer(keyThreshold))
	r.need(keyRoster)
	for node, ok := r.next(keyHolder); ok; node, ok = r.next(keyHolder) {
		if len(g.Participants) == share.MaxParticipants {
			r.fail(fmt.Errorf("more than %d holders", share.MaxParticipants))
			return g
		}
		p := share.Participant{NodeID: node}
		id, err := share.NewID(g.Curve, r.need(keyShareID))
		if err != nil {
			r.fail(err)
		}
		p.ShareID = id
		if text, ok := r.next(keyPublic); ok { // not every form has it
			p.PublicKey = r.parsePoint(g.Curve, text)
		}
		g.Participants = append(g.Participants, p)
	}
	return g
}

func (r *reader) point(c curve.Curve, key string) *curve.Point {
	return r.parsePoint(c, r.need(key))
}

func (r *reader) parsePoint(c curve.Curve, text string) *curve.Point {
	raw, err := hex.DecodeString(text)
	if err != nil {
		r.fail(errors.New("it is not hexadecimal"))
		return nil
	}
	p, err := c.ParsePoint(raw)
	if err != nil {
		r.fail(err)
	}
	return p
}
