package backup

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"filippo.io/age"

	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

// Challenges to identities. An auditor seals 32 random bytes to a recipient; only who
// has the identity can answer with their hash. Answering opens nothing else: whatever
// an age file holds that is not exactly a challenge, nothing of it is shown.
const (
	challengeHeader = "lifeboat-identity-challenge-v1\n"
	answerDomain    = "lifeboat-identity-answer-v1\n"
	expectedDomain  = "lifeboat-identity-expected-v1\n"
	nonceSize       = 32

	// MaxChallenge is the size of the largest file that is taken for a challenge, an
	// answer, or what is expected of one, in bytes.
	MaxChallenge = 64 << 10

	answerKind   = "identity answer"
	expectedKind = "identity answer, expected"
	version1     = 1
)

// ErrChallenge is wrapped by every error about a challenge or an answer to one.
var ErrChallenge = errors.New("not the answer of a live identity")

// Answer shows that the identity of a recipient still exists.
type Answer struct {
	Recipient string
	hash      [sha256.Size]byte // SHA-256(domain ‖ recipient ‖ LF ‖ nonce)
}

// Expected is what an auditor keeps of a challenge: by it an answer is recognised, and
// none can be made.
type Expected struct {
	Recipient string
	Date      string            // of the challenge, 2006-01-02
	hash      [sha256.Size]byte // SHA-256(domain ‖ hash of the answer)
}

// The files of answers and of what is expected.
type (
	answerFile struct {
		Lifeboat  string `json:"lifeboat"`
		Version   int    `json:"version"`
		Recipient string `json:"recipient"`
		Answer    string `json:"answer_sha256"`
	}
	expectedFile struct {
		Lifeboat  string `json:"lifeboat"`
		Version   int    `json:"version"`
		Recipient string `json:"recipient"`
		Date      string `json:"date"`
		Expected  string `json:"expected_sha256"`
	}
)

func answerTo(recipient string, nonce []byte) *Answer {
	h := sha256.New()
	io.WriteString(h, answerDomain+recipient+"\n")
	h.Write(nonce)
	return &Answer{recipient, [sha256.Size]byte(h.Sum(nil))}
}

func (a *Answer) expected() [sha256.Size]byte {
	return sha256.Sum256(append([]byte(expectedDomain), a.hash[:]...))
}

// NewChallenge writes a challenge to an age recipient, and returns what to expect of
// the answer.
func NewChallenge(w io.Writer, r Recipient, date time.Time) (*Expected, error) {
	if r.Kind != X25519 && r.Kind != Hybrid {
		return nil, fmt.Errorf("%w: an identity of age (age1…) answers challenges, not a %v", ErrRecipient, r.Kind)
	}
	nonce := secret.New(nonceSize)
	defer nonce.Wipe()
	rand.Read(nonce.Expose())
	sealed, err := age.Encrypt(w, r.age)
	if err != nil {
		return nil, fmt.Errorf("%w: age refuses it", ErrRecipient)
	}
	if _, err := io.WriteString(sealed, challengeHeader); err != nil {
		return nil, err
	}
	if _, err := sealed.Write(nonce.Expose()); err != nil {
		return nil, err
	}
	if err := sealed.Close(); err != nil {
		return nil, err
	}
	return &Expected{r.Text, date.Format(time.DateOnly), answerTo(r.Text, nonce.Expose()).expected()}, nil
}

// AnswerChallenge answers a challenge with the first of the identities that opens it.
func AnswerChallenge(challenge []byte, identities []*Identity) (a *Answer, err error) {
	secret.Do(func() { a, err = answerChallenge(challenge, identities) })
	return a, err
}

func answerChallenge(challenge []byte, identities []*Identity) (*Answer, error) {
	for _, id := range identities {
		if id.Recipient == "" {
			continue // an SSH key
		}
		in, err := age.Decrypt(bytes.NewReader(challenge), id.age)
		if err != nil {
			continue
		}
		text, err := io.ReadAll(io.LimitReader(in, int64(len(challengeHeader)+nonceSize+1)))
		defer secret.Wipe(text)
		if err != nil || len(text) != len(challengeHeader)+nonceSize || !bytes.HasPrefix(text, []byte(challengeHeader)) {
			return nil, fmt.Errorf("%w: the file is sealed to the identity and is no challenge: nothing of it is shown", ErrChallenge)
		}
		return answerTo(id.Recipient, text[len(challengeHeader):]), nil
	}
	return nil, fmt.Errorf("%w: the challenge is not for an identity that was given, or it is damaged", ErrChallenge)
}

// Marshal writes the answer as a file.
func (a *Answer) Marshal() ([]byte, error) {
	return marshalLines(answerFile{answerKind, version1, a.Recipient, hex.EncodeToString(a.hash[:])})
}

// Marshal writes what is expected as a file. It is no secret.
func (e *Expected) Marshal() ([]byte, error) {
	return marshalLines(expectedFile{expectedKind, version1, e.Recipient, e.Date, hex.EncodeToString(e.hash[:])})
}

func marshalLines(v any) ([]byte, error) {
	text, err := json.MarshalIndent(v, "", "  ")
	return append(text, '\n'), err
}

// IsAnswer reports whether a file is an answer, good or not.
func IsAnswer(data []byte) bool {
	var f answerFile
	return json.Unmarshal(data, &f) == nil && f.Lifeboat == answerKind
}

// IsExpected reports whether a file says that it is what an answer must be.
func IsExpected(data []byte) bool {
	var f expectedFile
	return json.Unmarshal(data, &f) == nil && f.Lifeboat == expectedKind
}

// ParseAnswer reads the file of an answer.
func ParseAnswer(data []byte) (*Answer, error) {
	var f answerFile
	if err := strict.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChallenge, err)
	}
	hash, ok := parseHash(f.Answer)
	if f.Lifeboat != answerKind || f.Version != version1 || !ok {
		return nil, fmt.Errorf("%w: it is no answer of version %d", ErrChallenge, version1)
	}
	return &Answer{f.Recipient, hash}, nil
}

// ParseExpected reads what is expected of an answer.
func ParseExpected(data []byte) (*Expected, error) {
	var f expectedFile
	if err := strict.Unmarshal(data, &f); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrChallenge, err)
	}
	hash, ok := parseHash(f.Expected)
	if _, err := time.Parse(time.DateOnly, f.Date); f.Lifeboat != expectedKind || f.Version != version1 || !ok || err != nil {
		return nil, fmt.Errorf("%w: it does not say what answer is expected", ErrChallenge)
	}
	return &Expected{f.Recipient, f.Date, hash}, nil
}

func parseHash(text string) (hash [sha256.Size]byte, ok bool) {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(hash) || hex.EncodeToString(b) != text {
		return hash, false
	}
	return [sha256.Size]byte(b), true
}

// Fits reports whether the answer is the expected one.
func (e *Expected) Fits(a *Answer) bool {
	got := a.expected()
	return a.Recipient == e.Recipient && subtle.ConstantTimeCompare(got[:], e.hash[:]) == 1
}
