package recover

import (
	"fmt"

	"lifeboat/derive"
	"lifeboat/derive/batch"
	"lifeboat/internal/cli"
	"lifeboat/internal/sign"
	"lifeboat/internal/signature"
	"lifeboat/internal/verb/moving"
	"lifeboat/recover"
	"lifeboat/tx"
)

// signer signs with the child keys of recovered root keys.
type signer struct {
	roots   []*recover.Root
	workers []*batch.Worker
	hedge   bool
}

func newSigner(roots []*recover.Root, hedge bool) *signer {
	s := &signer{roots: roots, hedge: hedge}
	for _, r := range roots {
		s.workers = append(s.workers, derive.NewEngine(1).Bulk(r.Key.Public()).Worker())
	}
	return s
}

// file signs the i-th file of a review.
func (s *signer) file(r *moving.Review, i int) (*tx.Signed, error) {
	t, v, err := r.Again(i)
	if err != nil {
		return nil, err
	}
	done, err := s.transaction(t, v)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", r.Files[i], err)
	}
	return done, nil
}

func (s *signer) transaction(t *tx.Transaction, v *tx.Verdict) (*tx.Signed, error) {
	signatures := make([]*signature.Signature, len(t.Slots))
	for i, root := range s.roots {
		if err := s.under(root, s.workers[i], t, v, signatures); err != nil {
			return nil, err
		}
	}
	for i, key := range v.Keys {
		if key != nil && signatures[i] == nil {
			return nil, cli.Fail(cli.Mismatch, fmt.Errorf("the root key of %s, on %v, was not recovered", t.Slots[i].Address, key.Root.Curve()), "give the shares of that curve, too")
		}
	}
	return t.Finish(signatures)
}

// under makes the signatures of the slots whose keys are below a root key.
func (s *signer) under(root *recover.Root, worker *batch.Worker, t *tx.Transaction, v *tx.Verdict, signatures []*signature.Signature) error {
	var slots []int
	var below []*derive.Descendant
	for i, key := range v.Keys {
		if key != nil && key.Root.SameKey(root.Key.Public()) {
			slots, below = append(slots, i), append(below, key.Child)
		}
	}
	if len(slots) == 0 {
		return nil
	}
	keys, err := root.Key.Children(worker, below)
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
