package choose_test

import (
	"fmt"
	"testing"

	"lifeboat/internal/choose"
)

func TestOf(t *testing.T) {
	for _, tc := range []struct {
		n, k int
		want string
	}{
		{3, 2, "[0 1][0 2][1 2]"},
		{4, 3, "[0 1 2][0 1 3][0 2 3][1 2 3]"},
		{3, 1, "[0][1][2]"},
		{2, 2, "[0 1]"},
		{2, 0, "[]"},
		{1, 2, ""},
		{0, 1, ""},
	} {
		got := ""
		for c := range choose.Of(tc.n, tc.k) {
			got += fmt.Sprint(c)
		}
		if got != tc.want {
			t.Errorf("%d of %d: %s", tc.k, tc.n, got)
		}
	}
	// Of many, no more are made than are asked for.
	n := 0
	for range choose.Of(1000, 500) {
		if n++; n == 5 {
			break
		}
	}
	if n != 5 {
		t.Error(n)
	}
}
