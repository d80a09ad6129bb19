package audit

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"lifeboat/derive"
	"lifeboat/share"
	"lifeboat/share/verdict"
)

// judge makes the public form of an epoch.
func (a *Auditor) judge(e *epoch) Epoch {
	r := Epoch{
		Epoch: epochName(e.roster), SHA256: e.roster, GroupIDs: orEmpty(e.groupIDs.list), Created: orEmpty(e.created.list), Threshold: e.threshold,
		// Without a roster the epoch is a number that a file claims, not the fingerprint of its shares.
		Roster: e.set != nil, Recorded: e.set != nil && a.recordedEpoch(e.roster, epochDigits), Holders: e.holders, Sets: [][]string{},
	}
	a.sealed(e)
	r.Holders = e.holders
	var here, attested, shown []string // whose shares are known of, who attested, who showed that they can get it
	files, opened := 0, 0
	for i := range r.Holders {
		h := &r.Holders[i]
		a.openedBy(h)
		if len(h.Copies) > 0 {
			r.Present++
		}
		if h.Sealed != nil {
			r.Sealed++
			if h.Sealed.Live {
				r.Live++
			}
		}
		if h.Attested != nil {
			attested = append(attested, h.NodeID)
		}
		if h.shows() {
			shown = append(shown, h.NodeID)
		}
		if h.known() {
			here = append(here, h.NodeID)
		}
		if h.Here {
			files++
		}
		if h.Opens {
			opened++
		}
	}
	r.Attested = len(attested)
	r.Missing = max(0, r.Threshold-len(here))
	r.Here = r.Threshold > 0 && files >= r.Threshold
	// On a roster that files show, a sealed share whose identity lives is as good as an
	// attestation.
	proven := e.shown && r.Attested >= r.Threshold || e.set != nil && len(shown) >= r.Threshold
	r.Opens = proven && opened >= r.Threshold
	r.Yours = r.Recorded || proven && a.record(e) != nil
	for i := range r.Holders {
		h := &r.Holders[i]
		h.Yours = r.Yours && (h.shows() || r.Recorded && !h.sealedOnly())
	}
	there := ""
	if !r.Here {
		there = " or attested to"
	}
	switch {
	case r.Threshold == 0:
		r.Status = Unknown
		r.Verdict = fmt.Sprintf("Shares of %s lie in bundles, as their public manifests say. How many are needed, and for which key, is not public: add a share file or an attestation of this set.", names(here))
	case r.Missing > 0:
		r.Status = TooFew
		r.Verdict = fmt.Sprintf("Not recoverable with these files: %s of the %d needed shares %s here (%s).", number(len(here)), r.Threshold, isAre(len(here)), names(here))
		if len(here) == 0 {
			r.Verdict = fmt.Sprintf("Not recoverable with these files: none of the %d needed shares is here.", r.Threshold)
		}
		switch rest := r.absent(); {
		case len(rest) == r.Missing:
			r.Verdict += fmt.Sprintf(" Missing: %s.", names(rest))
		case len(rest) > 0:
			r.Verdict += fmt.Sprintf(" Missing: %s of %s.", number(r.Missing), names(rest))
		}
	case proven && a.foreign(e):
		r.Status = Present
		r.Verdict = fmt.Sprintf("Not of a recorded root key: %s attested that they hold the shares of another one.", names(shown))
	case proven && r.Attested < r.Threshold:
		r.Status = Recoverable
		r.Verdict = fmt.Sprintf("Recoverable by %s: proofs that check show that their shares are sealed to identities which answered your challenges, or they attested to one, and the share public keys combine to the root key.", r.who(shown))
	case proven:
		r.Status = Recoverable
		r.Verdict = fmt.Sprintf("Recoverable by %s: they attested to your challenge that they hold their shares, and the share public keys combine to the root key.", r.who(attested))
	case r.Sealed >= r.Threshold && a.foreign(e):
		r.Status = Present
		r.Verdict = "Not of a recorded root key: enough shares of another one are sealed, as proofs show."
	case r.Sealed >= r.Threshold:
		r.Status = SealedVerified
		r.Verdict = fmt.Sprintf("Sealed, verified: enough shares are here, those of %s, and of %d of them proofs that check show to whom they are sealed. That those identities still exist was not shown: challenge them.", r.who(here), r.Sealed)
	case r.Recorded:
		r.Status = Present
		r.Verdict = fmt.Sprintf("Present%s, of the recorded epoch: enough shares, those of %s. Whether they open was not tried.", there, r.who(here))
	default:
		r.Status = Present
		r.Verdict = fmt.Sprintf("Enough shares are present%s, those of %s: whether they open, and are what the files say, is not shown.", there, r.who(here))
	}
	return r
}

// openedBy notes which of a holder's files are here and were shown to open. Whoever
// attests with another file holds the share, and says nothing of those.
func (a *Auditor) openedBy(h *Holder) {
	h.Here = h.Sealed != nil || len(h.Copies) > 0
	h.Opens = h.Sealed != nil && h.Sealed.Live
	for i := range h.Copies {
		c := &h.Copies[i]
		c.Opened = h.opened[a.sum(c.Path)]
		h.Opens = h.Opens || c.Opened
	}
	if h.Attested == nil || h.Opens || h.Sealed != nil {
		return
	}
	for _, c := range h.Copies {
		a.find(Warning, "attested-elsewhere", c.Path, "have the holder attest with a copy of the file that lies here (mpc-backup attest)",
			"node %.70q attested with another file than those here: the holder has the share, and that it can be had from these is not shown", h.NodeID)
	}
}

// sum is the SHA-256 of a file, or of the archive that it lies in.
func (a *Auditor) sum(path string) string {
	if hash, ok := a.sums[path]; ok {
		return hash
	}
	path, _, _ = strings.Cut(path, archived)
	return a.sums[path]
}

// recordedEpoch reports whether a roster has a recorded epoch of at least that many digits.
func (a *Auditor) recordedEpoch(roster string, digits int) bool {
	return slices.ContainsFunc(a.o.Epochs, func(epoch string) bool { return len(epoch) >= digits && sameRoster(epoch, roster) })
}

// agreesWithRecord reports whether the attestations or public manifests of an epoch
// without share files agree with a roster of the record.
func (a *Auditor) agreesWithRecord(e *epoch) bool {
	if a.o.Record == nil || e.set != nil || len(e.attested) == 0 {
		return e.recorded
	}
	return slices.ContainsFunc(a.o.Record.Groups, func(g *share.Group) bool {
		roster := NewRoster(g)
		return !slices.ContainsFunc(e.attested, func(s attested) bool { return roster.Check(s.Statement) != nil })
	})
}

// foreign reports whether root keys were recorded, on the curve of an epoch or in a
// record, which has all of them, and the epoch's own is not one of them.
func (a *Auditor) foreign(e *epoch) bool {
	return a.record(e) == nil && (a.o.Record != nil || slices.ContainsFunc(a.o.Roots, func(r *derive.Key) bool { return r.Curve().String() == e.curve }))
}

// here counts the holders whose shares are here, or who attested.
func (r *Epoch) here() int { return len(r.Holders) - len(r.absent()) }

// absent lists whose shares are nowhere.
func (r *Epoch) absent() []string {
	var list []string
	for _, h := range r.Holders {
		if !h.known() {
			list = append(list, h.NodeID)
		}
	}
	return list
}

// who fills in the sets of holders that reach the threshold, and says it in words.
func (r *Epoch) who(here []string) string {
	r.Sets, r.MoreSets = verdict.Subsets(here, r.Threshold)
	switch {
	case len(here) == r.Threshold && r.Threshold == 2:
		return fmt.Sprintf("%s together", names(here))
	case len(here) == r.Threshold:
		return fmt.Sprintf("all of %s together", names(here))
	}
	return fmt.Sprintf("any %d of %s", r.Threshold, names(here))
}

// vaults groups the epochs by root key, and adds recorded root keys of which
// nothing was found.
func (a *Auditor) vaults() []Vault {
	type building struct {
		Vault
		epochs []*epoch
	}
	var all []*building
	by := map[string]*building{}
	for _, e := range a.epochs() {
		key := e.curve + " ? " + e.roster
		if e.root != nil {
			key = e.curve + " " + hex.EncodeToString(e.root.Bytes())
		}
		b := by[key]
		if b == nil {
			b = &building{Vault: Vault{Curve: e.curve}}
			by[key], all = b, append(all, b)
		}
		b.epochs = append(b.epochs, e)
		if root := a.root(e); root != nil && b.Root == "" {
			b.Root = root.Extended()
		}
		if e.root != nil {
			b.RootKey = hex.EncodeToString(e.root.Bytes())
			b.Recorded = b.Recorded || a.record(e) != nil
		}
		b.TestOnly = b.TestOnly || e.set != nil && e.set.Group.TestOnly()
	}
	vaults := []Vault{}
	for _, b := range all {
		for _, e := range b.epochs {
			b.Epochs = append(b.Epochs, a.judge(e))
		}
		slices.SortStableFunc(b.Epochs, func(x, y Epoch) int {
			return cmp.Or(cmp.Compare(x.Status.rank(), y.Status.rank()), slices.Compare(y.Created, x.Created), cmp.Compare(x.Epoch, y.Epoch))
		})
		b.Status, b.Verdict = b.Epochs[0].Status, b.Epochs[0].Verdict
		vaults = append(vaults, b.Vault)
		a.judgeVault(&b.Vault, b.epochs)
	}
	for _, r := range a.o.Roots {
		if !slices.ContainsFunc(vaults, func(v Vault) bool {
			return v.Curve == r.Curve().String() && v.RootKey == hex.EncodeToString(r.Point().Bytes())
		}) {
			v := Vault{Curve: r.Curve().String(), Root: r.Extended(), RootKey: hex.EncodeToString(r.Point().Bytes()), Recorded: true, Status: Absent, Epochs: []Epoch{},
				Verdict: "Not recoverable with these files: nothing here belongs to this root key."}
			do := "find the backups of this vault; strike the key from your records only if the vault was given up"
			if path := a.unseen(); path != "" {
				v.Verdict = fmt.Sprintf("Nothing here is known to belong to this root key, and %q could not be looked into.", path)
				do = "open what could not be looked into (mpc-backup verify), or mend it: it may be the backup of this vault"
			}
			a.find(Error, "no-backup", v.name(), do, "no share, bundle or attestation of the recorded root key is here, as far as can be seen")
			vaults = append(vaults, v)
		}
	}
	slices.SortStableFunc(vaults, func(x, y Vault) int {
		return cmp.Or(-cmp.Compare(x.Curve, y.Curve), cmp.Compare(x.Root, y.Root))
	})
	return vaults
}

// unseen returns the first file that may hold a share and does not show of which vault.
func (a *Auditor) unseen() string {
	for _, f := range a.files {
		if f.Closed || f.Kind == Unread {
			return f.Path
		}
	}
	for _, s := range a.shares {
		if s.Group == nil {
			return s.Path
		}
	}
	return a.unseenBundle()
}

// unseenBundle returns the first bundle of which no public manifest lists a share.
func (a *Auditor) unseenBundle() string {
	for _, b := range a.bundles {
		if b.manifest == nil || len(b.manifest.Shares) == 0 {
			return b.path
		}
	}
	return ""
}

// root returns the root key of an epoch; without a chain code in its files, the
// recorded one.
func (a *Auditor) root(e *epoch) *derive.Key {
	if e.set != nil && !e.set.Group.Root().IsBare() {
		return e.set.Group.Root()
	}
	return a.record(e)
}

// record returns the recorded root key of an epoch, or nil.
func (a *Auditor) record(e *epoch) *derive.Key {
	for _, r := range a.o.Roots {
		if e.root != nil && r.Curve() == e.root.Curve() && r.Point().Equal(e.root) {
			return r
		}
	}
	return nil
}

// judgeVault notes findings about a vault as a whole.
func (a *Auditor) judgeVault(v *Vault, epochs []*epoch) {
	name := v.name()
	if v.TestOnly {
		a.find(Warning, "test-only", name, "never send anything of value to it", "it is a test vault: its keys are published")
	}
	a.judgeRecords(v, epochs, name)
	best := &v.Epochs[0]
	lacking := !best.Status.Enough() && slices.ContainsFunc(groups(epochs), func(g *share.Group) bool { return len(g.Absent) > 0 })
	switch best.Status {
	case TooFew:
		text := best.Verdict
		do := "find the missing files, or ask their holders to attest; if they are lost, make a new set while enough shares remain"
		if enoughAcross(v) {
			text += " Shares of other epochs are here too, and shares of two epochs never give the key together."
			do = "find files of one and the same epoch"
		}
		if lacking {
			do = "the file is not complete: take another copy of it, or have its vendor's program make the backup again"
		}
		a.find(Error, "too-few-shares", name, do, "%s", text)
	case Unknown:
		a.find(Warning, "unknown-vault", name, "put a share file of this set, or an attestation, beside the bundles and audit again", "%s", best.Verdict)
	case Present:
		a.find(Note, "not-opened", name, "have each holder run mpc-backup verify, or attest, and audit again with the attestations",
			"enough shares are present, but none was opened; a roster that is consistent in itself proves nothing")
	}
	switch n := len(best.Holders); {
	case lacking: // which says more
	case best.Roster && best.Threshold == n && best.InOneFile(): // that it has the key is said of the file
	case best.Roster && best.Threshold == n:
		a.find(Warning, "all-needed", name, "find out who holds each share: if the provider holds one, plan for a set with a spare (mpc-recover reshare; for another vendor's vault its own program, or a new vault to which the money moves)",
			"all %d shares are needed, so the loss of one loses the key; if the custody provider holds one of them, the key cannot be recovered without the provider", n)
	case best.Status.Enough() && best.here() == best.Threshold:
		a.find(Note, "no-spare", name, "know where the other shares are", "exactly as many shares are here, or attested to, as are needed: with one of them lost, those that are not here would be needed")
	}
	if best.Status == Recoverable && !best.Here {
		a.find(Note, "files-elsewhere", name, "audit the files, too: copies of the share files, or the bundles with their public manifests",
			"holders hold enough shares, and files with enough of them are not here: where they lie, and whether there are copies, is not shown")
	}
	for _, e := range v.Epochs[1:] {
		do := "old shares stay as powerful as new ones: destroy every copy and bundle of the set that is not used any more, once each holder has re-opened the new one"
		more := "fewer than give the key"
		if e.Status.Enough() {
			more = "enough to give the key"
		}
		a.find(Warning, "several-epochs", name, do, "there is another set of shares, epoch %s%s: %s of its shares %s here, %s. Which set is in use, no file says",
			e.Epoch, created(&e), number(e.Present), isAre(e.Present), more)
	}
	for _, e := range epochs {
		a.judgeEpoch(e, name)
	}
}

// judgeRecords compares a vault with what the auditor recorded.
func (a *Auditor) judgeRecords(v *Vault, epochs []*epoch, name string) {
	switch {
	case v.RootKey == "" || v.Recorded:
	case a.foreign(epochs[0]):
		a.find(Warning, "not-recorded", name, "find out which vault it belongs to; if that is yours, record its root key", "it is not among the recorded root keys")
	default:
		a.find(Note, "root-not-recorded", name, "record the root key when the vault is made, apart from the backups, and give it with --xpub",
			"no recorded root key was given: the files may agree with each other and be of another vault")
	}
	switch {
	case len(a.o.Epochs) == 0 || slices.ContainsFunc(v.Epochs, func(e Epoch) bool { return e.Recorded }):
	case slices.ContainsFunc(epochs, func(e *epoch) bool { return e.set != nil && a.recordedEpoch(e.roster, oldDigits) }):
		a.find(Warning, "epoch-short", name, "compare the roster with a full record of it, or with another holder's file, and record the epoch that inspect shows now",
			"one of its epochs begins like a recorded one of %d digits, and a forged one can do so too", oldDigits)
	case slices.ContainsFunc(epochs, a.agreesWithRecord):
	default:
		a.find(Warning, "epoch-not-recorded", name, "find out who made a new set of shares, and when", "none of its epochs is a recorded one")
	}
	if len(verdict.Roots(a.o.Roots).Uncompared(share.Roots(groups(epochs)))) > 0 {
		a.find(Note, "chain-code-not-recorded", name, "record the root extended public key, on whose chain code all addresses depend",
			"the recorded root key is a bare public key, so the chain code of the files was compared with nothing")
	}
	for i, e := range epochs {
		for _, r := range a.o.Roots {
			if root := a.root(e); root != nil && e.root.Equal(r.Point()) && !root.Agrees(r) {
				a.find(Error, "chain-code-differs", name, "look for files with the recorded chain code: with another one, no address can be found again",
					"%q has another chain code than the recorded root extended public key", e.set.Sealed[0].Path)
			}
		}
		for _, o := range epochs[:i] {
			if e.set == nil || o.set == nil {
				continue
			}
			if ec, oc := e.set.Group.ChainCode, o.set.Group.ChainCode; ec != nil && oc != nil && *ec != *oc {
				a.find(Error, "chain-code-differs", name, "compare both with the recorded root extended public key; the one that differs is damaged or forged",
					"%q has another chain code than %q, so that every address would differ", e.set.Sealed[0].Path, o.set.Sealed[0].Path)
			}
		}
	}
}

// groups returns what share files say of the epochs.
func groups(epochs []*epoch) (list []*share.Group) {
	for _, e := range epochs {
		if e.set != nil {
			list = append(list, e.set.Group)
		}
	}
	return list
}

// judgeEpoch looks at which shares of one set are kept together.
func (a *Auditor) judgeEpoch(e *epoch, name string) {
	clear := 0
	for _, h := range e.holders {
		if slices.ContainsFunc(h.Copies, func(c Copy) bool { return c.Clear }) {
			clear++
		}
	}
	if e.threshold > 0 && clear >= e.threshold {
		a.find(Error, "key-in-clear", name, "seal each share to its own holder, destroy the copies, and make a new set if anybody may have seen them",
			"%d shares lie here in the clear, or beside their password, and %d give the key: whoever can read these files has the key", clear, e.threshold)
	}
	for _, b := range e.bundled {
		if n := len(b.nodes); n > 1 {
			what := "has more than one share"
			if e.threshold > 0 && n >= e.threshold {
				what = "has the key"
			}
			a.find(Warning, "shares-together", b.path, "seal each holder's share alone, to that holder", "one bundle holds the shares of %s of one set, so whoever opens it %s", names(b.nodes), what)
		}
	}
}

// enoughAcross reports whether the shares of all epochs together would be enough.
func enoughAcross(v *Vault) bool {
	n := 0
	for _, e := range v.Epochs {
		n += e.Present
	}
	return len(v.Epochs) > 1 && n >= v.Epochs[0].Threshold
}

// matchManifests finds the public manifest of each bundle, beside it or, if it
// was renamed, by its hash.
func (a *Auditor) matchManifests() {
	used := map[*manifestFile]bool{}
	for _, b := range a.bundles {
		if a.expected[b.path+expectSuffix] {
			a.files[slices.IndexFunc(a.files, func(f File) bool { return f.Path == b.path })].Kind = ChallengeFile
			continue
		}
		a.recipients(b.path, b.header)
		for _, m := range a.manifests {
			beside := m.path == b.path+manifestSuffix
			err := m.manifest.CheckHeader(b.header)
			if err == nil && (b.manifest == nil || beside) {
				b.manifest = m.manifest
			}
			if err == nil || beside {
				used[m] = true
			}
			if err != nil && beside {
				a.find(Error, "manifest-mismatch", b.path, "take another copy of the bundle, and of what lies beside it", "the bundle is not the one that its public manifest describes: %v", err)
			}
		}
		if b.manifest == nil {
			a.find(Warning, "no-manifest", b.path, "put the public manifest beside the bundle, or have its owner run mpc-backup verify", "no public manifest says what the bundle holds, so it counts for nothing here")
			a.Skip("what bundle %q holds", b.path)
		} else if len(b.manifest.Shares) == 0 {
			a.Skip("bundle %q: its public manifest lists no share; one in a file that is encrypted as a whole shows only when it is open", b.path)
		}
	}
	for _, m := range a.manifests {
		if !used[m] {
			a.find(Warning, "bundle-missing", m.path, "find the bundle, or remove the manifest", "the bundle that this manifest describes is not here (SHA-256 %s), so its shares are not counted", m.manifest.SHA256)
		}
	}
}
