package chains

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// TON and Everscale: an address is the hash of the first state of a contract, so
// that a key has one for every version of the wallet contract.

// tonWallet is a version of the wallet contract. The hash and depth are those of
// the cell of its code.
type tonWallet struct {
	codeHash string // hex
	depth    uint16
	// before is what stands before the key in the first state, in bits, after is
	// what follows.
	before, after []bits
}

// bits are the lowest n bits of a value, written from the highest.
type bits struct {
	value uint64
	n     int
}

// The sub-wallets of ordinary wallets. A v5 wallet ID holds the network as well.
const (
	tonSubWallet   = 698983191
	tonV5Mainnet   = 2147483409
	tonV5Testnet   = 2147483645
	everSubWallet  = 0x4ba92d8a
	codeHashV3R1   = "b61041a58a7980b946e8fb9e198e3c904d24799ffa36574ea4251c41a566f581"
	codeHashV3R2   = "84dafa449f98a6987789ba232358072bc0f76dc4524002a5d0918b9a75d2d599"
	codeHashV4R2   = "feb5ff6820e2ff0d9483e7e0d62c817d846789fb4ae580c878866d959dabd5c0"
	codeHashV5R1   = "20834b7b72b112147e1b2fb457b84e74d1a30f04f737d4f62a668e9552d2b72f"
	tonBasechain   = 0
	tonFriendly    = 1 + 1 + 32 + 2 // tag, workchain, hash, CRC
	tonBounceable  = 0x11
	tonNotBounce   = 0x51
	tonTestnetFlag = 0x80
)

func tonV3(codeHash string, subWallet uint64) tonWallet {
	return tonWallet{codeHash: codeHash, before: []bits{{0, 32}, {subWallet, 32}}}
}

func tonV5(walletID uint64) tonWallet {
	return tonWallet{
		codeHash: codeHashV5R1, depth: 6,
		before: []bits{{1, 1}, {0, 32}, {walletID, 32}}, // signatures allowed, sequence number
		after:  []bits{{0, 1}},                          // no extensions
	}
}

var tonV4R2 = tonWallet{
	codeHash: codeHashV4R2, depth: 7,
	before: []bits{{0, 32}, {tonSubWallet, 32}},
	after:  []bits{{0, 1}}, // no plug-ins
}

// payload returns the hash of the state of the wallet, which is its account.
func (w tonWallet) payload(name string) *Payload {
	code, err := hex.DecodeString(w.codeHash)
	if err != nil {
		panic("unreachable: a constant in hex")
	}
	return edHash(name, sha256.Size, func(dst, key []byte) []byte {
		// The cell of the data: no references, then its length in half bytes.
		var data [64]byte
		n := 0
		put := func(v uint64, size int) {
			for i := size - 1; i >= 0; i-- {
				data[2+n/8] |= byte(v>>i&1) << (7 - n%8)
				n++
			}
		}
		for _, b := range w.before {
			put(b.value, b.n)
		}
		for _, b := range key {
			put(uint64(b), 8)
		}
		for _, b := range w.after {
			put(b.value, b.n)
		}
		whole := n / 8
		if n%8 != 0 {
			put(1, 1) // marks the end within a byte
		}
		bytes := (n + 7) / 8
		data[1] = byte(whole + bytes)
		dataHash := sha256.Sum256(data[:2+bytes])

		// The cell of StateInit: two references; its bits say code and data, nothing else.
		var state [3 + 2 + 2 + 32 + 32]byte
		copy(state[:], "\x02\x01\x34")
		binary.BigEndian.PutUint16(state[3:], w.depth)
		copy(state[7:], code)
		copy(state[39:], dataHash[:])
		h := sha256.Sum256(state[:])
		return append(dst, h[:]...)
	})
}

// tonPayload is a version of the contract by name, shared by the networks where
// they agree.
type tonPayload struct {
	name    string
	account *Payload
}

func tonChains() []Chain {
	v5 := func(walletID uint64, name string) tonPayload {
		return tonPayload{"v5r1", tonV5(walletID).payload(name)}
	}
	others := []tonPayload{
		{"v4r2", tonV4R2.payload("ton-v4r2")},
		{"v3r2", tonV3(codeHashV3R2, tonSubWallet).payload("ton-v3r2")},
		{"v3r1", tonV3(codeHashV3R1, tonSubWallet).payload("ton-v3r1")},
	}
	main := tonForms("", 0, append([]tonPayload{v5(tonV5Mainnet, "ton-v5r1")}, others...))
	test := tonForms("-testnet", tonTestnetFlag, append([]tonPayload{v5(tonV5Testnet, "ton-v5r1-testnet")}, others...))
	return []Chain{
		tonChain("TON", "TON", nil, slices.Concat(main, elsewhere(test...)), 607),
		tonChain("TON_TEST", "TON testnet", []string{"TONT", "TTON"}, slices.Concat(test, elsewhere(main...)), 1, 607),
		one("EVER", "Everscale", 396, encode("default", tonV3(codeHashV3R2, everSubWallet).payload("ever-v3"), tonRaw, scalarForm)).
			with("the wallet contract v3 of Trust Wallet"),
	}
}

// tonChain takes the forms of its own network first. An address of the other one is
// the account of the same key, with a flag.
func tonChain(id, name string, aliases []string, forms []Encoding, slip44 ...uint32) Chain {
	c := Chain{
		ID: id, Name: name, Aliases: aliases, SLIP44: slip44,
		Note: "a key has an address for every version of the wallet contract, in several spellings; other contracts (highload, multi-signature) are out of reach",
	}
	raw := map[*Payload]bool{} // the raw form says no network
	for _, e := range forms {
		if strings.Contains(e.Name, "-raw") {
			if raw[e.Payload] {
				continue
			}
			raw[e.Payload] = true
		}
		c.Encodings = append(c.Encodings, e)
	}
	return c
}

func tonForms(suffix string, flag byte, wallets []tonPayload) []Encoding {
	var forms []Encoding
	for _, w := range wallets {
		forms = append(forms,
			encode(w.name+"-nonbounceable"+suffix, w.account, tonText(tonNotBounce|flag), scalarForm),
			encode(w.name+"-bounceable"+suffix, w.account, tonText(tonBounceable|flag), scalarForm),
			encode(w.name+"-raw"+suffix, w.account, tonRaw, scalarForm))
	}
	return forms
}

// tonText is the user-friendly form: a tag, the workchain, the account and a CRC.
// It reads every spelling: the other tags, both alphabets of base 64, the raw form.
func tonText(tag byte) text {
	return text{
		format: func(p []byte) string {
			b := append([]byte{tag, tonBasechain}, p...)
			return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint16(b, crc16(b)))
		},
		parse: readTON,
	}
}

var tonRaw = text{
	format: func(p []byte) string { return "0:" + hex.EncodeToString(p) },
	parse:  readTON,
}

func readTON(s string) ([]byte, bool) {
	if digits, found := strings.CutPrefix(s, "0:"); found {
		return plainHex(32).parse(digits)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(s))
	if err != nil || len(b) != tonFriendly {
		return nil, false
	}
	tag := b[0] &^ tonTestnetFlag
	end := tonFriendly - 2
	if tag != tonBounceable && tag != tonNotBounce || b[1] != tonBasechain || binary.BigEndian.Uint16(b[end:]) != crc16(b[:end]) {
		return nil, false
	}
	return slices.Clone(b[2:end]), true
}
