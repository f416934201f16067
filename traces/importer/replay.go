package importer

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// replay executes what has been reconstructed so far beside the trace. Where the trace
// shows that a value of the pre-state is another one (the result of an SLOAD or BALANCE,
// the cost of an SSTORE, the address of a new contract), it corrects the pre-state, and
// the running state too, so that one round finds as much as it can.
type replay struct {
	b       *traces.Bundle
	scan    *scan
	certain map[any]bool // values that the trace has shown, not to be guessed again
	st      *gethstate.StateDB
	pull    func() (*Step, error, bool)
	ahead   *Step // the next step of the trace
	number  int   // of ahead
	tx      int
	system  bool
	lost    bool // the transaction went another way than the trace
	strayed bool // its gas, of which one difference makes all others
	astray  bool // some transaction did: what later ones show may be its doing

	corrections int
	compared    int
	mismatch    error // the first
	err         error // of reading the trace
}

type (
	slotFact    struct{ addr, slot common.Hash }
	balanceFact common.Address
	nonceFact   common.Address
)

func (r *replay) hooks() *tracing.Hooks {
	return &tracing.Hooks{
		OnOpcode:          r.opcode,
		OnSystemCallStart: func() { r.system = true },
		OnSystemCallEnd:   func() { r.system = false },
	}
}

func (r *replay) advance() {
	s, err, ok := r.pull()
	if err != nil && r.err == nil {
		r.err = err
	}
	if r.ahead = s; !ok || err != nil {
		r.ahead = nil
	}
	r.number++
}

// before starts a transaction: what the trace still has of earlier ones was not executed.
func (r *replay) before(tx int) {
	r.leave(tx)
	r.tx, r.lost, r.strayed = tx, false, false
}

func (r *replay) leave(tx int) {
	for r.ahead != nil && r.ahead.Tx < tx {
		if !r.lost {
			r.differ("it ends, and the trace goes on with %v at pc %#x, depth %d", r.ahead.Op, r.ahead.PC, r.ahead.Depth)
			r.lost, r.astray = true, true
		}
		r.advance()
	}
}

func (r *replay) differ(format string, args ...any) {
	if r.mismatch == nil {
		r.mismatch = fmt.Errorf("transaction %d, step %d of the trace: %s", r.tx, r.number, fmt.Sprintf(format, args...))
	}
}

func (r *replay) opcode(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, _ []byte, depth int, err error) {
	if r.system || r.lost {
		return
	}
	s, number := r.ahead, r.number
	if s == nil || s.Tx != r.tx {
		r.differ("it goes on with %v at pc %#x, and the trace ends", vm.OpCode(op), pc)
		r.lost, r.astray = true, true
		return
	}
	if s.PC != pc || byte(s.Op) != op || s.Depth != depth {
		r.differ("it executes %v at pc %#x, depth %d; the trace has %v at pc %#x, depth %d", vm.OpCode(op), pc, depth, s.Op, s.PC, s.Depth)
		r.lost, r.astray = true, true
		return
	}
	r.compare(s, gas, cost, scope.StackData(), err)
	r.advance()
	r.compared++
	if err == nil && !r.astray {
		r.correct(s, number, cost, scope)
	}
}

func (r *replay) compare(s *Step, gas, cost uint64, stack []uint256.Int, err error) {
	switch {
	case s.Gas != gas && !r.strayed:
		r.differ("%v has %d gas left; %d in the trace", s.Op, gas, s.Gas)
		r.strayed = true
	case !s.NoCost && s.Cost != cost && err == nil && !s.Failed && !r.strayed:
		r.differ("%v costs %d gas; %d in the trace", s.Op, cost, s.Cost)
		r.strayed = true
	}
	if len(s.Stack) != len(stack) {
		if len(s.Stack) > 0 { // some dialects leave the stack out
			r.differ("%v finds %d words on the stack; %d in the trace", s.Op, len(stack), len(s.Stack))
		}
		return
	}
	for i := range stack {
		if stack[i] != s.Stack[i] {
			r.differ("%v finds %s on the stack, %d below the top; %s in the trace", s.Op, stack[i].Hex(), len(stack)-1-i, s.Stack[i].Hex())
			return
		}
	}
}

// correct puts right what the trace shows to be wrong, before the instruction executes.
func (r *replay) correct(s *Step, number int, cost uint64, scope tracing.OpContext) {
	self := scope.Address()
	n := r.ahead
	inside := n != nil && n.Tx == s.Tx && n.Depth == s.Depth
	var result uint256.Int
	if inside {
		result, _ = n.top()
	}
	switch s.Op {
	case vm.SLOAD:
		if inside {
			r.slot(self, s.at(0).Bytes32(), result, true)
		}
	case vm.SSTORE:
		paid, known := s.Cost, !s.NoCost
		if !known && inside { // evmone: what the next step does not have any more
			paid, known = s.Gas-n.Gas, true
		}
		if known && paid != cost && !s.Failed {
			r.overwritten(self, s, paid)
		}
	case vm.BALANCE:
		if inside {
			r.balance(common.Address(s.at(0).Bytes20()), result, true)
		}
	case vm.SELFBALANCE:
		if inside {
			r.balance(self, result, true)
		}
	case vm.EXTCODEHASH:
		if to := common.Address(s.at(0).Bytes20()); inside && common.Hash(result.Bytes32()) == crypto.Keccak256Hash() && r.st.Empty(to) {
			r.balance(to, *uint256.NewInt(1), false)
		}
	case vm.CALL, vm.CALLCODE, vm.CREATE, vm.CREATE2:
		r.transfers(s, cost, self, n, inside && result.IsZero())
	}
	if made, ok := r.scan.created[number]; ok && s.Op == vm.CREATE {
		r.nonce(self, made)
	}
}

// account is one of the pre-state, made when it is new.
func (r *replay) account(a common.Address) *state.Account {
	acct := r.b.Prestate[state.Address(a)]
	if acct == nil {
		acct = new(state.Account)
		r.b.Prestate[state.Address(a)] = acct
	}
	return acct
}

func (r *replay) slot(owner common.Address, slot common.Hash, want uint256.Int, certain bool) {
	fact := slotFact{common.BytesToHash(owner[:]), slot}
	var key isa.Word
	key.SetBytes32(slot[:])
	if r.st.GetState(owner, slot) == common.Hash(want.Bytes32()) {
		r.certain[fact] = r.certain[fact] || certain
		return
	}
	if r.certain[fact] {
		return
	}
	r.certain[fact] = certain
	r.set(r.account(owner), key, want)
	r.st.SetState(owner, slot, want.Bytes32())
	r.corrections++
}

func (r *replay) set(acct *state.Account, key isa.Word, value uint256.Int) {
	if acct.Storage == nil {
		acct.Storage = make(map[isa.Word]isa.Word)
	}
	acct.Storage[key] = value
}

// overwritten guesses what a slot that is written unread held, from the price of writing
// it (EIP-2200, EIP-2929): 20,000 gas and more is a slot that was zero, a few thousand one
// that was not, and less than that one that does not change.
func (r *replay) overwritten(owner common.Address, s *Step, cost uint64) {
	value := *s.at(1)
	const cold = 2100 // EIP-2929
	if r.b.Rules().IsBerlin && cost%1000 == cold%1000 && cost >= cold {
		cost -= cold
	}
	var was uint256.Int
	switch {
	case cost >= 20_000:
	case cost >= 2_900:
		if was = *uint256.NewInt(1); value == was {
			was = *uint256.NewInt(2)
		}
	default:
		was = value
	}
	r.slot(owner, s.at(0).Bytes32(), was, false)
}

func (r *replay) balance(a common.Address, want uint256.Int, certain bool) {
	got := r.st.GetBalance(a)
	if *got == want {
		r.certain[balanceFact(a)] = r.certain[balanceFact(a)] || certain
		return
	}
	if r.certain[balanceFact(a)] {
		return
	}
	r.certain[balanceFact(a)] = certain
	acct := r.account(a)
	acct.Balance.Add(&acct.Balance, new(uint256.Int).Sub(&want, got))
	r.st.SetBalance(a, &want, tracing.BalanceChangeUnspecified)
	r.corrections++
}

// transfers makes sure that who sends value has it, as the call went well in the trace,
// and that who gets it exists, if the call did not pay for a new account.
func (r *replay) transfers(s *Step, cost uint64, self common.Address, n *Step, failed bool) {
	value := s.at(0)
	isCall := s.Op == vm.CALL || s.Op == vm.CALLCODE
	if isCall {
		value = s.at(2)
	}
	if value.IsZero() {
		return
	}
	if n != nil && !failed && r.st.GetBalance(self).Lt(value) {
		r.balance(self, *value, false)
	}
	if to := common.Address(s.at(1).Bytes20()); s.Op == vm.CALL && !s.NoCost && s.Cost < cost && r.st.Empty(to) {
		r.balance(to, *uint256.NewInt(1), false)
	}
}

// maxNonce bounds the search for a creator's nonce.
const maxNonce = 1 << 20

// nonce finds the one that makes a contract's address.
func (r *replay) nonce(creator, made common.Address) {
	if r.certain[nonceFact(creator)] {
		return
	}
	now := r.st.GetNonce(creator)
	for n := range uint64(maxNonce) {
		if crypto.CreateAddress(creator, n) != made {
			continue
		}
		r.certain[nonceFact(creator)] = true
		if n != now {
			acct := r.account(creator)
			acct.Nonce += n - now
			r.st.SetNonce(creator, n, tracing.NonceChangeUnspecified)
			r.corrections++
		}
		return
	}
}
