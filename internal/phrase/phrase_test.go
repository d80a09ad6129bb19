package phrase_test

import (
	"fmt"
	"strings"

	"lifeboat/internal/phrase"
)

func Example() {
	for _, list := range [][]string{nil, {"a"}, {"a", "b"}, {"a", "b", "c\n"}} {
		fmt.Printf("%s.\n", phrase.And(phrase.Quoted(list)))
	}
	fmt.Println(phrase.Some(strings.Fields("a b c d e f g h")))
	fmt.Println(phrase.Some(strings.Fields("a b c d e f g h i j")))
	// Output:
	// .
	// "a".
	// "a" and "b".
	// "a", "b" and "c\n".
	// "a", "b", "c", "d", "e", "f", "g" and "h"
	// "a", "b", "c", "d", "e", "f", "g", "h" and 2 more
}
