package derive

import (
	"bufio"
	"encoding/json"
)

// jsonWriter streams {"addresses":[…]}, one row a line.
type jsonWriter struct {
	w *bufio.Writer
	n int
}

func (j *jsonWriter) row(r addressRow) error {
	open := "{\"addresses\":[\n  "
	if j.n > 0 {
		open = ",\n  "
	}
	j.n++
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	j.w.WriteString(open)
	_, err = j.w.Write(b)
	return err
}

func (j *jsonWriter) end() error {
	text := "\n]}\n"
	if j.n == 0 {
		text = "{\"addresses\":[]}\n"
	}
	_, err := j.w.WriteString(text)
	return err
}
