package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/cli"
	"lifeboat/internal/lockdown"
	"lifeboat/internal/story"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/recover"
)

// released is a program as it is released.
func released(t *testing.T, program string) string {
	t.Helper()
	return built(t, program, "runtimesecret")
}

func built(t *testing.T, program, experiment string) string {
	t.Helper()
	return filepath.Join(story.Programs(t, experiment), program)
}

// rescue lays out two share files, an address book and the passwords in a folder
// and returns it.
func rescue(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	v := fixtures.Load("2of3")
	files := map[string][]byte{"address.csv": v.Books["address.csv"], "seal.txt": []byte("sealed for the safe\n")}
	for i, name := range []string{"a", "b"} {
		files[name+".json"], files[name+".txt"] = v.Files[i].Data, v.Files[i].Password
	}
	for name, data := range files {
		if len(data) == 0 {
			t.Fatalf("the vault has no %s", name)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var rescueLines = map[string][]string{
	"mpc-backup":  strings.Fields("verify a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --json --allow-network --allow-swap"),
	"mpc-recover": strings.Fields("key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --root --seal-passphrase-file seal.txt -o out.age --json --allow-network --allow-swap"),
}

// What a report says of the sandbox is what was asked for.
func TestSandboxReported(t *testing.T) {
	offered := lockdown.Supported()
	for program, args := range rescueLines {
		dir := rescue(t)
		cmd := exec.Command(released(t, program), append(args, "--require-sandbox")...)
		cmd.Dir = dir
		var stdout, stderr bytes.Buffer
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		err := cmd.Run()
		if offered.Landlock == 0 || !offered.Seccomp {
			if cmd.ProcessState.ExitCode() != cli.Refused || !strings.Contains(stderr.String(), "--require-sandbox wants") {
				t.Errorf("%s: %v: %s", program, err, stderr.String())
			}
			continue
		}
		var report struct {
			Conditions cli.Conditions `json:"conditions"`
		}
		if err != nil {
			t.Errorf("%s: %v: %s", program, err, stderr.String())
		} else if err := json.Unmarshal(stdout.Bytes(), &report); err != nil {
			t.Error(program, err)
		}
		if want := (lockdown.Protection{Landlock: offered.Landlock, Seccomp: true}).String(); report.Conditions.Sandbox != want {
			t.Errorf("%s reports %q, not %q", program, report.Conditions.Sandbox, want)
		}
	}
}

var (
	call      = regexp.MustCompile(`^\d+ +([a-z0-9_]+)\((.*)$`)
	quoted    = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	temporary = regexp.MustCompile(`^\.lifeboat-[0-9a-f]{16}\.tmp$`)
	network   = regexp.MustCompile(`^(socket|socketpair|connect|bind|listen|accept4?|send.*|recv.*|shutdown|[gs]etsockopt|getsockname|getpeername|io_uring_.*)$`)
	starts    = regexp.MustCompile(`^(execve|execveat|fork|vfork|ptrace|process_vm_.*)$`)
)

// looks are what is opened before any input, by the Go runtime and to see
// whether the machine is online or has swap.
var looks = []string{"/sys/kernel/mm/", "/sys/fs/cgroup", "/proc/self/", "/proc/net/", "/proc/swaps", "/sys/class/net", "/sys/block/", "/dev/tty", "/"}

// Seen from outside, the programs make no call to do with networks, start
// nothing, and open no file but those that they were given.
func TestTraced(t *testing.T) {
	strace, err := exec.LookPath("strace")
	if err != nil {
		t.Skip("there is no strace on this machine")
	}
	if os.Getuid() != 0 {
		t.Skip("only root can trace a process that is not dumpable")
	}
	for program, args := range rescueLines {
		dir := rescue(t)
		log := filepath.Join(t.TempDir(), "log")
		file := released(t, program)
		cmd := exec.Command(strace, append([]string{"-f", "-qq", "-s", "4096", "-o", log, file}, args...)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", program, err, out)
		}
		trace, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		opened := checkTrace(t, program, string(trace), file)
		for _, input := range []string{"a.json", "b.json", "a.txt", "b.txt", "address.csv"} {
			if !slices.Contains(opened, input) {
				t.Errorf("%s: %s was not seen to be opened, so that the absence of others proves nothing", program, input)
			}
		}
	}
}

// checkTrace returns the files that were opened once the program was confined.
func checkTrace(t *testing.T, program, trace, file string) (opened []string) {
	t.Helper()
	confined := !lockdown.Supported().Seccomp
	for line := range strings.SplitSeq(trace, "\n") {
		m := call.FindStringSubmatch(line)
		if m == nil {
			continue // the end of a call that was interrupted, or of a thread
		}
		name, rest := m[1], m[2]
		var paths []string
		for _, q := range quoted.FindAllStringSubmatch(rest, -1) {
			paths = append(paths, q[1])
		}
		switch {
		case network.MatchString(name), starts.MatchString(name) && !slices.Contains(paths, file):
			t.Errorf("%s: %s", program, line)
		case name == "seccomp" && strings.Contains(rest, "SECCOMP_SET_MODE_FILTER"):
			confined = true
		case name != "openat" && name != "open" && name != "creat":
		case strings.Contains(rest, "O_PATH"): // for a rule; nothing can be read through it
		case len(paths) == 0:
			t.Errorf("%s: a file without a name: %s", program, line)
		case confined:
			opened = append(opened, paths[0])
			if !expected(paths[0]) {
				t.Errorf("%s: %s", program, line)
			}
		case !slices.ContainsFunc(looks, func(l string) bool {
			return paths[0] == l || l != "/" && strings.HasPrefix(paths[0], l)
		}):
			t.Errorf("%s: before it is confined: %s", program, line)
		}
	}
	return opened
}

// expected reports whether a file is among those that were given or are written.
func expected(path string) bool {
	given := []string{"a.json", "b.json", "a.txt", "b.txt", "seal.txt", "address.csv", ".", "/dev/tty"}
	return slices.Contains(given, path) || temporary.MatchString(path)
}

// demoKey is a root key of the demo vault: a word that is neither a key nor a file is
// refused before anything is confined.
const demoKey = "xpub661MyMwAqRbcEv1kMU8ys5uHqVTx7rQMCaFfYRNyjH1vpyENpJTSTTsbXk3pQjwnp27RSaotBetBX8iWWM7V1KFABxDcKRaUZ4yiJ8NUqbu"

// verbLines are command lines that get as far as their files, which are not there or
// no good: one at least for each verb, and for each step of one.
var verbLines = map[string][]string{
	"mpc-derive": {
		"chains", "address . --path m/0", "find . address", "review x --xpub " + demoKey + " --addresses z", "make --plan x -o out", "watch --xpub " + demoKey + " --addresses z -o out", "help", "version",
	},
	"mpc-backup": {
		"inspect x", "record x -o out", "audit x", "verify x", "attest x --challenge c -o out", "challenge " + classicRecipient + " -o out", "check x", "seal x -o out -R r", "open x -o out",
		"rewrap x -o out -R r", "keygen -o out", "paper x -o out", "help seal", "version --json",
	},
	"mpc-recover": {
		"key x y --root -o out --plaintext", "repair x y --no-record --lost n -o out", "reshare x y --no-record --party a --party b -o out",
		"ceremony plan out x --no-record --reason lost --signer a --signer b --party c --party d", "ceremony join x --no-record --node a -o out -R r", "ceremony deal x y --no-record",
		"ceremony accept x --key k --xpub z -o out", "ceremony confirm x y --no-record", "ceremony status x", "ceremony status x --key k", "ceremony sign x y --answer n --tx z --addresses a --record r", "ceremony sign x y --ask n --tx z --addresses a --record r -o out",
		"sign x y --tx z --xpub " + demoKey + " --addresses a --to 0x3535353535353535353535353535353535353535 --alone -o out", "drill", "guide --lost provider x --page out", "guide --role custodian --record x", "help", "version",
	},
}

// verbsOf lists what the command lines of a program can begin with.
func verbsOf(p *cli.Program) []string {
	verbs := []string{"help", "version"}
	for _, v := range p.Verbs {
		if len(v.Steps) == 0 {
			verbs = append(verbs, v.Name)
		}
		for _, s := range v.Steps {
			verbs = append(verbs, v.Name+" "+s.Name)
		}
	}
	return verbs
}

// Every verb gives up what it does not need: --require-sandbox does not refuse, and
// seen from outside, where that can be seen, the process confines itself once.
func TestEveryVerbIsConfined(t *testing.T) {
	if s := lockdown.Supported(); s.Landlock == 0 || !s.Seccomp {
		t.Skip("this system has no sandbox")
	}
	strace, err := exec.LookPath("strace")
	traced := err == nil && os.Getuid() == 0
	for _, program := range []*cli.Program{derive.Program(), backup.Program(), recover.Program()} {
		file := released(t, program.Name)
		lines := verbLines[program.Name]
		for _, verb := range verbsOf(program) {
			if !slices.ContainsFunc(lines, func(l string) bool { return l == verb || strings.HasPrefix(l, verb+" ") }) {
				t.Errorf("%s %s: no command line to test it with", program.Name, verb)
			}
		}
		for _, line := range lines {
			args := append([]string{file}, append(strings.Fields(line), "--require-sandbox", "--allow-network", "--allow-swap")...)
			log := filepath.Join(t.TempDir(), "log")
			if traced {
				args = append([]string{strace, "-f", "-qq", "-e", "trace=seccomp", "-o", log}, args...)
			}
			cmd := exec.Command(args[0], args[1:]...)
			cmd.Dir = t.TempDir()
			out, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code == cli.Refused || code == cli.Usage || code < 0 || bytes.Contains(out, []byte("operation not permitted")) {
				t.Errorf("%s %s: exit status %d: %s", program.Name, line, code, out)
			}
			if !traced {
				continue
			}
			trace, err := os.ReadFile(log)
			if n := bytes.Count(trace, []byte("SECCOMP_SET_MODE_FILTER")); n != 1 || err != nil {
				t.Errorf("%s %s: confined %d times: %s, %v", program.Name, line, n, trace, err)
			}
		}
	}
}
