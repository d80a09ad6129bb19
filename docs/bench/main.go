//go:build ignore

// Bench compares derive/batch and internal/sign with libsecp256k1, libsodium and
// hdkeychain and prints ratios. docs/bench.sh builds the peers in C and runs it.
//
// On a shared machine no time means much, so the sides take turns: many short
// samples of each, and of the ratios both that of the two fastest samples and the
// median of those taken one after the other. It runs programs, which the product
// never does: the build tag keeps it out of it.
package main

import (
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/sign"
	"lifeboat/internal/signature"

	"github.com/btcsuite/btcd/btcutil/hdkeychain"
)

// rows is the length of a batch, and the number of rows that share a proof.
const rows = 4096

func main() {
	peers := flag.String("peers", ".", "directory of the C programs")
	rounds := flag.Int("rounds", 200, "samples of each side")
	flag.Parse()
	if err := run(*peers, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// sample times one go and returns nanoseconds per row.
type sample func() (float64, error)

// claim is one line of the output: ours must take at most goal times theirs.
type claim struct {
	name         string
	goal         float64
	ours, theirs sample
}

func run(peers string, rounds int) error {
	libsecp, err := peer(filepath.Join(peers, "secp256k1"))
	if err != nil {
		return err
	}
	libsodium, err := peer(filepath.Join(peers, "ed25519"))
	if err != nil {
		return err
	}
	if err := sameChild(libsecp); err != nil {
		return err
	}
	secpChild := libsecp.sample(64)
	secp8, secp13 := engine(curve.Secp256k1, 1), engine(curve.Secp256k1, 100_000)
	ed8, ed13 := engine(curve.Ed25519, 1), engine(curve.Ed25519, 100_000)
	claims := []claim{
		{"secp256k1 child, w=8 / libsecp256k1 child", 0.25, secp8.children, secpChild},
		{"secp256k1 child, w=13 / libsecp256k1 child", 0.25, secp13.children, secpChild},
		{"secp256k1 child, w=13 / hdkeychain child", 0.1, secp13.children, keychain},
		{"secp256k1, five levels, no parent shared / one libsecp256k1 child", 1, secp13.fiveLevels, secpChild},
		{"secp256k1 children and WeightedSum / children", 1.25, secp13.summed, secp13.children},
		{"secp256k1 private keys with proof / children", 1.25, secp13.proven, secp13.children},
		{"ed25519 child, w=8 / libsodium base multiplication", 0.5, ed8.children, libsodium.sample(64)},
		{"ed25519 child, w=13 / libsodium base multiplication", 0.5, ed13.children, libsodium.sample(64)},
		{"ed25519 children and WeightedSum / children", 1.25, ed13.summed, ed13.children},
		{"ed25519 private keys with proof / children", 1.25, ed13.proven, ed13.children},
	}
	fmt.Printf("%-66s %6s %6s %6s   %s\n", "ratio of times per row", "goal", "min", "median", "fastest, ns")
	for _, c := range claims {
		if err := c.report(rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	twoThreads(secp13, rounds)
	for _, scheme := range []signature.Scheme{signature.ECDSA, signature.Schnorr, signature.Ed25519} {
		theirs, err := peer(filepath.Join(peers, "sign"), scheme.String())
		if err != nil {
			return err
		}
		ours := map[curve.Curve]*bench{curve.Secp256k1: secp13, curve.Ed25519: ed13}[scheme.Curve()]
		c := claim{scheme.String() + ", child key, made twice, verified / once by the C library", 10, ours.signed(scheme), theirs.sample(signatures)}
		if err := c.report(rounds); err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
	}
	return nil
}

func (c *claim) report(rounds int) error {
	var ours, theirs, ratios []float64
	for range rounds {
		a, err := c.ours()
		if err != nil {
			return err
		}
		b, err := c.theirs()
		if err != nil {
			return err
		}
		ours, theirs, ratios = append(ours, a), append(theirs, b), append(ratios, a/b)
	}
	slices.Sort(ratios)
	a, b := slices.Min(ours), slices.Min(theirs)
	fmt.Printf("%-66s %6.3f %6.3f %6.3f   %.0f / %.0f\n", c.name, c.goal, a/b, ratios[len(ratios)/2], a, b)
	return nil
}

// program is a peer that reads how many rows to do and writes how long it took.
type program struct {
	in  io.Writer
	out *bufio.Scanner
}

func peer(path string, args ...string) (*program, error) {
	cmd := exec.Command(path, args...)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	return &program{in, bufio.NewScanner(out)}, cmd.Start() // ends when we do: its input closes
}

func (p *program) do(n int) ([]string, error) {
	fmt.Fprintln(p.in, n)
	if !p.out.Scan() {
		return nil, fmt.Errorf("the peer has ended: %v", p.out.Err())
	}
	return strings.Fields(p.out.Text()), nil
}

func (p *program) sample(n int) sample {
	return func() (float64, error) {
		fields, err := p.do(n)
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseFloat(fields[0], 64)
		return ns / float64(n), err
	}
}

// root is the parent that the C program derives from, too.
func root(c curve.Curve) batch.Parent {
	return batch.Parent{Key: [33]byte(c.Generator().Bytes()), ChainCode: [32]byte{1}}
}

// sameChild makes sure that both sides compute the same.
func sameChild(libsecp *program) error {
	fields, err := libsecp.do(1)
	if err != nil {
		return err
	}
	e := engine(curve.Secp256k1, 1)
	e.worker.Children(&e.parent, e.indexes, e.out)
	if len(fields) != 2 || fields[1] != fmt.Sprintf("%x", e.out[0].Key) {
		return fmt.Errorf("libsecp256k1 derives %v, not %x", fields, e.out[0].Key)
	}
	return nil
}

type bench struct {
	c       curve.Curve
	table   *batch.Table
	worker  *batch.Worker
	parent  batch.Parent
	indexes []uint32
	out     []batch.Child
	parents []batch.Parent
}

func engine(c curve.Curve, total int64) *bench {
	table := batch.NewTable(map[curve.Curve]*batch.Tree{curve.Secp256k1: batch.BIP32, curve.Ed25519: batch.Cpub}[c], total)
	return engineOn(c, table)
}

func engineOn(c curve.Curve, table *batch.Table) *bench {
	b := &bench{
		c: c, table: table, worker: table.Worker(), parent: root(c),
		indexes: make([]uint32, rows), out: make([]batch.Child, rows), parents: make([]batch.Parent, rows),
	}
	for i := range b.indexes {
		b.indexes[i] = uint32(i)
	}
	return b
}

func timed(f func()) float64 {
	start := time.Now()
	f()
	return float64(time.Since(start).Nanoseconds()) / rows
}

func (b *bench) children() (float64, error) {
	return timed(func() { b.worker.Children(&b.parent, b.indexes, b.out) }), nil
}

func (b *bench) fiveLevels() (float64, error) {
	return timed(func() {
		b.worker.Children(&b.parent, b.indexes, b.out)
		for range 4 {
			for i := range b.out {
				b.parents[i] = b.out[i].Parent
			}
			b.worker.EachChild(b.parents, b.indexes, b.out)
		}
	}), nil
}

// summed is the public half of a proof.
func (b *bench) summed() (float64, error) {
	var err error
	weights := make([]uint16, rows)
	t := timed(func() {
		b.worker.Children(&b.parent, b.indexes, b.out)
		draw(weights)
		_, err = b.worker.WeightedSum(b.out, weights)
	})
	return t, err
}

func draw(weights []uint16) {
	b := make([]byte, 2*len(weights))
	rand.Read(b)
	for i := range weights {
		weights[i] = binary.LittleEndian.Uint16(b[2*i:])
	}
}

// proven derives the public keys, adds the tweaks to the (made up) private root,
// and proves the whole batch.
func (b *bench) proven() (float64, error) {
	one := b.c.ScalarFromUint(1).Bytes() // the root is the base point
	root, err := scalar.New(b.c, one[:])
	if err != nil {
		return 0, err
	}
	weights := make([]uint16, rows)
	ok := false
	t := timed(func() {
		b.worker.Children(&b.parent, b.indexes, b.out)
		draw(weights)
		var sum *curve.Point
		if sum, err = b.worker.WeightedSum(b.out, weights); err != nil {
			return
		}
		tweaks := make([]*[32]byte, len(b.out))
		for i := range b.out {
			tweaks[i] = &b.out[i].Tweak
		}
		keys := root.AddEach(tweaks)
		s := scalar.WeightedSum(b.c, keys, weights)
		ok = s.Public().Equal(sum)
		for _, k := range keys {
			k.Wipe()
		}
	})
	if err == nil && !ok {
		err = fmt.Errorf("the private keys do not belong to the public ones")
	}
	return t, err
}

// signatures is the length of a sample of them.
const signatures = 64

// signed derives keys below the (made up) private root, proves them, and signs with
// each, as a program does that signs a batch of transactions.
func (b *bench) signed(scheme signature.Scheme) sample {
	message := make([]byte, signature.HashSize)
	return func() (float64, error) {
		start := time.Now()
		children, tweaks, weights := b.out[:signatures], make([]*[32]byte, signatures), make([]uint16, signatures)
		b.worker.Children(&b.parent, b.indexes[:signatures], children)
		for i := range children {
			tweaks[i] = &children[i].Tweak
		}
		one := b.c.ScalarFromUint(1).Bytes() // the root is the base point
		root, err := scalar.New(b.c, one[:])
		if err != nil {
			return 0, err
		}
		keys := root.AddEach(tweaks)
		draw(weights)
		if sum, err := b.worker.WeightedSum(children, weights); err != nil || !scalar.WeightedSum(b.c, keys, weights).Public().Equal(sum) {
			return 0, fmt.Errorf("the private keys do not belong to the public ones: %v", err)
		}
		for i, key := range keys {
			public, err := b.c.ParsePoint(children[i].Key[:])
			if err != nil {
				return 0, err
			}
			if _, err := sign.Sign(scheme, key, public, nil, message, false); err != nil {
				return 0, err
			}
			key.Wipe()
		}
		return float64(time.Since(start).Nanoseconds()) / signatures, nil
	}
}

// keychain derives with hdkeychain, which takes so long that a few do.
func keychain() (float64, error) {
	p := root(curve.Secp256k1)
	key := hdkeychain.NewExtendedKey([]byte{0x04, 0x88, 0xb2, 0x1e}, p.Key[:], p.ChainCode[:], make([]byte, 4), 0, 0, false)
	const n = 16
	start := time.Now()
	for i := range uint32(n) {
		if _, err := key.Derive(i); err != nil {
			return 0, err
		}
	}
	return float64(time.Since(start).Nanoseconds()) / n, nil
}

// twoThreads prints what a second worker gains, and what a second thread gains a
// loop that touches no memory: a machine that is shared gives less than two. All
// four are the fastest of their samples.
func twoThreads(b *bench, rounds int) {
	other := engineOn(b.c, b.table)
	f := func() { b.children() }
	g := func() { other.children() }
	spin := func() {
		x := uint64(1)
		for range 12_000_000 {
			x = x*6364136223846793005 + 1
		}
		runtime.KeepAlive(x)
	}
	var workers, spins pair
	for range rounds {
		workers.sample(f, g)
		spins.sample(spin, spin)
	}
	fmt.Printf("%-66s %6.3f %6.3f          %.2f / %.2f\n", "two workers / a spin loop on two threads (gain; at least)",
		0.9, workers.gain()/spins.gain(), workers.gain(), spins.gain())
}

// pair has the fastest of one function and of two at once.
type pair struct{ alone, both float64 }

func (p *pair) sample(f, g func()) {
	alone := timed(f)
	both := timed(func() {
		var wg sync.WaitGroup
		wg.Go(f)
		wg.Go(g)
		wg.Wait()
	})
	if p.both == 0 {
		p.alone, p.both = alone, both
	}
	p.alone, p.both = min(p.alone, alone), min(p.both, both)
}

// gain is the work done by two in the time of one.
func (p *pair) gain() float64 { return 2 * p.alone / p.both }
