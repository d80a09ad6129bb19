package audit

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/phrase"
	"lifeboat/share"
	"lifeboat/share/record"
)

// Recorded says what is here of what the record of a vault lists.
type Recorded struct {
	Serial int             `json:"serial"`
	Date   string          `json:"date"`
	Sworn  bool            `json:"sworn"` // attestations here show that every holder has signed it
	Groups []RecordedGroup `json:"groups"`
}

// RecordedGroup is a set of shares that the record lists.
type RecordedGroup struct {
	ID        string           `json:"id"`
	Curve     string           `json:"curve"`
	Epoch     string           `json:"epoch"`
	SHA256    string           `json:"roster_sha256"`
	Threshold int              `json:"threshold"`
	Status    Status           `json:"status"` // of this very set
	Holders   []RecordedHolder `json:"holders"`
}

// RecordedHolder is a holder that the record lists, and what is here of their share.
type RecordedHolder struct {
	NodeID string   `json:"node_id"`
	Person string   `json:"person,omitempty"`
	Swore  bool     `json:"swore"` // to the record, in an attestation that is here
	State  Presence `json:"state"`
	Where  []string `json:"where"` // files

	filed, proved bool // some of them are share files or bundles; are verifiable shares
}

// Presence is what is here of a recorded holder's share.
type Presence string

// The presences, best first. What does not belong to the recorded set is named but
// counts for nothing.
const (
	HasAttested Presence = "attested"        // signed with the share, to the challenge that was set
	HasSealed   Presence = "sealed-verified" // sealed, as a proof shows that checks
	HasFile     Presence = "share-file"      // a share file
	HasBundle   Presence = "bundle"          // a bundle, as its public manifest says
	OtherEpoch  Presence = "other-epoch"     // nothing but a share of another set
	OtherVault  Presence = "other-vault"     // nothing but a share of another root key
	NotHere     Presence = "missing"
)

var presences = []Presence{HasAttested, HasSealed, HasFile, HasBundle, OtherEpoch, OtherVault, NotHere}

// Counts reports whether something is here of the recorded share.
func (p Presence) Counts() bool {
	return p == HasAttested || p == HasSealed || p == HasFile || p == HasBundle
}

// String returns what is here, in words.
func (p Presence) String() string {
	return map[Presence]string{HasAttested: "attested", HasSealed: "sealed, verified", HasFile: "share file", HasBundle: "bundle",
		OtherEpoch: "not here; of another epoch", OtherVault: "not here; of another vault", NotHere: "not here"}[p]
}

// Signed says in words whether the record is sworn.
func (r *Recorded) Signed() string {
	if r.Sworn {
		return "every holder has signed it"
	}
	return "it is unsworn, as far as is known here"
}

// recorded compares the vaults with the record, if there is one.
func (a *Auditor) recorded(vaults []Vault) *Recorded {
	r := a.o.Record
	if r == nil {
		return nil
	}
	var statements []*Statement
	for _, s := range a.attested {
		statements = append(statements, s.Statement)
	}
	missing := Unsworn(r, statements)
	all := locate(vaults)
	out := &Recorded{Serial: r.Serial, Date: r.Date, Sworn: len(missing) == 0}
	for _, g := range r.Groups {
		roster := fmt.Sprintf("%x", g.RosterSHA256())
		rg := RecordedGroup{ID: g.ID, Curve: g.Curve.String(), Epoch: epochName(roster), SHA256: roster, Threshold: g.Threshold, Status: Absent}
		for _, p := range g.Participants {
			h := RecordedHolder{NodeID: p.NodeID, State: NotHere, Where: []string{}}
			h.Swore = !slices.ContainsFunc(missing, func(s record.Seat) bool { return s.Group == g && s.Holder.ShareID.Equal(p.ShareID) })
			if person, ok := r.Person(p.NodeID); ok {
				h.Person = person.Name
			}
			all.look(&h, g, p, roster)
			rg.Holders = append(rg.Holders, h)
		}
		a.judgeRecorded(&rg, g, vaults)
		out.Groups = append(out.Groups, rg)
	}
	if r.Book != nil {
		a.judgeRecordedBook(r.Book)
	}
	return out
}

// judgeRecordedBook compares the address books with the one of the record. Books grow.
func (a *Auditor) judgeRecordedBook(b *record.Book) {
	hash := hex.EncodeToString(b.SHA256[:])
	if slices.ContainsFunc(a.toCheck, func(path string) bool { return a.sums[path] == hash }) {
		return
	}
	if len(a.toCheck) == 0 {
		a.find(Warning, "record-book", "the record", "audit the address book, too (--addresses)", "the record has an address book, of %s, and none is here", phrase.Count(b.Rows, "row"))
	}
	for _, other := range a.books {
		rows := other.Totals.Rows
		if rows > b.Rows {
			a.find(Note, "record-book-grown", other.Path, "have a record made with the newest address book", "the address book is longer than the one of the record: %s, and that one has %d", phrase.Count(rows, "row"), b.Rows)
			continue
		}
		a.find(Warning, "record-book", other.Path, "find the recorded address book, or a newer one, and what became of this one",
			"the address book is not the one of the record, nor longer: it has %s, and that one %d", phrase.Count(rows, "row"), b.Rows)
	}
}

// place is where a share is: a holder in a set of shares of a vault.
type place struct {
	vault  *Vault
	epoch  *Epoch
	holder *Holder
}

// places are where shares are, by curve and share ID, and by curve and node ID.
type places struct{ byID, byNode map[[2]string][]place }

func locate(vaults []Vault) *places {
	all := &places{map[[2]string][]place{}, map[[2]string][]place{}}
	for i := range vaults {
		v := &vaults[i]
		for j := range v.Epochs {
			for k := range v.Epochs[j].Holders {
				at := place{v, &v.Epochs[j], &v.Epochs[j].Holders[k]}
				if !at.holder.known() {
					continue
				}
				node := [2]string{v.Curve, at.holder.NodeID}
				all.byNode[node] = append(all.byNode[node], at)
				all.byID[at.id()] = append(all.byID[at.id()], at)
			}
		}
	}
	return all
}

// id is the share ID modulo the order, however a file spells it.
func (p place) id() [2]string {
	c, _ := curve.ByName(p.vault.Curve) // both were parsed before
	id, err := share.NewID(c, p.holder.ShareID)
	if err != nil {
		return [2]string{}
	}
	x := id.Scalar().Bytes()
	return [2]string{p.vault.Curve, string(x[:])}
}

// look finds the share of a recorded holder, and others under the same node ID.
func (all *places) look(h *RecordedHolder, g *share.Group, p share.Participant, roster string) {
	x := p.ShareID.Scalar().Bytes()
	for _, at := range all.byID[[2]string{g.Curve.String(), string(x[:])}] {
		if at.vault.holds(at.epoch, g, roster) {
			h.addAll(at.holder, HasAttested, HasSealed, HasFile, HasBundle)
		}
	}
	for _, at := range all.byNode[[2]string{g.Curve.String(), p.NodeID}] {
		switch {
		case at.vault.holds(at.epoch, g, roster):
		case at.vault.RootKey != "" && at.vault.RootKey != hex.EncodeToString(g.RootKey.Bytes()):
			h.addAll(at.holder, OtherVault, OtherVault, OtherVault, OtherVault)
		default:
			h.addAll(at.holder, OtherEpoch, OtherEpoch, OtherEpoch, OtherEpoch)
		}
	}
}

// holds reports whether a set of shares of the vault is a recorded one. Public manifests
// do not name the root key, and may have only the first digits of the roster's hash.
func (v *Vault) holds(e *Epoch, g *share.Group, roster string) bool {
	return (v.RootKey == "" || v.RootKey == hex.EncodeToString(g.RootKey.Bytes())) && sameRoster(e.SHA256, roster)
}

// addAll notes the attestation and the files of a holder.
func (h *RecordedHolder) addAll(o *Holder, attested, sealed, file, bundle Presence) {
	if o.Attested != nil {
		h.add(attested, o.Attested.Path)
	}
	if o.Sealed != nil {
		for _, path := range o.Sealed.Paths {
			h.add(sealed, path)
		}
	}
	for _, c := range o.Copies {
		state := file
		if c.Bundle {
			state = bundle
		}
		h.add(state, c.Path)
	}
}

// add notes a file, unless something better is known. Files of the recorded set are all
// listed.
func (h *RecordedHolder) add(state Presence, path string) {
	h.filed = h.filed || state == HasFile || state == HasBundle || state == HasSealed
	h.proved = h.proved || state == HasSealed
	better := cmp.Compare(slices.Index(presences, state), slices.Index(presences, h.State))
	if both := state.Counts() && h.State.Counts(); !both && better > 0 {
		return
	} else if !both && better < 0 {
		h.Where = []string{}
	}
	if better < 0 {
		h.State = state
	}
	if !slices.Contains(h.Where, path) {
		h.Where = append(h.Where, path)
	}
}

// judgeRecorded finds out what is known of a recorded set of shares.
func (a *Auditor) judgeRecorded(rg *RecordedGroup, g *share.Group, vaults []Vault) {
	about := fmt.Sprintf("recorded group %q on %s", rg.ID, rg.Curve)
	enough, opens := false, false
	for i := range vaults {
		v := &vaults[i]
		if v.Curve != rg.Curve {
			continue
		}
		ofRoot := v.RootKey == hex.EncodeToString(g.RootKey.Bytes())
		enough = enough || ofRoot && v.Status.Enough()
		opens = opens || ofRoot && v.Status == Recoverable
		for j := range v.Epochs {
			if e := &v.Epochs[j]; v.holds(e, g, rg.SHA256) && e.Status.rank() < rg.Status.rank() {
				rg.Status = e.Status
			}
		}
	}
	proved := slices.ContainsFunc(rg.Holders, func(h RecordedHolder) bool { return h.proved })
	for _, h := range rg.Holders {
		who := fmt.Sprintf("recorded holder %q of group %q on %s", h.NodeID, rg.ID, rg.Curve)
		switch {
		case !h.filed:
			a.find(Warning, "record-missing", who, "find their file; of a share that is kept elsewhere for good, as the provider's, accept the warning (--accept)",
				"of a holder whom the record lists, no share file, bundle or verifiable share of the recorded set is here")
		case proved && !h.proved:
			a.find(Warning, "record-unproved", who, "find the holder's proof, or have the share sealed so (mpc-backup seal --verifiable)",
				"of other holders whom the record lists, verifiable shares are here that check, and none of this one's")
		}
	}
	switch {
	case rg.Status.Enough() || !enough: // otherwise too few are here, which was said already
	case opens:
		a.find(Warning, "record-old", about, "have a record made of the set that is in use", "the shares that open are of another set than the recorded one")
	default:
		a.find(Error, "record-set", about, "find the files of the recorded set or, if another is in use, have its holders attest and a record made of it",
			"enough shares of its root key are here, but not of the recorded set: whoever knows the root key can make such files")
	}
}
