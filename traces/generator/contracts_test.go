package generator

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type manifest struct {
	Compiler  string
	Contracts []struct {
		Name, Source, SourceSha256, BinSha256 string
		Methods                               map[string]string // selectors by signature
	}
}

func readManifest(t *testing.T) manifest {
	t.Helper()
	text, err := os.ReadFile("contracts/manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestManifestHashes: sources and code are the ones that the compiler read and
// wrote, so no code is older than its source.
func TestManifestHashes(t *testing.T) {
	m := readManifest(t)
	if !strings.HasPrefix(m.Compiler, "solc 0.8.37+") {
		t.Errorf("compiled by %s", m.Compiler)
	}
	for _, c := range m.Contracts {
		for _, f := range []struct{ file, want string }{{c.Source, c.SourceSha256}, {c.Name + ".bin", c.BinSha256}} {
			text, err := os.ReadFile(filepath.Join("contracts", f.file))
			if err != nil {
				t.Fatal(err)
			}
			if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != f.want {
				t.Errorf("%s does not have the manifest's hash: compile again (contracts/README.md)", f.file)
			}
		}
	}
}

// TestManifestIsComplete: no source and no code outside the manifest.
func TestManifestIsComplete(t *testing.T) {
	var known []string
	for _, c := range readManifest(t).Contracts {
		known = append(known, c.Source, c.Name+".bin")
	}
	for _, pattern := range []string{"contracts/*.sol", "contracts/*.bin"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if !slices.Contains(known, filepath.Base(f)) {
				t.Errorf("%s is not in the manifest", f)
			}
		}
	}
}

// TestSelectors: call data starts with the selector that the compiler gave the
// method.
func TestSelectors(t *testing.T) {
	for _, c := range readManifest(t).Contracts {
		for signature, want := range c.Methods {
			if got := hex.EncodeToString(callData(signature)); got != want {
				t.Errorf("%s.%s: selector %s, the compiler has %s", c.Name, signature, got, want)
			}
		}
	}
}
