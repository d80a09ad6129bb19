package chains

import "testing"

// TestDescriptorChecksum: BIP 380.
func TestDescriptorChecksum(t *testing.T) {
	for _, want := range []string{"raw(deadbeef)#89f8spxm"} {
		if got := string(appendDescriptorChecksum([]byte(want[:13]), []byte(want[:13]))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
