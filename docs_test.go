package lifeboat_test

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lifeboat/internal/cli"
)

// TestChangelog finds the version of the programs at the head of the changelog.
func TestChangelog(t *testing.T) {
	page, err := os.ReadFile("CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	first := regexp.MustCompile(`(?m)^## ([^ ,]+)`).FindSubmatch(page)
	if first == nil || string(first[1]) != cli.Version {
		t.Errorf("CHANGELOG.md begins with version %q, and the programs are %s", first, cli.Version)
	}
}

// TestDependencies holds docs/dependencies.md against what is built.
func TestDependencies(t *testing.T) {
	versions := map[string]string{}
	users := map[string][]string{} // the programs that link a module
	add := func(packages []pkg, user string) {
		for _, p := range packages {
			if p.Module == nil || p.Module.Main {
				continue
			}
			m := p.Module.Path
			versions[m] = p.Module.Version
			if !slices.Contains(users[m], user) {
				users[m] = append(users[m], user)
			}
		}
	}
	programs, err := filepath.Glob("cmd/mpc-*")
	if err != nil || len(programs) == 0 {
		t.Fatalf("programs: %q, %v", programs, err)
	}
	slices.Sort(programs)
	var names []string
	for _, p := range programs {
		name := strings.TrimPrefix(filepath.Base(p), "mpc-")
		names = append(names, name)
		for _, system := range systems {
			add(list(t, system, "-deps", "./"+filepath.ToSlash(p)), name)
		}
	}
	// The order of the table of programs: by how many shares they see.
	order := func(a, b string) int {
		const by = "derive backup recover"
		return strings.Index(by, a) - strings.Index(by, b)
	}
	linked := maps.Clone(users)
	add(list(t, "linux", "-deps", "-test", "./..."), "tests")

	var want []string
	for m, v := range versions {
		who := slices.SortedFunc(slices.Values(linked[m]), order)
		text := strings.Join(who, ", ")
		switch len(who) {
		case 0:
			text = "tests"
		case len(names):
			text = "all"
		}
		want = append(want, "| `"+m+"` | "+v+" | "+text+" |")
	}
	page, err := os.ReadFile("docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	got := regexp.MustCompile("(?m)^\\| `[^|]*\\|[^|]*\\|[^|]*\\|").FindAllString(string(page), -1)
	for _, row := range want {
		if !slices.Contains(got, row) {
			t.Errorf("docs/dependencies.md has no row %s", row)
		}
	}
	for _, row := range got {
		if !slices.Contains(want, row) {
			t.Errorf("docs/dependencies.md has a row that is not true: %s", row)
		}
	}
}

// TestLayout compares the table in README.md with the one in imports_test.go: all
// packages are in it, and a row names the rows whose packages its own may import.
func TestLayout(t *testing.T) {
	page, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## How the code is laid out\n")
	rows := regexp.MustCompile("(?m)^\\| `(.*?)` \\| .* \\| (.*) \\|$").FindAllStringSubmatch(section, -1)
	names := make([][]string, len(rows))
	for i, row := range rows {
		names[i] = strings.Split(row[1], "`, `")
	}
	// find returns the row of the package, or of the nearest folder above it.
	find := func(name string) int {
		found, longest := -1, ""
		for i := range rows {
			for _, n := range names[i] {
				if in(name, n+"/...") && len(n) > len(longest) {
					found, longest = i, n
				}
			}
		}
		return found
	}
	imports := make([]map[int]bool, len(rows))
	for i := range rows {
		imports[i] = map[int]bool{}
	}
	for _, r := range house {
		i := find(r.name)
		if i < 0 {
			if r.name != "." {
				t.Errorf("README.md has no row for %s", r.name)
			}
			continue
		}
		for _, other := range house {
			if j := find(other.name); j >= 0 && j != i && in(other.name, r.may) {
				imports[i][j] = true
			}
		}
	}
	for i, row := range rows {
		want := "none"
		if len(imports[i]) > 0 {
			var list []string
			for _, j := range slices.Sorted(maps.Keys(imports[i])) {
				list = append(list, "`"+names[j][0]+"`")
			}
			want = strings.Join(list, ", ")
		}
		if want != row[2] {
			t.Errorf("README.md says that %s may import %q, and imports_test.go %q", row[1], row[2], want)
		}
	}
}

// TestLinks checks that what the pages link to in this repository exists.
func TestLinks(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)#:\s]+)(#[^)]*)?\)`)
	pages := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name == "dist" || name == ".git"):
			return filepath.SkipDir
		case d.IsDir() || path.Ext(name) != ".md":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		pages++
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(name), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", name, m[1], err)
			}
		}
		return nil
	})
	if err != nil || pages == 0 {
		t.Fatalf("%d pages, %v", pages, err)
	}
}
