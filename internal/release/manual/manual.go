// Package manual makes manuals and shell completions out of what a program's
// "help" prints, so that there is one text.
package manual

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"lifeboat/internal/cli"
)

// help returns what "help" and the arguments print.
func help(p *cli.Program, args ...string) (string, error) {
	var out, stderr bytes.Buffer
	if code := p.Run(&cli.Env{Stdout: &out, Stderr: &stderr}, append([]string{"help"}, args...)); code != cli.OK {
		return "", fmt.Errorf("%s help %s: status %d: %s", p.Name, strings.Join(args, " "), code, stderr.String())
	}
	return out.String(), nil
}

// Markdown returns the manual as a page of Markdown.
func Markdown(p *cli.Program) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nThe manual: what `%s help` and `%s help VERB` print.\n", p.Name, p.Name, p.Name)
	text, err := help(p)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, "\n```\n%s```\n", text)
	for _, v := range p.Verbs {
		if text, err = help(p, v.Name); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, "\n## %s\n\n```\n%s```\n", v.Name, text)
	}
	for _, t := range p.Topics {
		fmt.Fprintf(&b, "\n## help %s\n\n```\n%s```\n", t.Name, t.Text)
	}
	return b.String(), nil
}

// Man returns the manual for man(1).
func Man(p *cli.Program) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"Lifeboat %s\" \"Lifeboat\"\n.nh\n.ad l\n", strings.ToUpper(p.Name), cli.Version)
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", escape(p.Name), escape(p.Summary))
	text, err := help(p)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(&b, ".SH SYNOPSIS\n%s", example(text))
	b.WriteString(".SH VERBS\n")
	for _, v := range p.Verbs {
		if text, err = help(p, v.Name); err != nil {
			return "", err
		}
		fmt.Fprintf(&b, ".SS %s\n%s", v.Name, example(text))
	}
	for _, t := range p.Topics {
		fmt.Fprintf(&b, ".SH %s\n%s", strings.ToUpper(t.Name), example(t.Text))
	}
	return b.String(), nil
}

// example keeps lines as they are.
func example(text string) string {
	var b strings.Builder
	b.WriteString(".nf\n")
	for line := range strings.Lines(text) {
		b.WriteString(escape(line))
	}
	b.WriteString(".fi\n")
	return b.String()
}

// escape keeps roff from seeing requests, and dashes and quotes from becoming others.
func escape(s string) string {
	s = strings.NewReplacer(`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", "\\`", `^`, `\(ha`, `~`, `\(ti`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}

var (
	flagLine = regexp.MustCompile(`(?m)^ {2,}-{1,2}[A-Za-z].*?(  |$)`) // up to what explains it
	usage    = regexp.MustCompile(`(?m)^(Usage:| +([0-9]\. +)?ceremony ).*$`)
	flag     = regexp.MustCompile(`--?[A-Za-z][A-Za-z0-9-]*`)
)

// flags finds the flags in a verb's help: in the lines of usage, and where they
// begin a line that is indented.
func flags(text string) []string {
	var list []string
	for _, line := range append(flagLine.FindAllString(text, -1), usage.FindAllString(text, -1)...) {
		for _, f := range flag.FindAllStringIndex(line, -1) {
			if f[0] == 0 || strings.ContainsRune(" ,/|[(", rune(line[f[0]-1])) {
				list = append(list, line[f[0]:f[1]])
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// words are what can be completed: the verbs, and the flags of each.
func words(p *cli.Program) (verbs []string, flagsOf map[string][]string, err error) {
	flagsOf = map[string][]string{}
	for _, v := range p.Verbs {
		text, err := help(p, v.Name)
		if err != nil {
			return nil, nil, err
		}
		verbs = append(verbs, v.Name)
		flagsOf[v.Name] = flags(text)
	}
	return append(verbs, "help", "version"), flagsOf, nil
}

// Bash returns the completion for bash. After flags and verbs it completes files.
func Bash(p *cli.Program) (string, error) {
	verbs, flagsOf, err := words(p)
	if err != nil {
		return "", err
	}
	name := "_" + strings.ReplaceAll(p.Name, "-", "_")
	var b strings.Builder
	fmt.Fprintf(&b, "# Completion of %s for bash: source this file.\n%s() {\n", p.Name, name)
	fmt.Fprintf(&b, "\tlocal current=${COMP_WORDS[COMP_CWORD]} words=\n\tCOMPREPLY=()\n")
	fmt.Fprintf(&b, "\tif [ \"$COMP_CWORD\" -eq 1 ] || [ \"${COMP_WORDS[1]}\" = help ]; then\n\t\twords='%s'\n", strings.Join(verbs, " "))
	b.WriteString("\telse\n\t\tcase $current in -*) ;; *) return ;; esac\n\t\tcase ${COMP_WORDS[1]} in\n")
	for _, v := range p.Verbs {
		fmt.Fprintf(&b, "\t\t%s) words='%s' ;;\n", v.Name, strings.Join(flagsOf[v.Name], " "))
	}
	b.WriteString("\t\tversion) words=--json ;;\n\t\tesac\n\tfi\n")
	b.WriteString("\twhile IFS= read -r word; do COMPREPLY+=(\"$word\"); done < <(compgen -W \"$words\" -- \"$current\")\n}\n")
	fmt.Fprintf(&b, "complete -o default -F %s %s\n", name, p.Name)
	return b.String(), nil
}

// Zsh returns the completion for zsh, a file of a folder in fpath.
func Zsh(p *cli.Program) (string, error) {
	_, flagsOf, err := words(p)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	fmt.Fprintf(&b, "#compdef %s\n# Completion of %s for zsh: put this file, as _%s, into a folder of $fpath.\n", p.Name, p.Name, p.Name)
	b.WriteString("local -a verbs\nverbs=(\n")
	for _, v := range p.Verbs {
		fmt.Fprintf(&b, "\t'%s:%s'\n", v.Name, strings.ReplaceAll(v.Summary, "'", `'\''`))
	}
	b.WriteString("\t'help:how to use it'\n\t'version:the version and what it was built from'\n)\n")
	b.WriteString("if (( CURRENT == 2 )) || [[ $words[2] == help ]]; then\n\t_describe verb verbs\n\treturn\nfi\n")
	b.WriteString("if [[ $PREFIX != -* ]]; then\n\t_files\n\treturn\nfi\ncase $words[2] in\n")
	for _, v := range p.Verbs {
		fmt.Fprintf(&b, "%s) compadd -- %s ;;\n", v.Name, strings.Join(flagsOf[v.Name], " "))
	}
	b.WriteString("version) compadd -- --json ;;\nesac\n")
	return b.String(), nil
}
