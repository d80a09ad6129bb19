// Package syscalls lists the system calls that a program for Linux can make, by
// number: what it finds does not depend on the names of functions, and inlining
// hides nothing from it.
//
// It reads the disassembly of go tool objdump. At each call of a function that
// takes the number of a system call, and at each system call instruction, it
// looks for the constant that was moved to where the number goes. A function
// where there is none is listed by name; its callers are followed if it is one
// of the gates.
package syscalls

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Calls are the system calls of a program.
type Calls struct {
	Numbers map[int64][]string // number: the functions that make the call
	Open    []string           // functions whose number is not a constant
	Gates   []string           // functions that take a number, as they are named in the program
}

// gates are the functions that take the number of a system call as their first
// argument. All others must have it as a constant.
var gates = regexp.MustCompile(`^((syscall|golang\.org/x/sys/unix|internal/runtime/syscall/linux)\.` +
	`(Raw|raw|runtime_doAllThreads|AllThreads|rawVfork)?Syscall(6|NoError)?(\.abi0)?|lifeboat/internal/lockdown\.onAllThreads)$`)

// machine says where an architecture has what.
type machine struct {
	trap     string // the system call instruction
	number   string // the register the instruction takes the number from
	register string // of the first argument
	stack    string // of the first argument of a function named .abi0
	move     string // copies a whole word
	words    int64  // bytes to a unit of a jump's distance, 0 if it gives the target
}

var machines = map[string]machine{
	"amd64": {trap: "SYSCALL", number: "AX", register: "AX", stack: "0(SP)", move: "MOVQ"},
	"arm64": {trap: "SVC", number: "R8", register: "R0", stack: "8(RSP)", move: "MOVD", words: 4},
}

// instruction is a line of the listing.
type instruction struct {
	address  int64
	size     int64 // in bytes
	op       string
	operands []string
}

// Scan reads the listing of go tool objdump for a program of an architecture.
func Scan(listing io.Reader, arch string) (*Calls, error) {
	m, ok := machines[arch]
	if !ok {
		return nil, fmt.Errorf("don't know the system calls of %q", arch)
	}
	s := scanner{m: m, numbers: map[int64]map[string]bool{}, open: map[string]bool{}, gates: map[string]bool{}, taken: map[int64][]string{}}
	lines := bufio.NewScanner(listing)
	lines.Buffer(nil, 1<<20)
	var body []instruction
	name, functions := "", 0
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "TEXT "); ok {
			s.function(name, body)
			body = body[:0]
			name, _, _ = strings.Cut(rest, "(SB) ")
			functions++
			continue
		}
		if in, ok := parse(line); ok {
			body = append(body, in)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	s.function(name, body)
	if functions == 0 {
		return nil, fmt.Errorf("the listing has no function: is the symbol table there?")
	}
	for a, names := range s.taken {
		for _, g := range s.bodies {
			if g.start <= a && a < g.end {
				for _, name := range names {
					s.open[name] = true
				}
			}
		}
	}
	c := &Calls{Numbers: map[int64][]string{}, Open: slices.Sorted(maps.Keys(s.open)), Gates: slices.Sorted(maps.Keys(s.gates))}
	for n, in := range s.numbers {
		c.Numbers[n] = slices.Sorted(maps.Keys(in))
	}
	return c, nil
}

// parse reads "  file.go:12	0x401000	493b6610	CMPQ SP, 0x10(R14)".
func parse(line string) (instruction, bool) {
	var f []string
	for part := range strings.SplitSeq(line, "\t") {
		if part = strings.TrimSpace(part); part != "" {
			f = append(f, part)
		}
	}
	if len(f) < 4 {
		return instruction{}, false
	}
	address, err := strconv.ParseInt(f[1], 0, 64)
	if err != nil {
		return instruction{}, false
	}
	op, rest, _ := strings.Cut(f[3], " ")
	return instruction{address, int64(len(f[2]) / 2), op, operands(rest)}, true
}

// operands splits at the commas outside of parentheses.
func operands(s string) []string {
	var list []string
	depth, start := 0, 0
	for i, c := range s {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			list = append(list, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	if s = strings.TrimSpace(s[start:]); s != "" {
		list = append(list, s)
	}
	return list
}

type scanner struct {
	m       machine
	numbers map[int64]map[string]bool
	open    map[string]bool
	gates   map[string]bool
	bodies  []span             // of gates
	taken   map[int64][]string // addresses, and the functions that compute them
}

// span is a range of addresses.
type span struct{ start, end int64 }

// function follows constants through the straight pieces of a function. Where a
// jump may arrive, and after whatever it does not understand, it knows nothing:
// it may call a constant number open, never the other way round.
func (s *scanner) function(name string, body []instruction) {
	if gates.MatchString(name) && len(body) > 0 {
		s.gates[name] = true
		last := body[len(body)-1]
		s.bodies = append(s.bodies, span{body[0].address, last.address + last.size})
	}
	for _, a := range addresses(body) {
		s.taken[a] = append(s.taken[a], name)
	}
	arrive := map[int64]bool{}
	blind := false // it jumps by a table
	for _, in := range body {
		if target, ok := s.m.target(in); ok {
			arrive[target] = true
		} else if s.m.jumps(in) && len(in.operands) == 1 && !strings.HasSuffix(in.operands[0], "(SB)") {
			blind = true
		}
	}
	known := values{}
	for _, in := range body {
		if arrive[in.address] {
			clear(known)
		}
		where := ""
		switch callee, called := callee(in); {
		case in.op == s.m.trap:
			where = s.m.number
		case called && callee != name && gates.MatchString(callee):
			where = s.m.register
			if strings.HasSuffix(callee, ".abi0") {
				where = s.m.stack
			}
		case !called && slices.ContainsFunc(in.operands, isGate):
			s.open[name] = true // its address is taken
		case strings.HasPrefix(in.op, "INT") && slices.Equal(in.operands, []string{"$0x80"}), in.op == "SYSENTER":
			s.open[name] = true // the doors of 32-bit programs
		}
		if where == "" {
			s.m.step(known, in)
			continue
		}
		n, ok := known[where]
		switch {
		case !ok || blind:
			s.open[name] = true
		case s.numbers[n] == nil:
			s.numbers[n] = map[string]bool{name: true}
		default:
			s.numbers[n][name] = true
		}
		clear(known)
	}
}

// callee returns what is called or jumped to by name.
func callee(in instruction) (string, bool) {
	if in.op != "CALL" && in.op != "JMP" || len(in.operands) != 1 {
		return "", false
	}
	return symbol(in.operands[0])
}

// symbol takes the name out of name(SB) and name+12(SB).
func symbol(operand string) (string, bool) {
	name, ok := strings.CutSuffix(operand, "(SB)")
	if i := strings.LastIndexByte(name, '+'); i > 0 {
		name = name[:i]
	}
	return name, ok
}

func isGate(operand string) bool {
	name, ok := symbol(operand)
	return ok && gates.MatchString(name)
}
