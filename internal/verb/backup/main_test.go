package backup

import (
	"os"
	"testing"

	"lifeboat/internal/cost"
)

// Passwords cost next to nothing here: the stories try what they cost.
func TestMain(m *testing.M) {
	cost.TestOnlyCheap()
	os.Exit(m.Run())
}
