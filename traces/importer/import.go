// Package importer makes bundles of what other tools write: prestateTracer output with its
// block, EIP-3155 and structLog traces, state tests, and the tracer fixtures that come with
// go-ethereum. Every bundle is executed by go-ethereum before it is given out.
package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/fetch"
)

// Kind is a format that can be imported.
type Kind string

// The formats.
const (
	Bundle    Kind = "bundle"
	Block     Kind = "block"
	Prestate  Kind = "prestateTracer output"
	Trace     Kind = "trace"
	StateTest Kind = "state test"
	TraceTest Kind = "go-ethereum tracer fixture"
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
	text := strings.Join(strings.Fields(e.Err.Error()), " ")
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

// Import makes a bundle of one file, or of two that belong together: a block and what was
// traced of it.
func Import(files []string, opt Options) (*Imported, error) {
	byKind := make(map[Kind]string)
	for _, file := range files {
		kind, err := Detect(file)
		if err != nil {
			return nil, &FileError{file, err}
		}
		if twice, ok := byKind[kind]; ok {
			return nil, &FileError{file, fmt.Errorf("it is a %s, and so is %s", kind, twice)}
		}
		byKind[kind] = file
	}
	fail := func(kind Kind, err error) error { return &FileError{byKind[kind], err} }
	var block *traces.Bundle
	if file, ok := byKind[Block]; ok {
		var err error
		if block, err = readBlock(file, opt); err != nil {
			return nil, fail(Block, err)
		}
		if opt.Fork != "" && eraByRules(opt.Fork).fork != block.Fork() {
			return nil, fail(Block, fmt.Errorf("it is a block of %s, not of %s", block.Fork(), eraByRules(opt.Fork).fork))
		}
	}
	has := func(k Kind) bool { _, ok := byKind[k]; return ok }
	switch {
	case has(Trace) && len(byKind) == 1, has(Trace) && block != nil && len(byKind) == 2:
		got, err := rebuild(byKind[Trace], block, opt)
		if err != nil {
			return nil, fail(Trace, err)
		}
		if block != nil {
			got.Bundle.Name = block.Name
			if err := verify(got.Bundle); err != nil && got.Mismatch != nil {
				return nil, &DifferenceError{fmt.Errorf("%w; %w", err, got.Mismatch)}
			} else if err != nil {
				return nil, err
			}
			return got, nil
		}
		got.Bundle.Name = baseName(byKind[Trace])
		return got, nil
	case has(Prestate) && block != nil && len(byKind) == 2:
		if err := readPrestate(byKind[Prestate], block); err != nil {
			return nil, fail(Prestate, err)
		}
		return checked(block)
	case has(Prestate):
		return nil, fail(Prestate, errors.New("prestateTracer output needs the file of its block beside it (eth_getBlockByNumber, with whole transactions)"))
	case block != nil:
		return nil, fail(Block, errors.New("a block needs the file of its pre-state or of its trace beside it"))
	case has(TraceTest) && len(byKind) == 1:
		got, err := readTraceTest(byKind[TraceTest])
		if err != nil {
			return nil, fail(TraceTest, err)
		}
		return got, nil
	case has(Bundle) && len(byKind) == 1:
		b, err := traces.Load(byKind[Bundle])
		if err != nil {
			return nil, err
		}
		b.Provenance = &traces.Provenance{Source: "import", Dialect: "block with pre-state"}
		return checked(b)
	case has(StateTest):
		return nil, fail(StateTest, errors.New("a file of state tests makes many bundles: it is imported alone, into a folder"))
	}
	return nil, errors.New("these files do not belong together")
}

func baseName(path string) string {
	name := filepath.Base(path)
	for _, ext := range []string{".gz", ".zst", ".json", ".jsonl"} {
		name = strings.TrimSuffix(name, ext)
	}
	return name
}

// checked gives a bundle that has been verified.
func checked(b *traces.Bundle) (*Imported, error) {
	if err := verify(b); err != nil {
		return nil, err
	}
	return &Imported{Bundle: b}, nil
}

// verify makes sure that a block with a header of its own reproduces it.
func verify(b *traces.Bundle) error {
	if err := b.Check(); err != nil {
		return &DifferenceError{err}
	}
	golden, err := traces.Execute(b)
	if err != nil {
		return &DifferenceError{err}
	}
	v, err := b.Verify(golden.Results)
	if err != nil || v.OK {
		return err
	}
	return &DifferenceError{fmt.Errorf("%s: go-ethereum's execution of what was imported does not reproduce the header: gas used is %d, the header says %d", b.Name, golden.GasUsed, b.Header.GasUsed)}
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

func readAll(file string) (json.RawMessage, error) {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return nil, err
	}
	defer closer()
	const most = 256 << 20
	raw, err := io.ReadAll(io.LimitReader(text, most+1))
	switch {
	case err != nil:
		return nil, err
	case len(raw) > most:
		return nil, fmt.Errorf("more than %d bytes", most)
	case !json.Valid(raw):
		return nil, errors.New("it is not one JSON value, or it is truncated")
	}
	return unwrap(raw), nil
}

func readBlock(file string, opt Options) (*traces.Bundle, error) {
	raw, err := readAll(file)
	if err != nil {
		return nil, err
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

// readPrestate reads the answer to debug_traceBlockByNumber, or one pre-state of the whole
// block.
func readPrestate(file string, b *traces.Bundle) error {
	raw, err := readAll(file)
	if err != nil {
		return err
	}
	var list []fetch.TracedTransaction
	dialect := string(Prestate) + " of every transaction"
	if err := json.Unmarshal(raw, &list); err != nil {
		list = []fetch.TracedTransaction{{Result: raw}}
		dialect = string(Prestate) + " of the whole block"
	} else if len(list) != len(b.Txs) {
		return fmt.Errorf("%d results of %d transactions", len(list), len(b.Txs))
	}
	b.Prestate = make(state.Prestate)
	for i, t := range list {
		var traced fetch.TracedState
		if err := json.Unmarshal(t.Result, &traced); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
		if err := fetch.Merge(b.Prestate, traced); err != nil {
			return fmt.Errorf("transaction %d: %w", i, err)
		}
	}
	fetch.DropEmpty(b.Prestate)
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	b.Provenance = &traces.Provenance{Source: "import", Dialect: dialect}
	return nil
}

// errUnknown is a file of no format that is known.
var errUnknown = errors.New("not a format that is known: a block, prestateTracer output, an EIP-3155 or structLog trace, a state test, a tracer fixture of go-ethereum, or a bundle")

// Detect tells the format of a file from its first members. It reads no more than it has
// to.
func Detect(file string) (Kind, error) {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return "", err
	}
	defer closer()
	v, some := newValues(text), false
	v.each = true
	for {
		switch err := v.next(); {
		case errors.Is(err, io.EOF) && !some:
			return "", errNoJSON
		case errors.Is(err, io.EOF):
			return "", errUnknown
		case err != nil:
			return "", tooEarly(err)
		}
		some = true
		if kind, err := detect(json.NewDecoder(v), 0); kind != "" || err != nil {
			return kind, tooEarly(err)
		}
	}
}

// errNoJSON is a file in which no line begins as JSON does.
var errNoJSON = errors.New("there is no JSON in it, hence neither a trace nor any other format that is known")

// tooEarly says what an end of the text within a value means.
func tooEarly(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the text ends too early")
	}
	return err
}

// members tell a format by a member that only it has. "result" wraps the answers of nodes,
// "env" and "pre" stand one level down in state tests.
var members = map[string]Kind{
	"chainId": Bundle, "block": Bundle, "prestate": Bundle, "blockHashes": Bundle, "contentHash": Bundle,
	"parentHash": Block, "transactionsRoot": Block, "sha3Uncles": Block, "baseFeePerGas": Block,
	"structLogs": Trace, "pc": Trace, "opName": Trace, "gasCost": Trace, "failed": Trace, "returnValue": Trace,
	"genesis": TraceTest, "context": TraceTest,
	"env": StateTest, "pre": StateTest, "post": StateTest,
}

func detect(dec *json.Decoder, depth int) (Kind, error) {
	open, err := dec.Token()
	if err != nil {
		return "", err
	}
	switch open {
	case json.Delim('['):
		if !dec.More() {
			return Prestate, nil // of a block without transactions
		}
		return detect(dec, depth+1)
	case json.Delim('{'):
	default:
		return "", nil
	}
	output := false
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "", err
		}
		name, _ := key.(string)
		output = output || name == "output"
		if kind, ok := members[name]; ok {
			return kind, nil
		}
		if common.IsHexAddress(name) && strings.HasPrefix(name, "0x") {
			return Prestate, nil
		}
		if name == "result" || depth == 0 && !known(name) {
			kind, err := detect(dec, depth+1)
			if kind != "" || err != nil || name != "result" {
				return kind, err
			}
			return Prestate, nil // an empty one
		}
		var skipped json.RawMessage
		if err := dec.Decode(&skipped); err != nil {
			return "", err
		}
	}
	if output { // the summary of a transaction without steps
		return Trace, nil
	}
	return "", nil
}

// known are members that several formats have, and that are small.
func known(name string) bool {
	switch name {
	case "jsonrpc", "id", "txHash", "section", "functionDepth", "immediate", "storage", "time", "returnData", "stateRoot", "pass", "gas", "op", "depth", "stack", "memory", "memSize", "refund", "error", "output",
		"number", "hash", "difficulty", "extraData", "gasLimit", "gasUsed", "logsBloom", "miner", "mixHash", "nonce", "input", "_comment", "tracerConfig":
		return true
	}
	return strings.HasPrefix(name, "blob") || strings.HasPrefix(name, "excess") || strings.HasPrefix(name, "parent") || strings.HasPrefix(name, "requests")
}
