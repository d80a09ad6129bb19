// Package tsslib writes key shares as LocalPartySaveData of tss-lib
// (github.com/bnb-chain/tss-lib/v2, ecdsa/keygen and eddsa/keygen), for nodes that
// sign with it. Package share reads the same form.
//
// For ECDSA, tss-lib's signing needs more than the share: each party has a
// Paillier key and a modulus with two generators for its range proofs. They have
// nothing to do with the shared key, are made here afresh, and take four safe
// primes for each party.
//
// math/big holds secrets here and nowhere else: tss-lib's form is decimal numbers,
// and the primes have a thousand bits. It runs in variable time and cannot be wiped
// for certain.
package tsslib

import (
	"context"
	"crypto/rand"
	"fmt"
	"math/big"
)

// primeBits is the length of each safe prime: both moduli have 2048 bits, as
// tss-lib's own.
const primeBits = 1024

// minDifference is the fewest bits in the difference of a Paillier key's two
// primes, as in tss-lib: close primes are found by taking a root.
const minDifference = primeBits - 3

// Params are one party's own parameters for ECDSA with tss-lib. They are secret.
type Params struct {
	paillier paillierKey
	nTilde   *big.Int
	h1, h2   *big.Int
	alpha    *big.Int // h2 = h1^alpha
	beta     *big.Int // 1/alpha modulo p·q
	p, q     *big.Int // Sophie Germain primes: nTilde = (2p+1)·(2q+1)
}

// paillierKey is tss-lib's paillier.PrivateKey.
type paillierKey struct {
	N       *big.Int
	LambdaN *big.Int // lcm(P-1, Q-1)
	PhiN    *big.Int // (P-1)·(Q-1)
	P, Q    *big.Int
}

// NewParams makes fresh parameters: some seconds of work on all cores. tested, if
// not nil, is called for every candidate for a prime, from several goroutines.
func NewParams(ctx context.Context, tested func()) (*Params, error) {
	primes, err := searchPrimes(ctx, primeBits, 4, tested)
	if err != nil {
		return nil, err
	}
	for differenceBits(primes[0], primes[1]) < minDifference {
		more, err := searchPrimes(ctx, primeBits, 1, tested)
		if err != nil {
			return nil, err
		}
		if !containsPrime(primes, more[0]) {
			primes[1] = more[0]
		}
	}
	return newParams([4]safePrime(primes)), nil
}

func differenceBits(a, b safePrime) int { return new(big.Int).Sub(a.p, b.p).BitLen() }

// newParams computes the parameters from four different safe primes.
func newParams(s [4]safePrime) *Params {
	a, b := new(big.Int).Sub(s[0].p, one), new(big.Int).Sub(s[1].p, one)
	phi := new(big.Int).Mul(a, b)
	r := &Params{
		paillier: paillierKey{
			N: new(big.Int).Mul(s[0].p, s[1].p), P: s[0].p, Q: s[1].p, PhiN: phi,
			LambdaN: new(big.Int).Div(phi, new(big.Int).GCD(nil, nil, a, b)),
		},
		nTilde: new(big.Int).Mul(s[2].p, s[3].p), p: s[2].q, q: s[3].q,
	}
	// The squares modulo nTilde are a group of order p·q: h1 is a random one.
	f := randomUnit(r.nTilde)
	r.h1 = f.Exp(f, big.NewInt(2), r.nTilde)
	order := new(big.Int).Mul(r.p, r.q)
	for r.beta == nil {
		r.alpha = randomUnit(r.nTilde)
		r.beta = new(big.Int).ModInverse(r.alpha, order) // nil if there is none
	}
	r.h2 = new(big.Int).Exp(r.h1, r.alpha, r.nTilde)
	return r
}

// randomUnit returns a random number from 2 on that has an inverse modulo n.
func randomUnit(n *big.Int) *big.Int {
	for {
		x, err := rand.Int(rand.Reader, n)
		if err != nil {
			panic("unreachable: crypto/rand does not fail")
		}
		if x.Cmp(one) > 0 && new(big.Int).GCD(nil, nil, x, n).Cmp(one) == 0 {
			return x
		}
	}
}

// Format prints [secret], whatever the verb.
func (p *Params) Format(f fmt.State, _ rune) { f.Write([]byte("[secret]")) }
