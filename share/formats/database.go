package formats

import (
	"bytes"
	"fmt"
	"strings"
)

// ErrDatabase is returned, wrapped with ErrUnknown, for the database in which a TSS
// node of the vendor's keeps its shares. Its form is the node's own: shares leave it
// as JSON only.
var ErrDatabase = fmt.Errorf("%w, but a database, such as the secrets.db of a TSS node, which only that node's own program opens", ErrUnknown)

// DatabaseAdvice says what makes a backup of one.
const DatabaseAdvice = "have whoever runs the node export its shares as JSON (export-share), after every key generation and every reshare; " +
	"until then keep together what the database needs: its password, and the node's program in that version, its configuration and its system"

const databaseName = "secrets.db"

// IsDatabase reports whether a file is such a database, by how it begins or, since it
// may be encrypted or of any make, by its name.
func IsDatabase(path string, data []byte) bool {
	return bytes.HasPrefix(data, []byte("SQLite format 3\x00")) || strings.HasSuffix(strings.ToLower(path), databaseName)
}
