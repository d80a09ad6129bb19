package verdict_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"lifeboat/derive"
	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

var errClosed = errors.New("wrong password")

// give makes files with their shares on secp256k1, opened, but for tss-lib's on
// either curve. A letter after the number of the file says what is wrong with it:
//
//	p  the share does not open
//	c  the share contradicts itself
//	f  a field of the share cannot be read, and so nothing but its curve
//	n  as f, and the node ID can be read
//	x  the file cannot be read
//	y  the file contradicts itself as a whole
//	z  the file contradicts itself, and its share opens
//	u  nobody came to open the share, which contradicts itself
func give(t *testing.T, names string) []*verdict.File {
	t.Helper()
	var files []*verdict.File
	for name := range strings.FieldsSeq(names) {
		base, wrong := name[:len(name)-1], name[len(name)-1]
		if wrong < 'a' {
			base, wrong = name, 0
		}
		f := &verdict.File{Path: name}
		files = append(files, f)
		switch wrong {
		case 'x':
			f.Err = errors.New("no such file")
			continue
		case 'y', 'z':
			f.Err = fmt.Errorf("%w: two groups", share.ErrInconsistent)
			if wrong == 'y' {
				continue
			}
		}
		for _, s := range load(t, base) {
			if s.Curve != curve.Secp256k1 && !s.Lock.InClear() {
				continue
			}
			s.Path = name
			f.Add(s)
			sh := f.Shares[len(f.Shares)-1]
			switch wrong {
			case 'p':
				sh.Failed(verdict.Unopened, errClosed)
			case 'c', 'u':
				s.Problems = []error{fmt.Errorf("%w: two thresholds", share.ErrInconsistent)}
			case 'f', 'n':
				s.Problems = []error{fmt.Errorf("%w: chaincode", share.ErrFormat)}
				s.Group, s.ShareID, s.Roster = nil, nil, nil
				if wrong == 'f' {
					s.NodeID = ""
				}
			default:
				sh.Opened(s.PublicKey)
			}
			if err := s.Err(); err != nil && wrong != 'u' {
				sh.Failed(verdict.StatusOf(err), err)
			}
		}
	}
	return files
}

// root returns the root key of a vault on secp256k1.
func root(t *testing.T, vault string) *derive.Key {
	t.Helper()
	for _, g := range fixtures.Load(vault).Expected.Groups {
		if k, err := derive.Parse(g.RootXpub); err == nil && k.Curve() == curve.Secp256k1 {
			return k
		}
	}
	t.Fatalf("%s has none", vault)
	return nil
}

func asked(t *testing.T, group string, recorded ...string) verdict.Asked {
	a := verdict.Asked{}
	if group != "" {
		a.Group = "TEST ONLY 2of3 secp256k1 " + group
	}
	for _, vault := range recorded {
		a.Roots = append(a.Roots, root(t, vault))
	}
	return a
}

// draw writes a judgement in a line. Sets that do not count are in parentheses.
func draw(j *verdict.Judgement) string {
	var all []string
	list := func(shares []*verdict.Share) string {
		var out []string
		for _, s := range shares {
			out = append(out, fmt.Sprintf("%s %s", s.File.Path, s.Status))
		}
		return strings.Join(out, ", ")
	}
	for _, s := range j.Sets {
		text := fmt.Sprintf("%d of %d: %s", len(s.Good), s.Group.Threshold, list(s.Given))
		if !s.Wanted {
			text = "(" + text + ")"
		}
		all = append(all, text)
	}
	if len(j.Stray) > 0 {
		all = append(all, "stray: "+list(j.Stray))
	}
	return strings.Join(all, "; ")
}

// told writes an error of a judgement in a few words.
func told(err error) string {
	var few *verdict.TooFewError
	var nothing *verdict.NothingError
	var bad *verdict.BadFilesError
	var vaults *verdict.VaultsError
	switch {
	case err == nil:
		return ""
	case errors.As(err, &few):
		var all []string
		for _, s := range few.Short {
			all = append(all, fmt.Sprintf("%d of %d", s.Have, s.Group.Threshold))
		}
		text := "too few: " + strings.Join(all, ", ")
		if !few.Certain() {
			text += " as far as is known"
		}
		return text
	case errors.As(err, &vaults):
		var all []string
		for _, v := range vaults.Vaults {
			all = append(all, strings.Join(v.Paths, " "))
		}
		return fmt.Sprintf("%d vaults: %s", len(all), strings.Join(all, ", "))
	case errors.As(err, &nothing):
		text := "nothing"
		if nothing.Curve != 0 {
			text += fmt.Sprintf(" on %v", nothing.Curve)
		}
		if nothing.Contradicting {
			text += ", and a contradiction"
		}
		return text
	case errors.As(err, &bad):
		var all []string
		for _, f := range bad.Files {
			all = append(all, f.Path)
		}
		text := "bad: " + strings.Join(all, " ")
		if bad.Contradicting() {
			text += ", contradicting"
		}
		return text
	}
	return err.Error()
}

func TestJudge(t *testing.T) {
	for _, tc := range []struct {
		given, group, recorded string
		want                   string
		enough                 string
		all                    string // AllGood, if Enough is nil
	}{
		// Enough, and everything in order.
		{given: "2of3/1 2of3/2", want: "2 of 2: 2of3/1 good, 2of3/2 good"},
		{given: "2of3/3 2of3/1 2of3/2", want: "3 of 2: 2of3/3 good, 2of3/1 good, 2of3/2 good"},
		{given: "3of5/5 3of5/1 3of5/3", want: "3 of 3: 3of5/5 good, 3of5/1 good, 3of5/3 good"},
		{given: "tsslib-ecdsa/1 tsslib-ecdsa/3", want: "2 of 2: tsslib-ecdsa/1 good, tsslib-ecdsa/3 good"},

		// One copy too many counts once, and harms nothing.
		{given: "2of3/1 2of3/1 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/1 duplicate, 2of3/3 good"},
		{given: "2of3/1 2of3/1", want: "1 of 2: 2of3/1 good, 2of3/1 duplicate", enough: "too few: 1 of 2"},

		// Best subset: enough without the bad one, which is named.
		{given: "2of3/1 2of3/2p 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/2p unopened, 2of3/3 good", all: "bad: 2of3/2p, contradicting"},
		{given: "2of3/1 2of3/2c 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good, 2of3/2c inconsistent", all: "bad: 2of3/2c, contradicting"},
		{given: "2of3/1 2of3/2u 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good, 2of3/2u inconsistent", all: "bad: 2of3/2u, contradicting"},
		{given: "2of3/1 2of3/2n 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good, 2of3/2n unreadable", all: "bad: 2of3/2n, contradicting"},
		{given: "2of3/1 2of3/2f 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good, 2of3/2f unreadable", all: "bad: 2of3/2f, contradicting"},
		{given: "2of3/1 2of3/2x 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good", all: "bad: 2of3/2x"},
		{given: "2of3/1 2of3/2y 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good", all: "bad: 2of3/2y, contradicting"},
		{given: "3of5/1 3of5/2p 3of5/3c 3of5/4 3of5/5", want: "3 of 3: 3of5/1 good, 3of5/2p unopened, 3of5/4 good, 3of5/5 good, 3of5/3c inconsistent", all: "bad: 3of5/2p 3of5/3c, contradicting"},

		// A remainder of another epoch or vault beside enough shares of one.
		{given: "2of3/1 other-epoch/2 2of3/3", want: "2 of 2: 2of3/1 good, 2of3/3 good; (1 of 2: other-epoch/2 elsewhere)", all: "bad: other-epoch/2, contradicting"},
		{given: "other-epoch-same-ids/2 2of3/1 2of3/3", want: "(1 of 2: other-epoch-same-ids/2 elsewhere); 2 of 2: 2of3/1 good, 2of3/3 good", all: "bad: other-epoch-same-ids/2, contradicting"},

		// Another vault is no remainder: one of the two may be made up.
		{given: "2of3/1 other-group/2 2of3/3", want: "", enough: "2 vaults: 2of3/1 2of3/3, other-group/2"},
		{given: "other-group/1 other-group/2 2of3/1 2of3/3", want: "", enough: "2 vaults: other-group/1 other-group/2, 2of3/1 2of3/3"},
		{given: "2of3/1 2of3/3 other-group/2p", want: "", enough: "2 vaults: 2of3/1 2of3/3, other-group/2p"}, // which may be the honest one, mistyped
		{given: "2of3/1 2of3/3 other-group/2p", recorded: "2of3", want: "2 of 2: 2of3/1 good, 2of3/3 good; (0 of 2: other-group/2p unopened)", all: "bad: other-group/2p, contradicting"},
		{given: "2of3/1 2of3/3 other-group/2c other-group/1f other-group/3x", want: "2 of 2: 2of3/1 good, 2of3/3 good, other-group/2c inconsistent, other-group/1f unreadable", all: "bad: other-group/2c other-group/1f other-group/3x, contradicting"},
		{given: "other-group/1 other-group/3 2of3/1p 2of3/2p", want: "", enough: "2 vaults: other-group/1 other-group/3, 2of3/1p 2of3/2p"},
		{given: "other-group/1p 2of3/2p", want: "", enough: "2 vaults: other-group/1p, 2of3/2p"},
		{given: "2of3/1 other-group/2 2of3/3", recorded: "2of3", want: "2 of 2: 2of3/1 good, 2of3/3 good; (1 of 2: other-group/2 elsewhere)", all: "bad: other-group/2, contradicting"},
		{given: "2of3/1 2of3/3 tsslib-eddsa/1", want: "2 of 2: 2of3/1 good, 2of3/3 good; 1 of 2: tsslib-eddsa/1 good", enough: "too few: 1 of 2"}, // another curve is another key
		{given: "2of3/1 other-epoch/1 2of3/2 other-epoch/2", want: "2 of 2: 2of3/1 good, 2of3/2 good; 2 of 2: other-epoch/1 good, other-epoch/2 good"},

		// Too few, for certain or as far as is known.
		{given: "2of3/1", want: "1 of 2: 2of3/1 good", enough: "too few: 1 of 2"},
		{given: "2of3/1 2of3/2p", want: "1 of 2: 2of3/1 good, 2of3/2p unopened", enough: "too few: 1 of 2 as far as is known"},
		{given: "2of3/1p 2of3/2p", want: "0 of 2: 2of3/1p unopened, 2of3/2p unopened", enough: "too few: 0 of 2 as far as is known"},
		{given: "2of3/1p", want: "0 of 2: 2of3/1p unopened", enough: "too few: 0 of 2"},
		{given: "2of3/1 2of3/2x", want: "1 of 2: 2of3/1 good", enough: "too few: 1 of 2 as far as is known"},
		{given: "2of3/1 2of3/2n", want: "1 of 2: 2of3/1 good, 2of3/2n unreadable", enough: "too few: 1 of 2 as far as is known"},
		{given: "2of3/1 2of3/2c", want: "1 of 2: 2of3/1 good, 2of3/2c inconsistent", enough: "too few: 1 of 2"},
		{given: "2of3/1z", want: "1 of 2: 2of3/1z good", enough: "too few: 1 of 2"},
		{given: "2of3/1 2of3/2y", want: "1 of 2: 2of3/1 good", enough: "too few: 1 of 2 as far as is known"},
		{given: "tsslib-eddsa/1 2of3/2f", want: "1 of 2: tsslib-eddsa/1 good; stray: 2of3/2f unreadable", enough: "too few: 1 of 2 as far as is known"},
		{given: "2of3/1 other-epoch/2", want: "1 of 2: 2of3/1 good; 1 of 2: other-epoch/2 good", enough: "too few: 1 of 2, 1 of 2"},
		{given: "2of3/1 other-epoch/2p", want: "1 of 2: 2of3/1 good; 0 of 2: other-epoch/2p unopened", enough: "too few: 1 of 2, 0 of 2"},

		// Enough on one curve, and on the other shares none of which can be used.
		{given: "tsslib-eddsa/1 tsslib-eddsa/2 2of3/1f", want: "2 of 2: tsslib-eddsa/1 good, tsslib-eddsa/2 good; stray: 2of3/1f unreadable", enough: "nothing on secp256k1"},
		{given: "tsslib-eddsa/1 tsslib-eddsa/2 2of3/1f 2of3/2c", want: "2 of 2: tsslib-eddsa/1 good, tsslib-eddsa/2 good; stray: 2of3/1f unreadable, 2of3/2c inconsistent", enough: "nothing on secp256k1, and a contradiction"},
		{given: "2of3/1 2of3/2 tsslib-eddsa/1f", group: "2of3", want: "2 of 2: 2of3/1 good, 2of3/2 good; stray: tsslib-eddsa/1f unreadable", all: "bad: tsslib-eddsa/1f, contradicting"},
		{given: "tsslib-eddsa/1 tsslib-eddsa/2 2of3/1x", want: "2 of 2: tsslib-eddsa/1 good, tsslib-eddsa/2 good", all: "bad: 2of3/1x"}, // it may be anything

		// Nothing at all.
		{given: "", want: "", enough: "nothing"},
		{given: "2of3/1x", want: "", enough: "nothing"},
		{given: "2of3/1f", want: "stray: 2of3/1f unreadable", enough: "nothing"},
		{given: "2of3/1f 2of3/2c", want: "stray: 2of3/1f unreadable, 2of3/2c inconsistent", enough: "nothing, and a contradiction"},

		// One group was asked for: another's share does no harm and is no use. An ID is
		// copied easily, and does not say which of two vaults is meant.
		{given: "2of3/1 2of3/2 other-epoch/1", group: "2of3", want: "2 of 2: 2of3/1 good, 2of3/2 good; (1 of 2: other-epoch/1 good)"},
		{given: "2of3/1 2of3/2 other-group/1p", group: "2of3", want: "", enough: "2 vaults: 2of3/1 2of3/2, other-group/1p"},
		{given: "2of3/1 2of3/2 other-group/1p", group: "2of3", recorded: "2of3", want: "2 of 2: 2of3/1 good, 2of3/2 good; (0 of 2: other-group/1p unopened)"},
		{given: "2of3/1 2of3/2 other-epoch/1", group: "other-epoch", want: "(2 of 2: 2of3/1 good, 2of3/2 good); 1 of 2: other-epoch/1 good", enough: "too few: 1 of 2"},
		{given: "2of3/1 2of3/2 other-group/1", group: "2of3", want: "", enough: "2 vaults: 2of3/1 2of3/2, other-group/1"},
		{given: "2of3/1 2of3/2", group: "nonsense", want: "", enough: `no file has a usable share of group "TEST ONLY 2of3 secp256k1 nonsense"`},
		{given: "2of3/1c", group: "2of3", want: "", enough: `no file has a usable share of group "TEST ONLY 2of3 secp256k1 2of3"`},

		// One root key is recorded: shares of another are elsewhere, whatever their number.
		{given: "2of3/1 2of3/2", recorded: "2of3", want: "2 of 2: 2of3/1 good, 2of3/2 good"},
		{given: "2of3/1 other-epoch/2", recorded: "2of3", want: "1 of 2: 2of3/1 good; 1 of 2: other-epoch/2 good", enough: "too few: 1 of 2, 1 of 2"},
		{given: "other-group/1 other-group/2 2of3/1", recorded: "2of3", want: "(2 of 2: other-group/1 elsewhere, other-group/2 elsewhere); 1 of 2: 2of3/1 good", enough: "too few: 1 of 2"},
		{given: "other-group/1 other-group/2 2of3/1 2of3/2", recorded: "2of3 other-group", want: "2 of 2: other-group/1 good, other-group/2 good; 2 of 2: 2of3/1 good, 2of3/2 good"},
		{given: "2of3/1 2of3/2 tsslib-eddsa/1 tsslib-eddsa/2", recorded: "2of3", want: "2 of 2: 2of3/1 good, 2of3/2 good; 2 of 2: tsslib-eddsa/1 good, tsslib-eddsa/2 good"},
		{given: "2of3/1 2of3/2", recorded: "other-group", want: "", enough: "the recorded root key " + root(t, "other-group").String() + " is the root key of none of the groups in these files"},
		{given: "tsslib-ecdsa/1 2of3/1 2of3/2", recorded: "2of3", want: "(1 of 2: tsslib-ecdsa/1 elsewhere); 2 of 2: 2of3/1 good, 2of3/2 good", all: "bad: tsslib-ecdsa/1, contradicting"},
	} {
		name := strings.Join([]string{tc.given, tc.group, tc.recorded}, ", ")
		files := give(t, tc.given)
		j, err := verdict.Judge(files, asked(t, tc.group, strings.Fields(tc.recorded)...))
		if got := draw(j); got != tc.want {
			t.Errorf("%s: %s", name, got)
		}
		if err == nil {
			err = j.Enough()
		}
		if got := told(err); got != tc.enough {
			t.Errorf("%s: %s", name, got)
		}
		if all := told(j.AllGood()); err == nil && all != tc.all {
			t.Errorf("%s: %s", name, all)
		}
		if j.AllGood() == nil && (err != nil || j.Enough() != nil) {
			t.Errorf("%s: everything is good, and there is not enough", name)
		}
		if !slices.Equal(j.Files, files) {
			t.Errorf("%s: other files than were given", name)
		}
		for _, s := range j.Sets {
			if s.Recoverable() != (s.Wanted && len(s.Good) >= s.Group.Threshold) || len(s.Good)+len(s.Missing) != len(s.Group.Participants) {
				t.Errorf("%s: %d good and %d missing of %d", name, len(s.Good), len(s.Missing), len(s.Group.Participants))
			}
		}
	}
}

// A record has a root key on each curve. Shares of another on one of them are left out, and
// the key that is recorded there is lost, however many there are on the other.
func TestEnoughOfRecord(t *testing.T) {
	for _, tc := range []struct{ given, group, recorded, enough string }{
		{"tsslib-eddsa/1 tsslib-eddsa/2 other-group/1 other-group/2", "", "tsslib-eddsa 2of3", "nothing on secp256k1, and a contradiction"},
		{"tsslib-eddsa/1 tsslib-eddsa/2 other-group/1p", "", "tsslib-eddsa 2of3", "nothing on secp256k1"},
		{"tsslib-eddsa/1 tsslib-eddsa/2 other-group/1 2of3/1 2of3/2", "", "tsslib-eddsa 2of3", ""},
		{"tsslib-eddsa/1 tsslib-eddsa/2 other-group/1 other-group/2", "", "tsslib-eddsa", ""}, // nothing is recorded there
		{"tsslib-eddsa/1 tsslib-eddsa/2", "", "tsslib-eddsa 2of3", ""},                        // nor given
		{"2of3/1 2of3/2 other-group/1 other-group/2", "2of3", "tsslib-eddsa 2of3", ""},
	} {
		a := asked(t, tc.group)
		a.Record = true
		for _, name := range strings.Fields(tc.recorded) {
			a.Roots = a.Roots.Add(give(t, name+"/1")[0].Shares[0].Sealed.Group.Root())
		}
		j, err := verdict.Judge(give(t, tc.given), a)
		if err == nil {
			err = j.Enough()
		}
		if got := told(err); got != tc.enough {
			t.Errorf("%s, with %s recorded: %q", tc.given, tc.recorded, got)
		}
	}
}

// A share that shows no group may be of a root key that is lost, unless a set that is complete
// without the file leaves it a place.
func TestEnoughUnplaced(t *testing.T) {
	for _, tc := range []struct {
		given, group string
		want         error
	}{
		{"2of3/1 2of3/2", "", verdict.ErrUnplaced},
		{"2of3/2 2of3/3 2of3/1p", "", verdict.ErrUnplaced},
		{"2of3/1 2of3/2 tsslib-eddsa/1 tsslib-eddsa/2", "", nil},
		{"2of3/1 2of3/2", "2of3", nil},
	} {
		files := give(t, tc.given)
		s := load(t, "tsslib-eddsa/3")[0]
		s.Problems, s.Group, s.ShareID, s.Roster, s.Curve = []error{fmt.Errorf("%w: curve", share.ErrFormat)}, nil, nil, nil, 0
		files[0].Add(s)
		files[0].Shares[1].Failed(verdict.Unreadable, s.Err())
		j, err := verdict.Judge(files, asked(t, tc.group))
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Enough(); !errors.Is(err, tc.want) {
			t.Errorf("%s, %s: %v", tc.given, tc.group, err)
		}
	}
}

// Whatever is said of a share, the reason is there for all but the good ones.
func TestReasons(t *testing.T) {
	for given, want := range map[string]string{
		"2of3/1":    "",
		"2of3/1p":   "wrong password",
		"2of3/1c":   "the public facts contradict each other: two thresholds",
		"2of3/2u":   "the public facts contradict each other: two thresholds",
		"2of3/1f":   "not a readable share file: chaincode",
		"copy":      `the same share as "2of3/1": the two count once`,
		"epoch":     "another epoch of the same root key: its shares were made by another reshare and do not mix",
		"chaincode": "the same root key with another chain code",
		"threshold": "the same group",
		"recorded":  "its root key is not the recorded one",
	} {
		var a verdict.Asked
		files := give(t, "2of3/1 2of3/2")
		switch given {
		case "copy":
			files = append(files, give(t, "2of3/1")...)
		case "epoch":
			files = append(files, give(t, "other-epoch/1")...)
		case "chaincode", "threshold":
			files = append(files, give(t, "2of3/3")...)
			g := clone(files[2].Shares[0].Sealed.Group)
			if given == "chaincode" {
				g.ChainCode = new([derive.ChainCodeSize]byte)
			} else {
				g.Threshold = 3
			}
			files[2].Shares[0].Sealed.Group = g
		case "recorded":
			a = asked(t, "", "2of3")
			files = append(files, give(t, "other-group/1 other-group/2")...)
		default:
			files = append(files, give(t, given)...)
			files = files[2:]
		}
		if _, err := verdict.Judge(files, a); err != nil {
			t.Fatal(err)
		}
		if got := files[len(files)-1].Shares[0].Reason(); got != want {
			t.Errorf("%s: %q", given, got)
		}
	}
}

func TestTooFewSaysWhose(t *testing.T) {
	j, _ := verdict.Judge(give(t, "2of3/2 other-epoch/1 other-epoch-same-ids/3 other-group/2p other-group/3p"), asked(t, "", "2of3", "other-group"))
	var few *verdict.TooFewError
	if !errors.As(j.Enough(), &few) {
		t.Fatal(j.Enough())
	}
	for i, want := range []struct{ have, unknown int }{{1, 0}, {1, 0}, {1, 0}, {0, 2}} {
		if s := few.Short[i]; s.Have != want.have || s.Unknown != want.unknown || s.Group != j.Sets[i].Group || !slices.Equal(s.Of, j.Sets[i].MissingNodes()) {
			t.Errorf("set %d: %d good, %d unknown", i, s.Have, s.Unknown)
		}
	}
	nodes := j.Sets[0].Group.NodeIDs()
	text, _, _ := strings.Cut(few.Error(), "\n")
	if want := fmt.Sprintf(`too few shares: group "TEST ONLY 2of3 secp256k1 2of3" on secp256k1: 1 of 2 shares are good; 1 more needed, of %q and %q`, nodes[0], nodes[2]); text != want {
		t.Error(text)
	}
	var apart []string
	for _, a := range few.Apart {
		apart = append(apart, a.Path+" and "+a.Other+": "+a.Relation)
	}
	want := []string{
		"other-epoch/1 and 2of3/2: another epoch of the same root key: its shares were made by another reshare and do not mix",
		"other-epoch-same-ids/3 and 2of3/2: another epoch of the same root key: its shares were made by another reshare and do not mix",
		"other-group/2p and 2of3/2: another group: its root key is a different one",
	}
	if !slices.Equal(apart, want) {
		t.Errorf("%q", apart)
	}
}

// What differs and changes no key is a warning.
func TestWarnings(t *testing.T) {
	files := give(t, "2of3/1 2of3/2 other-epoch/1")
	g := clone(files[1].Shares[0].Sealed.Group)
	g.ID, g.CreatedTime = "TEST ONLY renamed", "2030"
	files[1].Shares[0].Sealed.Group = g
	for _, group := range []string{"", "nonsense"} {
		j, _ := verdict.Judge(files, asked(t, group))
		if len(j.Warnings) != 1 || !strings.HasSuffix(j.Warnings[0], "differ in: group ID, created_time") {
			t.Errorf("%q: %q", group, j.Warnings)
		}
	}
	// The set may be asked for by either name.
	j, err := verdict.Judge(files, verdict.Asked{Group: g.ID})
	if err != nil || len(j.Wanted()) != 1 || j.Enough() != nil {
		t.Errorf("%s: %v", draw(j), err)
	}
}

// A root key that the opened shares do not give is found on the public keys.
func TestAllGoodCombines(t *testing.T) {
	j, err := verdict.Judge(give(t, "2of3/1 2of3/3"), verdict.Asked{})
	if err != nil || j.AllGood() != nil {
		t.Fatal(err, j.AllGood())
	}
	sets, more := j.Sets[0].Proven()
	nodes := j.Sets[0].Group.NodeIDs()
	if len(sets) != 1 || more != 0 || !slices.Equal(sets[0], []string{nodes[0], nodes[2]}) {
		t.Errorf("%q, and %d more", sets, more)
	}
	// What was opened counts, whatever rosters say.
	one := j.Sets[0].Good[0]
	public := one.Public
	one.Opened(public.Add(public))
	if err := j.AllGood(); err == nil || !strings.HasSuffix(err.Error(), "do not combine to the root public key") {
		t.Error(err)
	}
	if sets, _ := j.Sets[0].Proven(); len(sets) != 0 {
		t.Errorf("%q give it", sets)
	}
	one.Opened(public)
	g := clone(j.Sets[0].Group)
	g.RootKey = g.RootKey.Add(g.Curve.Generator())
	j.Sets[0].Group = g
	if err := j.AllGood(); err == nil || !strings.HasSuffix(err.Error(), "do not combine to the root public key") {
		t.Error(err)
	}
	if sets, _ := j.Sets[0].Proven(); len(sets) != 0 {
		t.Errorf("%q give it", sets)
	}
}

// Bad files are named in the order in which they were given.
func TestBadFilesError(t *testing.T) {
	j, _ := verdict.Judge(give(t, "2of3/3x 2of3/1 other-epoch/1 2of3/2"), verdict.Asked{})
	if err := j.AllGood(); err == nil || err.Error() != `recoverable, but not every file is good: "2of3/3x" and "other-epoch/1"` {
		t.Error(err)
	}
	nothing, _ := verdict.Judge(nil, verdict.Asked{})
	if err := nothing.AllGood(); err == nil || err.Error() != "none of the files has a share that can be used" {
		t.Error(err)
	}
}

func TestWhatToDoWithSets(t *testing.T) {
	nodes := load(t, "2of3/1")[0].Group.NodeIDs()
	parties := load(t, "tsslib-ecdsa/1")[0].Group.NodeIDs()
	for _, tc := range []struct {
		given, lost               string
		combine, reshare, rebuild string
	}{
		{"2of3/1 2of3/2", nodes[2], "1", "1", "1"},
		{"2of3/1 2of3/2 2of3/3c", nodes[2], "1", "1", "1"},
		{"2of3/1 2of3/2 other-epoch/3", nodes[2], "1", "1", "1"},
		{"2of3/1", nodes[2], "0", "too few: 1 of 2", "too few: 1 of 2"},
		{"2of3/1 2of3/2", "nobody", "1", "1", `group "TEST ONLY 2of3 secp256k1 2of3" on secp256k1 has no node "nobody"`},
		{"2of3/1 2of3/2", nodes[1], "1", "1", fmt.Sprintf(`the share of node %q is not lost: "2of3/2" holds it and opens`, nodes[1])},
		{"2of3/1 2of3/2 other-epoch/1 other-epoch/2", nodes[2], "2",
			`the files hold enough shares of two epochs of one root key: groups "TEST ONLY 2of3 secp256k1 2of3" and "TEST ONLY 2of3 secp256k1 other-epoch"`, "2"},
		{"tsslib-ecdsa/1", parties[1], "0", "too few: 1 of 2", "too few: 1 of 2"},
		{"tsslib-ecdsa/1 tsslib-ecdsa/2", parties[2], "1", "1", "1"},
	} {
		j, err := verdict.Judge(give(t, tc.given), verdict.Asked{})
		if err != nil {
			t.Fatal(err)
		}
		say := func(sets []*verdict.Set, err error) string {
			for _, s := range sets {
				if len(s.Used()) != s.Group.Threshold || len(s.UsedNodes()) != s.Group.Threshold {
					t.Errorf("%s: %q are used", tc.given, s.UsedNodes())
				}
			}
			if err != nil {
				return told(err)
			}
			return fmt.Sprint(len(sets))
		}
		if got := say(j.Combinable()); got != tc.combine {
			t.Errorf("%s: combine: %s", tc.given, got)
		}
		if got := say(j.Resharable()); got != tc.reshare {
			t.Errorf("%s: reshare: %s", tc.given, got)
		}
		if got := say(j.Repairable(tc.lost)); got != tc.rebuild {
			t.Errorf("%s: repair %s: %s", tc.given, tc.lost, got)
		}
	}
}

// together puts all shares into one file.
func together(files []*verdict.File) []*verdict.File {
	f := &verdict.File{Path: "one"}
	for _, g := range files {
		for _, s := range g.Shares {
			s.File = f
			f.Shares = append(f.Shares, s)
		}
	}
	return []*verdict.File{f}
}

// Whoever made the one file that all shares are from may have made up the vault.
func TestOneFile(t *testing.T) {
	for _, tc := range []struct {
		one, others, recorded string
		no, want              bool // NoRecord, and whether it is enough
	}{
		{one: "2of3/1 2of3/2"},
		{one: "2of3/1 2of3/2 2of3/3"},
		{one: "2of3/1 2of3/2", no: true, want: true},
		{one: "2of3/1 2of3/2", recorded: "2of3", want: true},
		{one: "tsslib-eddsa/1 tsslib-eddsa/2 2of3/1", others: "2of3/2", recorded: "2of3"}, // recorded on the other curve
		{one: "2of3/1 2of3/2", others: "2of3/3", want: true},
		{one: "2of3/1 2of3/2", others: "2of3/2"}, // a copy is nobody else's word
		{one: "2of3/1 2of3/2", others: "2of3/3p"},
		{one: "2of3/1 2of3/2", others: "other-epoch/1"},
		{one: "2of3/1", others: "2of3/2", want: true},
	} {
		for _, swap := range []bool{false, true} {
			files := append(together(give(t, tc.one)), give(t, tc.others)...)
			if swap {
				slices.Reverse(files)
			}
			a := asked(t, "", strings.Fields(tc.recorded)...)
			a.NoRecord = tc.no
			j, err := verdict.Judge(files, a)
			if err != nil {
				t.Fatal(err)
			}
			for name, use := range map[string]func() ([]*verdict.Set, error){
				"combine": j.Combinable, "reshare": j.Resharable, "repair": func() ([]*verdict.Set, error) { return j.Repairable(j.Sets[0].Group.NodeIDs()[2]) },
			} {
				sets, err := use()
				if tc.others == "other-epoch/1" && name != "combine" || tc.others == "2of3/3" && name == "repair" || errors.Is(err, verdict.ErrNotLost) || strings.Contains(tc.one, "tsslib") && name == "repair" {
					continue
				}
				if (err == nil) != tc.want || err != nil && !errors.Is(err, verdict.ErrUnvouched) {
					t.Errorf("%+v: %s: %v", tc, name, err)
				}
				for _, s := range sets {
					used := s.Used()
					if tc.recorded == "" && !tc.no && used[0].File == used[1].File {
						t.Errorf("%+v: both shares that are used are from %q", tc, used[0].File.Path)
					}
				}
			}
		}
	}
}

// Of a record, not every root key must be there, and nothing else is meant.
func TestRecord(t *testing.T) {
	for _, tc := range []struct{ given, recorded, want, err string }{
		{"2of3/1 2of3/2", "2of3 other-group", "2 of 2: 2of3/1 good, 2of3/2 good", ""},
		{"2of3/1 2of3/2 tsslib-eddsa/1 tsslib-eddsa/2", "2of3", "2 of 2: 2of3/1 good, 2of3/2 good; (2 of 2: tsslib-eddsa/1 elsewhere, tsslib-eddsa/2 elsewhere)", ""},
		{"2of3/1 2of3/2 other-group/1", "2of3", "2 of 2: 2of3/1 good, 2of3/2 good; (1 of 2: other-group/1 elsewhere)", ""},
		{"2of3/1 2of3/2", "other-group", "", "the recorded root key " + root(t, "other-group").String() + " is the root key of none of the groups in these files"},
	} {
		a := asked(t, "", strings.Fields(tc.recorded)...)
		a.Record = true
		j, err := verdict.Judge(give(t, tc.given), a)
		if draw(j) != tc.want || told(err) != tc.err {
			t.Errorf("%s, with %s: %s, %v", tc.given, tc.recorded, draw(j), err)
		}
	}
}

// Root keys of an earlier recovery are no set, and another vault all the same.
func TestBeside(t *testing.T) {
	for vault, want := range map[string]string{"2of3": "", "other-group": "2 vaults: 2of3/1 2of3/2, first.age", "3of5": "2 vaults: 2of3/1 2of3/2, first.age"} {
		a := verdict.Asked{Beside: []verdict.Known{{Path: "first.age", Root: root(t, vault)}}}
		if _, err := verdict.Judge(give(t, "2of3/1 2of3/2"), a); told(err) != want {
			t.Errorf("%s: %v", vault, err)
		}
		a.Roots = append(a.Roots, root(t, "2of3"))
		if j, err := verdict.Judge(give(t, "2of3/1 2of3/2"), a); err != nil || j.Enough() != nil {
			t.Errorf("%s, with the root key recorded: %v", vault, err)
		}
	}
}

// Every holder's copies are found, those whose share ID cannot be read by their node.
func TestOf(t *testing.T) {
	j, _ := verdict.Judge(give(t, "2of3/1 2of3/1 2of3/2n 2of3/3p 2of3/2p"), verdict.Asked{})
	s := j.Sets[0]
	for i, want := range []string{"2of3/1 2of3/1", "2of3/2p 2of3/2n", "2of3/3p"} {
		var got []string
		for _, sh := range s.Of(s.Group.Participants[i]) {
			got = append(got, sh.File.Path)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("node %d: %q", i+1, got)
		}
	}
	if s.Clean() {
		t.Error("three bad shares, and the set is clean")
	}
}

// What is recorded is not left out unawares; what --group leaves out is named.
func TestUncovered(t *testing.T) {
	for _, tc := range []struct {
		given, group, roots string
		recorded            string // vaults whose groups are recorded
		node                string
		want                string // vaults
		covered             bool
	}{
		{given: "2of3/1 2of3/2", covered: true},
		{given: "2of3/1 2of3/2", recorded: "2of3", roots: "2of3", covered: true},
		{given: "2of3/1 2of3/2", recorded: "2of3 3of5", roots: "2of3", want: "3of5"},
		{given: "2of3/1 2of3/2", recorded: "2of3 3of5", roots: "2of3", group: "2of3", want: "3of5", covered: true},
		{given: "2of3/1 2of3/2", recorded: "3of5 3of5", want: "3of5"}, // once
		{given: "other-epoch/1 other-epoch/2", recorded: "2of3", roots: "2of3", want: "2of3"},
		{given: "2of3/1 2of3/2", recorded: "2of3 3of5", roots: "2of3", node: "no such node", covered: true},
		{given: "2of3/1 2of3/2", recorded: "2of3 3of5", roots: "2of3", node: "node-3of5", want: "3of5"},

		// Beside a group that was asked for.
		{given: "2of3/1 2of3/2 other-epoch/1", group: "2of3", want: "other-epoch", covered: true},
		{given: "2of3/1 2of3/2 other-epoch/1", group: "2of3", recorded: "2of3 other-epoch", roots: "2of3", want: "other-epoch", covered: true},
		{given: "2of3/1 2of3/2 other-group/1", group: "2of3", roots: "2of3", covered: true}, // it is not the vault's
	} {
		name := fmt.Sprintf("%+v", tc)
		j, err := verdict.Judge(give(t, tc.given), asked(t, tc.group, strings.Fields(tc.roots)...))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		used := slices.DeleteFunc(j.Wanted(), func(s *verdict.Set) bool { return !s.Complete() })
		var recorded []*share.Group
		for vault := range strings.FieldsSeq(tc.recorded) {
			recorded = append(recorded, load(t, vault+"/1")[0].Group)
		}
		if tc.node == "node-3of5" {
			tc.node = recorded[1].Participants[0].NodeID
		}
		left := j.Uncovered(recorded, used, tc.node)
		var got []string
		for _, g := range left {
			got = append(got, g.ID[strings.LastIndexByte(g.ID, ' ')+1:])
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %q is left out", name, got)
		}
		if err := j.Covered(left); (err == nil) != tc.covered || err != nil && !errors.Is(err, verdict.ErrUncovered) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSubsets(t *testing.T) {
	for _, tc := range []struct {
		list    string
		k, more int
		want    string
	}{
		{"a b c", 2, 0, "ab ac bc"},
		{"a b c d", 3, 0, "abc abd acd bcd"},
		{"a b", 2, 0, "ab"},
		{"a", 2, 0, ""},
		{"a b c d e f", 3, 8, "abc abd abe abf acd ace acf ade adf aef bcd bce"},
	} {
		sets, more := verdict.Subsets(strings.Fields(tc.list), tc.k)
		var got []string
		for _, s := range sets {
			got = append(got, strings.Join(s, ""))
		}
		if strings.Join(got, " ") != tc.want || more != tc.more {
			t.Errorf("%d of %s: %q and %d more", tc.k, tc.list, got, more)
		}
	}
	if sets, more := verdict.Subsets(make([]string, 1000), 500); len(sets) != verdict.MaxSubsets || more != 1_000_000-verdict.MaxSubsets {
		t.Errorf("%d sets and %d more", len(sets), more)
	}
}

func TestSalvaged(t *testing.T) {
	files := give(t, "2of3/1 2of3/2c")
	for _, f := range files {
		s := f.Shares[0]
		s.Opened(s.Sealed.PublicKey)
		s.Salvaged()
	}
	if s := files[0].Shares[0]; s.Status != verdict.Good || s.Reason() != "" {
		t.Errorf("a good share is %s: %s", s.Status, s.Reason())
	}
	if s := files[1].Shares[0]; s.Status != verdict.Salvaged || !strings.HasPrefix(s.Reason(), "used although its public facts are damaged: ") {
		t.Errorf("a damaged share is %s: %s", s.Status, s.Reason())
	}
	if verdict.StatusOf(nil) != verdict.Good {
		t.Error("no error is one")
	}
}

// What an attacker, a failing disk or a helpful editor makes of a share file: what
// cannot be read shows nothing, and what contradicts itself is shown.
func TestDamagedFiles(t *testing.T) {
	for _, d := range fixtures.DamagedFiles() {
		f := &verdict.File{Path: d.File}
		shares, err := formats.Parse(d.File, d.Data, share.Pin{})
		f.Err = err
		for _, s := range shares {
			f.Add(s)
			if err := s.Err(); err != nil {
				f.Shares[0].Failed(verdict.StatusOf(err), err)
			}
		}
		j, err := verdict.Judge([]*verdict.File{f}, verdict.Asked{})
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]string{"json": "nothing", "field": "nothing", "group": "nothing, and a contradiction"}[d.Layer]
		if got := told(j.Enough()); want != "" && got != want || want == "" && !strings.HasPrefix(got, "too few: 0 of ") {
			t.Errorf("%s: %s: %s", d.File, d.What, got)
		}
	}
}
