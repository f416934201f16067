package traces

import (
	"fmt"
	"math"
	"math/big"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/isa"
)

// expansion watches what the programs of a golden run take of memory, where their gas pays
// for more than there is: go-ethereum asks nobody, and a process that has no more ends.
// Gas as blocks have it cannot, and is not watched.
type expansion struct {
	memory *budget.Budget
	frames []grown // by depth
}

// grown is what a frame has, in bytes.
type grown struct {
	memory   int64
	returned int64 // by its latest call
}

const (
	// growing is how many times its size a memory takes while it grows: go-ethereum makes
	// what is new, and a larger memory beside the old one. Copies are made beside it.
	growing = 4
	// keepsPerGas bounds what gas pays for that stays until the block ends: a warm store of a
	// hundred gas leaves a line in the journal, of a few hundred bytes with the simulated
	// machine's.
	keepsPerGas = 8
)

// most bounds the memory that gas can pay for at any time. A frame has w words for
// w^2/512 + 3w; of n frames that share the gas each has the more the fewer there are, and no
// more than 1024 are open.
func most(gas uint64) float64 {
	return growing*32*32*math.Sqrt(512*float64(gas)) + keepsPerGas*float64(gas)
}

// watched adds a watch over memory to hooks, if gas can pay for too much. Both may be nil.
func watched(hooks *tracing.Hooks, memory *budget.Budget, gas uint64) *tracing.Hooks {
	if memory == nil || most(gas) <= float64(memory.Left()) {
		return hooks
	}
	x := &expansion{memory: memory, frames: make([]grown, 1)}
	all := tracing.Hooks{}
	if hooks != nil {
		all = *hooks
	}
	enter, exit, opcode := all.OnEnter, all.OnExit, all.OnOpcode
	all.OnEnter = func(depth int, typ byte, from, to common.Address, input []byte, gas uint64, value *big.Int) {
		x.enter(depth, vm.OpCode(typ))
		if enter != nil {
			enter(depth, typ, from, to, input, gas, value)
		}
	}
	all.OnExit = func(depth int, output []byte, used uint64, err error, reverted bool) {
		x.exit(depth, int64(len(output)))
		if exit != nil {
			exit(depth, output, used, err, reverted)
		}
	}
	all.OnOpcode = func(pc uint64, op byte, gas, cost uint64, scope tracing.OpContext, data []byte, depth int, err error) {
		if err == nil {
			x.executes(vm.OpCode(op), cost, scope.StackData(), depth)
		}
		if opcode != nil {
			opcode(pc, op, gas, cost, scope, data, depth, err)
		}
	}
	return &all
}

func (x *expansion) enter(depth int, typ vm.OpCode) {
	if typ == vm.SELFDESTRUCT { // no frame
		return
	}
	for len(x.frames) <= depth+1 {
		x.frames = append(x.frames, grown{})
	}
	x.frames[depth+1] = grown{}
}

func (x *expansion) exit(depth int, output int64) {
	if depth+1 >= len(x.frames) {
		return
	}
	callee, caller := &x.frames[depth+1], &x.frames[depth]
	x.memory.Need(output, "what a call returns")
	x.memory.Give(callee.memory*growing + callee.returned + caller.returned)
	*callee, caller.returned = grown{}, output
}

// reach is a range of memory that an instruction uses: where its offset and its length stand
// on the stack, from the top.
type reach struct{ offset, length int8 }

// use is what an instruction takes of memory.
type use struct {
	ranges []reach
	word   int8  // bytes at the offset on top of the stack, for those without a length
	keeps  int64 // until the block ends, in go-ethereum and in the simulated machine
	copies bool  // the range is kept, too
}

// uses is what instructions take of memory; others take nothing.
var uses = func() (all [256]*use) {
	for op, u := range map[vm.OpCode]use{
		vm.MLOAD: {word: 32}, vm.MSTORE: {word: 32}, vm.MSTORE8: {word: 1},
		vm.KECCAK256: {ranges: []reach{{0, 1}}}, vm.MCOPY: {ranges: []reach{{0, 2}, {1, 2}}},
		vm.RETURN: {ranges: []reach{{0, 1}}}, vm.REVERT: {ranges: []reach{{0, 1}}},
		vm.CALLDATACOPY: {ranges: []reach{{0, 2}}}, vm.CODECOPY: {ranges: []reach{{0, 2}}}, vm.RETURNDATACOPY: {ranges: []reach{{0, 2}}},
		vm.EXTCODECOPY: {ranges: []reach{{1, 3}}, keeps: 500},
		vm.CALL:        {ranges: []reach{{3, 4}, {5, 6}}, keeps: 1000}, vm.CALLCODE: {ranges: []reach{{3, 4}, {5, 6}}, keeps: 1000},
		vm.DELEGATECALL: {ranges: []reach{{2, 3}, {4, 5}}, keeps: 500}, vm.STATICCALL: {ranges: []reach{{2, 3}, {4, 5}}, keeps: 500},
		vm.CREATE: {ranges: []reach{{1, 2}}, keeps: 3000}, vm.CREATE2: {ranges: []reach{{1, 2}}, keeps: 3000},
		vm.SLOAD: {keeps: 400}, vm.TLOAD: {keeps: 0}, vm.SSTORE: {keeps: 600}, vm.TSTORE: {keeps: 600},
		vm.BALANCE: {keeps: 500}, vm.EXTCODESIZE: {keeps: 500}, vm.EXTCODEHASH: {keeps: 500}, vm.SELFDESTRUCT: {keeps: 1000},
		vm.LOG0: {ranges: []reach{{0, 1}}, keeps: 1000, copies: true}, vm.LOG1: {ranges: []reach{{0, 1}}, keeps: 1000, copies: true},
		vm.LOG2: {ranges: []reach{{0, 1}}, keeps: 1000, copies: true}, vm.LOG3: {ranges: []reach{{0, 1}}, keeps: 1000, copies: true},
		vm.LOG4: {ranges: []reach{{0, 1}}, keeps: 1000, copies: true},
	} {
		all[op] = &u
	}
	return all
}()

// executes counts an instruction that has been paid for and comes next. One that costs nothing
// takes nothing: more memory is never free, and an opcode that the fork does not have, which
// go-ethereum hands over like any other before it fails, has cost 0.
func (x *expansion) executes(op vm.OpCode, cost uint64, stack []isa.Word, depth int) {
	u := uses[op]
	if u == nil || cost == 0 || depth >= len(x.frames) {
		return
	}
	at := func(n int8) uint64 {
		if int(n) >= len(stack) {
			return 0
		}
		w := &stack[len(stack)-1-int(n)]
		if !w.IsUint64() {
			return 0 // of an empty range: nobody can pay for another one
		}
		return min(w.Uint64(), math.MaxInt64/16)
	}
	var end, length uint64
	if u.word > 0 {
		end = at(0) + uint64(u.word)
	}
	for _, r := range u.ranges {
		if n := at(r.length); n > 0 {
			end, length = max(end, at(r.offset)+n), max(length, n)
		}
	}
	if u.keeps > 0 {
		keeps := u.keeps
		if u.copies {
			keeps += 2 * int64(length)
		}
		x.memory.NeedFor(keeps, func() string { return fmt.Sprintf("what %v leaves behind", op) })
	}
	f := &x.frames[depth]
	if size := (int64(end) + 31) / 32 * 32; size > f.memory {
		x.memory.NeedFor((size-f.memory)*growing, func() string { return "a memory of " + budget.Size(size) })
		f.memory = size
	}
}
