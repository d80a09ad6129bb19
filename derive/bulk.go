package derive

import (
	"encoding/binary"
	"fmt"

	"lifeboat/derive/batch"
	"lifeboat/internal/curve"
)

// Engine derives many descendants of extended public keys. Its tables are built on
// first use, and goroutines may share it.
type Engine struct {
	tables map[*batch.Tree]*batch.Table
}

// NewEngine returns an engine for deriving about that many keys.
func NewEngine(rows int64) *Engine {
	e := &Engine{tables: map[*batch.Tree]*batch.Table{}}
	for _, t := range trees {
		e.tables[t.batch] = batch.NewTable(t.batch, rows)
	}
	return e
}

// Descendant is a derived key, or the error that prevented it.
type Descendant struct {
	Err   error
	Child batch.Child            // key, chain code and affine point
	Tweak [curve.ScalarSize]byte // big-endian: the private key is the root's plus this
	at    position
}

// AppendExtended appends the extended public key in base58 to dst; of a bare key,
// nothing.
func (d *Descendant) AppendExtended(dst []byte) []byte {
	if d.IsBare() {
		return dst
	}
	return d.at.appendText(dst, &d.Child.ChainCode, d.Child.Key[:])
}

// Extended returns the extended public key in base58.
func (d *Descendant) Extended() string { return string(d.AppendExtended(nil)) }

// AppendSerial appends the 78 bytes of the extended key at this place in the tree
// to dst, with the given version and 33-byte key.
func (d *Descendant) AppendSerial(dst []byte, version [4]byte, key []byte) []byte {
	return d.at.append(dst, version, &d.Child.ChainCode, key)
}

// IsBare reports whether the key has no chain code.
func (d *Descendant) IsBare() bool { return d.at.isBare() }

// Network returns the version bytes of the key.
func (d *Descendant) Network() Network { return d.at.network }

// Curve returns the curve of the key.
func (d *Descendant) Curve() curve.Curve { return d.at.network.Curve }

// Agrees reports whether the key may be the same as another, as Key.Agrees does.
func (d *Descendant) Agrees(k *Key) bool {
	if d.Curve() != k.Curve() || d.Child.Key != [curve.PointSize]byte(k.point.Bytes()) {
		return false
	}
	return d.IsBare() || k.IsBare() || d.at.network.Tree == k.network.Tree && d.Child.ChainCode == k.chainCode
}

// Bulk derives many descendants of one root. It remembers the parents of paths,
// within bounds, and is the scratch of one goroutine.
type Bulk struct {
	root   *Key
	worker *batch.Worker
	nodes  map[string]*node // by path, four bytes a step

	parents []batch.Parent
	indexes []uint32
	alone   []uint32 // of one parent
	out     []batch.Child
	want    []*node
	rows    []int
	tweak   *curve.Scalar
}

// node is a key that has children.
type node struct {
	err         error
	key         batch.Parent
	tweak       *curve.Scalar
	fingerprint [4]byte // of the key itself

	// Set while the node is being derived, and while its children are.
	parent *node
	index  uint32
	rows   []int
}

// maxNodes bounds how many parents are remembered: about 8 MB.
const maxNodes = 16384

// sameParent is the number of children from which one parent's are derived on their
// own, preparing its hash once.
const sameParent = 8

// Bulk returns a Bulk for the descendants of root.
func (e *Engine) Bulk(root *Key) *Bulk {
	return &Bulk{root: root, worker: e.tables[root.network.batch].Worker(), nodes: map[string]*node{}, tweak: root.Curve().Scalar()}
}

// Root returns the key whose descendants are derived.
func (b *Bulk) Root() *Key { return b.root }

// Worker returns the batch worker, for proofs over what was derived.
func (b *Bulk) Worker() *batch.Worker { return b.worker }

// Derive sets out[i] to the descendant at paths[i]. The slices have the same
// length; batches of a thousand paths or more are cheapest. All paths are derived
// level by level, each level in one batch.
func (b *Bulk) Derive(paths []Path, out []Descendant) {
	if len(b.nodes) > maxNodes {
		clear(b.nodes)
	}
	deepest := 0
	for _, p := range paths {
		deepest = max(deepest, len(p))
	}
	b.node(nil)
	for level := 1; level < deepest; level++ {
		b.deriveNodes(paths, level)
	}
	b.leaves(paths, out)
}

func key(p Path) string {
	var b [4 * 16]byte
	s := b[:0]
	for _, v := range p {
		s = binary.BigEndian.AppendUint32(s, v)
	}
	return string(s)
}

// node returns the node at a path, or nil; the root's always exists.
func (b *Bulk) node(p Path) *node {
	n, ok := b.nodes[key(p)]
	if !ok && len(p) == 0 {
		n = &node{
			key:         batch.Parent{Key: [curve.PointSize]byte(b.root.point.Bytes()), ChainCode: b.root.chainCode},
			tweak:       b.root.Curve().Scalar(),
			fingerprint: b.root.Fingerprint(),
		}
		b.nodes[""] = n
	}
	return n
}

// deriveNodes derives the missing nodes at one depth below the root.
func (b *Bulk) deriveNodes(paths []Path, level int) {
	b.want, b.parents, b.indexes = b.want[:0], b.parents[:0], b.indexes[:0]
	for _, p := range paths {
		if len(p) <= level {
			continue
		}
		name := key(p[:level])
		if _, known := b.nodes[name]; known {
			continue
		}
		parent := b.node(p[:level-1])
		n := &node{parent: parent, index: p[level-1]}
		b.nodes[name] = n
		if n.err = b.check(parent, level); n.err != nil {
			continue
		}
		b.want = append(b.want, n)
		b.parents = append(b.parents, parent.key)
		b.indexes = append(b.indexes, n.index)
	}
	b.grow(len(b.want))
	b.worker.EachChild(b.parents, b.indexes, b.out[:len(b.want)])
	for i, n := range b.want {
		c := &b.out[i]
		if n.err = c.Err; n.err != nil {
			continue
		}
		n.key = c.Parent
		n.tweak = b.root.Curve().ScalarFromBytes(c.Tweak[:]).Add(n.parent.tweak)
		n.fingerprint = fingerprint(c.Key[:])
		n.parent = nil
	}
}

func (b *Bulk) check(parent *node, level int) error {
	if parent.err != nil {
		return parent.err
	}
	if b.root.IsBare() {
		return ErrNoChainCode
	}
	if b.root.Depth()+level > MaxDepth {
		return fmt.Errorf("%w: more than %d steps below the root", ErrPath, MaxDepth)
	}
	return nil
}

func (b *Bulk) grow(n int) {
	if len(b.out) < n {
		b.out = make([]batch.Child, n)
	}
}

// leaves derives the last steps: the children of a parent with many rows
// together, and all others in one batch.
func (b *Bulk) leaves(paths []Path, out []Descendant) {
	b.want, b.rows = b.want[:0], b.rows[:0]
	for i, p := range paths {
		out[i] = Descendant{}
		if len(p) == 0 {
			b.rootItself(&out[i])
			continue
		}
		parent := b.node(p[:len(p)-1])
		if out[i].Err = b.check(parent, len(p)); out[i].Err != nil {
			continue
		}
		if len(parent.rows) == 0 {
			b.want = append(b.want, parent)
		}
		parent.rows = append(parent.rows, i)
	}
	b.parents, b.indexes = b.parents[:0], b.indexes[:0]
	for _, n := range b.want {
		if len(n.rows) < sameParent {
			for _, i := range n.rows {
				b.parents = append(b.parents, n.key)
				b.indexes = append(b.indexes, last(paths[i]))
				b.rows = append(b.rows, i)
			}
			continue
		}
		indexes := b.alone[:0]
		for _, i := range n.rows {
			indexes = append(indexes, last(paths[i]))
		}
		b.alone = indexes
		b.grow(len(indexes))
		b.worker.Children(&n.key, indexes, b.out[:len(indexes)])
		for j, i := range n.rows {
			b.finish(&out[i], n, &b.out[j], paths[i])
		}
	}
	b.grow(len(b.rows))
	b.worker.EachChild(b.parents, b.indexes, b.out[:len(b.rows)])
	for j, i := range b.rows {
		b.finish(&out[i], b.node(paths[i][:len(paths[i])-1]), &b.out[j], paths[i])
	}
	for _, n := range b.want {
		n.rows = n.rows[:0]
	}
}

func last(p Path) uint32 { return p[len(p)-1] }

func (b *Bulk) finish(d *Descendant, parent *node, c *batch.Child, p Path) {
	d.Child = *c
	if d.Err = c.Err; d.Err != nil {
		return
	}
	d.Tweak = b.tweak.SetBytes(&c.Tweak).Add(parent.tweak).Bytes()
	d.at = position{b.root.network, b.root.depth + uint8(len(p)), parent.fingerprint, last(p)}
}

// rootItself is the descendant at the empty path.
func (b *Bulk) rootItself(d *Descendant) {
	d.Child = b.worker.Itself(&b.node(nil).key)
	if d.Err = d.Child.Err; d.Err != nil {
		return
	}
	d.at = position{b.root.network, b.root.depth, b.root.fingerprint, b.root.index}
}
