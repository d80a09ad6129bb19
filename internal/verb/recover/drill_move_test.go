package recover

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/curve"

	"github.com/btcsuite/btcd/btcutil"
	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/chaincfg"
	"github.com/btcsuite/btcd/chaincfg/chainhash"
	"github.com/btcsuite/btcd/txscript"
	"github.com/btcsuite/btcd/wire"
	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"
	"golang.org/x/crypto/sha3"
)

var update = flag.Bool("update", false, "make the unsigned transactions of the drill again")

// The vault's addresses, of its address book, and where the money goes.
const (
	drillSegwit, drillTaproot = "bc1q5px0pv4eazhgg7dcj7sxps6vl3ts890snk4qyr", "bc1pvrrkq453vd6r8mntgazemk3lha7t6r0933qrswy7ehm36dsg3pyqw645g7"
	drillEther, drillSolana   = "0x5449952146f1cd773E96c87F0B9858072BFAFA23", "Eo6xrCcag3HQU7FPKgim638FsWbQHcRLrKz7HwZbwMQU"
	exitBitcoin, exitEther    = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
)

var exitSolana = base58.Encode(nil, ed25519.NewKeyFromSeed(append(make([]byte, 31), 1)).Public().(ed25519.PublicKey))

// The unsigned transactions are made with other people's code, from a made-up chain.
// Make them again with
//
//	go test ./internal/verb/recover -run TestDrillTransactions -update
func TestDrillTransactions(t *testing.T) {
	for name, want := range map[string][]byte{
		"bitcoin.psbt": bitcoinOfDrill(t), "solana.txt": solanaOfDrill(t),
		"ether.json": []byte(`{"from": "` + drillEther + `", "to": "` + exitEther + `", "chainId": 1, "nonce": 5, "gas": 21000, "maxFeePerGas": "30000000000", "maxPriorityFeePerGas": "1000000000", "value": "2000000000000000000"}` + "\n"),
	} {
		path := filepath.Join("drill/unsigned", name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is made, %v", name, err)
		}
	}
	list, err := os.ReadFile("drill/exits.txt")
	if err != nil || !strings.Contains(string(list), "\n"+exitBitcoin+"\n"+exitEther+"\n"+string(exitSolana)+"\n") {
		t.Errorf("the recipients are others, %v", err)
	}
}

// All that the plan pays goes to the key that is published with it.
func TestDrillPlan(t *testing.T) {
	file, err := drillFiles.Open("drill/plan.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil || len(rows) != 1+planned {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	one := append(make([]byte, 31), 1)
	public := map[curve.Curve][]byte{curve.Secp256k1: secp256k1.PrivKeyFromBytes(one).PubKey().SerializeCompressed(), curve.Ed25519: ed25519.NewKeyFromSeed(one)[32:]}
	for _, row := range rows[1:] {
		chain, ok := chains.Lookup(row[0])
		if !ok {
			t.Fatalf("there is no chain %s", row[0])
		}
		matches := false
		for on, b := range public {
			point, err := on.ParsePoint(b)
			if err != nil {
				t.Fatal(err)
			}
			key := chains.NewPublicKey(point)
			_, ok := chain.Match(&key, row[2])
			matches = matches || ok
		}
		if !matches {
			t.Errorf("%s: %s is of another key", row[0], row[2])
		}
	}
}

func scriptOf(t *testing.T, address string) []byte {
	t.Helper()
	a, err := btcutil.DecodeAddress(address, &chaincfg.MainNetParams)
	if err != nil {
		t.Fatal(err)
	}
	script, err := txscript.PayToAddrScript(a)
	if err != nil {
		t.Fatal(err)
	}
	return script
}

// bitcoinOfDrill spends two coins of one made-up transaction.
func bitcoinOfDrill(t *testing.T) []byte {
	t.Helper()
	funding := wire.NewMsgTx(2)
	funding.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&chainhash.Hash{1}, 0), []byte{txscript.OP_0}, nil))
	funding.AddTxOut(wire.NewTxOut(150_000_000, scriptOf(t, drillSegwit)))
	funding.AddTxOut(wire.NewTxOut(50_000_000, scriptOf(t, drillTaproot)))
	id := funding.TxHash()
	spend := wire.NewMsgTx(2)
	for i := range funding.TxOut {
		spend.AddTxIn(wire.NewTxIn(wire.NewOutPoint(&id, uint32(i)), nil, nil))
	}
	spend.AddTxOut(wire.NewTxOut(199_990_000, scriptOf(t, exitBitcoin)))
	p, err := psbt.NewFromUnsignedTx(spend)
	if err != nil {
		t.Fatal(err)
	}
	for i, out := range funding.TxOut {
		p.Inputs[i].NonWitnessUtxo, p.Inputs[i].WitnessUtxo = funding, out
	}
	text, err := p.B64Encode()
	if err != nil {
		t.Fatal(err)
	}
	return []byte(text + "\n")
}

// solanaOfDrill is a legacy message: it advances a made-up nonce and pays 3 SOL.
func solanaOfDrill(t *testing.T) []byte {
	t.Helper()
	decode := func(s string) []byte {
		b, err := base58.Decode(nil, s)
		if err != nil || len(b) != 32 {
			t.Fatalf("%s: %d bytes, %v", s, len(b), err)
		}
		return b
	}
	nonce := bytes.Repeat([]byte{7}, 32)
	m := []byte{1, 0, 2, 5} // signers, of them read-only, others read-only, accounts
	for _, account := range [][]byte{decode(drillSolana), nonce, decode(string(exitSolana)), decode("SysvarRecentB1ockHashes11111111111111111111"), make([]byte, 32)} {
		m = append(m, account...)
	}
	m = append(m, bytes.Repeat([]byte{9}, 32)...) // the value of the nonce
	m = append(m, 2)
	m = append(m, 4, 3, 1, 3, 0, 4, 4, 0, 0, 0)
	m = append(m, 4, 2, 0, 2, 12, 2, 0, 0, 0)
	m = binary.LittleEndian.AppendUint64(m, 3_000_000_000)
	return []byte(base64.StdEncoding.EncodeToString(m) + "\n")
}

// What the drill takes for the right answers is what other people's libraries accept.
func TestDrillSignatures(t *testing.T) {
	p, err := psbt.NewFromRawBytes(bytes.NewReader(bytes.TrimSpace(bitcoinOfDrill(t))), true)
	if err != nil {
		t.Fatal(err)
	}
	spend := wire.NewMsgTx(2)
	if err := spend.Deserialize(hex.NewDecoder(strings.NewReader(drillSigned(t, "bitcoin.hex")))); err != nil {
		t.Fatal(err)
	}
	if spend.TxHash() != p.UnsignedTx.TxHash() {
		t.Error("another transaction was signed")
	}
	coins := txscript.NewMultiPrevOutFetcher(nil)
	for i, in := range spend.TxIn {
		coins.AddPrevOut(in.PreviousOutPoint, p.Inputs[i].WitnessUtxo)
	}
	hashes := txscript.NewTxSigHashes(spend, coins)
	for i := range spend.TxIn {
		coin := p.Inputs[i].WitnessUtxo
		engine, err := txscript.NewEngine(coin.PkScript, spend, i, txscript.StandardVerifyFlags, nil, hashes, coin.Value, coins)
		if err == nil {
			err = engine.Execute()
		}
		if err != nil {
			t.Errorf("input %d: %v", i, err)
		}
	}

	raw, err := hex.DecodeString(strings.TrimPrefix(drillSigned(t, "ether.hex"), "0x"))
	if err != nil || len(raw) < 70 || raw[0] != 2 {
		t.Fatalf("no transaction of type 2: %x, %v", raw, err)
	}
	n := len(raw)
	// The last fields are the parity, r and s, here of 1, 32 and 32 bytes.
	signature := slices.Concat([]byte{27 + raw[n-67]&1}, raw[n-65:n-33], raw[n-32:])
	body := raw[3 : n-67]
	payload := append([]byte{0xc0 + byte(len(body))}, body...)
	if len(body) > 55 {
		payload = append([]byte{0xf8, byte(len(body))}, body...)
	}
	key, _, err := ecdsa.RecoverCompact(signature, keccak(append([]byte{2}, payload...)))
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(keccak(key.SerializeUncompressed()[1:])[12:]); !strings.EqualFold("0x"+got, drillEther) {
		t.Errorf("it is signed by 0x%s", got)
	}

	message, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(solanaOfDrill(t))))
	if err != nil {
		t.Fatal(err)
	}
	signed, err := base64.StdEncoding.DecodeString(drillSigned(t, "solana.signed.tx"))
	if err != nil || len(signed) != 65+len(message) || signed[0] != 1 || !bytes.Equal(signed[65:], message) {
		t.Fatalf("another message was signed: %v", err)
	}
	if public, _ := base58.Decode(nil, drillSolana); !ed25519.Verify(public, message, signed[1:65]) {
		t.Error("the signature on ed25519 is wrong")
	}
}

func keccak(b []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write(b)
	return h.Sum(nil)
}

func drillSigned(t *testing.T, name string) string {
	t.Helper()
	var signed map[string]string
	b, err := drillFiles.ReadFile("drill/signed.json")
	if err == nil {
		err = json.Unmarshal(b, &signed)
	}
	if err != nil || signed[name] == "" {
		t.Fatalf("%s: %v", name, err)
	}
	return signed[name]
}
