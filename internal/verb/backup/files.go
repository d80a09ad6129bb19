package backup

import (
	"strconv"
)

// countFiles says how many files, for a person.
func countFiles(n int) string {
	if n == 1 {
		return "1 file"
	}
	return strconv.Itoa(n) + " files"
}
