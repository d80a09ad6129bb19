package tx

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/chaincfg/chainhash"
	"github.com/btcsuite/btcd/wire"
)

// psbtField is a field of a PSBT that is known.
type psbtField struct {
	kind byte
	keys []int // the lengths that its key may have, its kind included
	// whole reports whether the value has nothing that the library would drop, or panic
	// at; nil where it does neither.
	whole func(value []byte) bool
}

// The fields by the maps that have them. Those about derivation, and about the
// scripts of outputs, are read over: nothing depends on them. A field that is not
// here is refused, and so are signatures: the other parties' inputs would be theirs.
var (
	psbtGlobal = []psbtField{
		{kind: 0x00, keys: []int{1}},                       // the unsigned transaction
		{kind: 0x01, keys: []int{79}},                      // an extended public key
		{kind: 0xfb, keys: []int{1}, whole: isVersionZero}, // the version
	}
	psbtInput = []psbtField{
		{kind: 0x00, keys: []int{1}, whole: isTransaction}, // the previous transaction
		{kind: 0x01, keys: []int{1}, whole: isOutput},      // the output that is spent
		{kind: 0x03, keys: []int{1}},                       // the type of signature
		{kind: 0x04, keys: []int{1}},                       // the redeem script
		{kind: 0x06, keys: []int{34, 66}, whole: isPath},   // derivation
		{kind: 0x16, keys: []int{33}, whole: isLeafPath},   // derivation, of Taproot
		{kind: 0x17, keys: []int{1}},                       // the internal key, of Taproot
	}
	psbtOutput = []psbtField{
		{kind: 0x00, keys: []int{1}},                     // the redeem script
		{kind: 0x01, keys: []int{1}},                     // the witness script
		{kind: 0x02, keys: []int{34, 66}, whole: isPath}, // derivation
		{kind: 0x05, keys: []int{1}},                     // the internal key, of Taproot
		{kind: 0x06, keys: []int{1}},                     // its tree of scripts
		{kind: 0x07, keys: []int{33}, whole: isLeafPath}, // derivation, of Taproot
	}
)

func isVersionZero(value []byte) bool { return bytes.Equal(value, make([]byte, 4)) }

func isTransaction(value []byte) bool {
	_, err := readTransaction(value, true)
	return err == nil
}

// maxTransaction is the size of the largest transaction that a block has room for.
const maxTransaction = 4_000_000

// readTransaction reads a transaction, all of it. btcd makes room for as many inputs,
// and slices its buffer by as many bytes, as the transaction claims to have, and panics
// where the buffer is smaller: so its lengths are added up first.
func readTransaction(b []byte, witness bool) (*wire.MsgTx, error) {
	end, ok := transactionEnd(b, witness)
	switch {
	case !ok || len(b) > maxTransaction:
		return nil, unread("a transaction in it is cut, or too large")
	case end < len(b):
		return nil, unsafe("%d bytes follow a transaction in it", len(b)-end)
	}
	read := (*wire.MsgTx).DeserializeNoWitness
	if witness {
		read = (*wire.MsgTx).Deserialize
	}
	tx := new(wire.MsgTx)
	if err := read(tx, bytes.NewReader(b)); err != nil {
		return nil, unread("a transaction in it is not valid: %w", err)
	}
	return tx, nil
}

// transactionEnd returns the size of the transaction that b begins with.
func transactionEnd(b []byte, witness bool) (int, bool) {
	r := lengths{rest: b}
	const version, marker, outpoint, sequence, amount, lockTime = 4, 2, 36, 4, 8, 4
	r.skip(version)
	witness = witness && len(r.rest) > 0 && r.rest[0] == 0
	if witness {
		r.skip(marker)
	}
	inputs := r.count()
	r.each(inputs, func() {
		r.skip(outpoint)
		r.skip(r.count())
		r.skip(sequence)
	})
	r.each(r.count(), func() {
		r.skip(amount)
		r.skip(r.count())
	})
	if witness {
		r.each(inputs, func() {
			r.each(r.count(), func() { r.skip(r.count()) })
		})
	}
	r.skip(lockTime)
	return len(b) - len(r.rest), !r.short
}

// lengths goes over bytes.
type lengths struct {
	rest  []byte
	short bool // there were fewer bytes than there had to be
}

func (r *lengths) skip(n uint64) {
	if r.short = r.short || n > uint64(len(r.rest)); !r.short {
		r.rest = r.rest[n:]
	}
}

// count reads a length of 1, 3, 5 or 9 bytes.
func (r *lengths) count() uint64 {
	at := r.rest
	if r.skip(1); r.short {
		return 0
	}
	size := map[byte]uint64{0xfd: 2, 0xfe: 4, 0xff: 8}[at[0]]
	if size == 0 {
		return uint64(at[0])
	}
	var n [8]byte
	if r.skip(size); !r.short {
		copy(n[:], at[1:1+size])
	}
	return binary.LittleEndian.Uint64(n[:])
}

func (r *lengths) each(n uint64, do func()) {
	for i := uint64(0); i < n && !r.short; i++ {
		do()
	}
}

func isOutput(value []byte) bool {
	const amount = 8
	if len(value) < amount {
		return false
	}
	r := bytes.NewReader(value[amount:])
	_, err := wire.ReadVarBytes(r, 0, psbt.MaxPsbtValueLength, "script")
	return err == nil && r.Len() == 0
}

// isPath reports whether a value is a fingerprint of 4 bytes and steps of 4 bytes (BIP 174).
func isPath(value []byte) bool { return len(value) >= 4 && len(value)%4 == 0 }

// isLeafPath reports whether a value is a number of hashes of 32 bytes, those hashes,
// and what isPath reports (BIP 371).
func isLeafPath(value []byte) bool {
	const hash = 32
	r := lengths{rest: value}
	r.each(r.count(), func() { r.skip(hash) })
	return !r.short && isPath(r.rest)
}

// readPSBT reads a PSBT, which may be in base 64.
func readPSBT(data []byte) (*unsigned, error) {
	u := &unsigned{form: "PSBT v0"}
	if !bytes.HasPrefix(data, []byte(psbtMagic)) {
		u.base64 = true
		var err error
		if data, err = base64.StdEncoding.Strict().AppendDecode(nil, bytes.TrimSpace(data)); err != nil {
			return nil, unread("it begins as a PSBT in base 64, and is not one: %w", err)
		}
	}
	if err := checkPSBT(data); err != nil {
		return nil, err
	}
	packet, err := psbt.NewFromRawBytes(bytes.NewReader(data), false)
	if err != nil {
		return nil, unread("it is not a valid PSBT: %w", err)
	}
	u.packet, u.tx = packet, packet.UnsignedTx
	for i := range packet.Inputs {
		p := &packet.Inputs[i]
		in := input{previous: p.NonWitnessUtxo, redeem: p.RedeemScript, sighash: p.SighashType}
		if p.WitnessUtxo != nil {
			in.script, in.amount = p.WitnessUtxo.PkScript, &p.WitnessUtxo.Value
		}
		u.inputs = append(u.inputs, in)
	}
	return u, nil
}

// checkPSBT refuses what the library reads over: fields that it does not know, fields
// that come twice, and bytes after the end of what it reads.
func checkPSBT(data []byte) error {
	r := bytes.NewReader(bytes.TrimPrefix(data, []byte(psbtMagic)))
	global, err := checkFields(r, psbtGlobal, "the whole")
	if err != nil {
		return err
	}
	tx, err := readTransaction(global, false)
	if err != nil {
		return err
	}
	for range tx.TxIn {
		if _, err := checkFields(r, psbtInput, "an input"); err != nil {
			return err
		}
	}
	for range tx.TxOut {
		if _, err := checkFields(r, psbtOutput, "an output"); err != nil {
			return err
		}
	}
	if r.Len() > 0 {
		return unsafe("%d bytes follow the PSBT", r.Len())
	}
	return nil
}

// checkFields reads a map, and returns the value of kind 0.
func checkFields(r *bytes.Reader, known []psbtField, of string) (first []byte, err error) {
	seen := make(map[string]bool)
	for {
		key, err := wire.ReadVarBytes(r, 0, psbt.MaxPsbtKeyLength, "key")
		if err != nil {
			return nil, unread("the PSBT is damaged: %w", err)
		}
		if len(key) == 0 {
			return first, nil
		}
		value, err := wire.ReadVarBytes(r, 0, psbt.MaxPsbtValueLength, "value")
		if err != nil {
			return nil, unread("the PSBT is damaged: %w", err)
		}
		i := slices.IndexFunc(known, func(f psbtField) bool { return f.kind == key[0] })
		switch {
		case i < 0:
			return nil, unsafe("the PSBT has a field of kind %#02x about %s: it is unknown, or a signature, or of a script of several keys", key[0], of)
		case !slices.Contains(known[i].keys, len(key)):
			return nil, unsafe("the PSBT has a field of kind %#02x about %s with a key of %d bytes", key[0], of, len(key))
		case seen[string(key)]:
			return nil, unsafe("the PSBT has a field of kind %#02x about %s twice", key[0], of)
		case known[i].whole != nil && !known[i].whole(value):
			return nil, unsafe("the PSBT has a field of kind %#02x about %s that is not what it should be", key[0], of)
		}
		seen[string(key)] = true
		if key[0] == 0 {
			first = value
		}
	}
}

// The JSON file: hex is the transaction, prevtxs what signrawtransactionwithkey takes,
// and previous are the transactions that the coins come from.
type prevtxsFile struct {
	Hex      string   `json:"hex"`
	Prevtxs  []prevtx `json:"prevtxs"`
	Previous []string `json:"previous,omitempty"`
}

type prevtx struct {
	TxID   string          `json:"txid"`
	Vout   *uint32         `json:"vout"`
	Script string          `json:"scriptPubKey"`
	Redeem string          `json:"redeemScript,omitempty"`
	Amount json.RawMessage `json:"amount"` // decimal, as a number or a string
}

func readPrevtxs(data []byte) (*unsigned, error) {
	var file prevtxsFile
	if err := readJSON(data, &file, "hex, prevtxs and previous, and in prevtxs txid, vout, scriptPubKey, redeemScript and amount"); err != nil {
		return nil, err
	}
	raw, err := hex.DecodeString(file.Hex)
	if err != nil {
		return nil, unread("reading hex: %w", err)
	}
	u := &unsigned{form: "raw transaction"}
	if u.tx, err = readTransaction(raw, false); err != nil {
		return nil, err
	}
	u.inputs = make([]input, len(u.tx.TxIn))
	places := make(map[wire.OutPoint]*input, len(u.inputs))
	for i, in := range u.tx.TxIn {
		places[in.PreviousOutPoint] = &u.inputs[i]
	}
	for i := range file.Prevtxs {
		if err := file.Prevtxs[i].read(places); err != nil {
			return nil, fmt.Errorf("entry %d of prevtxs: %w", i, err)
		}
	}
	return u, u.addPrevious(file.Previous)
}

func (p *prevtx) read(places map[wire.OutPoint]*input) error {
	id, err := chainhash.NewHashFromStr(p.TxID)
	if err != nil || len(p.TxID) != chainhash.MaxHashStringSize || p.Vout == nil {
		return unread("txid and vout do not name a coin")
	}
	in := places[wire.OutPoint{Hash: *id, Index: *p.Vout}]
	switch {
	case in == nil:
		return unsafe("%v:%d is not a coin that the transaction spends", id, *p.Vout)
	case in.script != nil:
		return unsafe("%v:%d comes twice", id, *p.Vout)
	}
	if in.script, err = hex.DecodeString(p.Script); err != nil || p.Script == "" {
		return unread("scriptPubKey is not hex")
	}
	if p.Redeem != "" {
		if in.redeem, err = hex.DecodeString(p.Redeem); err != nil {
			return unread("redeemScript is not hex")
		}
	}
	in.coins = p.Amount
	return nil
}

// maxAmountText is the length of the longest amount that is read.
const maxAmountText = 40

// coinAmount reads an amount in coins, a number or a string, by its digits: as a
// binary fraction it would not be the same.
func coinAmount(raw json.RawMessage, c *coin) (*int64, error) {
	text, _ := strings.CutPrefix(string(raw), `"`)
	text, _ = strings.CutSuffix(text, `"`)
	if len(text) > maxAmountText {
		return nil, unread("amount has more than %d characters", maxAmountText)
	}
	n, err := c.asset().ParseAmount(text)
	if err != nil {
		return nil, unread("reading amount: %w", err)
	}
	if !n.IsInt64() || n.Int64() > c.supply {
		return nil, unsafe("amount is more than there is")
	}
	amount := n.Int64()
	return &amount, nil
}

// addPrevious reads the transactions that coins come from.
func (u *unsigned) addPrevious(list []string) error {
	byID := make(map[chainhash.Hash]*wire.MsgTx, len(list))
	for i, text := range list {
		raw, err := hex.DecodeString(text)
		if err != nil {
			return unread("entry %d of previous is not hex", i)
		}
		tx, err := readTransaction(raw, true)
		if err != nil {
			return fmt.Errorf("entry %d of previous: %w", i, err)
		}
		id := tx.TxHash()
		if byID[id] != nil {
			return unsafe("entry %d of previous comes twice: %v", i, id)
		}
		byID[id] = tx
	}
	used := make(map[chainhash.Hash]bool, len(list))
	for i, in := range u.tx.TxIn {
		id := in.PreviousOutPoint.Hash
		u.inputs[i].previous = byID[id]
		used[id] = true
	}
	for id := range byID {
		if !used[id] {
			return unsafe("no coin comes from the transaction %v in previous", id)
		}
	}
	return nil
}
