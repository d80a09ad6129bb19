package holder

import (
	"fmt"
	"slices"
	"strconv"

	"lifeboat/backup"
	"lifeboat/internal/cli"
	"lifeboat/internal/phrase"
	"lifeboat/internal/prompt"
	"lifeboat/internal/secret"
	"lifeboat/internal/strict"
)

func readIdentities(e *cli.Env, paths []string) ([]*backup.Identity, error) {
	var files []backup.IdentityFile
	defer func() {
		for _, f := range files {
			f.Text.Wipe()
		}
	}()
	for _, p := range paths {
		b, err := strict.ReadFile(p, backup.MaxIdentityFile)
		if err != nil {
			return nil, fmt.Errorf("identity file: %w", err)
		}
		WarnExposed(e, p)
		files = append(files, backup.IdentityFile{Name: p, Text: secret.Take(b)})
	}
	ids, err := parseIdentities(e, files)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if id.Shards == nil {
			continue
		}
		e.Note("joined from %s of %s", shardNumbers(id.Shards.Used), id.Shards.Set.InSet())
		for _, bad := range id.Shards.Bad {
			e.Warn("shard %d, %q, is wrong: %s; the others were enough", bad.Number, bad.From, bad.Why)
		}
	}
	return ids, nil
}

// parseIdentities leaves out one file that cannot be used if the others are enough: a
// shard with a typing error beside enough good ones.
func parseIdentities(e *cli.Env, files []backup.IdentityFile) ([]*backup.Identity, error) {
	if len(files) == 0 {
		return nil, nil
	}
	ids, err := backup.ParseIdentities(files...)
	if err == nil || len(files) == 1 {
		return ids, err
	}
	for i, f := range files {
		ids, without := backup.ParseIdentities(slices.Delete(slices.Clone(files), i, i+1)...)
		if without == nil {
			e.Warn("%q is not used: %v", f.Name, err)
			return ids, nil
		}
	}
	return nil, err
}

func shardNumbers(numbers []int) string {
	slices.Sort(numbers)
	var list []string
	for _, n := range numbers {
		list = append(list, strconv.Itoa(n))
	}
	return "shards " + phrase.And(list)
}

// WarnExposed warns if other users may read a file that holds a secret.
func WarnExposed(e *cli.Env, path string) {
	if prompt.Exposed(path) {
		e.Warn("%q can be read by other users of this machine; chmod 600 fixes that, or on a stick mount -o umask=077", path)
	}
}
