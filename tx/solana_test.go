package tx_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"lifeboat/fixtures"
	"lifeboat/internal/base58"
	"lifeboat/internal/signature"
	"lifeboat/tx"
)

// Who is in the vectors of Solana.
const (
	solanaVault   = "H4JcMPicKkHcxxDjkyyrLoQj7Kcibd9t815ak4UvTr9M"
	solanaPayee   = "FLCbA5rPHLmgEeQSg1CiewVizRGw6Gy5MXc1m17HyxUG"
	solanaHot     = "GFKfRLPKHYRyARLSTc4p94vukKPMFAkSrQT5j55WYoy2"
	solanaNonce   = "92CudvFbL7Tyw2RkWC7NU1ehdNBSjy8FEG1TsJaN8wgz"
	solanaUSDC    = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
	solanaPayeeAt = "5YZ3vCnsWywxJFGWhaiyAjjjwgSFrRcMKPPXczajtmvj" // the payee's account of it
)

// solanaRow is the vector with that name.
func solanaRow(t *testing.T, name string) []string {
	t.Helper()
	return row(t, "tx/solana.tsv", name)
}

// unbase64 is for files that are known to be in base 64.
func unbase64(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// solanaSigned finishes with the signatures of the test's key.
func solanaSigned(t *testing.T, x *tx.Transaction) *tx.Signed {
	t.Helper()
	list := make([]*signature.Signature, len(x.Slots))
	for i := range x.Slots {
		if x.Slots[i].Signing != nil {
			list[i] = sign(t, testKey, x.Slots[i].Signing)
		}
	}
	got, err := x.Finish(list)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// shortLived reads and judges with the test's key, however short it lives.
func shortLived(t *testing.T, file string, payees ...tx.Payee) (*tx.Transaction, *tx.Verdict, error) {
	t.Helper()
	p := tx.Policy{Keys: keysOf(t, testKey, "SOL"), Now: noon, ShortLived: true, Payees: payees}
	x, err := (&tx.Reader{Known: p.Keys.Knows}).Read([]byte(file))
	if err != nil {
		return nil, nil, err
	}
	v, err := p.Judge(x)
	return x, v, err
}

func TestSolanaIsAsWeb3HasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/solana.tsv") {
		t.Run(row[0], func(t *testing.T) {
			files := []string{row[2], row[2] + "\n"}
			if b, err := base58.Decode(nil, row[2]); err == nil {
				files = append(files, string(b), base64.StdEncoding.EncodeToString(b))
			} else {
				b := unbase64(t, row[2])
				files = append(files, string(b), string(base58.Encode(nil, b)))
			}
			for i, file := range files {
				x, v, err := shortLived(t, file)
				if err != nil {
					t.Fatalf("form %d: %v", i, err)
				}
				mine := slices.IndexFunc(v.Keys, func(k *tx.Key) bool { return k != nil })
				if x.Slots[mine].Address != row[1] {
					t.Errorf("%s signs, want %s", x.Slots[mine].Address, row[1])
				}
				got := solanaSigned(t, x)
				text, id := row[3], row[4]
				if id == "-" {
					id = ""
				}
				if row[5] == "open" {
					text = ""
				}
				if string(got.Data) != row[3] || got.Text != text || got.ID != id {
					t.Errorf("form %d: signed\n%+v, want\n%q, %s", i, got, row[3], id)
				}
				if b := unbase64(t, row[3]); len(got.Parts) == 0 || !slices.Contains(got.Parts, row[1]+"="+string(base58.Encode(nil, b[1+64*mine:65+64*mine]))) {
					t.Errorf("form %d: the parts are %q", i, got.Parts)
				}
				_, _, err = shortLived(t, string(got.Data))
				if row[5] == "open" && err != nil || row[5] == "complete" && (err == nil || !strings.Contains(err.Error(), "signed already")) {
					t.Errorf("form %d: what comes out is read with %v", i, err)
				}
			}
		})
	}
}

func TestSolanaEffects(t *testing.T) {
	read := func(name string, payees ...tx.Payee) *tx.Transaction {
		t.Helper()
		x, _, err := shortLived(t, solanaRow(t, name)[2], payees...)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	fee := func(x *tx.Transaction, want int64, payer string) {
		t.Helper()
		if x.Fee.Most.Int64() != want || len(x.Fee.Payers) != 1 || x.Fee.Payers[0].Address != payer || x.Fee.Payers[0].Most.Cmp(x.Fee.Most) != 0 || x.Fee.High != "" {
			t.Errorf("the fee is %+v, want %d by %s", x.Fee, want, payer)
		}
	}
	noted := func(x *tx.Transaction, words string, want bool) {
		t.Helper()
		if strings.Contains(strings.Join(x.Notes, "\n"), words) != want {
			t.Errorf("%q is in the notes %q: want %t", words, x.Notes, want)
		}
	}

	x := read("transfer, legacy message", tx.Payee{Address: solanaPayee})
	if e := x.Effects[0]; len(x.Effects) != 1 || e.Kind != tx.Pay || e.From != solanaVault || e.To != solanaPayee || e.Asset.Text(e.Amount) != "1.50000000 SOL" {
		t.Errorf("a transfer is read as %+v", x.Effects)
	}
	fee(x, 5000, solanaVault)
	if x.Expiry.Short != 80*time.Second || x.Partial {
		t.Errorf("a transfer is read as %+v", x)
	}

	x = read("durable nonce and fee of a hot key", tx.Payee{Address: solanaPayee})
	fee(x, 10000, solanaHot)
	noted(x, "advancing the nonce cancels it", true)
	if want := "Solana nonce 3JF3sEqM796hk5WFqA6EtmEwJQ9quALszsfJyvXNQKy3 of " + solanaNonce; len(x.Claims) != 1 || x.Claims[0] != want {
		t.Errorf("it claims %q, want %q", x.Claims, want)
	}
	if x.Expiry.Short != 0 || !x.Expiry.At.IsZero() || x.Expiry.Missing || !strings.Contains(x.Expiry.Text, "no limit in time") {
		t.Errorf("with a nonce it expires %+v", x.Expiry)
	}
	// The same nonce through another payer is the same claim.
	if y := read("durable nonce, the vault its authority"); y.Claims[0] != x.Claims[0] {
		t.Errorf("one nonce is claimed as %q and %q", x.Claims, y.Claims)
	}

	x = read("compute budget and memo", tx.Payee{Address: solanaPayee, Tag: "invoice 7"})
	fee(x, 5002, solanaVault) // 1.5 lamports are 2
	x = read("price without a limit")
	fee(x, 5600, solanaVault) // two instructions that are not for the budget
	fee(read("a limit above what the network allows"), 6400, solanaVault)

	x = read("SPL token", tx.Payee{Address: solanaPayee})
	e := &x.Effects[0]
	if e.Kind != tx.Token || e.Asset.Contract != solanaUSDC || e.Asset.Decimals != 6 || !e.Asset.Known || e.Amount.Int64() != 2_500_000 || e.From != solanaVault || e.To != solanaPayeeAt {
		t.Errorf("a token's transfer is read as %+v", e)
	}
	for address, want := range map[string]bool{solanaPayee: true, solanaPayeeAt: true, solanaVault: false, solanaHot: false, solanaUSDC: false, "": false, "0": false, "2g": false} {
		if e.Reaches(address) != want {
			t.Errorf("it reaches %q: want %t", address, want)
		}
	}
	// Whoever types the recipient knows it by its address, not by its token account.
	var batch tx.Batch
	if err := batch.Add("", x, &tx.Verdict{Keys: make([]*tx.Key, len(x.Slots)), Payees: []string{""}, Back: []bool{false}}); err != nil {
		t.Fatal(err)
	}
	if total := batch.Totals()[0]; !total.Reaches(solanaPayee) || !total.Reaches(solanaPayeeAt) || total.Reaches(solanaHot) {
		t.Errorf("the total of a token does not reach its recipient: %+v", total)
	}
	noted(x, "not the usual token account", false)
	noted(read("SPL token from another account"), "not the usual token account of "+solanaVault, true)
	x = read("SPL token, a new token account")
	fee(x, 5000+2_039_280, solanaVault)
	noted(x, "If "+solanaPayee+" has no account for these tokens, "+solanaPayeeAt+" is made for 0.00203928 SOL, which "+solanaVault+" pays.", true)
	fee(read("SPL token, v0, nonce, a new token account, all paid by a hot key"), 10000+2_039_280+900, solanaHot) // three at 300

	if x = read("two payments"); len(x.Effects) != 2 || x.Effects[1].Amount.Int64() != 2_000_000_000 {
		t.Errorf("two payments are read as %+v", x.Effects)
	}
}

// What the vault pays is counted, and what a hot key pays beside it is not: fees, the
// rent of accounts, payments.
func TestSolanaWhoPays(t *testing.T) {
	nonce := hex.EncodeToString(unbase64(t, solanaRow(t, "durable nonce and fee of a hot key")[2]))
	paid := changed(t, nonce, "22220204030205", "22220304030205") + "040200030c020000000500000000000000"
	made := hex.EncodeToString(unbase64(t, solanaRow(t, "SPL token, v0, nonce, a new token account, all paid by a hot key")[2])[1+2*64:])
	byVault := changed(t, changed(t, made, "800201070c", "800200070c"), "080600030", "080601030") // the payer of the account, which it may change
	for name, c := range map[string]struct {
		file          string
		vault, others int64 // lamports to others
	}{
		"fee":               {nonce, 1_500_000_000, 10_000},
		"fee and rent":      {made, 0, 10_000 + 2_039_280 + 900},
		"fee, but no rent":  {byVault, 2_039_280, 10_000 + 900},
		"a payment as well": {paid, 1_500_000_000, 10_000 + 5},
	} {
		x, v, err := shortLived(t, string(unhex(t, c.file)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var batch tx.Batch
		if err := batch.Add("", x, v); err != nil {
			t.Fatal(err)
		}
		others := new(big.Int)
		for _, total := range batch.Totals() {
			if total.Others && total.Asset.Contract == "" {
				others.Add(others, total.Amount)
			}
		}
		if got := batch.Spent(x.Chain, ""); got.Int64() != c.vault || others.Int64() != c.others {
			t.Errorf("%s: the vault pays %v and others %v, want %d and %d", name, got, others, c.vault, c.others)
		}
	}
}

// A transfer that would fail must not shift the point in the totals of another one.
func TestSolanaDecimalsOfABatch(t *testing.T) {
	file := hex.EncodeToString(unbase64(t, solanaRow(t, "SPL token")[2]))
	const call = "0ca025260000000000" // TransferChecked of 2,500,000
	for decimals, ok := range map[string]bool{"06": true, "09": false} {
		var b tx.Batch
		for i, one := range []string{file, changed(t, file, call+"06", "0c0100000000000000"+decimals)} {
			x, v, err := shortLived(t, string(unhex(t, one)))
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Add("", x, v); (err == nil) != (ok || i == 0) || err != nil && !errorIs(err, tx.ErrUnsafe, "decimals") {
				t.Errorf("decimals %s: %v", decimals, err)
			}
		}
	}
}

func TestSolanaRefuses(t *testing.T) {
	for _, row := range fixtures.Rows("tx/solana_refused.tsv") {
		if _, _, err := shortLived(t, row[2]); !errorIs(err, tx.ErrUnsafe, row[1]) {
			t.Errorf("%s: %v, want %q", row[0], err, row[1])
		}
	}

	pay := solanaRow(t, "transfer, legacy message")[2]
	refuses(t, "no stick is that quick", pay, tx.ErrUnsafe, "--short-lived", "SOL")
	refuses(t, "nobody's key", pay, tx.ErrForeign, "is not an address of this vault on Solana", "ETH")
	refuses(t, "a test network that is not named", pay, tx.ErrUnsafe, "on Solana devnet and not on Solana", "SOLDEV_SOL")
	for name, c := range map[string]struct {
		payee tx.Payee
		why   string
	}{
		"another payee":         {tx.Payee{Address: solanaHot}, "to whom nobody allowed it"},
		"a token account alone": {tx.Payee{Address: solanaPayeeAt}, "to whom nobody allowed it"},
		"a memo is missing":     {tx.Payee{Address: solanaPayee, Tag: "invoice 7"}, "may be lost"},
	} {
		if _, _, err := shortLived(t, pay, c.payee); !errorIs(err, tx.ErrUnsafe, c.why) {
			t.Errorf("%s: %v, want %q", name, err, c.why)
		}
	}

	message := hex.EncodeToString(unbase64(t, pay))
	versioned := hex.EncodeToString(unbase64(t, solanaRow(t, "transfer, v0 message")[2]))
	key := hex.EncodeToString(unbase64(t, pay)[4:36])
	payee := hex.EncodeToString(unbase64(t, pay)[36:68])
	const tail = "020200010c02000000"
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"a byte more", message + "00", tx.ErrUnsafe, "something follows the message: 00"},
		{"a byte less", message[:len(message)-2], tx.ErrUnread, ""},
		{"nobody signs", "00" + message[2:], tx.ErrUnread, ""},
		{"the payer may not change", "0101" + message[4:], tx.ErrUnread, ""},
		{"more accounts may not change than there are", "010003" + message[6:], tx.ErrUnread, ""},
		{"a count in two bytes", changed(t, message, "01000103", "0100018300"), tx.ErrUnread, ""},
		{"a count in three bytes", changed(t, message, "01000103", "010001838000"), tx.ErrUnread, ""},
		{"version 1", "81" + versioned[2:], tx.ErrUnsafe, "version 1"},
		{"an account twice", changed(t, message, payee, key), tx.ErrUnsafe, "twice"},
		{"an account that is not there", changed(t, message, tail, "020200030c02000000"), tx.ErrUnsafe, "not there"},
		{"a program that is not there", changed(t, message, tail, "030200010c02000000"), tx.ErrUnsafe, "not there"},
		{"a program that signs", changed(t, message, tail, "000200010c02000000"), tx.ErrUnsafe, "calls an account that signs"},
		{"an account without a part", changed(t, message, tail, "020200000c02000000"), tx.ErrUnsafe, "without having a part"},
		{"one signature for two", "01" + strings.Repeat("00", 64) + "02" + message[2:], tx.ErrUnread, ""},
	} {
		if _, _, err := shortLived(t, string(unhex(t, c.file))); !errorIs(err, c.err, c.why) {
			t.Errorf("%s: %v, want %q with %q", c.name, err, c.err, c.why)
		}
	}
}

// Bytes that are a message, and also a transaction of another one: the vault's keys
// could sign the one that nobody looked at.
func TestSolanaRefusesTwoReadings(t *testing.T) {
	file := make([]byte, 205)
	for at, b := range map[int]byte{
		0: 1, 3: 5, // one of 5 accounts signs; or one signature
		65: 1, 68: 2, // after which one of 2 accounts signs
		165: 1, 166: 1, 168: 36, // its instruction, to the end
		196: 1, 197: 1, 199: 5, // the first one's instruction, to the end
	} {
		file[at] = b
	}
	for _, text := range []string{string(file), base64.StdEncoding.EncodeToString(file)} {
		if _, _, err := shortLived(t, text); !errorIs(err, tx.ErrUnsafe, "in two ways") {
			t.Errorf("it is read with %v", err)
		}
	}
}

// errorIs reports whether an error is of a kind and says why.
func errorIs(err, kind error, why string) bool {
	return errors.Is(err, kind) && strings.Contains(err.Error(), why)
}

// What others signed stays, if it is theirs.
func TestSolanaKeepsSignatures(t *testing.T) {
	raw := unbase64(t, solanaRow(t, "durable nonce and fee of a hot key, v0, signed by it")[2])
	raw[10] ^= 1
	if _, _, err := shortLived(t, string(raw)); !errorIs(err, tx.ErrUnsafe, "signature of "+solanaHot) {
		t.Errorf("somebody else's signature that does not verify: %v", err)
	}

	row := solanaRow(t, "durable nonce and fee of a hot key")
	x, _, err := shortLived(t, row[2])
	if err != nil {
		t.Fatal(err)
	}
	wrong := sign(t, testKey, x.Slots[1].Signing)
	wrong.Bytes[3] ^= 1
	if _, err := x.Finish([]*signature.Signature{nil, wrong}); !errors.Is(err, signature.ErrInvalid) {
		t.Errorf("a signature that does not verify: %v", err)
	}
	ours := solanaSigned(t, x)
	hot := tx.Policy{Keys: keysOf(t, bytes.Repeat([]byte{0x47}, 32), "SOL"), Now: noon}
	y, err := (&tx.Reader{}).Read(ours.Data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := hot.Judge(y); err != nil {
		t.Fatal(err)
	}
	both, err := y.Finish([]*signature.Signature{sign(t, bytes.Repeat([]byte{0x47}, 32), y.Slots[0].Signing), nil})
	if err != nil || both.Text == "" || both.ID == "" || len(both.Parts) != 2 || both.Parts[1] != ours.Parts[0] {
		t.Errorf("with both signatures it is %+v, %v", both, err)
	}
}

func TestSolanaMutations(t *testing.T) {
	for _, name := range []string{"durable nonce and fee of a hot key, v0, signed by it", "durable nonce, the vault its authority"} {
		mutate(t, unbase64(t, solanaRow(t, name)[2]), "SOL")
	}
	mutate(t, []byte(solanaRow(t, "durable nonce, the vault its authority")[2]), "SOL")
}
