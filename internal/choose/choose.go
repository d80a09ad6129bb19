// Package choose lists combinations.
package choose

import "iter"

// Of yields all ways to choose k of n, as increasing indices, in order. The slice is
// reused: copy what you want to keep.
func Of(n, k int) iter.Seq[[]int] {
	return func(yield func([]int) bool) {
		if k > n {
			return
		}
		c := make([]int, k)
		for i := range c {
			c[i] = i
		}
		for yield(c) {
			i := k - 1
			for i >= 0 && c[i] == n-k+i {
				i--
			}
			if i < 0 {
				return
			}
			c[i]++
			for j := i + 1; j < k; j++ {
				c[j] = c[j-1] + 1
			}
		}
	}
}
