package batch

import (
	"runtime/debug"
	"sync"

	"lifeboat/derive/batch/internal/field"
)

// chunk is how many children share an inversion. A Worker's data for that many fits
// in a second-level cache.
const chunk = 1024

// widths gives the best window for a number of children: a wider one needs fewer
// additions for each, but its table takes longer to build.
var widths = []struct {
	rows  int64 // up to
	width int
}{
	{5_000, 8},       // 0.26 MB
	{20_000, 11},     // 1.6 MB
	{10_000_000, 13}, // 5.2 MB
}

// widest is for more than that: 34 MB, if the memory limit of the process
// (GOMEMLIMIT) leaves room for it.
const (
	widest       = 16
	widestMemory = 256 << 20
)

// Table holds multiples of the base point of a tree's curve. Goroutines may share
// it; the first to ask for a Worker builds it.
type Table struct {
	tree    *Tree
	g       *group // the tree's
	width   int    // bits in a window
	windows int    // enough for 256 bits

	once   sync.Once
	points []point // point j<<(width-1) + i is (i+1)·2^(width·j)·G, reduced
}

// NewTable returns a table fit for deriving about that many children in the tree.
// It is cheap: the table is built when first used.
func NewTable(tree *Tree, rows int64) *Table {
	return newTable(tree, widthFor(rows, debug.SetMemoryLimit(-1)))
}

func widthFor(rows, memory int64) int {
	width := 0
	for _, w := range widths {
		if width = w.width; rows <= w.rows {
			return width
		}
	}
	if memory >= widestMemory {
		return widest
	}
	return width
}

func newTable(tree *Tree, width int) *Table {
	return &Table{tree: tree, g: tree.g, width: width, windows: (256 + width - 1) / width}
}

// build fills in the table: first 2^(width·j)·G for every window j, then all
// windows are doubled in length together until they are full.
func (t *Table) build() {
	half := 1 << (t.width - 1)
	t.points = make([]point, t.windows*half)
	t.bases(half)
	a := newAdder(t.g)
	for n := 1; n < half; n *= 2 {
		for start := 0; start < len(t.points); start += half {
			w := t.points[start : start+half]
			for i := range n {
				a.add(&w[n+i], &w[i], &w[n-1])
			}
		}
		a.flush()
	}
	for i := range t.points {
		t.g.Reduce(&t.points[i].x)
		t.g.Reduce(&t.points[i].y)
	}
}

// bases sets the first point of every window. The doublings are in Jacobian
// coordinates, where (X, Y, Z) is (X/Z², Y/Z³), and share one inversion.
func (t *Table) bases(half int) {
	g := t.g
	x, y, z := g.base.x, g.base.y, field.One
	zs := make([]field.Element, t.windows)
	for j := range t.windows {
		t.points[j*half], zs[j] = point{x, y}, z
		for range t.width {
			// IEEE P1363 annex A.10.4.
			var m, s, u, v field.Element
			g.Square(&m, &x)
			g.Add(&u, &m, &m)
			g.Add(&m, &m, &u)
			g.Square(&u, &z)
			g.Square(&u, &u)
			g.Mul(&u, &u, &g.a)
			g.Add(&m, &m, &u) // M = 3X² + aZ⁴
			g.Mul(&z, &z, &y)
			g.Add(&z, &z, &z) // Z' = 2YZ
			g.Square(&v, &y)
			g.Mul(&s, &v, &x)
			g.Add(&s, &s, &s)
			g.Add(&s, &s, &s) // S = 4XY²
			g.Square(&v, &v)
			for range 3 {
				g.Add(&v, &v, &v) // 8Y⁴
			}
			g.Square(&x, &m)
			g.Sub(&x, &x, &s)
			g.Sub(&x, &x, &s) // X' = M² - 2S
			g.Sub(&s, &s, &x)
			g.Mul(&y, &m, &s)
			g.Sub(&y, &y, &v) // Y' = M·(S-X') - 8Y⁴
		}
	}
	g.InvertAll(zs, make([]field.Element, len(zs)))
	for j := range zs {
		p := &t.points[j*half]
		var zz field.Element
		g.Square(&zz, &zs[j])
		g.Mul(&p.x, &p.x, &zz)
		g.Mul(&zz, &zz, &zs[j])
		g.Mul(&p.y, &p.y, &zz)
	}
}
