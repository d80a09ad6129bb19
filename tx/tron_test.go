package tx_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/signature"
	"lifeboat/tx"
)

// tronHex returns the bytes that a vector signs, in hex.
func tronHex(t *testing.T, row []string) string {
	t.Helper()
	var file struct {
		Raw string `json:"raw_data_hex"`
	}
	if err := json.Unmarshal([]byte(row[2]), &file); err != nil {
		t.Fatal(err)
	}
	return file.Raw
}

func TestTRONIsAsTronWebHasIt(t *testing.T) {
	for _, row := range fixtures.Rows("tx/tron.tsv") {
		for _, file := range []string{row[2], tronHex(t, row) + "\n"} {
			x, _, err := read(t, file, "TRON")
			if err != nil {
				t.Errorf("%s: %v", row[0], err)
				continue
			}
			if x.Slots[0].Address != row[1] {
				t.Errorf("%s: from %s, want %s", row[0], x.Slots[0].Address, row[1])
			}
			got, err := x.Finish([]*signature.Signature{sign(t, testKey, x.Slots[0].Signing)})
			if err != nil || got.Text != row[3] || got.ID != row[4] {
				t.Errorf("%s: signed\n%+v, %v, want\n%s %s", row[0], got, err, row[3], row[4])
			}
		}
	}
}

func TestTRONEffects(t *testing.T) {
	rows := fixtures.Rows("tx/tron.tsv")
	x, _, err := read(t, rows[1][2], "TRON")
	if err != nil {
		t.Fatal(err)
	}
	if e := x.Effects[0]; e.Kind != tx.Pay || e.Amount.Int64() != 1 || e.Tag != "invoice 7" || e.Asset.Text(e.Amount) != "0.000001 TRX" {
		t.Errorf("a payment with a memo is read as %+v", e)
	}
	x, _, err = read(t, rows[2][2], "TRON")
	if err != nil {
		t.Fatal(err)
	}
	if e := x.Effects[0]; e.Kind != tx.Token || e.Asset.Contract != "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t" || e.Amount.Int64() != 2_500_000 {
		t.Errorf("a token's transfer is read as %+v", e)
	}
	if x.Fee.Most.Int64() < 30_000_000 || x.Fee.Most.Int64() > 31_000_000 || x.Fee.High != "" {
		t.Errorf("a fee_limit of 30 TRX is read as %v, %q", x.Fee.Most, x.Fee.High)
	}
	// The account that a payment may make, and a memo, cost what nothing limits.
	for i, most := range []int64{1_200_000, 2_200_000} {
		x, _, err := read(t, rows[i][2], "TRON")
		if err != nil {
			t.Fatal(err)
		}
		if over := x.Fee.Most.Int64() - most; over < 0 || over > 300_000 || (x.Effects[0].Tag != "") != (i == 1) {
			t.Errorf("%s: the fee is up to %v", rows[i][0], x.Fee.Most)
		}
	}
}

func TestTRONRefuses(t *testing.T) {
	rows := fixtures.Rows("tx/tron.tsv")
	pay, call := tronHex(t, rows[0]), tronHex(t, rows[2])
	const owner = "15419d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"
	for _, c := range []struct {
		name, file string
		err        error
		why        string
	}{
		{"another's txID", changed(t, rows[0][2], rows[0][4], strings.Repeat("00", 32)), tx.ErrUnsafe, "txID"},
		{"changed bytes", changed(t, rows[0][2], `"raw_data_hex":"0a02`, `"raw_data_hex":"0a03`), tx.ErrUnsafe, "txID"},
		{"signed", changed(t, rows[0][2], `"visible":false`, `"visible":false,"signature":["00"]`), tx.ErrUnread, "signed already"},
		{"an unknown field beside", changed(t, rows[0][2], `"visible":false`, `"visible":false,"permission":1`), tx.ErrUnsafe, "not known"},
		{"a trailing byte", pay + "00", tx.ErrUnsafe, "something follows it: 00"},
		{"an expiry twice", pay + "4001", tx.ErrUnsafe, "twice"},
		{"a field twice", changed(t, pay, "22089d3b2cc2d1c8a52e", "22089d3b2cc2d1c8a52e22089d3b2cc2d1c8a52e"), tx.ErrUnsafe, "twice"},
		{"approve", changed(t, call, "a9059cbb", "095ea7b3"), tx.ErrUnsafe, "approve"},
		{"another type of contract", changed(t, pay, "5a67080112", "5a67082e12"), tx.ErrUnsafe, "AccountPermissionUpdate"},
		{"somebody else's", changed(t, pay, owner, "15419d8a62f656a8d1615c1294fd71e9cfb3e4855a50"), tx.ErrForeign, "not an address of this vault"},
		{"an account of another network", changed(t, pay, owner, "15a09d8a62f656a8d1615c1294fd71e9cfb3e4855a4f"), tx.ErrUnread, "21 bytes"},
	} {
		refuses(t, c.name, c.file, c.err, c.why, "TRON")
	}
	refuses(t, "on the wrong network", pay, tx.ErrUnsafe, "on Ethereum and not on Tron", "ETH")
	late := tx.Policy{Keys: keysOf(t, testKey, "TRON"), Now: noon.AddDate(1, 0, 0)}
	x, err := (&tx.Reader{}).Read([]byte(pay))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := late.Judge(x); err == nil || !strings.Contains(err.Error(), "expired") {
		t.Errorf("an expired transaction: %v", err)
	}
}

func TestTRONMutations(t *testing.T) {
	rows := fixtures.Rows("tx/tron.tsv")
	mutate(t, []byte(tronHex(t, rows[0])), "TRON")
	mutate(t, []byte(tronHex(t, rows[2])), "TRON")
	sum := sha256.Sum256(unhex(t, tronHex(t, rows[0])))
	if hex.EncodeToString(sum[:]) != rows[0][4] {
		t.Error("a vector's txID is not its hash")
	}
}
