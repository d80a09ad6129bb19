package recover

import (
	"fmt"
	"path/filepath"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/outfile"
	"lifeboat/internal/papercode"
	"lifeboat/internal/strict"
	"lifeboat/internal/verb/holder"
	"lifeboat/internal/verb/moving"
	"lifeboat/tx"
)

// broadcastable is what every report of signed transactions says.
const broadcastable = "Whoever holds a signed file can send it. Send it yourself, or destroy it."

// reportName is the report in the folder of what is signed.
const reportName = "report.json"

// signReport is report.json of sign, and what --json prints. It holds no secret.
type signReport struct {
	holder.Heading
	Code    string               `json:"review_code"`
	Alone   bool                 `json:"alone"`             // nobody reviewed it on another machine
	Holders []string             `json:"holders,omitempty"` // node IDs of two who signed without a key
	Warning string               `json:"warning"`
	Files   []signedFile         `json:"files"`
	Totals  []moving.TotalReport `json:"totals"`
}

// signedFile is one transaction of the report.
type signedFile struct {
	moving.FileReport
	Claims  []string `json:"claims"` // of which the chain takes each once
	ID      string   `json:"id,omitempty"`
	Written []string `json:"written"`
	Parts   []string `json:"signatures,omitempty"` // PUBKEY=SIGNATURE

	outputs []signedOutput
	code    string // what is shown as a QR code
}

// signedOutput is a file that is written for a transaction.
type signedOutput struct {
	name  string
	text  bool // what a node takes
	first bool // the one for which the transaction is signed
}

// name gives the outputs of a transaction names that no other file of the batch has,
// and that every stick can hold.
func (f *signedFile) name(t *tx.Transaction, taken map[string]bool) error {
	base := filepath.Base(f.Path)
	if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
		base = stem
	}
	complete := true
	for i := range t.Slots {
		complete = complete && t.Slots[i].Signing != nil
	}
	var ends []signedOutput
	if t.Ext != "" {
		ends = append(ends, signedOutput{name: ".signed." + t.Ext})
	}
	if t.TextExt != "" && complete {
		ends = append(ends, signedOutput{name: "." + t.TextExt, text: true})
	}
	ends[0].first = true
	for n, stem := 2, base; ; n, stem = n+1, fmt.Sprintf("%s-%d", base, n) {
		f.outputs, f.Written = f.outputs[:0], f.Written[:0]
		free := true
		for _, o := range ends {
			o.name = stem + o.name
			free = free && !taken[strings.ToLower(o.name)]
			f.outputs, f.Written = append(f.outputs, o), append(f.Written, o.name)
		}
		if free {
			break
		}
	}
	for _, o := range f.outputs {
		if err := outfile.CheckName(o.name); err != nil {
			return cli.Fail(cli.Failed, fmt.Errorf("%q: its signed form would have its name: %w", f.Path, err), "give the file another name")
		}
		taken[strings.ToLower(o.name)] = true
	}
	return nil
}

// maxReport is the size, in bytes, of the largest report that is read.
const maxReport = 64 << 20

// replacedClaims returns what the transactions of an earlier report use up.
func replacedClaims(path string) (map[string]bool, error) {
	if path == "" {
		return nil, nil
	}
	data, err := strict.ReadFile(path, maxReport)
	if err != nil {
		return nil, fmt.Errorf("--replaces: %w", err)
	}
	var before struct {
		Tool  string `json:"tool"`
		Code  string `json:"review_code"`
		Files []struct {
			Claims  []string `json:"claims"`
			Written []string `json:"written"`
		} `json:"files"`
	}
	if err := strict.Unmarshal(data, &before); err != nil {
		return nil, fmt.Errorf("--replaces %q is not the report of signed transactions: %w", path, err)
	}
	const hint = `it is the report.json that "mpc-recover sign" wrote beside them`
	if _, err := papercode.Parse(before.Code); err != nil || !strings.HasPrefix(before.Tool, "mpc-recover ") {
		return nil, cli.Fail(cli.Failed, fmt.Errorf("--replaces %q is not the report of signed transactions", path), hint)
	}
	claims := make(map[string]bool)
	for _, f := range before.Files {
		if len(f.Written) == 0 {
			return nil, cli.Fail(cli.Failed, fmt.Errorf("--replaces %q names a transaction that was not signed", path), hint)
		}
		for _, c := range f.Claims {
			claims[c] = true
		}
	}
	if len(claims) == 0 {
		return nil, cli.Fail(cli.Failed, fmt.Errorf("--replaces %q is not the report of signed transactions", path), hint)
	}
	return claims, nil
}
