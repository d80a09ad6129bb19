// Package story runs the stories of cmd/*/testdata: testscripts that run the
// real programs on the vaults of package fixtures. Only tests import it.
//
// Besides testscript's own commands a story has
//
//	vault NAME [DIR]          copy the files of a test vault here, or into a new folder
//	vendor NAME [DIR]         the same of a vault in another vendor's form, and the secrets that open it
//	hostile NAME DIR          copy the share files of a test vault into a new folder, with node IDs, group IDs
//	                          and times that would steer a terminal, and again under file names that begin with
//	                          $HOSTILE, where the system has them
//	unsigned DIR              copy the unsigned transactions of the vault demo into a new folder
//	legacy NAME               copy what the programs wrote at an earlier time, of that name in fixtures/legacy
//	found                     copy the files of fixtures/found, as people have them
//	damaged FILE…             copy share files with one defect each; damaged.txt is their password
//	damage FILE FIELD [N]     change one digit of the N-th text field of that name (N from 1)
//	replace FILE OLD NEW      replace the first OLD in a file
//	book ROWS FILE VAULT      write an address book of ROWS rows, half of them on each curve
//	flip FILE N               flip a bit of the N-th byte, from the end if N is negative
//	mistype FILE N            change a character of the line numbered N, of a shard or a page
//	cut FILE N NEW            write the first N bytes of a file into a new one
//	junk TEXT N FILE          write TEXT N times
//	tmpfs DIR SIZE [ro]       mount a small file system ([tmpfs] says whether it can be done)
//	stick DRIVER DIR [OPTIONS] mount a small stick by a driver of FUSE, ntfs-3g or fusefat ([stick] says whether it can be done)
//	exits N PROGRAM ARG…      run a program that must end with exit status N; unless
//	                          --really-offline is among its arguments, it may be online
//	checkroot FILE VAULT [CURVE]  compare root.json with the vault's root keys
//	checkkeys FILE BOOK VAULT compare keys.csv with the vault's known keys, and each key with its public key
//	lines PAGE FILE           type the numbered lines of a page, in small letters without blanks
//	age ARG…                  run age's own command ([age] says whether it can be built)
//	readvar NAME FILE [FIELD] set a variable to the last line of a file, or to the text in
//	                          a field of JSON, or the texts, with blanks between them
//	fifo NAME                 make a named pipe
//	waits NAME TEXT PROGRAM ARG…  run a program beside the story, on a terminal of its own, until TEXT is on
//	                          the terminal ([tty] says whether there are terminals to open)
//	types NAME N TEXT         type a line, or ^C, on that terminal; the program must end with exit status N. What it
//	                          wrote is in NAME.out, NAME.err and NAME.tty
//	dishonest FILE SHARE PASSWORD  change the first signature share in an answer of ceremony sign, and sign it as its
//	                          author, with a share file and the file of its password
//	secret PATH…              secrets belong there: the check below passes over it
//
// Trying a password costs next to nothing on what the programs write, unless the
// story says env REAL_COST=1.
//
// After every run of a program no character that could steer a terminal may be on its
// standard output or standard error, nor in its pages and tables, and no known secret of
// the vaults may be on its
// standard output or standard error, nor, at the end of the story, in any file
// that was not copied from the fixtures or named by secret.
package story

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"lifeboat/fixtures"
	"lifeboat/internal/airgap"
)

// Run runs the stories of a folder.
func Run(t *testing.T, dir string) {
	age := ageCommand(t.TempDir())
	cmds := map[string]func(ts *testscript.TestScript, neg bool, args []string){
		"age": func(ts *testscript.TestScript, neg bool, args []string) {
			bin, err := age()
			ts.Check(err)
			if err := ts.Exec(bin, args...); (err != nil) != neg {
				ts.Fatalf("age: %v", err)
			}
		},
	}
	for name, c := range commands {
		cmds[name] = c.checked(name)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 dir,
		RequireUniqueNames:  true,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			s := &story{known: map[string]bool{}, waiting: map[string]*waiting{}, end: t.Deadline}
			env.Values[storyKey{}] = s
			env.Defer(func() {
				if err := s.checkFiles(env.WorkDir); err != nil {
					env.T().Fatal(err)
				}
			})
			return s.addOriginals(env.WorkDir)
		},
		Condition: func(cond string) (bool, error) {
			switch cond {
			case "tmpfs":
				return canMount(), nil
			case "tty":
				return canAsk(), nil
			case "stick":
				return canPlug(), nil
			case "age":
				_, err := age()
				return err == nil, nil
			case "online":
				found, err := airgap.Evidence(os.DirFS("/"))
				return len(found) > 0, err
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
		Cmds: cmds,
	})
}

// ageCommand builds age's own command, of the version that this module requires,
// when it is first asked for.
func ageCommand(dir string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		bin := filepath.Join(dir, "age")
		if out, err := exec.Command("go", "build", "-o", bin, "filippo.io/age/cmd/age").CombinedOutput(); err != nil {
			return "", fmt.Errorf("building age: %w: %s", err, out)
		}
		return bin, nil
	})
}

type storyKey struct{}

// story is what one script has set up.
type story struct {
	known   map[string]bool // files of the fixtures, and those where secrets belong
	secrets []Secret
	waiting map[string]*waiting // by name
	end     func() (time.Time, bool)
}

// command is a command of stories. Of its arguments, those in brackets may be left
// out, and … stands for any number.
type command struct {
	arguments string
	run       func(s *story, ts *testscript.TestScript, args []string)
}

var commands = map[string]command{
	"vault":     {"NAME [DIR]", cmdVault},
	"vendor":    {"NAME [DIR]", cmdVendor},
	"unsigned":  {"DIR", cmdUnsigned},
	"legacy":    {"NAME", cmdLegacy},
	"found":     {"", cmdFound},
	"damaged":   {"FILE…", cmdDamaged},
	"damage":    {"FILE FIELD [N]", cmdDamage},
	"replace":   {"FILE OLD NEW", cmdReplace},
	"book":      {"ROWS FILE VAULT", cmdBook},
	"flip":      {"FILE N", cmdFlip},
	"mistype":   {"FILE N", cmdMistype},
	"cut":       {"FILE N NEW", cmdCut},
	"junk":      {"TEXT N FILE", cmdJunk},
	"tmpfs":     {"DIR SIZE [ro]", cmdTmpfs},
	"stick":     {"DRIVER DIR [OPTIONS]", cmdStick},
	"exits":     {"N PROGRAM ARG…", cmdExits},
	"checkroot": {"FILE VAULT [CURVE]", cmdCheckRoot},
	"checkkeys": {"FILE BOOK VAULT", cmdCheckKeys},
	"lines":     {"PAGE FILE", cmdLines},
	"readvar":   {"NAME FILE [FIELD]", cmdReadvar},
	"fifo":      {"NAME", cmdFifo},
	"secret":    {"PATH…", cmdSecret},
	"dishonest": {"FILE SHARE PASSWORD", cmdDishonest},
	"waits":     {"NAME TEXT PROGRAM ARG…", cmdWaits},
	"types":     {"NAME N TEXT", cmdTypes},
	"hostile":   {"NAME DIR", cmdHostile},
}

// checked runs the command if it has its arguments.
func (c command) checked(name string) func(*testscript.TestScript, bool, []string) {
	all := strings.Fields(c.arguments)
	needed := len(all) - strings.Count(c.arguments, "[") - strings.Count(c.arguments, "…")
	return func(ts *testscript.TestScript, neg bool, args []string) {
		if neg || len(args) < needed || len(args) > len(all) && !strings.Contains(c.arguments, "…") {
			ts.Fatalf("usage: %s %s, not negated", name, c.arguments)
		}
		c.run(ts.Value(storyKey{}).(*story), ts, args)
	}
}

// addOriginals notes the files that come with the script.
func (s *story) addOriginals(dir string) error {
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if path != dir {
			s.known[path] = true
		}
		return err
	})
}

func (s *story) write(ts *testscript.TestScript, path string, data []byte) {
	ts.Check(os.WriteFile(path, data, 0o600))
	s.known[path] = true
}

func cmdVault(s *story, ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(".")
	if len(args) == 2 {
		dir = ts.MkAbs(args[1])
		ts.Check(os.MkdirAll(dir, 0o700))
	}
	s.secrets = append(s.secrets, OfVault(args[0])...)
	entries, err := fs.ReadDir(fixtures.FS, "vaults/"+args[0])
	ts.Check(err)
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); (ext == ".json" || ext == ".txt" || ext == ".csv") && !strings.HasPrefix(e.Name(), "expected") {
			s.write(ts, filepath.Join(dir, e.Name()), fixtures.Read("vaults/"+args[0]+"/"+e.Name()))
		}
	}
}

func cmdVendor(s *story, ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(".")
	if len(args) == 2 {
		dir = ts.MkAbs(args[1])
		ts.Check(os.MkdirAll(dir, 0o700))
	}
	v := fixtures.LoadVendor(args[0])
	s.secrets = append(s.secrets, OfVendor(v)...)
	for _, f := range v.Files {
		s.write(ts, filepath.Join(dir, f.Name), f.Data)
	}
	for name, data := range v.Secrets {
		s.write(ts, filepath.Join(dir, name), data)
	}
}

func cmdLegacy(s *story, ts *testscript.TestScript, args []string) {
	s.copy(ts, "legacy/"+args[0], "passphrase.txt")
}

func cmdFound(s *story, ts *testscript.TestScript, _ []string) { s.copy(ts, "found", "pass-1.txt") }

// copy copies a folder of the fixtures. What identities and the file of that name hold
// is a secret.
func (s *story) copy(ts *testscript.TestScript, root, passphrase string) {
	ts.Check(fs.WalkDir(fixtures.FS, root, func(name string, e fs.DirEntry, err error) error {
		path := ts.MkAbs(strings.TrimPrefix(name, root+"/"))
		switch {
		case err != nil || name == root:
			return err
		case e.IsDir():
			return os.Mkdir(path, 0o700)
		}
		data := fixtures.Read(name)
		s.write(ts, path, data)
		if e.Name() == passphrase || filepath.Ext(name) == ".key" {
			lines := bytes.Split(bytes.TrimSpace(data), []byte("\n"))
			s.secrets = append(s.secrets, Secret{"what " + name + " holds", lines[len(lines)-1]})
		}
		return nil
	}))
}

func cmdUnsigned(s *story, ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[0])
	files, err := fs.Sub(fixtures.FS, "unsigned")
	ts.Check(err)
	ts.Check(os.CopyFS(dir, files))
	ts.Check(s.addOriginals(dir))
}

func cmdDamaged(s *story, ts *testscript.TestScript, args []string) {
	for _, name := range args {
		s.write(ts, ts.MkAbs(name), fixtures.Read("damaged/"+name))
	}
	s.write(ts, ts.MkAbs("damaged.txt"), []byte(fixtures.DamagedPassword+"\n"))
	s.secrets = append(s.secrets, Secret{"the password of the damaged files", []byte(fixtures.DamagedPassword)})
}

// cmdDamage changes a digit in the middle of a field, and keeps it a digit.
func cmdDamage(s *story, ts *testscript.TestScript, args []string) {
	n := 1
	if len(args) == 3 {
		n, _ = strconv.Atoi(args[2])
	}
	data := []byte(ts.ReadFile(args[0]))
	all := regexp.MustCompile(`"`+regexp.QuoteMeta(args[1])+`":\s*"([^"]+)"`).FindAllSubmatchIndex(data, -1)
	if n < 1 || n > len(all) {
		ts.Fatalf("%s has %d fields %q", args[0], len(all), args[1])
	}
	at := (all[n-1][2] + all[n-1][3]) / 2
	if data[at] != '7' {
		data[at] = '7'
	} else {
		data[at] = '8'
	}
	s.write(ts, ts.MkAbs(args[0]), data)
}

func cmdReplace(s *story, ts *testscript.TestScript, args []string) {
	data := ts.ReadFile(args[0])
	if !strings.Contains(data, args[1]) {
		ts.Fatalf("%s does not contain %q", args[0], args[1])
	}
	s.write(ts, ts.MkAbs(args[0]), []byte(strings.Replace(data, args[1], args[2], 1)))
}

func cmdJunk(s *story, ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	s.write(ts, ts.MkAbs(args[2]), bytes.Repeat([]byte(args[0]), n))
}

func cmdFlip(_ *story, ts *testscript.TestScript, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	if n < 0 {
		n += len(data)
	}
	data[n] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

// cmdMistype types Q for A, and A for anything else, in the third place. It takes
// the first line of that number.
func cmdMistype(_ *story, ts *testscript.TestScript, args []string) {
	data := []byte(ts.ReadFile(args[0]))
	at := regexp.MustCompile(`(?m)^\s*` + args[1] + `: +..(.)`).FindSubmatchIndex(data)
	if at == nil {
		ts.Fatalf("%s has no line %s", args[0], args[1])
	}
	if c := &data[at[2]]; *c == 'A' || *c == 'a' { // typed in any case
		*c = 'Q'
	} else {
		*c = 'A'
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), data, 0o600))
}

func cmdCut(_ *story, ts *testscript.TestScript, args []string) {
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), []byte(ts.ReadFile(args[0]))[:n], 0o600))
}

var numbered = regexp.MustCompile(`(?m)(?:^|>)( *[0-9]+:)((?: +[A-Z2-7]+)+)$`)

func cmdLines(_ *story, ts *testscript.TestScript, args []string) {
	var typed strings.Builder
	for _, m := range numbered.FindAllStringSubmatch(ts.ReadFile(args[0]), -1) {
		typed.WriteString(m[1] + " " + strings.ToLower(strings.ReplaceAll(m[2], " ", "")) + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(typed.String()), 0o600))
}

func cmdReadvar(_ *story, ts *testscript.TestScript, args []string) {
	if len(args) == 3 {
		var all map[string]json.RawMessage
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &all))
		var text string
		var texts []string
		if json.Unmarshal(all[args[2]], &text) != nil {
			ts.Check(json.Unmarshal(all[args[2]], &texts))
			text = strings.Join(texts, " ")
		}
		ts.Setenv(args[0], text)
		return
	}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
	ts.Setenv(args[0], lines[len(lines)-1])
}

func cmdTmpfs(_ *story, ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.Mkdir(dir, 0o700))
	ts.Check(mount(dir, args[1], len(args) == 3))
	ts.Defer(func() { unmount(dir) })
}

func cmdStick(_ *story, ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[1])
	ts.Check(os.Mkdir(dir, 0o700))
	ts.Check(plug(args[0], dir, args[2:]...))
	ts.Defer(func() { unmount(dir) })
}

func cmdFifo(_ *story, ts *testscript.TestScript, args []string) {
	ts.Check(mkfifo(ts.MkAbs(args[0])))
}

func cmdSecret(s *story, ts *testscript.TestScript, args []string) {
	for _, a := range args {
		path := ts.MkAbs(a)
		if _, err := os.Lstat(path); err != nil {
			ts.Fatalf("%s does not exist", a)
		}
		ts.Check(s.addOriginals(path))
		s.known[path] = true
	}
}

// offline are the flags that a rehearsal on a machine with a network needs.
var offline = []string{"--allow-network", "--allow-swap"}

func cmdExits(s *story, ts *testscript.TestScript, args []string) {
	want, err := strconv.Atoi(args[0])
	if err != nil {
		ts.Fatalf("%q is no exit status", args[0])
	}
	program, rest := args[1], slices.Clone(args[2:])
	switch {
	case len(rest) == 0 || rest[0] == "help" || rest[0] == "version" || strings.HasPrefix(rest[0], "-"):
	case slices.Contains(rest, "--really-offline"): // a story about the refusal
		rest = slices.DeleteFunc(rest, func(a string) bool { return a == "--really-offline" })
	default:
		rest = append(rest, offline...)
	}
	got := 0
	if err := ts.Exec(program, rest...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, and %d was expected", got, want)
	}
	for _, stream := range []string{"stdout", "stderr"} {
		s.checkStream(ts, stream, []byte(ts.ReadFile(stream)))
	}
}

// checkStream looks at what a program wrote to a stream.
func (s *story) checkStream(ts *testscript.TestScript, stream string, text []byte) {
	if what := Find(s.secrets, text); what != "" {
		ts.Fatalf("%s is on %s", what, stream)
	}
	if at := steering(text); at >= 0 {
		ts.Fatalf("%s has %q", stream, text[max(0, at-40):min(len(text), at+40)])
	}
	if bytes.Contains(text, []byte("goroutine ")) || bytes.Contains(text, []byte("internal error")) {
		ts.Fatalf("a traceback is on %s", stream)
	}
}

// checkFiles looks for secrets, and for temporary names, in everything that the
// programs wrote.
func (s *story) checkFiles(dir string) error {
	return filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if strings.HasPrefix(e.Name(), ".lifeboat-") {
			return fmt.Errorf("%s was left behind", path)
		}
		if s.known[path] || !e.Type().IsRegular() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if what := Find(s.secrets, data); what != "" {
			return fmt.Errorf("%s is in %s", what, path)
		}
		if ext := filepath.Ext(path); ext == ".html" || ext == ".csv" {
			if at := steering(data); at >= 0 {
				return fmt.Errorf("%s has %q", path, data[max(0, at-40):min(len(data), at+40)])
			}
		}
		return nil
	})
}

// steering returns where a control character, a mark of direction or another character
// that does not show stands in what a program wrote, or -1.
func steering(text []byte) int {
	return bytes.IndexFunc(text, func(r rune) bool {
		return r != '\n' && (!unicode.IsGraphic(r) || r == utf8.RuneError || unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
	})
}

// hostileText would set the title of a window, clear the screen, go back, turn a line
// around, and hide. In the name of a file there is no NUL and nothing for FAT to refuse.
const hostileText = "\x1b]0;owned\a\u009b2J\r\u202e\u2066\u200b\ufe0f\u3164"

var named = regexp.MustCompile(`"(node_id|id|created_time)": *"`)

func cmdHostile(s *story, ts *testscript.TestScript, args []string) {
	dir := ts.MkAbs(args[1])
	ts.Check(os.Mkdir(dir, 0o700))
	quoted, err := json.Marshal(hostileText)
	ts.Check(err)
	for _, f := range fixtures.Load(args[0]).Files {
		text := named.ReplaceAllStringFunc(string(f.Data), func(found string) string {
			return found + strings.Trim(string(quoted), `"`)
		})
		ts.Check(os.WriteFile(filepath.Join(dir, f.Name), []byte(text), 0o600))
		if runtime.GOOS != "windows" {
			ts.Check(os.WriteFile(filepath.Join(dir, hostileText+f.Name), []byte(text), 0o600))
		}
	}
	ts.Setenv("HOSTILE", hostileText)
	ts.Check(s.addOriginals(dir))
}
