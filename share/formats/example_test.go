package formats_test

import (
	"fmt"
	"log"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// What a file says without its password: everything but the share.
func ExampleParse() {
	file := fixtures.Load("2of3").Files[0]
	shares, err := formats.Parse(file.Name, file.Data, share.Pin{})
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range shares {
		g := s.Group
		fmt.Printf("%s: %d of %d, epoch %s, consistent: %t\n", g.Curve, g.Threshold, len(g.Participants), g.Epoch(), g.Check() == nil)
		fmt.Println(" ", g.Root())
	}
	// Output:
	// secp256k1: 2 of 3, epoch 391b95d4667e9490, consistent: true
	//   xpub661MyMwAqRbcFW6tk6jJJqU3nvoJybTq12iuMvzNxb5ffWNz5gwroCo2gjbP2UMgcAVDUPq5YL8Ux7WhdLoMTtrxd6VQVwBwKvWoQGsJb2P
	// ed25519: 2 of 3, epoch 1b5320357276527a, consistent: true
	//   cpubGCmTMqXYTnzkcpnhsAhDEF5mWnzpfRHCuiVsdZ73ossLbaBBsjZpqTevfy5YFvSv1k2K2Hxz4awnuBx7ornBwFAstZk8Tvxq7bmK69iwod2
}

// After a reshare the root key is the same, and the shares do not mix.
func Example_epochs() {
	load := func(vault string) *share.Group {
		file := fixtures.Load(vault).Files[0]
		shares, err := formats.Parse(file.Name, file.Data, share.Pin{})
		if err != nil {
			log.Fatal(err)
		}
		return shares[0].Group
	}
	before, after := load("2of3"), load("other-epoch")
	fmt.Println(before.SameKey(after))
	fmt.Println(before.Relation(after))
	// Output:
	// true
	// another epoch of the same root key: its shares were made by another reshare and do not mix
}
