package main

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/hkdf"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/btcsuite/btcd/btcutil/bech32"

	"lifeboat/backup/lines"
	"lifeboat/backup/shard"
	"lifeboat/fixtures"
	"lifeboat/internal/secret"
	"lifeboat/internal/story"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// A kept secret is one way in which a secret may be in memory.
type kept struct {
	kind string // a row of the table in docs/threat-model.md
	what string
	text []byte
}

// A trove is the secrets that the files of a folder hold or lead to.
type trove struct {
	t          testing.TB
	read       map[string]bool // paths
	passwords  [][]byte
	identities []age.Identity
	shards     []*shard.Shard
	list       []kept
	seen       map[string]bool
}

// newTrove returns the secrets of the test vault.
func newTrove(t testing.TB) *trove {
	v := &trove{t: t, read: map[string]bool{}, seen: map[string]bool{}}
	kinds := map[string]string{"the root": "root private keys", "the share": "key shares", "the password": "passwords and passphrases", "the private": "child private keys"}
	for _, s := range story.OfVault("2of3") {
		for prefix, kind := range kinds {
			if strings.HasPrefix(s.What, prefix) {
				v.add(kind, s.What, s.Text)
			}
		}
	}
	for _, g := range fixtures.Load("2of3").Expected.Groups {
		x, err := hex.DecodeString(g.RootPrivate)
		if err != nil {
			t.Fatal(err)
		}
		v.addEdwards("root private keys", "a root private key", x)
	}
	return v
}

// search adds the secrets of what is in the folder and was not read before.
func (v *trove) search(dir string) {
	v.t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() && !v.read[path] {
			v.read[path] = true
			files[path], err = os.ReadFile(filepath.Join(dir, path))
		}
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	// What opens others comes first.
	for _, turn := range []func(name string, data []byte){v.readKeys, v.readBundle, v.readContent} {
		for _, path := range slices.Sorted(maps.Keys(files)) {
			turn(path, files[path])
		}
	}
	for _, set := range shard.Sets(v.shards) {
		if joined, err := shard.Join(set); err == nil {
			v.addIdentity(joined.Identity.Expose())
		}
	}
}

// with returns a copy that also has the secrets of another folder with the same
// files in it.
func (v *trove) with(t testing.TB, dir string) *trove {
	w := *v
	w.t, w.read, w.seen = t, maps.Clone(v.read), maps.Clone(v.seen)
	w.passwords, w.identities = slices.Clone(v.passwords), slices.Clone(v.identities)
	w.shards, w.list = slices.Clone(v.shards), slices.Clone(v.list)
	w.search(dir)
	return &w
}

// shortest is the length of the shortest text that is looked for: shorter ones are
// found by chance.
const shortest = 8

func (v *trove) add(kind, what string, text []byte) {
	if len(text) >= shortest && !v.seen[string(text)] {
		v.seen[string(text)] = true
		v.list = append(v.list, kept{kind, what, bytes.Clone(text)})
	}
}

// addNumber adds a scalar or a key in every spelling.
func (v *trove) addNumber(kind, what string, x []byte) {
	for _, s := range story.Spellings(what, x) {
		v.add(kind, s.What, s.Text)
	}
}

var (
	passwordFile = regexp.MustCompile(`^([abc]|seal|new|.*\.passphrase)\.txt$`)
	identityLine = regexp.MustCompile(`^AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]+$`)
)

// readKeys reads passwords, identities and shards.
func (v *trove) readKeys(path string, data []byte) {
	name := filepath.Base(path)
	if passwordFile.MatchString(name) {
		p := bytes.TrimRight(data, "\n")
		v.passwords = append(v.passwords, p)
		v.add("passwords and passphrases", "the passphrase of "+name, p)
		return
	}
	text := secret.Copy(data)
	if len(data) < 16<<10 && shard.Is(text) {
		v.addShard(text)
		return
	}
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); identityLine.Match(line) {
			v.addIdentity(line)
		}
	}
}

func (v *trove) addShard(text *secret.Bytes) {
	s, err := shard.Parse(text, "")
	if err != nil {
		return // other numbered lines
	}
	v.shards = append(v.shards, s)
	numbered, err := s.Lines()
	if err != nil {
		v.t.Fatal(err)
	}
	payload, err := lines.Decode(numbered)
	if err != nil {
		v.t.Fatal(err)
	}
	const head = 4 + 3 + 8 + 16 // what is not secret
	v.add("shards", "a shard", payload.Expose()[head:])
	for line := range bytes.Lines(numbered.Expose()) {
		number, chars, _ := bytes.Cut(line, []byte(": "))
		if string(bytes.TrimSpace(number)) != "1" { // which holds nothing secret
			chars = bytes.TrimSpace(chars)
			v.add("shards", "a line of a shard", chars)
			v.add("shards", "a line of a shard without blanks", bytes.ReplaceAll(chars, []byte(" "), nil))
		}
	}
}

// addIdentity adds an identity of age.
func (v *trove) addIdentity(line []byte) {
	id, err := age.ParseIdentities(bytes.NewReader(line))
	if err != nil {
		v.t.Fatal(err)
	}
	v.identities = append(v.identities, id...)
	v.add("identities", "an identity", line)
	v.add("identities", "an identity in small letters", bytes.ToLower(line))
	_, fives, err := bech32.DecodeNoLimit(string(line))
	if err != nil {
		v.t.Fatal(err)
	}
	raw, err := bech32.ConvertBits(fives, 5, 8, false)
	if err != nil {
		v.t.Fatal(err)
	}
	v.addNumber("identities", "the seed of an identity", raw)
	v.add("identities", "an identity in groups of five bits", fives)
}

// A witness is an identity that remembers the file key.
type witness struct {
	age.Identity
	fileKey []byte
}

func (w *witness) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	key, err := w.Identity.Unwrap(stanzas)
	if err == nil {
		w.fileKey = bytes.Clone(key)
	}
	return key, err
}

// readBundle opens a bundle with whatever opens it, and reads what is in it.
func (v *trove) readBundle(path string, data []byte) {
	if !bytes.HasPrefix(data, []byte("age-encryption.org/")) {
		return
	}
	ids := slices.Clone(v.identities)
	if bytes.Contains(data[:200], []byte("-> scrypt")) {
		ids = nil
		for _, p := range v.passwords {
			if id, err := age.NewScryptIdentity(string(p)); err == nil && string(p) == sealPassphrase {
				ids = append(ids, id)
			}
		}
	}
	for _, id := range ids {
		w := &witness{Identity: id}
		content, err := age.Decrypt(bytes.NewReader(data), w)
		if err != nil {
			continue
		}
		v.add("cipher keys", "the file key of "+filepath.Base(path), w.fileKey)
		v.add("cipher keys", "the file key in hex", []byte(hex.EncodeToString(w.fileKey)))
		mac := bytes.Index(data, []byte("\n---")) + 1
		nonce := mac + bytes.IndexByte(data[mac:], '\n') + 1
		stream, err := hkdf.Key(sha256.New, w.fileKey, data[nonce:nonce+16], "payload", 32)
		if err != nil {
			v.t.Fatal(err)
		}
		v.add("cipher keys", "the stream key of "+filepath.Base(path), stream)
		plain := bufio.NewReader(content)
		if head, _ := plain.Peek(len("lifeboat-")); string(head) == "lifeboat-" {
			return // a challenge, which is no bundle
		}
		for r := tar.NewReader(plain); ; {
			h, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				v.t.Fatal(err)
			}
			inside, err := io.ReadAll(r)
			if err != nil {
				v.t.Fatal(err)
			}
			v.readKeys(h.Name, inside)
			v.readContent(h.Name, inside)
		}
	}
}

// readContent reads share files, tables of child keys and one-time keys.
func (v *trove) readContent(path string, data []byte) {
	switch name := filepath.Base(path); {
	case name == "keys.csv":
		v.addChildren(data)
	case name == "ceremony-key.txt":
		_, digits, _ := bytes.Cut(data, []byte("\nkey: "))
		raw, err := hex.DecodeString(string(bytes.TrimSpace(digits)))
		if err != nil {
			v.t.Fatal(err)
		}
		v.addNumber("one-time keys", "a one-time key", raw)
	case strings.HasSuffix(name, ".json"), strings.HasSuffix(name, ".tss-lib"):
		if sealed, err := formats.Parse(name, data, share.Pin{}); err == nil {
			for _, s := range sealed {
				v.addShare(name, s)
			}
		}
	}
}

func (v *trove) addShare(name string, s *share.Sealed) {
	if _, verifiable := s.Lock.(*share.Verifiable); verifiable {
		return // a copy of the share in another file
	}
	lock, locked := s.Lock.(*share.PBKDF2)
	if !locked {
		held, err := open.Open(s, nil, open.Options{})
		if err != nil {
			v.t.Fatal(err)
		}
		v.addNumber("key shares", "the share of "+name, held.Scalar().Bytes().Expose())
		return
	}
	for _, p := range v.passwords {
		if lock.Iterations > 1000 && bytes.HasPrefix(p, []byte("pass-")) || string(p) == sealPassphrase {
			continue // not the password of a new file
		}
		held, err := open.Open(s, open.Passwords(secret.Copy(p)), open.Options{})
		if errors.Is(err, open.ErrPassword) {
			continue
		}
		if err != nil {
			v.t.Fatal(err)
		}
		x := held.Scalar().Bytes().Expose()
		v.addNumber("key shares", "the share of "+name, x)
		v.addEdwards("key shares", "the share of "+name, x)
		h, _ := lock.Hash()
		key, err := pbkdf2.Key(h.New, string(p), lock.Salt, int(lock.Iterations), lock.Length)
		if err != nil {
			v.t.Fatal(err)
		}
		v.addNumber("cipher keys", "the key from the password of "+name, key)
		v.addStates("the password of "+name, p)
		return
	}
}

// addEdwards adds a scalar in the form in which filippo.io/edwards25519 keeps it:
// times 2^256 modulo the order, in words from the least significant one.
func (v *trove) addEdwards(kind, what string, x []byte) {
	order, _ := new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)
	n := new(big.Int).SetBytes(x)
	b := n.Mod(n.Lsh(n, 256), order).FillBytes(make([]byte, 32))
	slices.Reverse(b)
	v.add(kind, what+" as the ed25519 library keeps it", b)
}

// addStates adds what HMAC-SHA-256 keeps of a key: the hash function's state after
// the first block, inner and outer.
func (v *trove) addStates(what string, key []byte) {
	for _, pad := range []byte{0x36, 0x5c} {
		block := bytes.Repeat([]byte{pad}, sha256.BlockSize)
		for i, c := range key {
			block[i] ^= c
		}
		h := sha256.New()
		h.Write(block)
		state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
		if err != nil {
			v.t.Fatal(err)
		}
		state = state[len("sha\x03"):][:sha256.Size] // eight numbers, big-endian
		words := make([]byte, 0, len(state))
		for word := range slices.Chunk(state, 4) {
			words = binary.NativeEndian.AppendUint32(words, binary.BigEndian.Uint32(word))
		}
		v.add("states of key derivations", "the HMAC state of "+what, words)
		v.add("states of key derivations", "the HMAC block of "+what, block[:len(key)])
	}
}

// addChildren adds the child private keys of a keys.csv.
func (v *trove) addChildren(data []byte) {
	rows, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil {
		v.t.Fatal(err)
	}
	for _, column := range []string{"hex private key", "extended private key", "export", "import as"} {
		i := slices.Index(rows[0], column)
		for _, row := range rows[1:] {
			v.add("child private keys", "a child private key: "+column, []byte(row[i]))
			if raw, err := hex.DecodeString(row[i]); err == nil && len(raw) == 32 {
				v.addNumber("child private keys", "a child private key", raw)
				v.addEdwards("child private keys", "a child private key", raw)
			}
		}
	}
}

// A finder finds many texts in one pass.
type finder struct {
	list    []kept
	headed  map[uint32][]int // by their first four bytes
	started [1 << 16]bool    // by their first two
}

func newFinder(list []kept) *finder {
	f := &finder{list: list, headed: map[uint32][]int{}}
	for i, k := range list {
		head := binary.LittleEndian.Uint32(k.text)
		f.headed[head] = append(f.headed[head], i)
		f.started[uint16(head)] = true
	}
	return f
}

// find calls yield for every text that is found.
func (f *finder) find(memory []byte, yield func(kept)) {
	for at := range len(memory) - 3 {
		if !f.started[binary.LittleEndian.Uint16(memory[at:])] {
			continue
		}
		for _, i := range f.headed[binary.LittleEndian.Uint32(memory[at:])] {
			if bytes.HasPrefix(memory[at:], f.list[i].text) {
				yield(f.list[i])
			}
		}
	}
}
