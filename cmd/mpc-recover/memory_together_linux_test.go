package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/internal/story"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// taproot are two coins of the vault, one at an address of BIP 86 and one at an
// address whose output key is the derived key.
const taproot = `txid,vout,amount,address
a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1,0,1,P2TR0
b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2,1,2,P2TR1
`

// While two holders sign, no root private key, no sum of their shares, no child private
// key and no share of the other is in the memory of either, nor in any file; and at the
// end nothing at all.
func TestMemoryOfTwoHolders(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can look into a process that is not dumpable")
	}
	story.Released(t)
	programs := story.Programs(t, "runtimesecret")
	dir := rescue(t)
	writeUnsigned(t, dir)
	if err := os.Remove(filepath.Join(dir, "unsigned", "eth.json")); err != nil {
		t.Fatal(err)
	}
	run := func(line string) (out struct {
		Record string `json:"code"`
		Review string `json:"review_code"`
	}) {
		t.Helper()
		args := strings.Fields(line)
		cmd := exec.Command(filepath.Join(programs, args[0]), append(args[1:], "--allow-network", "--allow-swap")...)
		cmd.Dir = dir
		text, err := cmd.Output()
		if err == nil && strings.HasSuffix(line, "--json") {
			err = json.Unmarshal(text, &out)
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		return out
	}
	coins := taproot
	for i, address := range taprootOf(t) {
		coins = strings.Replace(coins, []string{"P2TR0", "P2TR1"}[i], address, 1)
	}
	if err := os.WriteFile(filepath.Join(dir, "coins.csv"), []byte(coins), 0o600); err != nil {
		t.Fatal(err)
	}
	record := " --record record.txt --record-code " + run("mpc-backup record a.json b.json -o record.txt --json").Record
	run("mpc-derive make BTC --to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 --amount all --number rate=20 --coins coins.csv --addresses address.csv -o bill" + record)
	const batch = " --tx bill --tx unsigned --addresses address.csv --to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4 --to GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB"
	code := run("mpc-derive review" + strings.ReplaceAll(batch, "--tx ", "") + record + " --json").Review
	common := batch + record + " --expect " + code + " --allow-network --allow-swap"

	// The asker waits.
	asker := exec.Command(filepath.Join(programs, "mpc-recover"), strings.Fields("ceremony sign desk a.json --ask node-2-7D1723AE --passphrase-file a.txt -o signed"+common)...)
	asker.Dir = dir
	pty, said := onTerminal(t, asker)
	started, atEnd := make(chan int, 1), make(chan [][]byte, 1)
	var status unix.WaitStatus
	go func() {
		defer close(atEnd)
		status = atExitOf(t, asker, started, func(pid int) { atEnd <- writable(t, pid) })
	}()
	pid := <-started
	pty.Await("press Enter")
	pty.Settle()
	whole, both := newTrove(t), newTrove(t)
	both.list = nil // what must never be anywhere, and passwords, which are in their own files
	for _, k := range whole.list {
		if k.kind != "key shares" {
			both.list = append(both.list, k)
		}
	}
	addSums(t, both)
	waiting, other, own := newFinder(both.list), newFinder(sharesOf(whole, 1)), newFinder(sharesOf(whole, 0))
	held := false
	for _, piece := range writable(t, pid) {
		waiting.find(piece, func(k kept) { t.Errorf("while the asker waits it holds %s", k.what) })
		other.find(piece, func(k kept) { t.Errorf("while the asker waits it holds %s of the other", k.what) })
		own.find(piece, func(kept) { held = true })
	}
	if !held { // or finding nothing proves nothing
		t.Error("while the asker waits its own share is not found")
	}

	// The answerer answers, and ends.
	answerer := exec.Command(filepath.Join(programs, "mpc-recover"), strings.Fields("ceremony sign desk b.json --answer node-1-EA4212E8 --passphrase-file b.txt"+common)...)
	answerer.Dir = dir
	var told bytes.Buffer
	answerer.Stdout, answerer.Stderr = &told, &told
	never := newFinder(slices.Concat(whole.list, both.list))
	for _, piece := range memoryAtExit(t, answerer, &told) {
		never.find(piece, func(k kept) { t.Errorf("at its end the answerer holds %s", k.what) })
	}

	pty.Type("\n")
	for _, piece := range <-atEnd {
		never.find(piece, func(k kept) { t.Errorf("at its end the asker holds %s", k.what) })
	}
	<-atEnd
	if status.ExitStatus() != 0 {
		t.Fatalf("the asker ended with %#x: %s", status, said.String())
	}

	nowhere := newFinder(slices.DeleteFunc(both.list, func(k kept) bool { return k.kind == "passwords and passphrases" }))
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		nowhere.find(data, func(k kept) { t.Errorf("%s has %s", path, k.what) })
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// taprootOf returns the Taproot addresses of the vault's address book.
func taprootOf(t *testing.T) (list []string) {
	t.Helper()
	for field := range strings.SplitSeq(string(fixtures.Load("2of3").Books["address.csv"]), ",") {
		if strings.HasPrefix(field, "bc1p") {
			list = append(list, field)
		}
	}
	if len(list) != 2 {
		t.Fatalf("the address book has %d Taproot addresses", len(list))
	}
	return list
}

// sharesOf returns the spellings of the shares in the file of that number.
func sharesOf(v *trove, file int) (list []kept) {
	name := fixtures.Load("2of3").Files[file].Name
	for _, k := range v.list {
		if k.kind == "key shares" && strings.Contains(k.what, name) {
			list = append(list, k)
		}
	}
	if len(list) == 0 {
		v.t.Fatalf("no share of %s is known", name)
	}
	return list
}

// addSums adds the sum of the two shares on each curve.
func addSums(t *testing.T, v *trove) {
	t.Helper()
	sums := map[curve.Curve]*curve.Scalar{curve.Secp256k1: curve.Secp256k1.Scalar(), curve.Ed25519: curve.Ed25519.Scalar()}
	for _, f := range fixtures.Load("2of3").Files[:2] {
		sealed, err := formats.Parse(f.Name, f.Data, share.Pin{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sealed {
			x, err := open.Open(s, open.Passwords(secret.Copy(bytes.TrimSpace(f.Password))), open.Options{})
			if err != nil {
				t.Fatal(err)
			}
			sums[s.Curve].Add(s.Curve.ScalarFromBytes(x.Scalar().Bytes().Expose()))
		}
	}
	for c, sum := range sums {
		b := sum.Bytes()
		v.addNumber("sums of shares", "the sum of two shares on "+c.String(), b[:])
	}
}
