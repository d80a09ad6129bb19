// Mpc-recover does what enough key shares can do: it recovers root keys, repairs
// and reshares. Keep it sealed in the safe until it is needed.
package main

import (
	"os"

	"lifeboat/internal/verb/recover"
)

func main() { os.Exit(recover.Program().Main()) }
