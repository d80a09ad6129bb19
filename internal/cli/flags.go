package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// Flags is a set of flags that begins with those every verb takes. Define the verb's
// own on it, paths with StringArray, then call Parse.
type Flags struct {
	*pflag.FlagSet

	program, verb  string
	allowNetwork   bool
	allowSwap      bool
	requireSandbox bool
	reads          []string // names of flags
	readsNamed     []string // names of flags
	dateText       string
	date           time.Time
	dated          bool // the verb has asked for the date
}

const commonHelp = `
Every verb also takes:
  --date YYYY-MM-DD       the date that reports and statements carry (default: the clock's);
                          or the moment, as 2006-01-02T15:04:05Z, for what expires
  --allow-network         work although the machine looks online
  --allow-swap            work although memory may be written to disk
  --require-sandbox       refuse to work unless Landlock and seccomp are in force
`

// newFlags returns a new set for a verb. Hints name the program and the verb.
func newFlags(program, verb string) *Flags {
	f := &Flags{FlagSet: pflag.NewFlagSet(verb, pflag.ContinueOnError), program: program, verb: verb}
	f.SortFlags = false
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	f.BoolVar(&f.allowNetwork, "allow-network", false, "")
	f.BoolVar(&f.allowSwap, "allow-swap", false, "")
	f.BoolVar(&f.requireSandbox, "require-sandbox", false, "")
	f.StringVar(&f.dateText, "date", "", "")
	return f
}

// Parse parses the arguments. Its error is for the verb to return.
func (f *Flags) Parse(args []string) error {
	for _, a := range args {
		if a == "--" {
			break
		}
		if strings.HasPrefix(a, "-test.") { // which pflag would ignore
			return f.Misuse("unknown flag %q", a)
		}
	}
	given := map[string]bool{}
	err := f.ParseAll(args, func(flag *pflag.Flag, value string) error {
		if _, list := flag.Value.(pflag.SliceValue); !list && given[flag.Name] && flag.Value.Type() != "bool" {
			return fmt.Errorf("--%s takes one value, and was given twice", flag.Name)
		}
		given[flag.Name] = true
		return f.Set(flag.Name, value)
	})
	var invalid *pflag.InvalidValueError
	switch {
	case errors.Is(err, pflag.ErrHelp):
		return err
	case errors.As(err, &invalid) && invalid.GetFlag().Value.Type() == "bool": // it may be a passphrase
		return f.Misuse("--%s takes no value", invalid.GetFlag().Name)
	case errors.As(err, &invalid):
		return f.Misuse("--%s takes a whole number, within its limits", invalid.GetFlag().Name)
	case err != nil:
		return f.Misuse("%w", err)
	}
	f.date = time.Now().UTC().Truncate(time.Second)
	if f.Changed("date") {
		date, err := time.Parse(time.DateOnly, f.dateText)
		if err != nil {
			date, err = time.Parse(time.RFC3339, f.dateText)
		}
		if err != nil {
			return f.Misuse("--date %q is not a date like 2006-01-02, nor a moment like 2006-01-02T15:04:05Z", f.dateText)
		}
		f.date = date.UTC()
	}
	return nil
}

// Misuse returns a usage error that points to the verb's help.
func (f *Flags) Misuse(format string, args ...any) error {
	return Fail(Usage, fmt.Errorf(format, args...), f.program+" help "+f.verb+" shows how it is used")
}

// Date returns the moment of --date, which is midnight UTC if it is a day, or the
// clock's time in seconds at Parse.
func (f *Flags) Date() time.Time {
	f.dated = true
	return f.date
}

// clockFault says what is wrong with a clock, as far as the program can tell.
func clockFault(now time.Time) string {
	day, err := time.Parse(time.DateOnly, versionDate)
	switch {
	case err != nil:
		return "" // unreachable
	case now.Before(day.AddDate(0, 0, -1)): // it may be yesterday elsewhere
		return "is before the day of this version, " + versionDate
	case now.After(day.AddDate(versionLife, 0, 0)):
		return fmt.Sprintf("is more than %d years after this version", versionLife)
	}
	return ""
}
