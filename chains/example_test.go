package chains_test

import (
	"fmt"
	"log"

	"lifeboat/chains"
	"lifeboat/derive"
	"lifeboat/fixtures"
)

// The key of a row of an address book does not say in which form the row has its
// address, so every encoding of the coin is tried.
func ExampleChain_Match() {
	root, err := derive.Parse(fixtures.Load("2of3").Expected.Groups[0].RootXpub)
	if err != nil {
		log.Fatal(err)
	}
	child, _, err := root.Derive(derive.Path{84, 0, 0, 0, 0})
	if err != nil {
		log.Fatal(err)
	}
	key := chains.NewPublicKey(child.Point())
	bitcoin, _ := chains.Lookup("btc")
	for _, e := range bitcoin.On(child.Curve()) {
		address, err := e.Address(&key)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(e.Name, address)
	}
	e, ok := bitcoin.Match(&key, "bc1qlfzezkgj0mmutzt5fn080epkyyxcpy46237ucf")
	fmt.Println("recorded:", e.Name, ok)
	// Output:
	// p2pkh 1PpKGcRLg1UmZhqP2m7j23yVcPvws7iaVZ
	// p2pkh-uncompressed 16u35QHeSaKxgg37LJqUDEzt7LBtfq4Ao5
	// p2sh-p2wpkh 3A9Phghsavq24dS81m2uHm86KUqvS9MXAe
	// p2wpkh bc1qlfzezkgj0mmutzt5fn080epkyyxcpy46237ucf
	// p2tr bc1pwuqrs20qm3s9ud3pkcl9t7xke4zh33e3zu8jxvqsrqjh3qg02ndsxlj8vz
	// p2tr-untweaked bc1pn4qqhrtl03jvu45xrqrv0hnr5nlujv850yytu8q2aczyf2gfahksx4af0p
	// recorded: p2wpkh true
}
