package tsslib

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"runtime"
)

// ErrSearch is wrapped by the errors of a search for primes.
var ErrSearch = errors.New("couldn't find safe primes")

// Bounds of the sieve. With these, a safe prime of 1024 bits takes some 900
// Fermat tests, a second or two; tss-lib's own search takes some 43,000.
const (
	window     = 1 << 16 // candidates that are sieved together
	smallPrime = 1 << 19 // primes below it are sieved with
	rounds     = 30      // of Miller-Rabin at the end, on both primes
)

// A safePrime is p = 2q + 1 with p and q prime.
type safePrime struct{ p, q *big.Int }

// searchPrimes finds count different safe primes of that many bits, of which the
// two highest are set, so that the product of two has twice as many. tested, if not
// nil, is called for every candidate that was tested, from several goroutines.
func searchPrimes(ctx context.Context, bits, count int, tested func()) ([]safePrime, error) {
	if bits < 64 {
		return nil, fmt.Errorf("%w: internal error: %d bits", ErrSearch, bits)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	small := primesBelow(smallPrime)
	workers := runtime.GOMAXPROCS(0)
	found := make(chan safePrime, workers)
	done := make(chan struct{}, workers)
	for range workers {
		go func() {
			defer func() { done <- struct{}{} }()
			for ctx.Err() == nil {
				if s, ok := searchWindow(ctx, bits, small, tested); ok {
					select {
					case found <- s:
					case <-ctx.Done():
					}
				}
			}
		}()
	}
	var list []safePrime
	for len(list) < count {
		select {
		case s := <-found:
			if !containsPrime(list, s) {
				list = append(list, s)
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrSearch, ctx.Err())
		}
	}
	cancel()
	for range workers {
		<-done // no goroutine outlives the search
	}
	return list, nil
}

func containsPrime(list []safePrime, s safePrime) bool {
	for _, o := range list {
		if o.p.Cmp(s.p) == 0 {
			return true
		}
	}
	return false
}

// primesBelow returns the primes from 5 to n, by the sieve of Eratosthenes.
func primesBelow(n int) []uint64 {
	composite := make([]bool, n)
	var list []uint64
	for i := 2; i < n; i++ {
		if composite[i] {
			continue
		}
		if i >= 5 {
			list = append(list, uint64(i))
		}
		for j := i * i; j < n; j += i {
			composite[j] = true
		}
	}
	return list
}

// searchWindow looks for a safe prime among the q = start + 6·i. start is random
// and 5 modulo 6: then neither q nor 2q+1 is divisible by 2 or 3. What is left
// after the sieve is tested in random order, so that no prime is likelier for
// what lies before it.
func searchWindow(ctx context.Context, bits int, small []uint64, tested func()) (safePrime, bool) {
	start := randomStart(bits)
	left := sieve(start, small)
	shuffle(left)
	for _, i := range left {
		if ctx.Err() != nil {
			break
		}
		q := new(big.Int).Add(start, new(big.Int).SetUint64(6*uint64(i)))
		p := new(big.Int).Add(new(big.Int).Lsh(q, 1), one)
		if p.BitLen() != bits {
			continue // the window reached beyond the highest
		}
		if tested != nil {
			tested()
		}
		if fermat(q) && fermat(p) && q.ProbablyPrime(rounds) && p.ProbablyPrime(rounds) {
			return safePrime{p, q}, true
		}
	}
	return safePrime{}, false
}

var one = big.NewInt(1)

// randomStart returns a random number of bits-1 bits, the two highest set, that
// is 5 modulo 6.
func randomStart(bits int) *big.Int {
	b := make([]byte, (bits+6)/8)
	rand.Read(b)
	n := new(big.Int).SetBytes(b)
	n.Rsh(n, uint(len(b)*8-(bits-1)))
	n.SetBit(n.SetBit(n, bits-2, 1), bits-3, 1)
	n.Sub(n, new(big.Int).Mod(n, big.NewInt(6)))
	return n.Add(n, big.NewInt(5))
}

// sieve returns the i below window for which neither start + 6·i nor twice that
// plus one is divisible by a small prime.
func sieve(start *big.Int, small []uint64) []uint32 {
	var composite [window]bool
	r, rest := new(big.Int), new(big.Int)
	for _, prime := range small {
		s := rest.Mod(start, r.SetUint64(prime)).Uint64()
		inverse := inverseOfSix(prime)
		// start + 6i = 0, and start + 6i = -1/2, modulo the prime.
		half := (prime - 1) / 2
		for _, target := range [2]uint64{0, half} {
			first := (target + prime - s) % prime * inverse % prime
			for i := first; i < window; i += prime {
				composite[i] = true
			}
		}
	}
	var left []uint32
	for i, c := range composite {
		if !c {
			left = append(left, uint32(i))
		}
	}
	return left
}

// inverseOfSix returns 1/6 modulo a prime from 5 on: one of prime+1 and
// 5·prime+1 is divisible by 6.
func inverseOfSix(prime uint64) uint64 {
	if prime%6 == 5 {
		return (prime + 1) / 6
	}
	return (5*prime + 1) / 6
}

// shuffle is the Fisher-Yates shuffle, with random numbers from the system.
func shuffle(list []uint32) {
	for i := len(list) - 1; i > 0; i-- {
		j, err := rand.Int(rand.Reader, big.NewInt(int64(i+1)))
		if err != nil {
			panic("unreachable: crypto/rand does not fail")
		}
		k := j.Int64()
		list[i], list[k] = list[k], list[i]
	}
}

// fermat reports whether 2^(n-1) is 1 modulo n, as for every odd prime.
func fermat(n *big.Int) bool {
	e := new(big.Int).Sub(n, one)
	return e.Exp(big.NewInt(2), e, n).Cmp(one) == 0
}
