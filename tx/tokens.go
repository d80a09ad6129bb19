package tx

import (
	"fmt"

	"lifeboat/chains"
)

// Tokens are the names and decimals that the user gives to tokens.
type Tokens struct{ byName map[tokenName]Asset }

// tokenName is a contract, as transactions of the chain are shown, or a symbol.
type tokenName struct {
	chain *chains.Chain
	name  string
}

// Add adds a token of a chain. Its contract may be spelt in any way. A name that two
// tokens have, or that is an address, is refused: a limit could mean either.
func (k *Tokens) Add(chain *chains.Chain, contract, symbol string, decimals int) error {
	written, ok := usual(chain, contract)
	if !ok {
		return fmt.Errorf("%.80q is no contract on %s", contract, chain.Name)
	}
	if chain.Reads(symbol) {
		return fmt.Errorf("the symbol %.80q is an address", symbol)
	}
	if k.byName == nil {
		k.byName = make(map[tokenName]Asset)
	}
	for _, name := range []string{written, symbol} {
		if _, twice := k.byName[tokenName{chain, name}]; twice {
			return fmt.Errorf("there are two tokens %.80q of %s", name, chain.Name)
		}
		k.byName[tokenName{chain, name}] = Asset{Contract: written, Symbol: symbol, Decimals: decimals, Known: true}
	}
	return nil
}

// usual writes a contract as transactions of the chain are shown.
func usual(chain *chains.Chain, address string) (string, bool) {
	if f := familyOf(chain); f != nil && f.token != nil {
		return f.token(chain, address)
	}
	return inForm(chain, address)
}

// inForm writes an address as its form usually is.
func inForm(chain *chains.Chain, address string) (string, bool) {
	for _, e := range chain.Encodings {
		if b, ok := e.Parse(address); ok {
			return e.Format(b), true
		}
	}
	return "", false
}

// Find returns the token of a chain that has that contract or symbol.
func (k *Tokens) Find(chain *chains.Chain, name string) (Asset, bool) {
	if contract, ok := usual(chain, name); ok {
		name = contract
	}
	a, ok := k.byName[tokenName{chain, name}]
	return a, ok
}

// Name gives the tokens of a transaction the user's names. It fails with ErrUnsafe if
// the transaction itself says other decimals.
func (k *Tokens) Name(t *Transaction) error {
	for i := range t.Effects {
		a := &t.Effects[i].Asset
		if a.Contract == "" {
			continue
		}
		// A contract may be called what the list calls another token.
		named, ok := k.Find(t.Chain, a.Contract)
		if !ok || named.Contract != a.Contract {
			continue
		}
		if a.Known && a.Decimals != named.Decimals {
			return unsafe("it counts %s with %d decimals, and the list of tokens says %d", a.Contract, a.Decimals, named.Decimals)
		}
		a.Symbol, a.Decimals, a.Known = named.Symbol, named.Decimals, true
	}
	return nil
}
