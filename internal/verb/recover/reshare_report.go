package recover

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/holder"
	"lifeboat/share"
)

// reshareReport is what --json prints. It holds no secret.
type reshareReport struct {
	holder.Heading
	Groups []resharedReport     `json:"groups"`
	Files  []newFileReport      `json:"files"`
	Old    []holder.GroupReport `json:"old_groups"`
	Next   []string             `json:"next"`
}

type resharedReport struct {
	ID           string              `json:"id"`
	Curve        string              `json:"curve"`
	Epoch        string              `json:"epoch"`
	Threshold    int                 `json:"threshold"`
	Participants []participantReport `json:"participants"`
	Root         string              `json:"root_extended_public_key"`  // empty if there is no chain code
	RootKey      string              `json:"root_public_key,omitempty"` // in that case
	OldID        string              `json:"old_id"`
	OldEpoch     string              `json:"old_epoch"`
	OldThreshold int                 `json:"old_threshold"`
	OldNodes     []string            `json:"old_nodes"`
	Used         []string            `json:"used"`
}

type participantReport struct {
	NodeID    string `json:"node_id"`
	ShareID   string `json:"share_id"`
	PublicKey string `json:"share_public_key"`
}

type newFileReport struct {
	NodeID string `json:"node_id"`
	Path   string `json:"path"`
	Bundle bool   `json:"bundle"`
}

func (r *reshareReport) add(s *resharing) {
	g, old := s.Group, s.from.Group
	report := resharedReport{
		ID: g.ID, Curve: g.Curve.String(), Epoch: g.Epoch(), Threshold: g.Threshold,
		OldID: old.ID, OldEpoch: old.Epoch(), OldThreshold: old.Threshold, OldNodes: old.NodeIDs(), Used: s.from.UsedNodes(),
	}
	report.Root, report.RootKey = holder.RootTexts(g.Root())
	for _, p := range g.Participants {
		report.Participants = append(report.Participants, participantReport{p.NodeID, p.ShareID.Text, hex.EncodeToString(p.PublicKey.Bytes())})
	}
	r.Groups = append(r.Groups, report)
	if len(r.Groups) == 1 {
		r.Next = append(r.Next,
			"Each new holder takes their file, opens it with their own password or identity, and says so: mpc-backup attest FILE --challenge TEXT -o A.json; mpc-backup check A.json tells who has.")
		r.Next = append(r.Next, oldShares("Only then see to", old)...)
		r.Next = append(r.Next, notKnown)
	}
}

// oldShares says what must become of the shares that a reshare replaces, and
// when.
func oldShares(when string, old *share.Group) []string {
	t, n := old.Threshold, len(old.Participants)
	return []string{
		fmt.Sprintf("%s the old shares: any %d of the %d still give the key, for ever, and no reshare changes that. They are those of %s. Who destroys what depends on the provider.",
			when, t, n, phrase.And(phrase.Quoted(old.NodeIDs()))),
		fmt.Sprintf("While the provider signs with the old set: keep just %d of the old shares outside the provider, or nothing can be signed with it, and destroy the others. If no more than that are left outside, destroy nothing. Until it has stopped, the old set gives the key.",
			t-1),
		fmt.Sprintf("If it does not, or has stopped: destroy every copy of all, files, phones and nodes, bundles, backups, paper, and the passwords. At least %d of the %d must be gone for certain; count those that you cannot see destroyed, such as the provider's, as still there.",
			n-t+1, n),
	}
}

func (r *reshareReport) print(w io.Writer) error {
	var b strings.Builder
	for _, g := range r.Groups {
		fmt.Fprintf(&b, "reshared: group %q on %s, from the shares of %s\n", g.OldID, g.Curve, phrase.And(phrase.Quoted(g.Used)))
		fmt.Fprintf(&b, "  new group %q, epoch %s: %d of %d shares give the key\n  root key  %s (unchanged)\n", g.ID, g.Epoch, g.Threshold, len(g.Participants), cmp.Or(g.Root, g.RootKey))
	}
	for _, f := range r.Files {
		how := "under its new password"
		if f.Bundle {
			how = "bundle for its recipient"
		}
		fmt.Fprintf(&b, "written: %s (%s; read back and opened)\n", cli.Clean(f.Path), how)
	}
	fmt.Fprintf(&b, "compared with: %s\n", r.HeldAgainst)
	printNext(&b, r.Next)
	_, err := io.WriteString(w, b.String())
	return err
}

// notDone names the groups that --group left out.
func notDone(groups []*share.Group) []string {
	var lines []string
	for _, g := range groups {
		lines = append(lines, fmt.Sprintf("Nothing was done for group %q on %v: keep its shares, and the files that hold them, until that is done too.", g.ID, g.Curve))
	}
	return lines
}

func printNext(b *strings.Builder, next []string) {
	b.WriteString("What remains to be done:\n")
	for i, line := range next {
		fmt.Fprintf(b, "  %d. %s\n", i+1, line)
	}
}
