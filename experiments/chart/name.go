package chart

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// maxName bounds a name in bytes; file systems take 255, with the suffix.
const maxName = 120

// fileName names a figure by all that it was drawn from: its kind, columns and series, after
// a plus each condition, and what else is not the default. Different figures have different
// names. Where the text of one cannot stand in a name, or where it is too long, a hash of all
// of it follows, so that cutting and replacing loses nothing.
//
//	line-uipc-core.rob-predictor.branch+core.iq=32+preset=ooo-4,ooo-8+median
func (s *Spec) fileName() string {
	exact := true
	part := func(text, marks string) string {
		return strings.Map(func(r rune) rune {
			if 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune(marks, r) {
				return r
			}
			exact = false
			if 'A' <= r && r <= 'Z' { // which some file systems take for a small one
				return r
			}
			return '_'
		}, text)
	}
	name := s.Kind
	for _, column := range []string{s.Z, s.Y, s.X, s.Series} {
		if column != "" {
			name += "-" + part(column, "._")
		}
	}
	for _, c := range s.Where {
		name += "+" + part(c.String(), "._=,-")
	}
	if s.Mean != "" {
		name += "+" + part(string(s.Mean), "")
	}
	for _, option := range []struct {
		set  bool
		name string
	}{{s.Log, "log"}, {s.Wide, "wide"}} {
		if option.set {
			name += "+" + option.name
		}
	}
	if exact && len(name) <= maxName {
		return name
	}
	named := *s
	named.About = "" // it is of the caption
	text, err := json.Marshal(named)
	if err != nil {
		panic(err) // strings only
	}
	sum := sha256.Sum256(text)
	hash := "+" + hex.EncodeToString(sum[:8])
	return name[:min(len(name), maxName-len(hash))] + hash
}
