package tx

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha3"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"strings"

	"lifeboat/chains"
	"lifeboat/internal/base58"
	"lifeboat/internal/blake2b"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
)

// Blind is what a user says of a message that no reader reads: what it is of, and whose
// key signs it. The message is what the chain hashes or signs, never a hash that
// somebody else made.
type Blind struct {
	Chain  *chains.Chain
	Scheme signature.Scheme
	From   string // the address of the key
}

// Unread is a message of which nothing was understood.
type Unread struct {
	What   string // what it should be, as far as its chain's row goes
	Length int
	SHA256 [sha256.Size]byte
	Text   []string // what of it can be read as text, in its order
}

// maxBlind is the size, in bytes, of the longest message that is signed unread.
const maxBlind = 1 << 20

// unreadable is what messages of a chain are, as far as signing them goes.
type unreadable struct {
	chains []string
	scheme signature.Scheme
	what   string
	// begins and least are what every transaction of the chain has, and a wrong file
	// has not: how it begins, and the least number of bytes.
	begins string
	least  int
	// is reports whether a message may be one of the chain's, where begins is empty; nil
	// where any may.
	is func(message []byte) bool
	// forms are the names of the addresses whose accounts sign so; empty for all.
	forms []string
	// hash makes what the key signs.
	hash func(message []byte) []byte
	// public and write write what the chain's own tools take.
	public func(k *chains.PublicKey) string
	write  func(k *chains.PublicKey, s *signature.Signature) string
}

// substrate are the chains of the Polkadot SDK.
var substrate = []string{"ACA", "ASTR", "CFG", "DOT", "EDG", "KILT", "KSM", "POLYX", "TAO", "VARA"}

// What the messages are, where both schemes have the same.
const (
	substrateWhat = "signing payload: call, extensions, and what they imply"
	tezosWhat     = "watermark 03 and forged operation"
	hederaWhat    = "bodyBytes of a transaction"
	icpWhat       = "ic-request and a request ID"
	iotaWhat      = "intent 000000 and TransactionData"
	casperWhat    = "header of a deploy"

	icpRequest = "\x0aic-request"
)

// unreadables are the chains without a reader whose signing is known from their own
// libraries (fixtures/vectors/tx/blind.tsv). A chain that is not here is not signed for.
func unreadables() []unreadable {
	return []unreadable{
		{chains: substrate, scheme: signature.Ed25519, what: substrateWhat, least: 65, hash: substratePayload, public: hexPublic, write: substrateSignature},
		{chains: substrate, scheme: signature.ECDSA, what: substrateWhat, least: 65, hash: substrateECDSA, public: hexPublic, write: substrateSignature},
		{chains: []string{"XTZ"}, scheme: signature.Ed25519, what: tezosWhat, begins: "\x03", least: 33, hash: blake256, public: tezosPublic, write: tezosSignature},
		{chains: []string{"XTZ"}, scheme: signature.ECDSA, what: tezosWhat, begins: "\x03", least: 33, hash: blake256, public: tezosPublic, write: tezosSignature},
		{chains: []string{"FIL"}, scheme: signature.ECDSA, what: "CBOR of a message", begins: "\x8a\x00", least: 33, forms: []string{"f1", "t1"}, hash: filecoinHash, public: hexPublic, write: base64Signature},
		{chains: []string{"HBAR"}, scheme: signature.Ed25519, what: hederaWhat, begins: "\x0a", least: 33, hash: itself, public: hexPublic, write: hexSignature},
		{chains: []string{"HBAR"}, scheme: signature.ECDSA, what: hederaWhat, begins: "\x0a", least: 33, hash: keccak, public: hexPublic, write: hexSignature},
		{chains: []string{"ICP"}, scheme: signature.Ed25519, what: icpWhat, begins: icpRequest, least: len(icpRequest) + 32, hash: itself, public: icpPublic, write: hexSignature},
		{chains: []string{"ICP"}, scheme: signature.ECDSA, what: icpWhat, begins: icpRequest, least: len(icpRequest) + 32, hash: sha, public: icpPublic, write: hexSignature},
		{chains: []string{"IOTA"}, scheme: signature.Ed25519, what: iotaWhat, begins: "\x00\x00\x00", least: 100, hash: blake256, public: hexPublic, write: iotaSignature},
		{chains: []string{"IOTA"}, scheme: signature.ECDSA, what: iotaWhat, begins: "\x00\x00\x00", least: 100, hash: blakeSHA, public: hexPublic, write: iotaSignature},
		{chains: []string{"EGLD"}, scheme: signature.Ed25519, what: "JSON of a transaction", begins: `{"nonce":`, least: 100, hash: itself, public: hexPublic, write: hexSignature},
		{chains: []string{"CSPR"}, scheme: signature.Ed25519, what: casperWhat, begins: "\x01", least: 100, hash: blake256, public: casperPublic, write: casperSignature},
		{chains: []string{"CSPR"}, scheme: signature.ECDSA, what: casperWhat, begins: "\x02", least: 100, hash: blakeSHA, public: casperPublic, write: casperSignature},
		{chains: []string{"ICX"}, scheme: signature.ECDSA, what: "serialised icx_sendTransaction", begins: "icx_sendTransaction.", least: 100, hash: sha3Hash, public: hexPublic, write: base64Signature},
		{chains: []string{"VET", "TVET"}, scheme: signature.ECDSA, what: "RLP of a transaction without a signature", least: 33, is: isVeChain, hash: blake256, public: hexPublic, write: recoverableHex},
	}
}

// BlindSchemes are the schemes with which a message of a chain can be signed unread,
// none where it cannot.
func BlindSchemes(chain *chains.Chain) (schemes []string) {
	for _, u := range unreadables() {
		if slices.Contains(u.chains, chain.ID) && familyOf(chain) == nil {
			schemes = append(schemes, u.scheme.String())
		}
	}
	return schemes
}

// row returns the row of the chain and the scheme.
func (b *Blind) row() (*unreadable, error) {
	if f := familyOf(b.Chain); f != nil {
		return nil, unsafe("transactions of %s are read, so none of them is signed unread: leave --blind out, and take a file that the %s family reads", b.Chain.Name, f.name)
	}
	var others []string
	for _, u := range unreadables() {
		switch {
		case !slices.Contains(u.chains, b.Chain.ID):
		case u.scheme == b.Scheme:
			return &u, nil
		default:
			others = append(others, u.scheme.String())
		}
	}
	if others != nil {
		return nil, unsafe("%s takes no %s signature, but %s", b.Chain.Name, b.Scheme, strings.Join(others, " or "))
	}
	return nil, unsafe("which bytes %s signs, and how it hashes them, is not known here with certainty, and a signature of anything else is void at best", b.Chain.Name)
}

// Read reads a message, which is in hex.
func (b *Blind) Read(data []byte) (*Transaction, error) {
	u, err := b.row()
	if err != nil {
		return nil, err
	}
	if len(data) > 3*maxBlind {
		return nil, unread("it is larger than %d bytes of hex", 3*maxBlind)
	}
	message, ok := evmHex(string(bytes.TrimSpace(data)))
	if !ok {
		if err := unclaimed(data, b.Scheme); err != nil {
			return nil, err
		}
		return nil, unread("a message that is signed unread is in hex, and nothing else is in its file")
	}
	if err := u.check(b, message); err != nil {
		return nil, err
	}
	t := &Transaction{
		Form: "unread message, to be signed with " + b.Scheme.String(), Chain: b.Chain, Network: b.Chain.Name,
		Effects: []Effect{}, Fee: Fee{Most: new(big.Int)}, Claims: []string{},
		Expiry:  Expiry{Text: "not known"},
		Slots:   []Slot{{Address: b.From}},
		TextExt: "sig",
		Unread:  &Unread{What: u.what, Length: len(message), SHA256: sha256.Sum256(message), Text: texts(message)},
		read:    sha256.Sum256(data),
	}
	t.body = &blindBody{row: u, chain: b.Chain, from: b.From, message: message}
	return t, nil
}

// Messages that no wallet should sign unread, whatever its chain: each of them is signed
// with the same kind of key, and means something elsewhere.
var forbidden = []struct{ begins, why string }{
	{"\x19\x01", "typed data of an EVM chain (EIP-712), which can give tokens away"},
	{"\x19", "a personal message, which logs in or agrees to something"},
	{"<Bytes>", "a personal message of the Polkadot SDK, which logs in or agrees to something"},
	{"\xffsolana offchain", "a personal message of Solana, which logs in or agrees to something"},
	{"APTOS\n", "a personal message of Aptos, which logs in or agrees to something"},
	{"\x84\x6aSignature1", "a personal message of Cardano, which logs in or agrees to something"},
	{"STX\x00", "a transaction of the XRP Ledger"},
	{"SMT\x00", "a transaction of the XRP Ledger with several signers"},
	{"BCH\x00", "a batch of transactions of the XRP Ledger"},
	{"CLM\x00", "a claim to money of a channel of the XRP Ledger"},
	{"TX", "a transaction of Algorand"},
	{"Prog", "a program that may spend for an account of Algorand"},
	{string(aptosSalt("RawTransaction")), "a transaction of Aptos"},
	{string(aptosSalt("RawTransactionWithData")), "a transaction of Aptos that several sign"},
	{suiIntent, "a transaction of Sui"},
}

// check refuses messages that are not what the row is of, or that mean something else.
func (u *unreadable) check(b *Blind, message []byte) error {
	for _, f := range forbidden {
		if bytes.HasPrefix(message, []byte(f.begins)) && f.begins != u.begins {
			return unsafe("it begins with %x: that is %s", f.begins, f.why)
		}
	}
	if kind := ethereumKind(message); kind != "" && b.Scheme.Curve() == curve.Secp256k1 {
		return unsafe("it begins with %02x, as %s does", message[0], kind)
	}
	if len(message) == sha256.Size {
		return unsafe("it has 32 bytes, as a hash has: give the message itself, which is hashed here")
	}
	if len(message) > maxBlind {
		return unread("the message is larger than %d bytes", maxBlind)
	}
	if err := unclaimed(message, b.Scheme); err != nil {
		return err
	}
	if b.Scheme.Curve() == curve.Ed25519 && len(message) > 0 && message[0]>>5 == cborMap {
		return unsafe("it begins with %02x, as the body of a transaction of Cardano does", message[0])
	}
	if len(message) < u.least {
		return unsafe("it is not what %s signs (%s): that has %d bytes or more", b.Chain.Name, u.what, u.least)
	}
	if !bytes.HasPrefix(message, []byte(u.begins)) {
		return unsafe("it is not what %s signs (%s): that begins with %x", b.Chain.Name, u.what, u.begins)
	}
	if u.is != nil && !u.is(message) {
		return unsafe("it is not what %s signs (%s)", b.Chain.Name, u.what)
	}
	return nil
}

// isVeChain knows a list of RLP, which a transaction is since VIP-251 after its type.
func isVeChain(message []byte) bool {
	const dynamicFee = 0x51
	return message[0] >= 0xc0 || message[0] == dynamicFee && message[1] >= 0xc0
}

// ethereumKind says what EIP-2718 and EIP-7702 have begin like the message, or nothing.
// What follows is a list, whose first byte is 0xc0 or more: on chains of the Polkadot
// SDK, 04 and 05 alone are the pallet that pays.
func ethereumKind(message []byte) string {
	if len(message) < 2 || message[1] < 0xc0 {
		return ""
	}
	switch message[0] {
	case 4:
		return "a transaction that hands an account to a program (EIP-7702)"
	case 5:
		return "an authorization that hands an account to a program (EIP-7702)"
	}
	return ""
}

// unclaimed refuses what a reader for keys of the same curve takes for its own, in any
// spelling.
func unclaimed(data []byte, scheme signature.Scheme) error {
	forms := append(spellings(data), []byte(hex.EncodeToString(data)), []byte(base64.StdEncoding.EncodeToString(data)))
	for _, f := range families() {
		if f.signsOn(scheme.Curve()) && slices.ContainsFunc(forms, f.takes) {
			return unsafe("it is a transaction of the %s family, which is read and never signed unread", f.name)
		}
	}
	return nil
}

// signsOn reports whether a chain of the family has keys on a curve.
func (f *family) signsOn(on curve.Curve) bool {
	return slices.ContainsFunc(chains.All(), func(c *chains.Chain) bool {
		_, ok := f.coin(c)
		return ok && len(c.On(on)) > 0
	})
}

// eager are the families whose files are known by a few zeros, which other chains have
// as well. They sign a hash of more than the file.
var eager = []string{stellar.name, sui.name}

// takes reports whether data is a transaction of the family: one that it reads, or one
// that it refuses, unless the family is eager.
func (f *family) takes(data []byte) bool {
	if len(data) > MaxSize || !f.claims(data) {
		return false
	}
	_, err := (&Reader{}).readAs(f, data)
	return err == nil || !errors.Is(err, ErrUnread) && !slices.Contains(eager, f.name)
}

// Bounds of what is shown of a message as text.
const (
	minText  = 6
	maxText  = 400
	maxTexts = 20
)

// texts returns the parts of a message that are text in ASCII.
func texts(message []byte) (list []string) {
	for _, part := range bytes.FieldsFunc(message, func(r rune) bool { return r < ' ' || r > '~' }) {
		if len(part) < minText {
			continue
		}
		if len(list) == maxTexts {
			return append(list, "…")
		}
		if len(part) > maxText {
			part = append(slices.Clone(part[:maxText]), "…"...)
		}
		list = append(list, string(part))
	}
	return list
}

// blindBody is a message that is signed unread.
type blindBody struct {
	row     *unreadable
	chain   *chains.Chain
	from    string
	message []byte
	key     *chains.PublicKey
	signing *Signing
}

func (b *blindBody) bind(_ int, k *chains.PublicKey) (*Signing, error) {
	form, ok := b.chain.Match(k, b.from)
	switch {
	case !ok:
		return nil, because(ErrForeign, "%s is not its address", b.from)
	case k.Curve != b.row.scheme.Curve():
		return nil, unsafe("a key on %v makes no %s signature", k.Curve, b.row.scheme)
	case len(b.row.forms) > 0 && !slices.Contains(b.row.forms, form.Name):
		return nil, unsafe("accounts of the form %s do not sign so, but those of %s", form.Name, strings.Join(b.row.forms, " and "))
	}
	signing, err := signing(b.row.scheme, k, b.row.hash(b.message), nil)
	b.key, b.signing = k, signing
	return signing, err
}

func (b *blindBody) finish(signatures []*signature.Signature) (*Signed, error) {
	s := signatures[0]
	if err := signature.Verify(b.signing.Public, b.signing.Message, s); err != nil {
		return nil, err
	}
	text := b.row.write(b.key, s)
	return &Signed{Text: text, Parts: []string{b.row.public(b.key) + "=" + text}}, nil
}

func itself(message []byte) []byte { return message }

func sha(message []byte) []byte {
	h := sha256.Sum256(message)
	return h[:]
}

func keccak(message []byte) []byte {
	h := chains.Keccak256(message)
	return h[:]
}

func blake256(message []byte) []byte { return blake2b.Append(nil, 32, "", message) }

// raw is the key as it is: compressed on secp256k1.
func raw(k *chains.PublicKey) []byte {
	if k.Curve == curve.Ed25519 {
		return k.Key[1:]
	}
	return k.Key[:]
}

func hexPublic(k *chains.PublicKey) string { return hex.EncodeToString(raw(k)) }

func hexSignature(_ *chains.PublicKey, s *signature.Signature) string {
	return hex.EncodeToString(s.Bytes[:])
}

// recoverable is r ‖ s ‖ the recovery number.
func recoverable(s *signature.Signature) []byte { return append(s.Bytes[:], s.Recovery) }

func recoverableHex(_ *chains.PublicKey, s *signature.Signature) string {
	return hex.EncodeToString(recoverable(s))
}

// substratePayload is what SignedPayload of the Polkadot SDK has signed: a payload of
// more than 256 bytes is hashed first.
func substratePayload(payload []byte) []byte {
	if len(payload) > 256 {
		return blake256(payload)
	}
	return payload
}

func substrateECDSA(payload []byte) []byte { return blake256(substratePayload(payload)) }

// substrateSignature is a MultiSignature, whose first byte is the kind of key.
func substrateSignature(_ *chains.PublicKey, s *signature.Signature) string {
	if s.Scheme == signature.Ed25519 {
		return "0x00" + hex.EncodeToString(s.Bytes[:])
	}
	return "0x02" + hex.EncodeToString(recoverable(s))
}

// tezosKinds are the prefixes of Tezos in base 58: of a public key and of a signature.
var tezosKinds = map[curve.Curve]struct{ public, signature string }{
	curve.Ed25519:   {"\x0d\x0f\x25\xd9", "\x09\xf5\xcd\x86\x12"}, // edpk, edsig
	curve.Secp256k1: {"\x03\xfe\xe2\x56", "\x0d\x73\x65\x13\x3f"}, // sppk, spsig1
}

func tezosPublic(k *chains.PublicKey) string {
	return string(base58.AppendCheck(nil, append([]byte(tezosKinds[k.Curve].public), raw(k)...)))
}

func tezosSignature(k *chains.PublicKey, s *signature.Signature) string {
	return string(base58.AppendCheck(nil, append([]byte(tezosKinds[k.Curve].signature), s.Bytes[:]...)))
}

// filecoinHash is BLAKE2b-256 of the CID of a message: version 1, DAG-CBOR, and
// BLAKE2b-256 of 32 bytes.
func filecoinHash(message []byte) []byte {
	return blake256(append([]byte("\x01\x71\xa0\xe4\x02\x20"), blake256(message)...))
}

func base64Signature(_ *chains.PublicKey, s *signature.Signature) string {
	return base64.StdEncoding.EncodeToString(recoverable(s))
}

func icpPublic(k *chains.PublicKey) string { return hex.EncodeToString(chains.DER(k)) }

// blakeSHA is SHA-256 of the hash that Ed25519 signs on the same chain.
func blakeSHA(message []byte) []byte { return sha(blake256(message)) }

func sha3Hash(message []byte) []byte {
	h := sha3.Sum256(message)
	return h[:]
}

// Casper writes the kind of key before a key and a signature: 01 or 02.
func casperKind(k *chains.PublicKey) string {
	if k.Curve == curve.Ed25519 {
		return "01"
	}
	return "02"
}

func casperPublic(k *chains.PublicKey) string { return casperKind(k) + hexPublic(k) }

func casperSignature(k *chains.PublicKey, s *signature.Signature) string {
	return casperKind(k) + hexSignature(k, s)
}

// iotaSignature is the kind of key, the signature and the key.
func iotaSignature(k *chains.PublicKey, s *signature.Signature) string {
	kind := byte(0)
	if s.Scheme == signature.ECDSA {
		kind = 1
	}
	return base64.StdEncoding.EncodeToString(slices.Concat([]byte{kind}, s.Bytes[:], raw(k)))
}
