package audit

import (
	"fmt"
	"slices"

	"lifeboat/backup"
	"lifeboat/share"
)

// What password derivation should cost today: OWASP Password Storage Cheat
// Sheet, section PBKDF2 (https://cheatsheetseries.owasp.org), for HMAC-SHA-1,
// HMAC-SHA-256 and HMAC-SHA-512. The shorter hashes of each family do the same work.
var guidance = map[string]int64{
	"SHA-1": 1_300_000, "SHA-224": 600_000, "SHA-256": 600_000,
	"SHA-384": 210_000, "SHA-512": 210_000, "SHA-512/224": 210_000, "SHA-512/256": 210_000,
}

const (
	minSalt = 16 // bytes; NIST SP 800-132, section 5.1
	// minWorkFactor is the scrypt cost that OWASP's Password Storage Cheat Sheet
	// asks for with r = 8 and p = 1, which is what age uses: N = 2^17.
	minWorkFactor = 17
	// maxWorkFactor is what the programs try without being asked.
	maxWorkFactor = 22
)

const sealAgain = "seal the file into a bundle with a strong identity (mpc-backup seal), or export the share again with a long password"

// password judges how a share file protects its share.
func (a *Auditor) password(path string, lock share.Lock) {
	k := lock.KDF()
	if k == nil || k.Hash == "" || k.Iterations < 1 {
		return // it is among the share's problems
	}
	if _, ok := lock.(*share.Unstretched); ok {
		a.find(Warning, "weak-kdf", path, sealAgain, "the password is not stretched at all, and has no salt: the key is its SHA-256, and a stolen file is opened by guessing")
		return
	}
	if want := guidance[k.Hash]; k.Iterations < want {
		a.find(Warning, "weak-kdf", path, sealAgain,
			"the password is stretched with %d iterations of %s-%s, and today's guidance (OWASP) is %d: a stolen file is %d times as easy to guess as it should be",
			k.Iterations, k.Name, k.Hash, want, max(2, want/k.Iterations))
	}
	if n := k.SaltSize; n < minSalt {
		a.find(Warning, "short-salt", path, sealAgain, "the salt of the password derivation has %d bytes, and should have at least %d (NIST SP 800-132)", n, minSalt)
	}
	if k.Iterations > share.MaxIterations {
		a.find(Note, "slow-kdf", path, "whoever opens it needs --max-iterations: write that down beside the file",
			"the password derivation takes %d iterations, more than the programs try without being asked", k.Iterations)
	}
}

// recipients judges to whom a bundle is sealed.
func (a *Auditor) recipients(path string, h *backup.Header) {
	for _, kind := range slices.Compact(slices.Sorted(slices.Values(h.Recipients))) {
		switch kind {
		case backup.Hybrid:
		case backup.Passphrase:
			if h.WorkFactor < minWorkFactor {
				a.find(Warning, "weak-passphrase-work", path, "seal the files again: mpc-backup seal uses a work factor of 18",
					"the bundle's passphrase is stretched with an scrypt work factor of %d, and today's guidance (OWASP) is %d", h.WorkFactor, minWorkFactor)
			}
			if h.WorkFactor > maxWorkFactor {
				a.find(Note, "slow-passphrase-work", path, "whoever opens it needs --max-work-factor, and the memory: write that down beside the file",
					"the bundle's scrypt work factor is %d: each try takes %d GiB of memory", h.WorkFactor, h.Memory()>>30)
			}
		case backup.X25519, backup.SSHEd25519, backup.SSHRSA:
			a.find(Note, "classic-recipient", path, "for a bundle that must stay closed for decades, seal again to a hybrid identity (mpc-backup keygen)",
				"the bundle is sealed to a classic recipient (%s): whoever keeps a copy could open it with a quantum computer, if there ever is one", kind)
		default:
			a.find(Warning, "unknown-recipient", path, "open it with the program that sealed it, and seal again to a recipient of mpc-backup keygen",
				"the bundle is sealed to a kind of recipient that this program does not know (%.40q)", fmt.Sprint(string(kind)))
		}
	}
}
