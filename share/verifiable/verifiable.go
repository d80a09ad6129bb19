// Package verifiable encrypts a share to an age X25519 recipient in a way that anybody
// can check: the proof shows that whoever has the identity gets the share x with
// x·G = X, and neither it nor checking it reveals anything of x.
//
// It is cut and choose, made non-interactive (Camenisch and Damgård, "Verifiable
// encryption, group encryption, and their applications", 2000). The prover encrypts
// leaves many random numbers r. A hash over all of them says which few stay closed: for
// those z = r + x is published, for all others the seeds from which everything about
// them can be made again. To cheat, the prover must guess the closed ones: one chance
// in C(512, 23), which is above 2^131. docs/formats/verifiable.md has the protocol byte
// by byte, with its security argument.
package verifiable

import (
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"io"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// params are how many leaves a proof has, how many of them stay closed, and how many
// seeds it may have.
type params struct{ leaves, closed, maxSeeds int }

// version1 is what version 1 of the proof fixes. None of it is read from a file; only
// tests have others. maxSeeds keeps a proof within 4 kB: the prover tries again if there
// are more, as with one proof in nine.
var version1 = params{leaves: 512, closed: 23, maxSeeds: 91}

const (
	seedSize = 20 // bytes
	saltSize = 32 // bytes
)

// KeySize is the length of a recipient and of an identity, in bytes: an X25519 key
// (RFC 7748).
const KeySize = 32

// Domains of the hashes.
const (
	domain       = "lifeboat-pve-v1"
	domainState  = domain + "\nstatement\n"
	domainRoot   = domain + "\nroot\n"
	domainNode   = domain + "\nnode\n"
	domainNumber = domain + "\nnumber\n"
	domainCoin   = domain + "\ncoin\n"
	domainLeaf   = domain + "\nleaf\n"
	domainProof  = domain + "\nproof\n"
	domainChoice = domain + "\nchoice\n"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrProof means that the proof does not show what it states.
	ErrProof = errors.New("the proof does not check: the ciphertext may not hold the share")
	// ErrFile means that a file cannot be read as one of proofs, whatever they show.
	ErrFile = errors.New("the file of verifiable shares is damaged or incomplete")
	// ErrIdentity means that the identity is another than the recipient's.
	ErrIdentity = errors.New("the identity is not the recipient's")
	// ErrGroup means that no proof has a form for the group of the share.
	ErrGroup = errors.New("only a share of Shamir's scheme, in a group whose share public keys are all known, can be sealed so that anybody can check it")
	// ErrShare means that the share to prove is not that of the share public key.
	ErrShare = errors.New("the share does not belong to the share public key")
)

// Statement is what a proof is about, all of it public. A proof counts for exactly
// this.
type Statement struct {
	Group     *share.Group // its root key and its roster are bound
	ShareID   share.ID
	Public    *curve.Point // share public key
	Recipient [KeySize]byte
	Date      string
	Challenge string
	Piece     *Piece // nil if the whole share is encrypted
}

// Curve returns the curve of the share.
func (s *Statement) Curve() curve.Curve { return s.Group.Curve }

// maxChallenge is the length of the longest challenge, in bytes.
const maxChallenge = 200

// check finds what no statement may have.
func (s *Statement) check() error {
	if s.Group.Scheme != share.Shamir || !s.Group.KeysKnown() {
		return ErrGroup
	}
	if _, err := time.Parse(time.DateOnly, s.Date); err != nil {
		return fmt.Errorf("%w: %.20q is no date like 2026-01-31", ErrProof, s.Date)
	}
	if err := CheckChallenge(s.Challenge); err != nil {
		return fmt.Errorf("%w: the challenge %w", ErrProof, err)
	}
	if m := s.Group.Participant(s.ShareID); m == nil || !m.PublicKey.Equal(s.Public) {
		return fmt.Errorf("%w: the share is not one of its group", ErrProof)
	}
	if !canonical(s.Recipient) {
		return fmt.Errorf("%w: %w", ErrProof, ErrRecipient)
	}
	return s.checkPiece()
}

// CheckChallenge refuses a challenge that no statement can have.
func CheckChallenge(text string) error {
	if len(text) > maxChallenge || strings.ContainsFunc(text, unprintable) || !utf8.ValidString(text) {
		return fmt.Errorf("has more than %d bytes, or characters that are not printed", maxChallenge)
	}
	return nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// secretOf returns the public key of what is encrypted.
func (s *Statement) secretOf() *curve.Point {
	if s.Piece == nil {
		return s.Public
	}
	return s.Piece.public()
}

// hash binds everything that a proof is about:
//
//	SHA-256(domain ‖ fields, each after its length as 4 bytes big-endian)
func (s *Statement) hash(n params) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(domainState))
	id, roster := s.ShareID.Scalar().Bytes(), s.Group.RosterSHA256()
	fields := [][]byte{
		fmt.Appendf(nil, "leaves=%d closed=%d kem=X25519", n.leaves, n.closed), []byte(s.Curve().String()), s.Group.RootKey.Bytes(), roster[:],
		id[:], s.Public.Bytes(), s.Recipient[:], []byte(s.Date), []byte(s.Challenge),
	}
	if s.Piece != nil {
		fields = append(fields, s.Piece.fields()...)
	}
	for _, f := range fields {
		writeUint(h, len(f))
		h.Write(f)
	}
	return [sha256.Size]byte(h.Sum(nil))
}

func writeUint(h hash.Hash, n int) { h.Write(binary.BigEndian.AppendUint32(nil, uint32(n))) }

// Proof is a share encrypted to the recipient of its statement, and the proof of that.
type Proof struct {
	Statement
	params params
	salt   [saltSize]byte
	hash   [sha256.Size]byte // says which leaves are closed
	closed []closedLeaf      // in their order
	seeds  [][]byte          // of the largest subtrees without a closed leaf, from left to right
}

// closedLeaf is what is published of a leaf that stays closed.
type closedLeaf struct {
	sealed
	z *curve.Scalar // r + x
}

// sealed is the encryption of a leaf's number.
type sealed struct {
	ephemeral [KeySize]byte          // X25519 public key
	masked    [curve.ScalarSize]byte // r, big-endian, xor the key
}

// leaf is a number r with its encryption.
type leaf struct {
	sealed
	public []byte // r·G, 33 bytes
}

// commit hashes what the choice of closed leaves depends on.
func (l *leaf) commit(i int) []byte {
	h := sha256.New()
	h.Write([]byte(domainLeaf))
	writeUint(h, i)
	h.Write(l.public)
	h.Write(l.ephemeral[:])
	h.Write(l.masked[:])
	return h.Sum(nil)
}

// expand hashes the seed of a node or a leaf.
func expand(h hash.Hash, domain string, salt *[saltSize]byte, at int, seed []byte) []byte {
	h.Write([]byte(domain))
	h.Write(salt[:])
	writeUint(h, at)
	h.Write(seed)
	return h.Sum(nil)
}

// mask returns the key that hides the number of a leaf.
func mask(shared []byte, s *Statement, state [sha256.Size]byte, i int, ephemeral *[KeySize]byte, public []byte) ([]byte, error) {
	salt := append(ephemeral[:len(ephemeral):len(ephemeral)], s.Recipient[:]...)
	info := append([]byte(domain), state[:]...)
	info = binary.BigEndian.AppendUint32(info, uint32(i))
	return hkdf.Key(sha256.New, shared, salt, string(append(info, public...)), curve.ScalarSize)
}

// fill makes the encryption of leaf i from its seed and its number r, of which public
// is r·G.
func (l *leaf) fill(s *Statement, state [sha256.Size]byte, recipient *ecdh.PublicKey, salt *[saltSize]byte, i int, seed, r []byte) error {
	coin := expand(sha256.New(), domainCoin, salt, i, seed)
	defer secret.Wipe(coin)
	key, err := ecdh.X25519().NewPrivateKey(coin)
	if err != nil {
		return err
	}
	l.ephemeral = [KeySize]byte(key.PublicKey().Bytes())
	shared, err := key.ECDH(recipient)
	if err != nil {
		return fmt.Errorf("%w: the recipient is no X25519 key that hides anything", ErrProof)
	}
	defer secret.Wipe(shared)
	k, err := mask(shared, s, state, i, &l.ephemeral, l.public)
	if err != nil {
		return err
	}
	defer secret.Wipe(k)
	subtle.XORBytes(l.masked[:], r, k)
	return nil
}

// Prove encrypts the share x of a statement and proves it. The proof was verified.
func Prove(x *scalar.Secret, s *Statement) (*Proof, error) { return prove(x, s, version1, rand.Reader) }

func prove(x *scalar.Secret, s *Statement, n params, random io.Reader) (*Proof, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	if !x.Public().Equal(s.secretOf()) {
		return nil, ErrShare
	}
	recipient, err := ecdh.X25519().NewPublicKey(s.Recipient[:])
	if err != nil {
		return nil, err
	}
	for {
		p := &Proof{Statement: *s, params: n}
		secret.Do(func() { err = p.prove(x, recipient, random) })
		if err != nil {
			return nil, err
		}
		if len(p.seeds) > n.maxSeeds {
			continue
		}
		return p, p.Verify()
	}
}

func (p *Proof) prove(x *scalar.Secret, recipient *ecdh.PublicKey, random io.Reader) error {
	c, state := p.Curve(), p.Statement.hash(p.params)
	if _, err := io.ReadFull(random, p.salt[:]); err != nil {
		return err
	}
	root, err := rootSeed(x, state, random)
	if err != nil {
		return err
	}
	tree := newTree(root.Expose()[:seedSize], &p.salt, p.params.leaves)
	root.Wipe()
	defer tree.wipe()
	all := make([]leaf, p.params.leaves)
	numbers := make([]*scalar.Secret, p.params.leaves)
	defer func() {
		for _, r := range numbers {
			r.Wipe()
		}
	}()
	for i := range all {
		wide := expand(sha512.New(), domainNumber, &p.salt, i, tree.leaf(i))
		r, err := scalar.New(c, wide)
		secret.Wipe(wide)
		if err != nil {
			return err // zero, which does not happen
		}
		numbers[i] = r
		all[i].public = r.Public().Bytes()
		b := r.Bytes()
		err = all[i].fill(&p.Statement, state, recipient, &p.salt, i, tree.leaf(i), b.Expose())
		b.Wipe()
		if err != nil {
			return err
		}
	}
	p.hash = challenge(state, &p.salt, all)
	isClosed, at := choose(p.hash, p.params)
	for _, i := range at {
		z := numbers[i].Clone().Add(x).Bytes()
		p.closed = append(p.closed, closedLeaf{all[i].sealed, c.ScalarFromBytes(z.Expose())})
		z.Wipe()
	}
	p.seeds = tree.open(isClosed)
	return nil
}

// rootSeed returns the seed of a tree. The share and the statement make it another one
// for every proof, even if the random numbers are bad: the same seed in two statements
// would show a number that stays closed in one of them.
func rootSeed(x *scalar.Secret, state [sha256.Size]byte, random io.Reader) (*secret.Bytes, error) {
	key := x.Bytes()
	defer key.Wipe()
	fresh := make([]byte, 32)
	defer secret.Wipe(fresh)
	if _, err := io.ReadFull(random, fresh); err != nil {
		return nil, err
	}
	h := hmac.New(sha512.New, key.Expose())
	h.Write([]byte(domainRoot))
	h.Write(fresh)
	h.Write(state[:])
	return secret.Take(h.Sum(nil)), nil
}

// challenge hashes the statement and all leaves.
func challenge(state [sha256.Size]byte, salt *[saltSize]byte, all []leaf) [sha256.Size]byte {
	h := sha256.New()
	h.Write([]byte(domainProof))
	h.Write(state[:])
	h.Write(salt[:])
	for i := range all {
		h.Write(all[i].commit(i))
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// choose returns which leaves stay closed, each set of them with the same probability:
// numbers modulo leaves, a power of two, from SHA-256(domain ‖ hash ‖ counter), two bytes
// each, of which those that came before are left out. at has them in their order.
func choose(hash [sha256.Size]byte, n params) (isClosed []bool, at []int) {
	isClosed = make([]bool, n.leaves)
	var stream []byte
	for counter, left := 0, n.closed; left > 0; {
		if len(stream) == 0 {
			h := sha256.New()
			h.Write([]byte(domainChoice))
			h.Write(hash[:])
			writeUint(h, counter)
			stream = h.Sum(nil)
			counter++
		}
		i := int(binary.BigEndian.Uint16(stream)) % n.leaves
		stream = stream[2:]
		if !isClosed[i] {
			isClosed[i] = true
			left--
		}
	}
	for i, is := range isClosed {
		if is {
			at = append(at, i)
		}
	}
	return isClosed, at
}

// Verify checks the proof. It needs no secret. What it shows is the statement: compare
// its keys and its recipient with the record.
func (p *Proof) Verify() error {
	if err := p.check(); err != nil {
		return err
	}
	isClosed, at := choose(p.hash, p.params)
	tree, err := plant(isClosed, &p.salt, p.seeds)
	if err != nil {
		return err
	}
	all, err := regrow(p, tree, isClosed)
	if err != nil {
		return err
	}
	c, state, public := p.Curve(), p.Statement.hash(p.params), p.secretOf()
	for k, i := range at {
		all[i] = leaf{p.closed[k].sealed, c.MulBase(p.closed[k].z).Sub(public).Bytes()}
	}
	if challenge(state, &p.salt, all) != p.hash {
		return ErrProof
	}
	return nil
}

// regrow makes the leaves that are not closed from their seeds, all of them public.
func regrow(p *Proof, tree *tree, isClosed []bool) ([]leaf, error) {
	c, state := p.Curve(), p.Statement.hash(p.params)
	recipient, err := ecdh.X25519().NewPublicKey(p.Recipient[:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProof, err)
	}
	all := make([]leaf, p.params.leaves)
	for i := range all {
		if isClosed[i] {
			continue
		}
		r := c.ScalarFromBytes(expand(sha512.New(), domainNumber, &p.salt, i, tree.leaf(i)))
		all[i].public = c.MulBase(r).Bytes()
		b := r.Bytes()
		if err := all[i].fill(&p.Statement, state, recipient, &p.salt, i, tree.leaf(i), b[:]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// Open decrypts the share with the recipient's identity, an X25519 private key. The
// proof need not verify: what is returned was checked against the public key.
func (p *Proof) Open(identity *secret.Bytes) (x *scalar.Secret, err error) {
	secret.Do(func() { x, err = p.open(identity) })
	return x, err
}

func (p *Proof) open(identity *secret.Bytes) (*scalar.Secret, error) {
	key, err := ecdh.X25519().NewPrivateKey(identity.Expose())
	if err != nil {
		return nil, ErrIdentity
	}
	if [KeySize]byte(key.PublicKey().Bytes()) != p.Recipient {
		return nil, ErrIdentity
	}
	c, state, public := p.Curve(), p.Statement.hash(p.params), p.secretOf()
	_, at := choose(p.hash, p.params)
	for k, i := range at {
		if x := p.closed[k].open(key, p, state, i, public); x != nil {
			if x.Public().Equal(public) {
				return x, nil
			}
			x.Wipe()
		}
	}
	return nil, fmt.Errorf("opening the share of %v: %w", c, ErrProof)
}

// open returns z - r, or nil if there is no r.
func (l *closedLeaf) open(key *ecdh.PrivateKey, p *Proof, state [sha256.Size]byte, i int, public *curve.Point) *scalar.Secret {
	ephemeral, err := ecdh.X25519().NewPublicKey(l.ephemeral[:])
	if err != nil {
		return nil
	}
	shared, err := key.ECDH(ephemeral)
	if err != nil {
		return nil
	}
	defer secret.Wipe(shared)
	k, err := mask(shared, &p.Statement, state, i, &l.ephemeral, p.Curve().MulBase(l.z).Sub(public).Bytes())
	if err != nil {
		return nil
	}
	defer secret.Wipe(k)
	subtle.XORBytes(k, l.masked[:], k)
	r, err := scalar.New(p.Curve(), k)
	if err != nil {
		return nil
	}
	return r.Neg().AddPublic(l.z)
}
