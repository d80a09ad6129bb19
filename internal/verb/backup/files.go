package backup

import (
	"fmt"
	"strconv"

	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/secret"
	"lifeboat/internal/verb/holder"
)

// newFile is an output of its own, outside of any bundle.
type newFile struct {
	path string
	text *secret.Bytes
}

// checkNew refuses outputs that exist, before anything secret is made or asked
// for, and names what killed runs left beside them.
func checkNew(e *cli.Env, paths ...string) error {
	for _, p := range paths {
		if err := (&holder.Target{Path: p, Plain: true}).Check(); err != nil {
			return err
		}
	}
	holder.WarnLeftovers(e, paths[0])
	return nil
}

// writeNew writes all files or none.
func writeNew(e *cli.Env, files []newFile) error {
	var outputs []*outfile.File
	var paths []string
	for _, f := range files {
		out, err := outfile.Create(f.path)
		if err != nil {
			return err
		}
		defer out.Abort()
		defer e.OnExit(out.Abort)()
		if _, err := out.Write(f.text.Expose()); err != nil {
			return err
		}
		outputs, paths = append(outputs, out), append(paths, f.path)
	}
	return holder.CommitAll(outputs, paths)
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
