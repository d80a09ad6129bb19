package derive

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/tx"
)

// table is a CSV file with known columns, each at most once.
type table struct {
	file    *strict.File
	in      *strict.Reader
	columns []string
	line    int
}

// openTable reads the header. It fails if a column is not known, or one that is needed
// is not there.
func openTable(path string, known, needed []string) (*table, error) {
	file, err := strict.Open(path)
	if err != nil {
		return nil, err
	}
	t := &table{file: file, in: strict.NewReader(file)}
	if err := t.header(known, needed); err != nil {
		file.Close()
		if errors.Is(err, io.EOF) {
			err = errors.New("it is empty")
		}
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return t, nil
}

func (t *table) header(known, needed []string) error {
	row, _, err := t.in.Read()
	if err != nil {
		return err
	}
	for _, cell := range row {
		name := strings.ToLower(strings.TrimSpace(cell))
		if !slices.Contains(known, name) || slices.Contains(t.columns, name) {
			return fmt.Errorf("the column %.40q is not known, or is there twice", name)
		}
		t.columns = append(t.columns, name)
	}
	for _, name := range needed {
		if !slices.Contains(t.columns, name) {
			return fmt.Errorf("there is no column %q", name)
		}
	}
	return nil
}

// next returns the cells of the next row, by column.
func (t *table) next() (map[string]string, error) {
	row, line, err := t.in.Read()
	if err != nil {
		return nil, err
	}
	t.line = line
	if len(row) > len(t.columns) {
		return nil, fmt.Errorf("line %d: it has %d cells, and the header %d", line, len(row), len(t.columns))
	}
	cells := make(map[string]string, len(row))
	for i, cell := range row {
		cells[t.columns[i]] = strings.TrimSpace(cell)
	}
	return cells, nil
}

// planColumns are all that a plan may have.
func planColumns() []string {
	columns := append([]string{colChain}, transferFlags...)
	for _, c := range chains.All() {
		wants, _ := tx.Wants(c)
		for _, w := range wants {
			columns = append(columns, w.Name)
		}
	}
	slices.Sort(columns)
	return slices.Compact(columns)
}

// addPlan makes the transfers of the plan.
func (m *maker) addPlan(e *cli.Env) error {
	t, err := openTable(m.plan, planColumns(), []string{colChain, colTo, colAmount})
	if err != nil {
		return fmt.Errorf("--plan: %w", err)
	}
	defer t.file.Close()
	progress := cli.NewProgress(e, "transfers", 0)
	defer progress.Done()
	for {
		if err := e.Interrupt.Err(); err != nil {
			return err
		}
		cells, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("--plan %q: %w", m.plan, err)
		}
		if err := m.add(e, cells, filepath.Dir(m.plan), fmt.Sprintf("%06d-", t.line)); err != nil {
			return fmt.Errorf("--plan %q, line %d: %w", m.plan, t.line, err)
		}
		progress.Add(1)
	}
	if m.files == 0 {
		return fmt.Errorf("--plan %q has no transfer", m.plan)
	}
	return nil
}

// coinList is a list of coins of a chain.
type coinList struct {
	chain *chains.Chain
	path  string
}

// coinsOf returns the coins of a list that an order may spend: those of the address
// that pays, or all.
func (m *maker) coinsOf(o *tx.Order, folder, name string) ([]tx.Unspent, error) {
	path := name
	if m.plan != "" {
		var err error
		if path, err = beside(folder, name); err != nil {
			return nil, fmt.Errorf("coins: %w", err)
		}
	}
	list := coinList{o.Chain, path}
	if m.coins[list] == nil {
		byAddress, err := readCoins(list)
		if err != nil {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("coins: %w", err))
		}
		m.coins[list] = byAddress
	}
	if o.From == "" {
		return m.coins[list][everybody], nil
	}
	from, _ := tx.Written(o.Chain, o.From)
	coins := m.coins[list][from]
	if len(coins) == 0 {
		return nil, fmt.Errorf("there is no coin of %.100q in %q", o.From, path)
	}
	return coins, nil
}

// everybody is the address, which is none, that all coins are under.
const everybody = ""

// readCoins reads a list of coins, by their addresses.
func readCoins(list coinList) (map[string][]tx.Unspent, error) {
	coin, ok := tx.Coin(list.chain)
	if !ok {
		return nil, fmt.Errorf("%s spends no coins", list.chain.Name)
	}
	needed := []string{"txid", "vout", "amount", "address"}
	t, err := openTable(list.path, append(needed, "previous"), needed)
	if err != nil {
		return nil, err
	}
	defer t.file.Close()
	byAddress, err := t.coins(&coin, list)
	if err != nil {
		return nil, fmt.Errorf("%q, line %d: %w", list.path, t.line, err)
	}
	if len(byAddress) == 0 {
		return nil, fmt.Errorf("%q has no coins", list.path)
	}
	return byAddress, nil
}

// coins reads the rows of a list of coins.
func (t *table) coins(coin *tx.Asset, list coinList) (map[string][]tx.Unspent, error) {
	byAddress := make(map[string][]tx.Unspent)
	seen := make(map[string]int)
	for {
		cells, err := t.next()
		if errors.Is(err, io.EOF) {
			return byAddress, nil
		}
		var u tx.Unspent
		if err == nil {
			u, err = readCoin(coin, list, cells)
		}
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("%s:%d", u.TxID, u.Vout)
		if other := seen[name]; other != 0 {
			return nil, fmt.Errorf("line %d has that coin already", other)
		}
		seen[name] = t.line
		address, ok := tx.Written(list.chain, u.Address)
		if !ok {
			return nil, fmt.Errorf("%.100q is not an address of %s", u.Address, list.chain.Name)
		}
		u.Address = address
		byAddress[everybody] = append(byAddress[everybody], u)
		byAddress[u.Address] = append(byAddress[u.Address], u)
	}
}

func readCoin(coin *tx.Asset, list coinList, cells map[string]string) (u tx.Unspent, err error) {
	u = tx.Unspent{TxID: strings.ToLower(cells["txid"]), Address: cells["address"]}
	vout, err := strconv.ParseUint(cells["vout"], 10, 32)
	if err != nil {
		return u, fmt.Errorf("vout: %.40q is not a number", cells["vout"])
	}
	u.Vout = uint32(vout)
	if u.Amount, err = coin.ParseAmount(cells["amount"]); err != nil {
		return u, err
	}
	u.Previous, err = readPrevious(filepath.Dir(list.path), cells["previous"])
	return u, err
}

// readPrevious reads a transaction in hex, from a cell or a file that it names.
func readPrevious(folder, cell string) ([]byte, error) {
	if b, err := hex.DecodeString(cell); err == nil {
		return b, nil
	}
	path, err := beside(folder, cell)
	if err != nil {
		return nil, fmt.Errorf("previous: it is neither hex nor the name of a file: %w", err)
	}
	data, err := strict.ReadFile(path, tx.MaxSize)
	if err != nil {
		return nil, fmt.Errorf("previous: %w", err)
	}
	b, err := hex.DecodeString(strings.TrimSpace(string(data)))
	if err != nil {
		return nil, fmt.Errorf("previous: %q is not hex", path)
	}
	return b, nil
}

// beside returns the path of a file that a cell names.
func beside(folder, name string) (string, error) {
	if name == "" || name != filepath.Base(name) || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%.100q should be the name of a file in the folder %q", name, folder)
	}
	return filepath.Join(folder, name), nil
}
