// Package deps is temporary.
package deps

import (
	_ "c2sp.org/CCTV/age"
	_ "filippo.io/age"
	_ "filippo.io/age/agessh"
	_ "filippo.io/edwards25519"
	_ "github.com/bnb-chain/tss-lib/v2/ecdsa/keygen"
	_ "github.com/bnb-chain/tss-lib/v2/ecdsa/signing"
	_ "github.com/bnb-chain/tss-lib/v2/eddsa/keygen"
	_ "github.com/bnb-chain/tss-lib/v2/eddsa/signing"
	_ "github.com/btcsuite/btcd/btcutil/base58"
	_ "github.com/btcsuite/btcd/btcutil/bech32"
	_ "github.com/btcsuite/btcd/btcutil/hdkeychain"
	_ "github.com/decred/dcrd/crypto/blake256"
	_ "github.com/decred/dcrd/dcrec/secp256k1/v4"
	_ "github.com/hashicorp/vault/shamir"
	_ "github.com/rogpeppe/go-internal/testscript"
	_ "github.com/spf13/pflag"
	_ "golang.org/x/crypto/blake2b"
	_ "golang.org/x/crypto/ripemd160"
	_ "golang.org/x/crypto/sha3"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
	_ "golang.org/x/text/unicode/norm"
	_ "pgregory.net/rapid"
)
