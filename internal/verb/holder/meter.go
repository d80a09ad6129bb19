package holder

import (
	"io"

	"lifeboat/internal/cli"
)

// A meter shows how much of a long file was read, in MiB.
type meter struct {
	line *cli.Progress
	rest int64 // bytes that are not a whole MiB yet
}

func newMeter(e *cli.Env, doing string) *meter {
	return &meter{line: cli.NewProgress(e, doing+", MiB read", 0)}
}

func (m *meter) add(n int) {
	m.rest += int64(n)
	if whole := m.rest >> 20; whole > 0 {
		m.line.Add(whole)
		m.rest -= whole << 20
	}
}

// meteredAt is a ReaderAt with a meter until done is called. It is used by one
// goroutine.
type meteredAt struct {
	io.ReaderAt
	meter *meter
}

func (m *meteredAt) ReadAt(p []byte, offset int64) (int, error) {
	n, err := m.ReaderAt.ReadAt(p, offset)
	if m.meter != nil {
		m.meter.add(n)
	}
	return n, err
}

func (m *meteredAt) done() {
	m.meter.line.Done()
	m.meter = nil
}
