package fuzz

import (
	"github.com/ooovm/ooovm/decoder/evm"
)

// program writes a program of so many statements.
func (w *writer) program(statements int) Code {
	w.budget = statements
	for range w.below(3) {
		w.subs = append(w.subs, w.label())
	}
	switch w.below(6) {
	case 0, 1:
		w.ladder()
	case 2: // its memory has to be new
		w.offset(0)
		w.op(evm.MLOAD)
		w.use()
	case 3:
		w.spill()
	}
	w.block(0)
	w.terminator()
	for i := range w.subs {
		w.subroutine(i)
	}
	return w.code
}

// block writes statements; the stack is afterwards as high as before, which is at
// least floor, however the statements left it.
func (w *writer) block(most int) {
	floor, outer := w.height, w.floor
	w.floor = floor
	w.depth++
	for n := 0; w.budget > 0 && (most == 0 || n < most); n++ {
		w.budget--
		w.statement()
	}
	w.depth--
	w.floor = outer
	for w.height > floor {
		w.op(evm.POP)
	}
	for w.height < floor {
		w.leaf()
	}
}

const deepest = 4 // nesting of blocks

func (w *writer) statement() {
	switch k := w.below(32); {
	case k < 5:
		w.store()
	case k < 8:
		w.copy()
	case k < 10:
		w.stateStore()
	case k < 17:
		w.call()
	case k == 17:
		w.transfer()
	case k == 18:
		w.create()
	case k < 21 && w.depth < deepest:
		w.branch()
	case k < 23 && w.depth < deepest:
		w.loop()
	case k == 23 && w.depth < deepest:
		w.jumpTable()
	case k == 24:
		w.indirectJump()
	case k == 25 && len(w.subs) > 0:
		w.callSubroutine(pick(w.dice, w.subs...))
		w.use()
	case k == 26:
		w.log()
	case k == 27:
		w.value(3)
	case k == 28 && w.height > w.floor+1:
		w.code = append(w.code, Inst{Op: byte(evm.SWAP1 + w.below(min(16, w.height-w.floor-1)))})
	case k == 29 && w.oneIn(4):
		w.guarded(w.end)
	case k == 30 && w.oneIn(6):
		w.stackBounds()
	case k == 30 && w.oneIn(3):
		w.spill()
	case k == 31 && w.oneIn(3):
		w.guarded(w.badJump)
	default:
		w.value(2)
		w.use()
	}
}

// use takes the value on top away: it is stored, branched on, or dropped.
func (w *writer) use() {
	switch w.below(12) {
	case 0:
		w.key(1)
		w.op(w.known(evm.SSTORE, evm.TSTORE, evm.TSTORE))
	case 1, 2:
		w.op(evm.POP)
	case 3, 4:
		skip := w.label()
		w.ref(skip)
		w.op(evm.JUMPI)
		w.block(2)
		w.here(skip)
	case 5, 6: // stays
	default:
		w.offset(0)
		w.op(evm.MSTORE)
	}
}

func (w *writer) store() {
	w.value(2)
	w.offset(2)
	w.op(pick[byte](w.dice, evm.MSTORE, evm.MSTORE, evm.MSTORE8))
}

func (w *writer) stateStore() {
	w.value(2)
	if w.oneIn(2) {
		w.masked(1) // back to what it was, or zero: refunds
	}
	w.key(2)
	w.op(w.known(evm.SSTORE, evm.SSTORE, evm.TSTORE))
}

// copy copies a block; it is mostly read afterwards in another alignment.
func (w *writer) copy() {
	op := w.known(evm.CALLDATACOPY, evm.CODECOPY, evm.EXTCODECOPY, evm.RETURNDATACOPY, evm.RETURNDATACOPY, evm.MCOPY, evm.MCOPY)
	switch {
	case op == evm.RETURNDATACOPY && !w.oneIn(16): // within bounds
		if !w.oneIn(16) {
			w.op(evm.RETURNDATASIZE)
			w.number(0)
		} else {
			w.number(1)
			w.op(evm.RETURNDATASIZE)
			w.op(evm.SUB) // all but the first byte, which of none is out of bounds
			w.number(1)
		}
	case op == evm.RETURNDATACOPY:
		w.number(w.below(40))
		w.number(w.below(40))
	default:
		w.length(2)
		w.offset(2)
	}
	w.offset(2)
	if op == evm.EXTCODECOPY {
		w.address(2)
	}
	w.op(op)
	if w.oneIn(2) {
		w.offset(0)
		w.op(evm.MLOAD)
		w.use()
	}
}

func (w *writer) log() {
	n := w.below(5)
	for range n {
		w.value(1)
	}
	w.length(1)
	w.offset(1)
	w.op(byte(evm.LOG0 + n))
}

// call calls an account, uses what comes back, and often reads the output range or
// the returned bytes.
func (w *writer) call() {
	op := w.known(evm.CALL, evm.CALL, evm.CALLCODE, evm.DELEGATECALL, evm.STATICCALL)
	w.length(1)
	w.offset(1)
	w.length(1)
	w.offset(1)
	if op == evm.CALL || op == evm.CALLCODE {
		w.wei(2)
	}
	w.address(2)
	w.callGas(2)
	w.op(op)
	w.use()
	if w.oneIn(2) {
		w.copy()
	} else if w.oneIn(2) {
		w.offset(0)
		w.op(evm.MLOAD)
		w.use()
	}
}

// transfer looks at a balance before and after sending something there.
func (w *writer) transfer() {
	to := pick(w.dice, everybody...).Word()
	read := w.known(evm.BALANCE, evm.BALANCE, evm.EXTCODEHASH)
	w.push(to)
	w.op(read)
	for range 4 {
		w.number(0)
	}
	w.wei(1)
	w.push(to)
	w.callGas(1)
	w.op(evm.CALL)
	w.op(evm.POP)
	if w.has(evm.SELFBALANCE) && w.oneIn(2) {
		w.op(evm.SELFBALANCE)
	} else {
		w.push(to)
		w.op(read)
	}
	w.op(evm.XOR)
	w.use()
}

// create carries initialization code and creates a contract with it, which it then
// often asks something of, or calls.
func (w *writer) create() {
	if w.nested >= 2 {
		w.call()
		return
	}
	blob := w.label()
	op := w.known(evm.CREATE, evm.CREATE2)
	at := w.below(40)
	w.sizeOf(blob)
	w.ref(blob)
	w.number(at)
	w.op(evm.CODECOPY)
	if op == evm.CREATE2 {
		w.key(1)
	}
	w.sizeOf(blob)
	w.number(at)
	w.wei(0)
	w.op(op)
	switch w.below(4) {
	case 0:
		for range 5 {
			w.number(w.below(33))
		}
		w.code = append(w.code, Inst{Op: evm.DUP1 + 5}, Inst{Op: evm.GAS}, Inst{Op: evm.CALL})
		w.height -= 4
		w.op(evm.POP)
	case 1:
		w.code = append(w.code, Inst{Op: evm.DUP1})
		w.height++
		w.op(w.known(evm.BALANCE, evm.EXTCODESIZE, evm.EXTCODEHASH))
		w.use()
	}
	w.use()
	w.data(blob, w.initCode())
}

// data puts a blob among the instructions, which jump over it.
func (w *writer) data(label int, blob Code) {
	over := w.label()
	w.ref(over)
	w.op(evm.JUMP)
	w.code = append(w.code, Inst{Blob: blob, Label: label})
	w.here(over)
}

// initCode writes initialization code: any program, which ends as any does, or
// with code to install.
func (w *writer) initCode() Code {
	in := &writer{dice: w.dice, fork: w.fork, nested: w.nested + 1}
	in.budget = w.below(5)
	in.block(0)
	switch w.below(8) {
	case 0, 1, 2, 3:
		runtime := in.label()
		in.sizeOf(runtime)
		in.ref(runtime)
		in.number(0)
		in.op(evm.CODECOPY)
		in.sizeOf(runtime)
		in.number(0)
		in.op(evm.RETURN)
		body := &writer{dice: w.dice, fork: w.fork, nested: w.nested + 2}
		in.code = append(in.code, Inst{Blob: body.program(1 + w.below(4)), Label: runtime})
	case 4: // EIP-3541
		in.number(0xef)
		in.number(0)
		in.op(evm.MSTORE8)
		in.number(1 + w.below(3))
		in.number(0)
		in.op(evm.RETURN)
	case 5: // beyond EIP-170, or not to be paid for
		in.number(w.below(25_000))
		in.number(0)
		in.op(evm.RETURN)
	default:
		in.terminator()
	}
	return in.code
}

// terminator ends the program.
func (w *writer) terminator() {
	switch w.below(8) {
	case 0:
		w.op(evm.STOP)
	case 1:
	default:
		w.end()
	}
}

// end writes an instruction that ends the frame.
func (w *writer) end() {
	switch op := w.known(evm.RETURN, evm.RETURN, evm.RETURN, evm.RETURN, evm.REVERT, evm.REVERT, evm.SELFDESTRUCT, evm.INVALID, evm.STOP); op {
	case evm.RETURN, evm.REVERT:
		w.length(1)
		w.offset(1)
		w.op(op)
	case evm.SELFDESTRUCT:
		w.address(1)
		w.op(op)
	default:
		w.op(op)
	}
}

// guarded runs something under a condition.
func (w *writer) guarded(body func()) {
	skip := w.label()
	w.value(2)
	w.ref(skip)
	w.op(evm.JUMPI)
	before := w.height
	body()
	w.height = before
	w.here(skip)
}

// badJump jumps to a constant or to a value that is hardly ever a label.
func (w *writer) badJump() {
	switch w.below(3) {
	case 0:
		w.number(w.below(256))
	case 1:
		w.value(1)
		w.masked(0xff)
	default:
		w.value(1)
	}
	w.op(evm.JUMP)
}
