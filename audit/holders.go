package audit

import (
	"cmp"
	"fmt"
	"slices"

	"lifeboat/backup"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

// epoch is one set of shares while it is put together, from share files, from
// public manifests and from attestations.
type epoch struct {
	curve     string
	roster    string           // SHA-256 of the roster, hex; as many digits as the files give
	root      *curve.Point     // nil if only public manifests speak of it
	set       *verdict.Sharing // nil without a good share file
	known     *Roster          // of the set
	threshold int              // 0: unknown
	groupIDs  distinct
	created   distinct
	holders   []Holder
	byID      map[[curve.ScalarSize]byte]int // where a holder stands, by the share ID modulo the order
	byNode    map[string]int
	attested  []attested // attestations that the roster does not contradict
	bundled   []bundled
	recorded  bool // the holders are those of the record, and no others
	shown     bool // the share public keys of any threshold of the attestations that count, fresh or not, combine to the root key
}

// holder returns the holder of a share ID, adding a new one. Files may spell one ID
// in different ways.
func (e *epoch) holder(id share.ID, nodeID string) *Holder {
	nodeID = share.NodeID(id, nodeID)
	x := id.Scalar().Bytes()
	i, ok := e.byID[x]
	if !ok {
		if e.byID == nil {
			e.byID, e.byNode = map[[curve.ScalarSize]byte]int{}, map[string]int{}
		}
		i = len(e.holders)
		e.byID[x], e.byNode[nodeID] = i, i
		e.holders = append(e.holders, Holder{NodeID: nodeID, ShareID: id.Text, Copies: []Copy{}, Damaged: []string{}})
	}
	return &e.holders[i]
}

// admits reports whether there can be such a holder: one on the roster or, if that is
// not known, one whose node does not already have another share ID.
func (e *epoch) admits(id share.ID, nodeID string) bool {
	_, listed := e.byID[id.Scalar().Bytes()]
	_, other := e.byNode[share.NodeID(id, nodeID)]
	return listed || e.set == nil && !e.recorded && !other
}

// claim is what a public manifest says. It names no root key, and may have only the
// first digits of the roster's hash.
type claim struct{ curve, roster string }

// gathered holds the sets of shares that files mention. Files without a roster can
// claim one epoch for two root keys.
type gathered struct {
	all   []*epoch
	by    map[setName]*epoch // the first of each name
	exact map[claim][]*epoch // by all the digits that they have
	begin map[claim][]*epoch // by all their digits, and by the first of them
	owner map[claim]*epoch   // where bundles count; nil: it cannot be told
	named rosters            // by files and statements
}

func (g *gathered) add(e *epoch) *epoch {
	g.all = append(g.all, e)
	c := claim{e.curve, e.roster}
	g.exact[c] = append(g.exact[c], e)
	for _, p := range append(c.shorter(), c) {
		g.begin[p] = append(g.begin[p], e)
	}
	if e.root != nil {
		if n := (setName{e.curve, e.roster, string(e.root.Bytes())}); g.by[n] == nil {
			g.by[n] = e
		}
	}
	return e
}

// shorter returns the claim cut to each number of digits that other files may have.
func (c claim) shorter() []claim {
	var list []claim
	for _, n := range []int{epochDigits, oldDigits} {
		if len(c.roster) > n {
			list = append(list, claim{c.curve, c.roster[:n]})
		}
	}
	return list
}

// claimed returns the sets that a claim may mean.
func (g *gathered) claimed(c claim) []*epoch {
	if list := g.begin[c]; len(list) > 0 {
		return list
	}
	for _, p := range c.shorter() {
		if list := g.exact[p]; len(list) > 0 {
			return list[:min(len(list), 2)] // two are enough for it not to be told
		}
	}
	return nil
}

// epochs puts together what all files say.
func (a *Auditor) epochs() []*epoch {
	g := &gathered{by: map[setName]*epoch{}, exact: map[claim][]*epoch{}, begin: map[claim][]*epoch{}, owner: map[claim]*epoch{}, named: newRosters()}
	for _, set := range verdict.Collect(a.shares) {
		e := g.add(a.fromFiles(set))
		g.named.add(setName{e.curve, e.roster, string(e.root.Bytes())})
	}
	for _, s := range fullFirst(a.attested, func(s attested) *Statement { return s.Statement }) {
		a.placeStatement(g, s)
	}
	scales := newScales()
	for _, e := range g.all {
		if len(e.attested) > 0 {
			a.weigh(e, scales)
		}
	}
	for _, b := range a.bundles {
		if b.manifest != nil {
			a.placeBundle(g, b)
		}
	}
	placeDamaged(g.all, a.shares)
	return g.all
}

// choose returns the set of shares that is meant by an epoch which several claim, or
// nil if that cannot be told. A recorded root key counts for more than attestations
// that agree: anybody can sign enough of those for a root key of their own.
func (a *Auditor) choose(claims []*epoch) *epoch {
	if first := claims[0]; first.set != nil && !slices.ContainsFunc(claims, func(e *epoch) bool { return e.set != nil && e.roster != first.roster }) {
		return first // where there is a roster, no attestation claims another root key
	}
	for _, better := range []func(*epoch) bool{
		func(e *epoch) bool { return a.record(e) != nil },
		func(e *epoch) bool { return e.shown },
	} {
		var some []*epoch
		for _, e := range claims {
			if better(e) {
				some = append(some, e)
			}
		}
		if len(some) > 0 {
			claims = some
		}
	}
	if len(claims) > 1 {
		return nil
	}
	return claims[0]
}

func (a *Auditor) fromFiles(set *verdict.Sharing) *epoch {
	g := set.Group
	e := &epoch{curve: g.Curve.String(), root: g.RootKey, set: set, known: NewRoster(g), threshold: g.Needed()}
	e.roster = e.known.SHA256
	for _, p := range g.Participants {
		e.holder(p.ShareID, p.NodeID).PublicKey = share.KeyText(p.PublicKey)
	}
	for _, node := range g.Absent {
		e.holders = append(e.holders, Holder{NodeID: node, Copies: []Copy{}, Damaged: []string{}})
	}
	for _, s := range set.Sealed {
		h := e.holder(*s.ShareID, s.NodeID)
		if c := (Copy{Path: s.Path, Clear: share.Exposed(s.Lock)}); !pieceOnly(s) && !slices.Contains(h.Copies, c) {
			h.Copies = append(h.Copies, c)
		}
		e.groupIDs.add(s.Group.ID)
		e.created.add(s.Group.CreatedTime)
	}
	for _, w := range set.Warnings {
		a.find(Warning, "labels-differ", "", "no key depends on it; find out which of the files is the original", "%s", w)
	}
	return e
}

// What to do about attestations that contradict each other, or share files.
const (
	askAgain = "ask the holder for a new attestation, made from the file that they keep"
	findOut  = "find out which of them was made from the file that the holder keeps, and add the share file of any holder"
)

// placeStatement adds an attestation to its epoch. One that contradicts the share
// files counts for nothing.
func (a *Auditor) placeStatement(g *gathered, s attested) {
	n := g.named.of(s.Statement)
	first := g.first(n, s.Statement)
	if first != nil && first.set != nil {
		if err := first.known.Check(s.Statement); err != nil {
			a.find(Error, "attestation-contradicts", s.path, askAgain, "an attestation counts for nothing: %v", err)
			return
		}
		first.attested = append(first.attested, s)
		return
	}
	e := g.by[n]
	if e == nil {
		e = g.add(&epoch{curve: n.curve, roster: n.roster, root: s.RootKey})
		if first != nil {
			for _, path := range []string{first.attested[0].path, s.path} {
				a.find(Error, "attestation-contradicts", path, findOut, "attestations of epoch %s name different root keys, and a set of shares has only one", epochName(n.roster))
			}
		}
	}
	e.attested = append(e.attested, s)
}

// first returns the set to compare a statement with: that of share files, or the first
// that others claim. Of two rosters that begin alike, it is one that the statement
// agrees with.
func (g *gathered) first(n setName, s *Statement) *epoch {
	c := claim{n.curve, n.roster}
	var first *epoch
	for _, e := range g.begin[c] {
		if e.set == nil { // those of files come first
			break
		}
		if first == nil || e.known.Check(s) == nil {
			first = e
		}
	}
	if first == nil && len(g.exact[c]) > 0 {
		first = g.exact[c][0]
	}
	return first
}

// weigh counts the fresh attestations of an epoch, except those that contradict
// others. Old ones, too, show who the holders are.
func (a *Auditor) weigh(e *epoch, scales *scales) {
	var statements []*Statement
	path := map[*Statement]string{}
	for _, s := range e.attested {
		statements = append(statements, s.Statement)
		path[s.Statement] = s.path
	}
	w := scales.weigh(statements)
	e.threshold, e.shown = w.threshold, w.shown
	if e.set == nil {
		for _, s := range w.counted {
			e.groupIDs.add(s.GroupID)
		}
	}
	for _, s := range e.attested {
		o := w.against[s.Statement]
		if s.fresh && (o == nil || o.name) {
			a.attest(e, s, w.nodes[s.point()])
		}
		switch {
		case o == nil:
		case o.unseen:
			a.find(Error, "attestations-too-many", s.path, findOut, "attestations of epoch %s name more than %d holders, and a set of shares cannot have more: %d of them were not looked at", epochName(e.roster), share.MaxParticipants, w.unseen)
		case o.name:
			a.find(Error, "attestation-contradicts", s.path, findOut, "the node ID of an attestation counts for nothing: %v", o.err)
		case o.other != nil:
			a.find(Error, "attestation-contradicts", path[o.other], findOut, "an attestation counts for nothing: %v", o.err)
			fallthrough
		default:
			a.find(Error, "attestation-contradicts", s.path, findOut, "an attestation counts for nothing: %v", o.err)
		}
	}
	if w.doubt != nil {
		for _, s := range e.attested {
			a.find(Error, "attestation-contradicts", s.path, findOut, "epoch %s: %v", epochName(e.roster), w.doubt)
		}
	}
}

// attest counts a fresh attestation for its holder.
func (a *Auditor) attest(e *epoch, s attested, nodeID string) {
	h := e.holder(s.ShareID, nodeID)
	if h.Attested == nil || h.Attested.Date < s.Date {
		h.Attested = &Proof{s.path, s.Date, s.Subject(), s.FileSHA256}
	}
	if h.opened == nil {
		h.opened = map[string]bool{}
	}
	h.opened[s.FileSHA256] = true
}

// placeBundle adds the shares that a bundle's public manifest names. Nothing vouches
// for a manifest, so a share that contradicts what else is known counts for nothing.
func (a *Auditor) placeBundle(g *gathered, b *bundleFile) {
	for _, s := range b.manifest.Shares {
		c := claim{s.Curve, cmp.Or(s.RosterSHA256, s.Epoch)}
		e, known := g.owner[c]
		if claims := g.claimed(c); !known && len(claims) > 0 {
			e, known = a.choose(claims), true
			g.owner[c] = e
		}
		if known && e == nil {
			a.find(Error, "manifest-disputed", b.path, "give the recorded root key with --xpub, or put the share file of any holder of the epoch beside the bundle",
				"its public manifest names shares of epoch %.70q, which attestations claim for different root keys: they count for none of them", s.Epoch)
			continue
		}
		id, err := manifestID(s)
		if err == nil && e == nil {
			e = g.add(a.recordedSet(c))
			g.owner[c] = e
		}
		why := ""
		switch {
		case err != nil:
			why = "with an invalid curve or share ID"
		case e.admits(id, s.NodeID):
		case e.set != nil:
			why = "that the share files of this epoch do not list"
		case e.recorded:
			why = "that the record does not list"
		default:
			why = "which is known with another share ID"
		}
		if why != "" {
			a.find(Error, "manifest-contradicts", b.path, "have the bundle opened (mpc-backup verify) and find out who wrote the manifest",
				"its public manifest names a share of epoch %.70q, of node %.70q, %s: it counts for nothing", s.Epoch, s.NodeID, why)
			continue
		}
		h := e.holder(id, s.NodeID)
		if copied := (Copy{Path: b.path, Bundle: true}); !slices.Contains(h.Copies, copied) {
			h.Copies = append(h.Copies, copied)
		}
		e.groupIDs.add(s.GroupID)
		e.bundle(b.path, h)
	}
}

// recordedSet is a set of shares that only public manifests name. If the record has its
// whole roster, the root key, the threshold and the holders are known.
func (a *Auditor) recordedSet(c claim) *epoch {
	e := &epoch{curve: c.curve, roster: c.roster}
	if a.o.Record == nil {
		return e
	}
	for _, g := range a.o.Record.Groups {
		if g.Curve.String() != c.curve || fmt.Sprintf("%x", g.RosterSHA256()) != c.roster {
			continue
		}
		e.root, e.threshold, e.recorded = g.RootKey, g.Threshold, true
		for _, p := range g.Participants {
			e.holder(p.ShareID, p.NodeID).PublicKey = share.KeyText(p.PublicKey)
		}
	}
	return e
}

// bundled are the holders whose shares of one set lie in one bundle.
type bundled struct {
	path     string
	shareIDs distinct
	nodes    []string
}

// bundle notes that a holder's share lies in a bundle. Bundles come one at a time.
func (e *epoch) bundle(path string, h *Holder) {
	if n := len(e.bundled); n == 0 || e.bundled[n-1].path != path {
		e.bundled = append(e.bundled, bundled{path: path})
	}
	b := &e.bundled[len(e.bundled)-1]
	if b.shareIDs.add(h.ShareID) {
		b.nodes = append(b.nodes, h.NodeID)
	}
}

func manifestID(s backup.PublicShare) (share.ID, error) {
	c, ok := curve.ByName(s.Curve)
	if !ok {
		return share.ID{}, backup.ErrDamaged
	}
	return share.NewID(c, s.ShareID)
}

// seat is where a broken file says that its share belongs. The root key may be
// unknown, in the file or in the epoch.
type seat struct{ curve, root, node string }

// anyRoot stands for every root key of a curve. No point has this encoding.
const anyRoot = "any"

// placeDamaged lists broken files where their shares should be: with the first holder
// who has the node ID, in an epoch of the file's own root key if that can be read.
func placeDamaged(all []*epoch, shares []*share.Sealed) {
	seats := map[seat]*Holder{}
	for _, e := range all {
		root := ""
		if e.root != nil {
			root = string(e.root.Bytes())
		}
		for i := range e.holders {
			h := &e.holders[i]
			for _, r := range []string{root, anyRoot} {
				if at := (seat{e.curve, r, h.NodeID}); seats[at] == nil {
					seats[at] = h
				}
			}
		}
	}
	for _, s := range shares {
		if s.Err() == nil {
			continue
		}
		c := s.Curve.String()
		h := seats[seat{c, anyRoot, s.NodeID}]
		if s.Group != nil {
			h = cmp.Or(seats[seat{c, string(s.Group.RootKey.Bytes()), s.NodeID}], seats[seat{c, "", s.NodeID}])
		}
		if h == nil {
			continue
		}
		if n := len(h.Damaged); n == 0 || h.Damaged[n-1] != s.Path { // files come one at a time
			h.Damaged = append(h.Damaged, s.Path)
		}
	}
}

// distinct is a list of texts, none of them empty or repeated.
type distinct struct {
	list []string
	seen map[string]bool
}

// add reports whether the text is new.
func (d *distinct) add(s string) bool {
	if s == "" || d.seen[s] {
		return false
	}
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	d.seen[s] = true
	d.list = append(d.list, s)
	return true
}
