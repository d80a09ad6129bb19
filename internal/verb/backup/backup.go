// Package backup holds the verbs of mpc-backup.
package backup

import (
	"lifeboat/internal/cli"
	"lifeboat/internal/verb/holder"
)

// Program returns mpc-backup.
func Program() *cli.Program {
	return &cli.Program{
		Name:    "mpc-backup",
		Summary: "back up, verify and inspect key shares, one at a time",
		Verbs:   []cli.Verb{inspectVerb, recordVerb, auditVerb, verifyVerb, challengeVerb, attestVerb, checkVerb, sealVerb, openVerb, rewrapVerb, keygenVerb, paperVerb},
		Topics:  []cli.Topic{holder.FormsTopic()},
	}
}
