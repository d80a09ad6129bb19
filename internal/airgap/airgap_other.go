//go:build !linux

package airgap

import (
	"fmt"
	"io/fs"
	"net"
)

// Evidence returns what was found, for people to read; nothing if nothing was.
// An error means that it could not look. Routes are not looked at here: one that
// leads anywhere needs an address. No file is read.
func Evidence(fs.FS) ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("couldn't list the network interfaces: %w", err)
	}
	var found []string
	for _, i := range interfaces {
		if i.Flags&net.FlagUp == 0 || i.Flags&net.FlagLoopback != 0 {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("couldn't list the addresses of interface %q: %w", i.Name, err)
		}
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && !n.IP.IsLinkLocalUnicast() && !n.IP.IsLoopback() {
				found = append(found, fmt.Sprintf("interface %q has address %s", i.Name, n.IP))
			}
		}
	}
	return found, nil
}
