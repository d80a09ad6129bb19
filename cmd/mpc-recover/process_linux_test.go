package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"lifeboat/fixtures"
	"lifeboat/internal/prompt/ptytest"
	"lifeboat/internal/story"
)

// What each program asks of the system, seen from outside while it runs as an
// ordinary user and as root: no core dumps, no look by its own user, no swap if
// that can be had.
func TestHardened(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can look into a process that is not dumpable")
	}
	for program, line := range map[string]string{
		"mpc-derive": "chains", "mpc-backup": "keygen -o out --allow-network --allow-swap",
		"mpc-recover": "guide --lost provider",
	} {
		file := released(t, program)
		for _, uid := range []uint32{0, 65534} {
			dir, err := os.MkdirTemp("", "hardened-") // t.TempDir is not for everybody
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			binary, err := os.ReadFile(file)
			if err := errors.Join(err, os.WriteFile(filepath.Join(dir, program), binary, 0o755), os.Chmod(dir, 0o755), os.Mkdir(filepath.Join(dir, "w"), 0o700), os.Chown(filepath.Join(dir, "w"), int(uid), int(uid))); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(filepath.Join(dir, program), strings.Fields(line)...)
			cmd.Dir = filepath.Join(dir, "w")
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
			var seen process
			atExit(t, cmd, func(pid int) { seen = examine(t, pid) })
			if seen.core != "0 0" {
				t.Errorf("%s, user %d: the limit of core dumps is %s", program, uid, seen.core)
			}
			if seen.owner != 0 {
				t.Errorf("%s, user %d: its own user may look into it", program, uid)
			}
			if uid == 0 && seen.kib["VmLck"] < seen.kib["VmRSS"] {
				t.Errorf("%s: root could lock all memory, and %d of %d kB are", program, seen.kib["VmLck"], seen.kib["VmRSS"])
			}
		}
	}
}

// process is what the system says of one.
type process struct {
	owner uint32         // of its files in /proc: root, if it is not dumpable
	core  string         // soft and hard limit
	kib   map[string]int // of its memory
}

var (
	coreLimit = regexp.MustCompile(`(?m)^Max core file size +(\S+) +(\S+)`)
	memorySum = regexp.MustCompile(`(?m)^(Vm\w+):\s+(\d+) kB`)
)

func examine(t *testing.T, pid int) process {
	t.Helper()
	at := fmt.Sprintf("/proc/%d/", pid)
	info, err := os.Stat(at + "maps")
	limits, err2 := os.ReadFile(at + "limits")
	status, err3 := os.ReadFile(at + "status")
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	p := process{owner: info.Sys().(*syscall.Stat_t).Uid, kib: map[string]int{}}
	if m := coreLimit.FindSubmatch(limits); m != nil {
		p.core = string(m[1]) + " " + string(m[2])
	}
	for _, m := range memorySum.FindAllSubmatch(status, -1) {
		p.kib[string(m[1])], _ = strconv.Atoi(string(m[2]))
	}
	return p
}

// Opening a bundle under a passphrase and sealing another takes the memory of scrypt
// twice, one after the other.
func TestOneScryptAtATime(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can trace a process that is not dumpable")
	}
	story.Released(t)
	program := released(t, "mpc-backup")
	dir := rescue(t)
	peak := 0
	for _, line := range []string{
		"seal a.json --seal-passphrase-file seal.txt -o old.age",
		"rewrap old.age --passphrase-file seal.txt --seal-passphrase-file seal.txt -o new.age --allow-network --allow-swap",
	} {
		cmd := exec.Command(program, strings.Fields(line)...)
		cmd.Dir = dir
		atExit(t, cmd, func(pid int) { peak = examine(t, pid).kib["VmHWM"] })
	}
	if _, err := os.Stat(filepath.Join(dir, "new.age")); err != nil || peak < 256<<10 || peak > 400<<10 {
		t.Errorf("%d kB at the most: %v", peak, err)
	}
}

// A signal at a prompt, when one share is open: nothing of it is left, nor of what
// was typed.
func TestMemoryAfterSignal(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can look into a process that is not dumpable")
	}
	story.Released(t)
	program := released(t, "mpc-recover")
	dir := rescue(t)
	known := newTrove(t)
	known.search(dir)
	known.add("passwords and passphrases", "half a password", []byte("half a password"))
	finder := newFinder(known.list)
	const tries = 3 // as in TestMemory
	for _, signal := range []string{"\x03", "\x1c", "SIGTERM"} {
		var found map[string]int
		for range tries {
			if found = leftAfter(t, finder, signal, dir, program); len(found) == 0 {
				break
			}
		}
		for what, n := range found {
			t.Errorf("after %q: %d × %s", signal, n, what)
		}
	}
}

// leftAfter types the first password, half the second one, and a control character,
// or sends SIGTERM.
func leftAfter(t *testing.T, finder *finder, signal, dir, program string) map[string]int {
	t.Helper()
	pty := ptytest.New(t)
	tty, err := os.OpenFile(pty.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	cmd := exec.Command(program, strings.Fields("key a.json b.json --root --plaintext -o out --allow-network --allow-swap")...)
	cmd.Dir = dir
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, &said, &said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	go func() {
		pty.Await(`Password of "a.json"`)
		pty.Type(string(fixtures.Load("2of3").Files[0].Password) + "\n")
		pty.Await(`Password of "b.json"`)
		pty.Type("half a password")
		if signal == "SIGTERM" {
			cmd.Process.Signal(unix.SIGTERM)
		} else {
			pty.Type(signal)
		}
	}()
	var memory [][]byte
	if status := atExit(t, cmd, func(pid int) { memory = writable(t, pid) }); status.ExitStatus() != 130 {
		t.Fatalf("it ended with %#x: %s", status, said.String())
	}
	found := map[string]int{}
	for piece := range slices.Values(memory) {
		finder.find(piece, func(k kept) { found[k.kind+": "+k.what]++ })
	}
	return found
}
