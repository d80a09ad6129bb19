package tx

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/phrase"

	"github.com/btcsuite/btcd/btcutil"
	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/chaincfg/chainhash"
	"github.com/btcsuite/btcd/txscript"
	"github.com/btcsuite/btcd/wire"
)

// Bitcoin and the chains that took its transactions. What the coins are worth is not
// in a transaction, so its file says it: a PSBT of version 0 (BIP 174), or a JSON file
// with what signrawtransactionwithkey of Bitcoin Core takes.

// coin is a chain of the family.
type coin struct {
	id       string // in the table of chains
	decimals int
	supply   int64 // the most that an output, or all of them, may have
	usual    int64 // the fee for a virtual byte above which a fee is unusual
	dust     int64 // no node relays less, to whatever script
	// forked means that signatures are over SIGHASH_FORKID, the digest of BIP 143.
	forked bool
	notes  []string
}

const (
	noteTokens = "Tokens and inscriptions that sit on the coins it spends move or burn with them."
	noteForks  = "Coins older than the splits of 2018 and 2020 exist on Bitcoin Cash, Bitcoin SV and eCash alike: with such coins it can be sent on each of these chains."
)

// coins are the chains of the family. Dogecoin's nodes want 1,000 times what
// Bitcoin's do, and until 2022 it was 1 DOGE for 1,000 bytes.
var coins = []coin{
	{"BTC", 8, 21e14, 500, 546, false, []string{noteTokens}},
	{"XTN", 8, 21e14, 500, 546, false, nil},
	{"SIGNET_BTC", 8, 21e14, 500, 546, false, nil},
	{"LTC", 8, 84e14, 500, 5460, false, []string{noteTokens}},
	{"LTC_TEST", 8, 84e14, 500, 5460, false, nil},
	{"DOGE", 8, 1e18, 100_000, 1_000_000, false, []string{noteTokens}},
	{"DOGE_TEST", 8, 1e18, 100_000, 1_000_000, false, nil},
	{"DASH", 8, 21e14, 500, 546, false, nil},
	{"DASH_TEST", 8, 21e14, 500, 546, false, nil},
	{"BCH", 8, 21e14, 500, 546, true, []string{noteTokens, noteForks}},
	{"XEC", 2, 21e14, 500, 546, true, []string{noteTokens, noteForks}},
	{"BSV", 8, 21e14, 500, 546, true, []string{noteTokens, noteForks}},
}

func (c *coin) asset() Asset { return Asset{Symbol: c.id, Decimals: c.decimals, Known: true} }

func bitcoin() family {
	f := family{name: "Bitcoin", claims: claimsBitcoin, coin: coinBitcoin, parse: parseBitcoin, wants: bitcoinWants, make: bitcoinMake,
		oneOf: [][]string{{"rate"}, {WantFee}}, coinOnly: true}
	for _, c := range coins {
		f.chains = append(f.chains, c.id)
	}
	return f
}

func coinBitcoin(chain *chains.Chain) (Asset, bool) {
	i := slices.IndexFunc(coins, func(c coin) bool { return c.id == chain.ID })
	if i < 0 {
		return Asset{}, false
	}
	return coins[i].asset(), true
}

// The beginnings of files.
const (
	psbtMagic  = "psbt\xff"
	psbtBase64 = "cHNidP"
)

// rawTransactions begin so, in hex: version 1 or 2.
var rawTransactions = []string{"01000000", "02000000"}

func claimsBitcoin(data []byte) bool {
	text := string(bytes.TrimSpace(data[:min(len(data), 1<<10)]))
	switch {
	case strings.HasPrefix(text, psbtMagic), strings.HasPrefix(text, psbtBase64), isRaw(text):
		return true
	case !strings.HasPrefix(text, "{"):
		return false
	}
	var file struct{ Hex json.RawMessage }
	return json.Unmarshal(data, &file) == nil && file.Hex != nil
}

func isRaw(text string) bool {
	return slices.ContainsFunc(rawTransactions, func(version string) bool { return strings.HasPrefix(text, version) })
}

// unsigned is what a file says.
type unsigned struct {
	form   string
	tx     *wire.MsgTx
	inputs []input
	packet *psbt.Packet // nil for a raw transaction
	base64 bool         // how the packet was written
}

// input is a coin that is spent.
type input struct {
	// What the file says of it.
	previous *wire.MsgTx     // the transaction that it comes from, nil if it is not there
	script   []byte          // its output script, nil if the file does not say it
	amount   *int64          // nil if the file does not say it
	coins    json.RawMessage // the amount in coins, before the chain says what a coin is
	redeem   []byte          // its redeem script, nil if the file does not say it
	sighash  txscript.SigHashType

	// What is made of that.
	out  *wire.TxOut
	form *inputForm
	way  *way // nil before it is bound
}

// inputForm is a form of output script that one key spends.
type inputForm struct {
	is        func(script []byte) bool
	legacy    bool // without FORKID, the signature commits to no amount
	taproot   bool
	inScript  int // bytes of the signature script, for a compressed key
	inWitness int // bytes of the witness, 0 if there is none
	nested    bool
}

// Signatures of ECDSA are counted with 72 bytes, that of SIGHASH_ALL included: one in
// two has a byte less.
var inputForms = []inputForm{
	{is: txscript.IsPayToPubKeyHash, legacy: true, inScript: 1 + 72 + 1 + 33},
	{is: txscript.IsPayToScriptHash, inScript: 1 + 22, inWitness: 1 + 1 + 72 + 1 + 33, nested: true},
	{is: txscript.IsPayToWitnessPubKeyHash, inWitness: 1 + 1 + 72 + 1 + 33},
	{is: txscript.IsPayToTaproot, taproot: true, inWitness: 1 + 1 + 64},
}

func parseBitcoin(data []byte) (reading, error) {
	text := bytes.TrimSpace(data)
	var u *unsigned
	var err error
	switch {
	case isRaw(string(text[:min(len(text), 8)])):
		return nil, unread("a transaction does not say what its coins are worth: make a PSBT of it, or a JSON file with hex, prevtxs and previous")
	case text[0] == '{':
		u, err = readPrevtxs(data)
	default:
		u, err = readPSBT(data)
	}
	if err == nil {
		err = checkUnsigned(u.tx)
	}
	if err == nil {
		err = u.checkPrevious()
	}
	if err != nil {
		return nil, err
	}
	return u.on, nil
}

// on says what u is on a chain. It changes nothing of u.
func (u *unsigned) on(chain *chains.Chain) (*Transaction, error) {
	c := &coins[slices.IndexFunc(coins, func(c coin) bool { return c.id == chain.ID })]
	if c.forked && u.packet != nil {
		return nil, unread("%s is signed from a JSON file with hex and prevtxs, not from a PSBT", chain.Name)
	}
	there := *u
	there.inputs = slices.Clone(u.inputs)
	return there.transaction(chain, c)
}

// checkUnsigned refuses what is valid and not known to be harmless.
func checkUnsigned(tx *wire.MsgTx) error {
	switch {
	case tx.Version != 1 && tx.Version != 2:
		return unsafe("the version of the transaction is %d, and only 1 and 2 are known", tx.Version)
	case len(tx.TxIn) == 0:
		return unread("the transaction spends nothing, or has signatures already")
	case len(tx.TxOut) == 0:
		return unsafe("the transaction pays nobody")
	}
	seen := make(map[wire.OutPoint]bool, len(tx.TxIn))
	for i, in := range tx.TxIn {
		switch {
		case len(in.SignatureScript) > 0:
			return unsafe("input %d has a signature already", i)
		case in.PreviousOutPoint.Hash == chainhash.Hash{}:
			return unsafe("input %d spends no coin", i)
		case seen[in.PreviousOutPoint]:
			return unsafe("input %d spends the coin of another one, %v", i, in.PreviousOutPoint)
		}
		seen[in.PreviousOutPoint] = true
	}
	return nil
}

// checkPrevious checks that the previous transactions are those that the inputs name.
func (u *unsigned) checkPrevious() error {
	for i := range u.inputs {
		outpoint := u.tx.TxIn[i].PreviousOutPoint
		if err := u.inputs[i].checkPrevious(outpoint); err != nil {
			return fmt.Errorf("input %d, the coin %v: %w", i, outpoint, err)
		}
	}
	return nil
}

func (in *input) checkPrevious(outpoint wire.OutPoint) error {
	if in.previous == nil {
		return nil
	}
	if id := in.previous.TxHash(); id != outpoint.Hash {
		return unsafe("the file says that it comes from another transaction, %v", id)
	}
	if int64(outpoint.Index) >= int64(len(in.previous.TxOut)) {
		return unsafe("the transaction that it comes from has only %s", phrase.Count(len(in.previous.TxOut), "output"))
	}
	return nil
}

// transaction says what u does, whose inputs it changes.
func (u *unsigned) transaction(chain *chains.Chain, c *coin) (*Transaction, error) {
	t := &Transaction{Form: u.form, Chain: chain, Network: chain.Name, Expiry: Expiry{Text: "no limit"}, TextExt: "hex"}
	if u.packet != nil {
		t.Ext = "psbt"
	}
	in, err := u.spent(t, c)
	if err != nil {
		return nil, err
	}
	out, err := u.paid(t, c)
	if err != nil {
		return nil, err
	}
	if in < out {
		return nil, unsafe("it pays %s and spends only %s", c.asset().Text(big.NewInt(out)), c.asset().Text(big.NewInt(in)))
	}
	size := u.size()
	t.Fee = fee(c, in-out, size)
	t.Notes = append(u.timing(), c.notes...)
	if size > maxRelayed {
		t.Notes = append(t.Notes, fmt.Sprintf("It has %d virtual bytes, and nodes relay %d: only a miner could take it.", size, maxRelayed))
		if slices.ContainsFunc(u.inputs, func(in input) bool { return in.form.legacy && !c.forked }) {
			return nil, unsafe("it has %d virtual bytes, and nodes relay %d: spend the coins in several transactions", size, maxRelayed)
		}
	}
	t.body = &bitcoinBody{unsigned: u, chain: chain, coin: c}
	return t, nil
}

// maxRelayed is the size of the largest transaction that nodes relay, in virtual
// bytes. The digests of legacy inputs take time that grows with its square.
const maxRelayed = 100_000

// spent adds the slots and the claims. It returns what the coins are worth.
func (u *unsigned) spent(t *Transaction, c *coin) (sum int64, err error) {
	for i := range u.inputs {
		in := &u.inputs[i]
		outpoint := u.tx.TxIn[i].PreviousOutPoint
		address, proof, err := in.read(t.Chain, c, outpoint)
		if err != nil {
			return 0, fmt.Errorf("input %d, the coin %v: %w", i, outpoint, err)
		}
		if sum += in.out.Value; in.out.Value < 0 || in.out.Value > c.supply || sum > c.supply {
			return 0, unsafe("input %d: there are not as many coins on %s", i, t.Chain.Name)
		}
		t.Claims = append(t.Claims, fmt.Sprintf("%s coin %v", c.id, outpoint))
		needsProof := in.form.legacy && !c.forked
		if proof == Claimed && !needsProof {
			proof = Committed
		}
		t.Slots = append(t.Slots, Slot{Address: address, Amount: big.NewInt(in.out.Value), Proof: proof, NeedsProof: needsProof, All: in.form.taproot})
	}
	return sum, nil
}

// read returns the address of the coin, and how sure its amount is.
func (in *input) read(chain *chains.Chain, c *coin, outpoint wire.OutPoint) (address string, proof Proof, err error) {
	if in.coins != nil {
		if in.amount, err = coinAmount(in.coins, c); err != nil {
			return "", 0, err
		}
	}
	if proof, err = in.resolve(c, outpoint.Index); err != nil {
		return "", 0, err
	}
	if err := in.classify(c); err != nil {
		return "", 0, err
	}
	address, ok := chain.OutputAddress(in.out.PkScript)
	if !ok {
		return "", 0, unsafe("%s has no such output script: %s", chain.Name, scriptText(in.out.PkScript))
	}
	return address, proof, nil
}

// resolve finds the output that the input spends, and says how sure it is.
func (in *input) resolve(c *coin, index uint32) (Proof, error) {
	if in.previous == nil {
		if in.script == nil || in.amount == nil {
			return 0, unsafe("the file does not say what it is worth: add the transaction that it comes from")
		}
		in.out = wire.NewTxOut(*in.amount, in.script)
		return Claimed, nil
	}
	in.out = in.previous.TxOut[index]
	if in.amount != nil && *in.amount != in.out.Value {
		text := c.asset().Text
		return 0, unsafe("the file says that it holds %s, and the transaction that it comes from says %s", text(big.NewInt(*in.amount)), text(big.NewInt(in.out.Value)))
	}
	if in.script != nil && !bytes.Equal(in.script, in.out.PkScript) {
		return 0, unsafe("the file says something else of it than the transaction that it comes from")
	}
	return Proven, nil
}

// classify finds the form of the output, and holds the rest of the file to it.
func (in *input) classify(c *coin) error {
	for i := range inputForms {
		if f := &inputForms[i]; f.is(in.out.PkScript) {
			in.form = f
		}
	}
	switch {
	case in.form == nil:
		return unsafe("its output script is not one that a single key spends: %s", scriptText(in.out.PkScript))
	case in.redeem != nil && !in.form.nested:
		return unsafe("it has a redeem script, and its output script wants none")
	case in.redeem != nil && (!txscript.IsPayToWitnessPubKeyHash(in.redeem) || !bytes.Equal(btcutil.Hash160(in.redeem), in.out.PkScript[2:22])):
		return unsafe("its redeem script is not that of a single key, or of another output")
	}
	// A file may say the usual type of signature, and no other.
	switch usual := in.usualType(c); in.sighash {
	case txscript.SigHashDefault:
		in.sighash = usual
	case usual:
	case txscript.SigHashAll:
		if !in.form.taproot {
			return unsafe("it wants a signature of type %#x", uint32(in.sighash))
		}
	default:
		return unsafe("it wants a signature of type %#x, which does not cover the whole transaction, or not on this chain", uint32(in.sighash))
	}
	return nil
}

func (in *input) usualType(c *coin) txscript.SigHashType {
	switch {
	case in.form.taproot:
		return txscript.SigHashDefault
	case c.forked:
		return txscript.SigHashAll | sigHashForkID
	}
	return txscript.SigHashAll
}

// sigHashForkID is the bit of the chains that split off in 2017; their fork number
// is 0.
const sigHashForkID = 0x40

// paid adds the effects. It returns what they pay. Data is the memo of every payment: a
// bridge or an exchange may give what comes to whomever it names.
func (u *unsigned) paid(t *Transaction, c *coin) (sum int64, err error) {
	memo := ""
	for i, out := range u.tx.TxOut {
		if sum += out.Value; out.Value < 0 || out.Value > c.supply || sum > c.supply {
			return 0, unsafe("output %d: there are not as many coins on %s", i, t.Chain.Name)
		}
		e := Effect{Kind: Pay, Asset: c.asset(), Amount: big.NewInt(out.Value)}
		var ok bool
		if len(out.PkScript) > 0 && out.PkScript[0] == txscript.OP_RETURN {
			e.Kind = Data
			twice := memo != ""
			if memo, err = dataText(out); twice {
				err = cmp.Or(err, unsafe("it keeps data on the chain twice"))
			}
			e.To = strconv.QuoteToASCII(memo)
		} else if e.To, ok = t.Chain.OutputAddress(out.PkScript); !ok {
			err = unsafe("its script has no address on %s, so nobody knows whom it pays: %s", t.Chain.Name, scriptText(out.PkScript))
		}
		if err != nil {
			return 0, fmt.Errorf("output %d: %w", i, err)
		}
		t.Effects = append(t.Effects, e)
	}
	for i := range t.Effects {
		if t.Effects[i].Kind == Pay {
			t.Effects[i].Tag = memo
		}
	}
	return sum, nil
}

// scriptText is as much of a script as an error shows.
func scriptText(script []byte) string {
	const shown = 64
	if len(script) > shown {
		return fmt.Sprintf("%x…, %d bytes", script[:shown], len(script))
	}
	return fmt.Sprintf("%x", script)
}

// maxData is the size of the longest data that can be reviewed, in bytes: that of
// Bitcoin Cash, after OP_RETURN. Nodes of Bitcoin relayed 82 for a decade.
const maxData = 222

// tokenData begins data that moves tokens: a payment that does not look like one.
// Where it begins the first push, the protocol takes pushes of any opcode and size.
var tokenData = []struct {
	begins, name string
	pushed       bool
}{
	{"\x5d", "runes", false},
	{"\x50", "tokens of eCash (ALP)", false},
	{"SLP\x00", "tokens (SLP)", true},
	{"omni", "tokens (Omni)", true},
	{"X2", "tokens of Stacks", true},
}

// dataText returns what an output keeps on the chain: what it pushes, or the whole
// script if it is not one push.
func dataText(out *wire.TxOut) (string, error) {
	data := out.PkScript[1:]
	switch {
	case out.Value != 0:
		return "", unsafe("it burns coins together with data")
	case len(data) > maxData:
		return "", unsafe("it keeps %d bytes of data on the chain, more than %d", len(data), maxData)
	}
	pushes := txscript.MakeScriptTokenizer(0, data)
	pushes.Next()
	pushed := pushes.Data()
	for _, d := range tokenData {
		if bytes.HasPrefix(data, []byte(d.begins)) && !d.pushed || bytes.HasPrefix(pushed, []byte(d.begins)) && d.pushed {
			return "", unsafe("its data moves %s", d.name)
		}
	}
	if pushed != nil && pushes.Done() && pushes.Err() == nil {
		return printable(pushed), nil
	}
	return fmt.Sprintf("script %x", data), nil
}

// size returns the virtual bytes that the signed transaction has at most, unless its
// keys are uncompressed.
func (u *unsigned) size() int64 {
	base, witness := u.tx.SerializeSizeStripped(), 0
	for i := range u.inputs {
		base += u.inputs[i].form.inScript
		witness += u.inputs[i].form.inWitness
		if u.inputs[i].form.inWitness == 0 {
			witness++ // the number of its elements
		}
	}
	if witness == len(u.inputs) {
		witness = 0 // no input has one
	} else {
		witness += 2 // the marker and the flag
	}
	return int64(base + (witness+3)/4)
}

// maxShare is the share of what is sent, in percent, that is an unusual fee.
const maxShare = 1

func fee(c *coin, amount, size int64) Fee {
	f := Fee{Asset: c.asset(), Most: big.NewInt(amount), Rate: fmt.Sprintf("%d.%d sat/vB", amount/size, amount%size*10/size), MaxShare: maxShare}
	if amount/size >= c.usual {
		f.High = fmt.Sprintf("%s, and %d would be much", f.Rate, c.usual)
	}
	return f
}

const (
	finalSequence = wire.MaxTxInSequenceNum
	// lockTimes from here on are seconds, and below it blocks.
	lockTimes = txscript.LockTimeThreshold
)

// timing says when the network would take the transaction.
func (u *unsigned) timing() []string {
	var notes []string
	var final, replaceable, waiting = true, false, 0
	for _, in := range u.tx.TxIn {
		final = final && in.Sequence == finalSequence
		replaceable = replaceable || in.Sequence < finalSequence-1
		if u.tx.Version >= 2 && in.Sequence&wire.SequenceLockTimeDisabled == 0 && in.Sequence&wire.SequenceLockTimeMask != 0 {
			waiting++
		}
	}
	switch lock := u.tx.LockTime; {
	case lock == 0 || final:
	case lock < lockTimes:
		notes = append(notes, fmt.Sprintf("The network takes it after block %d only.", lock))
	default:
		notes = append(notes, fmt.Sprintf("The network takes it after %s only.", time.Unix(int64(lock), 0).UTC().Format(time.RFC3339)))
	}
	if waiting > 0 {
		notes = append(notes, fmt.Sprintf("The network takes it only when the coins of %d of its inputs have a certain age (BIP 68).", waiting))
	}
	if replaceable {
		notes = append(notes, "It says that another one with a higher fee may take its place (BIP 125).")
	}
	return notes
}
