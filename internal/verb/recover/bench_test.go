package recover_test

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lifeboat/fixtures"
	"lifeboat/internal/cli"
	"lifeboat/internal/story"
	"lifeboat/internal/verb/recover"
)

// BenchmarkKey recovers the keys of an address book of 100,000 rows, half on each
// curve: rows a second, and the most memory that was live at any time.
//
//	go test -run - -bench Key -benchtime 1x ./internal/verb/recover
func BenchmarkKey(b *testing.B) {
	const rows = 100_000
	b.Chdir(b.TempDir())
	v := fixtures.Load("2of3")
	for _, f := range v.Files[:2] {
		for name, data := range map[string][]byte{f.Name: f.Data, f.Name + ".txt": f.Password} {
			if err := os.WriteFile(name, data, 0o600); err != nil {
				b.Fatal(err)
			}
		}
	}
	f, err := os.Create("book.csv")
	if err != nil {
		b.Fatal(err)
	}
	if err := story.WriteBook(f, rows, "2of3"); err != nil {
		b.Fatal(err)
	}
	f.Close()
	var peak atomic.Uint64
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak.Store(max(peak.Load(), m.HeapInuse+m.StackInuse))
			}
		}
	}()
	runtime.GC()
	line := "key recovery-secrets-1.json recovery-secrets-2.json --addresses book.csv --plaintext -o out --allow-network --allow-swap" +
		" --passphrase-file recovery-secrets-1.json.txt --passphrase-file recovery-secrets-2.json.txt"
	for b.Loop() {
		var stdout, stderr bytes.Buffer
		if code := recover.Program().Run(&cli.Env{Stdout: &stdout, Stderr: &stderr}, strings.Fields(line)); code != 0 || !strings.Contains(stdout.String(), "100000 ok") {
			b.Fatalf("exit status %d: %s%s", code, stdout.String(), stderr.String())
		}
		if err := os.RemoveAll("out"); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*rows/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(peak.Load())/(1<<20), "peak-MB")
}
