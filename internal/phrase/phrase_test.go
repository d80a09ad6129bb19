package phrase_test

import (
	"fmt"

	"lifeboat/internal/phrase"
)

func Example() {
	for _, list := range [][]string{nil, {"a"}, {"a", "b"}, {"a", "b", "c\n"}} {
		fmt.Printf("%s.\n", phrase.And(phrase.Quoted(list)))
	}
	// Output:
	// .
	// "a".
	// "a" and "b".
	// "a", "b" and "c\n".
}
