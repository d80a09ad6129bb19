package tsslib

import (
	"context"
	"errors"
	"math/big"
	"slices"
	"sync/atomic"
	"testing"
)

// TestSearchPrimes: what is found is safe, of the right length, and different.
func TestSearchPrimes(t *testing.T) {
	for _, bits := range []int{64, 128, 256, 384} {
		var tests atomic.Int64
		list, err := searchPrimes(t.Context(), bits, 3, func() { tests.Add(1) })
		if err != nil || len(list) != 3 {
			t.Fatal(err)
		}
		if tests.Load() < 3 {
			t.Errorf("%d bits: %d candidates were tested", bits, tests.Load())
		}
		for i, s := range list {
			twice := new(big.Int).Add(new(big.Int).Lsh(s.q, 1), one)
			switch {
			case s.p.Cmp(twice) != 0 || !s.p.ProbablyPrime(30) || !s.q.ProbablyPrime(30):
				t.Errorf("%d bits: %v is no safe prime", bits, s.p)
			case s.p.BitLen() != bits || s.p.Bit(bits-2) != 1:
				t.Errorf("%d bits: %x has others", bits, s.p)
			case containsPrime(list[:i], s):
				t.Errorf("%d bits: one prime twice", bits)
			}
			if product := new(big.Int).Mul(s.p, list[0].p); product.BitLen() != 2*bits {
				t.Errorf("%d bits: a product of %d", bits, product.BitLen())
			}
		}
	}
}

func TestSearchPrimesCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := searchPrimes(ctx, 1024, 1, nil); !errors.Is(err, ErrSearch) || !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if _, err := searchPrimes(t.Context(), 8, 1, nil); !errors.Is(err, ErrSearch) {
		t.Error(err)
	}
}

// TestSieve compares the sieve with trial division.
func TestSieve(t *testing.T) {
	small := primesBelow(1000)
	if len(small) != 166 || small[0] != 5 || small[165] != 997 {
		t.Fatalf("%d small primes", len(small))
	}
	for range 3 {
		start := randomStart(128)
		if new(big.Int).Mod(start, big.NewInt(6)).Int64() != 5 || start.BitLen() != 127 {
			t.Fatalf("start %x", start)
		}
		var want []uint32
		for i := range uint32(window) {
			q := new(big.Int).Add(start, big.NewInt(6*int64(i)))
			p := new(big.Int).Add(new(big.Int).Lsh(q, 1), one)
			divisible := func(n *big.Int) bool {
				return slices.ContainsFunc(small, func(r uint64) bool {
					return new(big.Int).Mod(n, new(big.Int).SetUint64(r)).Sign() == 0
				})
			}
			if i < 2000 && !divisible(q) && !divisible(p) {
				want = append(want, i)
			}
		}
		got := sieve(start, small)
		got = got[:slices.IndexFunc(got, func(i uint32) bool { return i >= 2000 })]
		if !slices.Equal(got, want) {
			t.Fatal("another result than trial division's")
		}
	}
	for _, r := range primesBelow(smallPrime) {
		if 6*inverseOfSix(r)%r != 1 {
			t.Fatalf("1/6 modulo %d", r)
		}
	}
}

// TestShuffle: every place is as likely for every element, roughly.
func TestShuffle(t *testing.T) {
	var at [4][4]int
	for range 4000 {
		list := []uint32{0, 1, 2, 3}
		shuffle(list)
		for place, i := range list {
			at[i][place]++
		}
	}
	for i, places := range at {
		for place, n := range places {
			if n < 800 || n > 1200 {
				t.Errorf("%d was %d times at %d", i, n, place)
			}
		}
	}
}

// BenchmarkSafePrime is one safe prime of the length that tss-lib wants.
func BenchmarkSafePrime(b *testing.B) {
	for b.Loop() {
		var tests atomic.Int64
		if _, err := searchPrimes(b.Context(), primeBits, 1, func() { tests.Add(1) }); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(tests.Load()), "tests/prime")
	}
}
