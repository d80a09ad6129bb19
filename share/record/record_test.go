package record_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lifeboat/fixtures"
	"lifeboat/internal/curve"
	"lifeboat/internal/papercode"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/record"

	"pgregory.net/rapid"
)

// groups are those of a vault of fixtures.
func groups(t testing.TB, vault string) []*share.Group {
	t.Helper()
	shares, err := formats.Parse(vault, fixtures.Load(vault).Files[0].Data, share.Pin{})
	if err != nil {
		t.Fatal(err)
	}
	var list []*share.Group
	for _, s := range shares {
		if err := s.Err(); err != nil {
			t.Fatal(err)
		}
		list = append(list, s.Group)
	}
	return list
}

const (
	recipient  = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"
	releaseKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINdamAGCsQq31Uv+08lkBzoO4XLz2qYjJa8CGmj3B1Ea" // RFC 8032, test 1
)

// full are facts of every kind, not in their order.
func full(t testing.TB) record.Facts {
	previous, err := papercode.Parse("0123-4567-89AB-CDEF-GHJK-MNPQ-RSTV-WXYZ")
	if err != nil {
		t.Fatal(err)
	}
	list := groups(t, "v3-list")
	slices.Reverse(list)
	return record.Facts{
		Serial: 2, Date: "2026-11-22", Previous: &previous, Groups: list,
		People: []record.Person{
			{NodeID: "node-3-B5414719", Name: "Provider Ltd"},
			{NodeID: "node-1-EA4212E8", Name: "Zoë Müller, the client", Contact: "+41 44 000 00 01, the number on the contract"},
			{NodeID: "node-2-7D1723AE", Name: "Acme custody", Contact: "duty desk, +44 20 7946 0000"},
		},
		Recipients:  []record.Recipient{{Text: recipient, Label: "the safe in Zürich"}, {Text: releaseKey}},
		Exits:       []record.Exit{{Chain: "XRP", Address: "rPEPPER7kfTD9w2To4CQk6UCfuHM9c6GDY", Tag: "495"}, {Chain: "BTC", Address: "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"}},
		Book:        &record.Book{SHA256: [32]byte{0xab, 31: 0xcd}, Rows: 1234},
		ReleaseKeys: []string{releaseKey},
	}
}

func newRecord(t testing.TB, f record.Facts) *record.Record {
	t.Helper()
	r, err := record.New(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The codes below were made by hand, as docs/formats/record.md says:
//
//	sha256sum F | cut -c1-40 | xxd -r -p | base32 | tr A-Z2-7 0-9A-HJKMNP-TV-Z
func TestKnown(t *testing.T) {
	for name, known := range map[string]struct {
		facts record.Facts
		hash  string
		code  string
	}{
		"full":  {full(t), "7c4caaca6a5df455410795074ac1eb0bfcecc4e418e11ef7d846a94029843be1", "FH6A-NJKA-BQT5-AG87-JM3M-NGFB-1FYE-SH74"},
		"least": {record.Facts{Serial: 1, Date: "2026-11-22", Groups: groups(t, "2of2")}, "dd101d5443b5b9ae6d598d27fac2d90c96c1028f6f500307e03c49a3a689abf4", "VM81-TN23-PPWT-WVAS-HMKZ-NGPS-1JBC-20MF"},
	} {
		want := fixtures.Read("records/" + name + ".txt")
		r := newRecord(t, known.facts)
		if !bytes.Equal(r.Text(), want) {
			t.Errorf("%s: the text is\n%s", name, r.Text())
		}
		hash := r.Hash()
		if hex.EncodeToString(hash[:]) != known.hash || r.Code().String() != known.code {
			t.Errorf("%s: hash %x, code %s", name, hash, r.Code())
		}
	}
}

// draw makes any group of up to 5 holders.
func draw(t *rapid.T) *share.Group {
	c := rapid.SampledFrom(curve.All()).Draw(t, "curve")
	n := rapid.IntRange(2, 5).Draw(t, "n")
	g := &share.Group{ID: text(t, "group"), Curve: c, Scheme: share.Shamir, Threshold: rapid.IntRange(2, n).Draw(t, "t"), CreatedTime: "some time"}
	if rapid.Bool().Draw(t, "extended") {
		g.ChainCode = (*[32]byte)(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "chain code"))
	}
	var coefficients []*curve.Scalar
	for range g.Threshold {
		coefficients = append(coefficients, c.ScalarFromBytes(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "coefficient")).Add(c.ScalarFromUint(1)))
	}
	g.RootKey = c.Generator().Mul(coefficients[0])
	// Real IDs are of any length, and may be above the order.
	ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[1-9][0-9]{0,89}`), n, n, rapid.ID[string])
	for i, x := range ids.Draw(t, "IDs") {
		id, err := share.NewID(c, x)
		if err != nil {
			t.Fatal(err)
		}
		value := c.Scalar()
		for _, k := range slices.Backward(coefficients) {
			value.Mul(id.Scalar()).Add(k)
		}
		g.Participants = append(g.Participants, share.Participant{NodeID: fmt.Sprintf("node %d", i), ShareID: id, PublicKey: c.Generator().Mul(value)})
	}
	return g
}

// text is a line that people write.
func text(t *rapid.T, what string) string {
	return rapid.String().Filter(func(s string) bool {
		clean, err := record.Clean(s)
		return err == nil && clean == s
	}).Draw(t, what)
}

func optional(t *rapid.T, what string) string {
	if rapid.Bool().Draw(t, what+" is there") {
		return text(t, what)
	}
	return ""
}

func drawFacts(t *rapid.T) record.Facts {
	f := record.Facts{Serial: rapid.IntRange(1, 1_000_000).Draw(t, "serial"), Date: "2026-02-28"}
	if f.Serial > 1 {
		f.Previous = (*papercode.Code)(rapid.SliceOfN(rapid.Byte(), papercode.Size, papercode.Size).Draw(t, "previous"))
	}
	for range rapid.IntRange(1, 3).Draw(t, "groups") {
		f.Groups = append(f.Groups, draw(t))
	}
	for _, p := range f.Groups[0].Participants {
		if rapid.Bool().Draw(t, "person") {
			f.People = append(f.People, record.Person{NodeID: p.NodeID, Name: text(t, "name"), Contact: optional(t, "contact")})
		}
	}
	word := rapid.StringMatching(`[!-~]{1,60}`)
	for _, w := range rapid.SliceOfDistinct(word, rapid.ID[string]).Draw(t, "recipients") {
		f.Recipients = append(f.Recipients, record.Recipient{Text: w, Label: optional(t, "label")})
	}
	for _, w := range rapid.SliceOfDistinct(word, rapid.ID[string]).Draw(t, "exits") {
		f.Exits = append(f.Exits, record.Exit{Chain: rapid.SampledFrom([]string{"BTC", "XRP"}).Draw(t, "chain"), Address: w, Tag: optional(t, "tag")})
	}
	if rapid.Bool().Draw(t, "book") {
		f.Book = &record.Book{SHA256: [32]byte(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash")), Rows: rapid.Int64Min(0).Draw(t, "rows")}
	}
	if rapid.Bool().Draw(t, "release key") {
		f.ReleaseKeys = []string{releaseKey}
	}
	return f
}

func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFacts(t)
		given := fmt.Sprint(f)
		r, err := record.New(f)
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(f) != given {
			t.Fatal("New has changed what it was given")
		}
		again, err := record.Parse(r.Text())
		if err != nil {
			t.Fatalf("%v\n%s", err, r.Text())
		}
		if !bytes.Equal(again.Text(), r.Text()) || again.Code() != r.Code() || len(again.Changes(r)) > 0 {
			t.Fatalf("it comes back as\n%s\n%v", again.Text(), again.Changes(r))
		}
		a, b := again.Facts, r.Facts
		a.Groups, b.Groups = nil, nil // points that are equal may differ inside
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
		slices.Reverse(f.Groups)
		slices.Reverse(f.People)
		slices.Reverse(f.Recipients)
		slices.Reverse(f.Exits)
		if turned, err := record.New(f); err != nil || !bytes.Equal(turned.Text(), r.Text()) {
			t.Fatalf("in another order: %v\n%s", err, turned.Text())
		}
	})
}

// What editors and copying do to the ends of lines changes nothing.
func TestTolerated(t *testing.T) {
	r := newRecord(t, full(t))
	text := string(r.Text())
	for name, damaged := range map[string]string{
		"as written":         text,
		"byte order mark":    "\ufeff" + text,
		"CR LF":              strings.ReplaceAll(text, "\n", "\r\n"),
		"CR LF in one line":  strings.Replace(text, "\n", "\r\n", 1),
		"no last line end":   strings.TrimSuffix(text, "\n"),
		"empty lines at end": text + "\n\r\n\n",
		"all of it":          "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n\r\n",
	} {
		if again, err := record.Parse([]byte(damaged)); err != nil || !again.Code().Equal(r.Code()) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Everything else that looks like the record is refused, and the line is named.
func TestRefused(t *testing.T) {
	text := string(newRecord(t, full(t)).Text())
	lines := strings.SplitAfter(text, "\n")
	at := func(key string) int {
		return slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, key+":") })
	}
	replace := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("no %q in the text", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	swapped := func(i, j, n int) string {
		l := slices.Clone(lines)
		for k := range n {
			l[i+k], l[j+k] = l[j+k], l[i+k]
		}
		return strings.Join(l, "")
	}
	root := strings.TrimSpace(lines[at("root-extended-public-key")][len("root-extended-public-key: "):])
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                 {"", `its first line is not "lifeboat-record-v1"`},
		"another version":         {replace("record-v1", "record-v2"), "its first line"},
		"empty line before":       {"\n" + text, "its first line"},
		"two byte order marks":    {"\ufeff\ufeff" + text, "its first line"},
		"UTF-16":                  {"\xff\xfel\x00", "its first line"},
		"only the header":         {"lifeboat-record-v1", `line 2: "serial" was expected`},
		"empty line inside":       {replace("\ndate", "\n\ndate"), `line 3: "date" was expected`},
		"blank at an end":         {replace("serial: 2", "serial: 2 "), "line 2: a whole number was expected"},
		"blank after a key":       {replace("serial: 2", "serial:  2"), "line 2: a whole number"},
		"no blank after a key":    {replace("serial: 2", "serial:2"), `line 2: "serial" was expected`},
		"capitals":                {replace("serial", "Serial"), `line 2: "serial" was expected`},
		"plus":                    {replace("serial: 2", "serial: +2"), "line 2: it is not written as in a record"},
		"leading zero":            {replace("serial: 2", "serial: 02"), "line 2: it is not written as in a record"},
		"serial too high":         {replace("serial: 2", "serial: 99999999999999999999"), "line 2: a whole number"},
		"first with a previous":   {replace("serial: 2", "serial: 1"), "has the code of the one before"},
		"later without":           {strings.Replace(text, lines[at("previous")], "", 1), "has the code of the one before"},
		"serial 0":                {replace("serial: 2", "serial: 0"), "serial number 0"},
		"no such day":             {replace("2026-11-22", "2026-02-30"), "it is not a date"},
		"a time":                  {replace("2026-11-22", "2026-11-22T00:00:00Z"), "it is not a date"},
		"code without hyphens":    {replace("0123-4567", "01234567"), "line 4: it is not written as in a record"},
		"code in small letters":   {replace("89AB", "89ab"), "line 4: it is not written as in a record"},
		"code too short":          {replace("0123-4567", "0123"), "line 4: not a code from paper"},
		"no group":                {strings.Join(slices.Concat(lines[:at("group")], lines[at("person"):]), ""), "it has no group"},
		"groups swapped":          {swapped(at("group"), at("group")+16, 16), "line 5: it is not written as in a record"},
		"group twice":             {strings.Join(slices.Insert(slices.Clone(lines), at("group"), lines[at("group"):at("group")+16]...), ""), "are one: they have the same shares"},
		"holders swapped":         {swapped(at("holder"), at("holder")+3, 3), "line 12: it is not written as in a record"},
		"lines swapped":           {swapped(at("share-id"), at("share-public-key"), 1), `line 13: "share-id" was expected`},
		"a line twice":            {replace("date: 2026-11-22\n", "date: 2026-11-22\ndate: 2026-11-22\n"), "line 4: it is unknown, or out of place"},
		"unknown line":            {text + "note: hello\n", fmt.Sprintf("line %d: it is unknown", len(lines))},
		"text after it":           {text + "\nhello\n", fmt.Sprintf("line %d: it is unknown", len(lines))},
		"unknown curve":           {replace("curve: secp256k1", "curve: secp256r1"), "line 6: the curve is neither"},
		"key of the other curve":  {replace("curve: secp256k1", "curve: ed25519"), "line 7: it is not a root key of the group's curve"},
		"a letter of a key":       {replace(root, root[:40]+"z"+root[41:]), "line 7: invalid extended public key"},
		"private key":             {replace(root, "xprv9s21ZrQH143K2LQ6HTRQ6PhMGBt43JeDWrdA2X2bGdzoBZ7aJyLRPHtwZUTiWzhJAbsbmGSi9c5eH6bKVHcMKcPiQRhiq3Fxxfk85SvH5LW"), "line 7: this looks like a private key"},
		"unknown scheme":          {replace("scheme: shamir", "scheme: geometric"), "line 9: this version does not know the scheme"},
		"tree of the other curve": {replace("tree: bip32", "tree: cpub"), "line 8: it is not written as in a record"},
		"no tree":                 {replace("tree: bip32\n", ""), `line 8: "tree" was expected`},
		"threshold":               {replace("threshold: 2", "threshold: 3"), "the threshold is damaged"},
		"threshold 1":             {replace("threshold: 2", "threshold: 1"), "the least is 2"},
		"roster hash":             {replace("roster-sha256: ", "roster-sha256: 0"), "line 11: it is not written as in a record"},
		"share ID of zero":        {replace(lines[at("share-id")], "share-id: 0\n"), "line 13: the share ID is zero"},
		"share ID, leading zero":  {replace("share-id: ", "share-id: 0"), "line 13: the share ID has leading zeros"},
		"key with 0x":             {replace("share-public-key: ", "share-public-key: 0x"), "line 14: it is not hexadecimal"},
		"key in capitals":         {replace(lines[at("share-public-key")], strings.Replace(strings.ToUpper(lines[at("share-public-key")]), "SHARE-PUBLIC-KEY", "share-public-key", 1)), "line 14: it is not written as in a record"},
		"key of nobody":           {replace(lines[at("share-public-key")], "share-public-key: 02"+strings.Repeat("f", 64)+"\n"), "line 14: not a public key"},
		"key of another":          {swapped(at("share-public-key"), at("share-public-key")+3, 1), "do not lie on one polynomial"},
		"person of no node":       {replace("person: node-1-EA4212E8", "person: node-0"), "no group has a node with that ID"},
		"person twice":            {replace("person: node-2-7D1723AE", "person: node-1-EA4212E8"), "it is listed twice"},
		"people swapped":          {swapped(at("person"), at("person")+3, 3), "it is not written as in a record"},
		"no name":                 {replace("name: Acme custody\n", ""), `"name" was expected`},
		"empty name":              {replace("name: Acme custody", "name: "), "the name: it is empty"},
		"empty contact":           {replace("contact: duty desk, +44 20 7946 0000", "contact: "), "it is not written as in a record"},
		"escape":                  {replace("Acme custody", "Acme\x1b[2Kcustody"), "another character that does not show"},
		"turned around":           {replace("Acme custody", "Acme\u202ecustody"), "another character that does not show"},
		"no-break space":          {replace("Acme custody", "Acme\u00a0custody"), "another character that does not show"},
		"zero width":              {replace("Acme custody", "Acme\u200bcustody"), "another character that does not show"},
		"filler":                  {replace("Acme custody", "Acme \u3164custody"), "another character that does not show"},
		"selector":                {replace("Acme custody", "Acme\ufe0e custody"), "another character that does not show"},
		"lone CR":                 {replace("Acme custody", "Acme\rcustody"), "another character that does not show"},
		"two CRs":                 {replace("Acme custody\n", "Acme custody\r\r\n"), "another character that does not show"},
		"not UTF-8":               {replace("Acme custody", "Acme\xffcustody"), "it is not UTF-8"},
		"NFD":                     {replace("Zoë", "Zoe\u0308"), "NFC"},
		"two blanks":              {replace("Acme custody", "Acme  custody"), "more than one together"},
		"long name":               {replace("Acme custody", strings.Repeat("x", 257)), "it is longer than 256 bytes"},
		"long ID of a group":      {replace("group: TEST ONLY", "group: "+strings.Repeat("x", 257)), "it is longer than 256 bytes"},
		"recipient with an eszet": {replace("recipient: age1", "recipient: ß"), "not printable ASCII"},
		"recipient twice":         {replace("recipient: age1", "recipient: "+recipient+"\nrecipient: age1"), "it is listed twice"},
		"exit with a blank":       {replace("exit: BTC", "exit: B C"), "the chain: it has a blank"},
		"address with a blank":    {replace("address: bc1", "address: bc 1"), "the address: it has a blank"},
		"exits swapped":           {replace("exit: BTC", "exit: ZEC"), "it is not written as in a record"},
		"exit without address":    {replace("address: bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4\n", ""), `"address" was expected`},
		"book hash too short":     {replace("address-book-sha256: ab", "address-book-sha256: "), "64 hex digits were expected"},
		"book hash too long":      {replace("address-book-sha256: ab", "address-book-sha256: abab"), "it is not written as in a record"},
		"book hash in capitals":   {replace("address-book-sha256: ab", "address-book-sha256: AB"), "it is not written as in a record"},
		"book without rows":       {replace("address-book-rows: 1234\n", ""), `"address-book-rows" was expected`},
		"book of -1 rows":         {replace("address-book-rows: 1234", "address-book-rows: -1"), "an address book of -1 rows"},
		"release key's comment":   {strings.TrimSuffix(text, "\n") + " me@home\n", "not an SSH public key"},
		"release key's type":      {text[:strings.LastIndex(text, "ssh-ed25519")] + "ssh-rsa" + text[strings.LastIndex(text, "ssh-ed25519")+len("ssh-ed25519"):], "not an SSH public key"},
		"megabytes":               {text + strings.Repeat("release-key: x\n", 400_000), "it is longer than 4 MiB"},
		"endless first line":      {strings.Repeat("x", record.MaxSize), "its first line"},
		"many groups":             {text[:strings.Index(text, "group:")] + strings.Repeat(strings.Join(lines[at("group"):at("group")+16], ""), 1700), "more than 1000 groups, or 5000 holders"},
		"many people":             {strings.Replace(text, lines[at("person")], strings.Repeat("person: x\nname: y\n", 5001)+lines[at("person")], 1), "the limit is 5000"},
	} {
		r, err := record.Parse([]byte(c.text))
		if r != nil || !errors.Is(err, record.ErrFormat) || !strings.Contains(err.Error(), c.want) || len(err.Error()) > 1000 {
			t.Errorf("%s: %.1000v; %q was expected", name, err, c.want)
		}
	}
}

// Facts that cannot be written as lines are refused before there is text.
func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*record.Facts){
		"line end in a name":    func(f *record.Facts) { f.People[0].Name = "x\nexit: BTC" },
		"line end in a contact": func(f *record.Facts) { f.People[0].Contact = "x\n" },
		"line end in a label":   func(f *record.Facts) { f.Recipients[0].Label = "x\r" },
		"line end in a tag":     func(f *record.Facts) { f.Exits[0].Tag = "1\n2" },
		"line end in a group":   func(f *record.Facts) { f.Groups[0].ID += "\ncurve: ed25519" },
		"line end in a node":    func(f *record.Facts) { f.Groups[0].Participants[0].NodeID = "node\n" },
		"no group ID":           func(f *record.Facts) { f.Groups[0].ID = "" },
		"no address":            func(f *record.Facts) { f.Exits[0].Address = "" },
		"no recipient":          func(f *record.Facts) { f.Recipients[0].Text = "" },
		"long recipient":        func(f *record.Facts) { f.Recipients[0].Text = strings.Repeat("x", 4097) },
		"no date":               func(f *record.Facts) { f.Date = "" },
		"many exits": func(f *record.Facts) {
			for i := range 5000 {
				f.Exits = append(f.Exits, record.Exit{Chain: "BTC", Address: fmt.Sprint(i)})
			}
		},
		"too much": func(f *record.Facts) {
			for i := range 1100 {
				f.Recipients = append(f.Recipients, record.Recipient{Text: fmt.Sprint(i, strings.Repeat("x", 4000))})
			}
		},
	} {
		f := full(t)
		change(&f)
		if r, err := record.New(f); r != nil || !errors.Is(err, record.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Groups that contradict themselves or each other.
func TestContradictions(t *testing.T) {
	good := groups(t, "2of3")[0]
	epoch := groups(t, "other-epoch")[0]
	code := [32]byte{1}
	for name, second := range map[string]*share.Group{
		"damaged":          altered(epoch, func(g *share.Group) { g.Threshold++ }),
		"the same":         altered(good, func(g *share.Group) { g.ID = "other" }),
		"two chain codes":  altered(epoch, func(g *share.Group) { g.ChainCode = &code }),
		"no chain code":    altered(epoch, func(g *share.Group) { g.ChainCode = nil }),
		"a node ID twice":  altered(epoch, func(g *share.Group) { g.Participants[0].NodeID = g.Participants[1].NodeID }),
		"a share ID twice": altered(epoch, func(g *share.Group) { g.Participants[0].ShareID = g.Participants[1].ShareID }),
	} {
		f := record.Facts{Serial: 1, Date: "2026-11-22", Groups: []*share.Group{good, second}}
		if r, err := record.New(f); r != nil || !errors.Is(err, share.ErrInconsistent) || !errors.Is(err, record.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
	many := record.Facts{Serial: 1, Date: "2026-11-22", Groups: slices.Repeat([]*share.Group{good}, share.MaxGroups+1)}
	if _, err := record.New(many); !errors.Is(err, record.ErrFormat) || !strings.Contains(err.Error(), "the limit is 1000") {
		t.Errorf("many groups: %v", err)
	}
}

func TestClean(t *testing.T) {
	for in, want := range map[string]string{
		"  Acme   custody ": "Acme custody",
		"Zoe\u0308":         "Zoë",
		"plain":             "plain",
	} {
		if got, err := record.Clean(in); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for _, in := range []string{"", " ", "a\nb", "a\tb", "a\x00", "\u202e", "\xff", strings.Repeat("x", 257), "\u2800"} {
		if got, err := record.Clean(in); err == nil {
			t.Errorf("%q: %q", in, got)
		}
	}
}

// The fingerprint is what ssh-keygen -l says.
func TestReleaseKey(t *testing.T) {
	for _, text := range []string{releaseKey, "  " + releaseKey + "\trelease@example.org of 2026\n"} {
		if got, err := record.ParseReleaseKey(text); got != releaseKey || err != nil {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
	if got := record.Fingerprint(releaseKey); got != "SHA256:bbXpuKG6zhzdmnxq256TlqzFBzRl2f6OOg722cYNbU8" {
		t.Error(got)
	}
	for _, text := range []string{"", "ssh-ed25519", "release@example.org " + releaseKey, releaseKey[:len(releaseKey)-1], releaseKey + "=", "ssh-rsa " + releaseKey[len("ssh-ed25519 "):],
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", "ssh-ed25519 " + strings.Repeat("A", 5000), "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5ÄÄÄÄ"} {
		if got, err := record.ParseReleaseKey(text); err == nil {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func TestLookups(t *testing.T) {
	r := newRecord(t, full(t))
	secp := r.On(curve.Secp256k1)
	if len(secp) != 1 || len(r.On(curve.Ed25519)) != 1 {
		t.Error("the groups are not found")
	}
	roots := r.Roots()
	if len(roots) != 2 || !roots[0].SameKey(secp[0].Root()) {
		t.Errorf("roots: %v", roots)
	}
	if p, ok := r.Person("node-2-7D1723AE"); !ok || p.Name != "Acme custody" {
		t.Errorf("%v, %v", p, ok)
	}
	if p, ok := r.Person("node-4"); ok {
		t.Errorf("a person of no node: %v", p)
	}
	if !r.TestOnly() {
		t.Error("it is a test vault")
	}
}

func TestUnsworn(t *testing.T) {
	r := newRecord(t, full(t))
	if seats := r.Unsworn(func(record.Seat) bool { return false }); len(seats) != 6 {
		t.Errorf("%d seats", len(seats))
	}
	lazy := r.Groups[1].Participants[2]
	seats := r.Unsworn(func(s record.Seat) bool { return !s.Holder.PublicKey.Equal(lazy.PublicKey) })
	if len(seats) != 1 || seats[0].Group != r.Groups[1] || seats[0].Holder.NodeID != lazy.NodeID {
		t.Errorf("%v", seats)
	}
	if seats := r.Unsworn(func(record.Seat) bool { return true }); len(seats) != 0 {
		t.Errorf("%v", seats)
	}
}

// FuzzParse: no panic; a text that is read is what New writes, up to its ends.
func FuzzParse(f *testing.F) {
	r := newRecord(f, full(f))
	f.Add(r.Text())
	f.Add(bytes.ReplaceAll(r.Text(), []byte("\n"), []byte("\r\n")))
	f.Add(newRecord(f, record.Facts{Serial: 1, Date: "2026-11-22", Groups: groups(f, "2of2")}).Text())
	bare := full(f)
	bare.Groups = slices.Clone(bare.Groups[:1])
	g := *bare.Groups[0]
	g.ChainCode = nil
	bare.Groups[0] = &g
	f.Add(newRecord(f, bare).Text())
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := record.Parse(data)
		if err != nil {
			if r != nil || !errors.Is(err, record.ErrFormat) || len(err.Error()) > 2000 {
				t.Fatal(err)
			}
			return
		}
		text := strings.ReplaceAll(strings.TrimPrefix(string(data), "\ufeff"), "\r\n", "\n")
		if got := string(r.Text()); got != strings.TrimRight(text, "\n")+"\n" {
			t.Errorf("%q is read as %q", data, got)
		}
		again, err := record.New(r.Facts)
		if err != nil || !bytes.Equal(again.Text(), r.Text()) {
			t.Errorf("made again: %v", err)
		}
	})
}
