package tx

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"lifeboat/chains"
)

const (
	tonUsualHours = 24
	// tonAttached goes with a transfer of jettons; what is left of it comes back.
	tonAttached = 100_000_000
	// tonMaxTag is what fits beside the operation into one cell, in bytes.
	tonMaxTag = 120
)

func tonWants(*chains.Chain) []Want {
	return []Want{
		{Name: "seqno", What: "the sequence number of the wallet, 0 if its contract is not there yet", Where: `"seqno" in what toncenter.com/api/v2/getWalletInformation?address=FROM answers, or the method seqno of the account on tonviewer.com`},
		{Name: "hours", What: fmt.Sprintf("for how many hours it is valid; %d if nothing is said", tonUsualHours), Where: "as long as the way to the signature and back takes", Optional: true},
	}
}

// tonMake makes what @ton/ton makes for the same wallet. A payment bounces if the
// address asks for it. The token of a transfer is the sender's jetton wallet. The fee is
// an estimate: more than o.Fee is refused.
func tonMake(o *Order) ([]Draft, error) {
	form := o.Chain.Encodings[0]
	if o.Public == nil || o.Public.Curve != form.Curve {
		return nil, fmt.Errorf("a transfer on %s needs the public key of %.80q: give an address book that lists it, and the root keys", o.Chain.Name, o.From)
	}
	from, ok := form.Parse(o.From)
	if !ok {
		return nil, fmt.Errorf("from: %.80q is no address on %s", o.From, o.Chain.Name)
	}
	wallet, _, err := tonWalletOf(o.Chain, o.Public, from)
	if err != nil {
		return nil, fmt.Errorf("from: %.80q: %w", o.From, err)
	}
	to, bounce, err := tonPayee(o.Chain, o.To)
	if err != nil {
		return nil, fmt.Errorf("to: %w", err)
	}
	switch {
	case o.Amount.BitLen() > 120:
		return nil, fmt.Errorf("%s is more than there can be", o.Asset.Text(o.Amount))
	case len(o.Tag) > tonMaxTag || printable([]byte(o.Tag)) != o.Tag:
		return nil, fmt.Errorf("the memo %.40q is not of at most %d plain letters, digits and signs", o.Tag, tonMaxTag)
	}
	seqno, err := o.number("seqno", 32, 0)
	if err != nil {
		return nil, err
	}
	hours, err := o.number("hours", 16, tonUsualHours)
	if err != nil {
		return nil, err
	}
	until := o.Now.Add(time.Duration(hours) * time.Hour).Unix()
	if until <= 0 || until >= math.MaxUint32 {
		return nil, fmt.Errorf("hours: it would be valid until %d, which TON cannot write", until)
	}

	note := new(cellWriter)
	if o.Tag != "" {
		note.put(tonComment, 32).putBytes([]byte(o.Tag))
	}
	message := note.cell()
	amount := o.Amount
	if o.Asset.Contract != "" {
		contract, ok := form.Parse(o.Asset.Contract)
		if !ok {
			return nil, fmt.Errorf("the jetton wallet: %.80q is no address on %s", o.Asset.Contract, o.Chain.Name)
		}
		// The recipient is told, for which one nanoton is passed on.
		transfer := new(cellWriter).put(tonTransfer, 32).put(0, 64).putCoins(amount).putAccount(to).putAccount(from).put(0, 1)
		message = transfer.putCoins(big.NewInt(1)).putEither(message).cell()
		to, bounce, amount = contract, true, big.NewInt(tonAttached)
	}
	bounces := uint64(0)
	if bounce {
		bounces = 1
	}
	// int_msg_info: no instant routing; not bounced; no sender, fees and times, which the
	// network fills in; no other currencies; no first state.
	w := new(cellWriter).put(0b01, 2).put(bounces, 1).put(0, 1).put(0, 2).putAccount(to).putCoins(amount)
	w.put(0, 1).put(0, 4).put(0, 4).put(0, 64).put(0, 32).put(0, 1)
	body := wallet.body(o.Chain, uint32(until), uint32(seqno), w.putEither(message).cell())

	data, err := json.MarshalIndent(struct {
		From string `json:"from"`
		Raw  string `json:"raw"`
	}{form.Format(from), base64.StdEncoding.EncodeToString(body.boc())}, "", "  ")
	if err != nil {
		return nil, err
	}
	return []Draft{{Ext: "json", Data: append(data, '\n')}}, nil
}

// body returns what is signed to send one message.
func (w *tonWallet) body(chain *chains.Chain, until, seqno uint32, message *cell) *cell {
	const mode = tonSeparate | tonIgnore
	b := new(cellWriter)
	if w.tail {
		b.put(tonSign, 32)
	}
	b.put(w.walletID(chain), 32).put(uint64(until), 32).put(uint64(seqno), 32)
	switch w.name {
	case "v5r1":
		empty := new(cellWriter).cell()
		actions := new(cellWriter).putRef(empty).put(tonSend, 32).put(mode, 8).putRef(message)
		return b.put(1, 1).putRef(actions.cell()).put(0, 1).cell()
	case "v4r2":
		b.put(0, 8)
	}
	return b.put(mode, 8).putRef(message).cell()
}

// tonPayee reads whom to pay, and whether the address asks for payments to bounce.
func tonPayee(chain *chains.Chain, address string) (account []byte, bounce bool, err error) {
	account, ok := chain.Encodings[0].Parse(address)
	if !ok {
		return nil, false, fmt.Errorf("%.80q is no address on %s", address, chain.Name)
	}
	spelt := strings.NewReplacer("+", "-", "/", "_").Replace(address)
	for _, e := range chain.Encodings {
		if e.Format(account) != spelt {
			continue
		}
		if e.Elsewhere {
			return nil, false, fmt.Errorf("%.80q is an address of another network than %s", address, chain.Name)
		}
		return account, strings.Contains(e.Name, "-bounceable"), nil
	}
	return account, false, nil
}

func (w *cellWriter) putAccount(account []byte) *cellWriter {
	return w.put(0b100, 3).put(0, 8).putBytes(account)
}

func (w *cellWriter) putCoins(amount *big.Int) *cellWriter {
	b := amount.Bytes()
	return w.put(uint64(len(b)), 4).putBytes(b)
}
