package recover

import (
	"testing"

	"lifeboat/recover/ceremony"
	"lifeboat/share/record"
)

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
