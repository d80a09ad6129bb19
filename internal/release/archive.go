package main

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"lifeboat/internal/cli"
)

// epoch is the time of every file in an archive: they tell what, not when.
var epoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// notSource are what builds leave in the source folder, and Git's own.
var notSource = map[string]bool{".git": true, "dist": true, "modules": true}

// packSource writes the source as it is built, everything in its folder, so that
// a clone and an unpacked archive give the same bytes.
func packSource(args []string) error {
	skip := func(name string) bool { return notSource[name] }
	return pack(args[0], ".", "lifeboat-"+cli.Version, skip)
}

// packModules writes the part of a module cache that go.sum authenticates, in the
// layout of a module proxy. What remains says where and when modules were fetched.
func packModules(args []string) error {
	cache, out := args[0], args[1]
	skip := func(name string) bool {
		top, _, _ := strings.Cut(name, "/")
		ext := path.Ext(name)
		return top == "sumdb" || strings.Contains(name, "/@v/") && ext != ".zip" && ext != ".mod"
	}
	return pack(out, cache, "modules", skip)
}

// pack writes a folder as a new tar file, in the order of names, with a prefix.
// skip is asked for each path in it.
func pack(out, dir, prefix string, skip func(name string) bool) (err error) {
	f, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			os.Remove(out)
		}
	}()
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := tar.NewWriter(buffered)
	root := os.DirFS(dir)
	err = fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && skip(name) && d.IsDir():
			return fs.SkipDir
		case d.IsDir(), skip(name):
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is not a regular file, and an archive holds no other", filepath.Join(dir, name))
		}
		return add(w, root, name, prefix)
	})
	if err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}

func add(w *tar.Writer, root fs.FS, name, prefix string) error {
	f, err := root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	h := &tar.Header{Format: tar.FormatUSTAR, Typeflag: tar.TypeReg, Name: prefix + "/" + name, Size: info.Size(), Mode: 0o644, ModTime: epoch}
	if info.Mode()&0o100 != 0 {
		h.Mode = 0o755
	}
	if err := w.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	_, err = io.Copy(w, f)
	return err
}
