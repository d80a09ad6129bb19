package tx

import "lifeboat/chains"

// Tokens are the names and decimals that the user gives to tokens, by contract.
type Tokens struct{ list []token }

type token struct {
	chain *chains.Chain
	asset Asset
}

// Add adds a token of a chain.
func (k *Tokens) Add(chain *chains.Chain, contract, symbol string, decimals int) {
	k.list = append(k.list, token{chain, Asset{Contract: contract, Symbol: symbol, Decimals: decimals, Known: true}})
}

// Find returns the token of a chain that has that contract or symbol.
func (k *Tokens) Find(chain *chains.Chain, name string) (Asset, bool) {
	for _, t := range k.list {
		if t.chain == chain && (t.asset.Symbol == name || Same(chain, t.asset.Contract, name)) {
			return t.asset, true
		}
	}
	return Asset{}, false
}

// Name gives the tokens of a transaction the user's names. It fails with ErrUnsafe if
// the transaction itself says other decimals.
func (k *Tokens) Name(t *Transaction) error {
	for i := range t.Effects {
		a := &t.Effects[i].Asset
		if a.Contract == "" {
			continue
		}
		named, ok := k.Find(t.Chain, a.Contract)
		if !ok {
			continue
		}
		if a.Known && a.Decimals != named.Decimals {
			return unsafe("it counts %s with %d decimals, and the list of tokens says %d", a.Contract, a.Decimals, named.Decimals)
		}
		a.Symbol, a.Decimals, a.Known = named.Symbol, named.Decimals, true
	}
	return nil
}
