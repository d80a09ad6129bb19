// Package lifeboat is the root of the module. It has no code: its tests hold the
// architecture (imports_test.go) and what the built programs may contain
// (symbols_test.go). The programs are in cmd.
package lifeboat
