package tx

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"

	"lifeboat/chains"
)

// What Aptos and Sui share: accounts of 32 bytes, the types of Move, and its encoding
// BCS (https://github.com/zefchain/bcs).

// moveType is a type that a module defines.
type moveType struct {
	module []byte // its account
	name   string // all of it
}

// moveStruct is the kind of such a type.
const moveStruct = 7

// moveTag reads a type. One that is made of others is refused: no token needs it.
func moveTag(b *counted) (moveType, error) {
	if kind := b.count(); kind != moveStruct {
		return moveType{}, unsafe("a type in it is of kind %d, and no token is", kind)
	}
	t, err := moveName(b)
	if err != nil {
		return moveType{}, err
	}
	name := string(b.text())
	if !moveIdentifier(name) {
		return moveType{}, unread("the name of a type in it is none")
	}
	if b.count() != 0 {
		return moveType{}, unsafe("the type %s::%s in it is made of others", t.name, name)
	}
	t.name += "::" + name
	return t, nil
}

// moveName reads an account and the name of one of its modules.
func moveName(b *counted) (moveType, error) {
	account, name := b.take(32), string(b.text())
	if b.bad || !moveIdentifier(name) {
		return moveType{}, unread("the name of a module in it is none")
	}
	return moveType{account, moveShort(account) + "::" + name}, nil
}

// moveIdentifier reports whether a text can be a name in Move. The length is no part of
// the patterns here: that would make each program start three milliseconds later.
func moveIdentifier(s string) bool { return len(s) <= 128 && moveWord.MatchString(s) }

var moveWord = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// moveShort writes an account as it stands in names (AIP-40): those of the chain itself
// in one digit.
func moveShort(account []byte) string {
	if moveSpecial(account) {
		return fmt.Sprintf("0x%x", account[31])
	}
	return "0x" + hex.EncodeToString(account)
}

// moveSpecial reports whether the account is one of the chain's own, for which nobody
// has a key.
func moveSpecial(account []byte) bool {
	return bytes.Equal(account[:31], make([]byte, 31)) && account[31] < 16
}

// moveParts cuts the name of a type.
var moveParts = regexp.MustCompile(`^0[xX]([0-9a-fA-F]+)::([^:]+)::([^:]+)$`)

// moveTypeOf reads the name of a type, such as 0x1::aptos_coin::AptosCoin.
func moveTypeOf(name string) (module []byte, parts []string, ok bool) {
	parts = moveParts.FindStringSubmatch(name)
	if parts == nil || len(parts[1]) > 64 || !moveIdentifier(parts[2]) || !moveIdentifier(parts[3]) {
		return nil, nil, false
	}
	module, err := hex.DecodeString(strings.Repeat("0", 64-len(parts[1])) + parts[1])
	return module, parts[2:], err == nil
}

// moveToken writes the name of a type in its one form.
func moveToken(_ *chains.Chain, name string) (string, bool) {
	module, parts, ok := moveTypeOf(name)
	if !ok {
		return "", false
	}
	return moveShort(module) + "::" + strings.Join(parts, "::"), true
}

// moveOrder returns the accounts and the amount of an order as they are encoded.
func moveOrder(o *Order) (from, to, amount []byte, err error) {
	parse := o.Chain.Encodings[0].Parse
	from, ok := parse(o.From)
	if !ok {
		return nil, nil, nil, fmt.Errorf("%.100q is not an address of %s", o.From, o.Chain.Name)
	}
	if to, ok = parse(o.To); !ok {
		return nil, nil, nil, fmt.Errorf("%.100q is not an address of %s", o.To, o.Chain.Name)
	}
	if !o.Amount.IsUint64() {
		return nil, nil, nil, fmt.Errorf("a transfer on %s needs an amount, of at most 64 bits", o.Chain.Name)
	}
	if o.Tag != "" {
		return nil, nil, nil, fmt.Errorf("a transfer on %s has no room for a tag or memo", o.Chain.Name)
	}
	return from, to, binary.LittleEndian.AppendUint64(nil, o.Amount.Uint64()), nil
}

// spelt returns the bytes that a file spells in hex or in base 64, or itself if it is
// none.
func spelt(data []byte) []byte {
	forms := spellings(data)
	return forms[min(1, len(forms)-1)]
}
