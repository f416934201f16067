package traces

import (
	"errors"
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/state"
)

// Ground is a pre-state made ready for any number of golden runs of messages, at
// the same time if need be.
type Ground struct {
	prestate state.Prestate
	hashes   map[state.Address]common.Hash
	db       *gethstate.CachingDB
}

// NewGround prepares a pre-state, which must not change any more.
func NewGround(prestate state.Prestate) *Ground {
	g := &Ground{prestate: prestate, hashes: make(map[state.Address]common.Hash), db: gethstate.NewDatabaseForTesting()}
	for address, acct := range prestate {
		if len(acct.Code) > 0 {
			g.hashes[address] = crypto.Keccak256Hash(acct.Code)
		}
	}
	return g
}

// Message is a transaction that stands alone, as in a state test: there is no block
// around it, hence no system calls, requests, withdrawals or rewards.
type Message struct {
	Name   string
	Ground *Ground
	Env    *state.BlockEnv
	Call   *core.Message
	Memory *budget.Budget // of the golden run, nil for any
}

// RejectedError says why go-ethereum finds a message not valid in its pre-state.
type RejectedError struct{ Err error }

func (e *RejectedError) Error() string { return "rejected: " + e.Err.Error() }
func (e *RejectedError) Unwrap() error { return e.Err }

// RecordMessage runs a message on go-ethereum and keeps every instruction; one with too many
// for its memory can be streamed. The
// golden run of a message that is rejected comes with a RejectedError; its
// post-state is that after the rejection.
func RecordMessage(m *Message) (*Golden, error) {
	run, err := m.prepare()
	if err != nil {
		return nil, err
	}
	run.golden.TxStart = []int{0}
	err = run.execute()
	run.golden.TxStart = append(run.golden.TxStart, run.golden.Steps.Len())
	return run.golden, err
}

// prepare makes a golden run of the message.
func (m *Message) prepare() (*session, error) {
	g := &Golden{bundle: &Bundle{Name: m.Name, Prestate: m.Ground.prestate}, read: newTouched()}
	var err error
	g.st, err = gethstate.NewWithReader(types.EmptyRootHash, m.Ground.db, &reader{m.Ground.prestate, m.Ground.hashes, g.read})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", m.Name, err)
	}
	r := &recorder{g: g, memory: m.Memory, keys: make(map[StateKey]uint32)}
	hooks := r.hooks()
	db := gethstate.NewHookedState(g.st, hooks)
	evm := vm.NewEVM(m.Env.BlockContext(), db, m.Env.Config, vm.Config{Tracer: watched(hooks, m.Memory, m.Call.GasLimit)})
	state.InstallBuiltins(evm, m.Env.Precompiles)
	return &session{m.Name, g, r, func() error { return m.apply(g, evm) }}, nil
}

// apply runs the message. A rejected one leaves the state as it was. After any other
// the coinbase is credited nothing, as the reference harness of state tests does: before
// EIP-158 that brings it into being, for want of the reward that it has in a block.
func (m *Message) apply(g *Golden, evm *vm.EVM) error {
	db := evm.StateDB
	snapshot := db.Snapshot()
	result, rejected := core.ApplyMessage(evm, m.Call, new(core.GasPool).AddGas(m.Env.GasLimit))
	if rejected != nil {
		db.RevertToSnapshot(snapshot)
		return &RejectedError{rejected}
	}
	g.GasUsed = result.UsedGas
	g.Results = []TxResult{{GasUsed: result.UsedGas, Success: !result.Failed(), Logs: logs(g.st.Logs())}}
	db.AddBalance(common.Address(m.Env.Coinbase), new(uint256.Int), tracing.BalanceChangeUnspecified)
	db.Finalise(m.Env.DeleteEmpty())
	if err := g.st.Error(); err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	return nil
}

// Rejected tells a rejected message from a golden run that failed.
func Rejected(err error) bool {
	var rejected *RejectedError
	return errors.As(err, &rejected)
}
