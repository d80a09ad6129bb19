package story

import (
	"bytes"
	"encoding/hex"
	"encoding/json"

	"github.com/rogpeppe/go-internal/testscript"

	"lifeboat/internal/secret"
	"lifeboat/share"
	"lifeboat/share/formats"
	"lifeboat/share/open"
)

// cmdDishonest makes what only the holder of the shares can make.
func cmdDishonest(s *story, ts *testscript.TestScript, args []string) {
	var file map[string]any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &file))
	var answer map[string]any
	ts.Check(json.Unmarshal([]byte(file["message"].(string)), &answer))
	first := []byte(answer["shares"].([]any)[0].(string))
	first[len(first)-1] = map[bool]byte{true: '1', false: '0'}[first[len(first)-1] == '0'] // the lowest digit
	answer["shares"].([]any)[0] = string(first)
	text, err := json.Marshal(answer)
	ts.Check(err)

	sealed, err := formats.Parse(args[1], []byte(ts.ReadFile(args[1])), share.Pin{})
	ts.Check(err)
	password := secret.Copy(bytes.TrimSpace([]byte(ts.ReadFile(args[2]))))
	var signatures [][]byte
	for _, roster := range answer["rosters"].([]any) {
		for _, one := range sealed {
			if sum := one.Group.RosterSHA256(); hex.EncodeToString(sum[:]) == roster {
				x, err := open.Open(one, open.Passwords(password), open.Options{})
				ts.Check(err)
				signatures = append(signatures, x.Sign([]byte("lifeboat-ceremony-v2\nsign-answer\n"+string(text))))
			}
		}
	}
	file["message"], file["signatures"] = string(text), signatures
	data, err := json.Marshal(file)
	ts.Check(err)
	s.write(ts, ts.MkAbs(args[0]), data)
}
