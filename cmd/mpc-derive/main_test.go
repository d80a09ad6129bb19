package main

import (
	"os"
	"testing"

	"lifeboat/internal/story"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/recover"
)

// The stories run the real programs: this test binary under their names.
func TestMain(m *testing.M) {
	story.Main(m, map[string]func(){
		"mpc-derive":  func() { os.Exit(derive.Program().Main()) },
		"mpc-backup":  func() { os.Exit(backup.Program().Main()) },
		"mpc-recover": func() { os.Exit(recover.Program().Main()) },
	})
}

func TestStories(t *testing.T) { story.Run(t, "testdata") }
