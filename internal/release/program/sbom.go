package program

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

// SBOM describes what is in a program as CycloneDX 1.6 JSON: its modules with
// their hashes, the settings of its build, and its own SHA-256. It has no time
// and no serial number, so that the same program gives the same bytes.
func (p *Program) SBOM(version string, sha256 []byte) ([]byte, error) {
	root := component{
		Type: "application", Ref: "program", Name: p.Name, Version: version,
		Hashes:     []hash{{"SHA-256", hex.EncodeToString(sha256)}},
		Properties: []property{{"go:version", p.Info.GoVersion}, {"go:package", p.Info.Path}},
	}
	for _, s := range p.Info.Settings {
		root.Properties = append(root.Properties, property{"go:build:" + s.Key, s.Value})
	}
	b := bom{
		Schema: "http://cyclonedx.org/schema/bom-1.6.schema.json", Format: "CycloneDX", Spec: "1.6", Version: 1,
		Components: []component{}, Dependencies: []dependency{{Ref: root.Ref, On: []string{}}},
	}
	b.Metadata.Component = root
	goVersion := strings.TrimPrefix(strings.Split(p.Info.GoVersion, "-")[0], "go")
	std := component{Type: "library", Name: "stdlib", Version: goVersion, PURL: "pkg:golang/stdlib@" + goVersion}
	std.Ref = std.PURL
	list := []component{std}
	for _, d := range p.Info.Deps {
		f := final(d)
		c := component{Type: "library", Name: d.Path, Version: f.Version}
		switch {
		case f.Version == "": // a folder of this source
			c.Ref = "source:" + f.Path
			c.Properties = []property{{"go:replaced-by", f.Path}}
		default:
			c.PURL = "pkg:golang/" + escape(f.Path) + "@" + url.PathEscape(f.Version)
			c.Ref = c.PURL
			c.Properties = []property{{"go:sum", f.Sum}}
			if d.Replace != nil {
				c.Properties = append(c.Properties, property{"go:replaced-by", f.Path})
			}
			// h1: is SHA-256 over the list of the module's files, in base64: not the
			// hash of any one file, so it is a property and no hash of the component.
			if _, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(f.Sum, "h1:")); err != nil || f.Sum == "" {
				return nil, fmt.Errorf("module %s has no hash in the program", f.Path)
			}
		}
		list = append(list, c)
	}
	for _, c := range list {
		b.Components = append(b.Components, c)
		b.Dependencies[0].On = append(b.Dependencies[0].On, c.Ref)
	}
	out, err := json.MarshalIndent(b, "", "  ")
	return append(out, '\n'), err
}

// escape escapes each part of a module's path for a package URL.
func escape(path string) string {
	parts := strings.Split(path, "/")
	for i, s := range parts {
		parts[i] = url.PathEscape(s)
	}
	return strings.Join(parts, "/")
}

// What CycloneDX calls its parts.
type bom struct {
	Schema   string `json:"$schema"`
	Format   string `json:"bomFormat"`
	Spec     string `json:"specVersion"`
	Version  int    `json:"version"`
	Metadata struct {
		Component component `json:"component"`
	} `json:"metadata"`
	Components   []component  `json:"components"`
	Dependencies []dependency `json:"dependencies"`
}

type component struct {
	Type       string     `json:"type"`
	Ref        string     `json:"bom-ref"`
	Name       string     `json:"name"`
	Version    string     `json:"version,omitempty"`
	Hashes     []hash     `json:"hashes,omitempty"`
	PURL       string     `json:"purl,omitempty"`
	Properties []property `json:"properties,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type dependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn"`
}
