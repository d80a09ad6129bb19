package derive

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors about paths.
var (
	// ErrPath is wrapped by every error about a path.
	ErrPath = errors.New("invalid derivation path")
	// ErrHardened is wrapped, with ErrPath, by the error for a hardened step.
	ErrHardened = errors.New("an MPC wallet has no hardened keys: nobody holds the private key that a hardened step needs")
)

// MaxDepth is the largest number of steps below a root: an extended key stores its
// depth in one byte.
const MaxDepth = 255

// hardenedFrom is the first hardened index, BIP-32.
const hardenedFrom = 1 << 31

// Path is the non-hardened steps from a key to one of its descendants, each
// below 2^31. The empty path is the key itself.
type Path []uint32

// ParsePath reads "m/44/60/0/0/7" or "44/60/0/0/7"; "m" is the key itself.
// Nothing else is accepted: a blank or a leading slash is an error, not a guess.
func ParsePath(s string) (Path, error) {
	rest, ok := strings.CutPrefix(s, "m")
	switch {
	case s == "":
		return nil, fmt.Errorf("%w: it is empty (the key itself is %q)", ErrPath, "m")
	case ok && rest == "":
		return Path{}, nil
	case ok && rest[0] == '/':
		rest = rest[1:]
	case ok:
		return nil, fmt.Errorf("%w %.80q: a path starts with m/ or a number", ErrPath, s)
	}
	if len(rest) > (MaxDepth+1)*12 {
		return nil, fmt.Errorf("%w: more than %d steps", ErrPath, MaxDepth)
	}
	steps := strings.Split(rest, "/")
	if len(steps) > MaxDepth {
		return nil, fmt.Errorf("%w: more than %d steps", ErrPath, MaxDepth)
	}
	p := make(Path, len(steps))
	for i, step := range steps {
		v, err := parseStep(step)
		if err != nil {
			return nil, fmt.Errorf("%w %.80q: step %d: %w", ErrPath, s, i+1, err)
		}
		p[i] = v
	}
	return p, nil
}

// ParseBookPath is ParsePath for address books: surrounding blanks, a slash at either
// end, and a capital M do not matter.
func ParseBookPath(s string) (Path, error) {
	s = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(s), "/"), "/")
	if rest, found := strings.CutPrefix(s, "M"); found {
		s = "m" + rest
	}
	return ParsePath(s)
}

func parseStep(s string) (uint32, error) {
	if strings.HasSuffix(s, "'") || strings.HasSuffix(s, "’") || len(s) > 1 && strings.ContainsAny(s[len(s)-1:], "hH") {
		return 0, ErrHardened
	}
	if s == "" {
		return 0, errors.New("it is empty")
	}
	for _, r := range s {
		if r < '0' || r > '9' {
			return 0, errors.New("it is not a decimal number")
		}
	}
	if len(s) > 1 && s[0] == '0' {
		return 0, errors.New("it has a leading zero")
	}
	v, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return 0, errors.New("it is 2^32 or more")
	}
	if v >= hardenedFrom {
		return 0, ErrHardened
	}
	return uint32(v), nil
}

// String writes the path as "m/44/60/0/0/7".
func (p Path) String() string {
	b := make([]byte, 1, 1+11*len(p))
	b[0] = 'm'
	for _, v := range p {
		b = append(b, '/')
		b = strconv.AppendUint(b, uint64(v), 10)
	}
	return string(b)
}
