// Package audit says what can be said about a vault without a secret.
//
// An Auditor is given files one by one and makes a Report: which vaults the backups
// belong to, whose shares are here, what every public check finds, and what was not
// looked at. An attestation is a statement, signed with a key share, that its holder
// possesses the share: this package writes and reads statements, checks their
// signatures and says what several of them prove together. Signing is left to
// share/open. docs/formats/audit.md and docs/formats/attestation.md have the formats.
package audit

import (
	"slices"
	"time"

	"lifeboat/backup"
	"lifeboat/chains/book"
	"lifeboat/derive"
	"lifeboat/share/record"
)

// Options hold what the auditor knows from elsewhere.
type Options struct {
	Tool      string             // program and version
	Date      time.Time          // of the audit
	MaxAge    time.Duration      // of attestations and of challenges to identities; 0: any
	Challenge string             // that attestations must answer; empty: none counts
	Roots     []*derive.Key      // recorded root keys
	Epochs    []string           // recorded epochs, as inspect shows them
	Record    *record.Record     // of the vault, whose root keys are among Roots; nil: none
	Expected  []*backup.Expected // answers of identities to challenges that were set
	Threshold int                // of tss-lib files, which do not state it; 0: worked out
	Accepted  []Acceptance       // of warnings
}

// Level is how bad a finding is.
type Level string

// The levels.
const (
	Error   Level = "error"   // a backup is missing, broken, or not the one that was recorded
	Warning Level = "warning" // works today, but should be changed
	Note    Level = "note"    // worth knowing
)

// Finding is one thing that the audit found.
type Finding struct {
	Level Level    `json:"level"`
	Code  string   `json:"code"`  // stable; docs/formats/audit.md lists them
	About []string `json:"about"` // files, or vaults
	Text  string   `json:"text"`  // one sentence or two
	Do    string   `json:"do"`    // what to do about it
}

// Status is what is known of a vault, or of one set of its shares.
type Status string

// The statuses, best first.
const (
	Recoverable    Status = "recoverable"     // enough holders attested, to the challenge that was set
	SealedVerified Status = "sealed-verified" // enough shares are sealed, as proofs show; nothing shows that the identities exist
	Present        Status = "present"         // enough shares are present; nothing shows that they open
	Unknown        Status = "unknown"         // how many are needed is not known
	TooFew         Status = "too-few"         // fewer than the threshold
	Absent         Status = "absent"          // a root key was recorded, and no share of it was found
)

var ranking = []Status{Recoverable, SealedVerified, Present, Unknown, TooFew, Absent}

func (s Status) rank() int { return slices.Index(ranking, s) }

// Enough reports whether enough shares are there, opened or not.
func (s Status) Enough() bool { return s == Recoverable || s == SealedVerified || s == Present }

// Report is everything that the audit found. Its JSON names are stable.
//
// It cannot prove more than the public facts do: that a share is present does not
// say that it opens, and anybody who knows the root public key of a vault can make
// a roster that is consistent in itself. So three things are told apart: whether
// shares are here, whether they open, and whether they are yours. A vault is called
// recoverable only if enough holders attested to one challenge and, where root keys
// were recorded, its own is among them. Package audit/report turns a report into a page.
type Report struct {
	OK         bool       `json:"ok"` // no finding is an error, and every file could be read
	Tool       string     `json:"tool"`
	Date       string     `json:"date"` // 2006-01-02
	Here       bool       `json:"here"` // enough shares of every root key are here
	Opens      bool       `json:"opens"`
	Yours      bool       `json:"yours"`
	Summary    string     `json:"summary"`
	Vaults     []Vault    `json:"vaults"`
	Record     *Recorded  `json:"record,omitempty"` // only with a record
	Findings   []Finding  `json:"findings"`         // errors first
	Accepted   []Accepted `json:"accepted"`         // warnings that do not count
	Books      []Book     `json:"address_books"`
	Files      []File     `json:"files"`
	NotCovered []string   `json:"not_covered"`
	Unreadable int        `json:"unreadable"` // files that could not be read
}

// Count returns how many findings have a level.
func (r *Report) Count(level Level) int {
	n := 0
	for _, f := range r.Findings {
		if f.Level == level {
			n++
		}
	}
	return n
}

// Vault is a root key and the sets of its shares.
type Vault struct {
	Curve    string  `json:"curve"`
	Root     string  `json:"root_extended_public_key"` // empty if the chain code is not known
	RootKey  string  `json:"root_public_key"`          // hex; empty if only public manifests name the vault
	Recorded bool    `json:"recorded"`                 // Root is among the recorded keys
	TestOnly bool    `json:"test_only"`
	Status   Status  `json:"status"` // of the best epoch
	Verdict  string  `json:"verdict"`
	Epochs   []Epoch `json:"epochs"`
}

// Epoch is one set of shares of a root key.
type Epoch struct {
	Epoch     string     `json:"epoch"`         // the first digits of the next
	SHA256    string     `json:"roster_sha256"` // as far as it is known
	GroupIDs  []string   `json:"group_ids"`
	Created   []string   `json:"created_times"`
	Threshold int        `json:"threshold"`    // 0: unknown
	Roster    bool       `json:"roster_known"` // Holders are all there are: a share file lists them
	Recorded  bool       `json:"recorded"`     // a share file shows the roster, which is among the recorded epochs
	Here      bool       `json:"here"`         // files here have enough shares, or claim so
	Opens     bool       `json:"opens"`        // and enough of those files were shown to open, by holders or identities who have the root key
	Yours     bool       `json:"yours"`        // the roster is a recorded one, or they have a recorded root key
	Status    Status     `json:"status"`
	Verdict   string     `json:"verdict"`
	Holders   []Holder   `json:"holders"`
	Present   int        `json:"present"`  // holders whose share is in a file
	Sealed    int        `json:"sealed"`   // holders of whose sealed share there is a proof that checks
	Live      int        `json:"live"`     // of them, those whose share identities open that answered a challenge
	Attested  int        `json:"attested"` // holders with a fresh attestation that agrees with the others
	Missing   int        `json:"missing"`  // shares short of the threshold
	Sets      [][]string `json:"sets"`     // node IDs that together reach the threshold
	MoreSets  int        `json:"more_sets"`
}

// InOneFile reports whether one file has the shares of all holders, as other vendors'
// backups do: then it does not matter who holds which.
func (e *Epoch) InOneFile() bool {
	for _, first := range e.Holders[0].Copies {
		if !slices.ContainsFunc(e.Holders, func(h Holder) bool {
			return !slices.ContainsFunc(h.Copies, func(c Copy) bool { return c.Path == first.Path && !c.Bundle })
		}) {
			return true
		}
	}
	return false
}

// Holder is a participant and where their share is.
type Holder struct {
	NodeID    string      `json:"node_id"`
	ShareID   string      `json:"share_id"`
	PublicKey string      `json:"share_public_key,omitempty"`
	Copies    []Copy      `json:"copies"`
	Damaged   []string    `json:"damaged"`            // files that should hold the share and are broken
	Sealed    *SealedCopy `json:"sealed,omitempty"`   // that anybody can check
	Attested  *Proof      `json:"attested,omitempty"` // the newest fresh attestation
	Here      bool        `json:"here"`               // in a file that is here, or a bundle's manifest says so
	Opens     bool        `json:"opens"`              // such a file: the holder attested with it, or identities answered that open its sealed copy
	Yours     bool        `json:"yours"`              // it belongs to a recorded roster, or to holders who have a recorded root key

	opened map[string]bool // SHA-256 of the files that the holder attested with, hex
}

// known reports whether the share is somewhere, here or with a holder who attested.
func (h *Holder) known() bool { return h.Here || h.Attested != nil }

// shows reports whether somebody showed that they can get the share, from any file.
func (h *Holder) shows() bool { return h.Attested != nil || h.Sealed != nil && h.Sealed.Live }

// States says in words which of the three are true.
func (h *Holder) States() string {
	states := "not here"
	if h.Here {
		states = "here"
	}
	switch {
	case h.Opens:
		states += ", opens"
	case h.Sealed != nil:
		states += ", sealed, verified"
	case h.Here && h.Attested != nil:
		states += ", attested with another file"
	case h.Attested != nil:
		states += ", attested"
	}
	if h.Yours {
		states += ", yours"
	}
	return states
}

// sealedOnly reports whether only bundles have the share: nobody vouches for what
// their manifests say.
func (h *Holder) sealedOnly() bool {
	return !slices.ContainsFunc(h.Copies, func(c Copy) bool { return !c.Bundle })
}

// Proof is an attestation whose signature is good.
type Proof struct {
	Path    string `json:"path"`
	Date    string `json:"date"`    // as the holder states it
	Subject string `json:"subject"` // the challenge, which must be the auditor's own, or the report
	File    string `json:"file_sha256"`
}

// Copy is a file with a share.
type Copy struct {
	Path   string `json:"path"`
	Bundle bool   `json:"bundle"` // a sealed bundle, whose public manifest says so
	Clear  bool   `json:"clear"`  // not encrypted, or beside its password
	Opened bool   `json:"opened"` // its holder attested with this very file
}

// Book is an address book, compared with the root keys.
type Book struct {
	Path   string      `json:"path"`
	Totals book.Totals `json:"totals"`
	Rows   []Row       `json:"rows"` // the first ones that are not ok
}

// Row is a row of an address book that is not ok.
type Row struct {
	Line int    `json:"line"`
	Text string `json:"text"`
}

// MaxRows is how many rows of a book are listed.
const MaxRows = 20

// FileKind is what a file was taken for.
type FileKind string

// The kinds of files.
const (
	ShareFile        FileKind = "recovery-group"
	Bundle           FileKind = "bundle"
	Manifest         FileKind = "public-manifest"
	AddressBook      FileKind = "address-book"
	AttestationFile  FileKind = "attestations"
	IdentityFile     FileKind = "identity"
	PrivateKeys      FileKind = "private-keys"
	ShardFile        FileKind = "shard"
	Recipients       FileKind = "recipients"
	VerifiableShares FileKind = "verifiable-share"
	AnswerFile       FileKind = "identity-answer"
	ExpectedFile     FileKind = "expected-answer" // which mpc-backup challenge wrote
	ChallengeFile    FileKind = "challenge"       // to an identity, beside what is expected
	RecordFile       FileKind = "record"
	HowTo            FileKind = "how-to"
	Archive          FileKind = "archive"       // a zip, tar or mail
	NodeDatabase     FileKind = "node-database" // of a TSS node
	RootKey          FileKind = "root-key"      // public: box C of a keycard
	Unzipped         FileKind = "unzipped"      // of a backup that is a zip
	Unrecognised     FileKind = "unrecognised"
	Unread           FileKind = "unreadable"
)

// File is a file that was looked at.
type File struct {
	Path   string   `json:"path"`
	Kind   FileKind `json:"kind"`
	Size   int64    `json:"size"`
	SHA256 string   `json:"sha256,omitempty"` // hex; not of files that were not recognised
	Closed bool     `json:"closed,omitempty"` // a share file that is encrypted as a whole, or it holds one
}
