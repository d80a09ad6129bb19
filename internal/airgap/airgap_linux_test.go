package airgap

import (
	"io/fs"
	"slices"
	"testing"
	"testing/fstest"
)

// Contents as Linux 6.18 wrote them; addresses replaced by those for documentation.
const (
	routeHead = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT                                                       \n"
	routeUpV4 = routeHead + "eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0                                                                           \n" +
		"eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0                                                                           \n"
	routeLinkLocal = routeHead + "usb0\t0000FEA9\t00000000\t0001\t0\t0\t1000\t0000FFFF\t0\t0\t0                                                                           \n"
	routeRejected  = routeHead + "*\t00000000\t00000000\t0201\t0\t0\t0\t00000000\t0\t0\t0                                                                           \n"

	route6Lo = "00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000002 00000000 80200001       lo\n" +
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n"
	route6Up = "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n" +
		"00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n" + route6Lo

	inet6Lo        = "00000000000000000000000000000001 01 80 10 80       lo\n"
	inet6LinkLocal = inet6Lo + "fe800000000000000000000000000002 02 40 20 80    awdl0\n"
	inet6Global    = inet6LinkLocal + "20010db8000000000000000000000002 03 40 00 80     eth0\n"

	trieLo = "Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- 127.0.0.1\n        /32 host LOCAL\n" +
		"Local:\n  +-- 127.0.0.0/8 2 0 2\n     +-- 127.0.0.0/31 1 0 0\n        |-- 127.0.0.0\n           /8 host LOCAL\n        |-- 127.0.0.1\n           /32 host LOCAL\n     |-- 127.255.255.255\n        /32 link BROADCAST\n"
	trieLinkLocal = trieLo + "  |-- 169.254.7.7\n     /32 host LOCAL\n"
	trieAddress   = trieLo + "  +-- 192.0.2.0/24 2 0 2\n     |-- 192.0.2.0\n        /24 link UNICAST\n     |-- 192.0.2.2\n        /32 host LOCAL\n     |-- 192.0.2.255\n        /32 link BROADCAST\n"
)

func TestEvidence(t *testing.T) {
	offline := map[string]string{"proc/net/route": routeHead, "proc/net/ipv6_route": route6Lo, "proc/net/if_inet6": inet6Lo, "proc/net/fib_trie": trieLo}
	for _, c := range []struct {
		name  string
		files map[string]string // over those of an offline machine
		want  []string
	}{
		{"offline", nil, nil},
		{"no IPv6", map[string]string{"proc/net/ipv6_route": "", "proc/net/if_inet6": ""}, nil},
		{"link-local only", map[string]string{"proc/net/route": routeLinkLocal, "proc/net/if_inet6": inet6LinkLocal, "proc/net/fib_trie": trieLinkLocal}, nil},
		{"rejecting route", map[string]string{"proc/net/route": routeRejected}, nil},
		{"default route", map[string]string{"proc/net/route": routeUpV4}, []string{`default route via "eth0"`}},
		{"default IPv6 route", map[string]string{"proc/net/ipv6_route": route6Up}, []string{`default IPv6 route via "eth0"`}},
		{"address", map[string]string{"proc/net/fib_trie": trieAddress}, []string{"an interface has address 192.0.2.2"}},
		{"IPv6 address", map[string]string{"proc/net/if_inet6": inet6Global}, []string{`interface "eth0" has address 2001:db8::2`}},
		{"cable without address", map[string]string{"sys/class/net/eth0/flags": "0x1003\n", "sys/class/net/eth0/carrier": "1\n"}, nil},
		{"cable and address", map[string]string{
			"proc/net/fib_trie":        trieAddress,
			"sys/class/net/eth0/flags": "0x1003\n", "sys/class/net/eth0/carrier": "1\n", "sys/class/net/eth0/operstate": "up\n",
			"sys/class/net/eth1/flags": "0x1002\n", "sys/class/net/eth1/operstate": "down\n",
			"sys/class/net/lo/flags": "0x9\n", "sys/class/net/lo/carrier": "1\n",
		}, []string{"an interface has address 192.0.2.2", `interface "eth0" is up and connected`}},
		{"hostile", map[string]string{"proc/net/route": "\x00\n0 0\n", "proc/net/if_inet6": "zz 1 2 3 4 eth0\n00 1 2 3 4 eth0\n", "proc/net/fib_trie": "/32 host LOCAL\n|-- x\n/32 host LOCAL\n"}, nil},
	} {
		root := fstest.MapFS{}
		for _, files := range []map[string]string{offline, c.files} {
			for path, content := range files {
				root[path] = &fstest.MapFile{Data: []byte(content)}
			}
		}
		if got, err := evidence(root); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
}

// unreadable is a root folder without permissions.
type unreadable struct{}

func (unreadable) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

// Not being able to look is not the same as finding nothing.
func TestEvidenceMissing(t *testing.T) {
	for _, root := range []fs.FS{fstest.MapFS{}, unreadable{}} {
		if found, err := evidence(root); err == nil {
			t.Errorf("found %q without an error", found)
		}
	}
	root := fstest.MapFS{"proc/net/route": {Data: []byte(routeHead)}}
	if found, err := evidence(root); err != nil || len(found) > 0 {
		t.Errorf("%q, %v", found, err)
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add(routeUpV4, route6Up, inet6Global, trieAddress)
	f.Add("", "\x00", "fe80", "|-- 1.2.3\n/32 host LOCAL")
	f.Fuzz(func(t *testing.T, route, route6, inet6, trie string) {
		found, _ := evidence(fstest.MapFS{
			"proc/net/route": {Data: []byte(route)}, "proc/net/ipv6_route": {Data: []byte(route6)},
			"proc/net/if_inet6": {Data: []byte(inet6)}, "proc/net/fib_trie": {Data: []byte(trie)},
		})
		if len(found) > len(sources)*maxFound {
			t.Errorf("%d findings", len(found))
		}
	})
}
