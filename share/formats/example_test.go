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
	// secp256k1: 2 of 3, epoch 391b95d4667e9490e5ffe2e0c8630b61, consistent: true
	//   xpub661MyMwAqRbcFW6tk6jJJqU3nvoJybTq12iuMvzNxb5ffWNz5gwroCo2gjbP2UMgcAVDUPq5YL8Ux7WhdLoMTtrxd6VQVwBwKvWoQGsJb2P
	// ed25519: 2 of 3, epoch 1b5320357276527acb5ae554839a36b9, consistent: true
	//   cpubGCmTMqXYTnzkcpnhsAhDEF5mWnzpfRHCuiVsdZ73ossLbaBBsjZpqTevfy5YFvSv1k2K2Hxz4awnuBx7ornBwFAstZk8Tvxq7bmK69iwod2
}
