package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"lifeboat/backup/paper"
	"lifeboat/fixtures"
	"lifeboat/internal/story"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/recover"
)

// The pages that programs make are made by the programs.
func TestMain(m *testing.M) {
	story.Main(m, map[string]func(){
		"mpc-derive":  func() { os.Exit(derive.Program().Main()) },
		"mpc-backup":  func() { os.Exit(backup.Program().Main()) },
		"mpc-recover": func() { os.Exit(recover.Program().Main()) },
	})
}

// A browser is Chromium, which is told what to do through a pipe.
type browser struct {
	t       *testing.T
	in      io.Writer
	out     *bufio.Reader
	calls   int
	session string
	loaded  bool
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	for _, tool := range []string{"chromium", "pdftotext", "pdftoppm"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here", tool)
		}
	}
	theirs, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, answers, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--user-data-dir="+t.TempDir(), "--remote-debugging-pipe")
	cmd.ExtraFiles = []*os.File{theirs, answers} // 3 and 4
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	answers.Close()
	b := &browser{t: t, in: in, out: bufio.NewReader(out)}
	t.Cleanup(func() {
		b.session = ""
		b.call("Browser.close", nil, nil)
		cmd.Wait()
		in.Close()
		out.Close()
	})
	var target struct{ TargetID string }
	b.call("Target.createTarget", map[string]any{"url": "about:blank"}, &target)
	var attached struct{ SessionID string }
	b.call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	b.session = attached.SessionID
	b.call("Page.enable", nil, nil)
	return b
}

// read returns the next message, and notes that a page was loaded.
func (b *browser) read() (id int, result json.RawMessage) {
	b.t.Helper()
	line, err := b.out.ReadBytes(0)
	if err != nil {
		b.t.Fatalf("reading from the browser: %v", err)
	}
	var m struct {
		ID     int
		Method string
		Result json.RawMessage
		Error  json.RawMessage
	}
	if err := json.Unmarshal(bytes.TrimSuffix(line, []byte{0}), &m); err != nil {
		b.t.Fatal(err)
	}
	if m.Error != nil {
		b.t.Fatalf("the browser: %s", m.Error)
	}
	b.loaded = b.loaded || m.Method == "Page.loadEventFired"
	return m.ID, m.Result
}

func (b *browser) call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.calls++
	call := map[string]any{"id": b.calls, "method": method, "params": params}
	if b.session != "" {
		call["sessionId"] = b.session
	}
	text, err := json.Marshal(call)
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := b.in.Write(append(text, 0)); err != nil {
		b.t.Fatal(err)
	}
	for {
		id, answer := b.read()
		if id != b.calls {
			continue
		}
		if result != nil {
			if err := json.Unmarshal(answer, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

func (b *browser) open(file string) {
	b.t.Helper()
	b.loaded = false
	b.call("Page.navigate", map[string]any{"url": "file://" + filepath.ToSlash(file)}, nil)
	for !b.loaded {
		b.read()
	}
}

// ask evaluates an expression in the page that is open.
func (b *browser) ask(expression string) []string {
	b.t.Helper()
	var answer struct{ Result struct{ Value []string } }
	b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true}, &answer)
	return answer.Result.Value
}

// print makes a PDF of the page that is open.
func (b *browser) print(to string) {
	b.t.Helper()
	var printed struct{ Data []byte }
	// A4, in inches.
	b.call("Page.printToPDF", map[string]any{"paperWidth": 8.27, "paperHeight": 11.69, "preferCSSPageSize": true}, &printed)
	if err := os.WriteFile(to, printed.Data, 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// wide looks for what is wider than its place, and cannot be moved there: on a small
// screen, only tables can.
const wide = `[...document.querySelectorAll("body, body *")]
	.filter(e => e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display != "inline" && getComputedStyle(e).overflowX != "auto" && !e.closest("svg"))
	.map(e => e.tagName + " " + e.textContent.slice(0, 60))`

// typed returns what is to be typed: each line of a <pre>, and each piece of code. In
// the cells of a table it may be broken after a hyphen.
const (
	typed   = `[...document.querySelectorAll("pre, :not(pre, td) > code")].flatMap(e => e.textContent.split("\n"))`
	inCells = `[...document.querySelectorAll("td > code")].map(e => e.textContent)`
)

// shown is the text of the page, pictures apart.
const shown = `[document.body.innerText]`

func folded(s string) string { return strings.Join(strings.Fields(s), " ") }

func squeezed(s string) string { return strings.Join(strings.Fields(s), "") }

// TestPrinted shows every page that a release has or a program makes in a browser, in
// the width of a screen and of a telephone, and prints it: nothing may be cut off, and
// what is to be typed must stand on the paper as it stands in the page.
func TestPrinted(t *testing.T) {
	b := newBrowser(t)
	t.Chdir("../..")
	dir := t.TempDir()
	if err := pages([]string{filepath.Join(dir, "release")}); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	says, holds := makePages(t)
	var names []string
	for _, name := range tree(t, dir) {
		if filepath.Ext(name) == ".html" {
			names = append(names, name)
		}
	}
	if len(names) < 35 {
		t.Fatalf("only %q", names)
	}
	for _, name := range names {
		b.open(filepath.Join(dir, name))
		for _, width := range []int{1000, 400} {
			if width < 800 && strings.HasPrefix(name, "paper-") {
				continue // made for paper alone
			}
			b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false}, nil)
			if found := b.ask(wide); len(found) > 0 {
				t.Errorf("%s, %d pixels wide: too wide: %q", name, width, found)
			}
		}
		b.call("Emulation.clearDeviceMetricsOverride", nil, nil)
		pdf := strings.TrimSuffix(name, ".html") + ".pdf"
		b.print(pdf)
		out, err := exec.Command("pdftotext", "-raw", "-nopgbrk", pdf, "-").Output()
		if err != nil {
			t.Fatal(err)
		}
		onPaper, squeezedPaper := " "+folded(string(out))+" ", squeezed(string(out))
		for _, line := range b.ask(typed) {
			if line = folded(line); line == "" || strings.Contains(line, "＝") {
				continue // a font may lack wide forms
			}
			// Longer words than a line has room for are broken.
			long := slices.ContainsFunc(strings.Fields(line), func(w string) bool { return len(w) > 70 })
			if !long && !strings.Contains(onPaper, line) || !strings.Contains(squeezedPaper, squeezed(line)) {
				t.Errorf("%s: not on paper: %s", name, line)
			}
		}
		for _, line := range b.ask(inCells) {
			if !strings.Contains(squeezedPaper, squeezed(line)) {
				t.Errorf("%s: not on paper: %s", name, line)
			}
		}
		missing := map[string]int{}
		for _, w := range pieces(b.ask(shown)[0]) {
			missing[w]++
		}
		for _, w := range pieces(string(out)) {
			missing[w]--
		}
		for w, n := range missing {
			if n > 0 && len(w) <= 20 {
				t.Errorf("%s: not on paper, %d times: %s", name, n, w)
			}
		}
		if says[name] != nil {
			readCodes(t, name, says[name], pictures(t, pdf))
		}
		if file := holds[name]; file != "" {
			typeLine(t, "mpc-backup paper --read "+strings.Join(pictures(t, pdf), " ")+" -o again-"+file)
		}
	}
	// What came back from paper opens what the files opened.
	typeLine(t, "mpc-backup open again-client.age -i again-board.shard-1.txt -i board.shard-2.txt -o opened")
	typeLine(t, "mpc-backup open id.age -i again-id -o opened-too")
}

// pieces are what a browser does not break, unless it has to.
func pieces(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// readCodes looks for what the QR codes of a page say, in pictures of it. Some have none.
func readCodes(t *testing.T, page string, want, files []string) {
	t.Helper()
	if len(want) != 3 {
		t.Fatalf("%s should say %q", page, want)
	}
	var got []string
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if found, err := paper.Scan(paper.Picture{Name: file, Data: f}); err == nil {
			got = append(got, strings.Fields(string(found.Expose()))...)
		}
	}
	for _, text := range want {
		if !slices.Contains(got, text) {
			t.Errorf("%s: no QR code says %s, but %q", page, text, got)
		}
	}
}

// makePages makes one of each page that programs make, of the demo vault, and returns
// what its QR codes say, or the file that they hold.
func makePages(t *testing.T) (says map[string][]string, holds map[string]string) {
	t.Helper()
	for name, data := range fixtures.Load("demo").Work() {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, line := range []string{
		"mpc-backup keygen -o id --classic",
		"mpc-backup keygen -o board --quorum 2/3",
		"mpc-backup seal client.json -R board.pub -o client.age",
		"mpc-backup seal custodian.json -R id.pub -o id.age",
		"mpc-backup audit client.json client.age custodian.json address.csv --report audit.html",
		"mpc-backup verify client.json custodian.json --addresses address.csv --passphrase-file client.txt --passphrase-file custodian.txt --report verify.html",
		"mpc-recover drill --keep drill",
		"mpc-recover guide --lost provider --no-record client.json custodian.json address.csv --page guide.html",
		"mpc-backup paper id -o paper-id.html",
		"mpc-backup paper board.shard-1.txt -o paper-shard.html",
		"mpc-backup paper client.age -o paper-bundle.html",
	} {
		typeLine(t, line)
	}
	recorded := typeLine(t, "mpc-backup record client.json custodian.json --addresses address.csv -R id.pub -R board.pub -o record.txt",
		"--release-key", newSigners(t).public(t, "releaser"))
	codes := regexp.MustCompile(`(?m)^record code: .*|[xc]pub\w{100,}`).FindAllString(recorded, -1)
	for i := range codes {
		codes[i] = strings.TrimPrefix(codes[i], "record code: ")
	}
	return map[string][]string{"record.html": codes},
		map[string]string{"paper-id.html": "id", "paper-shard.html": "board.shard-1.txt", "paper-bundle.html": "client.age"}
}

// typeLine runs a command, and returns what it printed.
func typeLine(t *testing.T, line string, more ...string) string {
	t.Helper()
	args := append(strings.Fields(line), more...)
	cmd := exec.Command(args[0], append(args[1:], "--allow-network", "--allow-swap")...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", line, err, out, stderr.String())
	}
	return string(out)
}

// pictures makes a picture of each page of a PDF, at the 150 dots per inch that any
// scanner has.
func pictures(t *testing.T, pdf string) []string {
	t.Helper()
	stem := strings.TrimSuffix(pdf, ".pdf")
	if out, err := exec.Command("pdftoppm", "-r", "150", "-gray", "-png", pdf, stem).CombinedOutput(); err != nil {
		t.Fatalf("pdftoppm: %v: %s", err, out)
	}
	found, err := filepath.Glob(stem + "-*.png")
	if err != nil {
		t.Fatal(err)
	}
	return found
}
