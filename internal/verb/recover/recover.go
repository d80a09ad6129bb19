// Package recover holds the verbs of mpc-recover.
package recover

import (
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
	"lifeboat/share/open"
)

// Program returns mpc-recover.
func Program() *cli.Program {
	return program(keyVerb, repairVerb, reshareVerb, ceremonyVerb, drillVerb, guideVerb)
}

// program returns mpc-recover with some of its verbs: the drill runs the others.
func program(verbs ...cli.Verb) *cli.Program {
	return &cli.Program{
		Name:    "mpc-recover",
		Summary: "what enough key shares can do; keep it sealed in the safe until the day",
		Verbs:   verbs,
	}
}

func opened(entries []*holder.Entry) []*open.Share {
	shares := make([]*open.Share, len(entries))
	for i, e := range entries {
		shares[i] = e.Share
	}
	return shares
}
