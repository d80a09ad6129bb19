package recover

import (
	"path/filepath"
	"testing"

	"lifeboat/recover/ceremony"
	"lifeboat/share/record"
)

// A device can be called what no file can be called.
func TestMessages(t *testing.T) {
	g := &together{dir: "desk"}
	request, answer, err := g.messages("iPhone TEST-1", "b")
	if err != nil || request != filepath.Join("desk", "sign-request-iPhone TEST-1.json") || answer != filepath.Join("desk", "sign-answer-b.json") {
		t.Errorf("%q, %q, %v", request, answer, err)
	}
	for _, name := range []string{"John/Mac", "../../a", `C:\a`, "a\n"} {
		for _, pair := range [][2]string{{name, "b"}, {"b", name}} {
			if _, _, err := g.messages(pair[0], pair[1]); err == nil {
				t.Errorf("%q is in the name of a file", name)
			}
		}
	}
}

// A dealer calls the person in the record, and never a number that nobody recorded.
func TestCall(t *testing.T) {
	dir := &folder{pins: &ceremony.Pins{Record: &record.Record{Facts: record.Facts{People: []record.Person{
		{NodeID: "a", Name: "The client", Contact: "+41 44"}, {NodeID: "b", Name: "Acme custody"},
	}}}}}
	const rest = ", and have the eight words of their join read to you.\nThe words of "
	const own = "a number from your own papers and not from this stick"
	for node, want := range map[string]string{
		"a": `Call "The client", who is node "a" in the record, at "+41 44"` + rest + `"a": `,
		"b": `Call "Acme custody", who is node "b" in the record, at ` + own + rest + `"b": `,
		"c": `Call whoever is to be node "c", at ` + own + rest + `"c": `,
	} {
		if got := call(dir, node); got != want {
			t.Errorf("%s: %s", node, got)
		}
	}
}
