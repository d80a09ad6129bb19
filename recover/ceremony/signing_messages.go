package ceremony

import (
	"crypto/rand"
	"crypto/sha512"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"lifeboat/internal/curve"
	"lifeboat/internal/signature"
	"lifeboat/internal/strict"
	"lifeboat/recover/frost"
	"lifeboat/share/open"
)

// Bodies of the two messages. Points and numbers are in hex.
type (
	requestMessage struct {
		head
		To          string   `json:"to"`
		Rosters     []string `json:"rosters"`     // roster hashes, in the order of the signatures of the file
		Batch       string   `json:"batch"`       // hash of the batch
		Commitments []string `json:"commitments"` // hiding, then binding; one for each signature of the batch
	}
	answerMessage struct {
		head
		To          string   `json:"to"`
		Rosters     []string `json:"rosters"`
		Request     string   `json:"request"` // SHA-256 of the request
		Commitments []string `json:"commitments"`
		Shares      []string `json:"shares"` // of the signatures
	}
)

func (m *requestMessage) to() string { return m.To }
func (m *answerMessage) to() string  { return m.To }

// rosters returns the roster hashes of the groups that sign, in the order of the seats.
func (s *Signing) rosters() []string {
	var list []string
	for _, t := range s.seats {
		sum := t.group.RosterSHA256()
		list = append(list, hex.EncodeToString(sum[:]))
	}
	return list
}

// write makes the file of a message, signed with each of the shares.
func (s *Signing) write(step Step, v any) ([]byte, error) {
	var shares []*open.Share
	for _, t := range s.seats {
		shares = append(shares, t.share)
	}
	return write(step, v, shares...)
}

// addressed is a message with a head that says to whom it is.
type addressed interface {
	headed
	to() string
}

// read reads a message of the other holder, as far as who made it.
func (s *Signing) read(step Step, data []byte) (*message, error) {
	var by struct {
		Rosters []string `json:"rosters"`
	}
	m, err := read(data, &by)
	if err != nil {
		return nil, err
	}
	if m.version != fileVersion {
		return nil, fmt.Errorf("%w: version %d of the format, and signing began with %d", ErrMessage, m.version, fileVersion)
	}
	if len(by.Rosters) == 0 || len(by.Rosters) > len(s.record.Groups) {
		return nil, fmt.Errorf("%w: it names the shares of %d groups as those that it is signed with", ErrMessage, len(by.Rosters))
	}
	var keys []*curve.Point
	for _, roster := range by.Rosters {
		key := s.keyOf(roster)
		if key == nil {
			return nil, fmt.Errorf("%w: it is not of shares that the record has", ErrMessage)
		}
		keys = append(keys, key)
	}
	return m, m.verify(step, keys)
}

// parse decodes the text of a message that the other holder has signed: from here on,
// what is wrong with it is its author's doing.
func (s *Signing) parse(step Step, text string, v addressed) error {
	if err := strict.Unmarshal([]byte(text), v); err != nil {
		return fmt.Errorf("%w: %w", ErrDishonest, err)
	}
	switch h := v.heading(); {
	case h.Step != step || h.Author != s.other || !isHash(h.Session):
		return fmt.Errorf("%w: its heading is not that of a %s", ErrDishonest, step)
	case v.to() != s.self:
		return fmt.Errorf("%w: it was made for node %.64q", ErrElsewhere, v.to())
	}
	return nil
}

// keyOf returns the share public key of the other holder in a recorded roster, or nil.
func (s *Signing) keyOf(roster string) *curve.Point {
	for _, g := range s.record.Groups {
		if sum := g.RosterSHA256(); hex.EncodeToString(sum[:]) == roster {
			if p := g.ByNode(s.other); p != nil {
				return p.PublicKey
			}
		}
	}
	return nil
}

func isHash(text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && len(b) == 32
}

// nonces makes nonces for every slot. what is the message that they go into, as far as
// it is known: a random source that fails gives the nonces of one message, and those of
// one signature in it, to no other.
func (s *Signing) nonces(what []byte, random func([]byte)) ([]*frost.Nonces, error) {
	digest := sha512.Sum512(what)
	var list []*frost.Nonces
	for i := range s.slots {
		slot := &s.slots[i]
		use := binary.BigEndian.AppendUint64(digest[:len(digest):len(digest)], uint64(i))
		use = append(use, s.keys[i].Public.Bytes()...)
		n, err := frost.NewNonces(slot.Scheme, s.seats[s.seat[i]].share.Scalar(), random, append(use, slot.Message...))
		if err != nil {
			wipeNonces(list)
			return nil, err
		}
		list = append(list, n)
	}
	return list, nil
}

func wipeNonces(list []*frost.Nonces) {
	for _, n := range list {
		n.Wipe()
	}
}

// random is where nonces come from.
func random(b []byte) { rand.Read(b) }

// formatCommitments writes what the nonces commit to.
func formatCommitments(nonces []*frost.Nonces) []string {
	list := make([]string, len(nonces))
	for i, n := range nonces {
		list[i] = hex.EncodeToString(append(n.Hiding.Bytes(), n.Binding.Bytes()...))
	}
	return list
}

// parseCommitments reads those of the other holder.
func (s *Signing) parseCommitments(list []string) ([]frost.Commitment, error) {
	if len(list) != len(s.slots) {
		return nil, fmt.Errorf("%w: %d commitments for %d signatures", ErrDishonest, len(list), len(s.slots))
	}
	all := make([]frost.Commitment, len(list))
	for i, text := range list {
		c := s.seats[s.seat[i]].root.Curve()
		if len(text) != 4*curve.PointSize {
			return nil, fmt.Errorf("%w: commitment %d has %d digits, not %d", ErrDishonest, i+1, len(text), 4*curve.PointSize)
		}
		points, err := parsePoints(c, []string{text[:2*curve.PointSize], text[2*curve.PointSize:]})
		if err != nil {
			return nil, fmt.Errorf("%w: commitment %d: %w", ErrDishonest, i+1, err)
		}
		all[i] = frost.Commitment{Hiding: points[0], Binding: points[1]}
	}
	return all, nil
}

// Places of the two in a session of package frost.
const (
	placeOwn   = 0
	placeOther = 1
)

// session is that of slot i.
func (s *Signing) session(i int, own, other frost.Commitment) (*frost.Session, error) {
	t := &s.seats[s.seat[i]]
	x, err := frost.NewSession(s.keys[i], s.slots[i].Message, [frost.Signers]frost.Signer{
		placeOwn:   {ID: t.own.ShareID.Scalar(), Public: t.own.PublicKey, Commitment: own},
		placeOther: {ID: t.other.ShareID.Scalar(), Public: t.other.PublicKey, Commitment: other},
	})
	if err != nil { // the record's roster was checked, so it is the commitments
		return nil, fmt.Errorf("%w: signature %d: %w", ErrDishonest, i+1, err)
	}
	return x, nil
}

// Asker is a signing that waits for its answer. Its nonces are in memory only.
type Asker struct {
	*Signing
	session string
	hash    string // of the request
	nonces  []*frost.Nonces
}

// Ask makes the request to the other holder. Wipe the Asker in the end.
func (s *Signing) Ask() (*Asker, []byte, error) { return s.ask(random) }

func (s *Signing) ask(random func([]byte)) (*Asker, []byte, error) {
	var session [32]byte
	random(session[:])
	a := &Asker{Signing: s, session: hex.EncodeToString(session[:])}
	m := requestMessage{head: head{StepRequest, a.session, s.self}, To: s.other, Rosters: s.rosters(), Batch: hex.EncodeToString(s.batch[:])}
	opening, err := json.Marshal(&m)
	if err != nil {
		return nil, nil, err
	}
	if a.nonces, err = s.nonces(opening, random); err != nil {
		return nil, nil, err
	}
	m.Commitments = formatCommitments(a.nonces)
	file, err := s.write(StepRequest, &m)
	if err == nil {
		var own *message
		if own, err = read(file, &requestMessage{}); err == nil {
			a.hash = own.hash
		}
	}
	if err != nil {
		a.Wipe()
		return nil, nil, err
	}
	return a, file, nil
}

// Wipe destroys the nonces.
func (a *Asker) Wipe() {
	if a != nil {
		wipeNonces(a.nonces)
		a.nonces = nil
	}
}

// Finish makes the signatures from the other holder's answer, all of them or none, in
// the order of the slots. Whatever comes of it, no second answer counts: an answer that
// could be tried again with other commitments would give the share away.
func (a *Asker) Finish(answer []byte) ([]*signature.Signature, error) {
	nonces := a.nonces
	a.nonces = nil
	defer wipeNonces(nonces)
	if nonces == nil {
		return nil, frost.ErrSpent
	}
	m, err := a.read(StepAnswer, answer)
	if err != nil {
		return nil, err
	}
	commitments, shares, err := a.parseAnswer(m.text)
	if err != nil {
		return nil, err
	}
	var list []*signature.Signature
	for i, n := range nonces {
		sig, err := a.finish(i, n, commitments[i], shares[i])
		if err != nil {
			return nil, err
		}
		list = append(list, sig)
	}
	return list, nil
}

// parseAnswer reads the text of an answer to this request.
func (a *Asker) parseAnswer(text string) ([]frost.Commitment, []*curve.Scalar, error) {
	var v answerMessage
	if err := a.parse(StepAnswer, text, &v); err != nil {
		return nil, nil, err
	}
	if v.Session != a.session || v.Request != a.hash || !slices.Equal(v.Rosters, a.rosters()) {
		return nil, nil, fmt.Errorf("%w: it answers another request", ErrElsewhere)
	}
	commitments, err := a.parseCommitments(v.Commitments)
	if err != nil {
		return nil, nil, err
	}
	shares, err := a.parseShares(v.Shares)
	return commitments, shares, err
}

func (a *Asker) finish(i int, n *frost.Nonces, other frost.Commitment, z *curve.Scalar) (*signature.Signature, error) {
	x, err := a.Signing.session(i, n.Commitment, other)
	if err != nil {
		return nil, err
	}
	own, err := x.Sign(placeOwn, a.seats[a.seat[i]].share.Scalar(), n)
	if err != nil {
		return nil, fmt.Errorf("signature %d: %w", i+1, err)
	}
	sig, err := x.Finish([frost.Signers]*curve.Scalar{placeOwn: own, placeOther: z})
	var wrong *frost.SignerError
	if errors.As(err, &wrong) && wrong.Signer == placeOther {
		return nil, fmt.Errorf("%w: signature %d: %w", ErrDishonest, i+1, frost.ErrShare)
	}
	if err != nil {
		return nil, fmt.Errorf("signature %d: %w", i+1, err)
	}
	return sig, nil
}

// parseShares reads the signature shares of the other holder. Each is below the order.
func (s *Signing) parseShares(list []string) ([]*curve.Scalar, error) {
	if len(list) != len(s.slots) {
		return nil, fmt.Errorf("%w: %d signature shares for %d signatures", ErrDishonest, len(list), len(s.slots))
	}
	all := make([]*curve.Scalar, len(list))
	for i, text := range list {
		if !isHash(text) {
			return nil, fmt.Errorf("%w: signature share %d is not 32 bytes of hexadecimal", ErrDishonest, i+1)
		}
		b, _ := hex.DecodeString(text)
		all[i] = s.seats[s.seat[i]].root.Curve().ScalarFromBytes(b)
		if back := all[i].Bytes(); !slices.Equal(back[:], b) {
			return nil, fmt.Errorf("%w: signature share %d is not below the order", ErrDishonest, i+1)
		}
	}
	return all, nil
}

// Answer answers the other holder's request. It keeps no state: its nonces are as new
// as the random source, and if that fails, as the request.
func (s *Signing) Answer(request []byte) ([]byte, error) { return s.answer(request, random) }

func (s *Signing) answer(request []byte, random func([]byte)) ([]byte, error) {
	m, err := s.read(StepRequest, request)
	if err != nil {
		return nil, err
	}
	session, commitments, err := s.parseRequest(m.text)
	if err != nil {
		return nil, err
	}
	nonces, err := s.nonces([]byte(m.text), random)
	if err != nil {
		return nil, err
	}
	defer wipeNonces(nonces)
	a := answerMessage{head: head{StepAnswer, session, s.self}, To: s.other, Rosters: s.rosters(), Request: m.hash, Commitments: formatCommitments(nonces)}
	for i, n := range nonces {
		x, err := s.session(i, n.Commitment, commitments[i])
		if err != nil {
			return nil, err
		}
		z, err := x.Sign(placeOwn, s.seats[s.seat[i]].share.Scalar(), n)
		if err != nil {
			return nil, fmt.Errorf("signature %d: %w", i+1, err)
		}
		b := z.Bytes()
		a.Shares = append(a.Shares, hex.EncodeToString(b[:]))
	}
	return s.write(StepAnswer, &a)
}

// parseRequest reads the text of a request to sign this batch, and returns its session.
func (s *Signing) parseRequest(text string) (string, []frost.Commitment, error) {
	var v requestMessage
	if err := s.parse(StepRequest, text, &v); err != nil {
		return "", nil, err
	}
	switch {
	case v.Batch != hex.EncodeToString(s.batch[:]):
		return "", nil, ErrBatch
	case !slices.Equal(v.Rosters, s.rosters()):
		return "", nil, fmt.Errorf("%w: it is of other shares of the root keys than yours", ErrElsewhere)
	}
	commitments, err := s.parseCommitments(v.Commitments)
	return v.Session, commitments, err
}
