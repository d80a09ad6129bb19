package recover_test

import (
	"errors"
	"testing"

	"pgregory.net/rapid"

	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/sign"
	"lifeboat/internal/signature"
	"lifeboat/recover"
)

// family returns a private key and descendants of it.
func family(t testing.TB, c curve.Curve, n int) (*recover.Private, *batch.Worker, []*derive.Descendant) {
	t.Helper()
	x := scalar.Random(c)
	root := derive.NewRoot(x.Public(), [32]byte{1})
	key, err := recover.NewPrivate(root, x.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	bulk := derive.NewEngine(1 << 20).Bulk(root)
	paths := make([]derive.Path, n)
	for i := range paths {
		paths[i] = derive.Path{44, uint32(i % 3), uint32(i)}
	}
	out := make([]derive.Descendant, n)
	bulk.Derive(paths, out)
	list := make([]*derive.Descendant, n)
	for i := range out {
		list[i] = &out[i]
	}
	return key, bulk.Worker(), list
}

// descend returns the private key at the end of a path.
func descend(t rapid.TB, root *recover.Private, path derive.Path) *recover.Private {
	t.Helper()
	public, _, err := root.Public().Derive(path)
	if err != nil {
		t.Fatal(err)
	}
	bulk := derive.NewEngine(1).Bulk(root.Public())
	out := make([]derive.Descendant, 1)
	bulk.Derive([]derive.Path{path}, out)
	xs, err := root.Children(bulk.Worker(), []*derive.Descendant{&out[0]})
	if err != nil {
		t.Fatal(err)
	}
	child, err := recover.NewPrivate(public, xs[0].Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return child
}

func TestChildren(t *testing.T) {
	for _, c := range curve.All() {
		for _, n := range []int{0, 1, 2, 700} {
			key, worker, list := family(t, c, n)
			xs, err := key.Children(worker, list)
			if err != nil || len(xs) != n {
				t.Fatalf("%v, %d keys: %v", c, n, err)
			}
			for i, x := range xs {
				p, err := c.ParsePoint(list[i].Child.Key[:])
				if err != nil || !x.Public().Equal(p) {
					t.Fatalf("%v: key %d is not the private key of its public key", c, i)
				}
			}
		}
	}
}

// The path without steps leads to the root key itself, which is proved like any
// other.
func TestChildrenOfNoSteps(t *testing.T) {
	for _, c := range curve.All() {
		x := scalar.Random(c)
		root := derive.NewRoot(x.Public(), [32]byte{1})
		key, err := recover.NewPrivate(root, x.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		bulk := derive.NewEngine(1).Bulk(root)
		out := make([]derive.Descendant, 3)
		bulk.Derive([]derive.Path{{44, 7}, {}, {1}}, out)
		xs, err := key.Children(bulk.Worker(), []*derive.Descendant{&out[0], &out[1], &out[2]})
		if err != nil {
			t.Fatalf("%v: %v", c, err)
		}
		if !xs[1].Equal(x) || xs[0].Equal(x) {
			t.Errorf("%v: the private key at m is not the root's", c)
		}
	}
}

// A row whose tweak and public key do not belong together is never let through,
// nor are two rows whose keys were swapped, which a plain sum would not notice.
func TestChildrenProof(t *testing.T) {
	for _, c := range curve.All() {
		for name, harm := range map[string]func(list []*derive.Descendant){
			"another tweak":  func(list []*derive.Descendant) { list[5].Tweak[31] ^= 1 },
			"swapped tweaks": func(list []*derive.Descendant) { list[5].Tweak, list[9].Tweak = list[9].Tweak, list[5].Tweak },
			"swapped keys":   func(list []*derive.Descendant) { list[5].Child, list[9].Child = list[9].Child, list[5].Child },
			"another key":    func(list []*derive.Descendant) { list[5].Child.Key = list[6].Child.Key },
		} {
			key, worker, list := family(t, c, 20)
			harm(list)
			// Each try lets a wrong row pass with a probability of 2^-16.
			if xs, err := key.Children(worker, list); !errors.Is(err, recover.ErrFault) || xs != nil {
				t.Errorf("%v, %s: %v", c, name, err)
			}
		}
		key, worker, list := family(t, c, 3)
		list[1].Err = batch.ErrInvalid
		if _, err := key.Children(worker, list); !errors.Is(err, batch.ErrInvalid) {
			t.Errorf("%v: a row without a key: %v", c, err)
		}
	}
}

// Sign signs for the public key that was derived without the private one, or not at all:
// not with another tweak, nor for another key.
func TestSign(t *testing.T) {
	message := make([]byte, 32)
	for _, scheme := range []signature.Scheme{signature.ECDSA, signature.Schnorr, signature.Ed25519} {
		key, _, list := family(t, scheme.Curve(), 2)
		one, other := list[0], list[1]
		public, err := scheme.Curve().ParsePoint(one.Child.Key[:])
		if err != nil {
			t.Fatal(err)
		}
		owner := public
		if scheme == signature.Schnorr {
			owner = signature.TaprootOutput(public, nil)
		}
		s, err := key.Sign(scheme, one, public, nil, message, false)
		if err != nil || signature.Verify(owner, message, s) != nil {
			t.Errorf("%v: %v", scheme, err)
		}
		if s, err := key.Sign(scheme, other, public, nil, message, false); !errors.Is(err, sign.ErrFault) || s != nil {
			t.Errorf("%v, for another key: %v", scheme, err)
		}
		one.Tweak[31] ^= 1
		if s, err := key.Sign(scheme, one, public, nil, message, false); !errors.Is(err, sign.ErrFault) || s != nil {
			t.Errorf("%v, with another tweak: %v", scheme, err)
		}
		one.Err = batch.ErrInvalid
		if _, err := key.Sign(scheme, one, public, nil, message, false); !errors.Is(err, batch.ErrInvalid) {
			t.Errorf("%v, without a key: %v", scheme, err)
		}
	}
}

// BenchmarkChildren is what private keys and their proof cost beyond deriving the
// public keys, which BenchmarkBulk of package derive measures.
func BenchmarkChildren(b *testing.B) {
	for _, c := range curve.All() {
		b.Run(c.String(), func(b *testing.B) {
			key, worker, list := family(b, c, 1024)
			b.ReportAllocs()
			for b.Loop() {
				xs, err := key.Children(worker, list)
				if err != nil {
					b.Fatal(err)
				}
				recover.WipeAll(xs)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/key")
		})
	}
}
