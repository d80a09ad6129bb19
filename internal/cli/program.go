package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/spf13/pflag"

	"lifeboat/internal/lockdown"
	"lifeboat/internal/plain"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
)

// A Verb is what a program can do.
type Verb struct {
	Name    string
	Summary string // one line
	Usage   string // the whole help text, with an example

	// Prepare defines flags, parses the arguments, and says what is to be done
	// (order.go). A verb with Steps leaves it to the one that comes next.
	Prepare func(f *Flags, args []string) (*Plan, error)
	Steps   []Verb
}

// A Program is a name and its verbs. It adds help and version.
type Program struct {
	Name    string
	Summary string
	Verbs   []Verb
	Topics  []Topic
}

// A Topic is what help tells that belongs to no single verb.
type Topic struct{ Name, Summary, Text string }

// Run runs one command line, without the program's name, and returns its exit
// status. It does not touch the process: signals and limits are Main's. A verb
// that runs another gives it a copy of its own Env, with other streams perhaps,
// so that a signal finds what is to be cleaned up.
func (p *Program) Run(e *Env, args []string) (code int) {
	env := *e
	env.Program = p.Name
	env.complete()
	out := &results{w: plain.NewWriter(env.Stdout)}
	env.Stdout = out
	if !env.nested {
		env.nested = true
		env.shareTerminal()
	}
	defer env.exits.run(env.exits.count())
	defer func() {
		if recover() != nil { // the value may hold a secret
			env.lines("error: ", "internal error: please report what was run, without any secret")
			code = Failed
		}
	}()
	err := p.dispatch(&env, args)
	if err == nil {
		err = out.end()
	}
	if err != nil {
		return env.fail(err)
	}
	return OK
}

// tries is how often AskThrice asks.
const tries = 3

// mistyped is an error about an answer of the wrong form.
type mistyped struct{ error }

func (m mistyped) Unwrap() error { return m.error }

// Mistyped marks an error about an answer that cannot be right, whatever is asked for: a
// code of another length, say. AskThrice does not count it.
func Mistyped(err error) error { return mistyped{err} }

// AskThrice asks on the terminal until an answer passes. hint says what to do where
// there is no terminal.
func (e *Env) AskThrice(hint, question string, check func(answer string) error) error {
	terminal, err := e.Terminal()
	if errors.Is(err, prompt.ErrNoTerminal) {
		return Fail(Failed, err, hint)
	}
	if err != nil {
		return err
	}
	for n := 1; ; {
		answer, err := terminal.Line(question)
		if err != nil {
			return err
		}
		err = check(answer)
		switch {
		case errors.As(err, new(mistyped)):
			e.Note("%v; that was not counted as a try", err)
			continue
		case err == nil || n == tries:
			return err
		}
		e.Note("that is not it (%d of %d tries): %v", n, tries, err)
		n++
	}
}

// shareTerminal has the terminal opened once, and closed when the verb ends.
func (e *Env) shareTerminal() {
	open := e.Terminal
	e.Terminal = sync.OnceValues(func() (prompt.Terminal, error) {
		t, err := open()
		if err != nil {
			return nil, Fail(Failed, err, "give passphrases with --passphrase-file, or run it on a terminal")
		}
		e.OnExit(func() { t.Close() })
		return t, nil
	})
}

func (p *Program) dispatch(e *Env, args []string) error {
	if len(args) == 0 {
		return Fail(Usage, errors.New("no verb"), p.hint())
	}
	if i := slices.IndexFunc(args, holdsPrivateKey); i >= 0 {
		return Fail(Usage, fmt.Errorf("argument %d holds a private key, which belongs in a file and not on a command line", i+1),
			"write it into a file that only you can read; what was typed may stay in the history of the shell")
	}
	f, plan, err := p.prepare(args[0], args[1:])
	if errors.Is(err, pflag.ErrHelp) {
		f, plan, err = p.prepare("help", args[:1])
	}
	if err != nil {
		return err
	}
	// Whatever the verb leaves behind is erased. A goroutine that it starts and that
	// works on secrets must see to that itself.
	secret.Do(func() { err = e.carryOut(f, plan) })
	return err
}

// prepare has a verb, or its step, prepare.
func (p *Program) prepare(name string, args []string) (*Flags, *Plan, error) {
	v, err := p.verb(name)
	if err != nil {
		return nil, nil, err
	}
	f := newFlags(p.Name, v.Name)
	prepare := v.Prepare
	if len(v.Steps) > 0 {
		prepare = v.noStep
		if i := slices.IndexFunc(v.Steps, func(s Verb) bool { return len(args) > 0 && s.Name == args[0] }); i >= 0 {
			prepare, args = v.Steps[i].Prepare, args[1:]
		}
	}
	plan, err := prepare(f, args)
	return f, plan, err
}

// noStep refuses a command line that names no step of the verb.
func (v *Verb) noStep(f *Flags, args []string) (*Plan, error) {
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	var names []string
	for _, s := range v.Steps {
		names = append(names, s.Name)
	}
	last := len(names) - 1
	return nil, f.Misuse("a step was expected: %s or %s", strings.Join(names[:last], ", "), names[last])
}

// aliases are what people type for the verbs that every program has.
var aliases = map[string]string{"--help": "help", "-h": "help", "--version": "version"}

func (p *Program) verb(name string) (*Verb, error) {
	if alias, ok := aliases[name]; ok {
		name = alias
	}
	all := append(slices.Clone(p.Verbs), Verb{Name: "help", Prepare: p.help}, Verb{Name: "version", Prepare: p.version})
	i := slices.IndexFunc(all, func(v Verb) bool { return v.Name == name })
	if i < 0 {
		return nil, Fail(Usage, fmt.Errorf("unknown verb %q", name), p.hint())
	}
	return &all[i], nil
}

func (p *Program) hint() string {
	var names []string
	for _, v := range p.Verbs {
		names = append(names, v.Name)
	}
	return fmt.Sprintf("the verbs are %s, help and version; %s help VERB tells more", strings.Join(names, ", "), p.Name)
}

func (p *Program) help(f *Flags, args []string) (*Plan, error) {
	if err := f.Parse(args); err != nil && !errors.Is(err, pflag.ErrHelp) {
		return nil, err
	}
	text := p.overview()
	name := f.Arg(0)
	if f.NArg() > 1 && (f.NArg() > 2 || !p.hasStep(name, f.Arg(1))) { // the help of a verb is that of its steps
		return nil, Fail(Usage, errors.New("help takes one verb"), p.hint())
	}
	if i := slices.IndexFunc(p.Topics, func(t Topic) bool { return t.Name == name }); i >= 0 {
		text = p.Topics[i].Text
	} else if name != "" && name != "help" && name != "version" {
		v, err := p.verb(name)
		if err != nil {
			return nil, err
		}
		text = strings.TrimSpace(v.Usage) + "\n" + commonHelp
	}
	return &Plan{Run: func(e *Env, _ *Conditions) error {
		_, err := io.WriteString(e.Stdout, text)
		return err
	}}, nil
}

// hasStep reports whether a verb has a step of this name.
func (p *Program) hasStep(verb, step string) bool {
	named := func(name string) func(Verb) bool { return func(v Verb) bool { return v.Name == name } }
	i := slices.IndexFunc(p.Verbs, named(verb))
	return i >= 0 && slices.ContainsFunc(p.Verbs[i].Steps, named(step))
}

// overview is the program's own help.
func (p *Program) overview() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nUsage: %s VERB [FLAG…] [ARGUMENT…]\n\n", p.Name, p.Summary, p.Name)
	for _, v := range p.Verbs {
		fmt.Fprintf(&b, "  %-10s %s\n", v.Name, v.Summary)
	}
	fmt.Fprintf(&b, "  %-10s %s\n", "help", "this text; with a verb, how to use it")
	fmt.Fprintf(&b, "  %-10s %s\n", "version", "the version and what it was built from (--json)")
	for _, t := range p.Topics {
		fmt.Fprintf(&b, "  help %-5s %s\n", t.Name, t.Summary)
	}
	b.WriteString(statusHelp)
	return b.String()
}

const statusHelp = `
Exit status: 0 done and verified, 1 could not be done, 2 wrong usage, 3 keys,
shares or addresses do not belong together or are too few, 4 refused as unsafe,
130 interrupted.
`

var errResults = errors.New("couldn't write the results to standard output")

// results passes results on, fit for a terminal whatever files had in them, and
// remembers a failure, so that no verb can forget to look.
type results struct {
	w   *plain.Writer
	err error
}

func (r *results) Write(p []byte) (int, error) {
	n, err := r.w.Write(p)
	return n, r.note(err)
}

// end passes on what is left, and returns why something could not be written.
func (r *results) end() error {
	r.note(r.w.Flush())
	return r.err
}

// note remembers the first error.
func (r *results) note(err error) error {
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%w: %w", errResults, err)
	}
	if err != nil {
		return r.err
	}
	return nil
}

// gcPercent is how much garbage may pile up, in percent of what is in use, before
// it is collected. Half of Go's default costs no time that could be measured, and
// secrets among the garbage are erased sooner.
const gcPercent = 50

// Main runs the process's own command line and returns its exit status. A signal
// cancels Env.Interrupt, runs what OnExit registered, and ends the process.
func (p *Program) Main() int {
	status := lockdown.Harden()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	env := &Env{
		Program: p.Name, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Interrupt: ctx, exits: new(cleanups), process: status, confine: lockdown.Confine,
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, caught...) // even those that it was started to ignore, as by nohup
	signal.Ignore(syscall.SIGPIPE)    // writing fails instead
	debug.SetGCPercent(gcPercent)
	go func() {
		<-signals
		go func() {
			<-signals // a second signal ends the program at once
			os.Exit(Interrupted)
		}()
		cancel()
		env.exits.run(0)
		secret.Collect()
		env.exits.announce(env)
		os.Exit(Interrupted)
	}()
	code := p.Run(env, os.Args[1:])
	secret.Collect()
	if ctx.Err() != nil {
		select {} // the goroutine above is about to exit
	}
	return code
}
