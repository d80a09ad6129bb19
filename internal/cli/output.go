package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"slices"

	"lifeboat/internal/outfile"
	"lifeboat/internal/secret"
)

// Outputs are the files that a run makes: all of them, or none. Each is written
// under a temporary name, read back and verified; when all are there they get their
// names, in the order in which they were added. If an error, a signal or the end of
// the verb comes first, they are removed.
type Outputs struct {
	Folder string // if not empty, a new folder for the files

	files []output
}

var errDiffers = Fail(Failed, errors.New("it is not what was written"), "the disk or the stick may be failing: use another one")

type output struct {
	path   string // in a new folder: its base name
	write  func(io.Writer) error
	verify func(r io.ReaderAt, size int64) error // nil: what is read back must be what was written
}

// Add adds a file.
func (o *Outputs) Add(path string, data []byte) {
	o.AddFunc(path, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	}, func(r io.ReaderAt, size int64) error {
		return readBack(r, size, func(p []byte, offset int64) bool { return bytes.Equal(p, data[offset:][:len(p)]) })
	})
}

// AddFunc adds a file whose content write writes, when its turn comes. verify, if
// not nil, checks what is read back, instead of comparing it with what was written.
func (o *Outputs) AddFunc(path string, write func(io.Writer) error, verify func(r io.ReaderAt, size int64) error) {
	o.files = append(o.files, output{path, write, verify})
}

// WriteFile makes one file.
func (e *Env) WriteFile(path string, data []byte) error {
	var out Outputs
	out.Add(path, data)
	return out.Write(e)
}

// Withdraw removes a file that was made, and is of no use any more.
func (e *Env) Withdraw(path string) error {
	err := os.Remove(path)
	if err == nil {
		e.exits.withdrew(path)
	}
	return err
}

// Write makes the files.
func (o *Outputs) Write(e *Env) error {
	if o.Folder != "" {
		return e.WriteFolder(o.Folder, func(d *Folder) error {
			for _, f := range o.files {
				if err := d.add(f); err != nil {
					return err
				}
			}
			return nil
		})
	}
	exposed := "" // one of the outputs that others can read
	var files []*outfile.File
	var paths []string
	for _, f := range o.files {
		file, err := begin(e, outfile.Create, f.path)
		if err != nil {
			return err
		}
		defer file.Abort()
		if file.Exposed() && exposed == "" {
			exposed = f.path
		}
		if err := f.writeTo(e, file, f.path); err != nil {
			return err
		}
		files, paths = append(files, file), append(paths, f.path)
	}
	return e.name(func() error { return outfile.CommitAll(files...) }, exposed, paths)
}

// name gives outputs their names, which are paths from then on.
func (e *Env) name(commit func() error, exposed string, paths []string) error {
	err := e.uninterrupted(func() error {
		err := commit()
		if err == nil {
			e.exits.wrote(paths...)
		}
		return err
	})
	if err == nil && exposed != "" {
		e.Warn("other users of this machine can read %q, and may be able to change it: its file system keeps no modes; mount -o umask=077 keeps them out", exposed)
	}
	return err
}

// A Folder is a new folder that is being filled. Of a file that is written nothing is
// kept but its name, so that there may be any number.
type Folder struct {
	env           *Env
	dir           *outfile.Dir
	path, exposed string
}

// WriteFolder makes a new folder with the files that fill adds to it, or none: it is
// Outputs for files of which each is known only when the others are written.
func (e *Env) WriteFolder(path string, fill func(d *Folder) error) error {
	dir, err := begin(e, outfile.Mkdir, path)
	if err != nil {
		return err
	}
	defer dir.Abort()
	d := &Folder{env: e, dir: dir, path: path}
	if dir.Exposed() {
		d.exposed = path
	}
	if err := fill(d); err != nil {
		return err
	}
	if err := dir.Sync(); err != nil {
		return err
	}
	return e.name(dir.Commit, d.exposed, []string{path})
}

// Add writes a file.
func (d *Folder) Add(name string, data []byte) error {
	return d.AddFunc(name, func(w io.Writer) error {
		_, err := w.Write(data)
		return err
	})
}

// AddFunc writes a file whose content write writes.
func (d *Folder) AddFunc(name string, write func(io.Writer) error) error {
	return d.add(output{name, write, nil})
}

// add writes a file, and verifies what is read back.
func (d *Folder) add(f output) error {
	file, err := d.dir.Create(f.path)
	if err != nil {
		return err
	}
	if file.Exposed() && d.exposed == "" {
		d.exposed = f.path
	}
	if err := f.writeTo(d.env, file, filepath.Join(d.path, f.path)); err != nil {
		return err
	}
	return d.dir.Finish(file)
}

// Plain says that an output will hold secrets in the clear, for verbs that know it only
// once they have read their input.
func (e *Env) Plain(path string) { e.plain = append(e.plain, path) }

// begin starts an output, which is removed if the verb or a signal ends before it
// has its name. It refuses secrets that others could read.
func begin[T started](e *Env, start func(path string) (T, error), path string) (out T, err error) {
	err = e.uninterrupted(func() error {
		if out, err = start(path); err == nil {
			e.OnExit(out.Abort)
		}
		return err
	})
	if err == nil && out.Exposed() && slices.Contains(e.plain, path) {
		out.Abort()
		err = fmt.Errorf("%q would hold secrets in the clear: %w", path, outfile.ErrExposed)
	}
	return out, err
}

// started is a file or folder that does not have its name yet.
type started interface {
	Abort()
	Exposed() bool
}

// uninterrupted runs f, which is quick. A signal waits until f ends; after a signal, f
// is not started.
func (e *Env) uninterrupted(f func() error) error {
	done := make(chan struct{})
	defer close(done)
	defer e.OnExit(func() { <-done })()
	if err := e.Interrupt.Err(); err != nil {
		return err
	}
	return f()
}

// writeTo writes the content and verifies what is read back.
func (f *output) writeTo(e *Env, file *outfile.File, path string) error {
	w := &counter{Writer: file, interrupt: e.Interrupt}
	verify := f.verify
	if verify == nil {
		w.sum = sha256.New()
		verify = w.same
	}
	if err := f.write(w); err != nil {
		return err
	}
	if err := verify(&watched{file, e.Interrupt}, w.size); err != nil {
		return fmt.Errorf("reading %q back: %w", path, err)
	}
	return nil
}

// counter counts what was written, and hashes it if it has a sum. It stops when the
// run is interrupted.
type counter struct {
	io.Writer
	interrupt context.Context
	size      int64
	sum       hash.Hash
}

func (c *counter) Write(p []byte) (int, error) {
	if err := c.interrupt.Err(); err != nil {
		return 0, err
	}
	n, err := c.Writer.Write(p)
	c.size += int64(n)
	if c.sum != nil {
		c.sum.Write(p[:n])
	}
	return n, err
}

// same compares what is read back with what was written.
func (c *counter) same(r io.ReaderAt, size int64) error {
	sum := sha256.New()
	if err := readBack(r, size, func(p []byte, _ int64) bool { sum.Write(p); return true }); err != nil {
		return err
	}
	if !bytes.Equal(sum.Sum(nil), c.sum.Sum(nil)) {
		return errDiffers
	}
	return nil
}

// watched is a ReaderAt that stops when the run is interrupted.
type watched struct {
	io.ReaderAt
	interrupt context.Context
}

func (w *watched) ReadAt(p []byte, offset int64) (int, error) {
	if err := w.interrupt.Err(); err != nil {
		return 0, err
	}
	return w.ReaderAt.ReadAt(p, offset)
}

// readBack reads a file in parts, and checks each.
func readBack(r io.ReaderAt, size int64, right func(p []byte, offset int64) bool) error {
	buffer := make([]byte, min(size, 64<<10))
	defer secret.Wipe(buffer)
	for offset := int64(0); offset < size; {
		p := buffer[:min(size-offset, int64(len(buffer)))]
		n, err := r.ReadAt(p, offset)
		if n < len(p) && !errors.Is(err, io.EOF) {
			return err
		}
		if n < len(p) || !right(p, offset) {
			return errDiffers
		}
		offset += int64(len(p))
	}
	return nil
}
