package fetch

import (
	"errors"
	"fmt"
	"strings"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/common/hexutil"
	"github.com/ethereum/go-ethereum/core/types"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// DifferenceError is that go-ethereum's execution of what the node gave is not the
// block.
type DifferenceError struct{ Err error }

func (e *DifferenceError) Error() string {
	return "what the node gave does not reproduce the header: " + e.Err.Error()
}
func (e *DifferenceError) Unwrap() error { return e.Err }

// maxCompared bounds how many values are asked for again to find one that differs.
const maxCompared = 2000

// reproduces executes the bundle as it will be saved and compares the header. When it
// differs, the error says which transaction and which slot or account do.
func (a *asker) reproduces(b *traces.Bundle) error {
	golden, err := traces.RecordContext(a.ctx, b)
	if a.ctx.Err() != nil {
		return a.ctx.Err()
	}
	if err != nil {
		return &DifferenceError{err}
	}
	v, err := b.Verify(golden.Results)
	if err != nil || v.OK {
		return err
	}
	text := strings.Join(v.Differing(), ", ") + " differ"
	if tx, why := a.differingTransaction(b, golden); why != "" {
		text += fmt.Sprintf("; transaction %d (%v) %s", tx, b.Txs[tx].Hash(), why)
	}
	text += "; " + a.differingState(golden)
	return &DifferenceError{errors.New(text)}
}

// receipt is what is compared of the node's.
type receipt struct {
	GasUsed hexutil.Uint64  `json:"gasUsed"`
	Status  *hexutil.Uint64 `json:"status"`
	Logs    []*types.Log    `json:"logs"`
}

// differingTransaction is the first one whose receipt is not the golden run's, and how
// they differ; nothing where the node cannot tell.
func (a *asker) differingTransaction(b *traces.Bundle, golden *traces.Golden) (int, string) {
	for i, tx := range b.Txs {
		var r receipt
		if err := a.node.call(a.ctx, &r, "eth_getTransactionReceipt", tx.Hash()); err != nil {
			return 0, ""
		}
		got := &golden.Results[i]
		switch {
		case uint64(r.GasUsed) != got.GasUsed:
			return i, fmt.Sprintf("uses %d gas, %d in the block", got.GasUsed, uint64(r.GasUsed))
		case r.Status != nil && (*r.Status == 1) != got.Success:
			return i, fmt.Sprintf("has status %v, %d in the block", got.Success, uint64(*r.Status))
		case len(r.Logs) != len(got.Logs):
			return i, fmt.Sprintf("has %d logs, %d in the block", len(got.Logs), len(r.Logs))
		}
		for j, l := range r.Logs {
			if l == nil || common.Address(got.Logs[j].Address) != l.Address || string(got.Logs[j].Data) != string(l.Data) {
				return i, fmt.Sprintf("has another log %d than the block", j)
			}
		}
	}
	return 0, ""
}

// differingState names the first value of the pre-state that the node says otherwise
// when it is asked for it alone, or else the first of the post-state.
func (a *asker) differingState(golden *traces.Golden) string {
	left := maxCompared
	accounts, slots := golden.Touched()
	before, after := a.number, quantity(golden.Block())
	for _, address := range accounts {
		addr := common.Address(address)
		for _, slot := range slots[address] {
			key := common.Hash(slot.Bytes32())
			if left--; left < 0 {
				return "no differing slot was found among the first " + fmt.Sprint(maxCompared)
			}
			value, err := a.node.slot(a.ctx, addr, key, before)
			if err != nil {
				return "which slot differs cannot be asked: " + err.Error()
			}
			if was := a.value(address, slot); was != value {
				return fmt.Sprintf("slot %v of %v was %v in the pre-state, and is %v when asked for alone", key, addr, was, value)
			}
		}
	}
	for _, address := range accounts {
		addr := common.Address(address)
		for _, slot := range slots[address] {
			key := common.Hash(slot.Bytes32())
			value, err := a.node.slot(a.ctx, addr, key, after)
			if err != nil {
				break
			}
			mine := golden.Storage(address, &slot)
			if common.Hash(mine.Bytes32()) != value {
				return fmt.Sprintf("slot %v of %v is %v after the block, and %v on the node", key, addr, common.Hash(mine.Bytes32()), value)
			}
		}
		var balance hexutil.Big
		if left--; left < 0 || a.node.call(a.ctx, &balance, "eth_getBalance", addr, after) != nil {
			break
		}
		if acct, _, _ := golden.Account(address); acct.Balance.ToBig().Cmp(balance.ToInt()) != 0 {
			return fmt.Sprintf("balance of %v is %v after the block, and %v on the node", addr, acct.Balance.ToBig(), balance.ToInt())
		}
	}
	return "no slot and no balance differs as far as the node tells"
}

// value is a slot of the pre-state.
func (a *asker) value(address state.Address, slot isa.Word) common.Hash {
	acct := a.known[address]
	if acct == nil || acct.state == nil {
		return common.Hash{}
	}
	w := acct.state.Storage[slot]
	return w.Bytes32()
}
