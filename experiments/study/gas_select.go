package study

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/experiments/corpus"
)

// The benchmarks of execution-spec-tests are one program a test, at several gas values: the name of a test ends in them.

// wantedGas is the gas value of the blocks that are measured, in Mgas.
const wantedGas = 30

var (
	gasValue = regexp.MustCompile(`-?(?:benchmark-)?gas-value_([0-9.]+)M`)
	// noProgram is what pytest puts into a name whatever the program.
	noProgram = regexp.MustCompile(`^(fork_.*|(blockchain|state)_test.*|benchmark|)$`)
)

// variant is a block as one of several of a program.
type variant struct {
	program string  // the same for all
	mgas    float64 // 0 where the name has none
	index   int     // among the test's blocks
}

// variantOf reads the name of an input. Two inputs are of one program when their keys are equal.
func variantOf(path string) (key string, v variant) {
	file, test, index, ok := corpus.Test(path)
	if !ok {
		if path == "" {
			return "", variant{program: "embedded"}
		}
		return path, variant{program: corpus.Name(path)}
	}
	v.index = index
	if m := gasValue.FindStringSubmatch(test); m != nil {
		v.mgas, _ = strconv.ParseFloat(m[1], 64)
	}
	whole := gasValue.ReplaceAllString(test, "")
	name := whole[strings.LastIndex(whole, "::")+1:]
	name, params, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(name, ":"), "test_"), "[")
	var kept []string
	for _, p := range strings.Split(strings.TrimSuffix(params, "]"), "-") {
		if !noProgram.MatchString(p) {
			kept = append(kept, p)
		}
	}
	v.program = name
	if len(kept) > 0 {
		v.program += " " + strings.Join(kept, "-")
	}
	return file + ":" + whole, v
}

// programOf is what a block's program is called.
func programOf(path string) string {
	_, v := variantOf(path)
	return v.program
}

// better orders the variants of a program: the largest gas value that is not above the wanted one, the smallest above it
// where there is none; then the last block of the test, those before it set up its state.
func (v variant) better(than variant) int {
	fits := func(v variant) int {
		if v.mgas <= wantedGas {
			return 1
		}
		return 0
	}
	size := cmp.Compare(v.mgas, than.mgas)
	if fits(v) == 0 {
		size = -size
	}
	return cmp.Or(cmp.Compare(fits(v), fits(than)), size, cmp.Compare(v.index, than.index))
}

// chooseBlocks keeps one block of each program, in the order in which the programs first are there.
func chooseBlocks(paths []string) (kept []string) {
	type choice struct {
		place int
		variant
	}
	choices := map[string]choice{}
	for _, path := range paths {
		key, v := variantOf(path)
		c, ok := choices[key]
		switch {
		case !ok:
			choices[key] = choice{len(kept), v}
			kept = append(kept, path)
		case v.better(c.variant) > 0:
			choices[key] = choice{c.place, v}
			kept[c.place] = path
		}
	}
	return kept
}
