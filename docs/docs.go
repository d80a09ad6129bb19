// Package docs holds pages of this folder of which the programs show parts, so that
// each fact has one source.
package docs

import (
	_ "embed"
	"strings"
)

//go:embed signing.md
var signing string

// Signing returns a part of the page on signing: what stands below a heading of the
// third level, within that of a family of chains. It is empty if there is none.
func Signing(family, heading string) string {
	_, rest, ok := strings.Cut(signing, "\n## "+family+"\n")
	if !ok {
		return ""
	}
	section, _, _ := strings.Cut(rest, "\n## ")
	_, rest, ok = strings.Cut(section, "\n### "+heading+"\n")
	if !ok {
		return ""
	}
	text, _, _ := strings.Cut(rest, "\n### ")
	return strings.Trim(text, "\n")
}
