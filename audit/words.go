package audit

import (
	"fmt"
	"strings"
)

func (v *Vault) name() string {
	switch {
	case v.Root == "" && v.RootKey != "":
		return fmt.Sprintf("root public key %s on %s", short(v.RootKey), v.Curve)
	case v.Root == "":
		if len(v.Epochs) > 0 {
			return fmt.Sprintf("shares of epoch %s on %s", v.Epochs[0].Epoch, v.Curve)
		}
		return "a root key on " + v.Curve
	}
	return fmt.Sprintf("root key %s on %s", short(v.Root), v.Curve)
}

func created(e *Epoch) string {
	if len(e.Created) == 0 {
		return ""
	}
	day, _, _ := strings.Cut(e.Created[0], " ")
	return fmt.Sprintf(" (made %.20s)", day)
}

// short abridges an extended key so that people can still tell it from another.
func short(key string) string {
	if len(key) < 24 {
		return key
	}
	return key[:12] + "…" + key[len(key)-6:]
}

// names quotes and joins names: "a", "a" and "b", "a", "b" and 7 others.
func names(list []string) string {
	const most = 8
	var quoted []string
	for _, n := range list {
		quoted = append(quoted, fmt.Sprintf("%q", n))
	}
	if extra := len(quoted) - most; extra > 0 {
		quoted = append(quoted[:most], fmt.Sprintf("%d others", extra))
	}
	if n := len(quoted); n > 1 {
		return strings.Join(quoted[:n-1], ", ") + " and " + quoted[n-1]
	}
	return strings.Join(quoted, "")
}

func number(n int) string {
	if n < 4 {
		return []string{"none", "one", "two", "three"}[n]
	}
	return fmt.Sprint(n)
}

func isAre(n int) string {
	if n < 2 {
		return "is"
	}
	return "are"
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
