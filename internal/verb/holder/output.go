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
)

// Target is where a verb puts secret results: a new bundle, sealed to
// recipients or a passphrase, or, only if the user asks for it in so many words,
// a new folder in the clear.
type Target struct {
	Path       string
	Plain      bool
	Recipients []backup.Recipient
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

// Given reports whether any of the flags was given.
func (f *OutputFlags) Given() bool { return f.path != "" || f.plaintext || f.Recipients.Given() }

// OutputHelp describes them.
const OutputHelp = `  -o, --output OUT.age    the new bundle to write; with --plaintext, the new folder
` + RecipientHelp + `  --plaintext             write secrets in the clear into the folder of -o
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

// InClear are those of them that hold secrets in the clear.
func (t *Target) InClear() []string {
	if t.Plain {
		return t.Outputs()
	}
	return nil
}

// Write writes the files.
func (t *Target) Write(e *cli.Env, files []backup.File, meta backup.Meta) error {
	if !t.Plain {
		var out cli.Outputs
		t.Seal(e, &out, files, meta)
		return out.Write(e)
	}
	if err := WriteFolder(e, t.Path, files); err != nil {
		return err
	}
	e.Warn("%q holds private keys in the clear; whoever can read it owns what they protect. Deleting does not erase them from a disk or a stick", t.Path)
	return nil
}

// WriteFolder writes the files into a new folder.
func WriteFolder(e *cli.Env, path string, files []backup.File) error {
	progress := newMeter(e, "writing")
	defer progress.line.Done()
	out := cli.Outputs{Folder: path}
	for _, f := range files {
		out.AddFunc(f.Name, func(w io.Writer) error {
			in, err := f.Open()
			if err != nil {
				return err
			}
			defer in.Close()
			if _, err := io.Copy(w, &watched{e, progress, in}); err != nil {
				return fmt.Errorf("writing %q: %w", f.Name, err)
			}
			return nil
		}, nil)
	}
	return out.Write(e)
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

// Seal adds a bundle with the files to the outputs, which is opened again as it was
// written, and its public manifest and how-to beside it.
func (t *Target) Seal(e *cli.Env, out *cli.Outputs, files []backup.File, meta backup.Meta) {
	progress := newMeter(e, "sealing")
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
	var sealed *backup.Sealed
	e.OnExit(func() { sealed.Wipe() })
	out.AddFunc(t.Path, func(w io.Writer) (err error) {
		defer progress.line.Done()
		if sealed, err = backup.Seal(w, files, t.Recipients, meta); err != nil {
			return sealError(t.Path, err)
		}
		return nil
	}, func(r io.ReaderAt, size int64) error {
		defer progress.line.Done()
		defer sealed.Wipe()
		return sealed.Check(&meteredAt{r, progress}, size)
	})
	manifest, readme := besides(t.Path)
	out.AddFunc(manifest, func(w io.Writer) error {
		b, err := sealed.Public.Marshal()
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	}, nil)
	out.AddFunc(readme, func(w io.Writer) error {
		_, err := io.WriteString(w, sealed.Public.Readme(filepath.Base(t.Path)))
		return err
	}, nil)
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
