package share

import (
	"fmt"
	"strings"

	"lifeboat/derive"
	"lifeboat/internal/curve"
)

// Form names a vendor's form of share files. share/formats has all of them, and all
// there is to know about each.
type Form string

// Sealed is a share as a file holds it: still encrypted under its own password,
// with the public facts that the file gives about it. share/open opens it.
//
// Every field but Path, Form and Problems may be damaged: a share with Problems
// must not be used, except to salvage it against a root key that was recorded
// elsewhere. What could not be read is zero.
type Sealed struct {
	Path    string // the file
	Form    Form
	Version int

	Group     *Group // nil if any field of the group's description cannot be read
	Curve     curve.Curve
	Roster    []Participant // the entries of the group's participants that can be read
	NodeID    string
	ShareID   *ID
	PublicKey *curve.Point // share public key; nil if the form does not have it, too
	Lock      Lock

	Notes    []string // what else a person should know of the file: what in it is left out
	Problems []error  // in the order of the file; each wraps ErrFormat or ErrInconsistent
}

// Err returns nil if the share has no problems, and else the first of them.
func (s *Sealed) Err() error {
	if len(s.Problems) == 0 {
		return nil
	}
	return s.Problems[0]
}

// TestOnly reports whether the keys of the share's group are published.
func (s *Sealed) TestOnly() bool { return s.Group != nil && s.Group.TestOnly() }

// Wipe erases whatever of the share was not encrypted.
func (s *Sealed) Wipe() { s.Lock.Wipe() }

// Malformed notes a field that cannot be read.
func (s *Sealed) Malformed(field string, err error) {
	s.Problems = append(s.Problems, fmt.Errorf("%w: %s: %w", ErrFormat, field, err))
}

// CheckOwn checks the share's own entry in its group. err is what the group's Check
// said, which need not be asked for each of its shares.
func (s *Sealed) CheckOwn(err error) {
	if s.Group == nil || s.ShareID == nil {
		return
	}
	if err != nil {
		s.Problems = append(s.Problems, err)
	}
	var why string
	switch p := s.Group.Participant(*s.ShareID); {
	case p == nil:
		why = "its share ID is not among the participants"
	case p.NodeID != s.NodeID:
		why = fmt.Sprintf("share_info names node %q, and the participants have %q for this share ID", s.NodeID, p.NodeID)
	case s.PublicKey != nil && !sameKey(p.PublicKey, s.PublicKey):
		why = "share_info and the participants have different public keys for this share"
	default:
		return
	}
	s.Problems = append(s.Problems, fmt.Errorf("%w: %s", ErrInconsistent, why))
}

// Pin is what the user recorded elsewhere about shares whose format does not store
// it. Its zero value pins nothing.
type Pin struct {
	Threshold int           // 0 if not recorded
	Roots     []*derive.Key // root keys; extended ones carry the chain codes
}

// Complete gives a group without a chain code that of the recorded root key that is its
// own, with the key's tree. A bare key has neither.
func (p Pin) Complete(g *Group) {
	for _, root := range p.Roots {
		if !root.IsBare() && root.Agrees(g.Root()) {
			code := root.ChainCode()
			g.ChainCode, g.Tree = &code, root.Network().Tree
		}
	}
}

// testOnly are the words that mark a group whose keys are published.
const testOnly = "TEST ONLY"

// published are the root public keys of test vaults whose files do not have those
// words: the vendor's sample, those of forms that have no place for them, that of
// files as they were found, and those of other vendors' own test files.
var published = []string{
	"0290134e9094c855b2b3dff6ce1aa4d227b6c11caa8a5fa090161e119c18804491",
	"0026ed4caaff1f4623b09c84387db3e03d389af8551eb3cb74efa496871fd2b8a2",
	"0323a1595c53941e5790b164f978aeae99f5759d7301e2c2384d5dbc2f435b8b4a",
	"0322caa56e1313fe9508524c62f57ea3912c7816f96b65325bf5aa973a585b4425",
	"003383f3fa537ce87536286f116a93ad4ac1481a2a7a09a576fbd44d1690bbbca8",
	"0393263b8d3fab0cfe8cbf12ef3b906f19c7aaed2e816dddaca6fc3e2bfad6cb1f",
	"03c91021434868c7b6b077cc38494f5829fd9f19d0e1598dac023870015d55b080",
	"00ded5c6657fae3db4b3ae10ad5eaed9b7bcbf24570a04a58b498bf5e727b4e619",
	"021d84f3b6d7c6888f81c7cc381b658d85319f27e1ea9c93dff128667fb4b82ba0",
	"02e0bf609d7ced9c49e9f4c1d1df0142bb95eb622fa617a9f7280fa23b7f013dc6",
	"0050cfee85dabebed78f43e94a1b7afd13c20461ad66efa083779bdeffd22269d9",
	"03321ad97aea16624280b83e1c1b36bb9cb293cac84925fe5fcf956386cd063fec",
	"00701c977bd4d2038328dd8154c147f9d40225fc8e9fd98c010cc968ea8fabb362",
	"02c59a0ee41994e306ae9cccc0a51158ab4f08d39edb868f118ac539454ac675fb",
	"00c15018e3d7c9bb1501bc0516efc67b0d71991b3b8cd190f83d1dddc660c4401c",
	"038f1f31bf8cabeb89acd49dc2639d0cd780864168c359521b2922986fb7876981",
	"0025fc8ca714f05489e4f0c57ca7838f9aaa9e30a1b6d3a6003e81f783c73191e5",
	"03c56d3f66c72ad1f3526abcf798ff103b36cb478e7c85c8787630c3907a3c1d78",
	"00ee7e7024d28761033d3652290bc716c7150f6869727b16c77cbd25619f387441",
	"030a24277966562711032b6a7d80383e156b04d87a89beb676f6fbbd45069f49f5",
	"02b9586c29bac6b8defb5597c945addf1e232084fffb670334b2853754c9dcb20e",
	"007a17d7da66f8b8fec6da0ff0a8d8d03aa79fc5fcc21594a53ad2128bfeee5c15",
	"023e4ed582ef57fe97dbafd3de41e20cf18785666958da3678e04524461760f2b7",
	"03197301e26d381e9da0d309ab490512e61dcac6dcd69f09cf29f8342b3bf71fdd",
	"00369cdfc896403cc5d7abe0b92f5ab1b6d6cc01f92a8ac88ee2e23164f987b124",
	"00365ea0e5d6a14562a181e49d2271842cfc990b491d05339e74e5d7073c48d675",
	"035097c63aec0b9229217727db8f002d6be80a695754728b8fdf632907b8da413f",
	"0261554989db666b062fdc0fc2189cad992120a05545c8649e49ece99f9f8b0bec",
	"0377aab12518ad66562ab24f574255f6028a48fb428cfcbc24833aad480b3850e6",
	"00f0a8caadaaf2174cfe44a5765db0d5b6c1bc11c7a6483558d3b86fd4915010f8",
	"02ddd0a4e86ba7e265bb9b2825211a4eeaec18145f39e9223469f6b0e24c945019",
	"0316c54dc8f536450c3f0bbe014036dbc2b31c0c24c7409158f570fa024fc959ce",
	"035cfff4e0d21bc85ebc94f3cfcee087584d3013a273af6cd2a2be27badf4d2870",
	"0091530a0a537a270608e4133d23fdc1a76fa40aee642b1b94867d7378364300cd",
	"0253a4845118f01934e53b600ebfd201c457818b015f3b01752e36615cdb9d2605",
	"021eff63bb59908848fe69bd0ab7108cd558b6f2c500b754b5f0cefd3176ef955f",
	"003e7d84d26f567a46da5cbd283e948e66a48a010c28edc6b012bd61211077d596",
	"0267db81657a956f364167c3986a426b448a74ac0db2092f6665c4c202b37f6f1d",
	"00c6da2ad7b18728f6481d747a7335fd52a5eed82f3c3d95a51deed03399c5c0b6",
	"0333e3d4df9cc071be24fd6c995421036074a1a88e5d3e0bc211b7ef4330078d9b",
	"0020e368bf985efdc270500c6e9dc1159102323ff6eabab56f8fa9798e4ac0e2a9",
	"038585e28fb9dd07887c040002e824b4bf2ef0406ad58b20d50dcaa24ef936803b",
	"001ce1e20f16c581a7effc91b1f0a4bb5b7c3ced1f1c61607db0ae05bb0ad78c22",
	"0238dfb83b0f8e0b501135f759dd848288fb9d030518076a959072b414e6abbc4c",
}

func isTestOnly(id string) bool {
	return strings.Contains(strings.ToUpper(strings.NewReplacer("-", " ", "_", " ").Replace(id)), testOnly)
}
