package derive_test

import (
	"errors"
	"testing"

	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"

	"pgregory.net/rapid"
)

// A Bulk gives what Key.Derive gives, whatever paths come together, and again
// when parents are remembered.
func TestBulk(t *testing.T) {
	engine := derive.NewEngine(1000)
	for _, c := range curve.All() {
		root := derive.NewRoot(c.Generator().Mul(c.RandomScalar()), [32]byte{1})
		bulk := engine.Bulk(root)
		rapid.Check(t, func(t *rapid.T) {
			step := rapid.OneOf(rapid.Uint32Range(0, 2), rapid.Uint32Range(0, 1<<31-1))
			paths := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) derive.Path {
				return rapid.SliceOfN(step, 0, 5).Draw(t, "path")
			}), 0, 40).Draw(t, "paths")
			out := make([]derive.Descendant, len(paths))
			bulk.Derive(paths, out)
			for i, p := range paths {
				want, tweak, err := root.Derive(p)
				if err != nil {
					t.Fatal(err)
				}
				if out[i].Err != nil || out[i].Extended() != want.String() || out[i].Tweak != tweak.Bytes() || !out[i].Agrees(want) {
					t.Errorf("%v %s: %s, %v; want %s", c, p, out[i].Extended(), out[i].Err, want)
				}
				if c == curve.Secp256k1 && string(out[i].Child.XY[:]) != string(want.Point().Uncompressed()[1:]) {
					t.Errorf("%s: the affine point is wrong", p)
				}
			}
		})
	}
}

func TestBulkErrors(t *testing.T) {
	root := parse(t, fixtures.Rows("cobo_path_vectors.tsv")[0][0])
	deep, _, err := root.Derive(make(derive.Path, 253))
	if err != nil {
		t.Fatal(err)
	}
	paths := []derive.Path{{1, 2}, {1, 2, 3}, {1 << 31}, {1 << 31, 4}, {7}, {1, 2, 3, 4}}
	out := make([]derive.Descendant, len(paths))
	derive.NewEngine(1).Bulk(deep).Derive(paths, out)
	for i, want := range []error{nil, derive.ErrPath, batch.ErrHardened, batch.ErrHardened, nil, derive.ErrPath} {
		if !errors.Is(out[i].Err, want) {
			t.Errorf("%s: %v, want %v", paths[i], out[i].Err, want)
		}
	}
}

func BenchmarkBulk(b *testing.B) {
	for _, c := range curve.All() {
		b.Run(c.String(), func(b *testing.B) {
			bulk := derive.NewEngine(1 << 20).Bulk(derive.NewRoot(c.Generator(), [32]byte{1}))
			paths := make([]derive.Path, 1024)
			for i := range paths {
				paths[i] = derive.Path{44, 60, 0, 0, uint32(i)}
			}
			out := make([]derive.Descendant, len(paths))
			for b.Loop() {
				bulk.Derive(paths, out)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1024, "ns/key")
		})
	}
}
