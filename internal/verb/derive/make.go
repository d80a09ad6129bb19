package derive

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"lifeboat/chains"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/moving"
	"lifeboat/tx"
)

var makeVerb = cli.Verb{
	Name:    "make",
	Summary: "unsigned transfers, from numbers that stand on an explorer",
	Usage: `Usage: mpc-derive make CHAIN
       mpc-derive make CHAIN --from A --to A[:TAG] --amount N|all [--number NAME=VALUE]… -o DIR
       mpc-derive make --plan CSV -o DIR

Makes unsigned transactions where no watch-only tool is at hand. It has no network:
what a chain wants to know, such as the nonce of an account, is typed off an explorer.
"make CHAIN" lists what that is, and where it stands. Each transaction is read back
before it is written, and does what was asked for and nothing else. Then review it,
and sign it, as any other.

Amounts are in the usual unit, as in 0.015. Nothing is rounded, and no fee that matters
has a default. On Bitcoin and its kin there is no change: spend all of the coins, or
just as many as the amount and the fee together.

  --from ADDRESS          the account that pays; of coins, only those of this address
  --to ADDRESS[:TAG]      who is paid, with a destination tag or memo
  --amount N|all          how much; "all" is for chains that spend coins, less the fee
  --asset TOKEN           a token, by its contract or symbol in the list of --tokens
  --tokens CSV            tokens: columns chain, contract, symbol, decimals
  --fee N                 the most that it may cost, in the chain's coin
  --coins CSV             the coins: columns txid, vout, amount, address, previous, the last
                          being the transaction that made it, in hex, or a file beside the CSV
  --number NAME=VALUE     what else the chain wants (repeatable)
  --plan CSV              a transfer a row: columns chain, from, to, asset, amount, fee, coins,
                          and one for each number; coins names a file beside the plan
  -o, --output DIR        the new folder for the transactions; their names begin with the
                          line of the plan

Whose vault, to check that those who pay are its own; some chains want their public keys:
` + vaultHelp + `  --addresses CSV         the exported address book

Example:
  mpc-derive make ETH --from 0x5449… --to 0x3535… --amount 1.5 --number nonce=5 --number gas=21000 \
    --number max-price=30 --number tip=1 -o unsigned
`,
	Prepare: prepareMake,
}

// The columns of a plan that are no number. All but the chain are flags.
const (
	colChain  = "chain"
	colFrom   = "from"
	colTo     = "to"
	colAsset  = "asset"
	colAmount = "amount"
)

var transferFlags = []string{colFrom, colTo, colAsset, colAmount, tx.WantFee, tx.WantCoins}

type makeFlags struct {
	vault                           vaultFlags
	addresses, tokens, plan, output string

	cells map[string]string // of the command line, by column
}

func prepareMake(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := makeFlags{cells: make(map[string]string)}
	for _, name := range transferFlags {
		set.String(name, "", "")
	}
	numbers := set.StringArray("number", nil, "")
	set.StringVar(&f.addresses, "addresses", "", "")
	set.StringVar(&f.tokens, "tokens", "", "")
	set.StringVar(&f.plan, "plan", "", "")
	set.StringVarP(&f.output, "output", "o", "", "")
	f.vault.define(set)
	set.Reads("addresses", "tokens", "plan", "coins")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	for _, name := range transferFlags {
		f.cells[name] = set.Lookup(name).Value.String()
	}
	one := slices.ContainsFunc(transferFlags, set.Changed) || len(*numbers) > 0
	switch {
	case set.NArg() > 1 || set.NArg() == 1 && f.plan != "" || f.plan != "" && one:
		return nil, set.Misuse("give one CHAIN and its transfer, or a --plan, which has them in its rows")
	case set.NArg() == 0 && f.plan == "":
		return nil, set.Misuse("no CHAIN, and no --plan")
	case f.plan == "" && !one:
		return prepareWants(set, set.Arg(0))
	case f.output == "":
		return nil, set.Misuse("no -o, the new folder for what is made")
	case f.vault.given() != (f.addresses != ""):
		return nil, set.Misuse("--addresses and --record or --xpub go together: they say whose addresses are whose")
	}
	if err := f.vault.Check(set); err != nil {
		return nil, err
	}
	for _, text := range *numbers {
		name, value, ok := strings.Cut(text, "=")
		if _, fixed := f.cells[name]; !ok || fixed || name == colChain || value == "" {
			return nil, set.Misuse("--number %.40q is not NAME=VALUE, comes twice, or has a flag of its own", text)
		}
		f.cells[name] = value
	}
	if f.plan == "" {
		if _, err := addresses.Chain(set.Arg(0)); err != nil {
			return nil, err
		}
		f.cells[colChain] = set.Arg(0)
	}
	var reads []string
	for _, path := range []string{f.plan, f.cells[tx.WantCoins]} {
		if path != "" {
			reads = append(reads, filepath.Dir(path)) // what its cells name is there
		}
	}
	return &cli.Plan{Reads: reads, Outputs: []string{f.output}, Run: func(e *cli.Env, _ *cli.Conditions) error {
		return f.make(e, set)
	}}, nil
}

// prepareWants lists what a transfer needs.
func prepareWants(set *cli.Flags, id string) (*cli.Plan, error) {
	chain, err := addresses.Chain(id)
	if err != nil {
		return nil, err
	}
	wants, ok := tx.Wants(chain)
	if !ok {
		return nil, cli.Fail(cli.Usage, fmt.Errorf("transfers on %s cannot be made here", chain.Name), "docs/signing.md says by what program, and how they are signed")
	}
	return &cli.Plan{Run: func(e *cli.Env, _ *cli.Conditions) error {
		var b strings.Builder
		choice := tx.OneOf(chain)
		columns := []string{colChain, colFrom, colTo, colAsset, colAmount, tx.WantFee}
		fmt.Fprintf(&b, "A transfer on %s needs --from, --to and --amount, and:\n", chain.Name)
		for _, w := range wants {
			flag := "--number " + w.Name + "=…"
			if slices.Contains(transferFlags, w.Name) {
				flag = "--" + w.Name
			}
			if !slices.Contains(columns, w.Name) {
				columns = append(columns, w.Name)
			}
			switch {
			case slices.ContainsFunc(choice, func(all []string) bool { return slices.Contains(all, w.Name) }):
				flag += " (one of these is needed: " + either(choice) + ")"
			case w.Optional:
				flag += " (may be left out)"
			}
			fmt.Fprintf(&b, "\n  %s\n      %s\n      where: %s\n", flag, w.What, w.Where)
		}
		if tx.MakesTokens(chain) {
			b.WriteString("\nA token is named by --asset, and --tokens CSV has it: columns chain,contract,symbol,decimals\n")
		}
		fmt.Fprintf(&b, "\nThe columns of a plan: %s\n", strings.Join(columns, ","))
		_, err := io.WriteString(e.Stdout, b.String())
		return err
	}}, nil
}

// either names lists of which one is needed.
func either(lists [][]string) string {
	var names []string
	for _, all := range lists {
		names = append(names, phrase.And(all))
	}
	return strings.Join(names, ", or ")
}

// maker makes transfers, and remembers what they have in common.
type maker struct {
	*makeFlags
	now    time.Time
	tokens *tx.Tokens
	keys   *tx.Keys // nil if nothing says whose they are
	coins  map[coinList]map[string][]tx.Unspent
	claims map[string]string // what a chain accepts once, and the transfer that uses it
	out    cli.Outputs
	files  int
}

func (f *makeFlags) make(e *cli.Env, set *cli.Flags) error {
	m := &maker{makeFlags: f, now: set.Date(), coins: make(map[coinList]map[string][]tx.Unspent), claims: make(map[string]string)}
	m.out.Folder = f.output
	var err error
	if m.tokens, err = moving.Tokens(f.tokens); err != nil {
		return err
	}
	if f.vault.given() {
		roots, _, err := f.vault.read(e)
		if err != nil {
			return err
		}
		m.keys = new(tx.Keys)
		if err := moving.AddBook(e, m.keys, f.addresses, roots); err != nil {
			return err
		}
	}
	if f.plan == "" {
		err = m.add(e, f.cells, filepath.Dir(f.cells[tx.WantCoins]), "")
		if told := (*cli.Error)(nil); !errors.As(err, &told) {
			err = cli.Fail(cli.Usage, err, "mpc-derive make "+f.cells[colChain]+" lists what it needs")
		}
	} else {
		err = m.addPlan(e)
	}
	if err != nil {
		return err
	}
	if err := m.out.Write(e); err != nil {
		return err
	}
	e.Note("unsigned transactions in %q: %d; review them, and compare every recipient with a source of your own", f.output, m.files)
	return nil
}

// add makes a transfer. folder is where its coins are, and prefix begins the names of
// its files; it is empty if there is no plan.
func (m *maker) add(e *cli.Env, cells map[string]string, folder, prefix string) error {
	o, err := m.order(cells, folder)
	if err != nil {
		return err
	}
	drafts, err := tx.Make(o)
	if errors.Is(err, tx.ErrUnsafe) {
		return cli.Fail(cli.Refused, err)
	}
	if err != nil {
		return err
	}
	for i, d := range drafts {
		name := prefix + o.Chain.ID
		if len(drafts) > 1 {
			name += fmt.Sprintf("-%0*d", len(fmt.Sprint(len(drafts))), i+1)
		}
		name += "." + d.Ext
		for _, claim := range d.Read.Claims {
			if other, taken := m.claims[claim]; taken {
				return cli.Fail(cli.Refused, fmt.Errorf("%s is used by %s as well: only one of the two would count", claim, other))
			}
			m.claims[claim] = name
		}
		if high := d.Read.Fee.High; high != "" {
			e.Warn("%s: the fee is unusual, and signing needs --max-fee: %s", name, high)
		}
		for _, doubt := range d.Read.Doubts(m.now) {
			e.Warn("%s: the review will refuse it as it is: %v", name, doubt)
		}
		m.out.Add(name, d.Data)
		m.files++
	}
	return nil
}

// order returns what the cells of a transfer mean.
func (m *maker) order(cells map[string]string, folder string) (*tx.Order, error) {
	o := &tx.Order{Numbers: make(map[string]string), Now: m.now}
	var ok bool
	if o.Chain, ok = chains.Lookup(cells[colChain]); !ok {
		return nil, fmt.Errorf("unknown chain %.40q", cells[colChain])
	}
	for name, value := range cells {
		if name != colChain && !slices.Contains(transferFlags, name) && value != "" {
			o.Numbers[name] = value
		}
	}
	coin, ok := tx.Coin(o.Chain)
	if !ok {
		return nil, fmt.Errorf("transfers on %s cannot be made here", o.Chain.Name)
	}
	var err error
	if o.Asset = coin; cells[colAsset] != "" {
		if o.Asset, err = moving.FindToken(m.tokens, o.Chain, cells[colAsset]); err != nil {
			return nil, err
		}
	}
	if o.To, o.Tag, err = payee(o.Chain, cells[colTo]); err != nil {
		return nil, err
	}
	switch amount := cells[colAmount]; amount {
	case "":
		return nil, errors.New("how much? there is no amount")
	case "all":
	default:
		if o.Amount, err = o.Asset.ParseAmount(amount); err != nil {
			return nil, err
		}
	}
	if fee := cells[tx.WantFee]; fee != "" {
		if o.Fee, err = coin.ParseAmount(fee); err != nil {
			return nil, err
		}
	}
	o.From = cells[colFrom]
	if list := cells[tx.WantCoins]; list != "" {
		if o.Coins, err = m.coinsOf(o, folder, list); err != nil {
			return nil, err
		}
	}
	return o, m.own(o)
}

// payee reads ADDRESS or ADDRESS:TAG, of a script as well as of a key.
func payee(chain *chains.Chain, text string) (address, tag string, err error) {
	if _, ok := chain.OutputScript(text); ok {
		return text, "", nil
	}
	address, tag, ok := chain.CutAddress(text)
	switch {
	case text == "":
		return "", "", errors.New("who is paid? there is no recipient")
	case !ok:
		return "", "", fmt.Errorf("%.100q is not an address of %s", text, chain.Name)
	}
	return address, tag, nil
}

// own checks that those who pay are of the vault, if it is known, and finds the public
// key of the account.
func (m *maker) own(o *tx.Order) error {
	if m.keys == nil {
		return nil
	}
	payers := []string{o.From}
	for _, c := range o.Coins {
		payers = append(payers, c.Address)
	}
	for _, address := range slices.DeleteFunc(payers, func(a string) bool { return a == "" }) {
		key, _ := m.keys.Find(o.Chain, address)
		if key == nil {
			return cli.Fail(cli.Mismatch, fmt.Errorf("%.100q, which should pay, is not an address of this vault on %s, as far as the address book says", address, o.Chain.Name),
				fmt.Sprintf(`if the book lacks it, look for its path with "mpc-derive find roots.txt %.100q -o more.csv", and add that row to the book, here and on the machine that signs`, address))
		}
		if address == o.From {
			o.Public = &key.Public
		}
	}
	return nil
}
