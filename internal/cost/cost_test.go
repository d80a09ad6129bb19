package cost

import "testing"

func TestCost(t *testing.T) {
	if Iterations() != 600_000 || WorkFactor() != 18 {
		t.Errorf("%d iterations, work factor %d", Iterations(), WorkFactor())
	}
	TestOnlyCheap()
	defer func() { testOnlyCheap = false }()
	if Iterations() > 10_000 || WorkFactor() > 12 {
		t.Errorf("the cheap ones: %d iterations, work factor %d", Iterations(), WorkFactor())
	}
}
