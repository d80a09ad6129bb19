package recover

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/internal/cli"
	"lifeboat/internal/ordered"
	"lifeboat/internal/scalar"
	"lifeboat/internal/secret"
	"lifeboat/internal/sign"
	"lifeboat/internal/signature"
	"lifeboat/internal/verb/addresses"
	"lifeboat/internal/verb/moving"
	"lifeboat/recover"
	"lifeboat/tx"
)

// signer signs with the child keys of recovered root keys.
type signer struct {
	roots   []*recover.Root
	workers [][]*batch.Worker // of each goroutine, those of the roots
	hedge   bool
}

func newSigner(roots []*recover.Root, hedge bool) *signer {
	s := &signer{roots: roots, hedge: hedge, workers: make([][]*batch.Worker, addresses.Workers())}
	for i := range s.workers {
		for _, r := range roots {
			s.workers[i] = append(s.workers[i], derive.NewEngine(1).Bulk(r.Key.Public()).Worker())
		}
	}
	return s
}

// errStopped ends the signing of files that nobody waits for any more.
var errStopped = errors.New("stopped")

// files signs the files of a review, several at a time. next returns them in their
// order, and stop ends the work. Both are called from one goroutine.
//
// The work is in goroutines that secret.Do of the verb does not cover: what is public
// in it, which is most, allocates several times faster there.
func (s *signer) files(r *moving.Review) (next func() (*tx.Signed, error), stop func()) {
	signed, stopped := make(chan *tx.Signed), make(chan struct{})
	var err error // when signed is closed
	go func() {
		defer close(signed)
		err = ordered.Each(len(s.workers), len(r.Files), func(worker, i int) (*tx.Signed, error) {
			return s.file(s.workers[worker], r, i)
		}, func(done *tx.Signed) error {
			select {
			case signed <- done:
				return nil
			case <-stopped:
				return errStopped
			}
		})
	}()
	next = func() (*tx.Signed, error) {
		if done, ok := <-signed; ok {
			return done, nil
		}
		return nil, err
	}
	return next, sync.OnceFunc(func() {
		close(stopped)
		for range signed {
		}
	})
}

// file signs the i-th file of a review.
func (s *signer) file(workers []*batch.Worker, r *moving.Review, i int) (*tx.Signed, error) {
	t, v, err := r.Again(i)
	if err != nil {
		return nil, err
	}
	done, err := s.transaction(workers, t, v)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", r.Files[i], err)
	}
	return done, nil
}

func (s *signer) transaction(workers []*batch.Worker, t *tx.Transaction, v *tx.Verdict) (*tx.Signed, error) {
	signatures := make([]*signature.Signature, len(t.Slots))
	for i, root := range s.roots {
		var slots []int
		for n, key := range v.Keys {
			if key != nil && key.Root.Agrees(root.Key.Public()) {
				slots = append(slots, n)
			}
		}
		for some := range slices.Chunk(slots, atOnce) {
			if err := s.under(root, workers[i], t, v, some, signatures); err != nil {
				return nil, err
			}
		}
	}
	for i, key := range v.Keys {
		if key != nil && signatures[i] == nil {
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("the root key of %s, on %v, was not recovered", t.Slots[i].Address, key.Root.Curve()), "give the shares of that curve, too")
		}
	}
	return t.Finish(signatures)
}

// atOnce is how many child keys a goroutine has at once. The proof that they are right
// takes more than half as long as a signature, for one as for all of them.
const atOnce = 16

// under makes the signatures of slots whose keys are below a root key.
func (s *signer) under(root *recover.Root, worker *batch.Worker, t *tx.Transaction, v *tx.Verdict, slots []int, signatures []*signature.Signature) (err error) {
	below := make([]*derive.Descendant, len(slots))
	for n, i := range slots {
		below[n] = v.Keys[i].Child
	}
	var keys []*scalar.Secret
	secret.Do(func() { keys, err = root.Key.Children(worker, below) })
	if err != nil {
		return err
	}
	defer recover.WipeAll(keys)
	for n, i := range slots {
		what := t.Slots[i].Signing
		if signatures[i], err = sign.Sign(what.Scheme, keys[n], what.Public, what.Tweak, what.Message, s.hedge); err != nil {
			return fmt.Errorf("signing for %s: %w", t.Slots[i].Address, err)
		}
	}
	return nil
}
