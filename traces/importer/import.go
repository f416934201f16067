// Package importer makes bundles of what other tools write: prestateTracer output with its
// block, EIP-3155 and structLog traces, state tests, and the tracer fixtures that come with
// go-ethereum. Every bundle is executed by go-ethereum before it is given out.
package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/plain"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/prestate"
)

// Options of an import.
type Options struct {
	ChainID uint64              // of a block, which does not name its chain
	Config  *params.ChainConfig // of a chain that is not known, nil for none
	Fork    string              // of a trace alone, as fixtures.Fork gives it; empty to find it out
}

// FileError says in one line what is wrong with a file.
type FileError struct {
	File string
	Err  error
}

func (e *FileError) Error() string {
	err := e.Err
	var at *fs.PathError
	if errors.As(err, &at) && at.Path == e.File {
		err = at.Err
	}
	text := plain.Visible(strings.Join(strings.Fields(plain.Text(err)), " "))
	if strings.HasPrefix(text, e.File+": ") {
		return text
	}
	return e.File + ": " + text
}
func (e *FileError) Unwrap() error { return e.Err }

// DifferenceError is that a bundle can be made, and is not the block that it says.
type DifferenceError struct{ Err error }

func (e *DifferenceError) Error() string { return e.Err.Error() }
func (e *DifferenceError) Unwrap() error { return e.Err }

// recipe is a set of files that makes a bundle. Beside a block and what was traced of it there
// may be receipts, which are compared, and hashes of ancestors.
type recipe struct {
	of   []Kind
	make func(*ingredients) (*Imported, error)
}

var recipes = []recipe{
	{[]Kind{Bundle}, (*ingredients).again},
	{[]Kind{TraceTest}, func(in *ingredients) (*Imported, error) { return readTraceTest(in.files[TraceTest]) }},
	{[]Kind{Trace}, (*ingredients).traceAlone},
	{[]Kind{Block, Trace}, (*ingredients).traceOfBlock},
	{[]Kind{Block, Prestate}, (*ingredients).prestateOfBlock},
}

// lacking is what a file needs that makes no bundle as it stands.
var lacking = map[Kind]string{
	Block:       "a block needs the file of its pre-state or of its trace beside it",
	Prestate:    "prestateTracer output needs the file of its block beside it (eth_getBlockByNumber, with whole transactions)",
	Receipts:    "receipts have neither steps nor state: " + beside,
	BlockHashes: "hashes of ancestors have neither steps nor state: " + beside,
	StateTest:   "a file of state tests makes many bundles: it is imported alone, into a folder",
}

// ingredients are the files of one import, by kind.
type ingredients struct {
	files map[Kind]string
	opt   Options
}

func (in *ingredients) fail(kind Kind, err error) error { return &FileError{in.files[kind], err} }

// Import makes a bundle of one file, or of several that belong together: a block, what was
// traced of it, and its receipts. A bundle that is not what the files say is not given out:
// the error is a *DifferenceError.
func Import(files []string, opt Options) (got *Imported, err error) {
	defer budget.Recover(strings.Join(files, ", "), &err)
	in := &ingredients{make(map[Kind]string), opt}
	for _, file := range files {
		kind, err := Detect(file)
		if err != nil {
			return nil, &FileError{file, err}
		}
		if twice, ok := in.files[kind]; ok {
			return nil, &FileError{file, fmt.Errorf("it is %s, and so is %s", kind.article(), twice)}
		}
		in.files[kind] = file
	}
	used := len(in.files)
	for _, k := range []Kind{Receipts, BlockHashes} {
		if in.files[k] != "" && in.files[Block] != "" {
			used--
		}
	}
	lacks := func(k Kind) bool { return in.files[k] == "" }
	for _, r := range recipes {
		if len(r.of) != used || slices.ContainsFunc(r.of, lacks) {
			continue
		}
		got, err := r.make(in)
		switch {
		case err != nil:
			return nil, err
		case got.Mismatch != nil:
			return nil, &DifferenceError{fmt.Errorf("%s: what was made of it is not the trace: %w", in.files[Trace], got.Mismatch)}
		}
		return got, sound(got.Bundle)
	}
	for kind, file := range in.files {
		if why, ok := lacking[kind]; ok && len(in.files) == 1 {
			return nil, &FileError{file, errors.New(why)}
		}
	}
	return nil, fmt.Errorf("these files do not belong together: %s", in.list())
}

// sound makes sure that a bundle that is given out can be read: what files say of a block may
// be what no chain can have.
func sound(b *traces.Bundle) error {
	from, to := io.Pipe()
	go func() { to.CloseWithError(invariant.Guard(b.Name, func() error { return b.Write(to) })) }()
	defer from.Close()
	again, err := traces.Read(from, b.Name)
	if err != nil {
		return fmt.Errorf("what is made of it is no block: %w", err)
	}
	return again.Check()
}

// list names the files and what they are.
func (in *ingredients) list() string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(in.files)) {
		parts = append(parts, in.files[kind]+" is "+kind.article())
	}
	return strings.Join(parts, ", ")
}

// again takes a bundle, which keeps what its maker has said of it.
func (in *ingredients) again() (*Imported, error) {
	b, err := traces.Load(in.files[Bundle])
	if err != nil {
		return nil, err
	}
	if b.Provenance == nil {
		b.Provenance = &traces.Provenance{Source: "import", Dialect: "block with pre-state"}
	}
	if err := verify(b, nil); err != nil {
		return nil, err
	}
	for _, n := range prestate.FindHashes(b).Unknown {
		if w := fmt.Sprintf("hash of block %d: the block reads it, and the bundle does not have it; it is zero", n); !slices.Contains(b.Provenance.Warnings, w) {
			b.Provenance.Warnings = append(b.Provenance.Warnings, w)
		}
	}
	return &Imported{Bundle: b}, nil
}

func (in *ingredients) traceAlone() (*Imported, error) {
	got, err := rebuild(in.files[Trace], nil, in.opt)
	if err != nil {
		return nil, in.fail(Trace, err)
	}
	got.Bundle.Name = baseName(in.files[Trace])
	return got, nil
}

func (in *ingredients) traceOfBlock() (*Imported, error) {
	block, claims, err := in.block()
	if err != nil {
		return nil, err
	}
	got, err := rebuild(in.files[Trace], block, in.opt)
	if err != nil {
		return nil, in.fail(Trace, err)
	}
	got.Bundle.Name = block.Name
	if claims == nil {
		claims = got.claims
	}
	if got.cut {
		return got, nil // Mismatch says why it is of no use
	}
	if err := verify(got.Bundle, claims); err != nil && got.Mismatch != nil {
		return nil, &DifferenceError{fmt.Errorf("%w; %w", err, got.Mismatch)}
	} else if err != nil {
		return nil, err
	}
	return got, nil
}

func (in *ingredients) prestateOfBlock() (*Imported, error) {
	block, claims, err := in.block()
	if err != nil {
		return nil, err
	}
	raw, err := readAll(in.files[Prestate])
	if err != nil {
		return nil, in.fail(Prestate, err)
	}
	b, hashes, err := in.withPrestate(raw, block, claims)
	if hashes == nil || len(hashes.Unknown) == 0 {
		return &Imported{Bundle: b}, err
	}
	note := func(b *traces.Bundle, format string) *Imported {
		for _, n := range hashes.Unknown {
			b.Provenance.Warnings = append(b.Provenance.Warnings, fmt.Sprintf(format, n))
		}
		return &Imported{Bundle: b}
	}
	if len(hashes.Compared) == len(hashes.Unknown) {
		if b, _, err := in.withPrestate(raw, prestate.WithHashes(block, hashes.Compared), claims); err == nil {
			return note(b, "hash of block %d: no file has it; it is what the block compares it with, and the header comes out"), nil
		}
	}
	zeros := make(map[uint64]common.Hash)
	for _, n := range hashes.Unknown {
		zeros[n] = common.Hash{}
	}
	if b, _, err = in.withPrestate(raw, prestate.WithHashes(block, zeros), claims); err != nil {
		const want = `%w; the block reads the hash of block %d, which no file has: a file {"%d": "0x..."} can stand beside them`
		return nil, fmt.Errorf(want, err, hashes.Unknown[0], hashes.Unknown[0])
	}
	b.BlockHashes = block.BlockHashes
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	return note(b, "hash of block %d: the block reads it, and no file has it; it is zero, and the header comes out all the same"), nil
}

// withPrestate gives a block its pre-state and verifies it, unless hashes of ancestors are
// missing. They are nil where the pre-state cannot be read.
func (in *ingredients) withPrestate(raw json.RawMessage, block *traces.Bundle, claims []claim) (*traces.Bundle, *prestate.Hashes, error) {
	b := block.Again()
	hashes, err := readPrestate(raw, b)
	if err != nil {
		return nil, hashes, in.fail(Prestate, err)
	}
	if len(hashes.Unknown) > 0 {
		return nil, hashes, nil
	}
	return b, hashes, verify(b, claims)
}

// block reads the block, and its receipts where there are any.
func (in *ingredients) block() (*traces.Bundle, []claim, error) {
	block, err := readBlock(in.files[Block], in.opt)
	if err != nil {
		return nil, nil, in.fail(Block, err)
	}
	if fork := in.opt.Fork; fork != "" && eraByRules(fork).fork != block.Fork() {
		return nil, nil, in.fail(Block, fmt.Errorf("it is a block of %s, not of %s", block.Fork(), eraByRules(fork).fork))
	}
	if file, ok := in.files[BlockHashes]; ok {
		if err := readHashes(file, block); err != nil {
			return nil, nil, in.fail(BlockHashes, err)
		}
	}
	file, ok := in.files[Receipts]
	if !ok {
		return block, nil, nil
	}
	claims, err := readReceipts(file, block)
	if err != nil {
		return nil, nil, in.fail(Receipts, err)
	}
	return block, claims, nil
}

func baseName(path string) string {
	name := filepath.Base(path)
	for _, ext := range []string{".gz", ".zst", ".json", ".jsonl"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// unwrap takes the answer out of a JSON-RPC response.
func unwrap(raw json.RawMessage) json.RawMessage {
	var response struct {
		Result json.RawMessage `json:"result"`
	}
	if json.Unmarshal(raw, &response) == nil && len(response.Result) > 0 {
		return response.Result
	}
	return raw
}

// keptBytes is what is kept of a byte of a file that is read whole.
const keptBytes = 4

// readAll reads a file of one JSON value. Values one after the other, as when the answers to
// several requests are written into one file, are a list.
func readAll(file string) (json.RawMessage, error) {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return nil, err
	}
	defer closer()
	const most = 256 << 20
	limited := &io.LimitedReader{R: text, N: most + 1}
	dec := budget.NewDecoder(limited, budget.OfRun(), keptBytes)
	var list []json.RawMessage
	for {
		var raw json.RawMessage
		err := dec.Decode(&raw)
		switch {
		case budget.Exceeds(err):
			return nil, err
		case limited.N == 0:
			return nil, fmt.Errorf("more than %d bytes", most)
		case errors.Is(err, io.EOF) && len(list) == 1:
			return unwrap(list[0]), nil
		case errors.Is(err, io.EOF) && len(list) > 1:
			return json.Marshal(list)
		case err != nil:
			return nil, errors.New("it is not JSON, or it is truncated")
		}
		list = append(list, raw)
	}
}

func readBlock(file string, opt Options) (*traces.Bundle, error) {
	raw, err := readAll(file)
	if err != nil {
		return nil, err
	}
	if raw[0] == '[' {
		return nil, errors.New("a list of blocks is not imported: one block makes a bundle")
	}
	config := opt.Config
	if config == nil {
		if config, err = traces.ChainConfig(opt.ChainID); err != nil {
			return nil, fmt.Errorf("%w: give one with --chain-config", err)
		}
	}
	b, err := traces.NewBundle(opt.ChainID, config, raw)
	if err != nil {
		return nil, err
	}
	return b, b.Check()
}

// readHashes reads hashes of ancestors by decimal number, as blockHashes of a bundle.
func readHashes(file string, b *traces.Bundle) error {
	raw, err := readAll(file)
	if err != nil {
		return err
	}
	var hashes map[uint64]common.Hash
	if err := json.Unmarshal(raw, &hashes); err != nil {
		return errors.New("an object with hashes of 32 bytes by decimal block number is expected")
	}
	maps.Copy(b.BlockHashes, hashes)
	return b.Check()
}

// readPrestate reads what a tracer says of every transaction, or one pre-state of the whole
// block, and finds which hashes of ancestors are missing.
func readPrestate(raw json.RawMessage, b *traces.Bundle) (*prestate.Hashes, error) {
	var hashes *prestate.Hashes
	b.Provenance = &traces.Provenance{Source: "import", Dialect: string(Prestate) + " of the whole block"}
	if raw[0] != '[' {
		var err error
		if b.Prestate, err = prestate.Parse(raw); err != nil {
			return nil, err
		}
		prestate.DropEmpty(b.Prestate)
		hashes = prestate.FindHashes(b.Again())
	} else {
		b.Provenance.Dialect = string(Prestate) + " of every transaction"
		results, err := prestate.ParseResults(raw, b.Txs)
		if err != nil {
			return nil, err
		}
		got, err := prestate.Assemble(b.Again(), results)
		if err != nil {
			return got.Hashes, &DifferenceError{err}
		}
		b.Prestate, b.Provenance.Warnings, hashes = got.Prestate, got.Inferred, got.Hashes
	}
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	return hashes, nil
}
