package chains_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"lifeboat/chains"
	"lifeboat/internal/curve"
)

var update = flag.Bool("update", false, "rewrite docs/chains.md")

const docsPath = "../docs/chains.md"

// TestDocs holds docs/chains.md against the table. Rewrite it with
//
//	go test ./chains -run TestDocs -update
func TestDocs(t *testing.T) {
	want := manual()
	if *update {
		if err := os.WriteFile(docsPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not current: go test ./chains -run TestDocs -update", docsPath)
	}
}

func manual() string {
	var b strings.Builder
	b.WriteString(`# Chains

<!-- Made from the table of package chains: go test ./chains -run TestDocs -update -->

The chains that the programs know. An ID is not case-sensitive, and an alias is as good as the ID. The vendor's
address book names the chain in its column ` + "`coin`" + ` and not the form of the address, so every form of the chain is tried.
` + "`address`" + ` writes them all, ` + "`find`" + ` finds them all, and a result names the one that it is.

- **Coin types** are the numbers seen in paths, the usual one first. The path of a row decides, never this list.
- An address is read in any spelling that means the same: prefixes that may be left out, bech32 in upper case, hex
  without regard to case, TON's tags and raw form, short hex of Sui and Aptos, X-addresses, muxed accounts, and SS58
  with any prefix. Hex in mixed
  case is different: its case is a checksum (EIP-55, EIP-1191, CEP-57), and a wrong one is a mismatch.
- **Private key** is the form that ` + "`mpc-recover key`" + ` writes into the column ` + "`export`" + `. What shows
  the address of the row, and in which program, is in ` + "`import as`" + ` and ` + "`use`" + `.
- On ed25519 the private key of a multi-party wallet is a scalar, not a seed. Wallets that import seeds, mnemonics or
  64-byte keys cannot take it, and one that seems to shows another address. It needs a signer that takes the scalar.

## Addresses from a key

| ID | Name | Aliases | Coin types | Curve | Addresses | Private key |
| --- | --- | --- | --- | --- | --- | --- |
`)
	for _, c := range chains.All() {
		if c.Status == chains.Supported {
			manualRows(&b, c)
		}
	}
	b.WriteString("\n## The account needs a look-up\n\nThe account is a name or a number given out on the chain. The programs write the public key, by which an online\nservice finds the account.\n\n| ID | Name | Aliases | Coin types | Curve | Public key as | Private key |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, c := range chains.All() {
		if c.Status == chains.LookUp {
			manualRows(&b, c)
		}
	}
	b.WriteString("\n## Out of reach\n\nA vault has root keys on secp256k1 and ed25519. These chains need something else.\n\n| ID | Name | Why |\n| --- | --- | --- |\n")
	for _, c := range chains.All() {
		if c.Status == chains.OutOfReach {
			fmt.Fprintf(&b, "| %s | %s | %s |\n", c.ID, c.Name, c.Note)
		}
	}
	b.WriteString("\n## Notes\n\n")
	with := map[string][]string{}
	var notes []string
	for _, c := range chains.All() {
		if c.Note != "" && c.Status != chains.OutOfReach {
			if with[c.Note] == nil {
				notes = append(notes, c.Note)
			}
			with[c.Note] = append(with[c.Note], c.ID)
		}
	}
	for _, note := range notes {
		fmt.Fprintf(&b, "- **%s**: %s.\n", strings.Join(with[note], ", "), note)
	}
	b.WriteString("\n## Notes on private keys\n\n")
	seen := map[string]bool{}
	for _, c := range chains.All() {
		for i := range c.Encodings {
			if form, note := c.Encodings[i].ExportForm(); note != "" && !seen[form+note] {
				seen[form+note] = true
				fmt.Fprintf(&b, "- **%s**: %s.\n", form, note)
			}
		}
	}
	return b.String()
}

// manualRows writes a line for each curve of the chain.
func manualRows(b *strings.Builder, c *chains.Chain) {
	coins := strings.Trim(strings.ReplaceAll(fmt.Sprint(c.SLIP44), " ", ", "), "[]")
	for _, on := range curve.All() {
		var names, forms []string
		for _, e := range c.On(on) {
			names = append(names, e.Name)
			form, _ := e.ExportForm()
			if len(forms) == 0 || forms[len(forms)-1] != form {
				forms = append(forms, form)
			}
		}
		if len(names) > 0 {
			fmt.Fprintf(b, "| %s | %s | %s | %s | %v | %s | %s |\n", c.ID, c.Name, strings.Join(c.Aliases, ", "), coins, on, strings.Join(names, ", "), strings.Join(forms, ", "))
		}
	}
}
