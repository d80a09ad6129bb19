package words_test

import (
	"fmt"

	"lifeboat/internal/words"
)

func Example() {
	for _, list := range [][]string{nil, {"a"}, {"a", "b"}, {"a", "b", "c\n"}} {
		fmt.Printf("%s.\n", words.And(words.Quoted(list)))
	}
	// Output:
	// .
	// "a".
	// "a" and "b".
	// "a", "b" and "c\n".
}
