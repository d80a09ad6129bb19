package tx

import (
	"encoding/base64"
	"fmt"
	"math/big"

	"lifeboat/chains"
	"lifeboat/internal/base58"
)

// nearCallGas is what a token's transfer may use of gas if nothing is said, in Tgas.
const nearCallGas = 30

func nearWants(*chains.Chain) []Want {
	const node = `the RPC call query with {"request_type": "view_access_key", "finality": "final", "account_id": "FROM", "public_key": "ed25519:KEY"}: `
	return []Want{
		{Name: "nonce", What: "the number of the key's last transaction, plus 1", Where: node + "nonce, and add 1"},
		{Name: "block-hash", What: "the hash of a block of the last hours", Where: node + "block_hash; or that of a new block on nearblocks.io"},
		{Name: "tgas", What: fmt.Sprintf("the most gas that a token's transfer may use, in Tgas; %d if nothing is said", nearCallGas), Where: "Gas Limit of a recent ft_transfer of the token on nearblocks.io", Optional: true},
	}
}

func nearMake(o *Order) ([]Draft, error) {
	x := &nearTx{signer: o.From, receiver: o.To, deposit: o.Amount}
	form := o.Chain.Encodings[0]
	switch implicit, ok := form.Parse(o.From); {
	case o.Amount.Sign() <= 0 || o.Amount.BitLen() > nearAmountBits:
		return nil, fmt.Errorf("a transfer on %s needs an amount of at most %d bits", o.Chain.Name, nearAmountBits)
	case o.Public != nil:
		x.public = form.Payload.Of(nil, o.Public)
	case ok:
		x.public = implicit
	default:
		return nil, fmt.Errorf("a transfer on %s names the key of %q, which its name does not say: make it with near-cli", o.Chain.Name, o.From)
	}
	var err error
	if x.nonce, err = o.number("nonce", 63, 0); err != nil {
		return nil, err
	}
	if x.recent, err = base58.Decode(nil, o.Numbers["block-hash"]); err != nil || len(x.recent) != 32 {
		return nil, fmt.Errorf("block-hash: %.80q is not 32 bytes in base 58", o.Numbers["block-hash"])
	}
	tera, err := o.number("tgas", 16, nearCallGas)
	switch {
	case err != nil:
		return nil, err
	case o.Asset.Contract != "":
		x.call, x.method, x.receiver, x.gas, x.deposit = true, nearMethod, o.Asset.Contract, tera*nearTera, big.NewInt(nearYocto)
		x.args = fmt.Appendf(nil, `{"receiver_id":"%s","amount":"%s"`, o.To, o.Amount)
		if o.Tag != "" {
			x.args = fmt.Appendf(x.args, `,"memo":"%s"`, o.Tag)
		}
		x.args = append(x.args, '}')
	case o.Tag != "":
		return nil, fmt.Errorf("a transfer of NEAR has no memo, and %q is wanted", o.Tag)
	}
	raw := x.append(nil)
	t, err := x.transaction(raw, o.Chain)
	switch {
	case err != nil:
		return nil, err
	case o.Fee != nil && t.Fee.Most.Cmp(o.Fee) > 0:
		return nil, fmt.Errorf("the transfer may cost %s, and %s were allowed", t.Fee.Asset.Text(t.Fee.Most), t.Fee.Asset.Text(o.Fee))
	case t.Effects[0].To != o.To || t.Effects[0].Tag != o.Tag:
		return nil, fmt.Errorf("the memo %q cannot be written in a transfer", o.Tag)
	}
	return []Draft{{Ext: "txt", Data: append(base64.StdEncoding.AppendEncode(nil, raw), '\n')}}, nil
}
