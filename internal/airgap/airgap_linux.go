package airgap

import "io/fs"

// Evidence returns what was found, for people to read; nothing if nothing was.
// An error means that it could not look. root is the system's root folder.
func Evidence(root fs.FS) ([]string, error) { return evidence(root) }
