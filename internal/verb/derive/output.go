package derive

import (
	"bufio"
	"encoding/json"
	"io"
	"strings"
	"unicode/utf8"

	"lifeboat/internal/cli"
	"lifeboat/internal/plain"
	"lifeboat/internal/strict"
)

// output is the flags that say where and in which form results go.
type output struct {
	csv  bool
	json bool
	path string
}

func (o *output) define(set *cli.Flags) {
	set.BoolVar(&o.csv, "csv", false, "")
	set.BoolVar(&o.json, "json", false, "")
	set.StringVarP(&o.path, "output", "o", "", "")
}

// outputs are the files that the plan makes.
func (o *output) outputs() []string {
	if o.path == "" {
		return nil
	}
	return []string{o.path}
}

func (o *output) check(set *cli.Flags) error {
	if o.csv && o.json {
		return set.Misuse("--csv and --json contradict each other")
	}
	return nil
}

// table reports whether the result is for people to read.
func (o *output) table() bool { return !o.csv && !o.json && o.path == "" }

// rowWriter writes rows in one of the forms.
type rowWriter interface {
	row([]string) error
	end() error
}

// write opens the output, has rows written to it, and finishes it. name is the
// JSON document's one field; line makes a row for people, and nil leaves the rows
// out there.
func (o *output) write(e *cli.Env, columns []string, name string, line func([]string) string, rows func(rowWriter) error) error {
	emit := func(w io.Writer) error { return o.emit(w, columns, name, line, rows) }
	if o.path == "" {
		return emit(e.Stdout)
	}
	var file cli.Outputs
	file.AddFunc(o.path, emit, nil)
	return file.Write(e)
}

func (o *output) emit(w io.Writer, columns []string, name string, line func([]string) string, rows func(rowWriter) error) error {
	buffered := bufio.NewWriterSize(w, 64<<10)
	var out rowWriter
	switch {
	case o.json:
		out = newJSONWriter(buffered, name, columns)
	case o.table():
		out = &lineWriter{buffered, line}
	default:
		if err := strict.WriteRow(buffered, columns); err != nil {
			return err
		}
		out = csvWriter{buffered}
	}
	if err := rows(out); err != nil {
		return err
	}
	if err := out.end(); err != nil {
		return err
	}
	return buffered.Flush()
}

type csvWriter struct{ w *bufio.Writer }

func (c csvWriter) row(r []string) error { return strict.WriteRow(c.w, r) }
func (c csvWriter) end() error           { return nil }

// lineWriter writes one line a row.
type lineWriter struct {
	w    *bufio.Writer
	line func([]string) string
}

func (l *lineWriter) row(r []string) error {
	if l.line == nil {
		return nil
	}
	_, err := l.w.WriteString(cli.Clean(l.line(r)) + "\n")
	return err
}

func (l *lineWriter) end() error { return nil }

// jsonWriter streams {"name":[…]}, one row a line, its fields named after the
// columns in snake_case.
type jsonWriter struct {
	w      *bufio.Writer
	fields []string // `"path":` and so on
	name   string
	n      int
}

func newJSONWriter(w *bufio.Writer, name string, columns []string) *jsonWriter {
	j := &jsonWriter{w: w, name: name}
	for _, c := range columns {
		key, err := json.Marshal(strings.ReplaceAll(strings.ToLower(c), " ", "_"))
		if err != nil {
			panic("unreachable: a string always marshals")
		}
		j.fields = append(j.fields, string(key)+":")
	}
	return j
}

func (j *jsonWriter) row(r []string) error {
	if j.n == 0 {
		j.w.WriteString("{\"" + j.name + "\":[\n  ")
	} else {
		j.w.WriteString(",\n  ")
	}
	j.n++
	separator := byte('{')
	for i, cell := range r {
		if !utf8.ValidString(cell) {
			cell = plain.Lines(cell) // JSON cannot hold the bytes, and this says which they were
		}
		value, err := json.Marshal(cell)
		if err != nil {
			return err
		}
		j.w.WriteByte(separator)
		j.w.WriteString(j.fields[i])
		j.w.Write(value)
		separator = ','
	}
	return j.w.WriteByte('}') // a bufio.Writer keeps its first error
}

func (j *jsonWriter) end() error {
	text := "\n]}\n"
	if j.n == 0 {
		text = "{\"" + j.name + "\":[]}\n"
	}
	_, err := j.w.WriteString(text)
	return err
}
