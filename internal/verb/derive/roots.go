package derive

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/cli"
	"lifeboat/internal/curve"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

// onCurves says which root keys there are, to whoever gives the wrong one.
const onCurves = "a vault has a root key on each curve: xpub… is secp256k1, cpub… and fpub… (Fireblocks) are ed25519, and bitgo:… is either"

// inPlace is what to give in place of a file that does not show enough before it is open.
const inPlace = "mpc-recover key --check-only opens the file and prints its root keys: give those in its place"

// root is a root key that an argument names.
type root struct {
	*derive.Key
	path string     // of the share file; empty for a key that was given as such
	lack share.Lack // why it has no chain code, if it has none
}

// remedy is what gives the keys below a root key without a chain code.
func (r root) remedy() string {
	switch r.lack {
	case share.NotOpened:
		return "its chain code is encrypted in the file: " + inPlace
	case share.NotUsed:
		return fmt.Sprintf("how keys of that vendor's descend on %v is not known; if you know their tree, give the root extended public key in place of the file", r.Curve())
	case share.NoneBelow:
		return fmt.Sprintf("on %v no keys descend from it: it is the key of every chain", r.Curve())
	}
	return "give the extended public key, if there is one"
}

// readKeys reads the public keys that arguments name: the keys themselves, files with one
// key a line, or share files, of which only the public part is used. Of two that agree,
// the one with a chain code is kept.
func readKeys(args []string) ([]root, error) {
	var roots []root
	for _, arg := range args {
		k, err := derive.ParsePublic(arg)
		if err == nil {
			roots = add(roots, root{Key: k})
			continue
		}
		found, fileErr := keysOfFile(arg)
		switch {
		case errors.Is(fileErr, os.ErrNotExist):
			return nil, recorded.Misspelt(err) // it was meant as a key
		case errors.As(fileErr, new(*formats.Closed)):
			return nil, cli.Fail(cli.Failed, fileErr, inPlace+"; of a keycard of BitGo's, give bitgo: and the digits of box C")
		case errors.Is(fileErr, formats.ErrKeychain):
			return nil, cli.Fail(cli.Failed, fileErr, "here it goes in place of the file")
		case fileErr != nil:
			return nil, cli.Fail(cli.Failed, fileErr)
		}
		for _, r := range found {
			roots = add(roots, r)
		}
	}
	return roots, nil
}

// add is verdict.Roots.Add for keys that it is known of whence they are.
func add(roots []root, r root) []root {
	for i, k := range verdict.Roots(keysOf(roots)).Add(r.Key) {
		switch {
		case i == len(roots):
			return append(roots, r)
		case k != roots[i].Key:
			roots[i] = r
		}
	}
	return roots
}

// keysOf returns the keys of roots.
func keysOf(roots []root) []*derive.Key {
	keys := make([]*derive.Key, len(roots))
	for i, r := range roots {
		keys[i] = r.Key
	}
	return keys
}

// oneVault refuses two root keys on one curve, below which a path leads to two addresses
// that nothing tells apart.
func oneVault(roots []root) error {
	for _, c := range curve.All() {
		var lines []string
		for _, r := range roots {
			switch {
			case r.Curve() != c:
			case r.path == "":
				lines = append(lines, "root key "+r.String())
			default:
				lines = append(lines, fmt.Sprintf("%q: root key %s", r.path, r))
			}
		}
		if len(lines) > 1 {
			return cli.Fail(cli.Mismatch, fmt.Errorf("there are %d root keys on %v, and a path has another address below each\n%s", len(lines), c, strings.Join(lines, "\n")),
				"give the file of one vault, or in its place the root key that is meant")
		}
	}
	return nil
}

func keysOfFile(path string) ([]root, error) {
	data, err := strict.ReadFile(path, share.MaxFileSize)
	if err != nil {
		return nil, err
	}
	defer secret.Wipe(data) // tss-lib save data holds a share in the clear
	shares, err := formats.Parse(path, data, share.Pin{})
	if errors.Is(err, formats.ErrUnrecognised) && !recorded.Structured(data) {
		keys, err := recorded.Keys(path, data)
		var roots []root
		for _, k := range keys {
			roots = append(roots, root{Key: k})
		}
		return roots, err
	}
	return keysOfShares(path, shares, err)
}

func keysOfShares(path string, shares []*share.Sealed, err error) ([]root, error) {
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	var roots []root
	for _, s := range shares {
		defer s.Wipe()
		if err := s.Err(); err != nil {
			return nil, fmt.Errorf("%q: %w", path, err)
		}
		roots = add(roots, root{s.Group.Root(), path, s.Group.Lack})
	}
	return roots, nil
}
