package derive

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/tx"
)

// FuzzAddressList: what is read of a list is cells of it, without the blanks
// around them, and an error is short and shows nothing of it.
func FuzzAddressList(f *testing.F) {
	for _, s := range []string{
		"", "\n\n", "bc1q\n0xabc\n", "\xef\xbb\xbfaddress\r\nbc1q\r\n", "wallet name,coin,Address,memo\nA,BTC, bc1q ,\n\nB,ETH\n", "coin;address\nBTC;bc1q\n",
		"address\n", `"address` + "\nbc1q\n", `"a""b",c` + "\n", strings.Repeat("x", 1<<17), "\x00\n", "\xff\xfe\n", "address,address\nq,r\n",
		"bc1q, 0xabc\n", "bc1q;0xabc;\r\n", "\r0\n0", "address\nq\nADDRESS\nr\n", "address\nq\nx,address\n", "\"a\nb\"\n", "\xff\xfea\x00\n\x00", "a\x00d\x00d\x00r\x00e\x00s\x00s\x00\n\x00q\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := parseAddresses(bytes.NewReader(data))
		if (err == nil) != (len(list) > 0) || len(list) > maxTargets {
			t.Fatalf("%d addresses: %v", len(list), err)
		}
		if err != nil && len(err.Error()) > 500 {
			t.Errorf("error %v", err)
		}
		if strict.Unmarked(data) != nil || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
			return // UTF-16
		}
		bare := bytes.ReplaceAll(data, []byte(`"`), nil)
		for _, a := range list {
			if a == "" || a != strings.TrimSpace(a) || strings.ContainsAny(a, "\n") || !bytes.Contains(bare, []byte(strings.ReplaceAll(a, `"`, ""))) {
				t.Errorf("address %q", a)
			}
		}
	})
}

// FuzzPathRange: a range is a path, or a path and a star for so many indexes
// below it, none of them hardened.
func FuzzPathRange(f *testing.F) {
	for _, s := range []string{"m", "m/*", "m/44/60/0/0/*", "44/0/*", "*", "/*", "m/*/*", "m/44'/*", "m/7", ""} {
		f.Add(s, uint32(0), uint32(5))
		f.Add(s, uint32(1<<31-2), uint32(2))
		f.Add(s, uint32(1<<31-1), uint32(2))
	}
	f.Fuzz(func(t *testing.T, text string, from, count uint32) {
		flags := &addressFlags{from: from, count: count}
		r, err := flags.pathRange(new(cli.Flags), text)
		base, star := strings.CutSuffix(text, "/*")
		parent, refused := derive.ParsePath(base)
		within := !star || uint64(from)+uint64(count) <= 1<<31
		if (err == nil) != (refused == nil && within) {
			t.Fatalf("%q from %d, %d times: %v", text, from, count, err)
		}
		if err != nil || star && count == 0 {
			return
		}
		first, last := r.paths(0)[0], r.paths(r.count - 1)[0]
		if star {
			if want := append(parent[:len(parent):len(parent)], from); first.String() != want.String() {
				t.Errorf("%q begins with %v, not %v", text, first, want)
			}
			parent = append(parent, from+count-1)
		}
		if last.String() != parent.String() {
			t.Errorf("%q ends with %v, not %v", text, last, parent)
		}
	})
}

// FuzzPlan: of a row of a plan something is made that was ordered, or nothing.
func FuzzPlan(f *testing.F) {
	const head = "chain,from,to,asset,amount,fee,nonce,gas,gas-price,sequence,last-ledger\n"
	for _, s := range []string{
		"", head, head + "ETH,0x5449952146f1cd773E96c87F0B9858072BFAFA23,0x3535353535353535353535353535353535353535,,1.5,,5,21000,20,,\n",
		head + "XRP,rNenzsrwog3rJMYaxm4QJn5UcQZjdkx19q,rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY:7,,1.5,,,,,7,99000000\n",
		"chain;to;amount\nSOL;x;all\n", "chain,chain\n", "chain,to,amount\nETH\n", "chain,to,amount\n\"ETH\n", "\xff\xfe", "chain,to,amount\nETH,,-1,\n",
	} {
		f.Add([]byte(s))
	}
	known := planColumns()
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &table{in: strict.NewReader(bytes.NewReader(data))}
		if in.header(known, []string{colChain, colTo, colAmount}) != nil {
			return
		}
		m := &maker{makeFlags: new(makeFlags), tokens: new(tx.Tokens)}
		for {
			cells, err := in.next()
			if err != nil {
				break
			}
			delete(cells, tx.WantCoins) // names a file
			o, err := m.order(cells, "")
			if err != nil {
				continue
			}
			drafts, err := tx.Make(o)
			if err == nil && (len(drafts) == 0 || o.Amount == nil || o.Amount.Sign() < 0) {
				t.Errorf("%d transactions of %v", len(drafts), cells)
			}
			if err != nil && (strings.HasPrefix(err.Error(), "internal error") || len(err.Error()) > 1000) {
				t.Errorf("%v: %v", cells, err)
			}
		}
	})
}

// FuzzCoins: every coin is listed once, and again under its address.
func FuzzCoins(f *testing.F) {
	const head = "txid,vout,amount,address,previous\n"
	txid := strings.Repeat("11", 32)
	for _, s := range []string{
		"", head, head + txid + ",0,1.5,bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4,\n", head + txid + ",4294967296,1,bc1q,\n",
		head + txid + ",0,1,BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4,00\n" + txid + ",0,1,bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4,00\n",
		"address;amount;vout;txid\n", head + "x,0,-1,1BgGZ9tcN4rm9KBzDn7KprQz87SZ26SAMH,00\n", head + "x,0,1,,../x\n",
	} {
		f.Add([]byte(s))
	}
	chain, _ := chains.Lookup("BTC")
	coin, _ := tx.Coin(chain)
	f.Fuzz(func(t *testing.T, data []byte) {
		in := &table{in: strict.NewReader(bytes.NewReader(data))}
		if in.header([]string{"txid", "vout", "amount", "address", "previous"}, []string{"txid", "vout", "amount", "address"}) != nil {
			return
		}
		byAddress, err := in.coins(&coin, coinList{chain, filepath.Join(t.TempDir(), "coins.csv")})
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		n := 0
		for address, list := range byAddress {
			for i := range list {
				switch u := &list[i]; {
				case address == everybody:
					name := fmt.Sprint(u.TxID, u.Vout)
					if seen[name] || u.Amount.Sign() < 0 {
						t.Errorf("the coin %+v is there twice, or holds less than nothing", u)
					}
					seen[name] = true
				case u.Address != address:
					t.Errorf("the coin %+v is under %s", u, address)
				default:
					n++
				}
			}
		}
		if n != len(seen) {
			t.Errorf("%d coins, of which %d have an address", len(seen), n)
		}
	})
}
