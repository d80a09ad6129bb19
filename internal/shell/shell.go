// Package shell writes commands for people to type or to copy.
//
// Nobody knows which shell: a page is made on one system and read on another, and
// Windows alone has two. What one shell takes as quoted, another runs, so no word
// is quoted for one of them. A word is written as it is, or in single quotes, with
// which sh, bash, zsh, fish and PowerShell take it as it stands, while cmd, which
// does not know them, looks for a file that is not there. A name for which that
// does not hold is not safe, and its file needs another one.
package shell

import (
	"path/filepath"
	"strings"
	"unicode"

	text "lifeboat/internal/plain"
)

const (
	// letters are plain in a flag, too: PowerShell splits -a.b and -a:b.
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

	// plain is what no shell gives a meaning to.
	plain = letters + "._/:+"

	// live is what a shell could give a meaning to in single quotes: quotes, of which
	// PowerShell takes the curved ones for straight ones; for fish the backslash; for
	// csh the exclamation mark; and the rest for cmd.
	live = "'‘’‚‛\"\\!&|<>^%"
)

// Safe reports whether every shell takes a word as it is, the way Line writes it.
func Safe(word string) bool { return !strings.ContainsFunc(filepath.ToSlash(word), isLive) }

// Line returns words as one line. In a word that is not Safe, _ stands for each
// character to which a shell could give a meaning.
func Line(words ...string) string {
	line := make([]string, len(words))
	for i, w := range words {
		line[i] = quote(w)
	}
	return strings.Join(line, " ")
}

// Words returns the words of a line that Line wrote.
func Words(line string) []string {
	var words []string
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		end := " "
		if line[0] == '\'' {
			line, end = line[1:], "'"
		}
		word, rest, _ := strings.Cut(line, end)
		words, line = append(words, word), rest
	}
	return words
}

// Paths returns paths such that none can be taken for a flag.
func Paths(paths []string) []string {
	var list []string
	for _, p := range paths {
		if strings.HasPrefix(p, "-") {
			p = "./" + p
		}
		list = append(list, p)
	}
	return list
}

func quote(word string) string {
	word = strings.Map(func(r rune) rune {
		if isLive(r) {
			return '_'
		}
		return r
	}, filepath.ToSlash(word)) // Windows takes slashes, and so does every shell
	bare := plain
	if strings.HasPrefix(word, "-") {
		bare = letters
	}
	if word != "" && strings.Trim(word, bare) == "" {
		return word
	}
	return "'" + word + "'"
}

func isLive(r rune) bool {
	return !unicode.IsPrint(r) || text.Line(string(r)) != string(r) || strings.ContainsRune(live, r)
}
