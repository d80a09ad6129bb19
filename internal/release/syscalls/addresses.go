package syscalls

import (
	"strconv"
	"strings"
)

// addresses returns those that a function computes from its own place. The
// listing names an address only where it lies ahead and is made at once, so that
// names are not enough to find who takes the address of a gate.
func addresses(body []instruction) []int64 {
	var list []int64
	pages := map[string]int64{} // what ADRP left in a register
	for i, in := range body {
		o := in.operands
		switch {
		case (in.op == "LEAQ" || in.op == "LEAL") && len(o) == 2: // programs lie below 4 GiB
			if n, ok := number(o[0], "(IP)"); ok { // written without its sign
				list = append(list, in.address+in.size+int64(int32(n)))
			}
		case in.op == "ADR" && len(o) == 2:
			if n, ok := number(o[0], "(PC)"); ok {
				list = append(list, in.address+n)
			}
		case in.op == "ADRP" && len(o) == 2:
			if n, ok := number(o[0], "(PC)"); ok {
				pages[o[1]] = in.address&^0xfff + n
				if i+1 == len(body) || !adds(body[i+1], o[1]) { // or it is half of an address
					list = append(list, pages[o[1]])
				}
			}
		case len(o) == 3 && adds(in, o[1]):
			page, ok := pages[o[1]]
			if n, err := strconv.ParseInt(strings.TrimPrefix(o[0], "$"), 0, 64); ok && err == nil {
				list = append(list, page+n)
			}
		}
	}
	return list
}

// adds reports whether an instruction adds to what is in a register.
func adds(in instruction, register string) bool {
	return in.op == "ADD" && len(in.operands) == 3 && in.operands[1] == register
}

// number reads 0x12(IP).
func number(operand, suffix string) (int64, bool) {
	text, ok := strings.CutSuffix(operand, suffix)
	n, err := strconv.ParseInt(text, 0, 64)
	return n, ok && err == nil
}
