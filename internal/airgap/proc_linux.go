package airgap

import (
	"bufio"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxFound is how many findings of a kind are listed. One is enough to refuse,
// and a router has a million routes.
const maxFound = 4

// sources are the files that tell, from the root folder, with what a line of
// each says to us ("" for nothing). Their formats: proc(5), and net/ipv4/fib_trie.c
// and net/ipv6/{route,addrconf}.c of Linux.
var sources = []struct {
	path string
	look func() func(line string) string
}{
	{"proc/net/route", each(defaultRoute4)},
	{"proc/net/ipv6_route", each(defaultRoute6)},
	{"proc/net/fib_trie", localAddresses},
	{"proc/net/if_inet6", each(address6)},
}

// evidence looks into the files of a Linux system. It is an error if none of
// them can be read.
func evidence(root fs.FS) ([]string, error) {
	var found []string
	var failed error
	readable := 0
	for _, s := range sources {
		lines, err := scan(root, s.path, s.look())
		found = append(found, lines...)
		switch {
		case err == nil:
			readable++
		case !errors.Is(err, fs.ErrNotExist): // a kernel without IPv6 has no file for it
			failed = err
		}
	}
	if len(found) > 0 {
		return append(found, carriers(root)...), nil
	}
	if failed == nil && readable == 0 {
		failed = errors.New("none of the files about routes and addresses exist in /proc/net")
	}
	return nil, failed
}

func each(look func(string) string) func() func(string) string {
	return func() func(string) string { return look }
}

func scan(root fs.FS, path string, look func(string) string) ([]string, error) {
	f, err := root.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var found []string
	lines := bufio.NewScanner(f)
	for len(found) < maxFound && lines.Scan() {
		if what := look(lines.Text()); what != "" && !slices.Contains(found, what) {
			found = append(found, what)
		}
	}
	return found, lines.Err()
}

// Flags of routes, from linux/route.h.
const (
	routeUp     = 0x1
	routeReject = 0x200
)

func usable(flags string) bool {
	n, err := strconv.ParseUint(flags, 16, 32)
	return err == nil && n&routeUp != 0 && n&routeReject == 0
}

// Interface, destination, gateway, flags, references, uses, metric, mask.
func defaultRoute4(line string) string {
	f := strings.Fields(line)
	if len(f) < 8 || f[1] != "00000000" || f[7] != "00000000" || !usable(f[3]) {
		return ""
	}
	return fmt.Sprintf("default route via %q", f[0])
}

// Destination and its prefix length, source and its, next hop, metric,
// references, uses, flags, interface. There always is a rejecting one on lo.
func defaultRoute6(line string) string {
	f := strings.Fields(line)
	if len(f) < 10 || f[0] != strings.Repeat("0", 32) || f[1] != "00" || !usable(f[8]) || f[9] == "lo" {
		return ""
	}
	return fmt.Sprintf("default IPv6 route via %q", f[9])
}

// Address, index, prefix length, scope, flags, interface.
func address6(line string) string {
	f := strings.Fields(line)
	if len(f) < 6 || f[5] == "lo" {
		return ""
	}
	b, err := hex.DecodeString(f[0])
	if err != nil || len(b) != 16 {
		return ""
	}
	return foreign(netip.AddrFrom16([16]byte(b)), fmt.Sprintf("interface %q has address", f[5]))
}

// localAddresses finds the machine's own IPv4 addresses in the routing trie,
// which has them while their interface is up: a line with the address, and below
// it a line that says that it is local.
func localAddresses() func(string) string {
	var last netip.Addr
	return func(line string) string {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "|-- "); ok {
			last, _ = netip.ParseAddr(text)
			return ""
		}
		if line != "/32 host LOCAL" {
			return ""
		}
		return foreign(last, "an interface has address")
	}
}

// foreign returns what followed by the address, unless that reaches no network.
func foreign(a netip.Addr, what string) string {
	if !a.IsValid() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsUnspecified() {
		return ""
	}
	return fmt.Sprintf("%s %s", what, a)
}

// Flags of interfaces, from linux/if.h.
const (
	interfaceUp       = 0x1
	interfaceLoopback = 0x8
)

// carriers lists the interfaces that are up and connected. By themselves they
// are no evidence: /sys shows those of the name space it was mounted in.
func carriers(root fs.FS) []string {
	paths, _ := fs.Glob(root, "sys/class/net/*/flags")
	var found []string
	for _, path := range paths {
		dir := strings.TrimSuffix(path, "/flags")
		flags, err := strconv.ParseUint(strings.TrimPrefix(content(root, path), "0x"), 16, 32)
		if err != nil || flags&interfaceUp == 0 || flags&interfaceLoopback != 0 {
			continue
		}
		if content(root, dir+"/carrier") == "1" || content(root, dir+"/operstate") == "up" {
			found = append(found, fmt.Sprintf("interface %q is up and connected", strings.TrimPrefix(dir, "sys/class/net/")))
		}
	}
	return found[:min(len(found), maxFound)]
}

func content(root fs.FS, path string) string {
	b, _ := fs.ReadFile(root, path)
	return strings.TrimSpace(string(b))
}
