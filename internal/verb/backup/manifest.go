package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"lifeboat/backup"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
)

// maxPublicManifest is how long the file beside a bundle may be, in bytes: it has
// a few hundred for each share and recipient.
const maxPublicManifest = 16 << 20

// readPublicManifest reads the public manifest beside a bundle. The error is
// fs.ErrNotExist if there is none.
func readPublicManifest(bundle string) (*backup.PublicManifest, error) {
	path := holder.PublicManifestPath(bundle)
	data, err := strict.ReadFile(path, maxPublicManifest)
	if err != nil {
		return nil, err
	}
	m, err := backup.ParsePublicManifest(data)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	return m, nil
}

func absent(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// WithManifests adds to the paths those of the public manifests that may lie beside
// them.
func WithManifests(paths []string) []string {
	all := slices.Clone(paths)
	for _, p := range paths {
		all = append(all, holder.PublicManifestPath(p))
	}
	return all
}
