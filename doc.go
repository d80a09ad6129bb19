// Package lifeboat is the root of the module. It has no code: its tests hold the
// architecture (imports_test.go), and what the pages say (docs_test.go). The
// programs are in cmd; internal/release looks into them when they are built.
package lifeboat
