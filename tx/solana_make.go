package tx

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/base58"

	"filippo.io/edwards25519"
)

func solanaWants(*chains.Chain) []Want {
	account := "https://explorer.solana.com, page of the nonce account; or solana nonce-account NONCE"
	return []Want{
		{"nonce-account", "the account of a durable nonce, one for each transaction that waits; without it goes block-hash", "solana create-nonce-account made it", true},
		{"nonce", "its value, which stands for a block hash until somebody advances it", account + ": blockhash", true},
		{"nonce-authority", "who may advance it, and signs the transaction as well", account + ": authority", true},
		{"block-hash", "a recent block hash, in place of a nonce: it is forgotten after about 80 seconds", `https://explorer.solana.com, the last block: Blockhash; or getLatestBlockhash`, true},
		{"fee-payer", "who pays the fee, and signs the transaction as well; it is the payer if it is left out", "nowhere: a hot key of your own, which solana-keygen made", true},
		{"create", "yes: make the recipient's account for the token if there is none, at the cost of 0.00203928 SOL", "https://explorer.solana.com, page of the recipient, \"Tokens\": whether it has that token", true},
	}
}

// solanaWriter puts a message together.
type solanaWriter struct {
	accounts []solanaMeta // in the order in which they came
	calls    []solanaStep
}

// solanaMeta is an account and what it may do.
type solanaMeta struct {
	address       string
	signs, writes bool
}

// solanaStep is an instruction with addresses.
type solanaStep struct {
	program  string
	accounts []string
	data     []byte
}

func solanaMake(o *Order) ([]Draft, error) {
	payer := o.Numbers["fee-payer"]
	if payer == "" {
		payer = o.From
	}
	w := &solanaWriter{}
	w.use(payer, "sw")
	recent, err := w.date(o)
	if err != nil {
		return nil, err
	}
	if !o.Amount.IsUint64() {
		return nil, fmt.Errorf("nobody can pay %s", o.Asset.Text(o.Amount))
	}
	amount := binary.LittleEndian.AppendUint64(nil, o.Amount.Uint64())
	switch create := o.Numbers["create"]; {
	case create != "" && create != "yes":
		return nil, fmt.Errorf(`create: %.40q is not "yes"`, create)
	case o.Asset.Contract != "":
		err = w.transferToken(o, payer, amount, create == "yes")
	case create != "":
		err = fmt.Errorf("create is for tokens: SOL need no account of their own")
	default:
		w.call("System Transfer", amount, o.From, o.To)
	}
	if err != nil {
		return nil, err
	}
	if o.Tag != "" {
		w.use(solanaMemo, "")
		w.calls = append(w.calls, solanaStep{solanaMemo, nil, []byte(o.Tag)})
	}
	message, err := w.message(recent)
	if err != nil {
		return nil, err
	}
	return []Draft{{Ext: "txt", Data: []byte(base64.StdEncoding.EncodeToString(message) + "\n")}}, nil
}

// date returns what dates the message, and advances the nonce if it is one.
func (w *solanaWriter) date(o *Order) (recent string, err error) {
	nonce := o.Numbers["nonce"]
	given := []bool{o.has("nonce-account"), o.has("nonce"), o.has("nonce-authority")}
	switch {
	case o.has("block-hash") && !slices.Contains(given, true):
		return o.Numbers["block-hash"], nil
	case o.has("block-hash") || slices.Contains(given, false):
		return "", fmt.Errorf("give nonce-account, nonce and nonce-authority, or block-hash alone")
	}
	w.call("System AdvanceNonceAccount", nil, o.Numbers["nonce-account"], solanaBlocks, o.Numbers["nonce-authority"])
	return nonce, nil
}

// transferToken moves a token between the usual accounts of its owners.
func (w *solanaWriter) transferToken(o *Order, payer string, amount []byte, create bool) error {
	mint := o.Asset.Contract
	if !solanaIsKey(o.To) {
		return fmt.Errorf("%s is no key, but the account of a program, perhaps one for tokens: give the address of its owner", o.To)
	}
	from, to := solanaAccount(o.From, mint), solanaAccount(o.To, mint)
	if from == "" || to == "" {
		return fmt.Errorf("%.100q has no accounts for tokens", mint)
	}
	if create {
		w.call("AssociatedToken CreateIdempotent", nil, payer, to, o.To, mint, solanaSystem, solanaToken)
	}
	w.call("Token TransferChecked", append(amount, byte(o.Asset.Decimals)), from, mint, to, o.From)
	return nil
}

// solanaIsKey reports whether an address can sign. Those of programs are made so that
// they are no points of the curve.
func solanaIsKey(address string) bool {
	b, err := base58.Decode(nil, address)
	if err != nil || len(b) != ed25519.PublicKeySize {
		return false
	}
	_, err = new(edwards25519.Point).SetBytes(b)
	return err == nil
}

// call adds an instruction of solanaCalls.
func (w *solanaWriter) call(name string, data []byte, accounts ...string) {
	program, function, _ := strings.Cut(name, " ")
	p := solanaPrograms[slices.IndexFunc(solanaPrograms, func(p solanaProgram) bool { return p.name == program })]
	number := binary.LittleEndian.AppendUint32(nil, uint32(slices.Index(p.calls, function)))
	w.use(p.address, "")
	for i, role := range solanaCalls[name].roles {
		w.use(accounts[i], role)
	}
	w.calls = append(w.calls, solanaStep{p.address, accounts, append(number[:p.width], data...)})
}

// use adds an account, or adds to what it may do.
func (w *solanaWriter) use(address, role string) {
	i := slices.IndexFunc(w.accounts, func(m solanaMeta) bool { return m.address == address })
	if i < 0 {
		i = len(w.accounts)
		w.accounts = append(w.accounts, solanaMeta{address: address})
	}
	m := &w.accounts[i]
	m.signs = m.signs || strings.Contains(role, "s")
	m.writes = m.writes || strings.Contains(role, "w")
}

// message writes a legacy message: the accounts that sign come first, and of both
// kinds those that may change.
func (w *solanaWriter) message(recent string) ([]byte, error) {
	rank := func(m solanaMeta) int {
		switch {
		case m.signs && m.writes:
			return 0
		case m.signs:
			return 1
		case m.writes:
			return 2
		}
		return 3
	}
	sorted := slices.Clone(w.accounts)
	slices.SortStableFunc(sorted, func(x, y solanaMeta) int { return rank(x) - rank(y) })
	var head [4]byte // how many there are of each kind
	places := make(map[string]byte, len(sorted))
	var keys []byte
	for i, m := range sorted {
		var err error
		if keys, err = solanaAppend(keys, m.address); err != nil {
			return nil, err
		}
		head[rank(m)]++
		places[m.address] = byte(i)
	}
	b := []byte{head[0] + head[1], head[1], head[3], byte(len(sorted))}
	b, err := solanaAppend(append(b, keys...), recent)
	if err != nil {
		return nil, err
	}
	b = append(b, byte(len(w.calls)))
	for _, c := range w.calls {
		b = append(b, places[c.program], byte(len(c.accounts)))
		for _, a := range c.accounts {
			b = append(b, places[a])
		}
		if len(c.data) > 0x7f {
			return nil, fmt.Errorf("a memo has at most %d bytes here", 0x7f)
		}
		b = append(append(b, byte(len(c.data))), c.data...)
	}
	return b, nil
}

// solanaAppend appends 32 bytes that are given in base 58.
func solanaAppend(b []byte, text string) ([]byte, error) {
	n := len(b)
	b, err := base58.Decode(b, text)
	if err != nil || len(b)-n != 32 {
		return nil, fmt.Errorf("%.100q is not 32 bytes in base 58", text)
	}
	return b, nil
}
