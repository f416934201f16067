package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/chain"
	"github.com/ooovm/ooovm/traces/fixtures"
)

// The blocks of official blockchain tests are inputs like others. On the command line
// FIXTURE:REGEX is every block of the tests whose name matches, and FIXTURE of all; each of them
// is then FIXTURE:TEST/N, with its place among the test's blocks from 0.

// splitTest takes apart what names blocks of a fixture. ok is false for any other input.
func splitTest(arg string) (file, selector string, ok bool) {
	for i := 0; ; {
		j := strings.IndexByte(arg[i:], ':')
		if j < 0 {
			return arg, "", fixtures.IsBlockTest(arg)
		}
		i += j
		if info, err := os.Stat(arg[:i]); err == nil && info.Mode().IsRegular() {
			return arg[:i], arg[i+1:], true
		}
		i++
	}
}

// expandTests gives the blocks that an argument names, in the order of the fixture; ok is false
// for an argument that is no fixture. Blocks that have to be refused are none of them. Nothing
// is executed.
func expandTests(arg string) (refs []string, ok bool, err error) {
	file, selector, ok := splitTest(arg)
	if !ok {
		return nil, false, nil
	}
	match, wrong := regexp.Compile(selector)
	test, index, single := blockOf(selector)
	// A name beats what it matches as an expression, as names have their signs; a block beats a
	// test that is called like it.
	var asBlock, asTest, asMatch []string
	paths := make(map[string]string)
	err = fixtures.Scan([]string{file}, &fixtures.Handler{
		Block: func(t *fixtures.BlockTest) error {
			refs, only := &asMatch, false
			switch {
			case single && t.Name == test:
				refs, only = &asBlock, true
			case selector != "" && t.Name == selector:
				refs = &asTest
			case wrong != nil || !match.MatchString(t.Name):
				return nil
			}
			if t.Unsupported != "" {
				return fmt.Errorf("%s: %s", t.ID(), t.Unsupported)
			}
			if other, twice := paths[t.Name]; twice {
				return fmt.Errorf("%s: %s and %s both have a test %q; name the files, unpacked", file, other, t.Path, t.Name)
			}
			paths[t.Name] = t.Path
			for i := range t.Items {
				if !t.Items[i].Invalid && (!only || i == index) {
					*refs = append(*refs, fmt.Sprintf("%s:%s/%d", file, t.Name, i))
				}
			}
			return nil
		},
		Ignored: func(string, string) {},
		Broken:  func(err *fixtures.FileError) error { return err },
	})
	switch {
	case err != nil:
		return nil, true, err
	case len(asBlock) > 0:
		return asBlock, true, nil
	case len(asTest) > 0:
		return asTest, true, nil
	case wrong != nil:
		return nil, true, fmt.Errorf("%s: %q is neither a test with a valid block nor a regular expression: %w", file, selector, wrong)
	case len(asMatch) == 0:
		return nil, true, fmt.Errorf("%s: no valid block of a test whose name matches %q", file, selector)
	}
	return asMatch, true, nil
}

// blockOf takes TEST/N apart.
func blockOf(selector string) (test string, index int, ok bool) {
	i := strings.LastIndexByte(selector, '/')
	if i < 0 {
		return "", 0, false
	}
	index, err := strconv.Atoi(selector[i+1:])
	if err != nil || index < 0 || strconv.Itoa(index) != selector[i+1:] { // one block has one name
		return "", 0, false
	}
	return selector[:i], index, true
}

// Test takes apart the input that is a block of an official test: FIXTURE:TEST/N. ok is false for
// any other.
func Test(path string) (file, test string, index int, ok bool) {
	file, selector, ok := splitTest(path)
	if !ok {
		return "", "", 0, false
	}
	test, index, ok = blockOf(selector)
	return file, test, index, ok
}

const wantBlock = "a block of a blockchain test: FIXTURE:TEST/N"

var errFound = errors.New("found")

// Open loads a block: a bundle, or the block of a test, which has the state that the blocks
// before it have left; go-ethereum executes these. Its error is a *traces.BundleError, or that
// of the context.
func Open(stop context.Context, path string) (*traces.Bundle, error) {
	if _, err := os.Stat(path); err == nil || !strings.Contains(path, ":") {
		return traces.LoadContext(stop, path)
	}
	file, selector, ok := splitTest(path)
	if !ok {
		return traces.LoadContext(stop, path)
	}
	var b *traces.Bundle
	test, index, single := blockOf(selector)
	if !single {
		return nil, &traces.BundleError{File: path, Want: wantBlock}
	}
	err := fixtures.Scan([]string{file}, &fixtures.Handler{
		Block: func(t *fixtures.BlockTest) (err error) {
			if t.Name != test || index >= len(t.Items) {
				return nil
			}
			if b, err = chain.Open(stop, t, index); err != nil {
				return err
			}
			return errFound
		},
		Ignored: func(string, string) {},
		Broken:  func(*fixtures.FileError) error { return nil }, // another test of the file
	})
	switch {
	case stop.Err() != nil:
		return nil, stop.Err()
	case err != nil && !errors.Is(err, errFound):
		return nil, &traces.BundleError{File: path, Err: err}
	case b == nil:
		return nil, &traces.BundleError{File: path, Want: wantBlock}
	}
	b.Name, b.Path = Name(path), path
	return b, nil
}

// headName and tailName are how much of a test's name the name of its block has when it is
// long: what tells tests of one function apart comes last.
const headName, tailName = 26, 36

// Name is what a block is called in results: the name of its file, or, of a test's, that of the
// test in letters that files can have, made unique by a hash.
func Name(path string) string {
	if _, err := os.Stat(path); err == nil {
		return traces.BundleName(path)
	}
	file, selector, ok := splitTest(path)
	if !ok {
		return traces.BundleName(path)
	}
	test, index, _ := blockOf(selector)
	id := sha256.Sum256([]byte(filepath.Base(file) + ":" + selector))
	if test = strings.Trim(fixtures.FileName(test), "_"); len(test) > headName+tailName {
		test = test[:headName] + "_" + test[len(test)-tailName:]
	}
	return fmt.Sprintf("%s-%d-%s", test, index, hex.EncodeToString(id[:3]))
}
