package chains

import (
	"strings"
	"testing"
)

// TestDescriptorChecksum: BIP 380, and Bitcoin Core's descriptor_tests.cpp.
func TestDescriptorChecksum(t *testing.T) {
	for _, want := range []string{
		"raw(deadbeef)#89f8spxm",
		"sh(multi(2,[00000000/111'/222]xprvA1RpRA33e1JQ7ifknakTFpgNXPmW2YvmhqLQYMmrj4xJXXWYpDPS3xz7iAxn8L39njGVyuoseXzU6rcxFLJ8HFsTjSyQbLYnMpCqE2VbFWc,xprv9uPDJpEQgRQfDcW7BkF7eTya6RPxXeJCqCJGHuCJ4GiRVLzkTXBAJMu2qaMWPrS7AANYqdq6vcBcBUdJCVVFceUvJFjaPdGZ2y9WACViL4L/0))#ggrsrxfy",
		"sh(multi(2,[00000000/111'/222]xpub6ERApfZwUNrhLCkDtcHTcxd75RbzS1ed54G1LkBUHQVHQKqhMkhgbmJbZRkrgZw4koxb5JaHWkY4ALHY2grBGRjaDMzQLcgJvLJuZZvRcEL,xpub68NZiKmJWnxxS6aaHmn81bvJeTESw724CRDs6HbuccFQN9Ku14VQrADWgqbhhTHBaohPX4CjNLf9fq9MYo6oDaPPLPxSb7gwQN3ih19Zm4Y/0))#tjg09x5t",
	} {
		plain, _, _ := strings.Cut(want, "#")
		if got := string(appendDescriptorChecksum([]byte(plain), []byte(plain))); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
