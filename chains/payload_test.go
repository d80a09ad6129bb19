package chains_test

import (
	"fmt"
	"testing"

	"lifeboat/chains"
)

// payloads returns every payload of the table.
func payloads() []*chains.Payload {
	var list []*chains.Payload
	seen := map[*chains.Payload]bool{}
	for _, c := range chains.All() {
		for i := range c.Encodings {
			if p := c.Encodings[i].Payload; !seen[p] {
				seen[p] = true
				list = append(list, p)
			}
		}
	}
	return list
}

// TestPayloads holds what a search relies on: the size, that dst is appended to,
// and that nothing is allocated.
func TestPayloads(t *testing.T) {
	for _, p := range payloads() {
		k := sample(t, p.Curve)
		got := p.Of([]byte("before"), k)
		if string(got[:6]) != "before" || len(got) != 6+p.Size {
			t.Errorf("%s: %x", p.Name, got)
		}
		dst := make([]byte, 0, chains.MaxPayload)
		if n := testing.AllocsPerRun(10, func() { p.Of(dst, k) }); n > 0 && !p.Slow {
			t.Errorf("%s allocates %v times", p.Name, n)
		}
	}
}

func BenchmarkPayload(b *testing.B) {
	for _, p := range payloads() {
		b.Run(fmt.Sprintf("%v/%s", p.Curve, p.Name), func(b *testing.B) {
			k := sample(b, p.Curve)
			dst := make([]byte, 0, chains.MaxPayload)
			b.ReportAllocs()
			for b.Loop() {
				dst = p.Of(dst[:0], k)
			}
		})
	}
}
