package strict_test

import (
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"lifeboat/internal/strict"
)

type inner struct {
	ID    string      `json:"share_id"`
	Count int         `json:"count"`
	Big   *big.Int    `json:"big"`
	Num   json.Number `json:"num"`
	Data  []byte      `json:"data"`
}

type embedded struct {
	Version uint8 `json:"version"`
}

type document struct {
	embedded
	Groups []inner         `json:"groups"`
	Any    any             `json:"any"`
	Raw    json.RawMessage `json:"raw"`
	Maybe  *inner          `json:"maybe"`
	Flag   bool            `json:"flag"`
	Map    map[string]int  `json:"map"`
	Float  float64         `json:"float"`
	Pair   [2]string       `json:"pair"`
	Quoted int             `json:"quoted,string"`
}

func TestUnmarshal(t *testing.T) {
	for _, good := range []string{
		`{}`,
		"\xef\xbb\xbf \r\n\t{} \n",
		`{"version":3,"groups":[{"share_id":"é\u00e9\ud83d\ude00","count":-4,"big":123,"num":1e9,"data":"AAEC"}],"flag":true}`,
		`{"any":null,"raw":null,"maybe":null,"unknown":null,"unknown2":{"a":[null]}}`,
		`{"map":{"a":1,"b":2},"float":1.5e3,"pair":["a","b"],"quoted":"7"}`,
		`{"unknown":` + strings.Repeat("[", strict.MaxDepth-1) + strings.Repeat("]", strict.MaxDepth-1) + `}`,
		`{"unknown":` + strings.Repeat("9", strict.MaxNumber) + `}`,
		`{"unknown":"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[["}`,
	} {
		var d document
		if err := strict.Unmarshal([]byte(good), &d); err != nil {
			t.Errorf("%.80s: %v", good, err)
		}
	}

	long := strings.Repeat("9", strict.MaxNumber+1)
	for _, c := range []struct{ in, want string }{
		{"", "the file is empty"},
		{" \n", "the file is empty"},
		{"\xef\xbb\xbf", "the file is empty"},
		{`{"flag":tru}`, "invalid JSON at line 1, column 12"},
		{"{\n\"flag\":true,}", "invalid JSON at line 2, column 13"},
		{`{} {}`, "invalid JSON at line 1, column 4"},
		{`{"flag":true`, "invalid JSON at line 1, column 12"},
		{"{\"a\":\"\xff\"}", "invalid UTF-8 at line 1, column 7"},
		{"{\"a\":\"\xed\xa0\x80\"}", "invalid UTF-8 at line 1, column 7"},
		{`{"a":"\ud800"}`, "a: half a surrogate pair in a string"},
		{`{"a":"\udc00\ud800"}`, "a: half a surrogate pair in a string"},
		{`{"a":"\ud800\u0041"}`, "a: half a surrogate pair in a string"},
		{`{"\ud800":1}`, "half a surrogate pair in a string"},
		{`{"a":` + strings.Repeat("[", 32) + strings.Repeat("]", 32) + `}`, "nested deeper than 32 at line 1, column 37"},
		{`{"groups":[{"share_id":"1","share_id":"2"}]}`, `groups[0]: key "share_id" occurs twice`},
		{`{"groups":[{},{"share_id":"1","share_\u0069d":"2"}]}`, `groups[1]: key "share_id" occurs twice`},
		{`{"unknown":{"a":1,"A":2}}`, `unknown: keys "a" and "A" differ in case only`},
		{`{"unknown":{"k":1,"\u212a":2}}`, `unknown: keys "k" and "\u212a" differ in case only`},
		{`{"groups":[{"SHARE_ID":"3"}]}`, `groups[0]: key "SHARE_ID": did you mean "share_id"`},
		{`{"group\u017f":[]}`, `key "group\u017f": did you mean "groups"`},
		{`{"VERSION":1}`, `key "VERSION": did you mean "version"`},
		{`null`, "an object was expected, found null"},
		{`[]`, "an object was expected, found a list"},
		{`{"groups":null}`, "groups: a list was expected, found null"},
		{`{"groups":[null]}`, "groups[0]: an object was expected, found null"},
		{`{"groups":[{"share_id":null}]}`, "groups[0].share_id: a string was expected, found null"},
		{`{"groups":[{"share_id":1}]}`, "groups[0].share_id: a string was expected, found a number"},
		{`{"groups":[{"count":null}]}`, "groups[0].count: a whole number was expected, found null"},
		{`{"groups":[{"count":1.5}]}`, "groups[0].count: the number does not fit: a whole number was expected"},
		{`{"groups":[{"count":99999999999999999999}]}`, "groups[0].count: the number does not fit: a whole number was expected"},
		{`{"groups":[{"data":[1]}]}`, "groups[0].data: a string was expected, found a list"},
		{`{"version":300}`, "version: the number does not fit: a whole number was expected"},
		{`{"version":-1}`, "version: the number does not fit: a whole number was expected"},
		{`{"flag":null}`, "flag: true or false was expected, found null"},
		{`{"flag":"true"}`, "flag: true or false was expected, found a string"},
		{`{"map":null}`, "map: an object was expected, found null"},
		{`{"map":{"a b":"x"}}`, `map."a b": a whole number was expected, found a string`},
		{`{"groups":{}}`, "groups: a list was expected, found an object"},
		{`{"groups":[{"num":true}]}`, "groups[0].num: a number was expected, found true or false"},
		{`{"unknown":` + long + `}`, "unknown: a number of more than 1300 characters"},
		{`{"groups":[{"big":` + long + `}]}`, "groups[0].big: a number of more than 1300 characters"},
		{`{"groups":[{"share_id":"` + long + `"}]}`, "groups[0].share_id: a number of more than 1300 characters"},
		{`{"groups":[{"share_id":"-` + long + `"}]}`, "groups[0].share_id: a number of more than 1300 characters"},
	} {
		var d document
		err := strict.Unmarshal([]byte(c.in), &d)
		if err == nil || err.Error() != c.want {
			t.Errorf("%.80s:\n got %v\nwant %s", c.in, err, c.want)
		}
	}
}

// The values here would take encoding/json seconds, gigabytes, or show up in
// its errors.
func TestUnmarshalHostile(t *testing.T) {
	secret := "5162827"
	for name, c := range map[string]struct{ in, want string }{
		"deep":      {strings.Repeat("[", strict.MaxDocument), "nested deeper"},
		"bomb":      {`{"groups":[{"big":` + strings.Repeat("7", 4<<20) + `}]}`, "a number of more than"},
		"too long":  {strings.Repeat(" ", strict.MaxDocument+1), "longer than 16 MiB"},
		"overflow":  {`{"version":` + secret + `}`, "version: the number does not fit"},
		"base64":    {`{"groups":[{"data":"` + secret + `!"}]}`, "a value could not be read"},
		"exponent":  {`{"float":` + secret + `e99999999}`, "float: the number does not fit"},
		"in quotes": {`{"quoted":"` + secret + `x"}`, "a value"},
		"syntax":    {`{"share_id":` + secret + `}}`, "invalid JSON"},
	} {
		var d document
		err := strict.Unmarshal([]byte(c.in), &d)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), secret) || len(err.Error()) > 200 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnmarshalNeedsPointer(t *testing.T) {
	if strict.Unmarshal([]byte("{}"), document{}) == nil || strict.Unmarshal([]byte("{}"), nil) == nil {
		t.Error("accepted something that cannot be set")
	}
}

// Whatever is accepted, encoding/json accepts too and sees only once.
func FuzzUnmarshal(f *testing.F) {
	for _, seed := range []string{
		``, `{}`, `{"groups":[{"share_id":"1","count":3}],"any":[1,{"a":null}]}`, `{"a":"\ud83d\ude00"}`,
		`{"a":"\ud800"}`, `{"a":"\ud800\`, `{"a\u0000":1}`, `[[[]]]`, `{"k":1,"K":2}`, `{"a":1e400}`, "\xef\xbb\xbf1", `"\u00e9`, `{"maybe":null}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, v := range []any{new(document), new([]document), new(any), new(map[string]string)} {
			if strict.Unmarshal(data, v) != nil {
				continue
			}
			out, err := json.Marshal(v)
			if err != nil {
				t.Skip() // a RawMessage or json.Number that was never set
			}
			if !json.Valid(out) {
				t.Errorf("%q became %q", data, out)
			}
		}
	})
}

func BenchmarkUnmarshal(b *testing.B) {
	row := `{"share_id":"115792089237316195423570985008687907852837564279074904382605163141518161494337","count":7},`
	doc := []byte(`{"groups":[` + strings.Repeat(row, 10000) + `{}]}`)
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		var d document
		if err := strict.Unmarshal(doc, &d); err != nil {
			b.Fatal(err)
		}
	}
}

// Distinct keys cost more than any other byte of a document, so there is a limit
// on them.
func TestUnmarshalManyKeys(t *testing.T) {
	document := func(n int) []byte {
		var b strings.Builder
		b.WriteString(`[{"k":1`)
		for i := 1; i < n; i++ {
			if i%1000 == 0 {
				b.WriteString("},{\"k\":1")
				continue
			}
			fmt.Fprintf(&b, `,"k%d":1`, i)
		}
		b.WriteString("}]")
		return []byte(b.String())
	}
	var v any
	if err := strict.Unmarshal(document(strict.MaxKeys), &v); err != nil {
		t.Error(err)
	}
	if err := strict.Unmarshal(document(strict.MaxKeys+1), &v); err == nil || !strings.Contains(err.Error(), "more than 200000 keys") {
		t.Errorf("one key too many: %v", err)
	}
}
