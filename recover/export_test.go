package recover

import "lifeboat/derive"

// SalvageWithin is Salvage with another bound, so that tests reach it soon.
func SalvageWithin(trials int, root *derive.Key, candidates []Candidate) (key *Private, used []int, err error) {
	s := &search{root: root, candidates: candidates, maxTrials: trials}
	return s.run()
}
