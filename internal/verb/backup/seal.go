package backup

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path/filepath"
	"slices"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/share/verdict"
)

var sealVerb = cli.Verb{
	Name:    "seal",
	Summary: "seal files into a bundle that age and tar open for ever",
	Usage: `Usage: mpc-backup seal FILE… -o B.age -r RECIPIENT [--check] [--verifiable]

Seals any files into one new bundle. Share files among them are recognised, and
their public facts are checked, so that nobody seals a broken share; with --check
each share is opened with its password as well. Of a form without share public keys
that shows no more than that it opens, and it is said. Beside the bundle it writes a
public manifest for auditors and a text that says how to open it.

  -o, --output B.age      the bundle to write
` + sealHelp + `  --check                 open the shares with their passwords first
` + proofHelp + `  --json                  print the public manifest of the bundle

For --check and --verifiable:
` + holder.FlagsHelp + `                          (files that hold no share may be left out of the count)

Example:
  mpc-backup seal recovery-secrets.json address.csv -o backup.age -R custodian.pub --check
  mpc-backup seal client.json -o client.age -R client.pub --verifiable
`,
	Prepare: prepareSeal,
}

type sealingFlags struct {
	holder.Flags
	to     sealFlags
	output string
	check  bool
	json   bool
	proof  proofFlags
}

func prepareSeal(set *cli.Flags, args []string) (*cli.Plan, error) {
	f := sealingFlags{Flags: holder.Flags{AnyFile: true}}
	f.to.define(set)
	f.Define(set)
	set.StringVarP(&f.output, "output", "o", "", "")
	set.BoolVar(&f.check, "check", false, "")
	set.BoolVar(&f.json, "json", false, "")
	f.proof.define(set)
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if err := f.proof.check(set, &f.to); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() == 0:
		return nil, set.Misuse("no FILE to seal")
	case f.output == "":
		return nil, set.Misuse("-o is missing: name the bundle to write")
	case f.proof.count > 0 && f.json:
		return nil, set.Misuse("--json prints the public manifest of the bundle, and with --quorum there is none")
	case !f.opens() && f.Opens():
		return nil, set.Misuse("-i and --passphrase-file are for --check and --verifiable; the bundle's own passphrase is --seal-passphrase-file")
	}
	if err := f.to.check(set, f.output); err != nil {
		return nil, err
	}
	outputs := f.proof.paths(f.output)
	if f.proof.count == 0 {
		outputs = append(f.to.outputs(f.output), outputs...)
	}
	return &cli.Plan{Reads: set.Args(), Outputs: outputs, Plain: []string{f.to.file}, Guard: f.opens() || f.to.newPassphrase(),
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.seal(e, set) }}, nil
}

// opens reports whether the shares are opened.
func (f *sealingFlags) opens() bool { return f.check || f.proof.verifiable }

func (f *sealingFlags) seal(e *cli.Env, set *cli.Flags) error {
	recipients, err := f.to.read(e, set)
	if err != nil {
		return err
	}
	var proofs *prover
	use := holder.Use(holder.Forget)
	if f.proof.verifiable {
		keys, err := f.proof.keys(set, recipients)
		if err != nil {
			return err
		}
		proofs = f.proof.prover(keys, set.Date())
		use = proofs.use
	}
	session, err := holder.Load(e, set, &f.Flags, set.Args())
	if err != nil {
		return err
	}
	defer session.Close()
	if err := checkPublic(session); err != nil {
		return err
	}
	unproven := 0
	if f.opens() {
		if unproven, err = checkShares(e, session, use); err != nil {
			return err
		}
	}
	if unproven > 0 && proofs != nil {
		return cli.Fail(cli.Failed, fmt.Errorf("--verifiable: the form of %s has no share public keys, so there is nothing to prove, and nothing was sealed", phrase.Count(unproven, "share")), "seal the file without --verifiable; --check opens it first")
	}
	if err := session.CheckRoots(); err != nil {
		return err
	}
	files := filesToSeal(session)
	warnTogether(e, files, session)
	if proofs != nil {
		warnUnlisted(e, session, recipients)
		if err := f.sealProved(e, set, proofs, recipients, files); err != nil {
			return err
		}
	} else if err := f.to.seal(e, set, &holder.Target{Path: f.output, Recipients: recipients}, files); err != nil {
		return err
	}
	if f.json {
		manifest, err := readPublicManifest(f.output)
		if err != nil {
			return err
		}
		return e.WriteJSON(manifest)
	}
	proved, checked := "", ""
	if proofs != nil {
		proved = proofs.describe(f.proof.paths(f.output))
	}
	if f.proof.count > 0 {
		_, err = io.WriteString(e.Stdout, proved)
		return err
	}
	if f.opens() {
		checked = "; every share in it was opened first"
	}
	if unproven > 0 {
		checked += ", and only combining them shows whether they are right (mpc-recover key --check-only)"
	}
	_, err = fmt.Fprintf(e.Stdout, "sealed: %s into %s; it was read back and is whole%s\n%s", countFiles(len(files)), cli.Clean(f.output), checked, proved)
	return err
}

// checkPublic refuses files that cannot be read and shares that contradict
// themselves.
func checkPublic(s *holder.Session) error {
	for _, in := range s.Inputs {
		switch {
		case errors.Is(in.Err, holder.ErrBroken):
			return cli.Fail(cli.Mismatch, in.Err, in.Hint(), "if it is something else, seal it under a name that does not end with .json")
		case in.Err != nil:
			return cli.Fail(cli.Failed, in.Err)
		}
		for _, sh := range in.Shares {
			if err := sh.Sealed.Err(); err != nil {
				return cli.Fail(cli.Mismatch, fmt.Errorf("%q: %w: %w", in.Path, holder.ErrBroken, err), "export the file again from the node or the phone")
			}
		}
	}
	return nil
}

// checkShares opens every share, one after the other. No two are open at once. It returns
// how many opened that only combining them can prove.
func checkShares(e *cli.Env, s *holder.Session, use holder.Use) (unproven int, err error) {
	if err := s.Unlock(false, use); err != nil {
		return 0, err
	}
	code, bad := cli.OK, 0
	var hints []string
	for _, in := range s.Inputs {
		if in.Err != nil {
			e.Warn("%v", in.Err)
			code, bad = max(code, cli.Failed), bad+1
			if h := in.Hint(); h != "" {
				hints = append(hints, h)
			}
		}
		for _, sh := range in.Shares {
			err := holder.NotGood(sh)
			if err == nil {
				continue
			}
			e.Warn("%v", err)
			if sh.Status == verdict.Unproven {
				unproven++
			} else {
				code, bad = max(code, err.Code), bad+1
			}
		}
	}
	if bad == 0 {
		return unproven, nil
	}
	return 0, cli.Fail(code, fmt.Errorf("%d of the shares and bundles do not open, and nothing was sealed", bad), hints...)
}

// filesToSeal are the files as they are, with what is public of their shares.
func filesToSeal(s *holder.Session) []backup.File {
	var files []backup.File
	for _, in := range s.Inputs {
		f := backup.File{Name: filepath.Base(in.Path), Open: func() (io.ReadCloser, error) { return openSame(in) }}
		if in.Header == nil {
			for _, sh := range in.Shares {
				f.Shares = append(f.Shares, holder.Facts(sh.Sealed))
			}
		}
		files = append(files, f)
	}
	return files
}

// openSame opens an input again. If it is no longer what was checked, reading it fails
// at the end.
func openSame(in *holder.Input) (io.ReadCloser, error) {
	f, err := strict.Open(in.Path)
	if err != nil || in.SHA256 == "" {
		return f, err
	}
	return &sameFile{f, sha256.New(), in.SHA256}, nil
}

type sameFile struct {
	io.ReadCloser
	sum  hash.Hash
	want string
}

func (f *sameFile) Read(p []byte) (int, error) {
	n, err := f.ReadCloser.Read(p)
	f.sum.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(f.sum.Sum(nil)) != f.want {
		return n, fmt.Errorf("%w since it was checked", backup.ErrChanged)
	}
	return n, err
}

// warnTogether warns when several shares of one key end up behind the same recipients,
// in files or in bundles that were opened.
func warnTogether(e *cli.Env, files []backup.File, s *holder.Session) {
	var facts []backup.ShareFacts
	for _, f := range files {
		facts = append(facts, f.Shares...)
	}
	for _, in := range s.Inputs {
		if in.Bundle != nil {
			facts = append(facts, in.Bundle.Manifest.Shares()...)
		}
	}
	key := slices.IndexFunc(s.Inputs, func(in *holder.Input) bool { return in.PEM })
	if locked := slices.IndexFunc(s.Inputs, (*holder.Input).TakesFile); key >= 0 && locked >= 0 {
		e.Warn("%q goes into one bundle with %q, and may be the key that opens it: seal keys and passphrases apart from what they open", s.Inputs[key].Path, s.Inputs[locked].Path)
	}
	for _, t := range backup.SharesTogether(facts) {
		e.Warn("shares of %s in one bundle: whoever opens it has %d of the %d shares that give the key", phrase.And(phrase.Quoted(t.NodeIDs)), t.Shares, t.Threshold)
	}
}
