package recover

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/moving"
	"lifeboat/recover/ceremony"
	"lifeboat/tx"
)

// togetherFlags are the flags of ceremony sign.
type togetherFlags struct {
	holderFlags holder.Flags
	batchFlags
	ask, answer string // the node of the other holder
}

func prepareTogether(set *cli.Flags, args []string) (*cli.Plan, error) {
	var f togetherFlags
	f.holderFlags.Define(set)
	f.batchFlags.define(set)
	set.StringVar(&f.ask, "ask", "", "")
	set.StringVar(&f.answer, "answer", "", "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() != 2:
		return nil, set.Misuse("give the folder of the ceremony and your share FILE")
	case (f.ask == "") == (f.answer == ""):
		return nil, set.Misuse("give --ask NODE, the holder who is to sign with you, or --answer NODE, the one who asks you")
	case f.ask != "" && f.output == "":
		return nil, set.Misuse("no -o, the new folder for what is signed")
	case f.answer != "" && (f.output != "" || f.qr || f.replaces != ""):
		return nil, set.Misuse("-o, --qr and --replaces are for the one who asks, who gets what is signed")
	case f.Blind():
		return nil, set.Misuse("two holders sign what both programs read: --blind is for \"mpc-recover sign\"")
	case !f.holderFlags.Record.Given():
		return nil, set.Misuse("give --record: whose signature is on the other holder's file is known from it alone")
	}
	if err := f.batchFlags.check(set, true); err != nil {
		return nil, err
	}
	p := &cli.Plan{Reads: set.Args(), Adds: adds(set.Arg(0)), Guard: true}
	if f.ask != "" {
		p.Outputs, p.Adds = []string{f.output}, append(p.Adds, set.Arg(0))
	}
	p.Run = func(e *cli.Env, c *cli.Conditions) error { return f.run(e, set, c) }
	return p, nil
}

// together is a batch that is signed by two holders.
type together struct {
	*ceremony.Signing
	env     *cli.Env
	dir     string
	session *holder.Session
	review  *moving.Review
	report  *signReport
	read    []batchFile
}

// batchFile is a transaction of the batch. It stays in memory: what was reviewed is what
// is signed, and the stick may be gone by then.
type batchFile struct {
	t     *tx.Transaction
	v     *tx.Verdict
	slots []int // the numbers of its slots in the signing, -1 for somebody else's
}

func (f *togetherFlags) run(e *cli.Env, set *cli.Flags, conditions *cli.Conditions) error {
	g := &together{env: e, dir: set.Arg(0)}
	if f.ask != "" {
		if _, err := e.Terminal(); errors.Is(err, prompt.ErrNoTerminal) {
			return cli.Fail(cli.Failed, err, "the program waits for the answer at a prompt, with what must never be in a file: run it on a terminal")
		} else if err != nil {
			return err
		}
	}
	var err error
	if g.session, err = holder.Load(e, set, &f.holderFlags, set.Args()[1:]); err != nil {
		return err
	}
	defer g.session.Close()
	if g.review, err = f.begin(e, set, g.session.Record.Roots(), g.session.Record); err != nil {
		return err
	}
	g.report = &signReport{Heading: g.session.Heading(set, conditions), Warning: broadcastable}
	err = f.review(e, g.review, g.report, func(t *tx.Transaction, v *tx.Verdict) { g.read = append(g.read, batchFile{t: t, v: v}) })
	if err != nil {
		return err
	}
	if err := g.begin(f.ask + f.answer); err != nil {
		return err
	}
	if err := f.confirm(e, g.review, fmt.Sprintf("Type the review code that the holder of node %q has from another machine: ", g.Other())); err != nil {
		return err
	}
	shares, err := openAll(g.session)
	if err != nil {
		return err
	}
	if err := g.Sit(shares); err != nil {
		return signingError(err)
	}
	g.report.Holders = []string{g.Self(), g.Other()}
	if f.answer != "" {
		return f.reply(g)
	}
	return f.request(g, set)
}

// begin numbers the slots of the batch, as both machines do.
func (g *together) begin(other string) (err error) {
	var slots []ceremony.Slot
	for _, i := range g.review.Batch.Sorted() {
		file := &g.read[i]
		for n, key := range file.v.Keys {
			if key == nil {
				file.slots = append(file.slots, -1)
				continue
			}
			file.slots = append(file.slots, len(slots))
			what := file.t.Slots[n].Signing
			slots = append(slots, ceremony.Slot{Root: key.Root, Tweak: &key.Child.Tweak, Public: what.Public, Output: what.Tweak, Scheme: what.Scheme, Message: what.Message})
		}
	}
	g.Signing, err = ceremony.NewSigning(g.session.Record, other, g.review.Batch.Hash(), slots)
	return signingError(err)
}

// signed returns the i-th file with its signatures.
func (g *together) signed(i int, all []*signature.Signature) (*signed, error) {
	file := &g.read[i]
	signatures := make([]*signature.Signature, len(file.slots))
	for n, at := range file.slots {
		if at >= 0 {
			signatures[n] = all[at]
		}
	}
	done, err := file.t.Finish(signatures)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", g.review.Files[i], err)
	}
	return &signed{file.t, file.v, done}, nil
}

// request asks the other holder, waits for the answer, and writes what is signed.
func (f *togetherFlags) request(g *together, set *cli.Flags) error {
	e := g.env
	path, answer, err := g.messages(g.Self(), g.Other())
	if err != nil {
		return err
	}
	if err := cmp.Or(unused(path, "a program waits for its answer, or was ended before it came"), unused(answer, "there is an answer already, and no request yet")); err != nil {
		return err
	}
	asker, request, err := g.Ask()
	if err != nil {
		return signingError(err)
	}
	e.OnExit(asker.Wipe)
	if _, err := makeFolder(e, g.dir); err != nil {
		return err
	}
	if err := e.WriteFile(path, request); err != nil {
		return err
	}
	e.OnExit(func() { e.Withdraw(path) }) // nobody is to answer what nobody waits for
	data, err := g.await(path, answer, set)
	if err != nil {
		return err
	}
	signatures, err := asker.Finish(data)
	if err != nil {
		return signingError(fmt.Errorf("%q: %w", answer, err))
	}
	next := 0
	return f.write(e, g.report, g.review.Files, func() (*signed, error) {
		next++
		return g.signed(next-1, signatures)
	})
}

// await waits until there is an answer, and reads it. The machine is looked at again
// before.
func (g *together) await(request, answer string, set *cli.Flags) ([]byte, error) {
	terminal, err := g.env.Terminal()
	if err != nil {
		return nil, err
	}
	question := fmt.Sprintf("Carry %q to the holder of node %q, and bring back %q.\nLeave this program running, do not let the machine sleep, and press Enter when the answer is in its place: ", request, g.Other(), filepath.Base(answer))
	for {
		secret.Collect() // it may take hours
		if _, err := terminal.Line(question); err != nil {
			return nil, err
		}
		if g.report.Conditions, err = g.env.Guard(set); err != nil {
			return nil, err
		}
		data, err := strict.ReadFile(answer, ceremony.MaxFileSize)
		if !errors.Is(err, fs.ErrNotExist) {
			return data, err
		}
		g.env.Note("there is no %q yet", answer)
	}
}

// messages returns the paths of the request and of the answer. Another vendor may have
// called a device what no file can be called.
func (g *together) messages(asker, answerer string) (request, answer string, err error) {
	request, answer = ceremony.Name(ceremony.StepRequest, asker), ceremony.Name(ceremony.StepAnswer, answerer)
	if err := cmp.Or(outfile.CheckName(request), outfile.CheckName(answer)); err != nil {
		return "", "", cli.Fail(cli.Refused, err)
	}
	return filepath.Join(g.dir, request), filepath.Join(g.dir, answer), nil
}

// unused refuses a folder that another signing was in.
func unused(path, why string) error {
	if _, err := os.Lstat(path); err != nil {
		return nil
	}
	return cli.Fail(cli.Refused, fmt.Errorf("%q is there: %s", path, why), "give each signing a folder of its own")
}

// reply answers the request of the other holder.
func (f *togetherFlags) reply(g *together) error {
	path, answer, err := g.messages(g.Other(), g.Self())
	if err != nil {
		return err
	}
	if err := unused(answer, "you have answered in this folder"); err != nil {
		return err
	}
	request, err := strict.ReadFile(path, ceremony.MaxFileSize)
	if err != nil {
		return err
	}
	data, err := g.Answer(request)
	if err != nil {
		return signingError(fmt.Errorf("%q: %w", path, err))
	}
	if err := g.env.WriteFile(answer, data); err != nil {
		return err
	}
	if f.json {
		for i, file := range g.read {
			g.report.Files = append(g.report.Files, g.report.file(i, g.review.Files[i], file.t, file.v))
		}
		return g.env.WriteJSON(g.report)
	}
	fmt.Fprintf(g.env.Stdout, "\nanswered: %s\nwritten: %s\n", phrase.Count(len(g.read), "transaction"), cli.Clean(answer))
	g.env.Hint("bring it to the holder of node %q, whose machine waits for it: no other can use it. From then on they can send what you reviewed.", g.Other())
	return nil
}

// signingFaults say how a signing ends that cannot go on, and what to do then.
var signingFaults = []struct {
	err  error
	code int
	hint string
}{
	{ceremony.ErrThreshold, cli.Refused, ""},
	{ceremony.ErrShares, cli.Refused, ""},
	{ceremony.ErrBoth, cli.Refused, ""},
	{ceremony.ErrECDSA, cli.Refused, "sign those of Ed25519 and Taproot together, and the others with enough shares on one machine"},
	{ceremony.ErrSlots, cli.Usage, ""},
	{ceremony.ErrBatch, cli.Refused, "each of you reviews the files again with \"mpc-derive review\"; sign nothing until both have the same code"},
	{ceremony.ErrDishonest, cli.Mismatch, "keep the file, which is evidence; find out what happened to that holder's machine, and sign with another holder"},
	{ceremony.ErrElsewhere, cli.Mismatch, "that proves nothing against its author: it is an old file, or one of another folder; ask again, in a new folder"},
	{ceremony.ErrMessage, cli.Mismatch, "it was changed on its way, or somebody else made it: that proves nothing against the other holder; ask again, in a new folder, and find out who had the stick"},
}

// signingError gives an error of a signing its exit status.
func signingError(err error) error {
	for _, f := range signingFaults {
		if errors.Is(err, f.err) {
			return cli.Fail(f.code, err, f.hint)
		}
	}
	return cli.Fail(cli.Mismatch, err)
}
