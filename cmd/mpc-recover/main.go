// Mpc-recover does what enough key shares can do: it recovers root keys, repairs
// and reshares. Keep it sealed in the safe until the day.
package main

import (
	"os"

	"lifeboat/internal/verb/recover"
)

func main() { os.Exit(recover.Program().Main()) }
