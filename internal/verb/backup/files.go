package backup

import (
	"fmt"
	"strconv"

	"lifeboat/internal/cli"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
)

// checkNew refuses outputs that exist, before anything secret is made or asked
// for, and names what killed runs left beside them.
func checkNew(e *cli.Env, paths ...string) error {
	for _, p := range paths {
		if err := (&holder.Target{Path: p, Plain: true}).Check(); err != nil {
			return err
		}
	}
	e.WarnLeftovers(paths...)
	return nil
}

func wipeAll(list []*secret.Bytes) {
	for _, s := range list {
		s.Wipe()
	}
}

func quoteAll(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = fmt.Sprintf("%q", s)
	}
	return out
}

// countFiles says how many files, for a person.
func countFiles(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}
