package backup

import (
	"bytes"
	"fmt"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
)

var challengeVerb = cli.Verb{
	Name:    "challenge",
	Summary: "ask whether the identity of a recipient still exists",
	Usage: `Usage: mpc-backup challenge RECIPIENT -o C.age

Seals a random number to an age recipient (age1…). Whoever has the identity answers
with mpc-backup attest -i ID --challenge C.age, which shows nothing of the identity.
Beside the challenge it writes C.age.expect.json, by which the auditor recognises the
answer: keep it, and give it to mpc-backup audit or check with --expect. It is no secret,
but an auditor must trust none that came from somebody else.

  -o, --output C.age      the challenge to write

Example:
  mpc-backup challenge age1… -o client-2026.age
  mpc-backup check client.age.proof.json answer.json --expect client-2026.age.expect.json --record vault-record.txt
`,
	Prepare: prepareChallenge,
}

func prepareChallenge(set *cli.Flags, args []string) (*cli.Plan, error) {
	output := ""
	set.StringVarP(&output, "output", "o", "", "")
	if err := set.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case set.NArg() != 1:
		return nil, set.Misuse("give one RECIPIENT: each identity answers a challenge of its own")
	case output == "":
		return nil, set.Misuse("-o is missing: name the challenge to write")
	}
	r, err := backup.ParseRecipient(set.Arg(0), "")
	if err != nil {
		return nil, set.Misuse("%w", err)
	}
	expect := output + ".expect.json"
	return &cli.Plan{Outputs: []string{output, expect}, Run: func(e *cli.Env, _ *cli.Conditions) error {
		var sealed bytes.Buffer
		expected, err := backup.NewChallenge(&sealed, r, set.Date())
		if err != nil {
			return err
		}
		text, err := expected.Marshal()
		if err != nil {
			return err
		}
		var out cli.Outputs
		out.Add(output, sealed.Bytes())
		out.Add(expect, text)
		if err := out.Write(e); err != nil {
			return err
		}
		_, err = fmt.Fprintf(e.Stdout, "written: %s, for whoever has the identity of the recipient; keep %s\n", cli.Clean(output), cli.Clean(expect))
		return err
	}}, nil
}

// readExpected reads what mpc-backup challenge wrote beside challenges.
func readExpected(paths []string) ([]*backup.Expected, error) {
	var all []*backup.Expected
	for _, path := range paths {
		data, err := strict.ReadFile(path, backup.MaxChallenge)
		if err != nil {
			return nil, fmt.Errorf("--expect: %w", err)
		}
		e, err := backup.ParseExpected(data)
		if err != nil {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("--expect %q: %w", path, err))
		}
		all = append(all, e)
	}
	return all, nil
}

// answer answers a challenge to an identity.
func (f *attestFlags) answer(e *cli.Env, set *cli.Flags) error {
	challenge, err := strict.ReadFile(f.challenge, backup.MaxChallenge)
	if err != nil {
		return fmt.Errorf("--challenge: %w", err)
	}
	session, err := holder.Load(e, set, &f.Flags, nil)
	if err != nil {
		return err
	}
	defer session.Close()
	a, err := session.Answer(challenge)
	if err != nil {
		return cli.Fail(cli.Failed, fmt.Errorf("%q: %w", f.challenge, err))
	}
	text, err := a.Marshal()
	if err != nil {
		return err
	}
	if err := e.WriteFile(f.output, text); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.Stdout, "answered: the identity of %s exists\nwritten: %s; it holds no secret\n", cli.Clean(a.Recipient), cli.Clean(f.output))
	return err
}
