// Package corpus selects blocks from folders by what is in them. A folder may have an
// index, which saves loading and executing its blocks; without one, or where a file
// has changed since, the facts are found anew and are the same.
package corpus

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/ooovm/ooovm/files"
	"github.com/ooovm/ooovm/traces"
)

// IndexFile is the name of a folder's index.
const IndexFile = "index.json"

// schema marks an index as one of ours.
const schema = "ooovm.corpus/1"

// Facts are what is known of a block, and the names of an expression.
type Facts struct {
	Name         string `json:"name" expr:"name"`
	Hash         string `json:"hash" expr:"hash"` // of the block
	Chain        int    `json:"chain" expr:"chain"`
	Fork         string `json:"fork" expr:"fork"`
	Number       int    `json:"number" expr:"number"`
	Time         int    `json:"time" expr:"time"` // Unix seconds
	Gas          int    `json:"gas" expr:"gas"`   // used
	Transactions int    `json:"transactions" expr:"transactions"`

	// Found by executing the block.
	Instructions int                `json:"instructions" expr:"instructions"`
	Mix          map[string]float64 `json:"mix" expr:"mix"` // share of instructions by class (traces.OpClass)
}

// Entry is a file of an index.
type Entry struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Facts
}

type index struct {
	Schema  string  `json:"schema"`
	Entries []Entry `json:"entries"`
}

// header finds what can be told without executing the block.
func header(b *traces.Bundle) Facts {
	h := b.Header
	return Facts{
		Name: b.Name, Hash: b.BlockHash.Hex(), Chain: int(b.ChainID), Fork: b.Fork(), Number: int(h.Number.Uint64()), Time: int(h.Time),
		Gas: int(h.GasUsed), Transactions: len(b.Txs),
	}
}

// execute finds the rest.
func (f *Facts) execute(stop context.Context, b *traces.Bundle) error {
	if err := b.Check(); err != nil {
		return err
	}
	g, err := traces.RecordContext(stop, b)
	if err != nil {
		return err
	}
	f.Instructions, f.Mix = g.Steps.Len(), make(map[string]float64)
	counts := make(map[string]int)
	for i := range g.Steps.Len() {
		counts[traces.OpClass(g.Steps.At(i).Op)]++
	}
	for class, n := range counts {
		f.Mix[class] = float64(n) / float64(g.Steps.Len())
	}
	return nil
}

func find(stop context.Context, path string, all bool) (Facts, error) {
	b, err := Open(stop, path)
	if err != nil {
		return Facts{}, err
	}
	f := header(b)
	if all {
		err = f.execute(stop, b)
	}
	return f, err
}

// Index writes a folder's index. Files that have not changed since the last one are not
// executed again. It returns the number of all and of the executed ones, and what is in the
// folder that is no block. failed hears of each file that cannot be indexed; the others are.
func Index(stop context.Context, dir string, failed func(error)) (all, executed int, ignored []string, err error) {
	info, err := os.Stat(dir)
	if err != nil {
		return 0, 0, nil, err
	}
	if !info.IsDir() {
		return 0, 0, nil, fmt.Errorf("%s: expected a folder", dir)
	}
	old, err := load(dir)
	if err != nil {
		return 0, 0, nil, err
	}
	paths, ignored, err := traces.Collect([]string{dir}, nil)
	if err != nil {
		return 0, 0, nil, err
	}
	out := index{Schema: schema, Entries: []Entry{}}
	for _, path := range paths {
		e, known, err := entry(stop, path, old)
		if stop.Err() != nil {
			return 0, 0, nil, stop.Err()
		}
		if err != nil {
			failed(err)
			continue
		}
		if !known {
			executed++
		}
		out.Entries = append(out.Entries, e)
	}
	return len(out.Entries), executed, ignored, out.save(filepath.Join(dir, IndexFile))
}

// entry finds what an index says of a file. known reports that old, by file, says so already.
func entry(stop context.Context, path string, old map[string]Entry) (e Entry, known bool, err error) {
	e.File = filepath.Base(path)
	if e.SHA256, err = HashFile(path); err != nil {
		return e, false, err
	}
	if before, ok := old[e.File]; ok && before.SHA256 == e.SHA256 {
		return before, true, nil
	}
	e.Facts, err = find(stop, path, true)
	return e, false, err
}

// load reads a folder's index, by file; a folder without one has no entries.
func load(dir string) (map[string]Entry, error) {
	path := filepath.Join(dir, IndexFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var in index
	if err := json.Unmarshal(text, &in); err != nil || in.Schema != schema {
		return nil, &notIndexError{path}
	}
	entries := make(map[string]Entry, len(in.Entries))
	for _, e := range in.Entries {
		entries[e.File] = e
	}
	return entries, nil
}

// notIndexError says that a file has the name of an index and is another's.
type notIndexError struct{ path string }

func (e *notIndexError) Error() string {
	return fmt.Sprintf("%s: expected an index with the schema %s; it is left alone", e.path, schema)
}

// save makes the file appear whole or not at all.
func (x *index) save(path string) error {
	text, err := json.MarshalIndent(x, "", " ")
	if err != nil {
		return err
	}
	return files.WriteBytes(path, append(text, '\n'))
}

// HashFile is the SHA-256 of an input, in hexadecimal: of a file, or of a fixture and which of
// its blocks it is.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		if file, selector, ok := splitTest(path); ok && file != path {
			sum, err := HashFile(file)
			if err != nil {
				return "", err
			}
			return Hash(strings.NewReader(sum + ":" + selector))
		}
		return "", err
	}
	defer f.Close()
	return Hash(f)
}

// Hash is HashFile of what is open already.
func Hash(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
