package tx

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/signature"

	"filippo.io/edwards25519"
)

// solana reads messages, which are what is signed, and transactions, which are
// messages with signatures; legacy ones and those of version 0; as they are, in base
// 64 or in base 58.
var solana = family{name: "Solana", claims: solanaClaims, chains: []string{"SOL", "SOLDEV_SOL"}, coin: solanaCoin, read: solanaRead, wants: solanaWants, make: solanaMake,
	oneOf: [][]string{{"nonce-account", "nonce", "nonce-authority"}, {"block-hash"}}, all: "the balance less 0.000005 SOL for each signature, which fee-payer pays if it is given"}

func solanaCoin(chain *chains.Chain) (Asset, bool) {
	return Asset{Symbol: "SOL", Decimals: 9, Known: true}, chain.ID == "SOL" || chain.ID == "SOLDEV_SOL"
}

// What the network takes and allows, in lamports, bytes and compute units
// (agave: fee, compute-budget and packet).
const (
	solanaSignatureFee = 5000
	solanaAccountRent  = 2_039_280 // of a token account: 165 bytes
	solanaUsual        = 20_000_000
	solanaMaxSize      = 1232
	solanaUnits        = 200_000 // for each instruction, if nothing is said
	solanaMaxUnits     = 1_400_000
	solanaLife         = 80 * time.Second // 150 blocks, if all goes well
)

// solanaProgram is a program and its instructions by their numbers.
type solanaProgram struct {
	address, name string
	width         int // of the number, in bytes
	calls         []string
}

const (
	solanaToken      = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA"
	solanaAssociated = "ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL"
	solanaSystem     = "11111111111111111111111111111111"
	solanaBudget     = "ComputeBudget111111111111111111111111111111"
	solanaMemo       = "MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr"
	solanaBlocks     = "SysvarRecentB1ockHashes11111111111111111111"
)

// solanaPrograms are those that are known by name. Nothing of those without
// instructions is signed, but for memos.
var solanaPrograms = []solanaProgram{
	{solanaSystem, "System", 4, []string{"CreateAccount", "Assign", "Transfer", "CreateAccountWithSeed", "AdvanceNonceAccount", "WithdrawNonceAccount",
		"InitializeNonceAccount", "AuthorizeNonceAccount", "Allocate", "AllocateWithSeed", "AssignWithSeed", "TransferWithSeed", "UpgradeNonceAccount"}},
	{solanaBudget, "ComputeBudget", 1, []string{"RequestUnits", "RequestHeapFrame", "SetComputeUnitLimit", "SetComputeUnitPrice", "SetLoadedAccountsDataSizeLimit"}},
	{solanaToken, "Token", 1, []string{"InitializeMint", "InitializeAccount", "InitializeMultisig", "Transfer", "Approve", "Revoke", "SetAuthority", "MintTo", "Burn",
		"CloseAccount", "FreezeAccount", "ThawAccount", "TransferChecked", "ApproveChecked", "MintToChecked", "BurnChecked", "InitializeAccount2", "SyncNative",
		"InitializeAccount3", "InitializeMultisig2", "InitializeMint2", "GetAccountDataSize", "InitializeImmutableOwner", "AmountToUiAmount", "UiAmountToAmount"}},
	{solanaAssociated, "AssociatedToken", 1, []string{"Create", "CreateIdempotent", "RecoverNested"}},
	{solanaMemo, "Memo", 0, nil},
	{"Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo", "Memo of version 1", 0, nil},
	{"TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb", "Token-2022, whose tokens may have rules of their own, which the file does not tell", 0, nil},
	{"Stake11111111111111111111111111111111111111", "Stake", 0, nil},
	{"Vote111111111111111111111111111111111111111", "Vote", 0, nil},
	{"Config1111111111111111111111111111111111111", "Config", 0, nil},
	{"AddressLookupTab1e1111111111111111111111111", "AddressLookupTable", 0, nil},
	{"BPFLoaderUpgradeab1e11111111111111111111111", "BPFLoaderUpgradeable", 0, nil},
	{"Ed25519SigVerify111111111111111111111111111", "Ed25519SigVerify", 0, nil},
	{"KeccakSecp256k11111111111111111111111111111", "KeccakSecp256k1", 0, nil},
}

func solanaKnown(address string) (solanaProgram, bool) {
	i := slices.IndexFunc(solanaPrograms, func(p solanaProgram) bool { return p.address == address })
	if i < 0 {
		return solanaProgram{}, false
	}
	return solanaPrograms[i], true
}

// solanaCalls are the instructions that are signed. roles say of each account whether
// it must sign (s) and be writable (w).
var solanaCalls = map[string]struct {
	size  int // of the data, its number included
	roles []string
	read  func(r *solanaReview, data []byte, accounts []string) error
}{
	"System Transfer":                   {12, []string{"sw", "w"}, (*solanaReview).transfer},
	"System AdvanceNonceAccount":        {4, []string{"w", "", "s"}, (*solanaReview).advance},
	"ComputeBudget SetComputeUnitLimit": {5, nil, (*solanaReview).setLimit},
	"ComputeBudget SetComputeUnitPrice": {9, nil, (*solanaReview).setPrice},
	"Token TransferChecked":             {10, []string{"w", "", "w", "s"}, (*solanaReview).transferChecked},
	"AssociatedToken Create":            {1, []string{"sw", "w", "", "", "", ""}, (*solanaReview).create},
	"AssociatedToken CreateIdempotent":  {1, []string{"sw", "w", "", "", "", ""}, (*solanaReview).create},
}

// solanaTx is a message, and a transaction if it came in one.
type solanaTx struct {
	message      []byte // what is signed
	inside       bool   // a transaction
	version      int    // -1 is legacy
	required     int    // the first accounts sign
	readSigned   int    // the last of those are not writable
	readUnsigned int    // the last of the others are not writable
	keys         [][]byte
	addresses    []string // of the keys
	recent       string   // hash of a block, or value of a nonce
	calls        []solanaCall
	tables       int
	signatures   [][]byte // for each account that signs, nil if it is not there
	trailing     []byte   // what follows it
}

// solanaCall is an instruction. It counts accounts.
type solanaCall struct {
	program  int
	accounts []byte
	data     []byte
}

// solanaParse returns all that the bytes of a file may mean. If they mean nothing, it
// returns what they would without their last ones.
func solanaParse(data []byte) []*solanaTx {
	if len(data) > 4*solanaMaxSize {
		return nil
	}
	forms := [][]byte{data}
	text := string(bytes.TrimSpace(data))
	if b, err := base64.StdEncoding.Strict().DecodeString(text); err == nil {
		forms = append(forms, b)
	}
	if b, err := base58.Decode(nil, text); err == nil {
		forms = append(forms, b)
	}
	var found, longer []*solanaTx
	for _, form := range forms {
		for _, inside := range []bool{false, true} {
			x := &solanaTx{inside: inside}
			switch {
			case !x.parse(form):
			case len(x.trailing) == 0:
				found = append(found, x)
			case x.check() == nil:
				longer = append(longer, x)
			}
		}
	}
	if len(found) == 0 {
		return longer
	}
	return found
}

// parse reads the structure, and reports whether form begins with one.
func (x *solanaTx) parse(form []byte) bool {
	b := &counted{rest: form}
	if x.inside {
		b.list(func() { x.signatures = append(x.signatures, b.take(signature.Size)) })
	}
	x.message = b.rest
	x.version = -1
	x.required = b.byte()
	if x.required >= 0x80 {
		x.version = x.required - 0x80
		x.required = b.byte()
	}
	x.readSigned, x.readUnsigned = b.byte(), b.byte()
	b.list(func() { x.keys = append(x.keys, b.take(32)) })
	recent := b.take(32)
	b.list(func() { x.calls = append(x.calls, solanaCall{b.byte(), b.text(), b.text()}) })
	if x.version >= 0 {
		x.tables = b.list(func() { b.take(32); b.text(); b.text() })
	}
	x.trailing = b.rest
	x.message = x.message[:len(x.message)-len(x.trailing)]
	signatures := len(x.signatures)
	if b.bad || x.readSigned >= x.required || x.required+x.readUnsigned > len(x.keys) || signatures > 0 && signatures != x.required {
		return false
	}
	for _, key := range x.keys {
		x.addresses = append(x.addresses, solanaText(key))
	}
	x.recent = solanaText(recent)
	if signatures == 0 {
		x.signatures = make([][]byte, x.required)
	}
	return true
}

func solanaText(b []byte) string { return string(base58.Encode(nil, b)) }

func solanaClaims(data []byte) bool { return len(solanaParse(data)) > 0 }

func solanaRead(data []byte, chain *chains.Chain) (*Transaction, error) {
	found := solanaParse(data)
	switch len(found) {
	case 0:
		return nil, unread("it is neither a message nor a transaction")
	case 1:
	default:
		return nil, unsafe("it can be read in two ways")
	}
	x := found[0]
	if len(x.trailing) > 0 {
		return nil, unsafe("something follows the %s: %.40x", x.what(), x.trailing)
	}
	if err := x.check(); err != nil {
		return nil, err
	}
	return x.review(chain)
}

// check refuses what no node takes, and what is not known.
func (x *solanaTx) check() error {
	switch {
	case x.version > 0:
		return unsafe("version %d of messages is not known", x.version)
	case x.tables > 0:
		return unsafe("it takes accounts from address lookup tables, and what they hold is not in the file")
	case 1+x.required*signature.Size+len(x.message) > solanaMaxSize:
		return unsafe("with its signatures it is larger than the %d bytes that the network takes", solanaMaxSize)
	}
	used := make([]bool, len(x.keys))
	used[0] = true // it pays the fee
	for i, c := range x.calls {
		for _, account := range append([]byte{byte(c.program)}, c.accounts...) {
			if int(account) >= len(x.keys) {
				return unsafe("instruction %d names an account that is not there", i+1)
			}
			used[account] = true
		}
		if c.program < x.required {
			return unsafe("instruction %d calls an account that signs", i+1)
		}
	}
	for i, address := range x.addresses {
		switch {
		case slices.Contains(x.addresses[:i], address):
			return unsafe("the account %s is in it twice", address)
		case !used[i]:
			return unsafe("the account %s is in it without having a part", address)
		}
	}
	return x.checkSignatures()
}

// checkSignatures drops the empty ones.
func (x *solanaTx) checkSignatures() error {
	open := 0
	for i, s := range x.signatures {
		switch {
		case s == nil || bytes.Equal(s, make([]byte, signature.Size)):
			x.signatures[i] = nil
			open++
		case !ed25519.Verify(x.keys[i], x.message, s):
			return unsafe("the signature of %s that is in it does not verify", x.addresses[i])
		}
	}
	if open == 0 {
		return unread("it is signed already")
	}
	return nil
}

// signs and writes report what an account may do.
func (x *solanaTx) signs(i int) bool { return i < x.required }
func (x *solanaTx) writes(i int) bool {
	if x.signs(i) {
		return i < x.required-x.readSigned
	}
	return i < len(x.keys)-x.readUnsigned
}

// solanaReview collects what the instructions do.
type solanaReview struct {
	x            *solanaTx
	t            *Transaction
	coin         Asset
	call         int               // the instruction that is read
	nonce        string            // the nonce's account
	made         map[string]string // token accounts that are made, with their mints
	owners       map[string]string // and with their owners
	rents        []string          // who pays for each of them
	limit, price *big.Int
	memo         string
}

func (x *solanaTx) review(chain *chains.Chain) (*Transaction, error) {
	coin, _ := solanaCoin(chain)
	r := &solanaReview{x: x, coin: coin, made: make(map[string]string), owners: make(map[string]string)}
	r.t = &Transaction{Form: x.form(), Chain: chain, Network: chain.Name, Ext: "tx", Partial: x.required > 1}
	for i, c := range x.calls {
		r.call = i
		if err := r.instruction(&c); err != nil {
			return nil, fmt.Errorf("instruction %d: %w", i+1, err)
		}
	}
	if len(r.t.Effects) == 0 {
		return nil, unsafe("it pays nobody")
	}
	r.fee()
	for i := range r.t.Effects {
		e := &r.t.Effects[i]
		e.Tag = r.memo
		if r.made[e.To] == e.Asset.Contract {
			e.Owner = r.owners[e.To]
			delete(r.made, e.To)
		}
	}
	if left := slices.Sorted(maps.Keys(r.made)); len(left) > 0 {
		return nil, unsafe("it makes the token account %s and pays nothing to it", left[0])
	}
	r.expiry()
	for _, address := range x.addresses[:x.required] {
		r.t.Slots = append(r.t.Slots, Slot{Address: address})
	}
	r.t.body = &solanaBody{x, chain}
	return r.t, nil
}

func (x *solanaTx) what() string {
	if x.inside {
		return "transaction"
	}
	return "message"
}

func (x *solanaTx) form() string {
	if x.version >= 0 {
		return fmt.Sprintf("%s, version %d", x.what(), x.version)
	}
	return x.what() + ", legacy"
}

// fee counts what the signatures, the price of computing and new token accounts
// cost at most.
func (r *solanaReview) fee() {
	units, price := r.limit, r.price
	if units == nil {
		n := slices.DeleteFunc(slices.Clone(r.x.calls), func(c solanaCall) bool { return r.x.addresses[c.program] == solanaBudget })
		units = big.NewInt(int64(len(n)) * solanaUnits)
	}
	if price == nil {
		price = new(big.Int)
	}
	if most := big.NewInt(solanaMaxUnits); units.Cmp(most) > 0 {
		units = most
	}
	sum := new(big.Int).Mul(units, price) // in millionths of a lamport
	sum.Add(sum, big.NewInt(999_999)).Quo(sum, big.NewInt(1_000_000))
	sum.Add(sum, big.NewInt(int64(r.x.required*solanaSignatureFee)))
	f := Fee{Asset: r.coin, Most: sum, Payers: []Payer{{r.x.addresses[0], new(big.Int).Set(sum)}}}
	for _, address := range r.rents {
		f.add(address, big.NewInt(solanaAccountRent))
	}
	f.Rate = fmt.Sprintf("%d lamports for each of the signatures (%d)", solanaSignatureFee, r.x.required)
	if price.Sign() != 0 {
		f.Rate += fmt.Sprintf(", %s units at %s millionths of a lamport", units, price)
	}
	if len(r.made) != 0 {
		f.Rate += fmt.Sprintf(", %s for each new token account (%d)", r.coin.Text(big.NewInt(solanaAccountRent)), len(r.made))
	}
	if usual := big.NewInt(solanaUsual); sum.Cmp(usual) > 0 {
		f.High = fmt.Sprintf("it may cost %s, and a transfer hardly ever costs %s", r.coin.Text(sum), r.coin.Text(usual))
	}
	r.t.Fee = f
}

// add adds what an address pays.
func (f *Fee) add(address string, amount *big.Int) {
	f.Most.Add(f.Most, amount)
	for _, p := range f.Payers {
		if p.Address == address {
			p.Most.Add(p.Most, amount)
			return
		}
	}
	f.Payers = append(f.Payers, Payer{address, amount})
}

func (r *solanaReview) expiry() {
	if r.nonce == "" {
		r.t.Expiry = Expiry{Short: solanaLife, Text: "until its block hash is forgotten, about 80 seconds"}
		r.t.Claims = []string{fmt.Sprintf("%s message %x", r.t.Network, sha256.Sum256(r.x.message))}
		return
	}
	r.t.Expiry.Text = fmt.Sprintf("until the nonce of %s is used; no limit in time", r.nonce)
	r.t.Claims = []string{fmt.Sprintf("%s nonce %s of %s", r.t.Network, r.x.recent, r.nonce)}
	r.t.Notes = append(r.t.Notes, "Whoever controls the nonce can block or delay it; advancing the nonce cancels it.")
}

// instruction reads one of them.
func (r *solanaReview) instruction(c *solanaCall) error {
	address := r.x.addresses[c.program]
	program, ok := solanaKnown(address)
	if !ok {
		return unsafe("it calls the program %s, which is not known", address)
	}
	var accounts []string
	for _, a := range c.accounts {
		accounts = append(accounts, r.x.addresses[a])
	}
	if address == solanaMemo {
		return r.setMemo(c)
	}
	if len(program.calls) == 0 {
		return unsafe("it calls the program %s", program.name)
	}
	data := c.data
	if address == solanaAssociated && len(data) == 0 {
		data = []byte{0} // as it was before the program had a second instruction
	}
	if len(data) < program.width {
		return unsafe("it calls the program %s without saying what for", program.name)
	}
	var digits [4]byte
	copy(digits[:], data[:program.width])
	number := binary.LittleEndian.Uint32(digits[:])
	if uint64(number) >= uint64(len(program.calls)) {
		return unsafe("it is number %d of the program %s, which is not known", number, program.name)
	}
	name := program.name + " " + program.calls[number]
	call, ok := solanaCalls[name]
	if !ok {
		return unsafe("%s is not signed", name)
	}
	if len(data) != call.size || len(accounts) != len(call.roles) {
		return unsafe("%s has %d bytes and %d accounts, and this one %d and %d", name, call.size, len(call.roles), len(data), len(accounts))
	}
	for i, role := range call.roles {
		a := int(c.accounts[i])
		if strings.Contains(role, "s") && !r.x.signs(a) || strings.Contains(role, "w") && !r.x.writes(a) {
			return unsafe("its account %s does not sign or may not change, so %s would fail", accounts[i], name)
		}
	}
	return call.read(r, data[program.width:], accounts)
}

func (r *solanaReview) transfer(data []byte, accounts []string) error {
	to := accounts[1]
	if program, ok := solanaKnown(to); ok {
		return unsafe("it pays %s, which is the program %s: the money would be lost", to, program.name)
	}
	r.t.Effects = append(r.t.Effects, Effect{Kind: Pay, Asset: r.coin, Amount: solanaAmount(data), From: accounts[0], To: to})
	return nil
}

func solanaAmount(data []byte) *big.Int {
	return new(big.Int).SetUint64(binary.LittleEndian.Uint64(data))
}

func (r *solanaReview) advance(_ []byte, accounts []string) error {
	switch {
	case r.call > 0:
		return unsafe("a nonce is advanced by the first instruction or not at all")
	case accounts[1] != solanaBlocks:
		return unsafe("it advances a nonce by %s, and not by the recent block hashes", accounts[1])
	}
	r.nonce = accounts[0]
	return nil
}

func (r *solanaReview) setLimit(data []byte, _ []string) error {
	return solanaOnce(&r.limit, uint64(binary.LittleEndian.Uint32(data)))
}

func (r *solanaReview) setPrice(data []byte, _ []string) error {
	return solanaOnce(&r.price, binary.LittleEndian.Uint64(data))
}

func solanaOnce(p **big.Int, n uint64) error {
	if *p != nil {
		return unsafe("it sets the same part of the fee twice")
	}
	*p = new(big.Int).SetUint64(n)
	return nil
}

func (r *solanaReview) transferChecked(data []byte, accounts []string) error {
	source, mint, to, owner := accounts[0], accounts[1], accounts[2], accounts[3]
	if to == mint {
		return unsafe("it transfers tokens to their own mint")
	}
	if source != solanaAccount(owner, mint) {
		r.t.Notes = append(r.t.Notes, fmt.Sprintf("The tokens come from %s, which is not the usual token account of %s: it may be an older one, or somebody else's.", source, owner))
	}
	r.t.Effects = append(r.t.Effects, Effect{
		Kind: Token, Amount: solanaAmount(data), From: owner, To: to,
		Asset:   Asset{Contract: mint, Decimals: int(data[8]), Known: true},
		account: func(address string) bool { return solanaAccount(address, mint) == to },
	})
	return nil
}

func (r *solanaReview) create(_ []byte, accounts []string) error {
	payer, account, owner, mint := accounts[0], accounts[1], accounts[2], accounts[3]
	switch _, twice := r.made[account]; {
	case twice:
		return unsafe("it makes the token account %s twice", account)
	case accounts[4] != solanaSystem || accounts[5] != solanaToken:
		return unsafe("it makes a token account of other programs than System and Token")
	case account != solanaAccount(owner, mint):
		return unsafe("%s is not the associated token account of %s", account, owner)
	}
	r.made[account], r.owners[account], r.rents = mint, owner, append(r.rents, payer)
	r.t.Notes = append(r.t.Notes, fmt.Sprintf("If %s has no account for these tokens, %s is made for %s, which %s pays. The fee includes it.",
		owner, account, r.coin.Text(big.NewInt(solanaAccountRent)), payer))
	return nil
}

func (r *solanaReview) setMemo(c *solanaCall) error {
	switch {
	case r.memo != "":
		return unsafe("it has two memos")
	case len(c.data) == 0 || bytes.ContainsFunc(c.data, func(c rune) bool { return c < ' ' || c > '~' }):
		return unsafe("its memo is not plain text")
	}
	for _, a := range c.accounts {
		if !r.x.signs(int(a)) {
			return unsafe("its memo is by %s, who does not sign", r.x.addresses[a])
		}
	}
	r.memo = string(c.data)
	return nil
}

// solanaAccount returns the associated token account of an owner, or nothing if that
// is no address: what the program of these accounts derives from the owner, the token
// program and the mint. It is the first hash, counting a byte down from 255, that is
// no point of the curve, so that no key signs for it. Encodings of points that are not
// canonical are points to Solana, as they are to SetBytes.
func solanaAccount(owner, mint string) string {
	var seeds []byte
	for _, part := range []string{owner, solanaToken, mint} {
		b, err := base58.Decode(nil, part)
		if err != nil || len(b) != 32 {
			return ""
		}
		seeds = append(seeds, b...)
	}
	for bump := 255; bump >= 0; bump-- {
		b := append(seeds[:len(seeds):len(seeds)], byte(bump))
		b, err := base58.Decode(b, solanaAssociated)
		if err != nil {
			return ""
		}
		hash := sha256.Sum256(append(b, "ProgramDerivedAddress"...))
		if _, err := new(edwards25519.Point).SetBytes(hash[:]); err != nil {
			return solanaText(hash[:])
		}
	}
	return ""
}

// solanaBody is what is signed, and its review.
type solanaBody struct {
	x     *solanaTx
	chain *chains.Chain
}

func (b *solanaBody) bind(i int, k *chains.PublicKey) (*Signing, error) {
	form := b.chain.Encodings[0]
	if k.Curve != form.Curve || !bytes.Equal(form.Payload.Of(nil, k), b.x.keys[i]) {
		return nil, because(ErrForeign, "the account of the key is another one")
	}
	return signing(signature.Ed25519, k, b.x.message, nil)
}

// finish returns the transaction with the signatures and those that were in it. Those
// that are missing are zeros.
func (b *solanaBody) finish(signatures []*signature.Signature) (*Signed, error) {
	x := b.x
	out := new(Signed)
	raw := []byte{byte(x.required)} // below 0x80, since all of it is small
	complete := true
	for i, s := range signatures {
		one := x.signatures[i]
		if s != nil {
			one = s.Bytes[:]
		}
		if one == nil {
			complete = false
			raw = append(raw, make([]byte, signature.Size)...)
			continue
		}
		if !ed25519.Verify(x.keys[i], x.message, one) {
			return nil, fmt.Errorf("finishing a transaction: the signature of %s: %w", x.addresses[i], signature.ErrInvalid)
		}
		raw = append(raw, one...)
		out.Parts = append(out.Parts, x.addresses[i]+"="+solanaText(one))
		if i == 0 {
			out.ID = solanaText(one)
		}
	}
	text := base64.StdEncoding.EncodeToString(append(raw, x.message...))
	out.Data = []byte(text)
	if complete {
		out.Text = text
	}
	return out, nil
}
