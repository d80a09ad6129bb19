package lockdown

import (
	"slices"
	"testing"
	"testing/fstest"
)

func TestSwap(t *testing.T) {
	const head = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
	for _, c := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"none", map[string]string{"proc/swaps": head}, nil},
		{"a kernel without", map[string]string{"proc/meminfo": ""}, nil},
		{"partition", map[string]string{"proc/swaps": head + "/dev/dm-1                               partition\t8388604\t\t0\t\t-2\n"}, []string{`swap on "/dev/dm-1"`}},
		{"file", map[string]string{"proc/swaps": head + "/swap\\040file file\t8\t0\t-2\n"}, []string{`swap on "/swap\\040file"`}},
		{"zram", map[string]string{"proc/swaps": head + "/dev/zram0 partition\t8\t0\t100\n", "sys/block/zram0/backing_dev": "none\n"}, nil},
		{"zram without write-back", map[string]string{"proc/swaps": head + "/dev/zram0 partition\t8\t0\t100\n"}, nil},
		{"zram with a disk", map[string]string{"proc/swaps": head + "/dev/zram0 partition\t8\t0\t100\n", "sys/block/zram0/backing_dev": "/dev/sda3\n"}, []string{`swap on "/dev/zram0"`}},
		{"a file of that name", map[string]string{"proc/swaps": head + "/dev/zram0 file\t8\t0\t100\n/tmp/zram0 partition\t1\t0\t1\n"}, []string{`swap on "/dev/zram0"`, `swap on "/tmp/zram0"`}},
	} {
		root := fstest.MapFS{}
		for path, content := range c.files {
			root[path] = &fstest.MapFile{Data: []byte(content)}
		}
		if got, err := swap(root); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if got, err := swap(fstest.MapFS{}); err == nil {
		t.Errorf("without /proc: %q", got)
	}
}

func FuzzSwap(f *testing.F) {
	f.Add("Filename Type\n/dev/zram0 partition\n", "none")
	f.Add("\n/dev/zram../../x partition\n/dev/zram", "\x00")
	f.Fuzz(func(t *testing.T, swaps, backing string) {
		swap(fstest.MapFS{"proc/swaps": {Data: []byte(swaps)}, "sys/block/zram0/backing_dev": {Data: []byte(backing)}})
	})
}
