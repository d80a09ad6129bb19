package main

import (
	"bytes"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/internal/story"
)

// memoryRuns names the variable that says how often each command line is run; its
// numbers are in docs/threat-model.md.
const memoryRuns = "MEMORY_RUNS"

// What a process still holds of shares, keys and passwords when it ends, seen from
// outside: next to nothing where runtime/secret erases it.
func TestMemory(t *testing.T) {
	runs := 1
	if text := os.Getenv(memoryRuns); text != "" {
		if _, err := fmt.Sscan(text, &runs); err != nil {
			t.Fatal(err)
		}
	}
	if os.Getuid() != 0 {
		t.Skip("only root can look into a process that is not dumpable")
	}
	if testing.Short() {
		t.Skip("-short: looking through the memory takes a minute")
	}
	secrets := append(story.OfVault("2of3"), story.Secret{What: "the passphrase of the bundle", Text: []byte("sealed for the safe")})
	secrets = append(secrets, childKeys(t)...)
	totals := map[string]int{}
	for _, experiment := range []string{"runtimesecret", "none"} {
		recoverer, backup := built(t, "mpc-recover", experiment), built(t, "mpc-backup", experiment)
		total := 0
		for name, run := range map[string]func(dir string) *exec.Cmd{
			"key":    func(dir string) *exec.Cmd { return exec.Command(recoverer, rescueLines["mpc-recover"]...) },
			"verify": func(dir string) *exec.Cmd { return exec.Command(backup, rescueLines["mpc-backup"]...) },
			"open": func(dir string) *exec.Cmd {
				seal := exec.Command(recoverer, rescueLines["mpc-recover"]...)
				seal.Dir = dir
				if out, err := seal.CombinedOutput(); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				return exec.Command(backup, strings.Fields("open out.age --passphrase-file seal.txt -o out --allow-network --allow-swap")...)
			},
		} {
			found := map[string]int{}
			for range runs {
				dir := rescue(t)
				cmd := run(dir)
				cmd.Dir = dir
				for _, memory := range memoryAtExit(t, cmd) {
					count(secrets, memory, found)
				}
			}
			for what, n := range found {
				total += n
				t.Logf("GOEXPERIMENT=%s, %s: %.1f copies of %s, in %d runs", experiment, name, float64(n)/float64(runs), what, runs)
			}
		}
		totals[experiment] = total
	}
	// A copy that a signal or another goroutine's stack holds now and then is not
	// ruled out. Without runtime/secret there must be many, or finding few proves nothing.
	if erased, plain := totals["runtimesecret"], totals["none"]; plain == 0 || erased*50 > plain {
		t.Errorf("%d copies of secrets with runtime/secret, %d without", erased, plain)
	}
}

// childKeys recovers the keys of the address book in the clear, and returns them.
func childKeys(t *testing.T) (keys []story.Secret) {
	t.Helper()
	line := strings.Fields("key a.json b.json --passphrase-file a.txt --passphrase-file b.txt --addresses address.csv --plaintext -o plain --allow-network --allow-swap")
	cmd := exec.Command(released(t, "mpc-recover"), line...)
	cmd.Dir = rescue(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(filepath.Join(cmd.Dir, "plain", "keys.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, column := range []string{"hex private key", "extended private key", "export"} {
		i := slices.Index(rows[0], column)
		for _, row := range rows[1:] {
			if len(row[i]) > 16 {
				keys = append(keys, story.Secret{What: "a child private key: " + column, Text: []byte(row[i])})
			}
			if raw, err := hex.DecodeString(row[i]); err == nil && len(raw) > 16 {
				keys = append(keys, story.Secret{What: "a child private key as bytes", Text: raw})
			}
		}
	}
	if len(keys) < 20 {
		t.Fatalf("only %d child keys", len(keys))
	}
	return keys
}

// count counts the secrets in a piece of memory.
func count(secrets []story.Secret, memory []byte, found map[string]int) {
	for _, s := range secrets {
		if n := bytes.Count(memory, s.Text); n > 0 {
			found[s.What] += n
		}
	}
}

// memoryAtExit runs a program and returns what it could write to when it ended.
func memoryAtExit(t *testing.T, cmd *exec.Cmd) (memory [][]byte) {
	t.Helper()
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	main := cmd.Process.Pid
	var status unix.WaitStatus
	if _, err := unix.Wait4(main, &status, unix.WALL, nil); err != nil || !status.Stopped() {
		t.Fatal(status, err)
	}
	if err := unix.PtraceSetOptions(main, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACEEXIT|unix.PTRACE_O_EXITKILL); err != nil {
		t.Fatal(err)
	}
	if err := unix.PtraceCont(main, 0); err != nil {
		t.Fatal(err)
	}
	for {
		thread, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			t.Fatal(err)
		case thread == main && !status.Stopped():
			if len(memory) == 0 || !status.Exited() || status.ExitStatus() != 0 {
				t.Fatalf("it ended with %#x; %d pieces of memory", status, len(memory))
			}
			return memory
		case !status.Stopped():
			continue
		}
		signal := int(status.StopSignal())
		switch {
		case status.TrapCause() == unix.PTRACE_EVENT_EXIT:
			if memory == nil {
				memory = writable(t, main)
			}
			signal = 0
		case signal == int(unix.SIGTRAP), signal == int(unix.SIGSTOP): // a new thread
			signal = 0
		}
		unix.PtraceCont(thread, signal)
	}
}

// writable returns the memory that a stopped process can write to.
func writable(t *testing.T, pid int) (memory [][]byte) {
	t.Helper()
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var mode string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &mode); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(mode, "rw") {
			continue
		}
		piece := make([]byte, to-from)
		n, _ := f.ReadAt(piece, int64(from)) // some cannot be read
		memory = append(memory, used(piece[:n])...)
	}
	return memory
}

// used returns the stretches of pages that are not all zero.
func used(piece []byte) (stretches [][]byte) {
	zero := make([]byte, os.Getpagesize())
	start := 0
	for at := 0; at < len(piece); at += len(zero) {
		if end := min(at+len(zero), len(piece)); bytes.Equal(piece[at:end], zero) {
			stretches = append(stretches, piece[start:at])
			start = end
		}
	}
	stretches = append(stretches, piece[start:])
	return slices.DeleteFunc(stretches, func(s []byte) bool { return len(s) == 0 })
}
