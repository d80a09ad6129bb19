package main

import (
	"path/filepath"

	"lifeboat/internal/cli"
	"lifeboat/internal/page"
	"lifeboat/internal/release/manual"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/derive"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/recover"
)

func programs() []*cli.Program {
	return []*cli.Program{derive.Program(), backup.Program(), recover.Program()}
}

// generated returns the files that are made from the help texts, below a folder.
func generated() (map[string]string, error) {
	files := map[string]string{}
	for _, p := range programs() {
		for name, make := range map[string]func(*cli.Program) (string, error){
			"man/" + p.Name + ".1":            manual.Man,
			"completions/" + p.Name + ".bash": manual.Bash,
			"completions/_" + p.Name:          manual.Zsh,
		} {
			text, err := make(p)
			if err != nil {
				return nil, err
			}
			files[name] = text
		}
	}
	return files, nil
}

// manuals writes the generated files: into docs, where manuals_test.go compares
// them with the programs, or into a release.
func manuals(args []string) error {
	files, err := generated()
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := write(filepath.Join(args[0], filepath.FromSlash(name)), []byte(text)); err != nil {
			return err
		}
	}
	return nil
}

// forms writes the page about other vendors' files, which is "help forms" for the docs.
func forms(args []string) error { return write(args[0], []byte(holder.FormsPage())) }

// manualPages writes the manuals as HTML.
func manualPages(out string) error {
	for _, p := range programs() {
		text, err := manual.Markdown(p)
		if err != nil {
			return err
		}
		if err := write(filepath.Join(out, "manuals", p.Name+".html"), []byte(page.HTML(text))); err != nil {
			return err
		}
	}
	return nil
}
