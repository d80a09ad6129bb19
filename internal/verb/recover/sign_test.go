package recover_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btcsuite/btcd/wire"

	"lifeboat/fixtures"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/recover"
)

// demoHere lays out the vault demo in a new working directory, and returns the flags
// that name it.
func demoHere(t testing.TB) (holders, vault string) {
	t.Helper()
	t.Chdir(t.TempDir())
	v := fixtures.Load("demo")
	files := map[string][]byte{"address.csv": v.Books["address.csv"], "roots.txt": nil}
	for _, g := range v.Expected.Groups {
		files["roots.txt"] = append(files["roots.txt"], g.RootXpub+"\n"...)
	}
	for _, f := range v.Files[:2] {
		files[f.Name], files[f.Name+".txt"] = f.Data, f.Password
		holders += " " + f.Name + " --passphrase-file " + f.Name + ".txt"
	}
	for name, data := range files {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return holders, " --xpub roots.txt --addresses address.csv --allow-network --allow-swap"
}

func runLine(program *cli.Program, line string) (code int, stdout, stderr string) {
	var out, said bytes.Buffer
	code = program.Run(&cli.Env{Stdout: &out, Stderr: &said}, strings.Fields(line))
	return code, out.String(), said.String()
}

// writeETH writes unsigned transfers of the account m/44/60/0/0/0 of the vault demo,
// one for each of its next n transactions.
func writeETH(t testing.TB, dir string, n int) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		text := fmt.Sprintf(`{"from":"0x5449952146f1cd773E96c87F0B9858072BFAFA23","to":%q,"chainId":1,"nonce":%d,"gas":21000,"maxFeePerGas":"0x77359400","maxPriorityFeePerGas":1,"value":"1000000000000000"}`, payee, i)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.json", i)), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const payee = "0x3535353535353535353535353535353535353535"

// One bad file among 10,000, the last one (of 500 with -short): nothing is signed, and no
// password is asked for.
func TestOneOfManyIsBad(t *testing.T) {
	holders, vault := demoHere(t)
	n := 10_000
	if testing.Short() {
		n = 500
	}
	writeETH(t, "many", n)
	bad := filepath.Join("many", fmt.Sprintf("%05d.json", n-1))
	text, err := os.ReadFile(bad)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(bad, bytes.Replace(text, []byte(payee), []byte("0x3535353535353535353535353535353535353536"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	shares := strings.Join(slices.DeleteFunc(strings.Fields(holders), func(f string) bool { return !strings.HasSuffix(f, ".json") }), " ")
	code, stdout, stderr := runLine(recover.Program(), "sign "+shares+" --tx many --to "+payee+" --expect "+strings.Repeat("0", 32)+" -o out"+vault)
	if code != cli.Refused || !strings.Contains(stderr, bad) || !strings.Contains(stderr, "to whom nobody allowed it") {
		t.Errorf("exit status %d: %s%s", code, stdout, stderr)
	}
	if _, err := os.Stat("out"); !os.IsNotExist(err) {
		t.Errorf("there is an output: %v", err)
	}
}

// reviewed returns the review code of what is in a folder.
func reviewed(t testing.TB, dir, flags string) string {
	t.Helper()
	code, stdout, stderr := runLine(derive.Program(), "review "+dir+flags)
	_, text, ok := strings.Cut(stdout, "Review code: ")
	if code != 0 || !ok {
		t.Fatalf("exit status %d: %s", code, stderr)
	}
	return strings.TrimSpace(text)
}

// meddler is a terminal at which the review code is typed while somebody changes a
// file that was reviewed.
type meddler struct {
	prompt.Terminal
	code   string
	meddle func()
}

func (m *meddler) Line(string) (string, error) {
	m.meddle()
	return m.code, nil
}

func (m *meddler) Close() error { return nil }

// A file that is changed between the review and its signature stops the run, and
// nothing stays written, be it good by itself.
func TestChangedAfterReview(t *testing.T) {
	holders, vault := demoHere(t)
	writeETH(t, "few", 3)
	vault += " --to " + payee
	last := filepath.Join("few", "00002.json")
	text, err := os.ReadFile(last)
	if err != nil {
		t.Fatal(err)
	}
	for name, changed := range map[string][]byte{
		"another amount": bytes.Replace(text, []byte(`"1000000000000000"`), []byte(`"2000000000000000"`), 1),
		"a blank":        append([]byte(" "), text...),
		"another nonce":  bytes.Replace(text, []byte(`"nonce":2`), []byte(`"nonce":3`), 1),
	} {
		m := &meddler{code: reviewed(t, "few", vault), meddle: func() {
			if err := os.WriteFile(last, changed, 0o600); err != nil {
				t.Fatal(err)
			}
		}}
		var stdout, stderr bytes.Buffer
		env := &cli.Env{Stdout: &stdout, Stderr: &stderr, Terminal: func() (prompt.Terminal, error) { return m, nil }}
		code := recover.Program().Run(env, strings.Fields("sign"+holders+" --tx few"+vault+" -o out"))
		if code != cli.Refused || !strings.Contains(stderr.String(), "was changed after it was reviewed") {
			t.Errorf("%s: exit status %d: %s", name, code, stderr.String())
		}
		if left, err := filepath.Glob("*out*"); len(left) > 0 || err != nil {
			t.Errorf("%s: there is an output: %q, %v", name, left, err)
		}
		if err := os.WriteFile(last, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// BenchmarkSign signs 10,000 coins of p2wpkh, each with the transaction that it comes
// from, in 7 transactions: signatures a second, from the first byte to the last file,
// with the review and the opening of shares.
//
//	go test -run - -bench Sign/ -benchtime 1x ./internal/verb/recover
func BenchmarkSign(b *testing.B) {
	holders, vault := demoHere(b)
	for _, batch := range []struct {
		name string
		make func(dir string)
	}{
		{"coins", func(dir string) { writeCoins(b, dir, 10_000, 1_470) }},
		{"files", func(dir string) { writeETH(b, dir, 2_000) }},
	} {
		b.Run(batch.name, func(b *testing.B) {
			batch.make(batch.name)
			vault := vault + " --to " + payee + " --to bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
			line := "sign" + holders + " --tx " + batch.name + vault + " -o out --expect " + reviewed(b, batch.name, vault)
			for b.Loop() {
				if code, _, stderr := runLine(recover.Program(), line); code != 0 {
					b.Fatalf("exit status %d: %s", code, stderr)
				}
				if err := os.RemoveAll("out"); err != nil {
					b.Fatal(err)
				}
			}
			n := map[string]int{"coins": 10_000, "files": 2_000}[batch.name]
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "signatures/s")
		})
	}
}

// writeCoins writes transactions that spend n coins of m/84/0/0/0/0, most in each.
func writeCoins(t testing.TB, dir string, n, most int) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	unhex := func(text string) []byte {
		script, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		return script
	}
	ours, theirs := unhex("0014a04cf0b2b9e8ae8479b897a060c34cfc570395f0"), unhex("0014751e76e8199196d454941c45d1b3a323f1433bd6")
	const value = 100_000
	for first := 0; first < n; first += most {
		var file struct {
			Hex      string   `json:"hex"`
			Previous []string `json:"previous"`
		}
		spend := wire.NewMsgTx(2)
		for i := first; i < min(n, first+most); i++ {
			coin := wire.NewMsgTx(2)
			coin.AddTxIn(wire.NewTxIn(&wire.OutPoint{Index: uint32(i)}, nil, nil))
			coin.AddTxOut(wire.NewTxOut(value, ours))
			hash := coin.TxHash()
			spend.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&hash, 0), nil, nil))
			file.Previous = append(file.Previous, serialized(t, coin))
		}
		spend.AddTxOut(wire.NewTxOut(int64(len(spend.TxIn))*value*995/1000, theirs))
		file.Hex = serialized(t, spend)
		data, err := json.Marshal(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%05d.json", first)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func serialized(t testing.TB, m *wire.MsgTx) string {
	t.Helper()
	var b bytes.Buffer
	if err := m.SerializeNoWitness(&b); err != nil {
		t.Fatal(err)
	}
	return hex.EncodeToString(b.Bytes())
}
