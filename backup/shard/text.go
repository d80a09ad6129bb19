package shard

import (
	"fmt"
	"strings"

	"lifeboat/backup/lines"
	"lifeboat/internal/secret"
)

// Text returns the shard as a text file. made says when and with what, for
// people; it may be empty.
func (s *Shard) Text(made string) (*secret.Bytes, error) {
	body, err := s.Lines()
	if err != nil {
		return nil, err
	}
	defer body.Wipe()
	var head strings.Builder
	fmt.Fprintf(&head, "LIFEBOAT SHARD %d OF %d: ANY %d OF THEM OPEN WHAT IS SEALED\n\n", s.Number, s.Count, s.Threshold)
	fmt.Fprintf(&head, "%s    %s\n", nameMark, s.SetName)
	fmt.Fprintf(&head, "Set ID:      %s\n", s.SetID)
	fmt.Fprintf(&head, "Fingerprint: %s (of the recipient)\n", s.Fingerprint)
	if made = cleanName(made); made != "" {
		fmt.Fprintf(&head, "Made:        %s\n", made)
	}
	fmt.Fprintf(&head, "\n-----%s-----\n", beginMark)
	tail := fmt.Sprintf("-----%s-----\n\n%s", endMark, s.instructions())
	out := secret.New(head.Len() + body.Len() + len(tail))
	n := copy(out.Expose(), head.String())
	n += copy(out.Expose()[n:], body.Expose())
	copy(out.Expose()[n:], tail)
	return out, nil
}

// Lines returns the numbered lines: all that is needed of a shard.
func (s *Shard) Lines() (*secret.Bytes, error) {
	p, err := s.payload()
	if err != nil {
		return nil, err
	}
	defer p.Wipe()
	return lines.Encode(p)
}

func (s *Shard) instructions() string {
	return fmt.Sprintf(`WHAT THIS IS

One of %d pieces ("shards") of an identity: the secret that opens files sealed
with the program age. One piece says nothing about it; any %d pieces give it.
Keep this one secret, and apart from the others.

HOW TO USE IT

Give %d shards of the set, as files, to a program of Lifeboat:

    mpc-backup open BACKUP.age -i shard-A.txt -i shard-B.txt -o opened

From paper, type the numbered lines into a file; capitals and blanks do not
matter. A line that is mistyped is named.

`, s.Count, s.Threshold, s.Threshold) + "HOW TO USE IT WITHOUT LIFEBOAT (for a programmer)\n\n" + ByHand
}

// ByHand says how a programmer joins shards without this project.
const ByHand = `Of each line drop the number, the blanks and the last 4 characters, which only
check the line. Put the lines of one shard together and decode base32 (RFC 4648,
no padding). Of the bytes, 0 to 3 are "LBS1", 4 is how many shards are needed, 5
how many there are, 6 the number of this one, 7 to 14 the set, 15 to 30 the
first 16 bytes of the SHA-256 of the recipient (age1...). The last 4 bytes are
the first of the SHA-256 of all before them. The byte before those 4 is x; the
bytes from 31 up to x are y.

Take as many shards of one set as are needed. Add and multiply in GF(2^8) with
the polynomial x^8+x^4+x^3+x+1 (as AES does). For each place of y, the secret's
byte is the XOR over all shards i of: y_i times the product over all other
shards j of x_j / (x_i XOR x_j). The result is the identity, a text that starts
with AGE-SECRET-KEY-, and 8 bytes: the first of its SHA-256. Put the identity
into a file on a computer without a network, and run: age -d -i FILE BACKUP.age
`
