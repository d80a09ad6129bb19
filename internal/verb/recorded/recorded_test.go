package recorded_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/recorded"
)

const (
	root    = "xpub661MyMwAqRbcFW6tk6jJJqU3nvoJybTq12iuMvzNxb5ffWNz5gwroCo2gjbP2UMgcAVDUPq5YL8Ux7WhdLoMTtrxd6VQVwBwKvWoQGsJb2P"
	point   = "028ab7df255df2da79ef18a7e40675c40a08f564c28c4e9017e271ab0ae5b67f83" // of root
	edwards = "5866666666666666666666666666666666666666666666666666666666666666"
	child   = "xpub68Gmy5EdvgibQVfPdqkBBCHxA5htiqg55crXYuXoQRKfDBFA1WEjWgP6LHhwBZeNK1VTsfTFUHCdrfp1bgwQ9xv5ski8PX9rL2dZXvgGDnw" // BIP 32, vector 1, m/0H
)

func TestXpubs(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	good := file("good", "\ufeff# of the vault\r\n\r\n "+root+"\r\n"+root+"\n")
	if roots, err := recorded.Xpubs([]string{root, good}); err != nil || len(roots) != 1 || roots[0].String() != root {
		t.Errorf("%v: %v", roots, err)
	}
	bare := file("bare", "0x"+point+"\n"+edwards+"\n")
	if roots, err := recorded.Xpubs([]string{point, bare}); err != nil || len(roots) != 2 || roots[0].String() != point || roots[1].String() != "00"+edwards {
		t.Errorf("bare keys: %v: %v", roots, err)
	}
	if roots, err := recorded.Xpubs([]string{bare, root}); err != nil || len(roots) != 2 || roots[0].String() != root {
		t.Errorf("a bare key and the same one with its chain code: %v: %v", roots, err)
	}
	share := fixtures.Load("demo").Files[0]
	for value, want := range map[string]string{
		root + "x":                               "--xpub number 2: ",
		child:                                    "--xpub number 2: it has depth 1",
		file("child", child):                     "--xpub number 2: it has depth 1",
		file("empty", "# none\n"):                "holds no public key",
		file("cut", root+"\n"+root[:9]):          "line 2: ",
		file("share", string(share.Data)):        "a file says itself whose vault it is of",
		file("long", strings.Repeat("#", 1<<17)): "longer",
		dir:                                      dir,
	} {
		if roots, err := recorded.Xpubs([]string{root, value}); err == nil || roots != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.20q: %v, want %q", value, err, want)
		}
	}
}

// What is not a key is wrong usage; a file that cannot be used is not.
func TestXpubsStatus(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for value, want := range map[string]int{"nonsense": cli.Usage, "xpub6nonsense": cli.Usage, empty: cli.Failed} {
		var told *cli.Error
		if _, err := recorded.Xpubs([]string{value}); !errors.As(err, &told) || told.Code != want || len(told.Hints) != 1 {
			t.Errorf("%q: %v: %+v, want status %d", value, err, told, want)
		}
	}
}

// A share file in UTF-16 is one, too.
func TestStructured(t *testing.T) {
	for text, want := range map[string]bool{
		"":                          false,
		"xpub":                      false,
		"\ufeff {":                  true,
		"\xff\xfe[\x00]\x00":        true,
		"\xfe\xff\x00x\x00p":        false,
		"\xff\xfe\r\x00\n\x00{\x00": true,
	} {
		if recorded.Structured([]byte(text)) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
