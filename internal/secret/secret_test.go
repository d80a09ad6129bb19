package secret_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"lifeboat/internal/secret"
)

func TestPrintsNothing(t *testing.T) {
	s := secret.Copy([]byte("hunter2hunter2"))
	type holder struct {
		Public string
		s      *secret.Bytes
		S      *secret.Bytes
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%p", "%b"} {
		if out := fmt.Sprintf(verb, s); out != "[secret]" && verb != "%p" {
			t.Errorf("%s printed %s", verb, out)
		}
		out := fmt.Sprintf(verb, &holder{"p", s, s})
		for _, leak := range []string{"hunter2", "68756e74", "68756E74", "104 117 110"} {
			if bytes.Contains([]byte(out), []byte(leak)) {
				t.Errorf("%s of a struct printed %s", verb, out)
			}
		}
	}
}

func TestRefusesToMarshal(t *testing.T) {
	s := secret.Copy([]byte("x"))
	if _, err := json.Marshal(map[string]any{"a": s}); !errors.Is(err, secret.ErrMarshal) {
		t.Errorf("json: %v", err)
	}
	if err := gob.NewEncoder(new(bytes.Buffer)).Encode(s); !errors.Is(err, secret.ErrMarshal) {
		t.Errorf("gob: %v", err)
	}
}

func TestWipe(t *testing.T) {
	b := append(make([]byte, 0, 8), 1, 2, 3)
	full := b[:5]
	full[4] = 9
	s := secret.Take(b)
	s.Wipe()
	s.Wipe()
	(*secret.Bytes)(nil).Wipe()
	if !bytes.Equal(full, make([]byte, 5)) || s.Len() != 0 {
		t.Errorf("left %v, length %d", full, s.Len())
	}
}

func TestEqualAndDo(t *testing.T) {
	ran := false
	secret.Do(func() { ran = true })
	a := secret.Copy([]byte{1, 2})
	if !ran || !a.Equal(secret.Copy([]byte{1, 2})) || a.Equal(secret.Copy([]byte{1, 3})) || a.Equal(secret.New(3)) {
		t.Error("Equal or Do is wrong")
	}
}

func TestWipeAll(t *testing.T) {
	list := []*secret.Bytes{secret.Take([]byte("hunter2")), nil, secret.New(3)}
	held := list[0].Expose()
	secret.WipeAll(list)
	if list[0].Len() != 0 || list[2].Len() != 0 || !bytes.Equal(held, make([]byte, 7)) {
		t.Errorf("%q is left", held)
	}
}
