// Package traces holds what a simulation is fed with and judged by: block
// bundles (a block with the part of the state that it needs), the golden run of
// a block by go-ethereum, and the comparison of a machine's committed stream,
// receipts and post-state with it. Nothing here simulates anything, and nothing
// here steers a simulation.
package traces

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/klauspost/compress/zstd"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/state"
)

// maxBundleBytes bounds a bundle's JSON text after decompression. The largest
// mainnet bundles have about 5 MB, so only a broken or hostile file is larger.
const maxBundleBytes = 256 << 20

// keptBytes is what a bundle keeps in memory of a byte of its text.
const keptBytes = 4

// Bundle is one block with everything that executing it reads.
type Bundle struct {
	Name string // file name without folder and extensions
	Path string // as given; "-" for standard input

	ChainID     uint64
	Config      *params.ChainConfig
	Header      *types.Header
	BlockHash   common.Hash // as the file states it; Check compares it with the header
	Txs         types.Transactions
	Withdrawals types.Withdrawals
	Uncles      []*types.Header // before the Merge, of a Whole bundle
	Prestate    state.Prestate
	BlockHashes map[uint64]common.Hash // of ancestors, by number; the parent's is always there

	// ContentHash is the file's own hash of pre-state and block hashes, empty when
	// it has none. Where there is one, Load has compared it with ContentHash().
	ContentHash string

	// Whole says that Prestate is all of the state, as that of an official test is: the state
	// root can be computed, so block rewards are paid and the root is compared, and what
	// Prestate does not have is not there.
	Whole bool

	// Unsigned says that the signatures of the transactions are not known: a trace does
	// not have them. Their senders are then those that the file states.
	Unsigned bool

	// Provenance says who made the bundle and what could not be known, nil for nothing.
	Provenance *Provenance

	// Senders has the recovered sender of every transaction once Check has passed.
	Senders []common.Address

	// Memory is what a run of the bundle may take, nil for any amount.
	Memory *budget.Budget

	claims []claim

	prepare sync.Once
	base    *base
}

// Provenance is what the maker of a bundle says of it. Nothing of it is executed.
type Provenance struct {
	Source   string   `json:"source"`            // fetch or import
	Dialect  string   `json:"dialect,omitempty"` // of what it was made from
	Warnings []string `json:"warnings,omitempty"`
}

// claim is what a file says of a transaction that can be computed from it.
type claim struct {
	Hash common.Hash
	From common.Address
}

// BundleError says in one line why a file is not a bundle.
type BundleError struct {
	File  string
	Field string // path of the field, empty for the file as a whole
	Want  string // what was expected there, empty for a file that cannot be opened
	Err   error  // cause, or nil
}

func (e *BundleError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Field != "" {
		b.WriteString(": " + plain.Visible(e.Field))
	}
	if e.Want != "" {
		b.WriteString(": expected " + e.Want)
	}
	if e.Err != nil {
		b.WriteString(": " + plain.Visible(strings.Join(strings.Fields(plain.Text(e.Err)), " ")))
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *BundleError) Unwrap() error { return e.Err }

// Load reads a bundle file (.json, .json.gz, .json.zst, told apart by content) or
// standard input ("-"). Its error is a *BundleError.
func Load(path string) (*Bundle, error) { return LoadContext(context.Background(), path) }

// LoadContext is Load until the context ends.
func LoadContext(stop context.Context, path string) (*Bundle, error) {
	if path == "-" {
		return Read(Until(stop, os.Stdin), path)
	}
	f, err := os.Open(path)
	if err != nil {
		var at *fs.PathError // it names the file a second time
		if errors.As(err, &at) {
			err = at.Err
		}
		if errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, globs) {
			err = noMatchError{}
		}
		return nil, &BundleError{File: path, Err: err}
	}
	defer f.Close()
	return Read(Until(stop, f), path)
}

// Until is a reader that fails with a context's error when the context has ended.
func Until(stop context.Context, r io.Reader) io.Reader { return &until{stop, r} }

type until struct {
	stop context.Context
	r    io.Reader
}

func (u *until) Read(p []byte) (int, error) {
	if err := u.stop.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p)
}

// noMatchError says that a pattern matches no file.
type noMatchError struct{}

func (noMatchError) Error() string { return "no file matches" }

// Is makes it one of those about files that are not there.
func (noMatchError) Is(target error) bool { return target == fs.ErrNotExist }

// Read is Load from an open stream; path only names it.
func Read(r io.Reader, path string) (*Bundle, error) {
	text, closer, err := decompress(r, maxBundleBytes)
	if err != nil {
		return nil, &BundleError{File: path, Want: "a bundle in JSON, gzip or zstd", Err: err}
	}
	defer closer()
	memory := budget.OfRun()
	l := loader{
		file: path,
		dec:  budget.NewDecoder(text, memory, keptBytes),
		b:    &Bundle{Name: BundleName(path), Path: path, Memory: memory},
	}
	if err := l.load(); err != nil {
		return nil, err
	}
	return l.b, nil
}

// BundleName drops the folder and the extensions of a bundle file.
func BundleName(path string) string {
	if path == "-" {
		return "stdin"
	}
	name := filepath.Base(path)
	for _, ext := range []string{".gz", ".zst", ".json"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// errEmpty is the cause of the error for a file with no bytes.
var errEmpty = errors.New("the file is empty")

// decompress looks at the first bytes and returns the plain text, of no more than
// most bytes; 0 is for any number.
func decompress(r io.Reader, most int) (text io.Reader, closer func(), err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	magic, err := in.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	closer = func() {}
	switch {
	case len(magic) == 0:
		return nil, nil, errEmpty
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		if text, err = gzip.NewReader(in); err != nil {
			return nil, nil, err
		}
	case bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxBundleBytes))
		if err != nil {
			return nil, nil, err
		}
		text, closer = z, z.Close
	default:
		text = in
	}
	if most > 0 {
		text = &boundedReader{r: text, left: most}
	}
	if text, err = CleanText(text); err != nil {
		closer()
		return nil, nil, err
	}
	return text, closer, nil
}

// errUTF16 is the cause of the error for text as some shells redirect it.
var errUTF16 = errors.New("the text is UTF-16, which JSON is not written in (RFC 8259): it has to be saved as UTF-8")

// CleanText passes over the byte-order mark that editors and shells put before UTF-8 text,
// and that a JSON reader may ignore (RFC 8259, section 8.1), and shortens runs of blanks.
func CleanText(r io.Reader) (io.Reader, error) {
	in, ok := r.(*bufio.Reader)
	if !ok {
		in = bufio.NewReaderSize(r, 1<<16)
	}
	first, _ := in.Peek(3) // whoever reads on meets the error
	switch {
	case bytes.Equal(first, []byte("\uFEFF")):
		if _, err := in.Discard(len(first)); err != nil {
			return nil, err
		}
	case bytes.HasPrefix(first, []byte{0xff, 0xfe}), bytes.HasPrefix(first, []byte{0xfe, 0xff}):
		return nil, errUTF16
	}
	return &blanks{r: in}, nil
}

// boundedReader fails once more than left bytes have been read.
type boundedReader struct {
	r    io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, fmt.Errorf("more than %d bytes of text", maxBundleBytes)
	}
	return n, err
}
