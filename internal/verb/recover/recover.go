// Package recover holds the verbs of mpc-recover.
package recover

import (
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
)

// Program returns mpc-recover.
func Program() *cli.Program {
	return program(keyVerb, signVerb, repairVerb, reshareVerb, ceremonyVerb, drillVerb, guideVerb)
}

// program returns mpc-recover with some of its verbs: the drill runs the others.
func program(verbs ...cli.Verb) *cli.Program {
	return &cli.Program{
		Name:    "mpc-recover",
		Summary: "what enough key shares can do; keep it sealed in the safe until it is needed",
		Verbs:   verbs,
		Topics:  []cli.Topic{holder.FormsTopic()},
	}
}
