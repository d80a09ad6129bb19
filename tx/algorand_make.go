package tx

import (
	"fmt"
	"slices"
	"strconv"

	"lifeboat/chains"
)

func algorandWants(*chains.Chain) []Want {
	return []Want{
		{Name: "first-round", What: "the first round that takes it", Where: "the newest round on lora.algokit.io, or last-round of a node's /v2/status; add 1,286 for each hour until it is sent"},
		{Name: "last-round", What: fmt.Sprintf("the last round that takes it; %d after the first if nothing is said, which is the most, about 46 minutes", algorandLife), Where: "as first-round", Optional: true},
	}
}

// algorandMake pays the least fee if nothing is said.
func algorandMake(o *Order) ([]Draft, error) {
	form := o.Chain.Encodings[0]
	x := &algorandTx{kind: algorandPay, fee: algorandMinFee, network: algorandID, genesis: algorandMain[:], note: []byte(o.Tag)}
	for _, account := range []struct {
		text string
		to   *[]byte
	}{{o.From, &x.sender}, {o.To, &x.receiver}} {
		var ok bool
		if *account.to, ok = form.Parse(account.text); !ok {
			return nil, fmt.Errorf("%.100q is no address of %s", account.text, o.Chain.Name)
		}
	}
	if !o.Amount.IsUint64() {
		return nil, fmt.Errorf("a transfer on %s needs an amount of at most 64 bits", o.Chain.Name)
	}
	x.amount = o.Amount.Uint64()
	if o.Asset.Contract != "" {
		var err error
		if x.asset, err = strconv.ParseUint(o.Asset.Contract, 10, 64); err != nil {
			return nil, fmt.Errorf("%.80q is not the number of an asset: %w", o.Asset.Contract, err)
		}
		x.kind = algorandTransfer
	}
	if o.Fee != nil {
		if !o.Fee.IsUint64() {
			return nil, fmt.Errorf("a fee of %s microalgos is more than there are", o.Fee)
		}
		x.fee = o.Fee.Uint64()
	}
	var err error
	if x.first, err = o.number("first-round", 62, 0); err != nil {
		return nil, err
	}
	if x.last, err = o.number("last-round", 62, x.first+algorandLife); err != nil {
		return nil, err
	}
	if err := x.check(); err != nil {
		return nil, err
	}
	return []Draft{{Ext: "txn", Data: x.append(slices.Clone(algorandWrapper))}}, nil
}
