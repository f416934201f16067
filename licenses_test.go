package ooovm

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/licensecheck"
)

var writeLicenses = flag.Bool("write-licenses", false, "write docs/licenses.md")

const licensesFile = "docs/licenses.md"

// linked is a module whose code is in the program.
type linked struct{ Path, Version, Dir string }

// platforms are those that are released.
var platforms = [][2]string{{"linux", "amd64"}, {"linux", "arm64"}, {"darwin", "arm64"}}

// linkedModules lists what is linked on any platform.
func linkedModules(t *testing.T) (list []linked) {
	t.Helper()
	for _, p := range platforms {
		cmd := exec.Command("go", "list", "-mod=readonly", "-deps", "-json=Module", "./cmd/ooovm")
		cmd.Env = append(os.Environ(), "GOOS="+p[0], "GOARCH="+p[1])
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
			var pkg struct{ Module *linked }
			if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			if m := pkg.Module; m != nil && m.Version != "" && !slices.Contains(list, *m) {
				list = append(list, *m)
			}
		}
	}
	slices.SortFunc(list, func(a, b linked) int { return strings.Compare(a.Path, b.Path) })
	return list
}

var licenseName = regexp.MustCompile(`(?i)^(licen[cs]e|copying|unlicense)`)

// readByHand are modules without a text that is recognized, and where it is said.
var readByHand = map[string]string{
	"github.com/golang/freetype":        "FTL", // LICENSE: the FreeType License or the GPL, version 2 or later, by choice
	"github.com/holiman/bloomfilter/v2": "MIT", // at the head of each file
}

// licenses recognizes the texts at the root of a module.
func (m *linked) licenses(t *testing.T) (ids []string) {
	t.Helper()
	entries, err := os.ReadDir(m.Dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() || !licenseName.MatchString(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(m.Dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range licensecheck.Scan(text).Match {
			if !slices.Contains(ids, match.ID) {
				ids = append(ids, match.ID)
			}
		}
	}
	if id, ok := readByHand[m.Path]; ok && len(ids) == 0 {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// accepted are the licenses that the program may be built of. A new one is somebody's decision.
var accepted = []string{
	"Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "Unlicense",
	"CC-BY-4.0", "FTL", // svgo, freetype: both ask for their names to be kept
	"OFL-1.1",             // fonts
	"LGPL-3.0", "GPL-3.0", // go-ethereum: its library is under the LGPL, its commands, which are not linked, under the GPL
}

// TestLicenses: docs/licenses.md lists the modules that are linked, each with a license that is accepted.
func TestLicenses(t *testing.T) {
	var doc strings.Builder
	doc.WriteString(`# Licenses

What is linked into ` + "`ooovm`" + `, on any platform that it is released for, and under which license.
` + "`go test . -write-licenses`" + ` writes this page, and a test compares it with what is built.

| module | version | license |
| --- | --- | --- |
`)
	modules := linkedModules(t)
	for i := range modules {
		m := &modules[i]
		ids := m.licenses(t)
		if len(ids) == 0 {
			t.Errorf("%s %s: no license was recognized in %s", m.Path, m.Version, m.Dir)
		}
		for _, id := range ids {
			if !slices.Contains(accepted, id) {
				t.Errorf("%s %s: %s is not among the licenses that are accepted", m.Path, m.Version, id)
			}
		}
		fmt.Fprintf(&doc, "| %s | %s | %s |\n", m.Path, m.Version, strings.Join(ids, ", "))
	}
	if *writeLicenses {
		if err := os.WriteFile(licensesFile, []byte(doc.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	page, err := os.ReadFile(licensesFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != doc.String() {
		t.Errorf("%s is not what is linked; go test . -write-licenses writes it", licensesFile)
	}
}
