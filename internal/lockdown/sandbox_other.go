//go:build !linux || !(amd64 || arm64)

package lockdown

import "errors"

// Confine does nothing on this system, and says so.
func Confine(Files) (Protection, error) {
	return Protection{}, errors.New("there is no sandbox on this system")
}

// Supported returns nothing on this system.
func Supported() Support { return Support{} }
