package config

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// FuzzLoad feeds the loader arbitrary files: it must refuse or load them, and what
// it loads must be within the schema.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"core:\n  rob: 64\n", "core.rob: 12", "{\"core\":{\"rob\":1e3}}", "[core]\nrob = 0x40\n", "preset: limit\n", "a: &a [*a]\n", "core: {rob: 12.7}\n",
		"core:\n  rob: 1\n  rob: 2\n", "\"core\":\n", "{\"core\":{\"ROB\":64}}", "predictor:\n  branch: \x00\n",
	} {
		for kind := range byte(3) {
			f.Add(kind, []byte(seed))
		}
	}
	f.Fuzz(func(t *testing.T, kind byte, text []byte) {
		path := filepath.Join(t.TempDir(), "c"+[]string{".yaml", ".toml", ".json"}[kind%3])
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		eff, err := Load(Source{Files: []string{path}})
		if err != nil {
			return
		}
		again, err := Load(Source{Flags: []Setting{{Flag: "preset", Key: presetKey, Value: eff.Preset}}, Set: settings(eff)})
		if err != nil {
			t.Fatalf("what was loaded is refused: %v", err)
		}
		if Hash(&again.Config) != Hash(&eff.Config) {
			t.Fatal("what was loaded does not come back")
		}
	})
}

// settings gives a configuration as key=value overrides.
func settings(eff *Effective) (list []string) {
	for _, field := range Schema() {
		list = append(list, fmt.Sprintf("%s=%v", field.Key, field.Value(&eff.Config)))
	}
	return list
}
