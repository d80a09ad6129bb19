package backup

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"lifeboat/backup"
	"lifeboat/backup/shard"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/secret"
)

var keygenVerb = cli.Verb{
	Name:    "keygen",
	Summary: "make an identity that opens bundles, whole or in shards",
	Usage: `Usage: mpc-backup keygen -o ID [--classic] [--quorum K/N]

Writes a new age identity to a new file, and its public recipient beside it, as
ID.pub, for -R of the verbs that seal. The identity is hybrid post-quantum
(ML-KEM-768 with X25519), and its recipient is 2 kB of text: what is shown is the
fingerprint, which shards and printed pages have as well.

With --quorum the identity is never written: it is divided into N shards, the
files ID.shard-1.txt to ID.shard-N.txt, any K of which open what is sealed to
ID.pub. Give each to a different person, as a file or on paper (mpc-backup paper).

  -o, --output ID         the file to write; with --quorum, how the files' names begin
  --quorum K/N            N shards, of which any K are needed; at least 2, at most 32
  --set NAME              what the shards call their set (default: the base name of -o)
  --classic               an X25519 identity, which age has supported since version 1.0
  --json                  print the recipient and the names of the files as JSON

Example: an identity that any two of three directors have together
  mpc-backup keygen -o directors --quorum 2/3
  mpc-backup seal recovery-secrets.json -o backup.age -R directors.pub
  mpc-backup open backup.age -i directors.shard-1.txt -i directors.shard-3.txt -o restored
`,
	Prepare: prepareKeygen,
}

type keygenReport struct {
	Recipient   string        `json:"recipient"`
	Kind        backup.Kind   `json:"kind"`
	Fingerprint string        `json:"fingerprint"`
	Files       []string      `json:"files"`
	Quorum      *quorumReport `json:"quorum,omitempty"`
}

type quorumReport struct {
	SetID     string `json:"set_id"`
	SetName   string `json:"set_name"`
	Threshold int    `json:"threshold"`
	Count     int    `json:"count"`
}

type keygenFlags struct {
	output           string
	classic          bool
	quorum           string
	threshold, count int // of --quorum
	set              string
	json             bool
}

func prepareKeygen(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f keygenFlags
	set.StringVarP(&f.output, "output", "o", "", "")
	set.BoolVar(&f.classic, "classic", false, "")
	set.StringVar(&f.quorum, "quorum", "", "")
	set.StringVar(&f.set, "set", "", "")
	set.BoolVar(&f.json, "json", false, "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	if set.NArg() > 0 || f.output == "" {
		return nil, set.Misuse("keygen takes no arguments but -o, the file to write")
	}
	var err error
	if f.threshold, f.count, err = parseQuorum(f.quorum, set.Changed("quorum")); err != nil {
		return nil, set.Misuse("%w", err)
	}
	if f.count == 0 && set.Changed("set") {
		return nil, set.Misuse("--set names a set of shards: it needs --quorum")
	}
	f.output = filepath.Clean(f.output)
	if f.set == "" {
		f.set = filepath.Base(f.output)
	}
	paths := []string{f.output}
	if f.count > 0 {
		paths = shardPaths(f.output, f.count)
	}
	paths = append(paths, f.output+".pub")
	return &cli.Plan{Outputs: paths, Plain: paths[:len(paths)-1], Guard: true,
		Run: func(e *cli.Env, _ *cli.Conditions) error { return f.generate(e, set.Date(), paths) }}, nil
}

// generate makes an identity and writes it to the paths.
func (f *keygenFlags) generate(e *cli.Env, date time.Time, paths []string) error {
	id, recipient, err := backup.NewIdentity(f.classic)
	if err != nil {
		return err
	}
	e.OnExit(id.Wipe)
	r := &keygenReport{Recipient: recipient, Kind: backup.Hybrid, Fingerprint: shard.Fingerprint(recipient), Files: paths}
	if f.classic {
		r.Kind = backup.X25519
	}
	made := fmt.Sprintf("%s %s on %s", e.Program, cli.Version, date.Format("2006-01-02"))
	var texts []*secret.Bytes
	defer func() { secret.WipeAll(texts) }()
	if f.count == 0 {
		texts = append(texts, identityText(id, recipient, made))
	} else if texts, r.Quorum, err = shardTexts(id, f.threshold, f.count, f.set, made); err != nil {
		return err
	}
	comment := filepath.Base(f.output)
	if f.count > 0 {
		comment = fmt.Sprintf("%s (any %d of %d shards, set %s)", comment, f.threshold, f.count, r.Quorum.SetID)
	}
	texts = append(texts, secret.Copy(fmt.Appendf(nil, "# %s\n%s\n", cli.Clean(comment), recipient)))
	var out cli.Outputs
	for i, p := range paths {
		out.Add(p, texts[i].Expose())
	}
	if err := out.Write(e); err != nil {
		return err
	}
	if f.count == 0 {
		e.Note("%q opens what is sealed to %q: keep it where the bundles are not", f.output, f.output+".pub")
	} else {
		e.Note("any %d of %s open what is sealed to %q: give each to a different person, and keep none where the bundles are", f.threshold, phrase.And(phrase.Quoted(paths[:f.count])), f.output+".pub")
	}
	if f.json {
		return e.WriteJSON(r)
	}
	_, err = fmt.Fprintf(e.Stdout, "recipient: %s, fingerprint %s\n", cli.Clean(f.output+".pub"), r.Fingerprint)
	return err
}

var quorumForm = regexp.MustCompile(`^([0-9]{1,3})/([0-9]{1,3})$`)

// parseQuorum reads K/N, or 0 and 0 if none was given.
func parseQuorum(text string, given bool) (threshold, count int, err error) {
	if !given {
		return 0, 0, nil
	}
	m := quorumForm.FindStringSubmatch(text)
	if m == nil {
		return 0, 0, fmt.Errorf("--quorum %q is not of the form 2/3: how many shards are needed, and how many there are", text)
	}
	threshold, _ = strconv.Atoi(m[1])
	count, _ = strconv.Atoi(m[2])
	switch {
	case threshold < 2:
		return 0, 0, fmt.Errorf("--quorum %s: a shard alone must never be enough, so at least 2 are needed", text)
	case threshold > count:
		return 0, 0, fmt.Errorf("--quorum %s: more shards are needed than there are", text)
	case count > shard.MaxCount:
		return 0, 0, fmt.Errorf("--quorum %s: there can be %d shards at most", text, shard.MaxCount)
	}
	return threshold, count, nil
}

func shardPaths(output string, count int) []string {
	var paths []string
	for n := 1; n <= count; n++ {
		paths = append(paths, fmt.Sprintf("%s.shard-%d.txt", output, n))
	}
	return paths
}

// identityText is an identity file as age-keygen writes it.
func identityText(id *secret.Bytes, recipient, made string) *secret.Bytes {
	head := fmt.Sprintf("# made by %s\n# public key: %s\n", made, recipient)
	text := secret.New(len(head) + id.Len() + 1)
	b := append(text.Expose()[:0], head...)
	b = append(b, id.Expose()...)
	_ = append(b, '\n')
	return text
}

func shardTexts(id *secret.Bytes, threshold, count int, name, made string) ([]*secret.Bytes, *quorumReport, error) {
	shards, err := shard.Split(id, threshold, count, name)
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		for _, s := range shards {
			s.Wipe()
		}
	}()
	var texts []*secret.Bytes
	for _, s := range shards {
		text, err := s.Text(made)
		if err != nil {
			secret.WipeAll(texts)
			return nil, nil, err
		}
		texts = append(texts, text)
	}
	return texts, &quorumReport{shards[0].SetID, shards[0].SetName, threshold, count}, nil
}
