package traces

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/trie"

	"github.com/ooovm/ooovm/state"
)

// Verdict says what of a simulated block was compared and what came out. A nil
// field does not apply to the block or was not compared.
type Verdict struct {
	OK           bool  `json:"ok"` // no comparison failed
	GasUsed      *bool `json:"gasUsed"`
	LogsBloom    *bool `json:"logsBloom"`
	ReceiptsRoot *bool `json:"receiptsRoot"` // nil before Byzantium, unless the bundle is Whole
	Requests     *bool `json:"requests"`     // to the consensus layer; nil before Prague
	StateRoot    *bool `json:"stateRoot"`    // nil unless the bundle is Whole
	PostState    *bool `json:"postState"`
	Lockstep     *bool `json:"lockstep"`
	Prestate     *bool `json:"prestate"` // nil when the bundle has no contentHash
}

// Settle derives OK from the other fields, whatever checks there are: found by reflection,
// none can be forgotten.
func (v *Verdict) Settle() {
	v.OK = true
	of := reflect.ValueOf(v).Elem()
	for i := range of.NumField() {
		if part, ok := of.Field(i).Interface().(*bool); ok && part != nil && !*part {
			v.OK = false
		}
	}
}

// Differing names what of a block's header did not come out.
func (v *Verdict) Differing() (names []string) {
	for _, part := range []struct {
		name string
		same *bool
	}{{"gas used", v.GasUsed}, {"logs bloom", v.LogsBloom}, {"receipts root", v.ReceiptsRoot}, {"requests", v.Requests}, {"state root", v.StateRoot}} {
		if part.same != nil && !*part.same {
			names = append(names, part.name)
		}
	}
	return names
}

// ReceiptSummary is what the header says of a block's receipts.
type ReceiptSummary struct {
	GasUsed   uint64
	LogsBloom types.Bloom
	// ReceiptsRoot is nil before Byzantium where nobody knows the state root after each
	// transaction, which receipts then held (EIP-658 replaced it by a status): a partial
	// pre-state cannot give it.
	ReceiptsRoot *common.Hash
}

// Receipts builds the block's receipts from what a machine made of its
// transactions: all that consensus has of a receipt, nothing more.
func (b *Bundle) Receipts(results []TxResult) (types.Receipts, error) {
	if len(results) != len(b.Txs) {
		return nil, fmt.Errorf("%s: %d results of %d transactions", b.Name, len(results), len(b.Txs))
	}
	receipts := make(types.Receipts, len(results))
	var cumulative uint64
	for i := range results {
		r := &results[i]
		cumulative += r.GasUsed
		receipt := &types.Receipt{
			Type:              b.Txs[i].Type(),
			Status:            types.ReceiptStatusFailed,
			CumulativeGasUsed: cumulative,
			GasUsed:           r.GasUsed,
			Logs:              make([]*types.Log, len(r.Logs)),
		}
		if !b.Rules().IsByzantium && r.Root != (state.Hash{}) {
			receipt.PostState = r.Root[:]
		}
		if r.Success {
			receipt.Status = types.ReceiptStatusSuccessful
		}
		for j, l := range r.Logs {
			topics := make([]common.Hash, len(l.Topics))
			for k, t := range l.Topics {
				topics[k] = common.Hash(t)
			}
			receipt.Logs[j] = &types.Log{Address: common.Address(l.Address), Topics: topics, Data: l.Data}
		}
		receipt.Bloom = types.CreateBloom(receipt)
		receipts[i] = receipt
	}
	return receipts, nil
}

// Summarize condenses results to what the header states.
func (b *Bundle) Summarize(results []TxResult) (ReceiptSummary, error) {
	receipts, err := b.Receipts(results)
	if err != nil {
		return ReceiptSummary{}, err
	}
	var s ReceiptSummary
	for _, r := range receipts {
		s.GasUsed = r.CumulativeGasUsed
		for i, x := range r.Bloom {
			s.LogsBloom[i] |= x
		}
	}
	if b.Rules().IsByzantium || b.Whole && haveRoots(results) {
		root := types.DeriveSha(receipts, trie.NewStackTrie(nil))
		s.ReceiptsRoot = &root
	}
	return s, nil
}

func haveRoots(results []TxResult) bool {
	return !slices.ContainsFunc(results, func(r TxResult) bool { return r.Root == (state.Hash{}) })
}

// Ending is what comes after the transactions, which have written logs.
func (b *Bundle) Ending(results []state.TxResult) *state.Ending {
	e := &state.Ending{Withdrawals: b.Withdrawals, Whole: b.Whole, Uncles: b.Uncles}
	if !b.Rules().IsPrague {
		return e // logs are of no interest
	}
	for i := range results {
		e.Logs = append(e.Logs, results[i].Logs...)
	}
	return e
}

// VerifyRequests compares requests to the consensus layer with the header; there is nothing to
// compare, and no verdict, before Prague and where the pre-state lacks a contract that has some.
func (b *Bundle) VerifyRequests(requests [][]byte) (*bool, error) {
	if !b.Rules().IsPrague || b.Header.RequestsHash == nil || !b.Whole && !b.hasQueues() {
		return nil, nil
	}
	got, want := types.CalcRequestsHash(requests), *b.Header.RequestsHash
	same := got == want
	if !same {
		return &same, fmt.Errorf("requests hash is %v, the header says %v", got, want)
	}
	return &same, nil
}

// hasQueues reports whether the code of every system contract with requests is known.
func (b *Bundle) hasQueues() bool {
	for _, address := range state.Queues() {
		if acct := b.Prestate[address]; acct == nil || len(acct.Code) == 0 {
			return false
		}
	}
	return true
}

// Verify compares results with the header. The caller adds what else it compares
// and settles again.
func (b *Bundle) Verify(results []TxResult) (Verdict, error) {
	s, err := b.Summarize(results)
	if err != nil {
		return Verdict{}, err
	}
	gas, bloom := s.GasUsed == b.Header.GasUsed, s.LogsBloom == b.Header.Bloom
	v := Verdict{GasUsed: &gas, LogsBloom: &bloom}
	if s.ReceiptsRoot != nil {
		root := *s.ReceiptsRoot == b.Header.ReceiptHash
		v.ReceiptsRoot = &root
	}
	if b.ContentHash != "" {
		sound := true // Load refuses the bundle otherwise
		v.Prestate = &sound
	}
	v.Settle()
	return v, nil
}
