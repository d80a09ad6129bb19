package holder

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
)

// Target is where a verb puts secret results: a new bundle, sealed to
// recipients or a passphrase, or, only if the user asks for it in so many words,
// a new folder in the clear.
type Target struct {
	Path       string
	Plain      bool
	Recipients []backup.Recipient

	// What is written with a bundle, all or none, and appears before or after it.
	Before, After []cli.NewFile
}

// OutputFlags are the flags that name a target.
type OutputFlags struct {
	Recipients RecipientFlags
	path       string
	plaintext  bool
}

// Define adds the flags.
func (f *OutputFlags) Define(set *cli.Flags) {
	f.Recipients.Define(set)
	set.StringVarP(&f.path, "output", "o", "", "")
	set.BoolVar(&f.plaintext, "plaintext", false, "")
}

// OutputHelp describes them.
const OutputHelp = `  -o, --output OUT.age         the new bundle to write; with --plaintext, the new folder
` + RecipientHelp + `  --plaintext                  write secrets in the clear into the folder of -o
`

// Target returns where the results go, without the recipients, which are for Run
// to read. There must be a safe place for them.
func (f *OutputFlags) Target(set *cli.Flags) (*Target, error) {
	switch {
	case f.path == "":
		return nil, set.Misuse("-o is missing: results with secrets are never shown; name a new bundle (-o keys.age) and a recipient (-r age1…)")
	case f.plaintext && f.Recipients.Given():
		return nil, set.Misuse("--plaintext and a recipient contradict each other")
	case !f.plaintext && !f.Recipients.Given():
		return nil, set.Misuse("nobody to seal the result to: give -r, -R or --seal-passphrase-file, or insist on --plaintext")
	}
	return &Target{Path: f.path, Plain: f.plaintext}, f.Recipients.Check(set)
}

// besides are the names of the public files beside a bundle.
func besides(path string) (manifest, readme string) {
	return path + ".manifest.json", path + ".README.txt"
}

// PublicManifestPath names the public manifest beside a bundle.
func PublicManifestPath(bundle string) string {
	manifest, _ := besides(bundle)
	return manifest
}

// Outputs are all that is written: a bundle has public files beside it.
func (t *Target) Outputs() []string {
	if t.Plain {
		return []string{t.Path}
	}
	manifest, readme := besides(t.Path)
	return []string{t.Path, manifest, readme}
}

// Write writes the files, and reads the bundle back before it appears.
func (t *Target) Write(e *cli.Env, files []backup.File, meta backup.Meta) error {
	if t.Plain {
		if err := t.WritePlain(e, files); err != nil {
			return err
		}
		e.Warn("%q holds private keys in the clear; whoever can read it owns what they protect. Deleting does not erase them from a disk or a stick", t.Path)
		return nil
	}
	return t.writeBundle(e, files, meta)
}

// WritePlain writes the files into a new folder that appears complete or not at
// all.
func (t *Target) WritePlain(e *cli.Env, files []backup.File) error {
	dir, err := e.Mkdir(t.Path)
	if err != nil {
		return err
	}
	defer dir.Abort()
	progress := newMeter(e, "writing")
	defer progress.line.Done()
	for _, f := range files {
		if err := copyFile(e, progress, dir, f); err != nil {
			return err
		}
	}
	return dir.Commit()
}

func copyFile(e *cli.Env, progress *meter, dir *outfile.Dir, f backup.File) error {
	in, err := f.Open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := dir.Create(f.Name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, &watched{e, progress, in}); err != nil {
		return fmt.Errorf("writing %q: %w", f.Name, err)
	}
	return out.Close()
}

// watched is a reader that shows progress, and stops when the run is interrupted.
type watched struct {
	e        *cli.Env
	progress *meter
	r        io.Reader
}

func (w *watched) Read(p []byte) (int, error) {
	if err := w.e.Interrupt.Err(); err != nil {
		return 0, err
	}
	n, err := w.r.Read(p)
	w.progress.add(n)
	return n, err
}

// writeBundle seals files into a new bundle, reads it back, and writes its
// public manifest and how-to beside it: all of it or nothing.
func (t *Target) writeBundle(e *cli.Env, files []backup.File, meta backup.Meta) error {
	path := t.Path
	var outputs []*outfile.File
	write := func(list []cli.NewFile) error {
		for _, n := range list {
			f, err := e.Create(n.Path)
			if err != nil {
				return err
			}
			outputs = append(outputs, f)
			if _, err := f.Write(n.Data); err != nil {
				return err
			}
		}
		return nil
	}
	defer func() {
		for _, f := range outputs {
			f.Abort()
		}
	}()
	if err := write(t.Before); err != nil {
		return err
	}
	out, err := e.Create(path)
	if err != nil {
		return err
	}
	outputs = append(outputs, out)
	progress := newMeter(e, "sealing")
	defer progress.line.Done()
	files = slices.Clone(files)
	for i, f := range files {
		files[i].Open = func() (io.ReadCloser, error) {
			in, err := f.Open()
			if err != nil {
				return nil, err
			}
			return struct {
				io.Reader
				io.Closer
			}{&watched{e, progress, in}, in}, nil
		}
	}
	sealed, err := backup.Seal(out, files, t.Recipients, meta)
	if err != nil {
		return sealError(path, err)
	}
	defer sealed.Wipe()
	if err := sealed.Check(&meteredAt{out, progress}, sealed.Public.Size); err != nil {
		return fmt.Errorf("reading %q back: %w", path, err)
	}
	manifest, err := sealed.Public.Marshal()
	if err != nil {
		return err
	}
	manifestPath, readmePath := besides(path)
	beside := []cli.NewFile{{Path: manifestPath, Data: manifest}, {Path: readmePath, Data: []byte(sealed.Public.Readme(filepath.Base(path)))}}
	if err := write(append(beside, t.After...)); err != nil {
		return err
	}
	return e.Commit(outputs...)
}

func sealError(path string, err error) error {
	if errors.Is(err, backup.ErrName) || errors.Is(err, backup.ErrRecipient) {
		return cli.Fail(cli.Usage, fmt.Errorf("sealing %q: %w", path, err))
	}
	return fmt.Errorf("sealing %q: %w", path, err)
}

// Meta returns what a bundle says of its making.
func Meta(e *cli.Env, f *cli.Flags) backup.Meta {
	return backup.Meta{Tool: strings.Join([]string{e.Program, cli.Version}, " "), Date: f.Date()}
}
