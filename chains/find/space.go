package find

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"lifeboat/derive"
)

// Space is the set of paths to search.
type Space struct {
	Templates []Template
	Coins     []uint32 // for the step coin
	Accounts  uint32   // 0 to Accounts-1, for the step account
	Indexes   uint32   // 0 to Indexes-1, for the step index
}

// Template is a path whose steps may vary.
type Template []step

type step struct {
	fixed uint32
	name  string // coin, account, change or index; empty if fixed
}

// Defaults are the layouts of custody vendors: a wallet with the key of one coin, whose
// addresses lie right below its root, and an account.
var Defaults = []string{"m/index", "m/44/coin/account/change/index"}

// layouts are those that BIPs 49, 84 and 86 give to forms of Bitcoin's addresses.
var layouts = map[string]string{
	"p2sh-p2wpkh": "m/49/coin/account/change/index",
	"p2wpkh":      "m/84/coin/account/change/index",
	"p2tr":        "m/86/coin/account/change/index",
}

// changes are the values of the step change.
var changes = []uint32{0, 1}

// ParseTemplate reads a path in which a step may be coin, account, change or
// index, each at most once.
func ParseTemplate(s string) (Template, error) {
	var t Template
	seen := map[string]bool{}
	for i, part := range strings.Split(strings.TrimPrefix(s, "m/"), "/") {
		switch part {
		case "coin", "account", "change", "index":
			if seen[part] {
				return nil, fmt.Errorf("%w: step %d: %s occurs twice", derive.ErrPath, i+1, part)
			}
			seen[part] = true
			t = append(t, step{name: part})
		default:
			p, err := derive.ParsePath(part)
			if err != nil || len(p) != 1 {
				return nil, fmt.Errorf("%w: step %d is neither a number nor coin, account, change or index", derive.ErrPath, i+1)
			}
			t = append(t, step{fixed: p[0]})
		}
	}
	if len(t) > derive.MaxDepth {
		return nil, fmt.Errorf("%w: more than %d steps", derive.ErrPath, derive.MaxDepth)
	}
	return t, nil
}

// values lists the values of a step other than index.
func (s *Space) values(st step) []uint32 {
	switch st.name {
	case "coin":
		return s.Coins
	case "account":
		list := make([]uint32, s.Accounts)
		for i := range list {
			list[i] = uint32(i)
		}
		return list
	case "change":
		return changes
	}
	return []uint32{st.fixed}
}

// Block is how many indexes of one parent are tried before the next parent's turn:
// low indexes of all parents come before high ones of any.
const Block = 1024

// Paths walks through the space.
type Paths struct {
	space  *Space
	parts  []part // what is left in this round of blocks
	next   int
	from   uint32
	rounds bool // some template has an index
}

// part is a template with every step but the index fixed.
type part struct {
	path  derive.Path
	index int // the step that is the index, or -1
}

// Paths returns a walk from the beginning.
func (s *Space) Paths() *Paths {
	p := &Paths{space: s}
	for _, t := range s.Templates {
		at := slices.IndexFunc(t, func(st step) bool { return st.name == "index" })
		p.rounds = p.rounds || at >= 0
		p.parts = append(p.parts, s.expand(t, 0, nil, at)...)
	}
	return p
}

func (s *Space) expand(t Template, i int, path derive.Path, index int) []part {
	if i == len(t) {
		return []part{{slices.Clone(path), index}}
	}
	if i == index {
		return s.expand(t, i+1, append(path, 0), index)
	}
	var all []part
	for _, v := range s.values(t[i]) {
		all = append(all, s.expand(t, i+1, append(path, v), index)...)
	}
	return all
}

// Next returns the next paths, at most Block, or io.EOF.
func (p *Paths) Next() ([]derive.Path, error) {
	for {
		if p.next == len(p.parts) {
			p.next, p.from = 0, p.from+Block
			// Templates without an index were looked at in the first round.
			p.parts = slices.DeleteFunc(p.parts, func(q part) bool { return q.index < 0 })
		}
		if len(p.parts) == 0 || p.from > 0 && p.from >= p.space.Indexes {
			return nil, io.EOF
		}
		q := p.parts[p.next]
		p.next++
		if q.index < 0 {
			return []derive.Path{q.path}, nil
		}
		n := min(Block, p.space.Indexes-p.from)
		list := make([]derive.Path, n)
		for i := range list {
			list[i] = slices.Clone(q.path)
			list[i][q.index] = p.from + uint32(i)
		}
		if n > 0 {
			return list, nil
		}
	}
}

// Size returns how many paths the space has.
func (s *Space) Size() uint64 {
	total := uint64(0)
	for _, t := range s.Templates {
		n := uint64(1)
		for _, st := range t {
			if st.name == "index" {
				n *= uint64(s.Indexes)
			} else {
				n *= uint64(len(s.values(st)))
			}
		}
		total += n
	}
	return total
}

// String describes the space in words.
func (s *Space) String() string {
	var coins []string
	for _, c := range s.Coins {
		coins = append(coins, strconv.FormatUint(uint64(c), 10))
	}
	return fmt.Sprintf("coins %s; accounts below %d; change 0 and 1; indexes below %d", strings.Join(coins, ", "), s.Accounts, s.Indexes)
}
