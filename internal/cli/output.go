package cli

import "lifeboat/internal/outfile"

// Create starts a new file, which is removed if the verb or a signal ends before
// it is committed.
func (e *Env) Create(path string) (f *outfile.File, err error) {
	err = e.uninterrupted(func() error {
		if f, err = outfile.Create(path); err == nil {
			e.OnExit(f.Abort)
		}
		return err
	})
	return f, err
}

// Mkdir starts a new folder, of which the same is true.
func (e *Env) Mkdir(path string) (d *outfile.Dir, err error) {
	err = e.uninterrupted(func() error {
		if d, err = outfile.Mkdir(path); err == nil {
			e.OnExit(d.Abort)
		}
		return err
	})
	return d, err
}

// Commit gives files their names, all or none of them, also if a signal comes
// meanwhile.
func (e *Env) Commit(files ...*outfile.File) error {
	return e.uninterrupted(func() error { return outfile.CommitAll(files...) })
}

// A NewFile is an output that is written in one go.
type NewFile struct {
	Path string
	Data []byte
}

// WriteFiles writes all files or none.
func (e *Env) WriteFiles(files ...NewFile) error {
	var outputs []*outfile.File
	for _, n := range files {
		f, err := e.Create(n.Path)
		if err != nil {
			return err
		}
		defer f.Abort()
		if _, err := f.Write(n.Data); err != nil {
			return err
		}
		outputs = append(outputs, f)
	}
	return e.Commit(outputs...)
}

// uninterrupted runs f, which takes no long time. A signal waits for its end, and
// f is not begun after one.
func (e *Env) uninterrupted(f func() error) error {
	done := make(chan struct{})
	defer close(done)
	defer e.OnExit(func() { <-done })()
	if err := e.Interrupt.Err(); err != nil {
		return err
	}
	return f()
}
