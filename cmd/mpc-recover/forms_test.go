package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/story"
)

// foreign is a vault of another vendor's, and what the verbs make of it.
type foreign struct {
	vault, form    string
	files, secrets string
	holder         string // one of them
	audit          string // exit status and what is found
	verify         string // exit status: 0 if its shares can be proven one by one
	closed         bool   // it shows nothing before it is open
	group          int    // of expected.json
	chain, path    string
	address        string
}

var foreignVaults = []foreign{
	{"fireblocks", "fireblocks", "backup.zip", "--secret rsa-key=rsa-key --secret mobile-passphrase=mobile-passphrase", "mobile",
		"0 whole-key", "1", false, 1, "SOL", "m/44/501/0/0/0", "E71ySLo1YcZ4vPH7auYbctnskiLbovqnFopu1TSQK6oJ"},
	{"bitgo-eddsa", "bitgo-keycard", "card.json", "--secret keycard-password=keycard-password", "user",
		"0 whole-key", "0", false, 0, "SOL", "m/0", "5EM6Q6k6Ge6TgYuyWiRezHn7EB4C86p84Q2SE3We9UdV"},
	{"bitgo-text-dkls", "bitgo-keycard", "a.txt b.txt", "--secret keycard-password=keycard-password", "user",
		"3 nothing-found", "0", true, 0, "ETH", "m/0", "0xb919A52CA597127164417B4Ab8C86207F2A75091"},
	{"ers-additive", "recovery-kit", "recovery_data.json", "--secret rsa-key=rsa-key", "part-1",
		"0 whole-key", "0", false, 0, "ETH", "m/44/60/0/0/0", "0xD4ff9Bb7ff0A7ca21A976b7D3c6c461957e8C528"},
	{"ers-shamir", "recovery-kit", "recovery_data.json", "--secret rsa-key=rsa-key --secret rsa-passphrase=rsa-passphrase", "part-1",
		"0 whole-key", "0", false, 0, "SOL", "m", "AnHZH1RhBeZMw2aRUDogPxQTxAPrjhc4TFAggrcjum24"},
	{"vultisig-gg20", "vultisig", "part1of3.vult part3of3.vult", "", "'iPhone TEST-1'",
		"3 key-in-clear", "0", false, 0, "ETH", "m/44/60/0/0/0", "0xEe61Ee446D54937e33C45B8Ce1beA8D7a473083a"},
	{"vultisig-dkls", "vultisig", "part1of3.vult part2of3.vult", "", "'iPhone TEST-1'",
		"3 key-in-clear", "1", false, 1, "SOL", "m", "EzCFEMzNu5v7W4w5bBUg6bDLeReSdrnWEBumXGca4DF4"},
	{"vultisig-unstretched", "vultisig", "part2of3.vult part3of3.vult", "--passphrase-file password --passphrase-file password", "'iPhone TEST-1'",
		"3 nothing-found", "0", true, 0, "ETH", "m/44/60/0/0/0", "0x7B5e95B3098cBeC4d88b6030F67d9aabF00bacE4"},
}

// transfers are what is moved out of a vault, by the chain.
var transfers = map[string]struct{ to, make string }{
	"ETH": {"0x3535353535353535353535353535353535353535", "--amount 1.5 --number nonce=5 --number gas=21000 --number max-price=30 --number tip=1"},
	"SOL": {"GmaDrppBC7P5ARKV8g3djiwP89vz1jLK23V2GBjuAEGB", "--amount 1.5 --number block-hash=92CudvFbL7Tyw2RkWC7NU1ehdNBSjy8FEG1TsJaN8wgz"},
}

const foreignStory = `
vendor {vault}

# What it is shows without a secret, and so do its addresses, unless it is closed.
exits 0 mpc-backup inspect {files}
stdout ': {form}$'
exits {audit} mpc-backup audit {files} --date 2026-11-29
stdout '{finding}'
exits 0 mpc-derive address {public} --chain {chain} --path {path}
stdout '^{path}  {chain} default  {address}$'
exits 0 mpc-derive find {public} {address} -o book.csv
stdout '^{address}  {chain} default  {path}$'
exits 0 mpc-derive watch --xpub {root} --addresses book.csv -o watch
grep {address} watch/{chain}.txt

# Sealed, opened and sealed to somebody else, it is the same.
exits 0 mpc-backup keygen -o id --classic
exits 0 mpc-backup keygen -o other --classic
exits 0 mpc-backup seal {files} -R id.pub -o b.age
exits 0 mpc-backup open b.age -i id -o opened
cmp opened/{first} {first}
exits 0 mpc-backup rewrap b.age -i id -R other.pub -o r.age
exits 0 mpc-backup open r.age -i other -o again
cmp again/{first} {first}

# Its shares are right, alone or combined.
exits {verify} mpc-backup verify {files} {secrets} {roots}
exits 0 mpc-recover key {files} {secrets} {roots} --check-only

# It gives the key, and signs.
exits 0 mpc-recover key {files} {secrets} {roots} --addresses book.csv --root --plaintext -o keys
secret keys
checkroot keys/root.json {vault}
grep {address} keys/keys.csv
exits 0 mpc-derive make {chain} --from {address} --to {to} {make} -o unsigned
exits 0 mpc-derive review unsigned --xpub {root} --path {path} --chain {chain} --to {to} {short} --json
readvar CODE stdout review_code
exits 0 mpc-recover sign {files} {secrets} --tx unsigned {roots} --path {path} --chain {chain} --to {to} {short} --expect $CODE -o signed
stdout '^signed and verified: 1 transaction'

# Nobody's program would read new shares of it, so there are none.
exits 4 mpc-recover repair {files} {secrets} --lost {holder} {roots} -o out
stderr '{form}: no new shares are made for a vault of this form'
exits 4 mpc-recover reshare {files} {secrets} --party a --party b --threshold 2 {roots} -o out
stderr '{form}: no new shares are made for a vault of this form'
exits 4 mpc-recover ceremony plan out {files} --party a --party b --threshold 2 --signer {holder} --reason rotation {roots}
stderr '{form}: no new shares are made for a vault of this form'
! exists out
`

// Every verb knows every form.
func TestForeignVaults(t *testing.T) {
	dir := t.TempDir()
	for _, f := range foreignVaults {
		var keys []string
		for _, e := range fixtures.LoadVendor(f.vault).Expected.Groups {
			keys = append(keys, e.RootXpub)
		}
		audit, finding, _ := strings.Cut(f.audit, " ")
		first, _, _ := strings.Cut(f.files, " ")
		public, short := first, ""
		if f.closed || f.form == "recovery-kit" && f.chain == "ETH" {
			public = keys[f.group]
		}
		if f.chain == "SOL" {
			short = "--short-lived"
		}
		text := strings.NewReplacer("{vault}", f.vault, "{form}", f.form, "{files}", f.files, "{first}", first, "{secrets}", f.secrets,
			"{holder}", f.holder, "{audit}", audit, "{finding}", finding, "{verify}", f.verify, "{root}", keys[f.group], "{roots}", "--xpub "+strings.Join(keys, " --xpub "), "{public}", public,
			"{chain}", f.chain, "{path}", f.path, "{address}", f.address, "{short}", short,
			"{to}", transfers[f.chain].to, "{make}", transfers[f.chain].make).Replace(foreignStory)
		if err := os.WriteFile(filepath.Join(dir, f.vault+".txt"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	story.Run(t, dir)
}
