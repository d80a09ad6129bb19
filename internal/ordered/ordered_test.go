package ordered_test

import (
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"lifeboat/internal/ordered"
)

func count(n int) func() (int, error) {
	i := 0
	return func() (int, error) {
		if i == n {
			return 0, io.EOF
		}
		i++
		return i, nil
	}
}

func TestOrder(t *testing.T) {
	for _, workers := range []int{1, 2, 7} {
		var active, most atomic.Int32
		want := 1
		err := ordered.Run(workers, count(2000), func(_ int, in int) (int, error) {
			if n := active.Add(1); n > most.Load() {
				most.Store(n)
			}
			defer active.Add(-1)
			return in * in, nil
		}, func(out int) error {
			if out != want*want {
				t.Fatalf("got %d, want %d", out, want*want)
			}
			want++
			return nil
		})
		if err != nil || want != 2001 || int(most.Load()) > workers {
			t.Errorf("%d workers: %v, %d results, %d at once", workers, err, want-1, most.Load())
		}
	}
}

func TestEach(t *testing.T) {
	sum := 0
	err := ordered.Each(2, 100, func(_, i int) (int, error) { return i, nil }, func(i int) error { sum += i; return nil })
	if err != nil || sum != 99*100/2 {
		t.Errorf("%v, sum %d", err, sum)
	}
}

func TestFirstError(t *testing.T) {
	bad := errors.New("bad")
	ok := func(_ int, in int) (int, error) { return in, nil }
	none := func(int) error { return nil }
	for name, run := range map[string]func() error{
		"next": func() error { return ordered.Run(3, func() (int, error) { return 0, bad }, ok, none) },
		"work": func() error {
			return ordered.Run(3, count(1000), func(_ int, in int) (int, error) {
				if in == 500 {
					return 0, bad
				}
				return in, nil
			}, none)
		},
		"emit": func() error {
			return ordered.Run(3, count(1000), ok, func(out int) error {
				if out > 500 {
					t.Error("emit was called after it failed")
				}
				if out == 500 {
					return bad
				}
				return nil
			})
		},
	} {
		if err := run(); !errors.Is(err, bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// However slow a piece is, the others do not pile up behind it.
func TestBounded(t *testing.T) {
	const workers, pieces = 3, 200
	var alive, most atomic.Int32
	slow := make(chan struct{})
	next := count(pieces)
	err := ordered.Run(workers,
		func() (int, error) {
			in, err := next()
			if n := alive.Add(1); n > most.Load() {
				most.Store(n)
			}
			return in, err
		},
		func(_, in int) (int, error) {
			switch in {
			case 1:
				<-slow
			case workers: // by now as many as can be are being worked on
				close(slow)
			}
			return in, nil
		},
		func(int) error { alive.Add(-1); return nil })
	if n := most.Load(); err != nil || n > workers+2 || n < 2 {
		t.Errorf("%d pieces at a time, %v", n, err)
	}
}

// A panic in any of the goroutines is an error that does not tell its value.
func TestPanic(t *testing.T) {
	for at, name := range []string{"next", "work", "emit"} {
		n := 0
		fail := func(here int, due bool) {
			if here == at && due {
				panic("hunter2")
			}
		}
		err := ordered.Run(3,
			func() (int, error) {
				n++
				fail(0, n == 10)
				return n, nil
			},
			func(_, in int) (int, error) { fail(1, in == 10); return in, nil },
			func(out int) error { fail(2, out == 10); return nil })
		if err != ordered.ErrPanic || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
