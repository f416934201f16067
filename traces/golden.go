package traces

import (
	"context"
	"fmt"
	"math"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/consensus"
	"github.com/ethereum/go-ethereum/consensus/ethash"
	"github.com/ethereum/go-ethereum/consensus/misc"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/invariant"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

// Golden is go-ethereum's execution of a bundle's block: the reference that a
// machine's committed stream, receipts and post-state are compared with.
type Golden struct {
	Results  []TxResult // of every transaction
	Receipts types.Receipts
	GasUsed  uint64
	Requests [][]byte // EIP-7685, from Prague on

	// The recorded stream, empty unless it is recorded. Transaction i's instructions are
	// steps TxStart[i] to TxStart[i+1], of a run that can be streamed, too.
	Steps    Series[Step]
	TxStart  []int
	Accesses Series[Access]
	Keys     []StateKey // what Access.Key numbers

	bundle *Bundle
	st     *gethstate.StateDB
	read   *touched
	before *history // of a run that can be streamed
}

// Instructions is how many the block has; 0 after Execute, which does not count them.
func (g *Golden) Instructions() int {
	if len(g.TxStart) == 0 {
		return 0
	}
	return g.TxStart[len(g.TxStart)-1]
}

// Step is one executed instruction as go-ethereum reports it, with its state before
// the instruction. 72 bytes.
type Step struct {
	PC     uint32
	Depth  uint16 // 1 for the transaction's own frame
	Height uint16 // of the stack, in words
	Op     uint8
	Flags  uint8
	Gas    uint64   // left before the instruction
	Cost   uint64   // as charged; of a call with the gas it forwards; partial when FlagFault
	Effect uint64   // of what it wrote, see MemoryEffect; 0 when it failed
	Top    isa.Word // of the stack, zero when it is empty
}

// Step flags.
const (
	// FlagFault: the instruction failed, and with it its frame. REVERT does not
	// fail. Cost is then what go-ethereum had computed up to the failure: nothing but
	// the constant part for stack bounds, for too little gas for that part and for an
	// offset beyond 64 bits, the whole cost otherwise, or less when computing the
	// dynamic part was given up. As the frame's gas is gone whatever the cost,
	// nobody should compare it.
	FlagFault uint8 = 1 << iota
)

// TxResult is what a transaction's receipt is made of.
type TxResult struct {
	GasUsed uint64 // after refunds
	Success bool
	Logs    []state.Log
	// Root is the state root after the transaction, which receipts had before Byzantium in
	// place of Success; zero where nobody has computed it.
	Root state.Hash
}

// Execute runs the bundle's block on go-ethereum without recording anything: no
// tracer is installed. Signatures are recovered and code is hashed at the first run
// of a bundle only.
func Execute(b *Bundle) (*Golden, error) { return ExecuteContext(context.Background(), b) }

// ExecuteContext is Execute until the context ends.
func ExecuteContext(stop context.Context, b *Bundle) (*Golden, error) {
	return (&Execution{Bundle: b, Stop: stop}).Run()
}

// run executes the block as go-ethereum's state processor does: fork transition,
// system calls, transactions, requests, withdrawals, and the rewards of a bundle that is
// Whole. go-ethereum panics where a system contract's code misbehaves; that becomes an
// error here.
func (g *Golden) run(e *Execution) (err error) {
	b := g.bundle
	defer recovered(b.Name, &err)
	shared, err := b.shared()
	if err != nil {
		return err
	}
	if b.Whole && g.read == nil {
		g.read = newTouched()
	}
	var source gethstate.Reader = &reader{b.Prestate, shared.hashes, g.read}
	if e.State != nil {
		source = e.State
	}
	g.st, err = gethstate.NewWithReader(types.EmptyRootHash, shared.db, source)
	if err != nil {
		return fmt.Errorf("%s: %w", b.Name, err)
	}
	if e.Begin != nil {
		e.Begin(g.st)
	}
	var db vm.StateDB = g.st
	switch {
	case e.Hooks != nil:
		db = gethstate.NewHookedState(g.st, e.Hooks)
	case b.Whole: // Post has to know what was written
		db = gethstate.NewHookedState(g.st, &tracing.Hooks{OnStorageChange: g.stored})
	}
	if e.wrap != nil {
		db = e.wrap(db)
	}
	if fork := b.Config.DAOForkBlock; b.Config.DAOForkSupport && fork != nil && fork.Cmp(b.Header.Number) == 0 {
		misc.ApplyDAOHardFork(db)
	}
	block := b.blockContext()
	if e.BlockHash != nil {
		block.GetHash = e.BlockHash
	}
	evm := vm.NewEVM(block, db, b.Config, vm.Config{Tracer: watched(e.Hooks, b.Memory, b.gas())})
	rules := b.Rules()
	if !e.Anew {
		state.InstallBuiltins(evm, state.NewPrecompiles(rules))
	}
	if root := b.Header.ParentBeaconRoot; root != nil {
		core.ProcessBeaconBlockRoot(*root, evm) // EIP-4788
	}
	if rules.IsPrague {
		core.ProcessParentBlockHash(b.Header.ParentHash, evm) // EIP-2935
	}
	if e.Stop != nil {
		// go-ethereum looks at it whenever the code jumps.
		defer context.AfterFunc(e.Stop, evm.Cancel)()
	}
	if err := g.transactions(evm, shared.messages, rules, e); err != nil {
		return err
	}
	if rules.IsPrague {
		if err := g.requests(evm); err != nil {
			return fmt.Errorf("%s: %w", b.Name, err)
		}
	}
	for _, w := range b.Withdrawals { // EIP-4895, amounts in gwei
		amount := new(uint256.Int).Mul(uint256.NewInt(w.Amount), uint256.NewInt(params.GWei))
		db.AddBalance(w.Address, amount, tracing.BalanceIncreaseWithdrawal)
	}
	if b.Whole && !rules.IsMerge {
		ethash.NewFaker().Finalize(onlyConfig{config: b.Config}, b.Header, db, &types.Body{Uncles: b.Uncles})
	}
	db.Finalise(rules.IsEIP158)
	if err := g.st.Error(); err != nil {
		return fmt.Errorf("%s: %w", b.Name, err)
	}
	return nil
}

// halt is what a hook panics with to end a golden run: go-ethereum has no other way to stop.
type halt struct{ error }

// recovered is deferred: it makes an error of the panic that has ended a golden run.
func recovered(name string, err *error) {
	switch p := recover().(type) {
	case nil:
	case *budget.Exceeded:
		*err = fmt.Errorf("%s: %w", name, p)
	case halt:
		*err = fmt.Errorf("%s: %w", name, p.error)
	default:
		*err = invariant.OrFault(p, fmt.Errorf("%s: go-ethereum: %v", name, p))
	}
}

// onlyConfig is the chain as far as paying rewards asks for it.
type onlyConfig struct {
	consensus.ChainHeaderReader
	config *params.ChainConfig
}

func (c onlyConfig) Config() *params.ChainConfig { return c.config }

// stored notes a change of a storage slot, whoever makes it, of a run that keeps what it reads.
func (g *Golden) stored(owner common.Address, slot, _, _ common.Hash) {
	if g.read == nil {
		return
	}
	var key isa.Word
	key.SetBytes32(slot[:])
	g.read.slots[slotRef{state.Address(owner), key}] = struct{}{}
}

// gas is what the transactions of the block may use.
func (b *Bundle) gas() (sum uint64) {
	for _, tx := range b.Txs {
		if sum += tx.Gas(); sum < tx.Gas() {
			return math.MaxUint64
		}
	}
	return min(sum, b.Header.GasLimit)
}

func (g *Golden) transactions(evm *vm.EVM, messages []*core.Message, rules params.Rules, e *Execution) error {
	b := g.bundle
	pool := new(core.GasPool).AddGas(b.Header.GasLimit)
	number := new(big.Int).Set(b.Header.Number)
	g.Receipts = make(types.Receipts, len(b.Txs))
	g.Results = make([]TxResult, len(b.Txs))
	for i, tx := range b.Txs {
		if e.Before != nil {
			e.Before(i)
		}
		g.st.SetTxContext(tx.Hash(), i)
		result, err := core.ApplyMessage(evm, messages[i], pool)
		if e.Stop != nil && e.Stop.Err() != nil {
			return e.Stop.Err()
		}
		if err != nil {
			return fmt.Errorf("%s: transaction %d: %w", b.Name, i, err)
		}
		evm.StateDB.Finalise(rules.IsEIP158)
		g.GasUsed += result.UsedGas
		root, err := g.rootBetween(rules)
		if err != nil {
			return fmt.Errorf("%s: transaction %d: %w", b.Name, i, err)
		}
		r := core.MakeReceipt(evm, result, g.st, number, b.BlockHash, b.Header.Time, tx, g.GasUsed, nil)
		g.Receipts[i] = r
		g.Results[i] = TxResult{GasUsed: r.GasUsed, Success: r.Status == types.ReceiptStatusSuccessful, Logs: logs(r.Logs), Root: root}
		if e.After != nil {
			e.After(i, g.st)
		}
	}
	return nil
}

// rootBetween is the state root after a transaction where receipts have one, before Byzantium, and
// where it can be known; zero elsewhere.
func (g *Golden) rootBetween(rules params.Rules) (state.Hash, error) {
	if !g.bundle.Whole || rules.IsByzantium {
		return state.Hash{}, nil
	}
	return state.Root(state.NewWorld(g.Post()))
}

// requests collects the block's requests to the consensus layer. Where a system
// contract is not in a part of the state there are none of its kind.
func (g *Golden) requests(evm *vm.EVM) (err error) {
	var all []*types.Log
	for _, r := range g.Receipts {
		all = append(all, r.Logs...)
	}
	g.Requests, err = state.CollectRequests(evm, all, g.bundle.Whole)
	return err
}

func logs(from []*types.Log) []state.Log {
	to := make([]state.Log, len(from))
	for i, l := range from {
		to[i] = logOf(l)
	}
	return to
}

func logOf(l *types.Log) state.Log {
	topics := make([]state.Hash, len(l.Topics))
	for i, t := range l.Topics {
		topics[i] = state.Hash(t)
	}
	return state.Log{Address: state.Address(l.Address), Topics: topics, Data: l.Data}
}
