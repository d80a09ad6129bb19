package backup

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"lifeboat/audit"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
)

// outcome is what check says of all files together.
type outcome struct {
	OK   bool   `json:"ok"`   // what was asked was shown or, with --partial, all that is here is good
	Good bool   `json:"good"` // every file is good; there may be too few
	Note string `json:"note"`
}

func (o *outcome) result() *outcome { return o }

// finding is a report with an outcome.
type finding interface {
	result() *outcome
	shown() bool    // what was asked
	reason() string // why not all is well
	text() string
}

// tell writes a report. All is well if what was asked was shown or, where only some have
// answered yet, nothing is wrong.
func (f *checkFlags) tell(e *cli.Env, r finding) (err error) {
	o := r.result()
	o.OK = o.Good && (f.partial || r.shown())
	if f.json {
		err = e.WriteJSON(r)
	} else {
		text := r.text()
		if o.OK && !r.shown() {
			text += "This is a partial check: what is here is good, and it does not show what was asked.\n"
		}
		_, err = io.WriteString(e.Stdout, text+o.Note+"\n")
	}
	if err != nil || o.OK {
		return err
	}
	hint := ""
	if o.Good {
		hint = "--partial checks what is here, before the others have sealed or answered"
	}
	return cli.Fail(cli.Mismatch, errors.New(r.reason()), hint)
}

// checkReport is what check found out about attestations.
type checkReport struct {
	outcome
	Attestations []attestationReport `json:"attestations"`
	Together     []togetherReport    `json:"together"`
	Silent       []string            `json:"not_answered"` // recorded root keys for which too few answered
	Oath         *oathReport         `json:"record,omitempty"`

	asked audit.Statement
}

// oathReport says whether all holders have signed the record.
type oathReport struct {
	Sworn   bool         `json:"sworn"`
	Missing []seatReport `json:"missing"`
}

type attestationReport struct {
	Path       string `json:"path"`
	OK         bool   `json:"ok"`
	Reason     string `json:"reason"`
	NodeID     string `json:"node_id"`
	GroupID    string `json:"group_id"`
	Curve      string `json:"curve"`
	Epoch      string `json:"epoch"`
	Roster     string `json:"roster_sha256"`
	ShareID    string `json:"share_id"`
	PublicKey  string `json:"share_public_key"`
	RootKey    string `json:"root_public_key"`
	Challenge  string `json:"challenge,omitempty"`
	Report     string `json:"report_sha256,omitempty"`
	FileSHA256 string `json:"file_sha256"`
	Tool       string `json:"tool"`
	Date       string `json:"date"`
}

type togetherReport struct {
	Curve       string   `json:"curve"`
	Epoch       string   `json:"epoch"`
	Roster      string   `json:"roster_sha256"`
	RootKey     string   `json:"root_public_key"`
	Root        string   `json:"root_extended_public_key"` // in the form that was recorded
	Recorded    bool     `json:"recorded"`
	Subject     string   `json:"subject"`
	Threshold   int      `json:"threshold"`
	Nodes       []string `json:"nodes"`
	Enough      bool     `json:"enough"`      // these holders had the root private key between them when they signed
	Recoverable bool     `json:"recoverable"` // and they answered the challenge
	Reason      string   `json:"reason"`      // why not all of them can be true; empty if nothing shows that
}

func describeAttestation(path string, s *audit.Statement, err error) attestationReport {
	r := attestationReport{Path: path, OK: err == nil}
	if err != nil {
		r.Reason = err.Error()
	}
	if s != nil {
		r.NodeID, r.GroupID, r.Curve, r.Epoch, r.Roster, r.ShareID = s.NodeID, s.GroupID, s.Curve.String(), s.Epoch(), s.Roster, s.ShareID.Text
		r.PublicKey, r.RootKey = hex.EncodeToString(s.PublicKey.Bytes()), hex.EncodeToString(s.RootKey.Bytes())
		r.Challenge, r.Report, r.FileSHA256, r.Tool, r.Date = s.Challenge, s.Report, s.FileSHA256, s.Tool, s.Date
	}
	return r
}

// shown reports whether the attestations show what was asked.
func (r *checkReport) shown() bool {
	switch {
	case r.Oath != nil:
		return r.Oath.Sworn
	case r.asked.Challenge == "" && r.asked.Report == "" || len(r.Silent) > 0 || len(r.Together) == 0:
		return false
	}
	for _, t := range r.Together {
		if !t.Enough {
			return false
		}
	}
	return true
}

// reason says why not all is well.
func (r *checkReport) reason() string {
	for _, a := range r.Attestations {
		if !a.OK {
			return fmt.Sprintf("not every attestation is good: %q: %s", a.Path, a.Reason)
		}
	}
	for _, t := range r.Together {
		if t.Reason != "" {
			return "not every attestation is good: " + t.Reason
		}
	}
	switch {
	case r.Oath != nil:
		return fmt.Sprintf("the record is unsworn: signatures of holders are missing (%d)", len(r.Oath.Missing))
	case r.asked.Challenge == "" && r.asked.Report == "":
		return "nothing is shown: without --challenge, --report or --record an old answer looks as good as a fresh one"
	}
	return "too few holders have answered"
}

func (r *checkReport) text() string {
	var b strings.Builder
	for _, a := range r.Attestations {
		if !a.OK {
			fmt.Fprintf(&b, "BAD: %q: %s\n", a.Path, a.Reason)
			continue
		}
		fmt.Fprintf(&b, "good: %q: node %q held share ID %s of group %q on %s, epoch %s\n", a.Path, a.NodeID, a.ShareID, a.GroupID, a.Curve, a.Epoch)
		fmt.Fprintf(&b, "  on %s, by the signer's own date; file with SHA-256 %s\n", a.Date, a.FileSHA256)
	}
	for i := range r.Together {
		r.printTogether(&b, &r.Together[i])
	}
	for _, root := range r.Silent {
		if r.Oath == nil {
			fmt.Fprintf(&b, "too few holders answered for the recorded root key\n  %s\n", root)
		}
	}
	if r.Oath != nil {
		r.printOath(&b)
	} else if r.asked.Challenge == "" && r.asked.Report == "" {
		b.WriteString("No --challenge, --report or --record was given: an old answer looks as good as a fresh one. Compare what was asked.\n")
	}
	return b.String()
}

// printTogether says what the statements of one set of shares show.
func (r *checkReport) printTogether(b *strings.Builder, t *togetherReport) {
	fmt.Fprintf(b, "epoch %s on %s: %s answered, of %d needed\n", t.Epoch, t.Curve, phrase.Count(len(t.Nodes), "holder"), t.Threshold)
	if t.Recorded {
		fmt.Fprintf(b, "  recorded root key %s\n", t.Root)
	} else {
		fmt.Fprintf(b, "  root public key %s, which nothing here says is yours: give --record or --xpub\n", t.RootKey)
	}
	fmt.Fprintf(b, "  %s\n", t.Subject)
	who := phrase.And(phrase.Quoted(t.Nodes))
	switch {
	case r.Oath != nil:
	case t.Recoverable:
		fmt.Fprintf(b, "  recoverable: %s have the root private key between them\n", who)
	case t.Enough && r.asked.Report != "":
		fmt.Fprintf(b, "  signed by %s, who had the root private key between them when they signed\n", who)
	case t.Enough:
		fmt.Fprintf(b, "  NOT SHOWN to be recoverable today: %s had the root private key between them when they signed\n", who)
	case t.Reason != "":
		fmt.Fprintf(b, "  NOT SHOWN to be recoverable, and %s\n", t.Reason)
	default:
		b.WriteString("  NOT SHOWN to be recoverable\n")
	}
}

func (r *checkReport) printOath(b *strings.Builder) {
	switch {
	case r.Oath.Sworn:
		b.WriteString("sworn: every holder of every group has signed the record. Its paper shows whether two people have matched funded addresses with an explorer.\n")
	case len(r.Oath.Missing) == 0:
		b.WriteString("UNSWORN: every holder has signed the record, but not every attestation is good\n")
	default:
		b.WriteString("UNSWORN: these holders have not signed the record\n")
		for _, m := range r.Oath.Missing {
			fmt.Fprintf(b, "  node %q of group %q on %s", m.NodeID, m.GroupID, m.Curve)
			if m.Person != "" {
				fmt.Fprintf(b, ": %s", m.Person)
			}
			b.WriteString("\n")
		}
	}
}
