package config

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/machine"
)

// before has the keys that were added to the schema later, with the value that stands
// for what a core did before.
var before = map[string]any{
	"core.status":          "predict",
	"state.interval":       0,
	"fusion.jump":          false,
	"fusion.test":          false,
	"fusion.pair":          false,
	"predictor.value":      "none",
	"predictor.valueby":    "account",
	"predictor.valuebits":  12,
	"predictor.confidence": 4,
}

// Hash identifies a configuration by its values alone: the SHA-256, in hexadecimal,
// of a line key=value for every key, in the order of the keys. The preset's name
// is not in it.
func Hash(c *Config) string {
	lines := make([]string, 0, len(Schema()))
	for _, f := range Schema() {
		if strings.HasPrefix(f.Key, "machine.") && c.Machine.Policy == machine.SequentialPolicy {
			continue // one core alone reads none of it
		}
		if f.Key == hierarchyKey {
			continue // a name, as the preset's
		}
		if was, later := before[f.Key]; later && f.Value(c) == was {
			continue // so that hashes of configurations without it stay
		}
		lines = append(lines, fmt.Sprintf("%s=%v\n", f.Key, f.Value(c)))
	}
	slices.Sort(lines)
	h := sha256.New()
	for _, line := range lines {
		h.Write([]byte(line))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Difference is a key in which two configurations differ.
type Difference struct {
	Key string `json:"key"`
	A   any    `json:"a"`
	B   any    `json:"b"`
}

// Diff lists the differences in the order of Schema.
func Diff(a, b *Config) []Difference {
	diff := []Difference{}
	for _, f := range Schema() {
		if x, y := f.Value(a), f.Value(b); x != y {
			diff = append(diff, Difference{f.Key, x, y})
		}
	}
	return diff
}
