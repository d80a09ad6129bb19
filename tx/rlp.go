package tx

import (
	"errors"
	"math/big"
)

// Recursive Length Prefix, as the Ethereum Yellow Paper has it in appendix B. What
// could be written shorter is refused, so that one value has one form.

var errRLP = errors.New("it is not canonical RLP")

// rlpItem is a string or a list.
type rlpItem struct {
	text []byte
	list []rlpItem
	isL  bool
}

// rlpDepth is the depth of the lists that transactions are made of.
const rlpDepth = 4

// rlpNext reads one item, and returns what follows it.
func rlpNext(b []byte, depth int) (item rlpItem, rest []byte, err error) {
	if len(b) == 0 || depth > rlpDepth {
		return item, nil, errRLP
	}
	head, body := b[0], b[1:]
	if head < 0x80 {
		return rlpItem{text: b[:1]}, body, nil
	}
	short := byte(0x80)
	if item.isL = head >= 0xc0; item.isL {
		short = 0xc0
	}
	size := uint64(head - short)
	if size > 55 {
		n := int(size - 55)
		if n > 4 || len(body) < n || body[0] == 0 {
			return item, nil, errRLP
		}
		size = new(big.Int).SetBytes(body[:n]).Uint64()
		if body = body[n:]; size <= 55 {
			return item, nil, errRLP
		}
	}
	if size > uint64(len(body)) {
		return item, nil, errRLP
	}
	content, rest := body[:size], body[size:]
	if !item.isL {
		if size == 1 && content[0] < 0x80 {
			return item, nil, errRLP
		}
		item.text = content
		return item, rest, nil
	}
	for len(content) > 0 {
		var next rlpItem
		if next, content, err = rlpNext(content, depth+1); err != nil {
			return item, nil, err
		}
		item.list = append(item.list, next)
	}
	return item, rest, nil
}

// number returns a string as a number of at most bits bits.
func (r *rlpItem) number(bits int) (*big.Int, error) {
	n := new(big.Int).SetBytes(r.text)
	if r.isL || len(r.text) > 0 && r.text[0] == 0 || n.BitLen() > bits {
		return nil, errRLP
	}
	return n, nil
}

// rlpList writes a list of strings and numbers.
func rlpList(items ...any) []byte {
	var body []byte
	for _, item := range items {
		switch v := item.(type) {
		case []byte:
			body = append(body, rlpText(v)...)
		case *big.Int:
			body = append(body, rlpText(v.Bytes())...)
		case []any:
			body = append(body, rlpList(v...)...)
		default:
			panic("internal error: no such RLP item")
		}
	}
	return append(rlpHead(0xc0, len(body)), body...)
}

func rlpText(b []byte) []byte {
	if len(b) == 1 && b[0] < 0x80 {
		return b
	}
	return append(rlpHead(0x80, len(b)), b...)
}

func rlpHead(short byte, size int) []byte {
	if size <= 55 {
		return []byte{short + byte(size)}
	}
	n := big.NewInt(int64(size)).Bytes()
	return append([]byte{short + 55 + byte(len(n))}, n...)
}
