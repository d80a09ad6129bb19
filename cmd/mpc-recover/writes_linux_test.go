package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/outfile"
	"lifeboat/internal/story"
)

// writes is a command line that writes, in the folder that stage lays out. Its
// outputs are in the folder out, or in that of a ceremony.
type writes struct {
	line    string
	outputs []string // in the order in which they appear
	plain   bool     // secrets in the clear are asked for
	same    bool     // the outputs are the same each time
	check   string   // succeeds if OUT, the first output, is whole
	thin    bool     // it writes as another line does: fewer faults are tried
	slow    bool     // it computes a lot, or stretches a password: faults are tried at the renames alone
	done    bool     // a second run says that it was done, and succeeds
}

// folders are where outputs go. The first ceremony is still to be planned, the
// second is planned, in the third all have joined, in the fourth all have dealt. In the
// last one somebody asks for a signature.
var folders = []string{"out", "s0", "s1", "s2", "s3", "s4"}

// besides are the outputs of a bundle.
func besides(bundle string) []string {
	return []string{bundle, bundle + ".manifest.json", bundle + ".README.txt"}
}

const (
	xpubs   = " --xpub xpub661MyMwAqRbcFW6tk6jJJqU3nvoJybTq12iuMvzNxb5ffWNz5gwroCo2gjbP2UMgcAVDUPq5YL8Ux7WhdLoMTtrxd6VQVwBwKvWoQGsJb2P --xpub cpubGCmTMqXYTnzkcpnhsAhDEF5mWnzpfRHCuiVsdZ73ossLbaBBsjZpqTevfy5YFvSv1k2K2Hxz4awnuBx7ornBwFAstZk8Tvxq7bmK69iwod2"
	dealing = xpubs + " --party client --party provider --threshold 2 --joined CLIENT --joined PROVIDER"
	twoOld  = " b.json c.json --passphrase-file b.txt --passphrase-file c.txt"
	// A published identity, and its recipient.
	classicIdentity  = "AGE-SECRET-KEY-13QSU2MHETTDG5ZXVY3R5RAAYNSY8UVDP5W86L3XL4XT5SCLQ6VRQ38KTH8"
	classicRecipient = "age1ewpu5074vn677097l6tlle7dmj09szlvnnlq08l7a323jhpa248s8antzy"
	// The vault's record, the transaction of sol.txt, and their codes.
	paying  = " --tx sol.txt --addresses address.csv --to GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB --record record.txt --record-code NVPV-114D-CPDP-FVW1-8N3X-RPH0-MKQP-CCXQ --expect 32BB-3T3Q-WV2C-CEJF-P0GW-2VFP-2MT3-1VZK"
	onlyOne = "TEST_ONLY_ed25519" // stands for the ID of the group on ed25519, which has blanks
)

// everyWrite is every verb that writes, in each way it does.
var everyWrite = map[string]writes{
	"find":          {line: "mpc-derive find a.json 0xaC3Ca22e173aA6a853c69d32F0bBA42D01a97E80 --indexes 3 --accounts 1 -o out/f.csv", same: true, outputs: []string{"out/f.csv"}},
	"address":       {line: "mpc-derive address a.json --path m/44/60/0/0/* --chain eth -o out/a.csv", same: true, thin: true, outputs: []string{"out/a.csv"}},
	"address large": {line: "mpc-derive address a.json --path m/44/60/0/0/* --chain eth --count 1200 --json -o out/a.json", same: true, thin: true, outputs: []string{"out/a.json"}},
	"make":          {line: "mpc-derive make ETH --from 0xaC3Ca22e173aA6a853c69d32F0bBA42D01a97E80 --to 0x3535353535353535353535353535353535353535 --amount 1 --number nonce=5 --number gas=21000 --number gas-price=30 -o out/made", same: true, thin: true, outputs: []string{"out/made"}},
	"watch":         {line: "mpc-derive watch --addresses address.csv" + xpubs + " -o out/watch", same: true, thin: true, outputs: []string{"out/watch"}},

	"seal":             {line: "mpc-backup seal a.json note.txt -R id.pub -o out/b.age", outputs: besides("out/b.age"), check: "mpc-backup open OUT -i id -o opened"},
	"seal, words made": {line: "mpc-backup seal note.txt --generate-passphrase-file out/words.txt -o out/b.age", slow: true, outputs: append([]string{"out/words.txt"}, besides("out/b.age")...)},
	"seal, verifiable": {line: "mpc-backup seal a.json -R classic.pub -o out/b.age --verifiable --passphrase-file a.txt", slow: true, outputs: append(besides("out/b.age"), "out/b.age.proof.json"), check: "mpc-backup open OUT -i classic -o opened"},
	"seal, quorum":     {line: "mpc-backup seal a.json -R classic.pub -R second.pub -o out/q --verifiable --quorum 2/2 --passphrase-file a.txt", slow: true, outputs: []string{"out/q.proof-1.json", "out/q.proof-2.json"}, check: "mpc-backup check OUT --partial"},
	"challenge":        {line: "mpc-backup challenge " + classicRecipient + " -o out/c.age", outputs: []string{"out/c.age", "out/c.age.expect.json"}, check: "mpc-backup attest -i classic --challenge OUT -o answer.json"},
	"attest, identity": {line: "mpc-backup attest -i classic --challenge c.age -o out/a.json", same: true, outputs: []string{"out/a.json"}},
	"rewrap":           {line: "mpc-backup rewrap old.age -i id -R board.pub -o out/b.age", thin: true, outputs: besides("out/b.age"), check: "mpc-backup open OUT -i board.shard-1.txt -i board.shard-2.txt -o opened"},
	"open":             {line: "mpc-backup open old.age -i id -o out/opened", same: true, outputs: []string{"out/opened"}, plain: true},
	"keygen":           {line: "mpc-backup keygen -o out/id", outputs: []string{"out/id", "out/id.pub"}, plain: true, check: "mpc-backup paper OUT -o page.html"},
	"keygen, quorum": {line: "mpc-backup keygen -o out/q --quorum 2/3", thin: true, outputs: []string{"out/q.shard-1.txt", "out/q.shard-2.txt", "out/q.shard-3.txt", "out/q.pub"},
		plain: true, check: "mpc-backup paper OUT -o page.html"},
	"paper":         {line: "mpc-backup paper board.shard-1.txt -o out/p.html", same: true, thin: true, outputs: []string{"out/p.html"}, plain: true},
	"paper, read":   {line: "mpc-backup paper --read typed.txt -o out/s.txt", same: true, thin: true, outputs: []string{"out/s.txt"}, plain: true},
	"attest":        {line: "mpc-backup attest a.json --challenge spring --passphrase-file a.txt -o out/a.json", outputs: []string{"out/a.json"}, check: "mpc-backup check OUT --challenge spring --partial"},
	"verify, page":  {line: "mpc-backup verify" + twoOld + " --report out/v.html", same: true, thin: true, outputs: []string{"out/v.html"}},
	"record":        {line: "mpc-backup record a.json b.json -o out/r.txt", same: true, thin: true, outputs: []string{"out/r.txt", "out/r.html"}},
	"audit, page":   {line: "mpc-backup audit a.json b.json --report out/a.html", same: true, thin: true, outputs: []string{"out/a.html"}},
	"guide, page":   {line: "mpc-recover guide --lost provider --no-record a.json b.json --page out/g.html", same: true, thin: true, outputs: []string{"out/g.html"}},
	"key":           {line: "mpc-recover key" + twoOld + " --root --addresses address.csv -R id.pub -o out/k.age", thin: true, outputs: besides("out/k.age"), check: "mpc-backup open OUT -i id -o opened"},
	"key, in clear": {line: "mpc-recover key" + twoOld + " --root --addresses address.csv --plaintext -o out/k", same: true, outputs: []string{"out/k"}, plain: true},
	"sign":          {line: "mpc-recover sign" + twoOld + " --tx unsigned --expect " + reviewed + movesTo + xpubs + " -o out/signed", same: true, outputs: []string{"out/signed"}},
	"repair": {line: "mpc-recover repair --no-record" + twoOld + " --lost node-1-EA4212E8 --new-passphrase-file new.txt -o out/again.json", slow: true, outputs: []string{"out/again.json"},
		check: "mpc-backup verify OUT --passphrase-file new.txt" + twoOld},
	"repair, bundle": {line: "mpc-recover repair --no-record" + twoOld + " --lost node-1-EA4212E8 -R id.pub -o out/again.age", slow: true, outputs: besides("out/again.age"), check: "mpc-backup open OUT -i id -o opened"},
	"reshare": {line: "mpc-recover reshare --no-record" + twoOld + " --party client=id.pub --party provider --threshold 2 --new-passphrase-file new.txt -o out/new", slow: true, outputs: []string{"out/new"},
		check: "mpc-backup verify OUT/recovery-secrets-client.age OUT/recovery-secrets-provider.json -i id --passphrase-file new.txt" + xpubs},
	"reshare, save data": {line: "mpc-recover reshare --no-record" + twoOld + " --group " + onlyOne + " --party client=id.pub --party provider=id.pub --threshold 2 --to tss-lib -o out/new", slow: true, outputs: []string{"out/new"},
		check: "mpc-backup verify OUT/recovery-secrets-client.age OUT/recovery-secrets-provider.age -i id"},
	"ceremony plan": {line: "mpc-recover ceremony plan s0 b.json --signer node-2-7D1723AE --signer node-3-B5414719 --party client --party provider --threshold 2 --reason rotation" + xpubs, outputs: []string{"s0/plan.json"},
		check: "mpc-recover ceremony status s0", done: true},
	"ceremony join": {line: "mpc-recover ceremony join s1 --no-record --node client -R id.pub -o out/client.key.age", thin: true, outputs: append(besides("out/client.key.age"), "s1/join-client.json"),
		check: "mpc-backup open OUT -i id -o opened", done: true},
	"ceremony deal": {line: "mpc-recover ceremony deal s2 b.json --passphrase-file b.txt" + dealing, outputs: []string{"s2/deal-node-2-7D1723AE.json"},
		check: "mpc-recover ceremony status s2", done: true},
	"ceremony accept": {line: "mpc-recover ceremony accept s3 --key client.key.age -i id --new-passphrase-file new.txt -o out/client.json" + xpubs, slow: true, outputs: []string{"out/client.json"},
		check: "mpc-recover ceremony confirm s3 OUT --passphrase-file new.txt" + xpubs},
	"ceremony accept, bundle": {line: "mpc-recover ceremony accept s3 --key client.key.age -i id -R id.pub -o out/client.age" + xpubs, slow: true, outputs: besides("out/client.age"),
		check: "mpc-recover ceremony confirm s3 OUT -i id" + xpubs},
	// Who asks waits at a prompt, where no row can answer. The request is written as "ceremony deal" writes, and what is
	// signed as "sign" does; the stories of ceremony_sign tell what is left of a request when its program ends.
	"ceremony sign":    {line: "mpc-recover ceremony sign s4 b.json --answer node-1-EA4212E8 --passphrase-file b.txt" + paying, thin: true, outputs: []string{"s4/sign-answer-node-2-7D1723AE.json"}},
	"ceremony confirm": {line: "mpc-recover ceremony confirm s3 client.age -i id" + xpubs, slow: true, outputs: []string{"s3/confirm-client.json"}, check: "mpc-recover ceremony status s3", done: true},
}

// A stage is a folder with every input of everyWrite, which each run gets a copy of.
type stage struct {
	dir      string
	programs string            // the folder of the programs
	words    map[string]string // of the joins, by node
	secrets  []story.Secret
}

// numbered is a line of a shard that is for typing.
var numbered = regexp.MustCompile(`(?m)^ *[0-9]+: .*$`)

// newStage is a stage for programs that builder builds.
func newStage(t *testing.T, builder func(t *testing.T, experiment string) string) *stage {
	t.Helper()
	story.Released(t)
	s := &stage{dir: t.TempDir(), programs: builder(t, "runtimesecret"), secrets: append(story.OfVault("2of3"),
		story.Secret{What: "an identity", Text: []byte("AGE-SECRET-KEY-")},
		story.Secret{What: "the content of a bundle", Text: []byte("under the mat")},
		story.Secret{What: "a new password", Text: []byte("a new password")},
		story.Secret{What: "save data of tss-lib", Text: []byte(`"Xi"`)},
		story.Secret{What: "a one-time key", Text: []byte("lifeboat-ceremony-key")})}
	v := fixtures.Load("2of3")
	files := map[string][]byte{"address.csv": v.Books["address.csv"], "note.txt": []byte("the key to the cellar is under the mat\n"), "new.txt": []byte("a new password\n"), "sol.txt": []byte(unsignedSOL),
		"classic": []byte(classicIdentity + "\n"), "classic.pub": []byte(classicRecipient + "\n")}
	for i, name := range []string{"a", "b", "c"} {
		files[name+".json"], files[name+".txt"] = v.Files[i].Data, v.Files[i].Password
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(s.dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeUnsigned(t, s.dir)
	if err := os.Mkdir(filepath.Join(s.dir, "out"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"mpc-backup keygen -o id", "mpc-backup keygen -o second --classic", "mpc-backup challenge " + classicRecipient + " -o c.age", "mpc-backup keygen -o board --quorum 2/3", "type board.shard-1.txt typed.txt",
		"mpc-backup seal a.json note.txt -R id.pub -o old.age",
		strings.Replace(everyWrite["ceremony plan"].line, " s0 ", " s1 ", 1),
		"copy s1 s2",
		"mpc-recover ceremony join s2 --no-record --node client -R id.pub -o client.key.age",
		"mpc-recover ceremony join s2 --no-record --node provider -R id.pub -o provider.key.age",
		"words s2", "copy s2 s3",
		"mpc-recover ceremony deal s3 b.json --passphrase-file b.txt" + dealing,
		"mpc-recover ceremony deal s3 c.json --passphrase-file c.txt" + dealing,
		strings.Replace(everyWrite["ceremony accept, bundle"].line, "out/client.age", "client.age", 1),
		"mpc-backup record a.json b.json c.json -o record.txt",
		"ask mpc-recover ceremony sign asked a.json --ask node-2-7D1723AE --passphrase-file a.txt -o signed" + paying, "copy asked s4",
	} {
		switch f := strings.Fields(line); f[0] {
		case "copy":
			if err := os.CopyFS(filepath.Join(s.dir, f[2]), os.DirFS(filepath.Join(s.dir, f[1]))); err != nil {
				t.Fatal(err)
			}
			private(t, filepath.Join(s.dir, f[2]))
		case "type":
			data, err := os.ReadFile(filepath.Join(s.dir, f[1]))
			if err != nil {
				t.Fatal(err)
			}
			typed := bytes.Join(numbered.FindAll(data, -1), []byte("\n"))
			if err := os.WriteFile(filepath.Join(s.dir, f[2]), typed, 0o600); err != nil {
				t.Fatal(err)
			}
		case "ask":
			s.ask(t, line[len("ask "):])
		case "words":
			s.readWords(t, f[1])
		default:
			if r := s.run(t, s.dir, line); r.code != 0 {
				t.Fatalf("%s: exit status %d: %s", line, r.code, r.stderr)
			}
		}
	}
	return s
}

// private undoes what os.CopyFS does, which gives folders every right.
func private(t *testing.T, dir string) {
	t.Helper()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

// ask runs a line until it waits for an answer, and lets it wait until the test ends.
func (s *stage) ask(t *testing.T, line string) {
	t.Helper()
	cmd := s.command(line)
	cmd.Dir = s.dir
	pty, _ := onTerminal(t, cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	pty.Await("press Enter")
}

func (s *stage) readWords(t *testing.T, ceremony string) {
	t.Helper()
	s.words = map[string]string{}
	for _, node := range []string{"client", "provider"} {
		s.words[node] = wordsOf(t, filepath.Join(s.programs, "mpc-recover"), s.dir, ceremony, node+".key.age")
	}
}

// copy returns a fresh folder with everything in it.
func (s *stage) copy(t *testing.T) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s.copyTo(t, dir)
	return dir
}

func (s *stage) copyTo(t *testing.T, dir string) {
	t.Helper()
	if err := os.CopyFS(dir, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	for _, folder := range append(folders, "") {
		if folder != "s0" {
			private(t, filepath.Join(dir, folder))
		}
	}
}

// command is a line as it is run.
func (s *stage) command(line string) *exec.Cmd {
	var args []string
	for _, a := range strings.Fields(line) {
		switch a {
		case "CLIENT", "PROVIDER":
			node := strings.ToLower(a)
			a = node + "=" + s.words[node]
		case onlyOne:
			a = "TEST ONLY 2of3 ed25519 2of3"
		}
		args = append(args, a)
	}
	args = append(args, "--date", "2026-11-22", "--allow-network", "--allow-swap")
	return exec.Command(filepath.Join(s.programs, args[0]), args[1:]...)
}

// A result is how a run ended.
type result struct {
	code           int // -1: it was killed
	stdout, stderr string
}

func (s *stage) run(t *testing.T, dir, line string) result {
	t.Helper()
	cmd := s.command(line)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runtime.LockOSThread() // or it would be the child of a thread that becomes a tracer
	defer runtime.UnlockOSThread()
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// tree is what is in a folder: the content of each file, and "/" for a folder.
type tree map[string]string

func readTree(t *testing.T, dir string) tree {
	t.Helper()
	all := tree{}
	if err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name := strings.TrimPrefix(strings.TrimPrefix(path, dir), "/")
		switch {
		case err != nil || name == "":
			return err
		case e.IsDir():
			all[name] = "/"
			return nil
		case e.Type() == fs.ModeSymlink:
			target, err := os.Readlink(path)
			all[name] = "-> " + target
			return err
		}
		data, err := os.ReadFile(path)
		all[name] = string(data)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// without returns the new names, and fails if anything that was there is gone or
// has changed.
func (after tree) without(t *testing.T, before tree) tree {
	t.Helper()
	added := maps.Clone(after)
	for name, data := range before {
		if got, ok := after[name]; !ok || got != data {
			t.Errorf("%s was changed", name)
		}
		delete(added, name)
	}
	return added
}

// found is what a run has added to a folder.
type found struct {
	outputs []string // those that are there
	rest    []string // leftovers, with all that is in them
}

// sort tells outputs from leftovers, and reports whatever is neither.
func (w *writes) sort(t *testing.T, dir string, added tree) found {
	t.Helper()
	var f found
	var left []string
	for _, folder := range folders {
		for _, path := range outfile.Leftovers(filepath.Join(dir, folder)) {
			left = append(left, strings.TrimPrefix(path, dir+"/"))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(added)) {
		is := func(of string) bool { return name == of || strings.HasPrefix(name, of+"/") }
		switch {
		case slices.ContainsFunc(left, is):
			f.rest = append(f.rest, name)
		case w.outputOf(name) != "", name == "s0":
		default:
			t.Errorf("%s is neither an output nor a temporary name", name)
		}
	}
	for _, o := range w.outputs {
		if _, ok := added[o]; ok {
			f.outputs = append(f.outputs, o)
		}
	}
	return f
}

// whole checks that every output that is there is complete, as far as that can be
// seen. good is what an unharmed run has added.
func (w *writes) whole(t *testing.T, added, good tree) {
	t.Helper()
	for name, want := range good {
		if _, there := added[w.outputOf(name)]; !there {
			continue
		}
		if got, ok := added[name]; !ok || !alike(want, got) || w.same && got != want {
			t.Errorf("%s is not whole: %d bytes, and an unharmed run wrote %d", name, len(got), len(want))
		}
	}
}

// opens runs the check of the first output, if it is there.
func (s *stage) opens(t *testing.T, w *writes, dir string, added tree) {
	t.Helper()
	if _, there := added[w.outputs[0]]; there && w.check != "" {
		if r := s.run(t, dir, strings.ReplaceAll(w.check, "OUT", w.outputs[0])); r.code != 0 {
			t.Errorf("%s is not whole: %s", w.outputs[0], r.stderr)
		}
	}
}

// outputOf returns the output that a name belongs to, or "".
func (w *writes) outputOf(name string) string {
	for _, o := range w.outputs {
		if name == o || strings.HasPrefix(name, o+"/") {
			return o
		}
	}
	return ""
}

// alike reports whether a text is as long as another of its kind: both are JSON,
// or a bundle, or have as many lines.
func alike(want, got string) bool {
	switch {
	case want == got:
		return true
	case json.Valid([]byte(want)):
		return json.Valid([]byte(got))
	}
	return strings.HasPrefix(want, ageHeader) && strings.HasPrefix(got, ageHeader) || strings.Count(want, "\n") == strings.Count(got, "\n")
}

const ageHeader = "age-encryption.org/v1\n"

// quiet checks that a run has shown no secret, on its streams or in what it left.
func (s *stage) quiet(t *testing.T, w *writes, r result, added tree) {
	t.Helper()
	for stream, text := range map[string]string{"standard output": r.stdout, "standard error": r.stderr} {
		if what := story.Find(s.secrets, []byte(text)); what != "" {
			t.Errorf("%s is on %s", what, stream)
		}
		if strings.Contains(text, "goroutine ") || strings.Contains(text, "internal error") {
			t.Errorf("%s: %s", stream, text)
		}
	}
	if w.plain {
		return
	}
	for name, data := range added {
		if what := story.Find(s.secrets, []byte(data)); what != "" {
			t.Errorf("%s is in %s", what, name)
		}
	}
}
