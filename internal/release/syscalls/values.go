package syscalls

import (
	"regexp"
	"strconv"
	"strings"
)

// values are the constants that registers and stack slots are known to hold.
type values map[string]int64

var (
	register  = regexp.MustCompile(`^(AX|BX|CX|DX|SI|DI|BP|SP|R[0-9]+|RSP|ZR)$`)
	slot      = regexp.MustCompile(`^-?[0-9a-fx]+\(R?SP\)$`)
	plainJump = regexp.MustCompile(`^(J[A-Z]+|B|B(EQ|NE|[HL][SOIT]|C[CS]|MI|PL|V[CS]|[GL][ET])|CBN?ZW?|TBN?Z|LOOP[A-Z]*)$`)
)

// jumps says whether the instruction may continue elsewhere in the function.
func (m machine) jumps(in instruction) bool {
	return plainJump.MatchString(in.op)
}

// target returns where a jump goes, if the listing says so.
func (m machine) target(in instruction) (int64, bool) {
	if !m.jumps(in) || len(in.operands) == 0 {
		return 0, false
	}
	last := in.operands[len(in.operands)-1]
	if m.words == 0 {
		n, err := strconv.ParseInt(last, 0, 64)
		return n, err == nil
	}
	distance, ok := strings.CutSuffix(last, "(PC)")
	n, err := strconv.ParseInt(distance, 0, 64)
	return in.address + n*m.words, ok && err == nil
}

// step applies an instruction. The few that it knows change one place, or none;
// after any other nothing is known.
func (m machine) step(known values, in instruction) {
	o := in.operands
	switch op := in.op; {
	case op == "NOP", op == "NOPL", op == "NOPW", compares[op], m.conditional(op):
	case op == "STP" && len(o) == 2 && slot.MatchString(o[1]): // a pair of words
		pair := operands(strings.Trim(o[0], "()"))
		at, next, ok := following(o[1])
		if !ok || len(pair) != 2 {
			clear(known)
			return
		}
		m.set(known, at, pair[0])
		m.set(known, next, pair[1])
	case op == "MOVUPS" && len(o) == 2 && o[0] == "X15" && slot.MatchString(o[1]): // two words of zero
		at, next, ok := following(o[1])
		if !ok {
			clear(known)
			return
		}
		known[at], known[next] = 0, 0
	case len(o) == 2 && (op == m.move || op == "MOVL"):
		m.set(known, o[1], o[0])
		if op == "MOVL" && slot.MatchString(o[1]) { // half a word
			delete(known, o[1])
		}
	case len(o) == 2 && op == "XORL" && o[0] == o[1] && register.MatchString(o[0]):
		known[o[0]] = 0
	case len(o) == 3 && op == "ORR" && o[1] == "ZR":
		m.set(known, o[2], o[0])
	case (strings.HasPrefix(op, "MOV") && !strings.Contains(op, ".") || lone[op]) && len(o) >= 2 && register.MatchString(o[len(o)-1]):
		delete(known, o[len(o)-1])
		if o[len(o)-1] == "SP" || o[len(o)-1] == "RSP" {
			clear(known)
		}
	default:
		clear(known)
	}
}

// compares are instructions that change nothing but flags.
var compares = map[string]bool{
	"CMPQ": true, "CMPL": true, "CMPW": true, "CMPB": true, "TESTQ": true, "TESTL": true, "TESTB": true, "CMP": true, "TST": true,
}

// lone are instructions that change their last operand only.
var lone = map[string]bool{
	"LEAQ": true, "LEAL": true, "ADDQ": true, "ADDL": true, "SUBQ": true, "SUBL": true, "ANDQ": true, "ANDL": true, "ORL": true, "ORQ": true,
	"ADD": true, "SUB": true, "AND": true, "SXTW": true, "UXTW": true, "ADRP": true, "ORR": true, "LSL": true, "LSR": true,
}

// conditional says whether it is a jump after which the next instruction may
// follow with nothing changed.
func (m machine) conditional(op string) bool {
	return plainJump.MatchString(op) && op != "JMP" && op != "B" && !strings.HasPrefix(op, "LOOP")
}

// set moves a source to a place.
func (m machine) set(known values, to, from string) {
	if !register.MatchString(to) && !slot.MatchString(to) {
		return // memory other than the stack's
	}
	if to == "SP" || to == "RSP" {
		clear(known)
		return
	}
	if from == "ZR" {
		from = "$0"
	}
	n, ok := known[from]
	if constant, is := strings.CutPrefix(from, "$"); is {
		var err error
		n, err = strconv.ParseInt(constant, 0, 64)
		ok = err == nil
	}
	if !ok {
		delete(known, to)
		return
	}
	known[to] = n
}

// following returns a stack slot as the listing writes it, and the next one.
func following(s string) (at, next string, ok bool) {
	offset, base, _ := strings.Cut(s, "(")
	n, err := strconv.ParseInt(offset, 0, 64)
	if err != nil {
		return "", "", false
	}
	if base == "SP)" && n+8 >= 8 { // amd64 writes hexadecimal
		return s, "0x" + strconv.FormatInt(n+8, 16) + "(" + base, true
	}
	return s, strconv.FormatInt(n+8, 10) + "(" + base, true
}
