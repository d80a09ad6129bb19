// Package shard splits an age identity into n shards, any k of which restore it,
// and joins them.
//
// The splitting is Shamir's, by github.com/hashicorp/vault/shamir, which
// authenticates nothing: wrong shards give wrong bytes and no error. So a shard
// says which set it belongs to and carries checksums, what is split carries a
// checksum of its own, and a joined identity must parse and fit the recipient that
// every shard names. The format is docs/formats/quorum.md.
package shard

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"

	"filippo.io/age"
	"github.com/hashicorp/vault/shamir"

	"lifeboat/backup/lines"
	"lifeboat/internal/secret"
)

// MaxCount is how many shards a set can have.
const MaxCount = 32

// Errors. ErrTooFew wraps ErrShard.
var (
	ErrShard  = errors.New("shards that cannot be joined")
	ErrTooFew = fmt.Errorf("%w: too few", ErrShard)
	ErrSplit  = errors.New("an identity that cannot be divided")
)

// A Shard is one piece. Its secret part must be wiped.
type Shard struct {
	SetName     string // what people call the set; not checked by anything
	SetID       string // 16 hex digits, random
	Number      int    // 1 to Count
	Threshold   int    // how many are needed
	Count       int    // how many were made
	Fingerprint string // Fingerprint of the recipient
	From        string // the caller's name for where it was read

	piece *secret.Bytes // as vault/shamir makes it: y for each byte, then x
}

// Wipe forgets the secret part. A nil Shard may be wiped.
func (s *Shard) Wipe() {
	if s != nil {
		s.piece.Wipe()
	}
}

// InSet names the set of a shard. What people call it is not on paper.
func (s *Shard) InSet() string {
	if s.SetName == "" {
		return "set " + s.SetID
	}
	return fmt.Sprintf("set %q (%s)", s.SetName, s.SetID)
}

// Fingerprint is the first 16 bytes of the SHA-256 of a recipient's text, in hex.
// A hybrid recipient has 1,959 characters, too many for a sheet of paper.
func Fingerprint(recipient string) string {
	sum := sha256.Sum256([]byte(recipient))
	return hex.EncodeToString(sum[:16])
}

// sumSize is how many bytes of SHA-256 follow the identity in what is divided.
const sumSize = 8

// Split divides an identity, one line as age writes it, into count shards of which
// threshold are needed, 2 ≤ threshold ≤ count ≤ MaxCount. Before it returns, every
// shard has helped to rejoin the identity.
func Split(identity *secret.Bytes, threshold, count int, setName string) ([]*Shard, error) {
	if threshold < 2 {
		return nil, fmt.Errorf("%w: a threshold of %d; at least 2 must be needed", ErrSplit, threshold)
	}
	if count < threshold || count > MaxCount {
		return nil, fmt.Errorf("%w: %d shards for a threshold of %d; there can be %d to %d", ErrSplit, count, threshold, threshold, MaxCount)
	}
	recipient, ok := recipientOf(identity)
	if !ok {
		return nil, fmt.Errorf("%w: one line that starts with AGE-SECRET-KEY- was expected", ErrSplit)
	}
	whole := secret.New(identity.Len() + sumSize)
	defer whole.Wipe()
	sum := sha256.Sum256(identity.Expose())
	copy(whole.Expose()[copy(whole.Expose(), identity.Expose()):], sum[:sumSize])

	parts, err := shamir.Split(whole.Expose(), count, threshold)
	if err != nil || len(parts) != count {
		return nil, fmt.Errorf("internal error: couldn't divide the identity")
	}
	var id [8]byte
	rand.Read(id[:])
	shards := make([]*Shard, count)
	for i, part := range parts {
		shards[i] = &Shard{
			SetName: cleanName(setName), SetID: hex.EncodeToString(id[:]),
			Number: i + 1, Threshold: threshold, Count: count,
			Fingerprint: Fingerprint(recipient), piece: secret.Take(part),
		}
	}
	for i := range shards {
		subset := make([]*Shard, threshold)
		for j := range subset {
			subset[j] = shards[(i+j)%count]
		}
		joined, err := Join(subset)
		if err != nil || len(joined.Bad) > 0 || !joined.Identity.Equal(identity) {
			return nil, fmt.Errorf("internal error: the shards do not give the identity back")
		}
		joined.Wipe()
	}
	return shards, nil
}

// recipientOf returns the recipient of an identity, which must be as age writes it.
func recipientOf(identity *secret.Bytes) (string, bool) {
	text := string(identity.Expose()) // age wants a string
	var canonical, recipient string
	if id, err := age.ParseHybridIdentity(text); err == nil {
		canonical, recipient = id.String(), id.Recipient().String()
	} else if id, err := age.ParseX25519Identity(text); err == nil {
		canonical, recipient = id.String(), id.Recipient().String()
	}
	return recipient, recipient != "" && subtle.ConstantTimeCompare([]byte(canonical), []byte(text)) == 1
}

// The payload of a shard's lines: magic, threshold, count, number, the set ID,
// the fingerprint, the piece.
const (
	magic      = "LBS1"
	headerSize = len(magic) + 3 + 8 + 16
	minShare   = 1 + sumSize + 1
	maxShare   = 1 << 10
)

func (s *Shard) payload() (*secret.Bytes, error) {
	id, err1 := hex.DecodeString(s.SetID)
	print, err2 := hex.DecodeString(s.Fingerprint)
	if err1 != nil || err2 != nil || len(id) != 8 || len(print) != 16 {
		return nil, fmt.Errorf("internal error: a shard without a set")
	}
	p := secret.New(headerSize + s.piece.Len())
	b := append(p.Expose()[:0], magic...)
	b = append(b, byte(s.Threshold), byte(s.Count), byte(s.Number))
	b = append(append(append(b, id...), print...), s.piece.Expose()...)
	if len(b) != p.Len() {
		return nil, fmt.Errorf("internal error: a shard of a wrong size")
	}
	return p, nil
}

const (
	beginMark = "BEGIN LIFEBOAT SHARD"
	endMark   = "END LIFEBOAT SHARD"
	nameMark  = "Set name:"
)

// Is reports whether text looks like a shard: its text, or numbered lines typed
// by hand.
func Is(text *secret.Bytes) bool {
	begin, _ := find(text.Expose(), beginMark)
	return begin >= 0 || lines.Like(text)
}

// ParseAll reads the shards in a text, one after the other.
func ParseAll(text *secret.Bytes, from string) ([]*Shard, error) {
	var all []*Shard
	for i, part := range parts(text.Expose()) {
		one := secret.Copy(part)
		s, err := parse(one, from)
		one.Wipe()
		if err != nil {
			for _, s := range all {
				s.Wipe()
			}
			if i > 0 {
				err = fmt.Errorf("number %d in the file: %w", i+1, err)
			}
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// parts divides a text after the end of each shard. Only the last may have none.
func parts(text []byte) [][]byte {
	var all [][]byte
	for rest := text; ; {
		_, after := find(rest, beginMark)
		if after < 0 {
			if len(all) == 0 { // lines typed by hand
				all = append(all, text)
			}
			return all
		}
		_, length := find(rest[after:], endMark)
		if length < 0 {
			return append(all, rest)
		}
		all = append(all, rest[:after+length])
		rest = rest[after+length:]
	}
}

// Parse reads a shard from its text, or from no more than its numbered lines,
// typed by hand.
func Parse(text *secret.Bytes, from string) (*Shard, error) {
	if n := len(parts(text.Expose())); n > 1 {
		return nil, fmt.Errorf("%w: %d of them are in one file; give each a file of its own", ErrShard, n)
	}
	return parse(text, from)
}

func parse(text *secret.Bytes, from string) (*Shard, error) {
	all := text.Expose()
	body := all
	if _, after := find(all, beginMark); after >= 0 {
		body = all[after:]
		end, _ := find(body, endMark)
		if end < 0 {
			return nil, fmt.Errorf("%w: the line %q is missing", ErrShard, "-----"+endMark+"-----")
		}
		body = body[:end]
	}
	part := secret.Copy(body)
	defer part.Wipe()
	payload, err := lines.Decode(part)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrShard, err)
	}
	defer payload.Wipe()
	b := payload.Expose()
	if len(b) < headerSize+minShare || len(b) > headerSize+maxShare || string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("%w: the lines are right, but they are not a shard; mpc-backup paper --read makes a file of them", ErrShard)
	}
	h := b[len(magic):headerSize]
	s := &Shard{
		SetName: setName(all), From: from,
		Threshold: int(h[0]), Count: int(h[1]), Number: int(h[2]),
		SetID: hex.EncodeToString(h[3:11]), Fingerprint: hex.EncodeToString(h[11:]),
	}
	if s.Threshold < 2 || s.Count < s.Threshold || s.Count > MaxCount || s.Number < 1 || s.Number > s.Count || b[len(b)-1] == 0 {
		return nil, fmt.Errorf("%w: it claims to be number %d of %d, with %d needed, which is impossible", ErrShard, s.Number, s.Count, s.Threshold)
	}
	s.piece = secret.Copy(b[headerSize:])
	return s, nil
}

// find finds the whole line with a mark, in capitals or not: where it begins and
// where the next one does, or -1.
func find(text []byte, mark string) (begin, next int) {
	at := 0
	for at < len(text) {
		end := at
		for end < len(text) && text[end] != '\n' {
			end++
		}
		if next = min(end+1, len(text)); strings.EqualFold(strings.Trim(string(text[at:min(end, at+2*len(mark))]), "- \t\r"), mark) {
			return at, next
		}
		at = next
	}
	return -1, -1
}

// setName finds the name in the text around the lines. It is there for people.
func setName(text []byte) string {
	for row := range strings.Lines(string(text)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(row), nameMark); ok {
			return cleanName(name)
		}
		if strings.Contains(row, beginMark) {
			break
		}
	}
	return ""
}

// cleanName makes a name fit for one line.
func cleanName(name string) string {
	const most = 60 // characters
	name = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, ""), func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }), " ")
	if runes := []rune(name); len(runes) > most {
		name = strings.TrimSpace(string(runes[:most]))
	}
	return name
}
