package verdict_test

import (
	"fmt"
	"log"

	"lifeboat/fixtures"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/verdict"
)

// Three shares were opened, and one is from before a reshare: the root key is the
// same, and its shares do not mix.
func ExampleJudge() {
	var files []*verdict.File
	for i, vault := range []string{"2of3", "other-epoch", "2of3"} {
		f := &verdict.File{Path: fmt.Sprintf("%s-%d.json", vault, i+1)}
		shares, err := formats.Parse(f.Path, fixtures.Load(vault).Files[i].Data, share.Pin{})
		if err != nil {
			log.Fatal(err)
		}
		f.Add(shares[0])
		f.Shares[0].Opened(shares[0].PublicKey) // what share/open shows
		files = append(files, f)
	}
	j, err := verdict.Judge(files, verdict.Asked{})
	if err != nil {
		log.Fatal(err)
	}
	for _, f := range files {
		fmt.Printf("%s: %s %q\n", f.Path, f.Shares[0].Status, f.Shares[0].Reason())
	}
	fmt.Println(j.Enough())
	fmt.Println(j.AllGood())
	// Output:
	// 2of3-1.json: good ""
	// other-epoch-2.json: elsewhere "another epoch of the same root key: its shares were made by another reshare and do not mix"
	// 2of3-3.json: good ""
	// <nil>
	// recoverable, but not every file is good: "other-epoch-2.json"
}
