package tx

import (
	"cmp"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"

	"lifeboat/chains"
)

// evmExplorers are those of the larger chains.
var evmExplorers = map[string]string{
	"ETH": "etherscan.io", "BSC_BNB": "bscscan.com", "MATIC": "polygonscan.com", "ARBITRUM_ETH": "arbiscan.io",
	"OPT_ETH": "optimistic.etherscan.io", "BASE_ETH": "basescan.org", "AVAXC": "snowscan.xyz", "LINEA": "lineascan.build",
}

func evmWants(chain *chains.Chain) []Want {
	explorer := cmp.Or(evmExplorers[chain.ID], "the explorer that chainlist.org names")
	price := explorer + `, its gas tracker, or eth_gasPrice; take more, since what is signed today may be sent next week`
	return []Want{
		{"nonce", "the number of the account's next transaction", explorer + `, page of the account: the nonce of the last transaction that it sent, plus 1, or 0 if it sent none; or eth_getTransactionCount with "pending"`, false},
		{"gas", "the most gas that it may use; what is left is not paid", explorer + `, "Gas Limit" of a transfer like this one; the coin of most chains needs 21000, a token often 65000, to a new holder 100000; or eth_estimateGas`, false},
		{"max-price", "the highest price of gas, in gwei; with it goes tip", price, true},
		{"tip", "the part of that price that the block's maker gets, in gwei", explorer + `, its gas tracker ("priority"), or eth_maxPriorityFeePerGas`, true},
		{"gas-price", "the price of gas, in gwei, on a chain without tips, in place of max-price and tip", price, true},
	}
}

const gwei = 9 // decimals of a wei

func evmMake(o *Order) ([]Draft, error) {
	i := slices.IndexFunc(evmNetworks, func(n evmNetwork) bool { return n.chain == o.Chain.ID })
	x := &evmTx{chainID: new(big.Int).SetUint64(evmNetworks[i].id), value: o.Amount}
	if o.Tag != "" {
		return nil, fmt.Errorf("%s has no tags or memos", o.Chain.Name)
	}
	nonce, err := o.number("nonce", evmNonceBits, 0)
	if err != nil {
		return nil, err
	}
	gas, err := o.number("gas", evmGasBits, 0)
	if err != nil {
		return nil, err
	}
	x.nonce, x.gas = new(big.Int).SetUint64(nonce), new(big.Int).SetUint64(gas)
	if err := x.setPrice(o); err != nil {
		return nil, err
	}
	form := o.Chain.Encodings[0]
	from, ok := form.Parse(o.From)
	if !ok {
		return nil, fmt.Errorf("%.100q is not an account of %s", o.From, o.Chain.Name)
	}
	to, ok := form.Parse(o.To)
	if !ok {
		return nil, fmt.Errorf("%.100q is not an account of %s", o.To, o.Chain.Name)
	}
	x.to = to
	if o.Asset.Contract != "" {
		if x.to, ok = form.Parse(o.Asset.Contract); !ok {
			return nil, fmt.Errorf("%.100q is not a contract of %s", o.Asset.Contract, o.Chain.Name)
		}
		if x.data, err = evmCall(to, o.Amount); err != nil {
			return nil, err
		}
		x.value = new(big.Int)
	}
	data, err := json.Marshal(map[string]string{"from": form.Format(from), "raw": "0x" + hex.EncodeToString(x.unsigned())})
	if err != nil {
		return nil, err
	}
	return []Draft{{Ext: "json", Data: append(data, '\n')}}, nil
}

// setPrice takes the price of gas in either form.
func (x *evmTx) setPrice(o *Order) (err error) {
	most, tip, legacy := o.has("max-price"), o.has("tip"), o.has("gas-price")
	switch {
	case most && tip && !legacy:
		x.kind = 2
		if x.price, err = o.decimal("max-price", gwei); err != nil {
			return err
		}
		x.tip, err = o.decimal("tip", gwei)
	case legacy && !most && !tip:
		x.price, err = o.decimal("gas-price", gwei)
	default:
		err = fmt.Errorf("give max-price and tip, or gas-price where the chain has no tips, and not both")
	}
	return err
}

// evmCall returns the call of ERC-20's transfer.
func evmCall(to []byte, amount *big.Int) ([]byte, error) {
	if amount.BitLen() > evmWordBits {
		return nil, fmt.Errorf("no token counts as far as %s", amount)
	}
	selector, err := hex.DecodeString(evmTransfer)
	if err != nil {
		return nil, err
	}
	data := make([]byte, 4+32+32)
	copy(data, selector)
	copy(data[4+12:], to)
	amount.FillBytes(data[4+32:])
	return data, nil
}
