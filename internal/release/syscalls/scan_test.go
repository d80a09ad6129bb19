package syscalls

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// calls scans a listing of one function, whose lines have no address yet.
func calls(t *testing.T, arch string, lines ...string) *Calls {
	t.Helper()
	listing := "TEXT main.f(SB) /x/f.go\n"
	for i, line := range lines {
		address := []string{"0x1000", "0x1004", "0x1008", "0x100c", "0x1010", "0x1014", "0x1018"}[i]
		listing += "  f.go:1\t\t" + address + "\t\t90\t\t\t" + line + "\t\t\n"
	}
	c, err := Scan(strings.NewReader(listing), arch)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestScan(t *testing.T) {
	for name, test := range map[string]struct {
		arch   string
		lines  []string
		number int64 // -1: open
	}{
		"register":              {"amd64", []string{"MOVL $0x29, AX", "CALL syscall.Syscall(SB)"}, 41},
		"other registers":       {"amd64", []string{"MOVL $0x29, AX", "MOVQ CX, BX", "XORL DI, DI", "NOPL 0(AX)", "CALL syscall.RawSyscall6(SB)"}, 41},
		"stack":                 {"amd64", []string{"MOVQ $0x2a, 0(SP)", "MOVQ AX, 0x8(SP)", "CALL golang.org/x/sys/unix.Syscall.abi0(SB)"}, 42},
		"copied":                {"amd64", []string{"MOVL $0x31, DX", "MOVQ DX, AX", "CALL internal/runtime/syscall/linux.Syscall6(SB)"}, 49},
		"instruction":           {"amd64", []string{"MOVL $0x29, AX", "SYSCALL"}, 41},
		"zero":                  {"amd64", []string{"XORL AX, AX", "SYSCALL"}, 0},
		"tail call":             {"amd64", []string{"MOVL $0x32, AX", "JMP syscall.Syscall(SB)"}, 50},
		"wrapper of ours":       {"amd64", []string{"MOVL $0x9d, AX", "CALL lifeboat/internal/lockdown.onAllThreads(SB)"}, 157},
		"argument":              {"amd64", []string{"MOVL $0x1, BX", "CALL syscall.Syscall(SB)"}, -1},
		"overwritten":           {"amd64", []string{"MOVL $0x1, AX", "MOVQ 0x20(SP), AX", "CALL syscall.Syscall(SB)"}, -1},
		"added to":              {"amd64", []string{"MOVL $0x1, AX", "ADDQ $0x28, AX", "CALL syscall.Syscall(SB)"}, -1},
		"low byte":              {"amd64", []string{"MOVL $0x1, AX", "MOVB $0x29, AL", "CALL syscall.Syscall(SB)"}, -1},
		"exchanged":             {"amd64", []string{"MOVL $0x1, AX", "CMPXCHGL BX, 0(CX)", "CALL syscall.Syscall(SB)"}, -1},
		"call between":          {"amd64", []string{"MOVL $0x1, AX", "CALL main.g(SB)", "CALL syscall.Syscall(SB)"}, -1},
		"half a slot":           {"amd64", []string{"MOVQ $0x1, 0(SP)", "MOVL $0x29, 0(SP)", "CALL syscall.Syscall.abi0(SB)"}, -1},
		"jump in":               {"amd64", []string{"JE 0x1008", "MOVL $0x1, AX", "CALL syscall.Syscall(SB)"}, -1},
		"jump table":            {"amd64", []string{"JMP AX", "MOVL $0x1, AX", "CALL syscall.Syscall(SB)"}, -1},
		"address":               {"amd64", []string{"LEAQ syscall.Syscall(SB), AX"}, -1},
		"door of 32 bits":       {"amd64", []string{"MOVL $0x1, AX", "INT $0x80"}, -1},
		"arm64 register":        {"arm64", []string{"MOVD $198, R0", "MOVD ZR, R5", "CALL syscall.Syscall6(SB)"}, 198},
		"arm64 pair":            {"arm64", []string{"MOVD $203, R3", "STP (R3, R0), 8(RSP)", "STP (ZR, ZR), 24(RSP)", "CALL golang.org/x/sys/unix.Syscall.abi0(SB)"}, 203},
		"arm64 second of pair":  {"arm64", []string{"MOVD $203, R3", "STP (R0, R3), 0(RSP)", "CALL golang.org/x/sys/unix.Syscall.abi0(SB)"}, 203},
		"arm64 bit pattern":     {"arm64", []string{"ORR $56, ZR, R8", "SVC $0"}, 56},
		"arm64 half":            {"arm64", []string{"MOVD $1, R0", "MOVK $(1<<16), R0", "CALL syscall.Syscall(SB)"}, -1},
		"arm64 jump in":         {"arm64", []string{"CBZ R1, 2(PC)", "MOVD $198, R0", "CALL syscall.Syscall(SB)"}, -1},
		"arm64 later jump back": {"arm64", []string{"MOVD $1, R0", "CALL syscall.Syscall(SB)", "BNE -1(PC)"}, -1},
		"arm64 moved stack":     {"arm64", []string{"MOVD $1, R0", "MOVD R0, 8(RSP)", "MOVD.W R30, -32(RSP)", "CALL syscall.Syscall.abi0(SB)"}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			c := calls(t, test.arch, test.lines...)
			if open := len(c.Open) > 0; open != (test.number < 0) {
				t.Errorf("open: %q, numbers %v", c.Open, c.Numbers)
			}
			if test.number >= 0 && (len(c.Numbers) != 1 || c.Numbers[test.number] == nil) {
				t.Errorf("numbers %v, not %d", c.Numbers, test.number)
			}
		})
	}
}

func TestNoListing(t *testing.T) {
	if _, err := Scan(strings.NewReader("stripped"), "amd64"); err == nil {
		t.Error("a listing without functions was accepted")
	}
	if _, err := Scan(strings.NewReader(""), "riscv64"); err == nil {
		t.Error("an unknown machine was accepted")
	}
}

// TestAddresses reads what assembly makes an address of, before and behind it.
func TestAddresses(t *testing.T) {
	for _, test := range []struct {
		in   []instruction
		want []int64
	}{
		{[]instruction{{0x47c660, 7, "LEAQ", []string{"0xffffff19(IP)", "AX"}}}, []int64{0x47c580}},
		{[]instruction{{0x47c7c0, 6, "LEAL", []string{"0xfffffd9a(IP)", "AX"}}}, []int64{0x47c560}},
		{[]instruction{{0x1000, 7, "LEAQ", []string{"0x9(IP)", "AX"}}, {0x1007, 4, "LEAQ", []string{"0x8(SP)", "AX"}}}, []int64{0x1010}},
		{[]instruction{{0x86690, 4, "ADRP", []string{"0(PC)", "R0"}}, {0x86694, 4, "ADD", []string{"$1472", "R0", "R0"}}}, []int64{0x865c0}},
		{[]instruction{{0x86690, 4, "ADRP", []string{"0(PC)", "R0"}}}, []int64{0x86000}},
		{[]instruction{{0x86690, 4, "ADRP", []string{"0(PC)", "R0"}}, {0x86694, 4, "MOVD", []string{"R0", "R1"}}, {0x86698, 4, "ADD", []string{"$1472", "R0", "R1"}}}, []int64{0x86000, 0x865c0}},
		{[]instruction{{0x86690, 4, "ADRP", []string{"-4096(PC)", "R1"}}, {0x86694, 4, "ADD", []string{"$16", "R0", "R1"}}}, []int64{0x85000}},
		{[]instruction{{0x86690, 4, "ADR", []string{"-16(PC)", "R0"}}}, []int64{0x86680}},
	} {
		if got := addresses(test.in); !slices.Equal(got, test.want) {
			t.Errorf("%v: %#x, not %#x", test.in, got, test.want)
		}
	}
}

// TestFile compiles a program that opens a socket in ways that names do not
// show, and one that does not.
func TestFile(t *testing.T) {
	if os.Getenv("RELEASED") == "" {
		t.Skip("RELEASED=1 runs it, as .ci/run does: it builds four programs")
	}
	const talking = `package main

import "syscall"

var by = syscall.RawSyscall6

func address() uintptr

func within() uintptr

//go:noinline
func indirect(n uintptr) { by(n, 0, 0, 0, 0, 0, 0) }

func main() {
	syscall.Syscall(%SOCKET%, 1, 1, 0)
	indirect(%SOCKET%)
	println(address(), within())
}
`
	// Addresses that carry no name: where a gate begins, and behind that.
	assembly := func(load, register string) string {
		text := "#include \"textflag.h\"\n"
		for name, offset := range map[string]string{"address": "", "within": "+4"} {
			text += "TEXT ·" + name + "(SB), NOSPLIT, $0-8\n\t" + load + " $syscall·RawSyscall6" + offset + "(SB), " + register + "\n\t" + load + " " + register + ", ret+0(FP)\n\tRET\n"
		}
		return text
	}
	const quiet = "package main\n\nimport \"os\"\n\nfunc main() { f, _ := os.Open(\"x\"); f.Read(nil); f.Write(nil); f.Close() }\n"
	for arch, socket := range map[string]string{"amd64": "41", "arm64": "198"} {
		faults := func(source string) []string {
			dir := t.TempDir()
			for name, text := range map[string]string{
				"go.mod": "module x\n\ngo 1.26\n", "main.go": strings.ReplaceAll(source, "%SOCKET%", socket),
				"a_amd64.s": assembly("MOVQ", "AX"), "a_arm64.s": assembly("MOVD", "R0"),
			} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			cmd := exec.Command("go", "build", "-ldflags=-w", "-o", "x")
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH="+arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			c, found, err := File(filepath.Join(dir, "x"))
			if err != nil {
				t.Fatal(err)
			}
			if found != arch {
				t.Errorf("took %s for %s", arch, found)
			}
			return c.Faults(arch)
		}
		got := faults(talking)
		for _, want := range []string{"system call " + socket + ", socket, in main.main", "whoever uses the value syscall.RawSyscall6 makes", "main.address.abi0 makes a system call whose number is not a constant", "main.within.abi0 makes a system call whose number is not a constant"} {
			if !slices.ContainsFunc(got, func(f string) bool { return strings.HasPrefix(f, want) }) {
				t.Errorf("%s: %q is not among %q", arch, want, got)
			}
		}
		if got := faults(quiet); len(got) > 0 {
			t.Errorf("%s: a program that only reads a file: %q", arch, got)
		}
	}
}

func TestFaults(t *testing.T) {
	base := map[int64][]string{0: {"f"}, 1: {"f"}, 257: {"f"}, 9: {"f"}, 3: {"f"}}
	for _, test := range []struct {
		number int64
		open   string
		bad    bool
	}{
		{2, "", false}, {44, "", true}, {288, "", true}, {41, "", true}, {59, "", true}, {425, "", true},
		{0x40000029, "", true}, {-1, "", true},
		{2, "main.f", true}, {2, "golang.org/x/sys/unix.Socket", true},
		{2, "syscall.Syscall", false}, {2, "runtime.runPerThreadSyscall", false},
	} {
		c := &Calls{Numbers: map[int64][]string{test.number: {"g"}}}
		for n, in := range base {
			c.Numbers[n] = in
		}
		if test.open != "" {
			c.Open = []string{test.open}
		}
		if got := c.Faults("amd64"); (len(got) > 0) != test.bad {
			t.Errorf("%+v: %q", test, got)
		}
	}
	if got := (&Calls{}).Faults("arm64"); len(got) != len(expected) {
		t.Errorf("an empty scan passes as %q", got)
	}
}
