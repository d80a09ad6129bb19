// Package base58 writes bytes in base 58, as Bitcoin and its relatives do.
//
// It works on byte slices in both directions and allocates nothing but the
// result, so that it serves millions of extended public keys as well as a
// private key: what it writes of a secret is in the caller's slice, its scratch
// space is cleared, and its running time depends on the length and on the number
// of leading zero bytes. Its table look-ups are not hidden from a shared cache.
package base58

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxDecode is the length, in characters, of the longest string that is decoded:
// more than the 1,232 bytes of a transaction of Solana. The work grows with its
// square.
const MaxDecode = 1700

// ChecksumSize is the length of the checksum of AppendCheck and CheckDecode, in bytes.
const ChecksumSize = 4

// ErrChecksum is wrapped by the error of CheckDecode for a string that is base 58
// and has the wrong checksum.
var ErrChecksum = errors.New("wrong base58 checksum")

// Alphabet is a choice and an order of the 58 digits.
type Alphabet struct {
	digits string
	values [256]byte // 0xff is no digit
}

// The alphabets in use. Both sort zero first, as the digit that stands for a
// leading zero byte.
var (
	Bitcoin = newAlphabet("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
	Ripple  = newAlphabet("rpshnaf39wBUDNEGHJKLM4PQRST7VWXYZ2bcdeCg65jkm8oFqi1tuvAxyz")
)

func newAlphabet(digits string) *Alphabet {
	a := &Alphabet{digits: digits}
	for i := range a.values {
		a.values[i] = 0xff
	}
	for i := range len(digits) {
		a.values[digits[i]] = byte(i)
	}
	return a
}

const (
	limbDigits = 5
	limbBase   = 58 * 58 * 58 * 58 * 58 // under 2^30, so that limb·2^32 fits 64 bits
	stackLimbs = 48                     // enough for 175 bytes
	stackWords = 96                     // enough for 512 characters
)

// Encode appends src in Bitcoin's alphabet to dst.
func Encode(dst, src []byte) []byte { return Bitcoin.Encode(dst, src) }

// Decode appends the bytes that s stands for in Bitcoin's alphabet to dst.
func Decode(dst []byte, s string) ([]byte, error) { return Bitcoin.Decode(dst, s) }

// Encode appends src in base 58 to dst: a zero digit for every leading zero
// byte, and the rest as one number.
func (a *Alphabet) Encode(dst, src []byte) []byte {
	for len(src) > 0 && src[0] == 0 {
		dst = append(dst, a.digits[0])
		src = src[1:]
	}

	var stack [stackLimbs]uint32
	limbs := stack[:] // least significant first
	// A limb holds more than 29 bits.
	if need := len(src)*8/29 + 1; need <= stackLimbs {
		limbs = limbs[:need]
	} else {
		limbs = make([]uint32, need)
	}
	defer clear(limbs)

	// The first word takes what does not fill four bytes.
	used := 0
	for first := len(src) % 4; len(src) > 0; first = 4 {
		if first == 0 {
			first = 4
		}
		var word [4]byte
		copy(word[4-first:], src[:first])
		src = src[first:]
		carry := uint64(binary.BigEndian.Uint32(word[:]))
		for i := range limbs[:used] {
			t := uint64(limbs[i])<<32 | carry
			carry = t / limbBase
			limbs[i] = uint32(t - carry*limbBase)
		}
		// The bound depends on the length alone: 32 bits more are at most two limbs more.
		for used < len(limbs) && carry > 0 {
			limbs[used] = uint32(carry % limbBase)
			carry /= limbBase
			used++
		}
	}
	return a.appendLimbs(dst, limbs[:used])
}

// appendLimbs appends the digits of the limbs, without zeros in front.
func (a *Alphabet) appendLimbs(dst []byte, limbs []uint32) []byte {
	started := false
	for i := len(limbs) - 1; i >= 0; i-- {
		var d [limbDigits]byte
		v := limbs[i]
		for j := limbDigits - 1; j >= 0; j-- {
			d[j] = byte(v % 58)
			v /= 58
		}
		for _, digit := range d {
			if started = started || digit != 0; started {
				dst = append(dst, a.digits[digit])
			}
		}
		clear(d[:])
	}
	return dst
}

// Decode appends the bytes that s stands for to dst. A string of more than
// MaxDecode characters and a character outside the alphabet are errors; the
// empty string is no bytes.
func (a *Alphabet) Decode(dst []byte, s string) ([]byte, error) {
	if len(s) > MaxDecode {
		return nil, fmt.Errorf("base58 of %d characters, more than %d", len(s), MaxDecode)
	}
	for len(s) > 0 && s[0] == a.digits[0] {
		dst = append(dst, 0)
		s = s[1:]
	}
	var stack [stackWords]uint32
	words := stack[:] // least significant first
	// A digit is under 6 bits.
	if need := len(s)*6/32 + 1; need > stackWords {
		words = make([]uint32, need)
	}
	defer clear(words)
	used := 0
	for first := len(s) % limbDigits; len(s) > 0; first = limbDigits {
		if first == 0 {
			first = limbDigits
		}
		var carry uint64
		scale := uint64(1)
		for i := range first {
			v := a.values[s[i]]
			if v == 0xff {
				return nil, fmt.Errorf("%q is not a base58 character", s[i:i+1])
			}
			carry = carry*58 + uint64(v)
			scale *= 58
		}
		s = s[first:]
		for i := range words[:used] {
			t := uint64(words[i])*scale + carry
			words[i] = uint32(t)
			carry = t >> 32
		}
		if carry > 0 {
			words[used] = uint32(carry)
			used++
		}
	}
	started := false
	for i := used - 1; i >= 0; i-- {
		for shift := 24; shift >= 0; shift -= 8 {
			b := byte(words[i] >> shift)
			if started = started || b != 0; started {
				dst = append(dst, b)
			}
		}
	}
	return dst, nil
}

// AppendCheck appends payload and its checksum, the first four bytes of its
// double SHA-256, in Bitcoin's alphabet (Base58Check).
func AppendCheck(dst, payload []byte) []byte {
	var stack [128]byte
	buf := append(stack[:0], payload...)
	sum := Checksum(payload)
	buf = append(buf, sum[:]...)
	dst = Encode(dst, buf)
	clear(buf)
	return dst
}

// CheckDecode appends the payload of a Base58Check string, without its checksum,
// to dst.
func CheckDecode(dst []byte, s string) ([]byte, error) {
	start := len(dst)
	dst, err := Decode(dst, s)
	if err != nil {
		return nil, err
	}
	end := len(dst) - ChecksumSize
	if end < start {
		return nil, fmt.Errorf("%w: %d bytes have no room for one", ErrChecksum, len(dst)-start)
	}
	if sum := Checksum(dst[start:end]); [ChecksumSize]byte(dst[end:]) != sum {
		return nil, ErrChecksum
	}
	return dst[:end], nil
}

// Checksum returns the first four bytes of the double SHA-256 of payload.
func Checksum(payload []byte) [ChecksumSize]byte {
	h := sha256.Sum256(payload)
	h = sha256.Sum256(h[:])
	return [ChecksumSize]byte(h[:])
}
