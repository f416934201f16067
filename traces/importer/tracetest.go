package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/common/math"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// traceTest is a fixture of go-ethereum's own tracer tests: a real transaction with its
// pre-state and what it saw of its block.
type traceTest struct {
	Genesis *struct {
		Alloc         types.GenesisAlloc   `json:"alloc"`
		Config        *params.ChainConfig  `json:"config"`
		MixHash       common.Hash          `json:"mixHash"`
		ExcessBlobGas *math.HexOrDecimal64 `json:"excessBlobGas"`
	} `json:"genesis"`
	Context *struct {
		Number     math.HexOrDecimal64   `json:"number"`
		Difficulty *math.HexOrDecimal256 `json:"difficulty"`
		Time       math.HexOrDecimal64   `json:"timestamp"`
		GasLimit   math.HexOrDecimal64   `json:"gasLimit"`
		Miner      common.Address        `json:"miner"`
		BaseFee    *math.HexOrDecimal256 `json:"baseFeePerGas"`
	} `json:"context"`
	Input  string          `json:"input"` // with or without 0x
	Result json.RawMessage `json:"result"`
}

func readTraceTest(file string) (*Imported, error) {
	text, closer, err := traces.OpenText(file)
	if err != nil {
		return nil, err
	}
	defer closer()
	var t traceTest
	if err := budget.NewDecoder(text, budget.OfRun(), 0).Decode(&t); err != nil {
		return nil, err
	}
	if t.Genesis == nil || t.Genesis.Config == nil || t.Genesis.Config.ChainID == nil || t.Context == nil || len(t.Input) == 0 {
		return nil, errors.New("a tracer fixture has to have genesis with config, context and input")
	}
	tx := new(types.Transaction)
	if err := tx.UnmarshalBinary(common.FromHex(t.Input)); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	config := t.Genesis.Config
	notes := []string{"the block: the header is made from the fixture's context, with gas, bloom and receipts as go-ethereum computes them"}
	if err := traces.CheckChainConfig(config, config.ChainID.Uint64()); err != nil {
		notes = append(notes, "the fork schedule cannot be run ("+err.Error()+"): the rules of its block are used")
		config = traces.Flatten(config, t.header())
	}
	b := &traces.Bundle{
		Name: baseName(file), ChainID: config.ChainID.Uint64(), Config: config, Txs: types.Transactions{tx},
		Header: t.header(), Prestate: make(state.Prestate), BlockHashes: map[uint64]common.Hash{}, Memory: budget.OfRun(),
	}
	for address, acct := range t.Genesis.Alloc {
		if b.Prestate[state.Address(address)], err = allocated(&acct); err != nil {
			return nil, fmt.Errorf("genesis.alloc: %v: %w", address, err)
		}
	}
	if err := complete(b); err != nil {
		return nil, err
	}
	if err := seal(b); err != nil {
		return nil, err
	}
	b.ContentHash = traces.ContentHash(b.Prestate, b.BlockHashes)
	b.Provenance = &traces.Provenance{Source: "import", Dialect: string(TraceTest), Warnings: notes}
	if err := b.Check(); err != nil {
		return nil, err
	}
	return &Imported{Bundle: b}, t.check(b)
}

// header is that of the fixture's context, as go-ethereum's own test makes it.
func (t *traceTest) header() *types.Header {
	c, config := t.Context, t.Genesis.Config
	h := &types.Header{
		Number: new(big.Int).SetUint64(uint64(c.Number)), Time: uint64(c.Time), GasLimit: uint64(c.GasLimit), Coinbase: c.Miner,
		Difficulty: new(big.Int), BaseFee: (*big.Int)(c.BaseFee), MixDigest: t.Genesis.MixHash,
	}
	if merged := config.TerminalTotalDifficulty != nil && config.TerminalTotalDifficulty.Sign() == 0; !merged && c.Difficulty != nil {
		h.Difficulty = (*big.Int)(c.Difficulty)
	}
	if e := t.Genesis.ExcessBlobGas; e != nil {
		excess := uint64(*e)
		h.ExcessBlobGas = &excess
	}
	return h
}

func allocated(acct *types.Account) (*state.Account, error) {
	out := &state.Account{Nonce: acct.Nonce, Code: acct.Code}
	if acct.Balance != nil && out.Balance.SetFromBig(acct.Balance) {
		return nil, errors.New("its balance is not a number of 256 bits")
	}
	for slot, value := range acct.Storage {
		if out.Storage == nil {
			out.Storage = make(map[isa.Word]isa.Word)
		}
		out.Storage[*new(uint256.Int).SetBytes32(slot[:])] = *new(uint256.Int).SetBytes32(value[:])
	}
	return out, nil
}

// check compares the gas that the fixture's own result states, where it is that of a
// call tracer, with the golden run.
func (t *traceTest) check(b *traces.Bundle) error {
	var result struct {
		GasUsed *hexutil.Uint64 `json:"gasUsed"`
		Type    string          `json:"type"`
	}
	if json.Unmarshal(t.Result, &result) != nil || result.GasUsed == nil || result.Type == "" {
		return nil
	}
	if got := b.Header.GasUsed; got != uint64(*result.GasUsed) {
		return &DifferenceError{fmt.Errorf("%s: go-ethereum uses %d gas in the stated block, the fixture says %d", b.Name, got, uint64(*result.GasUsed))}
	}
	return nil
}

// ModuleFixtures lists the tracer fixtures of the go-ethereum module on this host.
func ModuleFixtures() (dir string, files []string, err error) {
	const module = "github.com/ethereum/go-ethereum"
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	dir = strings.TrimSpace(string(out))
	if err != nil || dir == "" {
		if dir, err = cachedModule(module); err != nil {
			return "", nil, err
		}
	}
	dir = filepath.Join(dir, "eth", "tracers", "internal", "tracetest", "testdata")
	err = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Ext(path) == ".json" {
			files = append(files, path)
		}
		return err
	})
	return dir, files, err
}

// moduleVersion is the version of go-ethereum that this project is built with.
const moduleVersion = "v1.16.9"

// cachedModule finds a module outside of any project: in the module cache.
func cachedModule(module string) (string, error) {
	cache := os.Getenv("GOMODCACHE")
	if cache == "" {
		out, err := exec.Command("go", "env", "GOMODCACHE").Output()
		if err != nil {
			return "", fmt.Errorf("the module %s is not found: there is no go command, and GOMODCACHE is not set", module)
		}
		cache = strings.TrimSpace(string(out))
	}
	dir := filepath.Join(cache, filepath.FromSlash(module)+"@"+moduleVersion)
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("the module %s@%s is not in the module cache: go mod download %s@%s gets it", module, moduleVersion, module, moduleVersion)
	}
	return dir, nil
}
