package chains

import "strings"

// output is a form of output script: a hash or a key between constants.
type output struct {
	before, after string
	size          int // of what is between them, in bytes
	text          text
}

func payToKeyHash(t text) output    { return output{"\x76\xa9\x14", "\x88\xac", 20, t} }
func payToScriptHash(t text) output { return output{"\xa9\x14", "\x87", 20, t} }

// outputs are the forms of a chain, whether one key or a script can spend them.
func (b bitcoinLike) outputs() []output {
	list := []output{payToKeyHash(b.base58(b.p2pkh))}
	if b.p2sh != "" {
		list = append(list, payToScriptHash(b.base58(b.p2sh)))
	}
	if b.hrp != "" {
		list = append(list,
			output{"\x00\x14", "", 20, segwit(b.hrp, 0)},
			output{"\x00\x20", "", 32, segwit(b.hrp, 0)})
	}
	if b.taproot {
		list = append(list, output{"\x51\x20", "", 32, segwit(b.hrp, 1)})
	}
	return list
}

// OutputScript returns the output script that pays an address, however that is spelt.
func (c *Chain) OutputScript(address string) (script []byte, ok bool) {
	if !readable(address) {
		return nil, false
	}
	for _, o := range c.outputs {
		if payload, ok := o.text.parse(address); ok && len(payload) == o.size {
			return []byte(o.before + string(payload) + o.after), true
		}
	}
	return nil, false
}

// OutputAddress returns the address that an output script pays, in the usual
// spelling. Other addresses than those of one key have it too: of script hashes, for
// example. A script without an address, or with one that the table does not know, is
// not ok.
func (c *Chain) OutputAddress(script []byte) (address string, ok bool) {
	for _, o := range c.outputs {
		rest, begins := strings.CutPrefix(string(script), o.before)
		payload, ends := strings.CutSuffix(rest, o.after)
		if begins && ends && len(payload) == o.size {
			return o.text.format([]byte(payload)), true
		}
	}
	return "", false
}
