package verifiable

import (
	"crypto/sha512"
	"fmt"

	"lifeboat/internal/secret"
)

// tree is a binary tree of seeds (Goldreich, Goldwasser and Micali, 1986): node 1 is the
// root, 2k and 2k+1 are below k, and the leaves begin at node leaves. Its salt and the
// number of the node keep work on the seeds of one proof from counting for another.
type tree struct {
	salt   *[saltSize]byte
	leaves int
	seeds  *secret.Bytes // of all nodes
}

func emptyTree(salt *[saltSize]byte, leaves int) *tree {
	return &tree{salt, leaves, secret.New(2 * leaves * seedSize)}
}

// newTree returns the tree of a root's seed.
func newTree(root []byte, salt *[saltSize]byte, leaves int) *tree {
	t := emptyTree(salt, leaves)
	copy(t.node(1), root)
	t.grow(1)
	return t
}

func (t *tree) node(k int) []byte {
	return t.seeds.Expose()[k*seedSize : (k+1)*seedSize]
}

func (t *tree) leaf(i int) []byte { return t.node(t.leaves + i) }

func (t *tree) wipe() { t.seeds.Wipe() }

// grow makes all seeds below node k.
func (t *tree) grow(k int) {
	if k >= t.leaves {
		return
	}
	both := expand(sha512.New(), domainNode, t.salt, k, t.node(k))
	copy(t.node(2*k), both[:seedSize])
	copy(t.node(2*k+1), both[seedSize:])
	secret.Wipe(both)
	t.grow(2 * k)
	t.grow(2*k + 1)
}

// openNodes returns the roots of the largest subtrees without a closed leaf, from left
// to right.
func openNodes(isClosed []bool) []int {
	leaves := len(isClosed)
	has := make([]bool, 2*leaves) // a closed leaf
	copy(has[leaves:], isClosed)
	for k := leaves - 1; k > 0; k-- {
		has[k] = has[2*k] || has[2*k+1]
	}
	var nodes []int
	var walk func(k int)
	walk = func(k int) {
		switch {
		case !has[k]:
			nodes = append(nodes, k)
		case k < leaves:
			walk(2 * k)
			walk(2*k + 1)
		}
	}
	walk(1)
	return nodes
}

// open returns copies of the seeds that make all leaves but the closed ones.
func (t *tree) open(isClosed []bool) (seeds [][]byte) {
	for _, k := range openNodes(isClosed) {
		seeds = append(seeds, append([]byte(nil), t.node(k)...))
	}
	return seeds
}

// plant makes the leaves again that are not closed.
func plant(isClosed []bool, salt *[saltSize]byte, seeds [][]byte) (*tree, error) {
	nodes := openNodes(isClosed)
	if len(nodes) != len(seeds) {
		return nil, fmt.Errorf("%w: it has %d seeds, and %d are needed", ErrProof, len(seeds), len(nodes))
	}
	t := emptyTree(salt, len(isClosed))
	for i, k := range nodes {
		copy(t.node(k), seeds[i])
		t.grow(k)
	}
	return t, nil
}
