package archive

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"strings"
)

// A mail is read as RFC 2045 and 2046 say. net/mail and mime/multipart would do, but
// they link package net.

const (
	maxHeader = 64 << 10 // bytes of the header of a mail, or of a part
	maxNested = 16       // parts in parts: a mail that was forwarded again and again
)

// mailFields are what a mail has, and other texts with colons do not.
var mailFields = []string{"Mime-Version", "Content-Type", "Received", "Message-Id"}

func isMail(data []byte) bool {
	fields, _, ok := header(data)
	if !ok {
		return false
	}
	for _, name := range mailFields {
		if _, ok := fields[name]; ok {
			return true
		}
	}
	return false
}

// header reads the fields of a mail or a part, folded ones too. Of fields with the same
// name, the first counts.
func header(data []byte) (fields map[string]string, body []byte, ok bool) {
	fields = map[string]string{}
	last := "" // the field that a folded line continues
	for rest := data; len(rest) > 0 && len(data)-len(rest) < maxHeader; {
		first := len(rest) == len(data)
		line, next, whole := bytes.Cut(rest, []byte("\n"))
		rest = next
		line = bytes.TrimRight(line, "\r")
		name, value, isField := bytes.Cut(line, []byte(":"))
		switch {
		case len(line) == 0:
			return fields, rest, true
		case len(line) > maxHeader:
			return nil, nil, false
		case line[0] == ' ' || line[0] == '\t':
			if last != "" {
				fields[last] += " " + string(bytes.TrimSpace(line))
			}
		case isField && isName(name):
			last = canonical(string(name))
			if _, twice := fields[last]; twice {
				last = ""
			} else {
				fields[last] = string(bytes.TrimSpace(value))
			}
		case !whole && !first: // data is the head of a file
			return fields, nil, true
		case !first || !bytes.HasPrefix(line, []byte("From ")): // which begins a mail in a mailbox
			return nil, nil, false
		}
	}
	return fields, nil, len(data) < maxHeader
}

func isName(s []byte) bool {
	return len(s) > 0 && bytes.IndexFunc(s, func(r rune) bool {
		return r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}) < 0
}

// canonical gives the names of fields one spelling.
func canonical(name string) string {
	words := strings.Split(strings.ToLower(name), "-")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	return strings.Join(words, "-")
}

func walkMail(data []byte, limit *Limit, v visit) error {
	m := &mail{limit: limit, visit: v}
	if err := m.part(data, 0); err != nil {
		return err
	}
	return m.rest
}

type mail struct {
	limit *Limit
	visit visit
	parts int
	rest  error // why a part was not looked at
}

// part reads a part with its header, and the parts in it. An error ends the walk.
func (m *mail) part(data []byte, depth int) error {
	if err := m.limit.entry(); err != nil {
		return err
	}
	if depth == maxNested {
		return fmt.Errorf("%w: mails in mails", ErrTooMuch)
	}
	m.parts++
	fields, body, ok := header(data)
	if !ok { // a part needs none
		body = data
	}
	kind, parameters, _ := mime.ParseMediaType(fields["Content-Type"])
	encoding := strings.ToLower(fields["Content-Transfer-Encoding"])
	switch {
	case strings.HasPrefix(kind, "multipart/") && parameters["boundary"] != "":
		for part := range between(body, parameters["boundary"]) {
			if err := m.part(part, depth+1); err != nil {
				return err
			}
		}
		return nil
	case kind == "message/rfc822" && encoding != "base64" && encoding != "quoted-printable":
		return m.part(body, depth+1)
	}
	name := m.name(fields, parameters)
	skipped, err := m.limit.read(name, decoder(encoding, body), int64(len(body)), m.visit)
	switch {
	case errors.Is(err, ErrTooMuch):
		return err
	case skipped:
		err = m.limit.tooLarge(name)
	case err != nil:
		err = fmt.Errorf("%w: %q", err, Short(name))
	}
	m.rest = cmp.Or(m.rest, err)
	return nil
}

// between yields what is between the lines of a boundary.
func between(body []byte, boundary string) func(func([]byte) bool) {
	mark := []byte("--" + boundary)
	return func(yield func([]byte) bool) {
		start, at := -1, 0
		for line := range bytes.Lines(body) {
			text := bytes.TrimRight(line, " \t\r\n")
			last := bytes.Equal(text, append(mark[:len(mark):len(mark)], "--"...))
			if last || bytes.Equal(text, mark) {
				if start >= 0 && !yield(body[start:at]) || last {
					return
				}
				start = at + len(line)
			}
			at += len(line)
		}
		if start >= 0 { // the last line is missing
			yield(body[start:])
		}
	}
}

func decoder(encoding string, body []byte) io.Reader {
	r := bytes.NewReader(body)
	switch encoding {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, &noBlanks{r})
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}

// noBlanks drops blanks and tabs, which the decoder does not.
type noBlanks struct{ r io.Reader }

func (b *noBlanks) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	kept := 0
	for _, c := range p[:n] {
		if c != ' ' && c != '\t' {
			p[kept] = c
			kept++
		}
	}
	return kept, err
}

// name is what the sender calls a part.
func (m *mail) name(fields, parameters map[string]string) string {
	_, disposition, _ := mime.ParseMediaType(fields["Content-Disposition"])
	for _, name := range []string{disposition["filename"], parameters["name"]} {
		if name == "" {
			continue
		}
		if decoded, err := new(mime.WordDecoder).DecodeHeader(name); err == nil {
			return decoded
		}
		return name
	}
	return fmt.Sprintf("part %d", m.parts)
}
