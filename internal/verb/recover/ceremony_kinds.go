package recover

import (
	"fmt"

	"lifeboat/internal/phrase"
	"lifeboat/recover/ceremony"
)

// phrases are what is said of each kind of ceremony in its own words.
var phrases = map[ceremony.Kind]struct {
	about     func(f *folder) string   // what the parties get
	abandoned func(f *folder) []string // what a ceremony leaves that is not brought to its end
	done      func(f *folder) []string // what is left to do after it
	spoiled   []string                 // hints if a message is wrong
	keys      string                   // what the one-time keys are good for, and when each is destroyed
}{
	ceremony.Reshare: {
		about: func(f *folder) string {
			return fmt.Sprintf("%s get new shares, of which %d will give the key", phrase.And(phrase.Quoted(f.Parties())), f.Threshold())
		},
		abandoned: func(f *folder) []string {
			return []string{fmt.Sprintf("If the ceremony is abandoned from here on: any %d shares that were accepted give the key. They are a second set, to be destroyed with their passwords.", f.Threshold())}
		},
		done: func(f *folder) []string {
			next := []string{"All new holders have confirmed the same messages, as this machine has checked: every one of them holds a share of one new set."}
			return append(append(next, oldShares("Now see to", f.Old()[0])...), notKnown)
		},
		spoiled: []string{"if a reshare is abandoned, shares that were accepted in it are a second set, and to be destroyed"},
		keys:    "KEY.age, with a copy of this folder, is a new share: each party destroys theirs, every copy and its password, when all have confirmed, and not before.",
	},
	ceremony.Repair: { // which makes no other share than the lost one
		about: func(f *folder) string {
			return fmt.Sprintf("the share of %s is lost", phrase.And(phrase.Quoted(f.Parties())))
		},
		abandoned: func(*folder) []string { return nil },
		done: func(f *folder) []string {
			return []string{
				fmt.Sprintf("The share of %s is there again, and all other files stay valid.", phrase.And(phrase.Quoted(f.Parties()))),
				"It is the same share as before. If the old copy may be in somebody's hands, this is not enough: reshare, and destroy the old shares.",
			}
		},
		keys: "The signers' KEY.age files together, with a copy of this folder, are the root key: each signer destroys theirs, every copy and its password, after their second deal; the holder of the lost share does when it is confirmed.",
	},
}
