package recover

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"lifeboat/internal/cli"
	"lifeboat/internal/ordered"
	"lifeboat/internal/signature"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/moving"
	"lifeboat/recover"
	"lifeboat/tx"
)

// signer signs with the child keys of recovered root keys.
type signer struct {
	roots []*recover.Root
	hedge bool
}

// errStopped ends the signing of files that nobody waits for any more.
var errStopped = errors.New("stopped")

// files signs the files of a review, several at a time. next returns them in their
// order, and stop ends the work. Both are called from one goroutine.
//
// The work is in goroutines that secret.Do of the verb does not cover: what is public
// in it, which is most, allocates several times faster there.
func (s *signer) files(r *moving.Review) (next func() (*signed, error), stop func()) {
	ready, stopped := make(chan *signed), make(chan struct{})
	var err error // when ready is closed
	go func() {
		defer close(ready)
		err = ordered.Each(addresses.Workers(), len(r.Files), func(_, i int) (*signed, error) {
			return s.file(r, i)
		}, func(done *signed) error {
			select {
			case ready <- done:
				return nil
			case <-stopped:
				return errStopped
			}
		})
	}()
	next = func() (*signed, error) {
		if done, ok := <-ready; ok {
			return done, nil
		}
		return nil, err
	}
	return next, sync.OnceFunc(func() {
		close(stopped)
		for range ready {
		}
	})
}

// file signs the i-th file of a review.
func (s *signer) file(r *moving.Review, i int) (*signed, error) {
	t, v, err := r.Again(i)
	if err != nil {
		return nil, err
	}
	done, err := s.transaction(t, v)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", r.Files[i], err)
	}
	return &signed{t, v, done}, nil
}

func (s *signer) transaction(t *tx.Transaction, v *tx.Verdict) (*tx.Signed, error) {
	signatures := make([]*signature.Signature, len(t.Slots))
	for i, key := range v.Keys {
		if key == nil {
			continue
		}
		address, what := t.Slots[i].Address, t.Slots[i].Signing
		of := slices.IndexFunc(s.roots, func(r *recover.Root) bool { return key.Root.Agrees(r.Key.Public()) })
		if of < 0 {
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("the root key of %s, on %v, was not recovered", address, key.Root.Curve()), "give the shares of that curve, too")
		}
		var err error
		if signatures[i], err = s.roots[of].Key.Sign(what.Scheme, key.Child, what.Public, what.Tweak, what.Message, s.hedge); err != nil {
			return nil, fmt.Errorf("signing for %s: %w", address, err)
		}
	}
	return t.Finish(signatures)
}
