package fuzz

import (
	"github.com/ooovm/ooovm/decoder/evm"
)

// branch writes an if, with or without an else.
func (w *writer) branch() {
	skip, end := w.label(), w.label()
	w.value(2)
	if w.oneIn(2) {
		w.masked(1)
	}
	w.ref(skip)
	w.op(evm.JUMPI)
	w.block(3)
	if w.oneIn(2) {
		w.here(skip)
		return
	}
	w.ref(end)
	w.op(evm.JUMP)
	w.here(skip)
	w.block(3)
	w.here(end)
}

// loop writes a loop that counts down from a number, mostly a small one that data
// decides on, or ends when data says so, which may be when gas is out.
func (w *writer) loop() {
	again := w.label()
	if w.oneIn(12) {
		w.here(again)
		w.block(3)
		w.value(2)
		w.masked(pick(w.dice, 1, 3, 0x10))
		w.ref(again)
		w.op(evm.JUMPI)
		return
	}
	if w.oneIn(2) {
		w.number(1 + w.below(9))
	} else {
		w.value(2)
		w.masked(pick(w.dice, 3, 7, 7, 15))
		if !w.oneIn(40) { // from zero it counts until gas is out
			w.number(1)
			w.op(evm.ADD)
		}
	}
	w.here(again)
	w.block(3)
	w.number(1)
	w.op(evm.SWAP1)
	w.op(evm.SUB)
	w.op(evm.DUP1)
	w.ref(again)
	w.op(evm.JUMPI)
	w.op(evm.POP)
}

// tableStride is the size of an entry of a jump table: JUMPDEST, PUSH1, PUSH2, JUMP.
const tableStride = 7

// jumpTable jumps into a table of jumps to the cases of a switch.
func (w *writer) jumpTable() {
	table, end := w.label(), w.label()
	cases := []int{w.label(), w.label(), w.label(), w.label()}
	w.value(2)
	w.masked(len(cases) - 1)
	w.number(tableStride)
	w.op(evm.MUL)
	w.ref(table)
	w.op(evm.ADD)
	w.op(evm.JUMP)
	for i, label := range cases {
		if i == 0 {
			w.here(table)
		} else {
			w.op(evm.JUMPDEST)
		}
		w.number(i)
		w.ref(label)
		w.op(evm.JUMP)
		w.height--
	}
	for i, label := range cases {
		w.here(label)
		w.height++ // the number of the case
		w.block(2)
		if i < len(cases)-1 {
			w.ref(end)
			w.op(evm.JUMP)
			w.height--
		}
	}
	w.here(end)
	w.use()
}

// indirectJump jumps where memory or storage says.
func (w *writer) indirectJump() {
	target := w.label()
	at := w.below(90)
	load, store := byte(evm.MLOAD), byte(evm.MSTORE)
	if w.oneIn(3) {
		at &= 3
		load, store = evm.SLOAD, evm.SSTORE
	}
	w.ref(target)
	w.number(at)
	w.op(store)
	if w.budget > 0 && w.oneIn(2) { // which may overwrite it
		w.budget--
		before := w.height
		w.store()
		w.height = before
	}
	w.number(at)
	w.op(load)
	w.op(evm.JUMP)
	w.here(target)
}

// callSubroutine calls one of the program's subroutines with an argument and leaves
// its result.
func (w *writer) callSubroutine(label int) {
	back := w.label()
	w.ref(back)
	w.value(1)
	w.ref(label)
	w.op(evm.JUMP)
	w.here(back)
	w.height--
}

// subroutine writes one: it may call those behind it, and itself as often as the
// argument's low bits say.
func (w *writer) subroutine(i int) {
	subs := w.subs
	w.subs = subs[i+1:]
	w.height = 2 // return point and argument
	w.here(subs[i])
	w.budget = 1 + w.below(3)
	w.block(0)
	if w.oneIn(3) {
		done, back := w.label(), w.label()
		w.op(evm.DUP1)
		w.masked(7)
		w.op(evm.ISZERO)
		w.ref(done)
		w.op(evm.JUMPI)
		w.ref(back)
		w.number(1)
		w.code = append(w.code, Inst{Op: evm.DUP1 + 2})
		w.height++
		w.masked(7)
		w.op(evm.SUB)
		w.ref(subs[i])
		w.op(evm.JUMP)
		w.here(back)
		w.height--
		w.op(evm.POP)
		w.here(done)
	}
	w.value(1)
	w.op(evm.XOR)
	w.op(evm.SWAP1)
	w.op(evm.JUMP)
	w.subs = subs
}

// ladder fills memory with distinct bytes, so that reads of any alignment show where
// they came from.
func (w *writer) ladder() {
	for i := range 1 + w.below(4) {
		var v [32]byte
		for k := range v {
			v[k] = byte(0x10*i + k + 1)
		}
		w.code = append(w.code, Inst{Op: evm.PUSH32, Imm: v[:]})
		w.height++
		w.number(32*i + w.below(9))
		w.op(evm.MSTORE)
	}
}

const maxStack = 1024

// stackBounds fills the stack to about its bound, does something there, and takes
// most of it away again, or more than all of it.
func (w *writer) stackBounds() {
	if w.filled {
		return // once in a program
	}
	w.filled = true
	if w.oneIn(4) {
		for range w.height + w.below(2) {
			w.code = append(w.code, Inst{Op: evm.POP})
		}
		w.height = 0
		return
	}
	before := w.height
	w.leaf()
	for n := maxStack - 3 + w.below(4) - w.height; n > 0; n-- {
		w.code = append(w.code, Inst{Op: evm.DUP1})
	}
	w.value(1)
	w.op(pick[byte](w.dice, evm.POP, evm.MLOAD, evm.ISZERO, evm.SLOAD))
	w.height = before + 1
	if w.oneIn(2) {
		w.call()
	}
	for n := maxStack - 6 - before; n > 0; n-- {
		w.code = append(w.code, Inst{Op: evm.POP})
	}
	w.height = before
}

// spill makes more values than a small machine keeps in registers, branches, and
// takes them away again, so that fetch is filling registers when the branch is
// resolved.
func (w *writer) spill() {
	floor, skip := w.height, w.label()
	w.leaf()
	for range pick(w.dice, 16, 33+w.below(100)) {
		w.op(evm.DUP1)
	}
	if w.oneIn(2) { // the callee's values may take the place of these
		w.call()
	}
	w.value(2)
	w.ref(skip)
	w.op(evm.JUMPI)
	if w.oneIn(2) {
		w.store()
	}
	w.here(skip)
	w.code = append(w.code, Inst{Op: evm.DUP1 + 15})
	w.height++
	for w.height > floor {
		w.op(evm.POP)
	}
}
