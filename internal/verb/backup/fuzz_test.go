package backup

import (
	"fmt"
	"testing"

	"lifeboat/backup/shard"
)

// FuzzQuorum: what is taken is a quorum that shards can be made for, and one
// shard is never enough.
func FuzzQuorum(f *testing.F) {
	for _, s := range []string{"2/3", "3/5", "02/003", "1/3", "3/2", "0/0", "2/255", "2/256", "2/1000", "-2/3", "2/3/4", "2 / 3", "", "2/", "²/3", "2/3\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		k, n, err := parseQuorum(s, true)
		if err != nil {
			if k != 0 || n != 0 {
				t.Errorf("%q: %d/%d, and %v", s, k, n, err)
			}
			return
		}
		if k < 2 || k > n || n > shard.MaxCount {
			t.Errorf("%q: %d/%d", s, k, n)
		}
		if k2, n2, err := parseQuorum(fmt.Sprintf("%d/%d", k, n), true); err != nil || k2 != k || n2 != n {
			t.Errorf("%q: %d/%d when written again: %v", s, k2, n2, err)
		}
	})
}
