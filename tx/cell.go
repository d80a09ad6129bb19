package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"hash/crc32"
	"math/bits"
	"slices"
)

// cell is an ordinary cell of TON: up to 1,023 bits and 4 references to other cells.
// Cells do not change, so several may refer to one.
type cell struct {
	data  []byte // the bits, and zeros to the end of the last byte
	bits  int
	refs  []*cell
	depth int
	hash  [sha256.Size]byte // what stands for it, and all below it
}

// The limits of messages on TON (the configuration of its network, parameter 43).
const (
	cellBits = 1023
	cellRefs = 4
	maxCells = 8192
	maxDepth = 512
	maxBOC   = 65535 // bytes
)

// newCell fills in what follows from the bits and references of a cell.
func newCell(data []byte, n int, refs []*cell) *cell {
	c := &cell{data: data, bits: n, refs: refs}
	for _, r := range refs {
		c.depth = max(c.depth, r.depth+1)
	}
	b := c.appendOwn(make([]byte, 0, 2+128+cellRefs*(2+sha256.Size)))
	for _, r := range refs {
		b = binary.BigEndian.AppendUint16(b, uint16(r.depth))
	}
	for _, r := range refs {
		b = append(b, r.hash[:]...)
	}
	c.hash = sha256.Sum256(b)
	return c
}

// appendOwn appends how many references and bits there are, and the bits. If they end
// within a byte, a one and zeros fill it.
func (c *cell) appendOwn(b []byte) []byte {
	whole := c.bits / 8
	b = append(b, byte(len(c.refs)), byte(whole+len(c.data)))
	b = append(b, c.data...)
	if len(c.data) > whole {
		b[len(b)-1] |= 0x80 >> (c.bits % 8)
	}
	return b
}

// A BOC ("bag of cells") begins with its magic number, and how many bytes its numbers
// have.
var bocMagic = []byte{0xb5, 0xee, 0x9c, 0x72}

const (
	bocChecked = 0x40 // ends with a CRC
	bocWidth   = 0x07 // of counts and references
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// bocEnd returns the length that a BOC says it has. width and wide are those of its
// numbers.
func bocEnd(b []byte, width, wide int) int {
	const roots = 1
	at := 6 + 3*width // of the size of all cells
	end := at + wide + roots*width
	if len(b) < end {
		return end
	}
	total := 0
	for _, c := range b[at : at+wide] {
		total = total<<8 | int(c)
	}
	if end += total; b[4]&bocChecked != 0 {
		end += 4
	}
	return end
}

// readBOC reads a BOC with one root and nothing but ordinary cells, every one of them
// once and below the root. It takes time that is linear in len(b), however often cells
// are shared; so must whoever walks what it returns.
func readBOC(b []byte) (*cell, error) {
	if len(b) > maxBOC || len(b) < 6 || !bytes.HasPrefix(b, bocMagic) {
		return nil, unread("it is no BOC of at most %d bytes", maxBOC)
	}
	flags, wide := b[4], int(b[5])
	width := int(flags & bocWidth)
	if flags&^(bocChecked|bocWidth) != 0 {
		return nil, unread("its BOC has an index or flags that are not known; write it without, as toBoc of @ton/core does")
	}
	if width < 1 || width > 4 || wide < 1 || wide > 4 {
		return nil, unread("the numbers of its BOC have %d and %d bytes", width, wide)
	}
	if end := bocEnd(b, width, wide); end < len(b) {
		return nil, unsafe("something follows its BOC: %.40x", b[end:])
	}
	if end := len(b) - 4; flags&bocChecked != 0 {
		if end < 6 || crc32.Checksum(b[:end], castagnoli) != binary.LittleEndian.Uint32(b[end:]) {
			return nil, unread("the CRC of its BOC is another one: it is damaged or cut off")
		}
		b = b[:end]
	}
	b = b[6:]
	short := false
	take := func(n int) []byte {
		if n > len(b) {
			short, b = true, nil
			return make([]byte, n)
		}
		taken := b[:n]
		b = b[n:]
		return taken
	}
	number := func(n int) (v int) {
		for _, c := range take(n) {
			v = v<<8 | int(c)
		}
		return v
	}
	count, roots, absent := number(width), number(width), number(width)
	total, root := number(wide), number(width)
	switch {
	case short || total != len(b):
		return nil, unread("its BOC is not as long as it says")
	case roots != 1 || absent != 0 || root != 0:
		return nil, unread("its BOC has %d roots and lacks %d cells; there must be one root, the first cell, and all of it", roots, absent)
	case count < 1 || count > maxCells || count > total/2:
		return nil, unread("its BOC has %d cells in %d bytes", count, total)
	}

	type raw struct {
		data []byte
		bits int
		refs [cellRefs]int
		n    int
		used bool
	}
	cells := make([]raw, count)
	for i := range cells {
		c := &cells[i]
		head := take(2)
		if head[0] > cellRefs {
			return nil, unread("cell %d is an exotic one, or has more than %d references", i, cellRefs)
		}
		c.n, c.data = int(head[0]), take((int(head[1])+1)/2)
		c.bits = 8 * len(c.data)
		if head[1]%2 == 1 && !short {
			end := len(c.data) - 1
			fill := bits.TrailingZeros8(c.data[end])
			if fill > 6 { // 7 is a whole byte, which says so otherwise; 8 has no end
				return nil, unread("the bits of cell %d have no end", i)
			}
			c.bits -= fill + 1
			c.data = slices.Clone(c.data)
			c.data[end] &^= 1 << fill
		}
		for j := range c.n {
			to := number(width)
			if to <= i || to >= count {
				return nil, unread("cell %d refers to cell %d, which does not come later", i, to)
			}
			c.refs[j], cells[to].used = to, true
		}
		if short || i > 0 && !c.used {
			return nil, unread("cell %d is cut off, or nothing refers to it", i)
		}
	}
	if len(b) != 0 {
		return nil, unread("bytes follow its last cell")
	}
	made := make([]*cell, count)
	for i := count - 1; i >= 0; i-- {
		refs := make([]*cell, cells[i].n)
		for j := range refs {
			refs[j] = made[cells[i].refs[j]]
		}
		if made[i] = newCell(cells[i].data, cells[i].bits, refs); made[i].depth > maxDepth {
			return nil, unread("its cells are nested more than %d deep", maxDepth)
		}
	}
	return made[0], nil
}

// below returns the cell and all below it, each once and before those that it refers
// to, in the order of @ton/core.
func (c *cell) below() []*cell {
	seen := make(map[[sha256.Size]byte]bool)
	var list []*cell
	var visit func(c *cell)
	visit = func(c *cell) {
		if seen[c.hash] {
			return
		}
		seen[c.hash] = true
		for _, r := range slices.Backward(c.refs) {
			visit(r)
		}
		list = append(list, c)
	}
	visit(c)
	slices.Reverse(list)
	return list
}

// boc writes the cell and all below it as @ton/core does: with a CRC, and numbers as
// short as they can be.
func (c *cell) boc() []byte {
	list := c.below()
	index := make(map[[sha256.Size]byte]int, len(list))
	for i, c := range list {
		index[c.hash] = i
	}
	width := (bits.Len(uint(len(list))) + 7) / 8
	appendNumber := func(b []byte, v, n int) []byte {
		for i := n - 1; i >= 0; i-- {
			b = append(b, byte(v>>(8*i)))
		}
		return b
	}
	var body []byte
	for _, c := range list {
		body = c.appendOwn(body)
		for _, r := range c.refs {
			body = appendNumber(body, index[r.hash], width)
		}
	}
	wide := (bits.Len(uint(len(body))) + 7) / 8
	b := append(slices.Clone(bocMagic), bocChecked|byte(width), byte(wide))
	for _, v := range []int{len(list), 1, 0} { // one root, nothing absent
		b = appendNumber(b, v, width)
	}
	b = appendNumber(appendNumber(b, len(body), wide), 0, width)
	b = append(b, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

// cellReader reads a cell from its first bit and reference. err is the first thing that
// went wrong; after it, everything reads as zero.
type cellReader struct {
	c        *cell
	bit, ref int
	err      error
}

func (r *cellReader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
}

// left returns how many bits and references were not read.
func (r *cellReader) left() (bits, refs int) { return r.c.bits - r.bit, len(r.c.refs) - r.ref }

// done fails if anything was not read.
func (r *cellReader) done() {
	if b, refs := r.left(); b != 0 || refs != 0 {
		r.fail(unsafe("%d bits and %d references follow what is known", b, refs))
	}
}

// uint reads up to 64 bits as a number.
func (r *cellReader) uint(n int) (v uint64) {
	if b, _ := r.left(); r.err != nil || b < n {
		r.fail(unread("a cell of it is too short"))
		return 0
	}
	for range n {
		v = v<<1 | uint64(r.c.data[r.bit/8]>>(7-r.bit%8)&1)
		r.bit++
	}
	return v
}

func (r *cellReader) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.uint(8))
	}
	return b
}

// next reads a reference. It returns an empty cell if there is none.
func (r *cellReader) next() *cellReader {
	if _, refs := r.left(); r.err != nil || refs == 0 {
		r.fail(unread("a cell of it has too few references"))
		return &cellReader{c: newCell(nil, 0, nil), err: r.err}
	}
	r.ref++
	return &cellReader{c: r.c.refs[r.ref-1]}
}

// cellWriter makes a cell. Whoever uses it knows that it all fits.
type cellWriter struct {
	data []byte
	bits int
	refs []*cell
}

// put appends the lowest n bits of a number.
func (w *cellWriter) put(v uint64, n int) *cellWriter {
	for i := n - 1; i >= 0; i-- {
		if w.bits%8 == 0 {
			w.data = append(w.data, 0)
		}
		w.data[w.bits/8] |= byte(v>>i&1) << (7 - w.bits%8)
		w.bits++
	}
	return w
}

func (w *cellWriter) putBytes(b []byte) *cellWriter {
	for _, c := range b {
		w.put(uint64(c), 8)
	}
	return w
}

func (w *cellWriter) putRef(c *cell) *cellWriter {
	w.refs = append(w.refs, c)
	return w
}

// putCell appends the bits and references of a cell.
func (w *cellWriter) putCell(c *cell) *cellWriter {
	r := cellReader{c: c}
	w.putBytes(r.bytes(c.bits/8)).put(r.uint(c.bits%8), c.bits%8)
	w.refs = append(w.refs, c.refs...)
	return w
}

// putEither appends a cell: itself if it fits, else a reference to it.
func (w *cellWriter) putEither(c *cell) *cellWriter {
	if w.bits+1+c.bits <= cellBits && len(w.refs)+len(c.refs) <= cellRefs {
		return w.put(0, 1).putCell(c)
	}
	return w.put(1, 1).putRef(c)
}

func (w *cellWriter) cell() *cell { return newCell(w.data, w.bits, w.refs) }
