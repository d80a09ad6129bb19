// Package phrase joins and counts what messages list.
package phrase

import (
	"fmt"
	"strings"
)

// And joins items for a person: "a", "a and b", "a, b and c".
func And(items []string) string {
	if len(items) < 2 {
		return strings.Join(items, "")
	}
	last := len(items) - 1
	return strings.Join(items[:last], ", ") + " and " + items[last]
}

// Count counts things whose plural has an s: "1 row", "2 rows", "2 addresses".
func Count[N int | int64 | uint64](n N, thing string) string {
	if n != 1 {
		if strings.HasSuffix(thing, "s") {
			thing += "e"
		}
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Some quotes items and joins them for a person; of many, the first.
func Some(items []string) string {
	const most = 8
	list := Quoted(items[:min(len(items), most)])
	if more := len(items) - most; more > 0 {
		list = append(list, fmt.Sprintf("%d more", more))
	}
	return And(list)
}

// Quoted quotes each item, as %q does.
func Quoted(items []string) []string {
	out := make([]string, len(items))
	for i, s := range items {
		out[i] = fmt.Sprintf("%q", s)
	}
	return out
}
