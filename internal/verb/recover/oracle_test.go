package recover_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"filippo.io/edwards25519"
	"github.com/btcsuite/btcd/btcutil"
	"github.com/btcsuite/btcd/btcutil/base58"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"golang.org/x/crypto/sha3"
)

// What a recovery must bring, computed from the secrets with other people's code
// and math/big: nothing of package derive, recover or curve is in it.

// onCurve is a curve as the files name it.
type onCurve struct {
	name            string
	kind            int // the vendor's type
	order           *big.Int
	public, private [4]byte // versions of extended keys
	multiply        func(x *big.Int) []byte
}

var koblitz = &onCurve{
	"secp256k1", 1, hexInt("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"),
	[4]byte{0x04, 0x88, 0xb2, 0x1e}, [4]byte{0x04, 0x88, 0xad, 0xe4},
	func(x *big.Int) []byte {
		return secp256k1.PrivKeyFromBytes(x.FillBytes(make([]byte, 32))).PubKey().SerializeCompressed()
	},
}

var edwards = &onCurve{
	"ed25519", 2, hexInt("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed"),
	[4]byte{0x02, 0xe8, 0xde, 0x90}, [4]byte{0x02, 0xe8, 0xda, 0x54},
	func(x *big.Int) []byte {
		b := x.FillBytes(make([]byte, 32))
		slices.Reverse(b)
		s, err := edwards25519.NewScalar().SetCanonicalBytes(b)
		if err != nil {
			panic(err)
		}
		return append([]byte{0}, new(edwards25519.Point).ScalarBaseMult(s).Bytes()...)
	},
}

func hexInt(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic(s)
	}
	return n
}

// hdKey is an extended private key and what is below it.
type hdKey struct {
	c      *onCurve
	x      *big.Int
	chain  [32]byte
	depth  byte
	parent [4]byte // fingerprint
	index  uint32
}

func (k *hdKey) key() []byte { return k.c.multiply(k.x) }

func (k *hdKey) child(index uint32) *hdKey {
	key := k.key()
	mac := hmac.New(sha512.New, k.chain[:])
	mac.Write(binary.BigEndian.AppendUint32(slices.Clone(key), index))
	sum := mac.Sum(nil)
	x := new(big.Int).SetBytes(sum[:32])
	return &hdKey{k.c, x.Add(x, k.x).Mod(x, k.c.order), [32]byte(sum[32:]), k.depth + 1, [4]byte(btcutil.Hash160(key)), index}
}

// at follows a path such as m/44/0/0/0/1.
func (k *hdKey) at(path string) *hdKey {
	for step := range strings.SplitSeq(strings.TrimPrefix(path, "m/"), "/") {
		n, err := strconv.ParseUint(step, 10, 31)
		if err != nil {
			panic(err)
		}
		k = k.child(uint32(n))
	}
	return k
}

func (k *hdKey) hex() string { return hex.EncodeToString(k.x.FillBytes(make([]byte, 32))) }

func (k *hdKey) xprv() string {
	return k.extended(k.c.private, append([]byte{0}, k.x.FillBytes(make([]byte, 32))...))
}

func (k *hdKey) xpub() string { return k.extended(k.c.public, k.key()) }

func (k *hdKey) extended(version [4]byte, key []byte) string {
	b := append(version[:], k.depth)
	b = append(b, k.parent[:]...)
	b = binary.BigEndian.AppendUint32(b, k.index)
	return checked(append(append(b, k.chain[:]...), key...))
}

// checked is base58 with a checksum.
func checked(b []byte) string {
	once := sha256.Sum256(b)
	twice := sha256.Sum256(once[:])
	return base58.Encode(append(slices.Clone(b), twice[:4]...))
}

// addresses are one form of address for each coin that the books have.
var addresses = map[string]struct {
	c    *onCurve
	coin uint32
	form func(key []byte) string
}{
	"BTC": {koblitz, 0, func(key []byte) string { return checked(append([]byte{0}, btcutil.Hash160(key)...)) }},
	"ETH": {koblitz, 60, evm},
	"SOL": {edwards, 501, func(key []byte) string { return base58.Encode(key[1:]) }},
}

// evm is an address in capitals, which has no checksum.
func evm(key []byte) string {
	p, err := secp256k1.ParsePubKey(key)
	if err != nil {
		panic(err)
	}
	h := sha3.NewLegacyKeccak256()
	h.Write(p.SerializeUncompressed()[1:])
	return fmt.Sprintf("0x%X", h.Sum(nil)[12:])
}

// random is a stream of bytes that a seed determines.
type random struct {
	seed uint64
	n    uint64
}

func (r *random) bytes(n int) []byte {
	var b []byte
	for len(b) < n {
		r.n++
		sum := sha256.Sum256(fmt.Appendf(nil, "TEST ONLY %d %d", r.seed, r.n))
		b = append(b, sum[:]...)
	}
	return b[:n]
}

// scalar is a number from 1 to the order that starts with zero bytes.
func (r *random) scalar(c *onCurve, zeros int) *big.Int {
	b := r.bytes(32)
	clear(b[:zeros])
	x := new(big.Int).SetBytes(b)
	if x.Mod(x, c.order).Sign() == 0 {
		x.SetInt64(1)
	}
	return x
}

// spellings are the ways in which a number may leak.
func spellings(x *big.Int) []string {
	b := x.FillBytes(make([]byte, 32))
	little := slices.Clone(b)
	slices.Reverse(little)
	return []string{
		hex.EncodeToString(b), strings.ToUpper(hex.EncodeToString(b)), hex.EncodeToString(little), base64Of(b), base64Of(little),
		string(b), strings.Trim(fmt.Sprint(b), "[]"), x.String(), hex.EncodeToString(bytes.TrimLeft(b, "\x00")),
	}
}
