//go:build !linux

package story

import "github.com/rogpeppe/go-internal/testscript"

type waiting struct{}

func canAsk() bool { return false }

func cmdWaits(_ *story, ts *testscript.TestScript, _ []string) { ts.Fatalf("no terminals here") }
func cmdTypes(_ *story, ts *testscript.TestScript, _ []string) { ts.Fatalf("no terminals here") }
