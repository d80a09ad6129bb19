// Mpc-backup sees one key share at a time: it inspects and verifies backups,
// seals and opens bundles. Combining shares does not exist in it.
package main

import (
	"os"

	"lifeboat/internal/verb/backup"
)

func main() { os.Exit(backup.Program().Main()) }
