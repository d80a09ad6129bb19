// Package ordered does work on pieces of a stream in several goroutines and
// hands on the results in the order of the stream, with bounded memory.
package ordered

import (
	"errors"
	"io"
	"sync"
)

// ErrPanic is returned for work that panicked. It does not hold the panic's
// value, which may be a secret.
var ErrPanic = errors.New("internal error: please report what was run, without any secret")

// Catch runs f, and turns a panic into ErrPanic. Each goroutine needs its own: a
// panic that nobody in it recovers ends the process with a traceback.
func Catch(f func() error) (err error) {
	defer func() {
		if recover() != nil {
			err = ErrPanic
		}
	}()
	return f()
}

// Run reads pieces with next until io.EOF, has one of the workers, each a
// goroutine, work on each, and gives the results to emit in the order of the
// pieces. next and emit are called from one goroutine each. worker numbers the
// goroutines from 0, so that each can have scratch of its own. The first error ends
// the run, and is returned once all goroutines are done; a panic counts as one. At
// most two more pieces than workers exist at a time.
func Run[In, Out any](workers int, next func() (In, error), work func(worker int, in In) (Out, error), emit func(Out) error) error {
	type job struct {
		in   In
		done chan result[Out]
	}
	jobs := make(chan job)
	queue := make(chan chan result[Out], workers)
	stop := make(chan struct{})
	var once sync.Once
	halt := func() { once.Do(func() { close(stop) }) }
	defer halt()

	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for j := range jobs {
				var r result[Out]
				r.err = Catch(func() (err error) { r.out, err = work(w, j.in); return })
				j.done <- r
			}
		})
	}
	var readErr error
	wg.Go(func() {
		defer close(queue)
		defer close(jobs)
		for {
			var in In
			err := Catch(func() (err error) { in, err = next(); return })
			if err != nil {
				if !errors.Is(err, io.EOF) {
					readErr = err
				}
				return
			}
			done := make(chan result[Out], 1)
			select {
			case queue <- done:
			case <-stop:
				return
			}
			select {
			case jobs <- job{in, done}:
			case <-stop:
				close(done)
				return
			}
		}
	})
	var first error
	for done := range queue {
		r, ok := <-done
		if !ok || first != nil {
			continue
		}
		if r.err == nil {
			r.err = Catch(func() error { return emit(r.out) })
		}
		if first = r.err; first != nil {
			halt()
		}
	}
	wg.Wait()
	if first == nil {
		first = readErr
	}
	return first
}

// Each is Run for the numbers below n.
func Each[Out any](workers, n int, work func(worker, i int) (Out, error), emit func(Out) error) error {
	next := -1
	return Run(workers, func() (int, error) {
		if next++; next >= n {
			return 0, io.EOF
		}
		return next, nil
	}, work, emit)
}

type result[Out any] struct {
	out Out
	err error
}
