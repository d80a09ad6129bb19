package derive

import (
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/recorded"
	"lifeboat/share/record"
	"lifeboat/share/verdict"
)

// vaultFlags say which vault is meant.
type vaultFlags struct {
	recorded.Flags
	xpubs []string
}

const vaultHelp = `  --xpub KEY              a root public key of the vault, extended, or in hex where it has no chain code; or a
                          file with one a line, such as roots.txt (repeatable)
` + recorded.Help

func (f *vaultFlags) define(set *cli.Flags) {
	f.Define(set)
	set.StringArrayVar(&f.xpubs, "xpub", nil, "")
	set.Reads("xpub")
}

func (f *vaultFlags) given() bool { return len(f.xpubs) > 0 || f.Given() }

// read returns the vault's root keys, and its record if there is one.
func (f *vaultFlags) read(e *cli.Env) (verdict.Roots, *record.Record, error) {
	xpubs, err := recorded.Xpubs(f.xpubs)
	if err != nil {
		return nil, nil, err
	}
	vault, err := f.Read(e)
	if err != nil {
		return nil, nil, err
	}
	if vault != nil {
		f.WarnUnsworn(e)
	}
	roots, err := f.Roots(vault, xpubs)
	return roots, vault, err
}
