package derive

import (
	"errors"
	"fmt"
	"os"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share"
	"lifeboat/share/formats"
)

// readKeys reads the public keys that arguments name: the keys themselves, files with one key a line, or share files, of which only the public
// part is used.
func readKeys(args []string) ([]*derive.Key, error) {
	var keys []*derive.Key
	for _, arg := range args {
		k, err := derive.ParsePublic(arg)
		if err == nil {
			keys = append(keys, k)
			continue
		}
		found, fileErr := keysOfFile(arg)
		switch {
		case errors.Is(fileErr, os.ErrNotExist):
			return nil, recorded.Misspelt(err) // it was meant as a key
		case fileErr != nil:
			return nil, cli.Fail(cli.Failed, fileErr)
		}
		keys = append(keys, found...)
	}
	return keys, nil
}

func keysOfFile(path string) ([]*derive.Key, error) {
	data, err := strict.ReadFile(path, share.MaxFileSize)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(data) // tss-lib save data holds a share in the clear
	shares, err := formats.Parse(path, data, share.Pin{})
	if errors.Is(err, formats.ErrUnrecognised) && !recorded.Structured(data) {
		return recorded.Keys(path, data)
	}
	return keysOfShares(path, shares, err)
}

func keysOfShares(path string, shares []*share.Sealed, err error) ([]*derive.Key, error) {
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	var groups []*share.Group
	for _, s := range shares {
		defer s.Wipe()
		if err := s.Err(); err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		groups = append(groups, s.Group)
	}
	return share.Roots(groups), nil
}
