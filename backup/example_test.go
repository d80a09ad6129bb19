package backup_test

import (
	"bytes"
	"fmt"
	"log"
	"time"

	"lifeboat/backup"
	"lifeboat/fixtures"
	"lifeboat/internal/secret"
)

// Seal and open one holder's file. What Seal writes, age and tar open as well.
func Example() {
	identity, recipient, err := backup.NewIdentity(false)
	if err != nil {
		log.Fatal(err)
	}
	defer identity.Wipe()
	to, err := backup.ParseRecipient(recipient, "the safe in Zurich")
	if err != nil {
		log.Fatal(err)
	}
	file := fixtures.Load("2of3").Files[0]
	var bundle bytes.Buffer
	sealed, err := backup.Seal(&bundle, []backup.File{backup.SecretFile(file.Name, secret.Copy(file.Data))},
		[]backup.Recipient{to}, backup.Meta{Tool: "example", Date: time.Now()})
	if err != nil {
		log.Fatal(err)
	}
	defer sealed.Wipe()

	ids, err := backup.ParseIdentities(backup.IdentityFile{Name: "safe.key", Text: identity})
	if err != nil {
		log.Fatal(err)
	}
	b, err := backup.Open(bytes.NewReader(bundle.Bytes()), int64(bundle.Len()), ids, backup.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, e := range b.Manifest.Files {
		content, err := b.ReadFile(e.Name)
		if err != nil {
			log.Fatal(err)
		}
		defer content.Wipe()
		fmt.Println(e.Name, content, bytes.Equal(content.Expose(), file.Data))
	}
	// Output:
	// recovery-secrets-1.json [secret] true
}
