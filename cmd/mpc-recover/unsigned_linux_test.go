package main

import (
	"os"
	"path/filepath"
	"testing"
)

// Unsigned transactions of the vault 2of3, one on each curve, and their review code.
// The one of Solana was made with the npm package @solana/web3.js 1.99.0.
const (
	unsignedETH = `{"from":"0xaC3Ca22e173aA6a853c69d32F0bBA42D01a97E80","to":"0x3535353535353535353535353535353535353535","chainId":1,"nonce":5,"gas":21000,"maxFeePerGas":"0x77359400","maxPriorityFeePerGas":1,"value":"1000000000000000"}`
	unsignedSOL = "AQACBfP6vbEGOuh+5SjLhtMmL3N2rV6PaIYuJexUrhXPwF7S6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iz9FyQ4WqDHW2T7eM1gL6HZkf3r92sTxY7XAurINen2GAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAABqfVFxksVo7gioRfc9KXiM8DXDFFshqzRNgGLqlAAABDpy5xRAF2LfZraMJt+98mgqrsnyR07KRhPkJKD7r9PAIDAwIEAAQEAAAAAwIAAQwCAAAAAC9oWQAAAAA="

	movesTo  = " --addresses address.csv --to 0x3535353535353535353535353535353535353535 --to GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB"
	reviewed = "XHH7-YE28-PEZ2-WK1G-ZSY5-R533-Y6PS-D9CM"
)

// writeUnsigned writes them into the folder unsigned in dir.
func writeUnsigned(t testing.TB, dir string) {
	t.Helper()
	dir = filepath.Join(dir, "unsigned")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"eth.json": unsignedETH, "sol.txt": unsignedSOL} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
