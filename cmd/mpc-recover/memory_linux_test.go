package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/story"
)

// memoryRuns names the variable that says how often each command line is run, with
// runtime/secret and without. The table is for docs/threat-model.md.
const memoryRuns = "MEMORY_RUNS"

const sealPassphrase = "sealed for the safe"

// holding is a command line for each verb that holds secrets, and for other ways in
// which one does: those have a comma in their names, and are run for the table only.
// They run in a folder that rehearse made. "ceremony sign" takes two processes at a
// time, of which one waits at a prompt: TestMemoryOfTwoHolders looks into both.
var holding = []struct{ program, name, line string }{
	{"mpc-backup", "verify", "verify a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv"},
	{"mpc-backup", "verify, bundle", "verify a.age b.json --passphrase-file a.txt --passphrase-file b.txt -i id"},
	{"mpc-backup", "verify, tss-lib", "verify x.json y.json"},
	{"mpc-backup", "attest", "attest a.json --passphrase-file a.txt --challenge c -o out.json"},
	{"mpc-backup", "seal --check", "seal a.json -R id.pub --check --passphrase-file a.txt -o out.age"},
	{"mpc-backup", "seal --check, passphrase", "seal a.json --seal-passphrase-file seal.txt --check --passphrase-file a.txt -o out.age"},
	{"mpc-backup", "seal --verifiable", "seal a.json -R classic.pub --verifiable --passphrase-file a.txt -o out.age"},
	{"mpc-backup", "attest, identity", "attest -i classic --challenge c.age -o out.json"},
	{"mpc-backup", "open", "open keys.age -i id -o out"},
	{"mpc-backup", "open, shards", "open quorum.age -i q.shard-1.txt -i q.shard-3.txt -o out"},
	{"mpc-backup", "open, passphrase", "open safe.age --passphrase-file seal.txt -o out"},
	{"mpc-backup", "rewrap", "rewrap keys.age -i id -R classic.pub -o out.age"},
	{"mpc-backup", "keygen, hybrid", "keygen -o out"},
	{"mpc-backup", "keygen", "keygen --classic -o out"},
	{"mpc-backup", "keygen, --quorum", "keygen --quorum 2/3 -o out"},
	{"mpc-backup", "paper", "paper id -o out.html"},
	{"mpc-backup", "paper, shard", "paper q.shard-1.txt -o out.html"},
	{"mpc-backup", "paper, --read", "paper --read typed-id.txt -o out.txt"},
	{"mpc-backup", "paper, --read a shard", "paper --read typed-shard.txt -o out.txt"},
	{"mpc-recover", "key", "key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --path m/44/60/0/0/7 --chain eth --root -R id.pub -o out.age"},
	{"mpc-recover", "key, verifiable", "key v.age.proof.json b.json --passphrase-file b.txt -i classic --root -R id.pub -o out.age"},
	{"mpc-recover", "key, passphrase", "key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --root --seal-passphrase-file seal.txt -o out.age"},
	{"mpc-recover", "key, --plaintext", "key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --root --plaintext -o out"},
	{"mpc-recover", "key, from root.json", "key keys.age -i id --addresses address.csv --root -R id.pub -o out.age"},
	{"mpc-recover", "key, --salvage", "key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --salvage --xpub $ECDSA --xpub $EDDSA --root -R id.pub -o out.age"},
	{"mpc-recover", "sign", "sign a.json b.json --passphrase-file a.txt --passphrase-file b.txt --xpub $ECDSA --xpub $EDDSA --tx unsigned --expect " + reviewed + movesTo + " -o out"},
	{"mpc-recover", "sign, from root.json", "sign keys.age -i id --xpub $ECDSA --xpub $EDDSA --tx unsigned --expect " + reviewed + movesTo + " -o out"},
	{"mpc-recover", "repair", "repair --no-record a.json b.json --passphrase-file a.txt --passphrase-file b.txt --lost node-3-B5414719 --new-passphrase-file new.txt -o out.json"},
	{"mpc-recover", "repair, bundle", "repair --no-record a.json b.json --passphrase-file a.txt --passphrase-file b.txt --lost node-3-B5414719 -R id.pub -o out.age"},
	{"mpc-recover", "reshare", "reshare --no-record a.json b.json --passphrase-file a.txt --passphrase-file b.txt --party p --new-passphrase-file new.txt --party q=id.pub -o out"},
	{"mpc-recover", "reshare, --to tss-lib", "reshare --no-record a.json b.json --passphrase-file a.txt --passphrase-file b.txt --group $ED25519 --to tss-lib --party p=id.pub --party q=id.pub -o out"},
	{"mpc-recover", "ceremony join", "ceremony join planned --no-record --node q -R id.pub -o out.age"},
	{"mpc-recover", "ceremony deal", "ceremony deal joined a.json --passphrase-file a.txt --xpub $ECDSA --xpub $EDDSA --party p --party q --threshold 2 --joined $P --joined $Q"},
	{"mpc-recover", "ceremony accept", "ceremony accept dealt --key p.key.age -i id --xpub $ECDSA --xpub $EDDSA --new-passphrase-file new.txt -o out.json"},
	{"mpc-recover", "ceremony accept, bundle", "ceremony accept dealt --key p.key.age -i id --xpub $ECDSA --xpub $EDDSA -R id.pub -o out.age"},
	{"mpc-recover", "ceremony status", "ceremony status joined --key p.key.age -i id"},
	{"mpc-recover", "ceremony confirm", "ceremony confirm accepted p.json --passphrase-file new.txt --xpub $ECDSA --xpub $EDDSA"},
}

// rehearsal makes what the lines above start from; a line that begins with = is
// the copy of a folder.
const rehearsal = `
mpc-backup keygen -o id
mpc-backup keygen --classic -o classic
mpc-backup keygen --quorum 2/3 -o q
mpc-backup seal a.json -R classic.pub --verifiable --passphrase-file a.txt -o v.age
mpc-backup challenge $CLASSIC -o c.age
mpc-backup seal a.json -R id.pub -o a.age
mpc-backup seal a.json -R q.pub -o quorum.age
mpc-backup paper id -o typed-id.html
mpc-backup paper q.shard-2.txt -o typed-shard.html
mpc-recover key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --path m/44/60/0/0/7 --chain eth --root -R id.pub -o keys.age
mpc-recover key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --root --seal-passphrase-file seal.txt -o safe.age
mpc-recover ceremony plan planned a.json --signer node-1-EA4212E8 --signer node-2-7D1723AE --party p --party q --threshold 2 --reason rotation --xpub $ECDSA --xpub $EDDSA
mpc-recover ceremony join planned --no-record --node p -R id.pub -o p.key.age
= planned joined
mpc-recover ceremony join joined --no-record --node q -R id.pub -o q.key.age
= joined dealt
mpc-recover ceremony deal dealt a.json --passphrase-file a.txt --xpub $ECDSA --xpub $EDDSA --party p --party q --threshold 2 --joined $P --joined $Q
mpc-recover ceremony deal dealt b.json --passphrase-file b.txt --xpub $ECDSA --xpub $EDDSA --party p --party q --threshold 2 --joined $P --joined $Q
= dealt accepted
mpc-recover ceremony accept accepted --key p.key.age -i id --xpub $ECDSA --xpub $EDDSA --new-passphrase-file new.txt -o p.json
`

// rehearse returns a folder with everything that the verbs can be given.
func rehearse(t *testing.T, programs map[string]string) string {
	t.Helper()
	dir := rescue(t)
	v, nodes := fixtures.Load("2of3"), fixtures.Load("tsslib-ecdsa")
	for name, data := range map[string][]byte{
		"seal.txt": []byte(sealPassphrase + "\n"), "new.txt": []byte("of the new file\n"),
		"x.json": nodes.Files[0].Data, "y.json": nodes.Files[1].Data, "c.txt": v.Files[2].Password, "c.json": v.Files[2].Data,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	writeUnsigned(t, dir)
	for line := range strings.Lines(strings.TrimSpace(rehearsal)) {
		args := arguments(t, programs, dir, line)
		if args[0] == "=" {
			if err := os.CopyFS(filepath.Join(dir, args[2]), os.DirFS(filepath.Join(dir, args[1]))); err != nil {
				t.Fatal(err)
			}
			continue
		}
		cmd := exec.Command(programs[args[0]], args[1:]...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", line, err, out)
		}
	}
	for _, name := range []string{"typed-id", "typed-shard"} {
		page, err := os.ReadFile(filepath.Join(dir, name+".html"))
		if err != nil {
			t.Fatal(err)
		}
		text := onPage.FindSubmatch(page)
		if err := os.WriteFile(filepath.Join(dir, name+".txt"), []byte(html.UnescapeString(string(text[1]))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// wordsOf returns the words of the join whose key is in a file.
func wordsOf(t *testing.T, program, dir, ceremony, key string) string {
	t.Helper()
	cmd := exec.Command(program, "ceremony", "status", ceremony, "--key", key, "-i", "id", "--json", "--allow-network", "--allow-swap")
	cmd.Dir = dir
	out, err := cmd.Output()
	var status struct {
		Words []string `json:"words"`
	}
	if err != nil || json.Unmarshal(out, &status) != nil || len(status.Words) == 0 {
		t.Fatal(err)
	}
	return strings.Join(status.Words, " ")
}

var onPage = regexp.MustCompile(`(?s)<pre[^>]*>(.*?)</pre>`)

// arguments splits a line. A name that starts with $ is one argument.
func arguments(t *testing.T, programs map[string]string, dir, line string) []string {
	t.Helper()
	groups := fixtures.Load("2of3").Expected.Groups
	args := strings.Fields(line)
	for i, a := range args {
		switch a {
		case "$ECDSA":
			args[i] = groups[0].RootXpub
		case "$EDDSA":
			args[i] = groups[1].RootXpub
		case "$ED25519":
			args[i] = groups[1].ID
		case "$CLASSIC":
			data, err := os.ReadFile(filepath.Join(dir, "classic.pub"))
			if err != nil {
				t.Fatal(err)
			}
			args[i] = strings.Fields(string(data))[2] // after "# classic"
		case "$P", "$Q":
			node := strings.ToLower(a[1:])
			args[i] = node + "=" + wordsOf(t, programs["mpc-recover"], dir, "joined", node+".key.age")
		}
	}
	if args[0] == "=" {
		return args
	}
	return append(args, "--allow-network", "--allow-swap")
}

// What a process still holds of shares, keys and passwords when it ends, seen from
// outside: nothing, where runtime/secret erases it.
func TestMemory(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can look into a process that is not dumpable")
	}
	story.Released(t)
	erasing := map[string]string{"mpc-backup": built(t, "mpc-backup", "runtimesecret"), "mpc-recover": built(t, "mpc-recover", "runtimesecret")}
	plain := map[string]string{"mpc-backup": built(t, "mpc-backup", "none"), "mpc-recover": built(t, "mpc-recover", "none")}
	from := rehearse(t, erasing)
	known := newTrove(t)
	known.search(from)
	runs := 0
	if text := os.Getenv(memoryRuns); text != "" {
		if _, err := fmt.Sscan(text, &runs); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range holding {
		if runs == 0 && strings.Contains(c.name, ",") {
			continue
		}
		t.Run(c.program[len("mpc-"):]+" "+c.name, func(t *testing.T) {
			look := func(programs map[string]string) map[string]int {
				return left(t, programs, known, from, c.program, c.line)
			}
			if runs > 0 {
				tabulate(t, c.name, runs, look, erasing, plain)
				return
			}
			// A copy that the runtime happens to keep somewhere is rare; what is left
			// every time is a mistake of ours.
			const tries = 3
			var found map[string]int
			for range tries {
				if found = look(erasing); len(found) == 0 {
					break
				}
			}
			for what, n := range found {
				t.Errorf("%d × %s", n, what)
			}
			// Where nothing is erased much must be left, or finding nothing proves nothing.
			if c.name == "key" {
				copies, found := 0, look(plain)
				for _, n := range found {
					copies += n
				}
				if copies < 10 {
					t.Errorf("without runtime/secret only this is left: %v", found)
				}
			}
		})
	}
}

// left runs a line in a copy of a folder and counts what its process still held at
// its end of the secrets that are in the folder then, by what they are.
func left(t *testing.T, programs map[string]string, known *trove, from, program, line string) map[string]int {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(programs[program], arguments(t, programs, dir, line)...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	memory := memoryAtExit(t, cmd, &said)
	finder := newFinder(known.with(t, dir).list)
	found := map[string]int{}
	for _, piece := range memory {
		finder.find(piece, func(k kept) { found[k.kind+": "+k.what]++ })
	}
	return found
}

// tabulate prints a row for each kind of secret: copies of all secrets of the kind
// together, the mean and the most.
func tabulate(t *testing.T, name string, runs int, look func(map[string]string) map[string]int, programs ...map[string]string) {
	t.Helper()
	rows := map[string][]string{}
	for at, p := range programs {
		sums, most := map[string]int{}, map[string]int{}
		for range runs {
			kinds := map[string]int{}
			for what, n := range look(p) {
				kind, _, _ := strings.Cut(what, ": ")
				kinds[kind] += n
				if at == 0 {
					t.Logf("%d × %s", n, what)
				}
			}
			for kind, n := range kinds {
				sums[kind] += n
				most[kind] = max(most[kind], n)
			}
		}
		for kind, n := range sums {
			if rows[kind] == nil {
				rows[kind] = slices.Repeat([]string{"0"}, len(programs))
			}
			rows[kind][at] = fmt.Sprintf("%.1f (%d)", float64(n)/float64(runs), most[kind])
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(rows)) {
		t.Logf("TABLE | %s | %s | %s |", name, kind, strings.Join(rows[kind], " | "))
	}
}
