// Package derive holds the verbs of mpc-derive.
package derive

import (
	"lifeboat/internal/cli"
)

// Program returns mpc-derive.
func Program() *cli.Program {
	return &cli.Program{
		Name:    "mpc-derive",
		Summary: "addresses and child public keys from root extended public keys; it sees no secret",
		Verbs:   []cli.Verb{addressVerb, findVerb, chainsVerb, watchVerb, makeVerb, reviewVerb},
	}
}
