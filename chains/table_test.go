package chains_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/curve"
	"lifeboat/internal/strict"
)

// expected returns the encodings that a cell of variants stands for.
func expected(cell string) []string {
	bitcoin := []string{"p2pkh", "p2pkh-uncompressed", "p2sh-p2wpkh", "p2wpkh", "p2tr", "p2tr-untweaked"}
	switch {
	case cell == "-":
		return nil
	case cell == "as BTC":
		return bitcoin
	case strings.HasPrefix(cell, "v3r1,v3r2,v4r2,v5r1 x "):
		var all []string
		for _, v := range []string{"v3r1", "v3r2", "v4r2", "v5r1"} {
			all = append(all, v+"-bounceable", v+"-nonbounceable", v+"-raw")
		}
		return all
	}
	var all []string
	for v := range strings.SplitSeq(cell, ",") {
		v, _, _ = strings.Cut(v, " (")
		switch base, found := strings.CutSuffix(v, "*"); {
		case found: // principal-*, pubkey-*
			all = append(all, base+"secp256k1", base+"ed25519")
		case v == "byron-xpub64": // needs the chain code
		default:
			all = append(all, v)
		}
	}
	return all
}

var number = regexp.MustCompile(`^\d+`)

// TestSurvey holds the table against the survey of chains.
func TestSurvey(t *testing.T) {
	for _, row := range rows(t, "chains.tsv", 10) {
		id, name, slip44, curves, variants := row[0], row[1], row[2], row[3], row[5]
		if id == "EVM*" {
			_, list, _ := strings.Cut(name, ": ")
			for id := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(", /", r) }) {
				if e := lookup(t, id).On(curve.Secp256k1); len(e) == 0 || e[0].Payload.Name != "keccak20" {
					t.Errorf("%s is no EVM chain", id)
				}
			}
			continue
		}
		for i, id := range strings.Split(id, "/") {
			c := lookup(t, id)
			if c.ID != id && !slices.Contains(c.Aliases, id) {
				t.Errorf("%s is called %s", id, c.ID)
			}
			if c.Status == chains.OutOfReach {
				if curves == "secp256k1" || curves == "ed25519" {
					if id != "WAVES" {
						t.Errorf("%s is out of reach, and on %s", id, curves)
					}
				}
				continue
			}
			if n := number.FindString(strings.Split(slip44, "/")[min(i, strings.Count(slip44, "/"))]); n != "" {
				v, _ := strconv.ParseUint(n, 10, 32)
				if !slices.Contains(c.SLIP44, uint32(v)) {
					t.Errorf("%s: coin types %v, the survey says %s", id, c.SLIP44, slip44)
				}
			}
			for _, v := range expected(variants) {
				if !slices.ContainsFunc(c.Encodings, func(e chains.Encoding) bool { return e.Name == v }) {
					t.Errorf("%s has no encoding %s", id, v)
				}
			}
			for _, on := range curve.All() {
				if strings.Contains("/"+curves+"/", "/"+on.String()+"/") && len(c.On(on)) == 0 {
					t.Errorf("%s has no encoding on %v", id, on)
				}
			}
		}
	}
}

func TestTableIsSound(t *testing.T) {
	payloads := map[string]*chains.Payload{}
	all := chains.All()
	for i, c := range all {
		if i > 0 && all[i-1].ID >= c.ID {
			t.Errorf("%s is after %s", c.ID, all[i-1].ID)
		}
		if (c.Status == chains.OutOfReach) != (len(c.Encodings) == 0) {
			t.Errorf("%s is %v and has %d encodings", c.ID, c.Status, len(c.Encodings))
		}
		if strings.HasPrefix(c.Status.String(), "status ") {
			t.Errorf("%s: %v", c.ID, c.Status)
		}
		if c.Name == "" || len(c.SLIP44) == 0 {
			t.Errorf("%s lacks a name or a coin type", c.ID)
		}
		for _, id := range append([]string{c.ID}, c.Aliases...) {
			for _, spelt := range []string{id, strings.ToLower(id)} {
				if got, ok := chains.Lookup(spelt); !ok || got != c {
					t.Errorf("Lookup(%q) is not %s", spelt, c.ID)
				}
			}
			if id != strings.ToUpper(id) {
				t.Errorf("%s is not in upper case", id)
			}
			if string(strict.AppendText(nil, id)) != id {
				t.Errorf("%s is not written to a table as it is", id)
			}
		}
		names := map[string]bool{}
		for i := range c.Encodings {
			e := &c.Encodings[i]
			if names[e.Name] {
				t.Errorf("%s has two encodings %s", c.ID, e.Name)
			}
			names[e.Name] = true
			p := e.Payload
			if e.Curve != p.Curve || p.Size <= 0 || p.Size > chains.MaxPayload {
				t.Errorf("%s/%s: payload %+v", c.ID, e.Name, p)
			}
			if q, ok := payloads[p.Name]; ok && q != p {
				t.Errorf("%s/%s: another payload is called %s", c.ID, e.Name, p.Name)
			}
			payloads[p.Name] = p
			if form, _ := e.ExportForm(); form == "" {
				t.Errorf("%s/%s has no export form", c.ID, e.Name)
			}
		}
	}
	for _, id := range []string{"", "nope", strings.Repeat("A", 1000)} {
		if c, ok := chains.Lookup(id); ok {
			t.Errorf("%q is %s", id, c.ID)
		}
	}
}

// An address, or one with a tag or memo after a colon.
func TestCutAddress(t *testing.T) {
	for _, c := range []struct{ chain, text, address, tag string }{
		{"BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", ""},
		{"BTC", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5", "", ""},
		{"BTC", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", ""},
		{"XRP", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY:495", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "495"},
		{"XRP", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY:4:95", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "4:95"},
		{"XRP", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY:", "", ""},
		{"XRP", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDX:495", "", ""},
		{"XRP", ":495", "", ""},
		{"XRP", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2gYsjNFQLKYW33DzBm", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", ""},
		{"XRP", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2gYsjNFQLKYW33DzBm:495", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "495"},
		{"XRP", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2gYsjNFQLKYW33DzBm:", "", ""},
		{"XRP", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD28Sq49uo34VyjnmK5H", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "12345"},
		{"XRP", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2m4Er6SnvjVLpMWPjR", "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", "0"},
		{"XRP", "XV5sbjUmgPpvXv4ixFWZ5ptAYZ6PD2m4Er6SnvjVLpMWPjR:0", "", ""},
		{"XLM", "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJUAAAAAAAAAAAACJUQ", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ", "muxed:0"},
		{"XLM", "MA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVAAAAAAAAAAAAAJLK", "GA7QYNF7SOWQ3GLR2BGMZEHXAVIRZA4KVWLTJJFC7MGXUA74P7UJVSGZ", "muxed:9223372036854775808"},
		{"BCH", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", ""},
		{"BCH", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a:x", "bitcoincash:qpm2qsznhks23z7629mms6s4cwef74vcwvy22gdx6a", "x"},
		{"BTC", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3", ""}, // a script's
		{"EOS", "eosio.token:memo", "eosio.token", "memo"},
		{"EOS", "Eosio.token:memo", "", ""},
		{"EOS", "", "", ""},
	} {
		chain := lookup(t, c.chain)
		address, tag, ok := chain.CutAddress(c.text)
		if address != c.address || tag != c.tag || ok != (c.address != "") {
			t.Errorf("%s, %q: %q, %q, %v", c.chain, c.text, address, tag, ok)
		}
	}
}

// TestVendorNames: the names in the vendor's own files and in its portal's table.
func TestVendorNames(t *testing.T) {
	const names = `BTC XTN SIGNET_BTC ETH SETH BSC_BNB MATIC ARBITRUM_ETH BASE_ETH TBASE_SETH OPT_ETH AVAXC MNT SMNT_MNT
		TRON TTRON SOL SOLDEV_SOL TON XLM XRP ATOM EOS IOST LUNA BNB_BNB VET TVET
		ARBITRUM AURORA BASE BB BERA BLAST BSC BOB SBOB CFXESPACE CHZ CHZ2 CORE CORN CRO TCRO ETC ETHW FTM FTN GETH HECO HOLESKY
		HYPEREVM KAIA KAVAEVM MANTA MERLIN SMNT MODE MORPH MTR OPBNB OPT PLUME PLUMENETWORK PlatON Polygon RETH RON RSK SCROLL
		SONIC SWELL TAC TAIKO TBB TBSC TLOS TomoChain UNICHAIN VeChain WEMIX XDAI XDC ZIRCUIT ZKSYNC Harmony IoTeX CyberMiles Nexty
		Bitcoin FRACTAL BCH BSV BTG XEC eCash LTC DOGE DASH DCR Firo Flux Groestlcoin Handshake Liquid PIVX Ravencoin RVNC Ycash Zcash CKB
		Cosmos BABYLON TERRA TERRA2 Filecoin TCFX ICP TSOL APT Algorand Cardano Edgeware HEDERA Kusama NEAR Polkadot SUI Stellar TONT Tezos
		Neo Ontology Waves XCH`
	for name := range strings.FieldsSeq(names) {
		lookup(t, name)
	}
}
