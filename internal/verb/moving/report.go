package moving

import (
	"encoding/hex"
	"math/big"
	"time"

	"lifeboat/tx"
)

// FileReport is what one transaction does, as JSON. Amounts are in the smallest unit.
type FileReport struct {
	Path    string         `json:"path"`
	Form    string         `json:"form"`
	Chain   string         `json:"chain"`
	Network string         `json:"network"`
	From    []FromReport   `json:"from"`
	Effects []EffectReport `json:"effects"`
	Fee     FeeReport      `json:"fee,omitzero"` // absent where it is not known
	Unread  *UnreadReport  `json:"unread,omitempty"`
	Expires string         `json:"expires,omitempty"`
	Valid   string         `json:"valid"`
	Notes   []string       `json:"notes"`
}

// UnreadReport is a message of which nothing was understood.
type UnreadReport struct {
	What   string   `json:"what"` // what it should be
	Length int      `json:"length"`
	SHA256 string   `json:"sha256"`
	Text   []string `json:"text"` // what of it can be read as text
}

// FromReport is a signature that a transaction needs.
type FromReport struct {
	Address string `json:"address"`
	Path    string `json:"path"` // empty: somebody else's
	Amount  string `json:"amount,omitempty"`
	Proven  bool   `json:"amount_proven,omitempty"`
}

// EffectReport is one thing that a transaction does.
type EffectReport struct {
	Kind    tx.Kind     `json:"kind"`
	Asset   AssetReport `json:"asset"`
	Amount  string      `json:"amount"`
	From    string      `json:"from,omitempty"` // empty where coins pay
	To      string      `json:"to"`
	Owner   string      `json:"to_owner,omitempty"` // whose token account To is, where that is known
	Tag     string      `json:"tag,omitempty"`
	Back    bool        `json:"to_this_vault"`
	Form    string      `json:"form,omitempty"` // of an address of the vault, where its key has several
	Allowed string      `json:"allowed_by"`     // a path of the vault, a flag, the record, or nobody
}

// AssetReport names a coin or a token.
type AssetReport struct {
	Symbol   string `json:"symbol"`
	Contract string `json:"contract,omitempty"`
	Decimals *int   `json:"decimals"` // null: not known
}

// FeeReport is what a transaction costs at most.
type FeeReport struct {
	Asset  AssetReport   `json:"asset"`
	Most   string        `json:"most"`
	Rate   string        `json:"rate,omitempty"`
	Payers []PayerReport `json:"payers,omitempty"` // none where coins pay
}

// PayerReport is who pays how much of a fee.
type PayerReport struct {
	Address string `json:"address"`
	Most    string `json:"most"`
	Others  bool   `json:"by_others"`
}

// TotalReport is what the batch pays to one recipient in one asset.
type TotalReport struct {
	Network string      `json:"network"`
	Asset   AssetReport `json:"asset"`
	To      string      `json:"to"` // empty: fees
	Owner   string      `json:"to_owner,omitempty"`
	Tag     string      `json:"tag,omitempty"`
	Back    bool        `json:"to_this_vault"`
	Others  bool        `json:"by_others"` // who sign elsewhere
	Amount  string      `json:"amount"`
	Files   int         `json:"files"`
}

// Report returns what a transaction does.
func Report(path string, t *tx.Transaction, v *tx.Verdict) FileReport {
	r := FileReport{
		Path: path, Form: t.Form, Chain: t.Chain.ID, Network: t.Network, Valid: t.Expiry.Text,
		Notes:   append([]string{}, t.Notes...),
		Effects: []EffectReport{},
	}
	if u := t.Unread; u != nil {
		r.Unread = &UnreadReport{u.What, u.Length, hex.EncodeToString(u.SHA256[:]), append([]string{}, u.Text...)}
	} else {
		r.Fee = FeeReport{Asset: asset(t.Fee.Asset), Most: t.Fee.Most.String(), Rate: t.Fee.Rate}
	}
	for _, p := range t.Fee.Payers {
		r.Fee.Payers = append(r.Fee.Payers, PayerReport{p.Address, p.Most.String(), !v.Pays(t, p.Address)})
	}
	if !t.Expiry.At.IsZero() {
		r.Expires = t.Expiry.At.UTC().Format(time.RFC3339)
	}
	for i := range t.Slots {
		s := &t.Slots[i]
		from := FromReport{Address: s.Address, Amount: number(s.Amount), Proven: s.Proof == tx.Proven}
		if k := v.Keys[i]; k != nil {
			from.Path = k.Path
		}
		r.From = append(r.From, from)
	}
	for i, e := range t.Effects {
		r.Effects = append(r.Effects, EffectReport{e.Kind, asset(e.Asset), number(e.Amount), e.From, e.To, e.Owner, e.Tag, v.Back[i], v.Forms[i], v.Payees[i]})
	}
	return r
}

// TotalReports returns the totals of the batch.
func (r *Review) TotalReports() []TotalReport {
	list := []TotalReport{}
	for _, t := range r.Batch.Totals() {
		list = append(list, TotalReport{t.Network, asset(t.Asset), t.To, t.Owner, t.Tag, t.Back, t.Others, t.Amount.String(), t.Files})
	}
	return list
}

func asset(a tx.Asset) AssetReport {
	r := AssetReport{Symbol: a.Symbol, Contract: a.Contract}
	if a.Known {
		r.Decimals = &a.Decimals
	}
	return r
}

func number(n *big.Int) string {
	if n == nil {
		return ""
	}
	return n.String()
}
