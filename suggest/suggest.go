// Package suggest says what there is where a name is not known, and which of it was probably
// meant.
package suggest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// Nearest returns the known names that a name was probably meant to be, the likeliest first:
// those that few changed letters turn it into, and those that it begins.
func Nearest(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var near []candidate
	lower := strings.ToLower(name)
	for _, k := range known {
		d := levenshtein.ComputeDistance(lower, strings.ToLower(k))
		begun := len(lower) >= 2 && strings.HasPrefix(strings.ToLower(k), lower)
		if begun || d <= max(1, min(len(name), len(k))/3) {
			near = append(near, candidate{k, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var names []string
	for _, c := range near[:min(len(near), 3)] {
		names = append(names, c.name)
	}
	return names
}

// Or joins names as alternatives.
func Or(names []string) string {
	if n := len(names); n > 1 {
		return strings.Join(names[:n-1], ", ") + " or " + names[n-1]
	}
	return strings.Join(names, "")
}

// Text asks whether another name was meant, and is empty where none is near.
func Text(name string, known []string) string {
	if near := Nearest(name, known); len(near) > 0 {
		return "; did you mean " + Or(near) + "?"
	}
	return ""
}

// Among lists the names that there are, and asks whether one of them was meant.
func Among(name string, known []string) string {
	return "there are " + strings.Join(known, ", ") + Text(name, known)
}

// Unknown is the error for a name that is none of those known. what says what it ought to
// be, as "no policy" does.
func Unknown(what, name string, known []string) error {
	return fmt.Errorf("%s %q; %s", what, name, Among(name, known))
}
