package fuel

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"strings"

	"github.com/ooovm/ooovm/budget"
)

// IsProgramFile tells whether a file holds programs, sound or not: by its extension
// .fuel.json, or by the first member that only such files or only other inputs have.
// Files that cannot be read, and pipes, are none.
func IsProgramFile(path string) bool {
	name := strings.TrimSuffix(path, ".gz")
	if strings.HasSuffix(name, ".fuel.json") {
		return true
	}
	if !strings.HasSuffix(name, ".json") {
		return false
	}
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false // a pipe can be read once, which is for its reader
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	text, err := decompressed(f)
	if err != nil {
		return false
	}
	return hasPrograms(budget.NewDecoder(text, budget.OfRun(), 0))
}

func hasPrograms(d *json.Decoder) bool {
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return false
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return false
		}
		switch key {
		case "vectors", "programs":
			next, err := d.Token()
			return err == nil && next == json.Delim('[')
		case "schema":
			schema, err := d.Token()
			s, text := schema.(string)
			return err == nil && text && strings.HasPrefix(s, schemaFamily)
		case "chainId", "prestate", "blockHashes":
			return false
		}
		var skipped json.RawMessage
		if err := d.Decode(&skipped); err != nil {
			return false
		}
	}
	return false
}

// schemaFamily is Schema without its version.
const schemaFamily = "ooovm.fuel/"

// decompressed reads text that may be compressed with gzip.
func decompressed(r io.Reader) (io.Reader, error) {
	b := bufio.NewReader(r)
	if magic, err := b.Peek(2); err != nil {
		return b, err
	} else if magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, err
		}
		b = bufio.NewReader(z)
	}
	if mark, err := b.Peek(3); err == nil && string(mark) == "\uFEFF" {
		_, _ = b.Discard(len(mark)) // of what Peek has buffered: it cannot fail
	}
	return b, nil
}
