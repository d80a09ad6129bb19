package audit

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"lifeboat/internal/curve"
	"lifeboat/share"
)

// epoch is one set of shares while it is put together, from share files, from
// public manifests and from attestations.
type epoch struct {
	curve      string
	name       string       // the epoch's fingerprint
	root       *curve.Point // nil if only public manifests speak of it
	set        *share.Set   // nil without a good share file
	threshold  int          // 0: unknown
	groupIDs   []string
	created    []string
	holders    []Holder
	claims     []attested   // what attestations say, fresh or not; of one holder once
	statements []*Statement // fresh ones
}

// holder returns the holder of a share ID, who is added if they are new.
func (e *epoch) holder(shareID, nodeID string) *Holder {
	for i := range e.holders {
		if e.holders[i].ShareID == shareID {
			return &e.holders[i]
		}
	}
	e.holders = append(e.holders, Holder{NodeID: nodeID, ShareID: shareID, Copies: []Copy{}, Damaged: []string{}})
	return &e.holders[len(e.holders)-1]
}

// lists reports whether a share ID is in the roster, or the roster is not known, and
// returns the ID as the roster has it.
func (e *epoch) lists(shareID string) (string, bool) {
	if e.set == nil {
		return shareID, true
	}
	id, err := share.NewID(e.set.Group.Curve, shareID)
	if err != nil {
		return "", false
	}
	p := e.set.Group.Participant(id)
	if p == nil {
		return "", false
	}
	return p.ShareID.Text, true
}

// epochs puts together what all files say.
func (a *Auditor) epochs() []*epoch {
	var all []*epoch
	for _, set := range share.Collect(a.shares) {
		all = append(all, a.fromFiles(set))
	}
	for _, s := range a.attested {
		all = a.placeStatement(all, s)
	}
	for _, b := range a.bundles {
		if b.manifest != nil {
			all = a.placeBundle(all, b)
		}
	}
	for _, s := range a.shares {
		if s.Err() != nil {
			placeDamaged(all, s)
		}
	}
	return all
}

func (a *Auditor) fromFiles(set *share.Set) *epoch {
	g := set.Group
	e := &epoch{curve: g.Curve.String(), name: g.Epoch(), root: g.RootKey, set: set, threshold: g.Threshold}
	for _, p := range g.Participants {
		e.holder(p.ShareID.Text, p.NodeID).PublicKey = hex.EncodeToString(p.PublicKey.Bytes())
	}
	for _, s := range set.Shares {
		h := e.holder(g.Participant(*s.ShareID).ShareID.Text, s.NodeID)
		if c := (Copy{Path: s.Path, Clear: s.Kind == share.TSSLib}); !slices.Contains(h.Copies, c) {
			h.Copies = append(h.Copies, c)
		}
		e.groupIDs = appendNew(e.groupIDs, s.Group.ID)
		e.created = appendNew(e.created, s.Group.CreatedTime)
	}
	for _, w := range set.Warnings {
		a.find(Warning, "labels-differ", "", "no key depends on it; find out which of the files is the original", "%s", w)
	}
	return e
}

// placeStatement adds an attestation to its epoch. One that contradicts the share
// files, or one that was there before it, counts for nothing.
func (a *Auditor) placeStatement(all []*epoch, s attested) []*epoch {
	i := slices.IndexFunc(all, func(e *epoch) bool { return e.curve == s.Curve.String() && e.name == s.Epoch })
	if i < 0 {
		i = len(all)
		all = append(all, &epoch{curve: s.Curve.String(), name: s.Epoch, root: s.RootKey, threshold: s.Threshold, groupIDs: []string{s.GroupID}})
	}
	e := all[i]
	var err error
	switch {
	case e.set != nil:
		err = s.CheckGroup(e.set.Group)
	case !e.root.Equal(s.RootKey) || e.threshold != s.Threshold:
		err = fmt.Errorf("%w: attestations of one epoch name different root keys or thresholds", ErrContradicts)
	}
	if err != nil {
		a.find(Error, "attestation-contradicts", s.path, "ask the holder for a new attestation, made from the file that they keep", "an attestation counts for nothing: %v", err)
		return all
	}
	if e.set == nil && e.contradicted(a, s) || !s.fresh {
		return all
	}
	if a.o.Challenge == "" {
		a.find(Note, "challenge-not-given", s.path, "give the challenge that you set with --challenge", "the attestation counts whatever it answers: it may be an old one, with any date")
	}
	e.statements = append(e.statements, s.Statement)
	h := e.holder(s.ShareID.Text, s.NodeID)
	if h.Attested == nil || h.Attested.Date < s.Date {
		h.Attested = &Proof{s.path, s.Date, s.Subject()}
	}
	return all
}

// contradicted reports whether another attestation of the epoch says something
// else of the same holder, where no share file says which of them is right.
func (e *epoch) contradicted(a *Auditor, s attested) bool {
	for _, o := range e.claims {
		switch some, all := s.sameHolder(o.Statement); {
		case all:
			return false
		case some:
			for _, path := range []string{o.path, s.path} {
				a.find(Error, "attestation-contradicts", path, "find out which of them is of the file that the holder keeps, and have the share file of any holder beside them",
					"two attestations of epoch %s, of nodes %q and %q, give one holder two node IDs, share IDs or share public keys: the second counts for nothing", e.name, o.NodeID, s.NodeID)
			}
			return true
		}
	}
	e.claims = append(e.claims, s)
	return false
}

// placeBundle adds the shares that a bundle's public manifest names. Nothing vouches
// for a manifest, so a share that the roster of the share files does not have counts
// for nothing.
func (a *Auditor) placeBundle(all []*epoch, b *bundleFile) []*epoch {
	for _, s := range b.manifest.Shares {
		i := slices.IndexFunc(all, func(e *epoch) bool { return e.curve == s.Curve && e.name == s.Epoch })
		if i < 0 {
			i = len(all)
			all = append(all, &epoch{curve: s.Curve, name: s.Epoch})
		}
		e := all[i]
		id, ok := e.lists(s.ShareID)
		if !ok {
			a.find(Error, "manifest-contradicts", b.path, "have the bundle opened (mpc-backup verify) and find out who wrote the manifest",
				"its public manifest names a share of epoch %s, of node %.70q, that the share files of this epoch do not list: it counts for nothing", e.name, s.NodeID)
			continue
		}
		h := e.holder(id, s.NodeID)
		if c := (Copy{Path: b.path, Bundle: true}); !slices.Contains(h.Copies, c) {
			h.Copies = append(h.Copies, c)
		}
		e.groupIDs = appendNew(e.groupIDs, s.GroupID)
	}
	return all
}

// placeDamaged shows a broken file where its share should be: with the holder of
// its node ID, in an epoch of its own root key if that can be read.
func placeDamaged(all []*epoch, s *share.Sealed) {
	for _, e := range all {
		if e.curve != s.Curve.String() || s.Group != nil && e.root != nil && !s.Group.RootKey.Equal(e.root) {
			continue
		}
		for i := range e.holders {
			if h := &e.holders[i]; h.NodeID == s.NodeID {
				h.Damaged = appendNew(h.Damaged, s.Path)
				return
			}
		}
	}
}

// proven reports whether the holders who attested have the root key between them.
func (e *epoch) proven() bool {
	if e.root == nil || len(e.statements) == 0 {
		return false
	}
	t := &Together{Curve: e.statements[0].Curve, RootKey: e.root, Epoch: e.name}
	for _, s := range e.statements {
		t.add(s)
	}
	return len(t.statements) >= e.threshold && t.combines()
}

// attested is a statement whose signature was verified.
type attested struct {
	*Statement
	path  string
	fresh bool
}

// attestation reads a file of attestations, and reports whether it is one.
func (a *Auditor) attestation(s Source, data []byte) bool {
	if !strings.Contains(string(data), `"`+attestationFormat+`"`) {
		return false
	}
	if !a.file(s, AttestationFile) {
		return true
	}
	const again = "ask the holder for a new attestation (mpc-backup attest)"
	list, err := ParseAttestations(data)
	if err != nil {
		a.find(Error, "damaged-attestation", s.Path, again, "the file of attestations cannot be read: %v", err)
		return true
	}
	for i := range list {
		st, err := list[i].Verify()
		if err != nil {
			a.find(Error, "attestation-invalid", s.Path, again, "attestation %d counts for nothing: %v", i+1, err)
			continue
		}
		a.attested = append(a.attested, attested{st, s.Path, a.fresh(s.Path, st, again)})
	}
	return true
}

// fresh holds a statement against the challenge and the age that is allowed. A
// date in the future only warns: clocks of machines without a network are wrong.
func (a *Auditor) fresh(path string, s *Statement, again string) bool {
	date, err := time.Parse(time.DateOnly, s.Date)
	if err != nil {
		return false // ParseStatement has checked it
	}
	age := a.o.Date.Sub(date)
	switch {
	case a.o.Challenge != "" && s.Challenge != a.o.Challenge:
		a.find(Warning, "attestation-other", path, again, "the attestation of node %.70q answers another challenge than the one that was set: it is not counted", s.NodeID)
		return false
	case age < 0:
		a.find(Warning, "attestation-future", path, "compare the clocks, or give the date of the audit with --date",
			"the attestation of node %.70q is dated %s, after the day of the audit", s.NodeID, s.Date)
	case a.o.MaxAge > 0 && age > a.o.MaxAge:
		a.find(Warning, "attestation-old", path, again,
			"the attestation of node %.70q is of %s, %d days old, and at most %d are allowed: it is not counted", s.NodeID, s.Date, int(age.Hours()/24), int(a.o.MaxAge.Hours()/24))
		return false
	}
	return true
}

func appendNew(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
