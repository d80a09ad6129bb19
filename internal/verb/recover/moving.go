package recover

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/derive"
	"lifeboat/docs/moving"
	"lifeboat/internal/cli"
	"lifeboat/internal/prompt"
	"lifeboat/internal/shell"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/backup"
	"lifeboat/internal/verb/holder"
	"lifeboat/share/verdict"
)

// movingName is the page in the result of key that says how to move the money.
const movingName = "MOVING.html"

// describeMoving says for the page what the commands are. No root key is in them: a
// record or a file of root keys is named, or left for the reader to fill in.
func (f *keyFlags) describeMoving(set *cli.Flags, session *holder.Session, t *keyTable, r *keyReport) {
	files := shell.Paths(set.Args())
	ids, err := set.GetStringArray("identity")
	for _, path := range shell.Paths(ids) {
		files = append(files, "-i", path)
	}
	secrets, _ := set.GetStringArray("secret")
	marks := map[string]string{}
	if err == nil && !slices.ContainsFunc(secrets, unsafeName) && !slices.ContainsFunc(files, unsafeName) {
		marks["FILES"] = shell.Line(files...) + secretLine(secrets)
	}
	marks["--xpub KEY"] = f.xpubLine(session)
	marks["--record F"] = marks["--xpub KEY"]
	if f.addresses != "" && !unsafeName(f.addresses) {
		nameBook(marks, f.addresses)
	}
	if oaths := f.Oaths(); session.Record != nil && !slices.ContainsFunc(append(oaths, f.Record.Path()), unsafeName) {
		marks["--record F"] = recordLine(f.Record.Path(), oaths)
		marks["--xpub KEY"] = marks["--record F"]
		if len(session.Record.Exits) > 0 {
			marks["--to ADDRESS"] = ""
		}
	}
	t.moving.Tool, t.moving.Date, t.moving.Book, t.moving.Compared, t.moving.Marks = r.Tool, r.Date, f.addresses, true, marks
}

// xpubLine names the files of --xpub, or says where a root key belongs.
func (f *keyFlags) xpubLine(session *holder.Session) string {
	var words []string
	for _, value := range f.Xpubs {
		if _, err := derive.ParsePublic(value); err == nil || unsafeName(value) {
			return openXpubs(session.Roots)
		}
		words = append(words, "--xpub", value)
	}
	if len(words) == 0 {
		return openXpubs(nil)
	}
	return shell.Line(shell.Paths(words)...)
}

// openXpubs leaves a root key open, of each curve that is known.
func openXpubs(roots verdict.Roots) string {
	var words []string
	for _, root := range roots {
		words = append(words, fmt.Sprintf("--xpub {KEY on %v}", root.Curve()))
	}
	return cmp.Or(strings.Join(words, " "), "{--xpub KEY}")
}

func unsafeName(path string) bool { return !shell.Safe(path) }

// nameBook fills in the address book.
func nameBook(marks map[string]string, path string) {
	path = shell.Paths([]string{path})[0]
	marks["BOOK"], marks["--addresses BOOK"] = shell.Line(path), shell.Line("--addresses", path)
}

// askBook asks for the address book, if nothing was named.
func (g *guide) askBook(set *cli.Flags, open func() (prompt.Terminal, error)) error {
	terminal, err := open()
	if errors.Is(err, prompt.ErrNoTerminal) {
		return set.Misuse("which addresses? give the address book, or a folder that has it")
	}
	if err != nil {
		return err
	}
	path, err := terminal.Line("The exported address book, such as address.csv: ")
	if err == nil && path == "" {
		return set.Misuse("which addresses? give the address book")
	}
	g.paths = append(g.paths, path)
	return err
}

// prepareMoving is the plan to print how to move the money of address books.
func (g *guide) prepareMoving(set *cli.Flags) *cli.Plan {
	g.is = guideCases[0]
	p := &cli.Plan{Reads: backup.WithManifests(g.paths), Outputs: backup.Pages(g.page), Run: func(e *cli.Env, _ *cli.Conditions) error { return g.showMoving(e, set) }}
	if len(g.paths) == 0 {
		p.Ask = func(terminal func() (prompt.Terminal, error)) ([]string, error) {
			err := g.askBook(set, terminal)
			return backup.WithManifests(g.paths), err
		}
	}
	return p
}

func (g *guide) showMoving(e *cli.Env, set *cli.Flags) error {
	if err := g.look(e, set); err != nil {
		return err
	}
	if len(g.books) == 0 {
		return cli.Fail(cli.Failed, errors.New("no address book is among these files"), "export it again, or make one of known addresses with mpc-derive find")
	}
	marks := g.marks()
	if g.record == nil {
		marks["--record F"] = cmp.Or(marks["--xpub KEY"], "{--xpub KEY}")
	} else { // whoever copied a command with a key would copy the key
		marks["--xpub KEY"] = marks["--record F"]
	}
	if _, bundles := g.files(); bundles {
		marks["FILES"] += " -i {IDENTITY}"
	}
	plan := moving.Plan{Tool: e.Program + " " + cli.Version, Date: set.Date().Format(time.DateOnly), Book: g.books[0], Compared: g.record != nil, Marks: marks}
	roots := g.recorded().Roots
	for _, path := range g.books {
		_, err := addresses.Run(e, path, roots, true,
			func(c *addresses.Chunk) (*addresses.Chunk, error) { return c, nil },
			func(c *addresses.Chunk) error {
				for i, row := range c.Rows {
					plan.Add(row, &c.Results[i])
				}
				return nil
			})
		if err != nil {
			return err
		}
	}
	if len(g.books) > 1 {
		e.Note("there are %d address books; the commands name %q", len(g.books), g.books[0])
	}
	var t guideText
	t.prose(plan.Text())
	return g.write(e, set, &t)
}
