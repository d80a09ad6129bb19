// Package strict reads JSON and CSV that strangers may have written.
//
// JSON must be one document of UTF-8 without duplicate keys, without keys that
// differ from a known one only in case, and within fixed bounds. CSV is read
// row by row, so that a damaged row costs only that row. Neither shows a value
// from the file in an error.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of a JSON document.
const (
	MaxDocument = 16 << 20 // bytes; a party's tss-lib data is about 4 kB
	MaxDepth    = 32       // of arrays and objects
	MaxNumber   = 1300     // characters; a 4096-bit number has 1234 digits
	MaxKeys     = 200_000  // in all objects together; a file of 1000 groups has 60,000
)

// maxShown is how much of a key from the file an error repeats, in bytes.
const maxShown = 64

var byteOrderMark = []byte("\xef\xbb\xbf")

// Unmarshal decodes one JSON document into v, which encoding/json must be able
// to decode into. A byte order mark before the document is dropped and unknown
// keys are ignored.
//
// Beyond what encoding/json refuses, it refuses a document longer than MaxDocument;
// arrays and objects nested deeper than MaxDepth; more than MaxKeys keys; a number,
// or a string of digits, longer than MaxNumber; invalid UTF-8; keys of one object
// that are equal or differ only in case; a key that differs in case from the field
// it would set; and null, unless it goes into a pointer, an interface or a
// json.Unmarshaler. These checks look at text only, and take linear time.
//
// An error is one sentence, with the path of what is wrong and without its value.
func Unmarshal(data []byte, v any) error {
	if len(data) > MaxDocument {
		return fmt.Errorf("the document is %w", tooLong(MaxDocument))
	}
	data = bytes.TrimPrefix(data, byteOrderMark)
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("the file is empty")
	}
	if err := checkText(data); err != nil {
		return err
	}
	t := reflect.TypeOf(v)
	if t == nil || t.Kind() != reflect.Pointer {
		return errors.New("internal error: decoding into something that is not a pointer")
	}
	w := walker{data: data, fields: map[reflect.Type]*fieldSet{}}
	if p := w.value(t.Elem()); p != nil {
		return p
	}
	if err := json.Unmarshal(data, v); err != nil {
		return decodeError(err)
	}
	return nil
}

// checkText checks the encoding, the depth and the syntax.
func checkText(data []byte) error {
	for rest := data; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		if r == utf8.RuneError && size == 1 {
			return fmt.Errorf("invalid UTF-8 at %s", position(data, len(data)-len(rest)))
		}
		rest = rest[size:]
	}
	depth, quoted := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > MaxDepth {
				return fmt.Errorf("nested deeper than %d at %s", MaxDepth, position(data, i))
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	if json.Valid(data) {
		return nil
	}
	// The text is invalid, so Unmarshal stops before it decodes anything.
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(data, new(any)), &syntax) {
		return fmt.Errorf("invalid JSON at %s", position(data, int(syntax.Offset)-1))
	}
	return errors.New("invalid JSON")
}

// position returns the line and column of data[at], counted from 1.
func position(data []byte, at int) string {
	before := data[:max(0, min(at, len(data)))]
	line := 1 + bytes.Count(before, []byte{'\n'})
	return fmt.Sprintf("line %d, column %d", line, len(before)-bytes.LastIndexByte(before, '\n'))
}

// decodeError takes out of encoding/json's errors what they tell about values.
func decodeError(err error) error {
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return &problem{[]string{"." + mismatch.Field}, "a value of another kind was expected"}
	}
	return errors.New("a value could not be read")
}

// A problem is what is wrong at a place of the document.
type problem struct {
	path []string // innermost first
	text string
}

func (p *problem) Error() string {
	var b strings.Builder
	for i := len(p.path) - 1; i >= 0; i-- {
		b.WriteString(p.path[i])
	}
	path := strings.TrimPrefix(b.String(), ".")
	if path == "" {
		return p.text
	}
	return path + ": " + p.text
}

func (p *problem) in(step string) *problem {
	p.path = append(p.path, step)
	return p
}

func problemf(format string, args ...any) *problem {
	return &problem{text: fmt.Sprintf(format, args...)}
}

// shown is a key as errors show it: as it is if it is plain, otherwise quoted.
func shown(key string) string {
	plain := key != "" && len(key) <= maxShown
	for _, c := range []byte(key) {
		plain = plain && (c == '_' || c == '-' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}
	if plain {
		return key
	}
	return quote(key)
}

func quote(key string) string {
	if len(key) > maxShown {
		key = strings.ToValidUTF8(key[:maxShown], "") + "…"
	}
	return strconv.QuoteToASCII(key)
}

// A walker goes through a valid document along with the type to decode it into. It
// copies only keys: values may be secret.
type walker struct {
	data   []byte
	at     int
	keys   int // seen so far
	fields map[reflect.Type]*fieldSet
}

// value checks the next value; t is nil where any value will do.
func (w *walker) value(t reflect.Type) *problem {
	t, nullable := target(t)
	switch w.peek() {
	case '{':
		if p := expect(t, "an object", reflect.Struct, reflect.Map); p != nil {
			return p
		}
		return w.object(t)
	case '[':
		if t != nil && isBytes(t) {
			return expect(t, "a list", reflect.Invalid)
		}
		if p := expect(t, "a list", reflect.Slice, reflect.Array); p != nil {
			return p
		}
		return w.list(t)
	case '"':
		return w.text(t)
	case 't', 'f':
		w.literal()
		return expect(t, "true or false", reflect.Bool)
	case 'n':
		w.literal()
		if !nullable {
			return expect(t, "null", reflect.Invalid)
		}
		return nil
	default:
		return w.number(t)
	}
}

func (w *walker) object(t reflect.Type) *problem {
	var known *fieldSet
	var elem reflect.Type
	if t != nil && t.Kind() == reflect.Struct {
		known = w.fieldsOf(t)
	} else if t != nil {
		elem = t.Elem()
	}
	var seen map[string]string // folded key to key
	for w.at++; w.peek() != '}'; {
		key, p := w.key()
		if p != nil {
			return p
		}
		if w.keys++; w.keys > MaxKeys {
			return problemf("more than %d keys in one document", MaxKeys)
		}
		folded := fold(key)
		if first, ok := seen[folded]; ok && first == key {
			return problemf("key %s occurs twice", quote(key))
		} else if ok {
			return problemf("keys %s and %s differ in case only", quote(first), quote(key))
		}
		if seen == nil {
			seen = make(map[string]string)
		}
		seen[folded] = key
		w.peek()
		w.at++ // the colon
		t := elem
		if known != nil {
			var exact bool
			if t, exact = known.types[key]; !exact {
				if name, near := known.names[folded]; near {
					return problemf("key %s: did you mean %q", quote(key), name)
				}
			}
		}
		if p := w.value(t); p != nil {
			return p.in("." + shown(key))
		}
		if w.peek() == ',' {
			w.at++
		}
	}
	w.at++
	return nil
}

func (w *walker) list(t reflect.Type) *problem {
	var elem reflect.Type
	if t != nil {
		elem = t.Elem()
	}
	w.at++
	for i := 0; w.peek() != ']'; i++ {
		if p := w.value(elem); p != nil {
			return p.in("[" + strconv.Itoa(i) + "]")
		}
		if w.peek() == ',' {
			w.at++
		}
	}
	w.at++
	return nil
}

func (w *walker) text(t reflect.Type) *problem {
	raw, p := w.quoted()
	if p != nil {
		return p
	}
	if len(raw)-2 > MaxNumber && digitsOnly(raw[1:len(raw)-1]) {
		return problemf("a number of more than %d characters", MaxNumber)
	}
	if t != nil && isBytes(t) {
		return nil
	}
	return expect(t, "a string", reflect.String)
}

func (w *walker) number(t reflect.Type) *problem {
	start := w.at
	w.literal()
	raw := w.data[start:w.at]
	if len(raw) > MaxNumber {
		return problemf("a number of more than %d characters", MaxNumber)
	}
	if t == nil || t == numberType {
		return nil
	}
	var err error
	switch kind := t.Kind(); {
	case kind >= reflect.Int && kind <= reflect.Int64:
		_, err = strconv.ParseInt(string(raw), 10, t.Bits())
	case kind >= reflect.Uint && kind <= reflect.Uintptr:
		_, err = strconv.ParseUint(string(raw), 10, t.Bits())
	case kind == reflect.Float32 || kind == reflect.Float64:
		_, err = strconv.ParseFloat(string(raw), t.Bits())
	default:
		return expect(t, "a number", reflect.Invalid)
	}
	if err != nil {
		return problemf("the number does not fit: %s was expected", kindName(t))
	}
	return nil
}

// peek skips blanks and returns the next byte, or 0 at the end.
func (w *walker) peek() byte {
	for ; w.at < len(w.data); w.at++ {
		if c := w.data[w.at]; c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return c
		}
	}
	return 0
}

// literal skips a number, true, false or null.
func (w *walker) literal() {
	for w.at < len(w.data) && bytes.IndexByte([]byte(" \t\r\n,]}"), w.data[w.at]) < 0 {
		w.at++
	}
}

// quoted skips a string and returns it with its quotes, escapes undecoded.
func (w *walker) quoted() ([]byte, *problem) {
	start := w.at
	for w.at++; w.data[w.at] != '"'; w.at++ {
		if w.data[w.at] != '\\' {
			continue
		}
		if w.at++; w.data[w.at] != 'u' {
			continue
		}
		// encoding/json would turn half a surrogate pair into U+FFFD.
		if r := w.escaped(w.at + 1); r >= 0xd800 && r < 0xe000 {
			if w.data[w.at+5] != '\\' || w.data[w.at+6] != 'u' || r >= 0xdc00 || w.escaped(w.at+7)>>10 != 0xdc00>>10 {
				return nil, problemf("half a surrogate pair in a string")
			}
			w.at += 6
		}
		w.at += 4
	}
	w.at++
	return w.data[start:w.at], nil
}

// escaped reads four hex digits, which a valid document has after \u.
func (w *walker) escaped(at int) uint64 {
	n, _ := strconv.ParseUint(string(w.data[at:at+4]), 16, 16)
	return n
}

func (w *walker) key() (string, *problem) {
	w.peek()
	raw, p := w.quoted()
	if p != nil {
		return "", p
	}
	if bytes.IndexByte(raw, '\\') < 0 {
		return string(raw[1 : len(raw)-1]), nil
	}
	var key string
	if json.Unmarshal(raw, &key) != nil {
		return "", problemf("invalid key")
	}
	return key, nil
}

func digitsOnly(b []byte) bool {
	for i, c := range b {
		if (c < '0' || c > '9') && (i > 0 || c != '-' && c != '+') {
			return false
		}
	}
	return true
}

// fold maps keys that encoding/json takes for the same field to one string.
func fold(key string) string {
	return strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf {
			return unicode.ToUpper(r)
		}
		least := r
		for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
			least = min(least, next)
		}
		return least
	}, key)
}
