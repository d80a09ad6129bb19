package batch

import (
	"crypto/hmac"
	"crypto/sha512"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lifeboat/internal/curve"
)

// trees has the one tree of each curve.
var trees = map[curve.Curve]*Tree{curve.Secp256k1: BIP32, curve.Ed25519: Cpub}

// sequence returns n children's worth of arguments.
func sequence(n int) ([]uint32, []Child) {
	indexes := make([]uint32, n)
	for i := range indexes {
		indexes[i] = uint32(i)
	}
	return indexes, make([]Child, n)
}

func root(c curve.Curve) Parent {
	return Parent{Key: [33]byte(c.Generator().Bytes()), ChainCode: [32]byte{1}}
}

func perRow(b *testing.B, rows int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}

func BenchmarkChildren(b *testing.B) {
	for _, c := range curve.All() {
		for _, width := range []int{8, 11, 13, 16} {
			for _, n := range []int{1024, 4096} {
				b.Run(fmt.Sprintf("%v/w=%d/m=%d", c, width, n), func(b *testing.B) {
					w := newTable(trees[c], width).Worker()
					p := root(c)
					indexes, out := sequence(n)
					for b.Loop() {
						w.Children(&p, indexes, out)
					}
					perRow(b, n)
				})
			}
		}
	}
}

// BenchmarkFiveLevels derives rows at depth five of which no two share a parent.
func BenchmarkFiveLevels(b *testing.B) {
	const n = 1024
	for _, c := range curve.All() {
		for _, width := range []int{8, 13} {
			b.Run(fmt.Sprintf("%v/w=%d", c, width), func(b *testing.B) {
				w := newTable(trees[c], width).Worker()
				p := root(c)
				indexes, out := sequence(n)
				parents := make([]Parent, n)
				for b.Loop() {
					w.Children(&p, indexes, out)
					for range 4 {
						for i := range out {
							parents[i] = out[i].Parent
						}
						w.EachChild(parents, indexes, out)
					}
				}
				perRow(b, n)
			})
		}
	}
}

// BenchmarkWeightedSum is what a proof adds to the rows of BenchmarkChildren.
func BenchmarkWeightedSum(b *testing.B) {
	for _, c := range curve.All() {
		for _, n := range []int{1024, 4096} {
			b.Run(fmt.Sprintf("%v/m=%d", c, n), func(b *testing.B) {
				w := newTable(trees[c], 8).Worker()
				p := root(c)
				indexes, out := sequence(n)
				w.Children(&p, indexes, out)
				weights := make([]uint16, n)
				for i := range weights {
					weights[i] = uint16(i * 40503)
				}
				for b.Loop() {
					if _, err := w.WeightedSum(out, weights); err != nil {
						b.Fatal(err)
					}
				}
				perRow(b, n)
			})
		}
	}
}

func BenchmarkTable(b *testing.B) {
	for _, width := range []int{8, 11, 13, 16} {
		b.Run(fmt.Sprintf("w=%d", width), func(b *testing.B) {
			for b.Loop() {
				newTable(BIP32, width).Worker()
			}
		})
	}
}

// BenchmarkHMAC compares the two ways to one HMAC: with the chain code's state
// kept, and from the start.
func BenchmarkHMAC(b *testing.B) {
	p := root(curve.Secp256k1)
	var in [37]byte
	var sum [64]byte
	b.Run("kept", func(b *testing.B) {
		mac := hmac.New(sha512.New, p.ChainCode[:])
		for b.Loop() {
			mac.Reset()
			mac.Write(in[:])
			mac.Sum(sum[:0])
		}
	})
	b.Run("once", func(b *testing.B) {
		for b.Loop() {
			sum = BIP32.hash(&p, 1)
		}
	})
}

// BenchmarkTwoWorkers reports how much faster two workers are than one, and how
// much more a loop without memory gets done on two threads: a machine that gives
// the process less than two cores shows in both.
func BenchmarkTwoWorkers(b *testing.B) {
	if runtime.GOMAXPROCS(0) < 2 {
		b.Skip("needs two threads")
	}
	const n = 1024
	table := newTable(BIP32, 13)
	p := root(curve.Secp256k1)
	worker := func() func() {
		w := table.Worker()
		indexes, out := sequence(n)
		return func() { w.Children(&p, indexes, out) }
	}
	spin := func() func() {
		var x uint64
		return func() {
			for range 4_000_000 {
				x = x*6364136223846793005 + 1
			}
			sink.Store(x)
		}
	}
	// The fastest of all samples: a shared machine disturbs most of them.
	type pair struct{ alone, both time.Duration }
	sample := func(p *pair, f, g func()) {
		start := time.Now()
		f()
		alone := time.Since(start)
		var wg sync.WaitGroup
		start = time.Now()
		wg.Go(f)
		wg.Go(g)
		wg.Wait()
		both := time.Since(start)
		if p.both == 0 {
			*p = pair{alone, both}
		}
		*p = pair{min(p.alone, alone), min(p.both, both)}
	}
	gain := func(p pair) float64 { return 2 * float64(p.alone) / float64(p.both) }
	f, g, h, i := worker(), worker(), spin(), spin()
	var workers, spins pair
	for b.Loop() {
		sample(&workers, f, g)
		sample(&spins, h, i)
	}
	b.ReportMetric(gain(workers), "workers")
	b.ReportMetric(gain(spins), "spins")
	b.ReportMetric(gain(workers)/gain(spins), "ratio")
}

// sink keeps the spin loop from being removed.
var sink atomic.Uint64
