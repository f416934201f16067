package importer

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"

	"github.com/ooovm/ooovm/traces"
)

// claim is what a file says of a transaction's receipt. A nil member is not known.
type claim struct {
	GasUsed *uint64
	Success *bool
	Logs    *int // how many
	source  string
}

// differs says how a result is not what was claimed.
func (c *claim) differs(got *traces.TxResult) string {
	switch {
	case c.GasUsed != nil && *c.GasUsed != got.GasUsed:
		return fmt.Sprintf("uses %d gas, %d in %s", got.GasUsed, *c.GasUsed, c.source)
	case c.Success != nil && *c.Success != got.Success:
		return fmt.Sprintf("%s, and %s in %s", outcome(got.Success), outcome(*c.Success), c.source)
	case c.Logs != nil && *c.Logs != len(got.Logs):
		return fmt.Sprintf("has %d logs, %d in %s", len(got.Logs), *c.Logs, c.source)
	}
	return ""
}

func outcome(success bool) string {
	if success {
		return "succeeds"
	}
	return "fails"
}

// verify makes sure that a block reproduces its header, and what is claimed of its
// transactions, nil for nothing.
func verify(b *traces.Bundle, claims []claim) error {
	if err := b.Check(); err != nil {
		return &DifferenceError{err}
	}
	golden, err := traces.Execute(b)
	if err != nil {
		return &DifferenceError{err}
	}
	v, err := b.Verify(golden.Results)
	if err != nil {
		return err
	}
	var parts []string
	if !v.OK {
		parts = append(parts, fmt.Sprintf("%s differ, gas used is %d and the header says %d", strings.Join(v.Differing(), ", "), golden.GasUsed, b.Header.GasUsed))
	}
	for i := range claims {
		if why := claims[i].differs(&golden.Results[i]); why != "" {
			parts = append(parts, fmt.Sprintf("the first transaction that differs is %d (%v): it %s", i, b.Txs[i].Hash(), why))
			break
		}
	}
	if len(parts) == 0 {
		return nil
	}
	if v.OK {
		return &DifferenceError{fmt.Errorf("%s: go-ethereum's execution of what was imported reproduces the header and not the transactions: %s", b.Name, parts[0])}
	}
	return &DifferenceError{fmt.Errorf("%s: go-ethereum's execution of what was imported does not reproduce the header: %s", b.Name, strings.Join(parts, "; "))}
}

// receipt is what is compared of a node's.
type receipt struct {
	TxHash            *common.Hash      `json:"transactionHash"`
	GasUsed           *hexutil.Uint64   `json:"gasUsed"`
	CumulativeGasUsed *hexutil.Uint64   `json:"cumulativeGasUsed"`
	Status            *hexutil.Uint64   `json:"status"`
	Logs              []json.RawMessage `json:"logs"`
}

// readReceipts reads the answer to eth_getBlockReceipts.
func readReceipts(file string, b *traces.Bundle) ([]claim, error) {
	raw, err := readAll(file)
	if err != nil {
		return nil, err
	}
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		list = []json.RawMessage{raw}
	}
	if len(list) != len(b.Txs) {
		return nil, fmt.Errorf("%d receipts of %d transactions", len(list), len(b.Txs))
	}
	claims := make([]claim, len(list))
	var before uint64 // cumulative
	for i, raw := range list {
		var r receipt
		if err := json.Unmarshal(unwrap(raw), &r); err != nil || r.CumulativeGasUsed == nil {
			return nil, fmt.Errorf("receipt %d: an object with gasUsed and cumulativeGasUsed, in hexadecimal, and logs is expected", i)
		}
		if r.TxHash != nil && *r.TxHash != b.Txs[i].Hash() {
			return nil, fmt.Errorf("receipt %d is of %v, the block has %v", i, r.TxHash, b.Txs[i].Hash())
		}
		gas := uint64(*r.CumulativeGasUsed) - before
		if before = uint64(*r.CumulativeGasUsed); r.GasUsed != nil && uint64(*r.GasUsed) != gas {
			return nil, fmt.Errorf("receipt %d: gasUsed is %d, and cumulativeGasUsed makes it %d", i, uint64(*r.GasUsed), gas)
		}
		logs := len(r.Logs)
		claims[i] = claim{GasUsed: &gas, Logs: &logs, source: "its receipt"}
		if r.Status != nil {
			success := *r.Status == 1
			claims[i].Success = &success
		}
	}
	return claims, nil
}

// claims is the gas that a structLog says its transactions use. What EIP-3155 calls gasUsed
// is without the intrinsic gas in some clients and with it in others.
func (s *scan) claims(d *dialect) []claim {
	if !d.structLog {
		return nil
	}
	claims := make([]claim, len(s.txs))
	for i := range s.txs {
		if e := s.txs[i].ending; e.Known {
			claims[i] = claim{GasUsed: &e.GasUsed, source: "the trace"}
		}
	}
	return claims
}

// errNoStacks is a trace that was made without them.
var errNoStacks = errors.New("this trace has no stacks, which tell what was read and called: trace again without disableStack (--trace.nostack=false)")

// everyOp is the instruction set of the latest fork.
var everyOp = sync.OnceValue(func() vm.JumpTable {
	set, err := vm.LookupInstructionSet(params.Rules{IsOsaka: true})
	if err != nil {
		panic(err)
	}
	return set
})

// takes tells whether an instruction takes words from the stack.
func takes(op vm.OpCode) bool {
	least, _ := everyOp()[op].Stack()
	return least > 0
}
