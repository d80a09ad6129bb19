package tx

import (
	"encoding/base64"
	"fmt"

	"lifeboat/chains"
)

// cosmosGas is what a transfer may use of gas if nothing is said. It uses about half
// of that.
const cosmosGas = 200_000

func cosmosWants(chain *chains.Chain) []Want {
	const node = "the REST interface of a node, /cosmos/auth/v1beta1/accounts/ADDRESS: "
	return []Want{
		{Name: "account-number", What: "the number of the account", Where: node + "account_number; on mintscan.io, the account's Account Number"},
		{Name: "sequence", What: "how many transactions the account has sent", Where: node + "sequence; on mintscan.io, the account's Sequence"},
		{Name: "timeout-height", What: "the last block that takes it; without it there is no limit in time, which sign takes with --no-expiry alone",
			Where: "the newest block on mintscan.io, and one more for each 6 seconds that it should live", Optional: true},
		{Name: WantFee, What: "the fee", Where: "the fee of a recent MsgSend on mintscan.io"},
		{Name: "gas", What: fmt.Sprintf("the most gas that it may use; %d if nothing is said", cosmosGas), Where: "Gas Wanted of a recent MsgSend on mintscan.io", Optional: true},
	}
}

func cosmosMake(o *Order) ([]Draft, error) {
	n := cosmosNetworkOf(o.Chain)
	if o.Public == nil {
		return nil, fmt.Errorf("a transfer on %s names the public key of %q, which is not known: give an address book that lists it, and the root keys", o.Chain.Name, o.From)
	}
	x := &cosmosTx{
		chainID: n.id, messages: 1, from: o.From, to: o.To, coins: []cosmosAmount{{n.denom, o.Amount.String()}}, memo: o.Tag,
		signers: 1, public: o.Public.Key[:], mode: cosmosDirect,
	}
	if o.Asset.Contract != "" {
		x.coins[0].denom = o.Asset.Contract
	}
	if o.Fee.Sign() != 0 {
		x.fee = []cosmosAmount{{n.denom, o.Fee.String()}}
	}
	for _, field := range []struct {
		name  string
		usual uint64
		to    *uint64
	}{
		{"account-number", 0, &x.account}, {"sequence", 0, &x.sequence}, {"timeout-height", 0, &x.height}, {"gas", cosmosGas, &x.gas},
	} {
		var err error
		if *field.to, err = o.number(field.name, 63, field.usual); err != nil {
			return nil, err
		}
	}
	if err := x.check(o.Chain); err != nil {
		return nil, err
	}
	return []Draft{{Ext: "txt", Data: append(base64.StdEncoding.AppendEncode(nil, x.doc()), '\n')}}, nil
}
