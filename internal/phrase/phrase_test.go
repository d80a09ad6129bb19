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
	fmt.Println(phrase.Count(0, "row"), phrase.Count(1, "row"), phrase.Count(int64(2), "row"), phrase.Count(2, "address"))
	// Output:
	// .
	// "a".
	// "a" and "b".
	// "a", "b" and "c\n".
	// "a", "b", "c", "d", "e", "f", "g" and "h"
	// "a", "b", "c", "d", "e", "f", "g", "h" and 2 more
	// 0 rows 1 row 2 rows 2 addresses
}
