package open

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"

	"lifeboat/internal/curve"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/share"
)

// Errors about what is to be written.
var (
	// ErrNewPassword is wrapped by the reasons to refuse a new password.
	ErrNewPassword = errors.New("the new password is refused")
	// ErrTree means that whoever reads the written file would derive other addresses.
	ErrTree = errors.New("keys descend from its root by another vendor's rule, which the file could not say")
	// ErrNodeID is returned for a node ID that cannot be part of a file name.
	ErrNodeID = errors.New("a node ID has 1 to 64 letters, digits, dots, underscores or hyphens")
)

// MinPassword is the shortest new password, in bytes. The vendor's kit does not
// open a file with a shorter one.
const MinPassword = 8

var nodeID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// CheckNodeID refuses node IDs that Lifeboat does not write.
func CheckNodeID(node string) error {
	if !nodeID.MatchString(node) {
		return fmt.Errorf("%.64q: %w", node, ErrNodeID)
	}
	return nil
}

// CheckNewPassword refuses passwords with which the vendor's kit could not open
// the file: shorter than MinPassword, or with blanks around it, which it trims.
func CheckNewPassword(p *secret.Bytes) error {
	switch b := p.Expose(); {
	case len(b) < MinPassword:
		return fmt.Errorf("%w: it is shorter than %d bytes, and the vendor's kit would not take it", ErrNewPassword, MinPassword)
	case len(bytes.TrimSpace(b)) != len(b):
		return fmt.Errorf("%w: it starts or ends with a blank, which the vendor's kit would drop", ErrNewPassword)
	}
	return nil
}

// Held is one share of one group, to be written for its holder.
type Held struct {
	Group  *share.Group
	Holder share.Participant
	Share  *scalar.Secret
}

// Is reports whether an opened share is this one, of this holder.
func (h *Held) Is(o *Share) bool {
	s := o.Sealed()
	return o.Scalar().Equal(h.Share) && s.NodeID == h.Holder.NodeID && s.ShareID.Equal(h.Holder.ShareID)
}

// formatVersion is the version of recovery group file that Lifeboat writes.
const formatVersion = 3

// Marshal writes a holder's shares as a recovery group file of version 3, every
// group in one list, as the vendor's kit reads it. Each share is checked against
// its public key, and sealed under the password with its own salt and nonce.
func Marshal(held []Held, password *secret.Bytes) ([]byte, error) {
	if err := CheckNewPassword(password); err != nil {
		return nil, err
	}
	list := make([]fileJSON, len(held))
	for i, h := range held {
		if err := CheckNodeID(h.Holder.NodeID); err != nil {
			return nil, err
		}
		if !h.Share.Public().Equal(h.Holder.PublicKey) {
			return nil, fmt.Errorf("writing the share of node %q: %w", h.Holder.NodeID, ErrNotThisShare)
		}
		root := h.Group.Root()
		if !h.Group.UsualTree() {
			return nil, fmt.Errorf("writing the share of node %q: %w", h.Holder.NodeID, ErrTree)
		}
		if root.IsBare() {
			return nil, fmt.Errorf("writing the share of node %q: a recovery group file has the chain code, and the group's is not known", h.Holder.NodeID)
		}
		f := &list[i]
		f.Version = formatVersion
		cc := root.ChainCode()
		f.GroupInfo = infoJSON{
			ID: h.Group.ID, CreatedTime: h.Group.CreatedTime, Type: int(h.Group.Curve),
			Root: root.String(), ChainCode: hex0x(cc[:]), Curve: h.Group.Curve.String(), Threshold: h.Group.Threshold,
		}
		for _, p := range h.Group.Participants {
			if err := CheckNodeID(p.NodeID); err != nil {
				return nil, err
			}
			f.GroupInfo.Participants = append(f.GroupInfo.Participants, entry(p))
		}
		salt := make([]byte, 32)
		rand.Read(salt)
		lock := share.NewPBKDF2(salt)
		if err := closePBKDF2(lock, h.Share, password); err != nil {
			return nil, fmt.Errorf("sealing the share of node %q: %w", h.Holder.NodeID, err)
		}
		hash, _ := lock.Hash()
		f.ShareInfo = sealedJSON{
			entryJSON:      entry(h.Holder),
			EncryptedShare: base64.StdEncoding.EncodeToString(lock.Ciphertext),
			KDF:            kdfJSON{lock.Length, lock.Iterations, hex0x(salt), lock.HashType, hash.Name},
		}
	}
	b, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

type (
	fileJSON struct {
		Version   int        `json:"version"`
		GroupInfo infoJSON   `json:"group_info"`
		ShareInfo sealedJSON `json:"share_info"`
	}
	infoJSON struct {
		ID           string      `json:"id"`
		CreatedTime  string      `json:"created_time"`
		Type         int         `json:"type"`
		Root         string      `json:"root_extended_public_key"`
		ChainCode    string      `json:"chaincode"`
		Curve        string      `json:"curve"`
		Threshold    int         `json:"threshold"`
		Participants []entryJSON `json:"participants"`
	}
	entryJSON struct {
		NodeID         string `json:"node_id"`
		ShareID        string `json:"share_id"`
		SharePublicKey string `json:"share_public_key"`
	}
	sealedJSON struct {
		entryJSON
		EncryptedShare string  `json:"encrypted_share"`
		KDF            kdfJSON `json:"kdf"`
	}
	kdfJSON struct {
		Length     int    `json:"length"`
		Iterations int64  `json:"iterations"`
		Salt       string `json:"salt"`
		HashType   int    `json:"hash_type"`
		HashName   string `json:"hash_name"`
	}
)

func entry(p share.Participant) entryJSON {
	return entryJSON{p.NodeID, p.ShareID.Text, hex0x(p.PublicKey.Bytes())}
}

func hex0x(b []byte) string { return "0x" + hex.EncodeToString(b) }

// NewID returns a fresh random share ID: non-zero, below the order, and none of
// those in use.
func NewID(c curve.Curve, taken ...share.ID) share.ID {
	for {
		id, err := share.NewID(c, c.RandomScalar().Int().String())
		if err != nil {
			continue // zero: unreachable
		}
		free := true
		for _, t := range taken {
			free = free && !t.Equal(id)
		}
		if free {
			return id
		}
	}
}
