package derive_test

import (
	"fmt"
	"log"

	"lifeboat/derive"
	"lifeboat/fixtures"
)

// A child's private key is the root's plus the tweak, which is public: that is
// why one child's private key and the root extended public key give away the root.
func ExampleKey_Derive() {
	root, err := derive.Parse(fixtures.Load("2of3").Expected.Groups[0].RootXpub)
	if err != nil {
		log.Fatal(err)
	}
	path, err := derive.ParsePath("m/84/0/0/0/0")
	if err != nil {
		log.Fatal(err)
	}
	child, tweak, err := root.Derive(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(child)
	fmt.Printf("tweak %x\n", tweak.Bytes())
	// Output:
	// xpub6GHffGHGY7wNAsHahugJXUkanu4o6RnFbSqGresPE51NVFUkNN7BbypdvfFKRpggPdJYGjSJR5eR5i3yqdUR4v4Auw9GNbA4FQF18Bzzrps
	// tweak 8d1da445a71d5cad4a1aac45966910b1608ba79398283cac99de27f003f8a202
}

func ExampleParsePath() {
	_, err := derive.ParsePath("m/44'/60'/0'/0/7")
	fmt.Println(err)
	// Output:
	// invalid derivation path "m/44'/60'/0'/0/7": step 1: an MPC wallet has no hardened keys: nobody holds the private key that a hardened step needs
}
