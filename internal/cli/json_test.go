package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

type listed struct {
	Name  string   `json:"name"`
	Files []string `json:"files"` // another list of that name
}

type document struct {
	Heading string   `json:"heading"`
	Inner   listed   `json:"inner"`
	Files   []listed `json:"files"`
	End     int      `json:"end"`
}

// A document with a List in it is what WriteJSON would have made of the whole of it.
func TestList(t *testing.T) {
	for _, elements := range [][]listed{
		{},
		{{Name: "one"}},
		{{"\n  \"files\": []", []string{}}, {"<&>\u2028\u202e", []string{"a", "b"}}, {}},
	} {
		doc := document{Heading: "\n  \"files\": []", Inner: listed{"x", []string{}}, Files: elements, End: 7}
		var whole, parts, warned bytes.Buffer
		if err := (&Env{Stdout: &whole}).WriteJSON(doc); err != nil {
			t.Fatal(err)
		}
		l := NewList("files")
		for _, e := range elements {
			if err := l.Add(e); err != nil {
				t.Fatal(err)
			}
		}
		doc.Files = []listed{}
		for range 2 { // a file, and standard output
			parts.Reset()
			if err := (&Env{Stdout: &parts, Stderr: &warned}).WriteList(doc, l); err != nil {
				t.Fatal(err)
			}
			if parts.String() != whole.String() || warned.Len() > 0 {
				t.Errorf("%s\nis not\n%s%s", parts.String(), whole.String(), warned.String())
			}
		}
	}
}

func TestListFails(t *testing.T) {
	l := NewList("files")
	if err := l.Write(new(bytes.Buffer), document{}); err == nil {
		t.Error("a document without an empty list is written")
	}
	if err := l.Add(func() {}); err == nil {
		t.Error("what cannot be encoded is added")
	}
	if err := l.Add("\xff"); err != nil {
		t.Fatal(err)
	}
	var warned bytes.Buffer
	if err := (&Env{Stdout: new(bytes.Buffer), Stderr: &warned}).WriteList(document{Files: []listed{}}, l); err != nil || !strings.Contains(warned.String(), "not UTF-8") {
		t.Errorf("%v, %q", err, warned.String())
	}
}

// What is alike takes a tenth of the memory.
func TestListIsPacked(t *testing.T) {
	l, size := NewList("files"), 0
	for i := range 10_000 {
		text := fmt.Sprintf("transaction %d of many that are much alike, and pay the same account", i)
		size += len(text)
		if err := l.Add(text); err != nil {
			t.Fatal(err)
		}
	}
	if l.packed.Cap() > size/10 {
		t.Errorf("%d bytes are kept of %d", l.packed.Cap(), size)
	}
}
