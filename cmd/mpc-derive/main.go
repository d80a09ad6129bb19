// Mpc-derive computes addresses and child public keys from root extended public
// keys. It sees no share and no private key.
package main

import (
	"os"

	"lifeboat/internal/verb/derive"
)

func main() { os.Exit(derive.Program().Main()) }
