package recover

import (
	"fmt"
	"path/filepath"
	"slices"
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

	stems []string // of the names of what is written for each file
}

// signedFile is one transaction of the report.
type signedFile struct {
	moving.FileReport
	Claims  []string `json:"claims"` // of which the chain takes each once
	ID      string   `json:"id,omitempty"`
	Written []string `json:"written"`
	Parts   []string `json:"signatures,omitempty"` // PUBKEY=SIGNATURE
}

// signed is a transaction that was signed.
type signed struct {
	t    *tx.Transaction
	v    *tx.Verdict
	done *tx.Signed
}

// signedOutput is a file that is written for a transaction.
type signedOutput struct {
	end  string // of its name
	text bool   // what a node takes
}

// endings returns what is written for a transaction.
func endings(t *tx.Transaction) (list []signedOutput) {
	if t.Ext != "" {
		list = append(list, signedOutput{".signed." + t.Ext, false})
	}
	if t.TextExt != "" && !slices.ContainsFunc(t.Slots, func(s tx.Slot) bool { return s.Signing == nil }) {
		list = append(list, signedOutput{"." + t.TextExt, true})
	}
	return list
}

// stemFor begins the outputs of a transaction with names that no other file of the batch
// has, and that every stick can hold.
func stemFor(path string, t *tx.Transaction, taken map[string]bool) (string, error) {
	base, list := stemOf(path), endings(t)
	for n, stem := 2, base; ; n, stem = n+1, fmt.Sprintf("%s-%d", base, n) {
		if slices.ContainsFunc(list, func(o signedOutput) bool { return taken[strings.ToLower(stem+o.end)] }) {
			continue
		}
		for _, o := range list {
			if err := outfile.CheckName(stem + o.end); err != nil {
				return "", cli.Fail(cli.Failed, fmt.Errorf("%q: its signed form would have its name: %w", path, err), "give the file another name")
			}
			taken[strings.ToLower(stem+o.end)] = true
		}
		return stem, nil
	}
}

// stemOf is the name of a file without its end.
func stemOf(path string) string {
	base := filepath.Base(path)
	if stem := strings.TrimSuffix(base, filepath.Ext(base)); stem != "" {
		return stem
	}
	return base
}

// alike are those of files whose outputs would have the name of another one's.
func alike(paths []string) (list []int) {
	stems := make(map[string]int)
	for _, path := range paths {
		stems[strings.ToLower(stemOf(path))]++
	}
	for i, path := range paths {
		if stems[strings.ToLower(stemOf(path))] > 1 {
			list = append(list, i)
		}
	}
	return list
}

// file returns what the report says of the i-th file before it is signed.
func (r *signReport) file(i int, path string, t *tx.Transaction, v *tx.Verdict) signedFile {
	f := signedFile{FileReport: moving.Report(path, t, v), Claims: t.Claims}
	for _, o := range endings(t) {
		f.Written = append(f.Written, r.stems[i]+o.end)
	}
	return f
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
