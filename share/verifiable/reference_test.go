package verifiable_test

// A second verifier, written from docs/formats/verifiable.md alone: with math/big and
// crypto/ecdh, and none of Lifeboat's packages.

import (
	"bytes"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
)

const d = "lifeboat-pve-v1"

var errBad = errors.New("the proof does not check")

func number(text string, base int) *big.Int {
	n, ok := new(big.Int).SetString(text, base)
	if !ok {
		panic(text)
	}
	return n
}

// projective is x, y, z, and on the Edwards curve t = xy/z.
type projective [4]*big.Int

// refCurve has complete formulas: they hold for any two points.
type refCurve struct {
	p, n, b *big.Int // field, order, and 3·7 or 2·d
	g       projective
	edwards bool
}

var one = big.NewInt(1)

func refCurves() map[string]*refCurve {
	k := &refCurve{
		p: number("fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f", 16), n: number("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16), b: big.NewInt(21),
		g: projective{number("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798", 16), number("483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8", 16), one, nil},
	}
	e := &refCurve{p: new(big.Int).Sub(new(big.Int).Lsh(one, 255), big.NewInt(19)), edwards: true}
	e.n = new(big.Int).Add(new(big.Int).Lsh(one, 252), number("27742317777372353535851937790883648493", 10))
	e.b = e.mod(new(big.Int).Mul(big.NewInt(-2*121665), new(big.Int).ModInverse(big.NewInt(121666), e.p)))
	x, y := number("15112221349535400772501151409588531511454012693041857206046113283949847762202", 10), number("46316835694926478169428394003475163141307993866256225615783033603165251855960", 10)
	e.g = projective{x, y, one, e.mul(x, y)}
	return map[string]*refCurve{"secp256k1": k, "ed25519": e}
}

func (c *refCurve) mod(a *big.Int) *big.Int    { return a.Mod(a, c.p) }
func (c *refCurve) mul(a, b *big.Int) *big.Int { return c.mod(new(big.Int).Mul(a, b)) }
func (c *refCurve) sum(a, b *big.Int) *big.Int { return c.mod(new(big.Int).Add(a, b)) }
func (c *refCurve) sub(a, b *big.Int) *big.Int { return c.mod(new(big.Int).Sub(a, b)) }

func (c *refCurve) neutral() projective {
	if c.edwards {
		return projective{new(big.Int), one, one, new(big.Int)}
	}
	return projective{new(big.Int), one, new(big.Int), nil}
}

// add is, on the Edwards curve, RFC 8032 section 5.1.4, and otherwise algorithm 7 of Renes,
// Costello and Batina, "Complete addition formulas for prime order elliptic curves".
func (c *refCurve) add(p, q projective) projective {
	if c.edwards {
		a, b := c.mul(c.sub(p[1], p[0]), c.sub(q[1], q[0])), c.mul(c.sum(p[1], p[0]), c.sum(q[1], q[0]))
		k, z := c.mul(c.mul(p[3], c.b), q[3]), c.mul(c.sum(p[2], p[2]), q[2])
		e, f, g, h := c.sub(b, a), c.sub(z, k), c.sum(z, k), c.sum(b, a)
		return projective{c.mul(e, f), c.mul(g, h), c.mul(f, g), c.mul(e, h)}
	}
	x, y, z := c.mul(p[0], q[0]), c.mul(p[1], q[1]), c.mul(p[2], q[2])
	xy := c.sub(c.mul(c.sum(p[0], p[1]), c.sum(q[0], q[1])), c.sum(x, y))
	yz := c.sub(c.mul(c.sum(p[1], p[2]), c.sum(q[1], q[2])), c.sum(y, z))
	xz := c.mul(c.b, c.sub(c.mul(c.sum(p[0], p[2]), c.sum(q[0], q[2])), c.sum(x, z)))
	x3, bz := c.mul(big.NewInt(3), x), c.mul(c.b, z)
	s, t := c.sum(y, bz), c.sub(y, bz)
	return projective{c.sub(c.mul(xy, t), c.mul(yz, xz)), c.sum(c.mul(t, s), c.mul(x3, xz)), c.sum(c.mul(s, yz), c.mul(x3, xy)), nil}
}

func (c *refCurve) neg(p projective) projective {
	if c.edwards {
		return projective{c.sub(new(big.Int), p[0]), p[1], p[2], c.sub(new(big.Int), p[3])}
	}
	return projective{p[0], c.sub(new(big.Int), p[1]), p[2], nil}
}

// table has 2^(4i)·j·G.
func (c *refCurve) table() (t [64][16]projective) {
	base := c.g
	for i := range t {
		t[i][0] = c.neutral()
		for j := 1; j < 16; j++ {
			t[i][j] = c.add(t[i][j-1], base)
		}
		base = c.add(t[i][15], base)
	}
	return t
}

func (c *refCurve) times(t *[64][16]projective, k *big.Int) projective {
	p := c.neutral()
	for i := range t {
		digit := new(big.Int).And(new(big.Int).Rsh(k, uint(4*i)), big.NewInt(15))
		p = c.add(p, t[i][digit.Int64()])
	}
	return p
}

func (c *refCurve) bytes(p projective) []byte {
	out := make([]byte, 33)
	if p[2].Sign() == 0 {
		return out
	}
	z := new(big.Int).ModInverse(p[2], c.p)
	x, y := c.mul(p[0], z), c.mul(p[1], z)
	if !c.edwards {
		out[0] = 2 + byte(y.Bit(0))
		x.FillBytes(out[1:])
		return out
	}
	y.FillBytes(out[1:])
	slices.Reverse(out[1:])
	out[32] |= byte(x.Bit(0)) << 7
	return out
}

func (c *refCurve) point(text string) projective {
	b := unhex(strings.TrimPrefix(text, "0x"))
	if !c.edwards {
		x := new(big.Int).SetBytes(b[1:])
		y := new(big.Int).ModSqrt(c.sum(c.mul(c.mul(x, x), x), big.NewInt(7)), c.p)
		if y.Bit(0) != uint(b[0]&1) {
			y = c.sub(new(big.Int), y)
		}
		return projective{x, y, one, nil}
	}
	sign := uint(b[32] >> 7)
	b[32] &= 0x7f
	slices.Reverse(b[1:])
	y := new(big.Int).SetBytes(b[1:])
	half := c.mul(c.b, new(big.Int).ModInverse(big.NewInt(2), c.p)) // d
	yy := c.mul(y, y)
	x := new(big.Int).ModSqrt(c.mul(c.sub(yy, one), new(big.Int).ModInverse(c.sum(c.mul(half, yy), one), c.p)), c.p)
	if x.Bit(0) != sign {
		x = c.sub(new(big.Int), x)
	}
	return projective{x, y, one, c.mul(x, y)}
}

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func recipientBytes(text string) []byte {
	n := new(big.Int)
	data := text[len("age1") : len(text)-6]
	for i := range len(data) {
		n.Add(n.Lsh(n, 5), big.NewInt(int64(strings.IndexByte("qpzry9x8gf2tvdw0s3jn54khce6mua7l", data[i]))))
	}
	return n.Rsh(n, uint(5*len(data)-256)).FillBytes(make([]byte, 32))
}

func u32(n int) []byte { return binary.BigEndian.AppendUint32(nil, uint32(n)) }

func sha(parts ...[]byte) []byte {
	sum := sha256.Sum256(bytes.Join(parts, nil))
	return sum[:]
}

func wide(parts ...[]byte) []byte {
	sum := sha512.Sum512(bytes.Join(parts, nil))
	return sum[:]
}

type refProof struct {
	Curve     string `json:"curve"`
	Root      string `json:"root_public_key"`
	Roster    string `json:"roster_sha256"`
	ShareID   string `json:"share_id"`
	Share     string `json:"share_public_key"`
	Recipient string `json:"recipient"`
	Date      string `json:"date"`
	Challenge string `json:"challenge"`
	Proof     string `json:"proof"`
}

// verify follows section 3 of the page for a proof of a whole share.
func (p *refProof) verify() error {
	c := refCurves()[p.Curve]
	raw, err := base64.StdEncoding.Strict().DecodeString(p.Proof)
	if err != nil || len(raw) < 64+23*96 {
		return errBad
	}
	f, err := ecdh.X25519().NewPublicKey(recipientBytes(p.Recipient))
	if err != nil {
		return errBad
	}
	id := new(big.Int).Mod(number(p.ShareID, 10), c.n).FillBytes(make([]byte, 32))
	var fields []byte
	for _, field := range [][]byte{
		[]byte("leaves=512 closed=23 kem=X25519"), []byte(p.Curve), unhex(p.Root[2:]), unhex(p.Roster), id,
		unhex(p.Share[2:]), f.Bytes(), []byte(p.Date), []byte(p.Challenge),
	} {
		fields = append(append(fields, u32(len(field))...), field...)
	}
	state := sha([]byte(d+"\nstatement\n"), fields)
	salt, h, seeds := raw[:32], raw[32:64], raw[64+23*96:]
	closed := map[int]bool{}
	for n := 0; len(closed) < 23; n++ {
		stream := sha([]byte(d+"\nchoice\n"), h, u32(n))
		for ; len(stream) > 0 && len(closed) < 23; stream = stream[2:] {
			closed[int(binary.BigEndian.Uint16(stream))%512] = true
		}
	}
	leaves := map[int][]byte{}
	if err := open(1, salt, closed, &seeds, leaves); err != nil || len(seeds) > 0 {
		return errBad
	}
	table, minus := c.table(), c.neg(c.point(p.Share))
	hashes, next := []byte{}, raw[64:]
	for i := range 512 {
		var u, e, m []byte
		if seed := leaves[i]; seed != nil {
			r := new(big.Int).SetBytes(wide([]byte(d+"\nnumber\n"), salt, u32(i), seed))
			r.Mod(r, c.n)
			u = c.bytes(c.times(&table, r))
			coin, err := ecdh.X25519().NewPrivateKey(sha([]byte(d+"\ncoin\n"), salt, u32(i), seed))
			if err != nil {
				return errBad
			}
			e = coin.PublicKey().Bytes()
			s, err := coin.ECDH(f)
			if err != nil {
				return errBad
			}
			k, err := hkdf.Key(sha256.New, s, slices.Concat(e, f.Bytes()), string(slices.Concat([]byte(d), state, u32(i), u)), 32)
			if err != nil {
				return errBad
			}
			m = r.FillBytes(make([]byte, 32))
			for j := range m {
				m[j] ^= k[j]
			}
		} else {
			z := new(big.Int).SetBytes(next[64:96])
			if z.Cmp(c.n) >= 0 {
				return errBad
			}
			u = c.bytes(c.add(c.times(&table, z), minus))
			e, m, next = next[:32], next[32:64], next[96:]
		}
		hashes = append(hashes, sha([]byte(d+"\nleaf\n"), u32(i), u, e, m)...)
	}
	if !bytes.Equal(sha([]byte(d+"\nproof\n"), state, salt, hashes), h) {
		return errBad
	}
	return nil
}

// open makes the leaves below node k, taking seeds from left to right.
func open(k int, salt []byte, closed map[int]bool, seeds *[]byte, leaves map[int][]byte) error {
	first, last := k, k
	for first < 512 {
		first, last = 2*first, 2*last+1
	}
	has := false
	for i := first; i <= last; i++ {
		has = has || closed[i-512]
	}
	switch {
	case has && k >= 512:
		return nil
	case has:
		return errors.Join(open(2*k, salt, closed, seeds, leaves), open(2*k+1, salt, closed, seeds, leaves))
	case len(*seeds) < 20:
		return errBad
	}
	grow(k, salt, (*seeds)[:20], leaves)
	*seeds = (*seeds)[20:]
	return nil
}

func grow(k int, salt, seed []byte, leaves map[int][]byte) {
	if k >= 512 {
		leaves[k-512] = seed
		return
	}
	both := wide([]byte(d+"\nnode\n"), salt, u32(k), seed)
	grow(2*k, salt, both[:20], leaves)
	grow(2*k+1, salt, both[20:40], leaves)
}

// vectors reads the proofs of the vectors.
func vectors(t *testing.T) map[string]*refProof {
	t.Helper()
	all := map[string]*refProof{}
	for name := range refCurves() {
		var file struct {
			Proofs []*refProof `json:"share_proofs"`
		}
		if err := json.Unmarshal(fixtures.Read("vectors/verifiable/"+name+".json"), &file); err != nil {
			t.Fatal(err)
		}
		all[name] = file.Proofs[0]
	}
	return all
}

// The second verifier takes the vectors, and refuses them with a byte of the proof, or of
// what it is about, changed.
func TestReference(t *testing.T) {
	for name, p := range vectors(t) {
		if err := p.verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		good := *p
		raw, err := base64.StdEncoding.DecodeString(p.Proof)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{0, 140, 64 + 23*96 + 5} {
			raw[at] ^= 1
			p.Proof = base64.StdEncoding.EncodeToString(raw)
			raw[at] ^= 1
			if p.verify() == nil {
				t.Errorf("%s: byte %d can be another", name, at)
			}
		}
		for what, change := range map[string]func(*refProof){
			"date": func(p *refProof) { p.Date = "2026-11-30" }, "root": func(p *refProof) { p.Root = p.Share },
		} {
			bad := good
			if change(&bad); bad.verify() == nil {
				t.Errorf("%s: another %s", name, what)
			}
		}
	}
}

// The program of the page opens the vectors, with Python's standard library alone.
func TestPython(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3")
	}
	page, err := os.ReadFile("../../docs/formats/verifiable.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(page), "```python\n")
	program, _, end := strings.Cut(rest, "```\n")
	if !ok || !end {
		t.Fatal("the page has no program")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "open.py")
	if err := os.WriteFile(script, []byte(program), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(python, script, "x").CombinedOutput(); err == nil || !strings.Contains(string(out), "give the file of proofs and the identity") || strings.Contains(string(out), "IndexError") {
		t.Errorf("without an identity: %v: %s", err, out)
	}
	var want struct {
		Identity string
		Shares   map[string]string
	}
	if err := json.Unmarshal(fixtures.Read("vectors/verifiable/expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	for name, share := range want.Shares {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, fixtures.Read("vectors/verifiable/"+name), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(python, script, file, want.Identity).CombinedOutput()
		if err != nil || strings.TrimSpace(string(out)) != strings.TrimSuffix(name, ".json")+" share "+share {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
}
