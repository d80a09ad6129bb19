package outfile

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
)

// A Dir is a folder of outputs that has no name yet: it appears with all of its
// files or not at all. Its methods may be called from several goroutines.
type Dir struct {
	path, temp string
	exposed    bool

	mu       sync.Mutex
	open     []*File  // and not known to be committed
	finished []*File  // and not committed yet
	named    []string // base names of those that are: a folder may have a hundred thousand
	done     bool
}

// together is how many files are brought to the disk at once: a disk takes hardly longer
// for them than for one. Each is open twice until then.
const together = 32

// Mkdir starts a new folder that is to be called path. Its mode is 0700.
func Mkdir(path string) (*Dir, error) {
	path = filepath.Clean(path)
	if err := checkNew(path, path); err != nil {
		return nil, err
	}
	d := &Dir{path: path, temp: temporary(path)}
	err := os.Mkdir(d.temp, 0o700)
	if err != nil {
		return nil, failed("create folder", path, err)
	}
	info, err := os.Lstat(d.temp)
	if err == nil {
		d.exposed, err = isExposed(path, info)
	}
	if err != nil {
		d.Abort()
		return nil, failed("create folder", path, err)
	}
	return d, nil
}

// Exposed is like File.Exposed, for the folder and what will be in it.
func (d *Dir) Exposed() bool { return d.exposed }

// Create starts a new file with that base name in the folder. Dir.Commit refuses unless
// the file was committed.
func (d *Dir) Create(name string) (*File, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return nil, errDone
	}
	f, err := create(filepath.Join(d.temp, name), filepath.Join(d.path, name))
	if err != nil {
		return nil, err
	}
	f.inside = true
	d.open = append(d.open, f)
	return f, nil
}

// Finish commits a file of the folder, sooner or later: with others, and at the latest
// in Sync. If it fails, with this file or another one, the folder cannot be committed.
func (d *Dir) Finish(f *File) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.finished = append(d.finished, f); len(d.finished) < together {
		return nil
	}
	return d.sync()
}

// Sync commits the files that were finished.
func (d *Dir) Sync() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.sync()
}

func (d *Dir) sync() error {
	var all sync.WaitGroup
	for _, f := range d.finished {
		all.Go(f.sync)
	}
	all.Wait()
	var err error
	for _, f := range d.finished {
		err = cmp.Or(err, f.Commit())
	}
	d.finished = nil
	d.open = slices.DeleteFunc(d.open, func(f *File) bool {
		named := f.named()
		if named {
			d.named = append(d.named, filepath.Base(f.path))
		}
		return named
	})
	return err
}

// Commit gives the folder its name. If it fails there is no folder.
func (d *Dir) Commit() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.done {
		return errDone
	}
	d.done = true
	err := d.sync()
	if len(d.open) > 0 && err == nil {
		err = fmt.Errorf("output %q is incomplete", d.open[0].shown)
	}
	if err == nil {
		syncFolder(d.temp)
		if err = publish(d.temp, d.path, d.path); err == nil {
			syncFolder(filepath.Dir(d.path))
			if err = d.complete(); err != nil {
				os.RemoveAll(d.path)
			}
		}
	}
	if err != nil {
		d.remove()
	}
	return err
}

// complete checks that the files are in the folder under its new name: fusefat loses
// them.
func (d *Dir) complete() error {
	for _, name := range d.named {
		path := filepath.Join(d.path, name)
		if _, err := os.Lstat(path); err != nil {
			return fmt.Errorf("the file system lost %q when its folder was renamed; write to another disk: %w", path, err)
		}
	}
	return nil
}

// Abort removes the folder and what is in it. It does nothing after Commit or
// Abort.
func (d *Dir) Abort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.done {
		d.done = true
		d.remove()
	}
}

func (d *Dir) remove() {
	for _, f := range d.open {
		f.Abort()
	}
	os.RemoveAll(d.temp)
}
