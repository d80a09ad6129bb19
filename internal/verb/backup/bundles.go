package backup

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/verb/holder"
)

// beside is how the public manifest beside a bundle compares with it.
type beside string

const (
	manifestAbsent     beside = "absent"
	manifestMatches    beside = "matches"
	manifestDiffers    beside = "differs"
	manifestUnreadable beside = "unreadable"
)

// bundleReport is what verify found out about a bundle.
type bundleReport struct {
	Path           string        `json:"path"`
	SHA256         string        `json:"sha256"`
	Size           int64         `json:"size"`
	Recipients     []backup.Kind `json:"recipients"` // one for each stanza of the header
	WorkFactor     int           `json:"scrypt_work_factor,omitempty"`
	PublicManifest beside        `json:"public_manifest"`
	Opened         bool          `json:"opened"`  // it authenticated to its end, and every hash is right
	Foreign        bool          `json:"foreign"` // another program made it: it has no manifest
	Files          []bundleFile  `json:"files"`
	OK             bool          `json:"ok"`
	Reason         string        `json:"reason"`

	differs error // why the public manifest is no good
}

type bundleFile struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
	Shares int    `json:"shares"`
}

// describeBundles reports on the bundles among the inputs.
func describeBundles(s *holder.Session) []bundleReport {
	reports := []bundleReport{}
	for _, in := range s.Inputs {
		if in.Header != nil {
			reports = append(reports, describeBundle(in))
		}
	}
	return reports
}

func describeBundle(in *holder.Input) bundleReport {
	h := in.Header
	r := bundleReport{Path: in.Path, SHA256: h.SHA256, Size: h.Size, Recipients: h.Recipients, WorkFactor: h.WorkFactor, Files: []bundleFile{}}
	if b := in.Bundle; b != nil {
		r.Opened, r.Foreign = true, b.Foreign
		for _, f := range b.Manifest.Files {
			r.Files = append(r.Files, bundleFile{f.Name, f.Size, f.SHA256, len(f.Shares)})
		}
	}
	r.PublicManifest, r.differs = comparePublic(in)
	r.OK = r.Opened && in.Err == nil && r.differs == nil
	if err := errors.Join(in.Err, r.differs); err != nil {
		r.Reason = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	return r
}

// comparePublic compares the public manifest with the bundle: size, hash and recipients
// and, if the bundle is open, its shares.
func comparePublic(in *holder.Input) (beside, error) {
	m, err := readPublicManifest(in.Path)
	if absent(err) {
		return manifestAbsent, nil
	}
	if err != nil {
		return manifestUnreadable, err
	}
	err = m.CheckHeader(in.Header)
	if err == nil && !slices.EqualFunc(m.Recipients, in.Header.Recipients, func(r backup.PublicRecipient, k backup.Kind) bool { return r.Kind == k }) {
		err = fmt.Errorf("its public manifest lists other recipients than its header")
	}
	if err == nil && in.Bundle != nil {
		err = m.CheckContent(in.Bundle.Manifest)
	}
	if err != nil {
		return manifestDiffers, fmt.Errorf("bundle %q: %w", in.Path, err)
	}
	return manifestMatches, nil
}

// bundlesVerdict is exit status 3 if a public manifest belongs to another bundle, and 1
// if it cannot be read.
func bundlesVerdict(reports []bundleReport) error {
	code, bad := cli.OK, []string{}
	for _, r := range reports {
		switch r.PublicManifest {
		case manifestDiffers:
			code = cli.Mismatch
		case manifestUnreadable:
			code = max(code, cli.Failed)
		default:
			continue
		}
		bad = append(bad, fmt.Sprintf("%q", r.Path))
	}
	if code == cli.OK {
		return nil
	}
	return cli.Fail(code, fmt.Errorf("the public manifest beside %s is not that bundle's", phrase.And(bad)),
		"find out which of the two was replaced or damaged, by comparing them with another copy")
}

// warnOneIdentity warns when one identity opened the bundles of several holders.
func warnOneIdentity(e *cli.Env, s *holder.Session) {
	if !s.OneIdentity() {
		return
	}
	var facts []backup.ShareFacts
	for _, in := range s.Inputs {
		if in.Bundle == nil || in.Header.NeedsPassphrase() {
			continue
		}
		for _, entry := range in.Shares {
			if entry.Sealed.Err() == nil {
				facts = append(facts, holder.Facts(entry.Sealed))
			}
		}
	}
	for _, t := range backup.SharesTogether(facts) {
		e.Warn("one identity opens the shares of %s: whoever has it has %d of the %d shares that give the key", phrase.And(phrase.Quoted(t.NodeIDs)), t.Shares, t.Threshold)
	}
}

// onlyFiles reports whether all inputs are open bundles that hold no shares:
// there is nothing to recover, and they are good if they are whole.
func onlyFiles(s *holder.Session) bool {
	return !slices.ContainsFunc(s.Inputs, func(in *holder.Input) bool {
		return in.Bundle == nil || in.Err != nil || len(in.Shares) > 0
	})
}

func (r *bundleReport) print(b *strings.Builder) {
	kinds := make([]string, len(r.Recipients))
	for i, k := range r.Recipients {
		kinds[i] = k.String()
	}
	fmt.Fprintf(b, "bundle %q, %s\n", r.Path, phrase.Count(r.Size, "byte"))
	fmt.Fprintf(b, "  SHA-256   %s\n  sealed to %s\n", r.SHA256, cli.Clean(strings.Join(kinds, "; ")))
	if r.WorkFactor > 0 {
		fmt.Fprintf(b, "  scrypt    work factor %d\n", r.WorkFactor)
	}
	fmt.Fprintf(b, "  beside it %s\n", map[beside]string{
		manifestAbsent: "no public manifest", manifestMatches: "a public manifest that fits",
		manifestDiffers: "a public manifest of ANOTHER bundle", manifestUnreadable: "a public manifest that CANNOT BE READ",
	}[r.PublicManifest])
	switch {
	case !r.Opened:
		b.WriteString("  inside    NOT OPENED, so nothing is known of it\n")
	case r.Foreign:
		fmt.Fprintf(b, "  inside    %s; another program sealed it, without a manifest\n", countFiles(len(r.Files)))
	default:
		fmt.Fprintf(b, "  inside    %s, whole and as its manifest says\n", countFiles(len(r.Files)))
	}
}
