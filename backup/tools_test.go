//go:build tools

package backup_test

// The tests build age's own command, to open what we sealed and the other way
// round. This keeps what the command needs in go.mod.
import _ "filippo.io/age/cmd/age"
