package cli

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"

	"lifeboat/internal/plain"
)

// WriteJSON writes v as the one document on standard output.
func (e *Env) WriteJSON(v any) error {
	document, replaced, err := encode(v, "")
	if err != nil {
		return err
	}
	e.warnReplaced(replaced)
	_, err = e.Stdout.Write(document)
	return err
}

func (e *Env) warnReplaced(replaced bool) {
	if replaced {
		e.Warn("a name is not UTF-8, and JSON can hold nothing else: each byte that does not fit became \\ufffd")
	}
}

// encode returns v as it is written at the depth of prefix, and whether U+FFFD has taken
// the place of a byte in it.
func encode(v any, prefix string) (document []byte, replaced bool, err error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent(prefix, "  ")
	if err := enc.Encode(v); err != nil {
		return nil, false, fmt.Errorf("internal error: couldn't encode the result: %w", err)
	}
	return plain.JSON(b.Bytes()), hasReplaced(b.Bytes()), nil
}

// hasReplaced reports whether encoding/json has put U+FFFD in place of a byte. It escapes
// that character for no other reason.
func hasReplaced(document []byte) bool {
	for i := 0; i < len(document); i++ {
		if document[i] != '\\' {
			continue
		}
		if bytes.HasPrefix(document[i:], []byte(`\ufffd`)) {
			return true
		}
		i++ // what it escapes
	}
	return false
}

// A List is a long list of a JSON document, of which each element is let go once it is
// added: what will be written of it is kept, packed, in a tenth of the memory or less.
type List struct {
	name     string // of the list in the document
	n        int
	replaced bool // in a name
	packed   bytes.Buffer
	packer   *flate.Writer
}

// NewList returns the list of that name, which the document has at its top.
func NewList(name string) *List {
	l := &List{name: name}
	l.packer, _ = flate.NewWriter(&l.packed, flate.BestSpeed) // fails for other levels alone
	return l
}

// Add adds an element.
func (l *List) Add(element any) error {
	const indent = "    "
	text, replaced, err := encode(element, indent)
	if err != nil {
		return err
	}
	l.replaced = l.replaced || replaced
	comma := ",\n"
	if l.n == 0 {
		comma = "\n"
	}
	l.n++
	fmt.Fprintf(l.packer, "%s%s%s", comma, indent, bytes.TrimSuffix(text, []byte("\n")))
	return nil
}

// Write writes a document, whose own list of the name is empty, with this one in it.
// Nothing can be added from then on.
func (l *List) Write(w io.Writer, document any) error {
	text, _, err := encode(document, "")
	if err != nil {
		return err
	}
	start := []byte("\n  \"" + l.name + "\": [")
	before, after, ok := bytes.Cut(text, append(start, ']'))
	if !ok {
		return fmt.Errorf("internal error: the result has no empty list %q", l.name)
	}
	l.packer.Close()
	parts := []io.Reader{bytes.NewReader(before), bytes.NewReader(start), flate.NewReader(bytes.NewReader(l.packed.Bytes()))}
	if l.n > 0 {
		parts = append(parts, bytes.NewReader([]byte("\n  ")))
	}
	_, err = io.Copy(w, io.MultiReader(append(parts, bytes.NewReader([]byte("]")), bytes.NewReader(after))...))
	return err
}

// WriteList writes a document with a list in it as the one on standard output.
func (e *Env) WriteList(document any, l *List) error {
	e.warnReplaced(l.replaced)
	return l.Write(e.Stdout, document)
}
