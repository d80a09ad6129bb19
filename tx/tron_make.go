package tx

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"time"

	"lifeboat/chains"
)

// The network lets a transaction live for 24 hours from the last block. One hour less
// leaves room for a clock that is ahead.
const (
	tronHours     = 12
	tronMostHours = 23
)

func tronWants(*chains.Chain) []Want {
	block := `https://tronscan.org, "Blocks": one of the last; or wallet/getnowblock`
	return []Want{
		{"block", "the number of a block that is less than two days old", block + ": number", false},
		{"block-hash", "its hash, which begins with its number", block + ": blockID", false},
		{"hours", fmt.Sprintf("for how many hours it is valid, at most %d; %d if nothing is said", tronMostHours, tronHours), "as long as the way to the signature and back takes", true},
		{WantFee, "the most that it may cost; a token's transfer needs it, as what is left of it for the call is its fee_limit; TRX cost their bytes alone", `https://tronscan.org, "Fee" of a transfer like this one: 14 to 30 TRX for a token, if the account has no energy`, true},
	}
}

func tronMake(o *Order) ([]Draft, error) {
	form := o.Chain.Encodings[0]
	account := func(address string) ([]byte, error) {
		b, ok := form.Parse(address)
		if !ok {
			return nil, fmt.Errorf("%.100q is not an account of %s", address, o.Chain.Name)
		}
		return append([]byte{0x41}, b...), nil
	}
	x := &tronRaw{memo: []byte(o.Tag), timestamp: o.Now.UnixMilli()}
	if printable(x.memo) != o.Tag {
		return nil, fmt.Errorf("the memo %q is not plain text", o.Tag)
	}
	var err error
	if x.owner, err = account(o.From); err != nil {
		return nil, err
	}
	if x.to, err = account(o.To); err != nil {
		return nil, err
	}
	if err := x.setBlock(o); err != nil {
		return nil, err
	}
	if !o.Amount.IsInt64() && o.Asset.Contract == "" || o.Amount.Sign() == 0 {
		return nil, fmt.Errorf("nobody can pay %s", o.Asset.Text(o.Amount))
	}
	if o.Asset.Contract == "" {
		x.amount = o.Amount.Int64()
		return x.draft()
	}
	payee := x.to[1:]
	if x.to, err = account(o.Asset.Contract); err != nil {
		return nil, err
	}
	x.call = true
	if x.data, err = evmCall(payee, o.Amount); err != nil {
		return nil, err
	}
	if err := x.limit(o); err != nil {
		return nil, err
	}
	return x.draft()
}

// setBlock sets what dates the transaction: a recent block, and when it expires.
func (x *tronRaw) setBlock(o *Order) error {
	number, err := o.number("block", 63, 0)
	if err != nil {
		return err
	}
	id, err := hex.DecodeString(o.Numbers["block-hash"])
	at := binary.BigEndian.AppendUint64(nil, number)
	if err != nil || len(id) != sha256.Size || !bytes.Equal(id[:8], at) {
		return fmt.Errorf("block-hash: %.80q is not the hash of block %d, which has 64 hex digits and begins with %x", o.Numbers["block-hash"], number, at)
	}
	x.refBytes, x.refHash = at[6:], id[8:16]
	hours, err := o.number("hours", 16, tronHours)
	if err != nil {
		return err
	}
	if hours == 0 || hours > tronMostHours {
		return fmt.Errorf("hours: the network takes a transaction for 1 to %d hours, and not for %d", tronMostHours, hours)
	}
	x.expiration = o.Now.Add(time.Duration(hours) * time.Hour).UnixMilli()
	return nil
}

// limit sets the fee_limit to what the bytes and a memo leave of the fee.
func (x *tronRaw) limit(o *Order) error {
	if o.Fee == nil {
		return fmt.Errorf("a token's transfer on %s needs a fee, the most that it may cost", o.Chain.Name)
	}
	if !o.Fee.IsInt64() {
		return fmt.Errorf("nobody can pay a fee of %s of the smallest unit", o.Fee)
	}
	x.feeLimit = o.Fee.Int64()
	extra := x.extra(len(x.append(nil)))
	if x.feeLimit -= extra; x.feeLimit <= 0 {
		coin, _ := tronCoin(o.Chain)
		return fmt.Errorf("the bytes and the memo alone cost up to %s, and the fee is to be at most %s", coin.Text(big.NewInt(extra)), coin.Text(o.Fee))
	}
	return nil
}

// draft writes the JSON that nodes and TronWeb take, without the part that says the
// same once more.
func (x *tronRaw) draft() ([]Draft, error) {
	raw := x.append(nil)
	id := sha256.Sum256(raw)
	data, err := json.Marshal(map[string]any{"visible": false, "txID": hex.EncodeToString(id[:]), "raw_data_hex": hex.EncodeToString(raw)})
	if err != nil {
		return nil, err
	}
	return []Draft{{Ext: "json", Data: append(data, '\n')}}, nil
}
