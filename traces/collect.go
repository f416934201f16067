package traces

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ooovm/ooovm/budget"
)

// globs are the characters of patterns.
const globs = "*?["

// Collect expands command-line arguments into inputs, in order and each once:
// files and "-" as they are, the bundles of a folder and the matches of a pattern
// in lexical order. Files of a folder that are not bundles (no .json extension, or
// JSON without any member of a bundle) are listed as ignored; whether a file is there and
// a sound bundle is for Load to say, so that it is said in its turn and the others are run. also, if it is not nil, tells other kinds of input.
func Collect(args []string, also func(path string) bool) (inputs, ignored []string, err error) {
	seen := make(map[string]bool)
	add := func(path string) {
		if !seen[path] {
			seen[path] = true
			inputs = append(inputs, path)
		}
	}
	for _, arg := range args {
		if arg == "-" {
			add(arg)
			continue
		}
		paths := []string{arg}
		if _, err := os.Stat(arg); errors.Is(err, os.ErrNotExist) && strings.ContainsAny(arg, globs) {
			if paths, err = filepath.Glob(arg); err != nil {
				return nil, nil, fmt.Errorf("%s: not a pattern: %w", arg, err)
			}
			if len(paths) == 0 {
				paths = []string{arg}
			}
			slices.Sort(paths)
		}
		for _, path := range paths {
			found, other, ok := collectFolder(path, also)
			if !ok {
				add(filepath.Clean(path))
				continue
			}
			for _, f := range found {
				add(f)
			}
			ignored = append(ignored, other...)
		}
	}
	return inputs, ignored, nil
}

// collectFolder lists the regular files of a folder, not of its subfolders. ok is false where
// there is no folder that can be read.
func collectFolder(dir string, also func(path string) bool) (inputs, ignored []string, ok bool) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, nil, false // a pipe, opened as a folder, would wait for its writer
	}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return nil, nil, false
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			continue // a dangling link, a subfolder
		}
		if bundleExtension(path) && (looksLikeBundle(path) || also != nil && also(path)) {
			inputs = append(inputs, path)
		} else {
			ignored = append(ignored, path)
		}
	}
	return inputs, ignored, true
}

func bundleExtension(path string) bool {
	for _, ext := range []string{".json", ".json.gz", ".json.zst"} {
		if strings.HasSuffix(path, ext) {
			return true
		}
	}
	return false
}

// looksLikeBundle reads the file up to the first member that only a bundle has.
// A file that cannot be read so far is taken for a damaged bundle, so that loading
// it says what is wrong instead of passing over it.
func looksLikeBundle(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return true
	}
	defer f.Close()
	text, closer, err := decompress(f, maxBundleBytes)
	if err != nil {
		return true
	}
	defer closer()
	dec := budget.NewDecoder(text, budget.OfRun(), 0)
	open, err := dec.Token()
	if err != nil {
		return true
	}
	if open != json.Delim('{') {
		return false
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return true
		}
		switch key {
		case "chainId", "block", "prestate", "blockHashes":
			return true
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return true
		}
	}
	return false
}
