package importer

import (
	"fmt"

	"github.com/ethereum/go-ethereum/common"
	gethstate "github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
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
	implied int   // steps before ahead that the trace does not tell
	frames  []frameGas
	wrote   map[slotFact]bool // slots that the block has written
	tx      int
	system  bool
	lost    bool // the transaction went another way than the trace
	beyond  int  // steps that it has executed since
	end     func()
	cut     bool // by end: what it goes on with has no end in sight
	strayed bool // its gas, of which one difference makes all others
	astray  bool // some transaction did: what later ones show may be its doing

	relisted    bool   // access lists have grown
	saved       uint64 // by that, in the current transaction
	corrections int
	compared    int
	mismatch    error // the first
	reached     int   // the step that it is at
	err         error // of reading the trace
}

// frameGas is the latest step of a frame, in the trace and as it was executed.
type frameGas struct {
	step   *Step
	self   common.Address // whose storage it uses
	number int            // as the trace counts
	gas    uint64
	more   uint64 // gas that the trace has on top
	saved  uint64 // by what was found to be warm until then
}

type (
	slotFact    struct{ addr, slot common.Hash }
	balanceFact common.Address
	nonceFact   common.Address
)

func factOf(owner common.Address, slot common.Hash) slotFact {
	return slotFact{common.BytesToHash(owner[:]), slot}
}

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
	if r.ahead != nil && r.ahead.Implied {
		r.implied++
	}
}

// told is the number of the step ahead, as the trace counts.
func (r *replay) told() int { return r.number - r.implied }

// before starts a transaction: what the trace still has of earlier ones was not executed.
func (r *replay) before(tx int) {
	r.leave(tx)
	r.beyond = 0
	r.tx, r.lost, r.strayed, r.frames, r.saved = tx, false, false, r.frames[:0], 0
}

func (r *replay) leave(tx int) {
	for r.ahead != nil && r.ahead.Tx < tx {
		if !r.lost && !r.ahead.Guess {
			r.differ("it ends, and the trace goes on with %v at pc %#x, depth %d", r.ahead.Op, r.ahead.PC, r.ahead.Depth)
			r.lost, r.astray = true, true
		}
		r.advance()
	}
}

func (r *replay) differ(format string, args ...any) {
	if r.mismatch == nil {
		r.mismatch, r.reached = fmt.Errorf("transaction %d, step %d of the trace: %s", r.tx, r.told(), fmt.Sprintf(format, args...)), r.number
	}
}

func (r *replay) opcode(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, _ []byte, depth int, err error) {
	if r.system {
		return
	}
	if r.lost {
		if r.beyond++; r.beyond > maxBeyond {
			r.cut = true
			r.end()
		}
		return
	}
	for r.ahead != nil && r.ahead.Guess && r.ahead.Tx == r.tx && !r.at(pc, op, depth) {
		r.advance() // it was a fault that the trace does not tell
	}
	s, number := r.ahead, r.number
	if s == nil || s.Tx != r.tx {
		r.differ("it goes on with %v at pc %#x, and the trace ends", vm.OpCode(op), pc)
		r.lost, r.astray = true, true
		return
	}
	if !r.at(pc, op, depth) {
		r.differ("it executes %v at pc %#x, depth %d; the trace has %v at pc %#x, depth %d", vm.OpCode(op), pc, depth, s.Op, s.PC, s.Depth)
		r.lost, r.astray = true, true
		return
	}
	r.compare(s, gas, scope)
	r.advance()
	r.compared++
	if err != nil {
		return
	}
	r.compareLast(s, cost)
	if !r.astray {
		r.correct(s, number, gas, cost, scope)
	}
	if s.Op == vm.SSTORE {
		r.wrote[factOf(scope.Address(), s.at(0).Bytes32())] = true
	}
}

// maxBeyond bounds how long a transaction that went another way than the trace is executed for
// the sake of those behind it: a loop that the trace leaves may have gas for ages.
const maxBeyond = 1 << 20

// at tells whether the step ahead is at a place.
func (r *replay) at(pc uint64, op byte, depth int) bool {
	return r.ahead.PC == pc && byte(r.ahead.Op) == op && r.ahead.Depth == depth
}

// compare compares what a step finds. What a step has cost shows in the gas of the next one of its
// frame: gasCost means something else with every client.
func (r *replay) compare(s *Step, gas uint64, scope tracing.OpContext) {
	r.compareGas(s, gas, scope.Address())
	stack := scope.StackData()
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

func (r *replay) compareGas(s *Step, gas uint64, self common.Address) {
	if s.Implied {
		return
	}
	now := frameGas{step: s, self: self, number: r.told(), gas: gas, saved: r.saved}
	if s.Depth > len(r.frames) { // the first step of a frame
		limit := r.b.Txs[r.tx].Gas()
		if less := r.b.Unsigned && limit == params.MaxTxGas && r.scan.txs[r.tx].gas > limit; less || r.saved > 0 {
			now.more = s.Gas - gas
		}
		for len(r.frames) < s.Depth {
			r.frames = append(r.frames, frameGas{})
		}
	} else {
		last := &r.frames[s.Depth-1]
		now.more = last.more + r.saved - last.saved
	}
	before := r.frames[s.Depth-1]
	less := s.Gas - gas - now.more
	if less != 0 && !r.strayed && before.step != nil && r.warms(&before, less) {
		r.saved += less
		now.more, now.saved, less = now.more+less, r.saved, 0
	}
	r.frames = append(r.frames[:s.Depth-1], now)
	switch {
	case less == 0 || r.strayed:
		return
	case before.step != nil:
		r.differ("%v, which is step %d, has used %d gas; %d in the trace", before.step.Op, before.number, before.gas-gas, before.step.Gas-s.Gas)
	default:
		r.differ("%v has %d gas left; %d in the trace", s.Op, gas, s.Gas)
	}
	r.strayed = true
}

// compareLast compares the gasCost of an instruction that ends its frame: no step after it shows what
// it has cost. Clients that give the static cost alone give this for it.
func (r *replay) compareLast(s *Step, cost uint64) {
	var static uint64
	if s.Op == vm.SELFDESTRUCT {
		static = params.SelfdestructGasEIP150
	}
	if halts(s.Op) && !s.NoCost && !s.Failed && s.Cost != cost && s.Cost != static && !r.strayed {
		r.differ("%v costs %d gas; %d in the trace", s.Op, cost, s.Cost)
		r.strayed = true
	}
}

// paid is what a step has cost: what the next one of its frame does not have any more, or its gasCost
// if there is none and gasCost is known to be the whole cost.
func (r *replay) paid(s *Step) (uint64, bool) {
	switch n := r.ahead; {
	case n.follows(s):
		return s.Gas - n.Gas, true
	case n.entered(s) || s.NoCost || !r.scan.whole:
		return 0, false
	}
	return s.Cost, true
}

// correct puts right what the trace shows to be wrong, before the instruction executes.
func (r *replay) correct(s *Step, number int, gas, cost uint64, scope tracing.OpContext) {
	self := scope.Address()
	var result uint256.Int
	shown := r.ahead.follows(s) && !s.Failed
	if shown {
		result, shown = r.ahead.top()
	}
	switch s.Op {
	case vm.SLOAD:
		if shown {
			r.slot(self, s.at(0).Bytes32(), result, true)
		}
	case vm.SSTORE:
		if paid, known := r.paid(s); known && paid != cost && !s.Failed {
			r.overwritten(self, s, paid, cost)
		}
	case vm.BALANCE:
		if shown {
			r.balance(common.Address(s.at(0).Bytes20()), result, true)
		}
	case vm.SELFBALANCE:
		if shown {
			r.balance(self, result, true)
		}
	case vm.EXTCODEHASH:
		if to := common.Address(s.at(0).Bytes20()); shown && common.Hash(result.Bytes32()) == crypto.Keccak256Hash() && r.st.Empty(to) {
			r.balance(to, *uint256.NewInt(1), false)
		}
	case vm.CALL, vm.CALLCODE, vm.CREATE, vm.CREATE2:
		r.transfers(s, self, r.ahead.entered(s) || shown && !result.IsZero())
		if s.Op == vm.CALL && r.ahead.follows(s) {
			r.receiver(s, gas, cost, shown && !result.IsZero(), scope)
		}
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
	fact := factOf(owner, slot)
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

// overwritten guesses what a slot that is written unread held: what makes the price of writing it
// the one that was paid. Only the first write in a block tells of the state before it.
func (r *replay) overwritten(owner common.Address, s *Step, paid, cost uint64) {
	slot := common.Hash(s.at(0).Bytes32())
	now, before := r.st.GetStateAndCommittedState(owner, slot)
	if r.wrote[factOf(owner, slot)] || now != before {
		return
	}
	var is, was uint256.Int
	is.SetBytes(now[:])
	value := *s.at(1)
	rules := r.b.Rules()
	cold := cost - writing(rules, &is, &value) // EIP-2929
	other := *uint256.NewInt(1)
	if value == other {
		other = *uint256.NewInt(2)
	}
	for _, cold := range []uint64{cold, 0} { // it may have been warm
		for _, was = range []uint256.Int{{}, value, other} {
			if writing(rules, &was, &value)+cold == paid {
				r.slot(owner, slot, was, false)
				return
			}
		}
	}
}

// writing is the price of the first write to a slot that is warm.
func writing(rules params.Rules, was, value *uint256.Int) uint64 {
	same, set, reset := params.SstoreResetGas, params.SstoreSetGas, params.SstoreResetGas
	switch {
	case rules.IsBerlin: // EIP-2929
		same, reset = params.WarmStorageReadCostEIP2929, params.SstoreResetGasEIP2200-params.ColdSloadCostEIP2929
	case rules.IsIstanbul: // EIP-2200
		same = params.SloadGasEIP2200
	case rules.IsConstantinople && !rules.IsPetersburg: // EIP-1283
		same = params.NetSstoreNoopGas
	}
	switch {
	case *was == *value && !(was.IsZero() && same == reset):
		return same
	case was.IsZero() && !value.IsZero():
		return set
	}
	return reset
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

// transfers makes sure that who sends value has it, if the call is seen to have gone well.
func (r *replay) transfers(s *Step, self common.Address, well bool) {
	value := s.at(0)
	if calls(s.Op) {
		value = s.at(2)
	}
	if well && r.st.GetBalance(self).Lt(value) {
		r.balance(self, *value, false)
	}
}

// receiver finds out whether who gets value existed: a call that makes an account pays for it
// (EIP-161, and before it whoever is called). The call's own cost is what its frame has used, less
// what a built-in has: other code has steps of its own.
func (r *replay) receiver(s *Step, gas, cost uint64, well bool, scope tracing.OpContext) {
	to, value := common.Address(s.at(1).Bytes20()), s.at(2)
	rules := r.b.Rules()
	switch {
	case rules.IsEIP158 && (value.IsZero() || !r.st.Empty(to)), !rules.IsEIP158 && r.st.Exist(to):
		return // nothing was paid for it
	}
	used := s.Gas - r.ahead.Gas
	if !value.IsZero() {
		used += callStipend // it came back
	}
	if built, ok := vm.ActivePrecompiledContracts(rules)[to]; ok {
		if !well {
			return // it may have used whatever it had
		}
		used -= built.RequiredGas(input(scope.MemoryData(), s.at(3), s.at(4)))
	}
	// Where all but a 64th of the gas is forwarded (EIP-150), the own cost is known to within 64.
	const rounding = 64
	if own := ownCost(rules, gas, cost, s.at(0)); own-used+rounding-params.CallNewAccountGas <= 2*rounding {
		r.balance(to, *uint256.NewInt(1), false)
	}
}

// ownCost is what a call costs without the gas that it forwards.
func ownCost(rules params.Rules, gas, cost uint64, asked *uint256.Int) uint64 {
	if asked.IsUint64() && asked.Uint64() <= cost {
		own := cost - asked.Uint64()
		if left := gas - own; !rules.IsEIP150 || asked.Uint64() <= left-left/64 {
			return own
		}
	}
	return gas - min(gas, (gas-cost)*64)
}

// input is the part of memory that a call hands over.
func input(memory []byte, from, size *uint256.Int) []byte {
	if !size.IsUint64() || size.Uint64() > maxData || !from.IsUint64() {
		return nil
	}
	data := make([]byte, size.Uint64())
	if from.Uint64() < uint64(len(memory)) {
		copy(data, memory[from.Uint64():])
	}
	return data
}

// maxNonce bounds the search for a creator's nonce, mostSearched all searches of a trace that
// find none: an address that nobody makes has none.
const (
	maxNonce     = 1 << 20
	mostSearched = 2 * maxNonce
)

// nonce finds the one that makes a contract's address.
func (r *replay) nonce(creator, made common.Address) {
	if r.certain[nonceFact(creator)] {
		return
	}
	now := r.st.GetNonce(creator)
	if r.scan.nowhere[made] || r.scan.searched >= mostSearched {
		return
	}
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
	r.scan.nowhere[made] = true
	r.scan.searched += maxNonce
}
