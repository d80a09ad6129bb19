package lifeboat_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// room says what a package, or every package below a folder ("x/..."), may
// import itself, besides the standard library. Tests may import more.
type room struct {
	name    string
	may     string // packages of Lifeboat
	modules string // other modules' packages, or all below a path ("x/...")
}

// The house, from the ground up. Domain packages neither print, prompt nor
// exit, so the terminal and the verbs are above them.
var house = []room{
	// What everything stands on.
	{"internal/secret", "", ""},
	{"internal/base58", "", ""},
	{"internal/bechsum", "", ""},
	{"internal/protobuf", "", ""},
	{"internal/blake2b", "", ""},
	{"internal/plain", "", ""},
	{"internal/strict", "internal/plain", "golang.org/x/text/..."},
	{"internal/archive", "internal/secret", ""},
	{"internal/cost", "", ""},
	{"internal/ordered", "", ""},
	{"internal/choose", "", ""},
	{"internal/phrase", "", ""},
	{"internal/shell", "internal/plain", ""},
	{"internal/page", "internal/plain", ""},
	{"internal/qrcode", "", "rsc.io/qr"},
	{"internal/curve", "", "filippo.io/edwards25519/... github.com/decred/dcrd/dcrec/secp256k1/v4"},
	{"internal/scalar", "internal/secret internal/curve", ""},
	{"internal/sign", "internal/secret internal/curve internal/scalar internal/signature", ""},
	{"internal/signature", "internal/curve", "github.com/decred/dcrd/dcrec/secp256k1/v4/ecdsa"},
	{"internal/papercode", "", ""},
	{"internal/rsakey", "internal/secret", ""},

	// Public keys and addresses. chains sees a private key only to write it down.
	{"derive", "derive/batch internal/base58 internal/curve", "golang.org/x/crypto/ripemd160"},
	{"derive/batch", "derive/batch/internal/field internal/curve", "filippo.io/edwards25519/..."},
	{"derive/batch/internal/field", "", ""},
	{"chains", "internal/secret internal/base58 internal/bechsum internal/curve internal/blake2b chains/internal/groestl",
		"github.com/btcsuite/btcd/btcutil/bech32 github.com/decred/dcrd/crypto/blake256 github.com/decred/dcrd/dcrec/secp256k1/v4 filippo.io/edwards25519/... golang.org/x/crypto/ripemd160 golang.org/x/crypto/sha3"},
	{"chains/internal/groestl", "", ""},
	{"chains/account", "chains derive internal/curve", ""},
	{"chains/find", "chains derive/... internal/curve internal/ordered", ""},
	{"chains/book", "chains chains/account derive/... internal/curve internal/phrase internal/strict", ""},

	// Unsigned transactions: what they do and what they want signed.
	{"tx", "chains derive/... internal/base58 internal/blake2b internal/curve internal/papercode internal/phrase internal/protobuf internal/signature internal/strict", "filippo.io/edwards25519 github.com/btcsuite/btcd/..."},

	// Shares: what files say, opening one, and what enough of them can do.
	{"share", "derive internal/cost internal/curve internal/secret", ""},
	{"share/formats", "derive share internal/archive internal/curve internal/protobuf internal/secret internal/strict", ""},
	{"share/verdict", "derive share internal/choose internal/curve internal/phrase", ""},
	{"share/record", "derive internal/curve share share/verdict internal/phrase internal/papercode", "golang.org/x/text/unicode/norm"},
	{"share/open", "share share/verifiable internal/choose internal/curve internal/rsakey internal/scalar internal/secret internal/sign internal/signature internal/strict", "golang.org/x/crypto/argon2"},
	{"share/verifiable", "share share/formats internal/curve internal/scalar internal/secret internal/strict internal/bechsum", "github.com/btcsuite/btcd/btcutil/bech32"},
	{"recover/frost", "share internal/curve internal/scalar internal/secret internal/signature", ""},
	{"recover", "derive/... share share/open internal/base58 internal/curve internal/scalar internal/secret internal/sign internal/signature internal/strict",
		"github.com/bnb-chain/tss-lib/v2/..."},
	{"recover/ceremony", "derive recover recover/frost share/... internal/curve internal/scalar internal/secret internal/signature internal/strict", ""},
	{"recover/tsslib", "share internal/curve internal/scalar internal/secret", ""},

	// Bundles, and what can be said without a secret.
	{"backup", "backup/lines backup/shard share internal/cost internal/secret internal/shell internal/strict",
		"filippo.io/age/... golang.org/x/crypto/ssh golang.org/x/text/unicode/norm"},
	{"audit", "backup chains/book derive share share/formats share/open share/verdict share/verifiable internal/archive internal/curve internal/phrase internal/secret internal/strict share/record", ""},
	{"audit/report", "audit internal/phrase internal/plain internal/qrcode internal/shell share share/record", ""},
	{"backup/lines", "internal/secret", ""},
	{"backup/paper", "backup backup/lines backup/shard internal/plain internal/qrcode internal/secret", "github.com/makiuchi-d/gozxing/..."},
	{"backup/shard", "backup/lines internal/choose internal/secret", "filippo.io/age github.com/hashicorp/vault/shamir"},

	// The machine and the person before it.
	{"internal/outfile", "", "golang.org/x/sys/..."},
	{"internal/airgap", "", "golang.org/x/sys/..."},
	{"internal/lockdown", "", "golang.org/x/sys/..."},
	{"internal/prompt", "internal/plain internal/secret internal/strict", "golang.org/x/sys/... golang.org/x/term golang.org/x/text/unicode/norm"},
	{"internal/prompt/ptytest", "", "golang.org/x/sys/..."},
	{"internal/story", "derive fixtures share/... internal/airgap internal/base58 internal/cost internal/curve internal/prompt/ptytest internal/secret", "github.com/rogpeppe/go-internal/testscript"},
	{"internal/cli", "internal/airgap internal/lockdown internal/outfile internal/phrase internal/plain internal/prompt internal/secret",
		"github.com/spf13/pflag golang.org/x/sys/... golang.org/x/term"},

	// The verbs: flags, prompts, printing. holder is what verbs that open shares
	// have in common, addresses what those that take an address book have, recorded what
	// people have besides the files.
	{"internal/verb/addresses", "chains/... derive internal/cli internal/ordered internal/strict", ""},
	{"internal/verb/moving", "chains/... derive tx internal/cli internal/ordered internal/phrase internal/signature internal/strict internal/verb/addresses share/record", ""},
	{"internal/verb/derive", "internal/phrase chains/... tx derive/... share share/formats share/record share/verdict internal/cli internal/curve internal/ordered internal/secret internal/strict internal/verb/addresses internal/verb/moving internal/plain internal/verb/recorded", ""},
	{"internal/verb/holder", "backup chains/... derive share/... internal/cli internal/curve internal/papercode internal/prompt internal/secret internal/strict internal/phrase internal/archive audit internal/verb/recorded", ""},
	{"internal/verb/backup", "audit/... backup/... chains/... derive/... share/... internal/cli internal/curve internal/prompt internal/scalar internal/secret internal/strict internal/phrase internal/shell internal/verb/addresses internal/verb/holder internal/verb/recorded", ""},
	{"internal/verb/recover", "audit audit/report docs/runbooks docs/moving backup chains/... tx derive/... recover/... share/... fixtures/vaults/demo internal/base58 internal/cli internal/curve internal/prompt internal/scalar internal/secret internal/ordered internal/strict internal/phrase internal/shell internal/verb/addresses internal/verb/moving internal/verb/holder internal/verb/backup internal/verb/derive internal/papercode internal/qrcode internal/signature internal/outfile internal/page internal/verb/recorded", ""},
	{"internal/verb/recorded", "derive share share/record share/verdict internal/cli internal/papercode internal/secret internal/strict", ""},

	// The programs.
	{"cmd/mpc-derive", "internal/verb/derive", ""},
	{"cmd/mpc-backup", "internal/verb/backup", ""},
	{"cmd/mpc-recover", "internal/verb/recover", ""},

	// No part of any program, but for the demo vault and the pages that mpc-recover has.
	{".", "", ""},
	{"internal/release", "internal/cli internal/page internal/release/... internal/verb/...", ""},
	{"internal/release/manual", "internal/cli", ""},
	{"internal/release/program", "", ""},
	{"internal/release/syscalls", "", ""},
	{"fixtures", "", ""},
	{"fixtures/vaults/demo", "", ""},
	{"docs", "", ""},
	{"docs/runbooks", "", ""},
	{"docs/moving", "chains/... tx docs docs/runbooks internal/page internal/phrase internal/plain internal/shell", ""},
	{"fixtures/gen", "derive internal/base58 internal/curve", "filippo.io/edwards25519/... github.com/bnb-chain/tss-lib/v2/... github.com/btcsuite/btcd/... golang.org/x/crypto/argon2 golang.org/x/crypto/sha3"},
}

// domain are the packages that neither print, prompt, log nor exit.
var domain = []string{
	"derive/...", "chains/...", "share/...", "recover/...", "backup/...", "audit/...", "internal/secret", "internal/base58", "internal/bechsum", "internal/protobuf", "internal/blake2b", "internal/cost", "internal/plain", "internal/strict", "internal/ordered", "internal/phrase", "internal/shell", "internal/qrcode", "internal/curve", "internal/scalar", "internal/sign", "internal/signature", "internal/choose", "tx", "internal/papercode", "internal/archive", "internal/rsakey",
}

// banned says what must not be linked at all, also through others: into every
// program, and into those that may not see as much.
var banned = map[string]string{
	// Connections and other programs. The templates' reflection makes the linker
	// keep socket methods.
	"cmd/...": "net/http net/rpc net/smtp crypto/tls os/exec plugin html/template text/template " +
		"testing lifeboat/fixtures lifeboat/fixtures/gen lifeboat/internal/prompt/ptytest lifeboat/internal/release/... lifeboat/internal/story go.uber.org/zap/...",
	// No share, and nothing that could open one.
	"cmd/mpc-derive": "filippo.io/age/... github.com/hashicorp/vault/... github.com/bnb-chain/tss-lib/... " +
		"lifeboat/backup/... lifeboat/share/open lifeboat/recover/... lifeboat/internal/scalar lifeboat/internal/verb/holder",
	// One share at a time: combining does not exist.
	"cmd/mpc-backup": "lifeboat/recover/... lifeboat/internal/verb/recover github.com/bnb-chain/tss-lib/...",
}

// undesired says what a package must not import itself, where others may.
var undesired = []struct{ what, where, why string }{
	{"log", "", "messages go through internal/cli"},
	{"log/slog", "", "messages go through internal/cli"},
	{"flag", "", "flags are pflag's"},
	{"unsafe", "internal/lockdown", "no pointer needs it but those given to the calls of Landlock and seccomp"},
	{"C", "", "the programs are static"},
	{"net", "internal/airgap", "the programs have no network code; airgap asks for the interfaces, but on Linux it reads files (threat-model.md §4)"},
	{"math/rand", "", "randomness is crypto/rand"},
	{"math/rand/v2", "fixtures/gen", "randomness is crypto/rand; the fixtures come from a fixed seed"},
	{"os/signal", "internal/cli internal/prompt", "signals are caught in one place, but for those that take the terminal away and give it back"},
	{"math/big", "share share/formats internal/curve recover/tsslib internal/story fixtures/gen tx internal/verb/moving", "math/big takes variable time and cannot be wiped: " +
		"share, its formats and curve use it on share IDs and public coordinates, tsslib writes tss-lib's decimal numbers, the others have no secrets"},
	{"golang.org/x/sys/unix", "internal/airgap internal/lockdown internal/outfile internal/prompt internal/prompt/ptytest internal/cli", "system calls stay in their rooms"},
	{"os", "internal/strict internal/outfile internal/prompt internal/prompt/ptytest internal/airgap internal/lockdown internal/cli internal/verb/... cmd/... internal/release/... internal/story fixtures/gen",
		"domain packages read and write what they are given"},
}

const module = "lifeboat/"

// pkg is what go list says of a package.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	Standard   bool
	GoFiles    []string
	Imports    []string
	Deps       []string
	Module     *struct {
		Path, Version string
		Main          bool
	}
}

// name is the path below the module, and "." for its root.
func (p pkg) name() string {
	if p.ImportPath+"/" == module {
		return "."
	}
	return strings.TrimPrefix(p.ImportPath, module)
}

// watch reads every folder of the module, so that go test does not answer from
// its cache when a file has changed: it does not see what a child process reads.
func watch(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (path == "dist" || path == ".git") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func list(t *testing.T, system string, args ...string) []pkg {
	t.Helper()
	watch(t)
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Dir,Doc,Standard,GoFiles,Imports,Deps,Module"}, args...)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+system)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list for %s: %v\n%s", system, err, stderr.Bytes())
	}
	var packages []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// in reports whether a path is in a list of paths with blanks between them, in
// which "x/..." stands for x and everything below.
func in(path, list string) bool {
	for f := range strings.FieldsSeq(list) {
		below, ok := strings.CutSuffix(f, "/...")
		if path == f || ok && (path == below || strings.HasPrefix(path, below+"/")) {
			return true
		}
	}
	return false
}

// systems are those that are released.
var systems = []string{"linux", "darwin", "windows"}

func TestImports(t *testing.T) {
	found := map[string]bool{}
	for _, system := range systems {
		for _, p := range list(t, system, "./...") {
			found[p.name()] = true
			i := slices.IndexFunc(house, func(r room) bool { return r.name == p.name() })
			if i < 0 {
				t.Errorf("package %s has no row in the table: say what it may import", p.name())
				continue
			}
			for _, path := range p.Imports {
				switch own, ours := strings.CutPrefix(path, module); {
				case ours && !in(own, house[i].may):
					t.Errorf("%s: %s imports %s, which its row does not allow", system, p.name(), own)
				case !ours && strings.Contains(strings.Split(path, "/")[0], ".") && !in(path, house[i].modules):
					t.Errorf("%s: %s imports %s, which its row does not allow", system, p.name(), path)
				}
				for _, u := range undesired {
					if path == u.what && !in(p.name(), u.where) {
						t.Errorf("%s: %s imports %s: %s", system, p.name(), path, u.why)
					}
				}
			}
		}
	}
	for _, r := range house {
		if !found[r.name] {
			t.Errorf("the table has a row for %s, and there is no such package", r.name)
		}
	}
}

// The table itself must be sound: domain packages stand below the terminal.
func TestDomainIsBelow(t *testing.T) {
	domain := strings.Join(domain, " ")
	for _, r := range house {
		if !in(r.name, domain) {
			continue
		}
		for f := range strings.FieldsSeq(r.may) {
			if !in(strings.TrimSuffix(f, "/..."), domain) {
				t.Errorf("%s is a domain package and may import %s", r.name, f)
			}
		}
	}
}

func TestPrograms(t *testing.T) {
	for _, system := range systems {
		programs := list(t, system, "./cmd/...")
		if len(programs) == 0 {
			t.Fatal("no programs")
		}
		for _, p := range programs {
			for where, what := range banned {
				if !in(p.name(), where) {
					continue
				}
				for _, d := range p.Deps {
					if in(d, what) {
						t.Errorf("%s: %s links %s", system, p.name(), d)
					}
				}
			}
		}
	}
}

func TestDocComments(t *testing.T) {
	for _, p := range list(t, "linux", "./...") {
		if len(p.Doc) < 20 || !strings.HasSuffix(p.Doc, ".") {
			t.Errorf("package %s does not say what it is for: %q", p.name(), p.Doc)
		}
	}
}

// TestDomainIsQuiet looks at the source of domain packages, of every system.
func TestDomainIsQuiet(t *testing.T) {
	inspect(t, strings.Join(domain, " "), loud, "a domain package")
}

// TestVerbsDoNotJudge: which shares are the same, how many are needed and what they
// combine to is decided in share/verdict and recover, which have unit tests.
func TestVerbsDoNotJudge(t *testing.T) {
	inspect(t, "internal/verb/...", judging, "a verb")
}

// inspect looks for faults in the source of packages, without their tests.
func inspect(t *testing.T, packages string, fault func(ast.Node) string, where string) {
	t.Helper()
	checked := 0
	for _, p := range list(t, "linux", "./...") {
		if !in(p.name(), packages) {
			continue
		}
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !strings.HasSuffix(f, "_test.go") {
				checked++
				source, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				for _, fault := range faults(t, f, source, fault) {
					t.Errorf("%s in %s", fault, where)
				}
			}
		}
	}
	if checked == 0 {
		t.Fatal("no files")
	}
}

// TestNothingIsWeakened: what makes programs weaker for tests is called by package
// story, which is for tests, and by nothing else.
func TestNothingIsWeakened(t *testing.T) {
	hook := regexp.MustCompile("^[Tt]estOnly[A-Z]")
	seen := map[string]bool{}
	for _, p := range list(t, "linux", "./...") {
		files, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			tree, err := parser.ParseFile(token.NewFileSet(), f, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(tree, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && hook.MatchString(id.Name) {
					seen[p.name()+" "+id.Name] = true
				}
				return true
			})
		}
	}
	want := []string{"internal/cost TestOnlyCheap", "internal/cost testOnlyCheap", "internal/story TestOnlyCheap"}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, want) {
		t.Errorf("%q, and %q was expected", got, want)
	}
}

// faults lists the places of a file where something is wrong.
func faults(t *testing.T, file string, source []byte, fault func(ast.Node) string) []string {
	t.Helper()
	set := token.NewFileSet()
	tree, err := parser.ParseFile(set, file, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	ast.Inspect(tree, func(n ast.Node) bool {
		if what := fault(n); what != "" {
			list = append(list, set.Position(n.Pos()).String()+": "+what)
		}
		return true
	})
	return list
}

// loud names what prints, exits, or runs before main does.
func loud(n ast.Node) string {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Name.Name == "init" && n.Recv == nil {
			return "an init function"
		}
	case *ast.CallExpr:
		if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
			return id.Name
		}
	case *ast.SelectorExpr:
		if id, ok := n.X.(*ast.Ident); ok {
			switch name := id.Name + "." + n.Sel.Name; name {
			case "fmt.Print", "fmt.Printf", "fmt.Println", "fmt.Scan", "fmt.Scanf", "fmt.Scanln",
				"os.Exit", "os.Stdin", "os.Stdout", "os.Stderr", "os.Getenv", "os.LookupEnv", "os.Environ", "os.Args":
				return name
			}
		}
	}
	return ""
}

// judging names what compares share IDs, or combines.
func judging(n ast.Node) string {
	selector, ok := n.(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	switch name := selector.Sel.Name; name {
	case "Weights", "Interpolate", "Lagrange", "LagrangeAt", "FitThreshold", "CombinePublic":
		return name
	case "Equal":
		if id, ok := selector.X.(*ast.SelectorExpr); ok && id.Sel.Name == "ShareID" {
			return "ShareID.Equal"
		}
	}
	return ""
}

func TestLoud(t *testing.T) {
	const source = `package p
import ("fmt"; "os")
func init() {}
func f() { fmt.Println(); print(1); os.Exit(1); fmt.Fprintln(os.Stderr); _ = fmt.Sprint() }
type t struct{}
func (t) init() {}
`
	got := faults(t, "p.go", []byte(source), loud)
	want := []string{
		"p.go:3:1: an init function", "p.go:4:12: fmt.Println", "p.go:4:27: print", "p.go:4:37: os.Exit", "p.go:4:62: os.Stderr",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, not %q", got, want)
	}
}

func TestJudging(t *testing.T) {
	const source = `package p
func f() { a.ShareID.Equal(b); g.CombinePublic(nil); share.Lagrange(x); g.FitThreshold(); a.Equal(b); Lagrange() }
`
	got := faults(t, "p.go", []byte(source), judging)
	want := []string{"p.go:2:12: ShareID.Equal", "p.go:2:32: CombinePublic", "p.go:2:54: Lagrange", "p.go:2:73: FitThreshold"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, not %q", got, want)
	}
}
