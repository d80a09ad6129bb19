package page

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var spans = regexp.MustCompile(`</?span[^>]*>|<wbr>`)

func TestBlocks(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"paragraph", "one\ntwo\n\nthree", "<p>one\ntwo</p>\n<p>three</p>\n"},
		{"heading", "## A `b`", "<h2>A <code>b</code></h2>\n"},
		{"escaped", "a < b & <script>", "<p>a &lt; b &amp; &lt;script&gt;</p>\n"},
		{"bold", "**not** both, 2 * 3 * 4", "<p><strong>not</strong> both, 2 * 3 * 4</p>\n"},
		{"code in code", "`a **b** <c>`", "<p><code>a **b** &lt;c&gt;</code></p>\n"},
		{"open code", "a ` b", "<p>a ` b</p>\n"},
		{"fence", "```sh\na\n\n  b\n```\nc", "<pre><code>a\n\n  b\n</code></pre>\n<p>c</p>\n"},
		{"open fence", "```\na", "<pre><code>a\n</code></pre>\n"},
		{"indented", "    a\n\n    b\n\nc", "<pre><code>a\n\nb\n</code></pre>\n<p>c</p>\n"},
		{"bullets", "- a\n  b\n- c", "<ul>\n<li>a\nb</li>\n<li>c</li>\n</ul>\n"},
		{"lazy", "- a\nb\n\nc", "<ul>\n<li>a\nb</li>\n</ul>\n<p>c</p>\n"},
		{"steps", "1. a\n\n       x y\n\n2. b", "<ol start=\"1\">\n<li><p>a</p>\n<pre><code>x y\n</code></pre>\n</li>\n<li>b</li>\n</ol>\n"},
		{"nested", "- a\n  - b\n- c", "<ul>\n<li><p>a</p>\n<ul>\n<li>b</li>\n</ul>\n</li>\n<li>c</li>\n</ul>\n"},
		{"table", "| a | b |\n| --- | --- |\n| `x|y` | p\\|q |", "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td><code>x|y</code></td><td>p|q</td></tr>\n</table>\n"},
		{"bar", "| no table", "<p>| no table</p>\n"},
		{"quote", "> a\n> b", "<blockquote>\n<p>a\nb</p>\n</blockquote>\n"},
		{"page", "[a](b/c.md#d)", "<p><a href=\"b/c.html#d\">a</a></p>\n"},
		{"name of a page", "docs/a-b.md, [c.md](c.md), `d.md`, README.md", "<p>docs/a-b.html, <a href=\"c.html\">c.html</a>, <code>d.md</code>, README.md</p>\n"},
		{"comment", "a\n\n<!-- b\n\nc -->\nd\n\n<!-- e", "<p>a</p>\n<p>d</p>\n"},
		{"source", "[build.sh](../build.sh), [x](https://x.y), [j](javascript:a.md)", "<p>build.sh, x, j</p>\n"},
	} {
		// Where code breaks, package plain says.
		if got := spans.ReplaceAllString(blocks(strings.Split(test.in, "\n")), ""); got != test.want {
			t.Errorf("%s: %q\nnot %q", test.name, got, test.want)
		}
	}
}

// TestDocs renders every page of docs, and looks for what was not understood.
func TestDocs(t *testing.T) {
	var files []string
	for _, pattern := range []string{"../../docs/*.md", "../../docs/*/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 5 {
		t.Fatalf("only %q", files)
	}
	code := regexp.MustCompile(`(?s)<code>.*?</code>|<style>.*?</style>`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got := HTML(string(text))
		if left := regexp.MustCompile("```|\\*\\*|&lt;!--|(?m)^#+ |^\\|").FindString(code.ReplaceAllString(got, "")); left != "" {
			t.Errorf("%s: %q was not rendered", file, left)
		}
	}
}

func FuzzHTML(f *testing.F) {
	f.Add("# a\n\n- b\n  1. c\n\n| d |\n|-|\n```")
	f.Add("- - - a\n>>> b\n***")
	f.Fuzz(func(t *testing.T, s string) {
		if strings.Contains(strings.ToLower(HTML(s)), "<script") {
			t.Error("it made a script")
		}
	})
}
