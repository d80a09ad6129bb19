package tx

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"lifeboat/chains"
	"lifeboat/internal/curve"
	"lifeboat/internal/signature"

	"github.com/btcsuite/btcd/btcutil"
	"github.com/btcsuite/btcd/btcutil/psbt"
	"github.com/btcsuite/btcd/txscript"
	"github.com/btcsuite/btcd/wire"
)

// bitcoinBody is an unsigned transaction whose coins are known.
type bitcoinBody struct {
	*unsigned
	chain *chains.Chain
	coin  *coin
	// What all inputs hash alike, so that time is linear; nil before the first is bound.
	outs   txscript.PrevOutputFetcher
	hashes *txscript.TxSigHashes
}

// hash hashes what all inputs hash alike.
func (b *bitcoinBody) hash() {
	outs := make(map[wire.OutPoint]*wire.TxOut, len(b.inputs))
	for i := range b.inputs {
		outs[b.tx.TxIn[i].PreviousOutPoint] = b.inputs[i].out
	}
	b.outs = txscript.NewMultiPrevOutFetcher(outs)
	b.hashes = txscript.NewTxSigHashes(b.tx, b.outs)
}

// way is how a key spends a coin.
type way struct {
	signing *Signing
	key     []byte // as the script has it, nil for Taproot
	redeem  []byte // nil if there is none
}

func (b *bitcoinBody) bind(i int, k *chains.PublicKey) (*Signing, error) {
	if b.hashes == nil {
		b.hash()
	}
	in := &b.inputs[i]
	address, _ := b.chain.OutputAddress(in.out.PkScript)
	e, ok := b.chain.Match(k, address)
	if !ok {
		return nil, because(ErrForeign, "the key %x does not spend what is at %s", k.Key, address)
	}
	public, err := curve.Secp256k1.ParsePoint(k.Key[:])
	if err != nil {
		return nil, err
	}
	w := &way{signing: &Signing{Scheme: signature.ECDSA, Public: public}, key: public.Bytes()}
	switch e.Name {
	case "p2pkh", "cashaddr", "p2wpkh":
	case "p2pkh-uncompressed":
		w.key = public.Uncompressed()
	case "p2sh-p2wpkh":
		w.redeem = append([]byte{txscript.OP_0, txscript.OP_DATA_20}, btcutil.Hash160(w.key)...)
	case "p2tr":
		w.signing.Tweak = signature.TapTweak(public)
		fallthrough
	case "p2tr-untweaked": // the vendor's: the output key is the derived key itself
		w.signing.Scheme, w.key = signature.Schnorr, nil
	default:
		return nil, fmt.Errorf("internal error: signing for an address of the form %s", e.Name)
	}
	w.signing.Message, err = b.message(i, w)
	if err != nil {
		return nil, fmt.Errorf("hashing input %d: %w", i, err)
	}
	in.way = w
	return w.signing, nil
}

// message returns what input i signs.
func (b *bitcoinBody) message(i int, w *way) ([]byte, error) {
	in := &b.inputs[i]
	switch {
	case in.form.taproot:
		return txscript.CalcTaprootSignatureHash(b.hashes, in.sighash, b.tx, i, b.outs)
	case in.form.nested:
		return txscript.CalcWitnessSigHash(w.redeem, b.hashes, in.sighash, b.tx, i, in.out.Value)
	case in.form.legacy && !b.coin.forked:
		return txscript.CalcSignatureHash(in.out.PkScript, in.sighash, b.tx, i)
	}
	return txscript.CalcWitnessSigHash(in.out.PkScript, b.hashes, in.sighash, b.tx, i, in.out.Value)
}

func (b *bitcoinBody) finish(signatures []*signature.Signature) (*Signed, error) {
	tx := b.tx.Copy()
	for i, s := range signatures {
		if err := b.inputs[i].put(tx.TxIn[i], s); err != nil {
			return nil, fmt.Errorf("signing input %d: %w", i, err)
		}
	}
	for i, s := range signatures {
		if err := b.verify(tx, i, s); err != nil {
			return nil, fmt.Errorf("checking the signature of input %d: %w", i, err)
		}
	}
	var raw bytes.Buffer
	if err := tx.Serialize(&raw); err != nil {
		return nil, fmt.Errorf("writing the transaction: %w", err)
	}
	signed := &Signed{ID: tx.TxID(), Text: hex.EncodeToString(raw.Bytes())}
	if b.packet == nil {
		return signed, nil
	}
	var err error
	signed.Data, err = b.writePSBT(tx)
	return signed, err
}

// put puts a signature into an input.
func (in *input) put(to *wire.TxIn, s *signature.Signature) error {
	w := in.way
	if w.key == nil {
		sig := s.Bytes[:]
		if in.sighash != txscript.SigHashDefault {
			sig = append(sig[:len(sig):len(sig)], byte(in.sighash))
		}
		to.Witness = wire.TxWitness{sig}
		return nil
	}
	sig := append(s.DER(), byte(in.sighash))
	script := txscript.NewScriptBuilder()
	switch {
	case in.form.legacy:
		script.AddData(sig).AddData(w.key)
	default:
		to.Witness = wire.TxWitness{sig, w.key}
		if w.redeem != nil {
			script.AddData(w.redeem)
		}
	}
	var err error
	to.SignatureScript, err = script.Script()
	return err
}

// verify checks an input as a node would: by executing its script. The engine does
// not know the digest of SIGHASH_FORKID; there the script is always that of one key,
// whose hash bind compared, so the signature is all that is left.
func (b *bitcoinBody) verify(tx *wire.MsgTx, i int, s *signature.Signature) error {
	in := &b.inputs[i]
	if b.coin.forked {
		return signature.Verify(in.way.signing.Public, in.way.signing.Message, s)
	}
	engine, err := txscript.NewEngine(in.out.PkScript, tx, i, txscript.StandardVerifyFlags, nil, b.hashes, in.out.Value, b.outs)
	if err == nil {
		err = engine.Execute()
	}
	if err != nil {
		return fmt.Errorf("%w: %w", signature.ErrInvalid, err)
	}
	return nil
}

// writePSBT writes the packet with the signatures, finalised as BIP 174 has it, and
// in base 64 if it was.
func (b *bitcoinBody) writePSBT(tx *wire.MsgTx) ([]byte, error) {
	packet := *b.packet
	packet.Inputs = append([]psbt.PInput(nil), b.packet.Inputs...)
	for i, in := range tx.TxIn {
		p := &packet.Inputs[i]
		if len(in.SignatureScript) > 0 {
			p.FinalScriptSig = in.SignatureScript
		}
		if len(in.Witness) > 0 {
			var witness bytes.Buffer
			if err := psbt.WriteTxWitness(&witness, in.Witness); err != nil {
				return nil, fmt.Errorf("writing a witness: %w", err)
			}
			p.FinalScriptWitness = witness.Bytes()
		}
	}
	var out bytes.Buffer
	if err := packet.Serialize(&out); err != nil {
		return nil, fmt.Errorf("writing the PSBT: %w", err)
	}
	if b.base64 {
		return append(base64.StdEncoding.AppendEncode(nil, out.Bytes()), '\n'), nil
	}
	return out.Bytes(), nil
}
