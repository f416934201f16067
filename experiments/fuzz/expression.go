package fuzz

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
)

// writer writes one program. It knows how many stack values it has made, so that
// what it writes fails where it means to and not for want of an operand.
type writer struct {
	*dice
	fork   evm.Fork
	code   Code
	labels int
	height int // values of its own on the stack
	floor  int // of these, the ones that the present block must leave where they are
	budget int // statements left
	depth  int // of nested blocks
	nested int // of programs: initialization code and what that installs
	subs   []int
	filled bool // the stack to its bound
}

func (w *writer) row(op byte) *decoder.Row { return &evm.Table(w.fork)[op] }

// has reports whether the fork knows an instruction; once in a while an unknown one
// is written all the same.
func (w *writer) has(op byte) bool {
	return w.row(op).Kind != decoder.KindInvalid || w.oneIn(500)
}

// known filters opcodes by fork; the first must be known at every one.
func (w *writer) known(ops ...byte) byte {
	for range 8 {
		if op := pick(w.dice, ops...); w.has(op) {
			return op
		}
	}
	return ops[0]
}

// op writes an instruction that has its operands.
func (w *writer) op(op byte) {
	w.code = append(w.code, Inst{Op: op})
	switch row := w.row(op); row.Kind {
	case decoder.KindDup:
		w.height++
	case decoder.KindSwap, decoder.KindInvalid:
	default:
		w.height += int(row.Pushes) - int(row.Pops)
	}
}

func (w *writer) push(v isa.Word) {
	b := v.Bytes()
	if len(b) == 0 {
		b = []byte{0}
	}
	w.code = append(w.code, Inst{Op: byte(evm.PUSH0 + len(b)), Imm: b})
	w.height++
}

func (w *writer) number(n int) { w.push(isa.Word{uint64(n)}) }

func (w *writer) label() int {
	w.labels++
	return w.labels
}

// ref pushes the position of a label; here defines it.
func (w *writer) ref(label int) {
	w.code = append(w.code, Inst{Op: evm.PUSH2, Label: label})
	w.height++
}

func (w *writer) sizeOf(label int) {
	w.code = append(w.code, Inst{Op: evm.PUSH2, Label: label, Size: true})
	w.height++
}

func (w *writer) here(label int) { w.code = append(w.code, Inst{Op: evm.JUMPDEST, Label: label}) }

// masked reduces the value on top to its low bits.
func (w *writer) masked(mask int) {
	w.number(mask)
	w.op(evm.AND)
}

// word draws a constant.
func (w *writer) word() isa.Word {
	switch w.below(8) {
	case 0, 1, 2:
		return isa.Word{uint64(w.below(8))}
	case 3:
		return isa.Word{uint64(w.below(1 << 12))}
	case 4:
		return pick(w.dice, everybody...).Word()
	case 5:
		return isa.Word{w.rng.Uint64(), w.rng.Uint64() >> w.below(64), w.rng.Uint64() >> w.below(64), w.rng.Uint64() >> w.below(64)}
	case 6:
		var v isa.Word
		v.SetAllOne()
		return *v.Rsh(&v, uint(w.below(256)))
	}
	return isa.Word{^uint64(0) - uint64(w.below(40)), uint64(w.below(2))}
}

var (
	binary = []byte{
		evm.ADD, evm.SUB, evm.MUL, evm.DIV, evm.MOD, evm.SDIV, evm.SMOD, evm.EXP, evm.SIGNEXTEND, evm.LT, evm.GT, evm.SLT, evm.SGT, evm.EQ,
		evm.AND, evm.OR, evm.XOR, evm.BYTE, evm.SHL, evm.SHR, evm.SAR, evm.ADD, evm.XOR, evm.SUB,
	}
	nullary = []byte{
		evm.GAS, evm.GAS, evm.MSIZE, evm.ADDRESS, evm.ORIGIN, evm.CALLER, evm.CALLVALUE, evm.CALLDATASIZE, evm.CODESIZE, evm.GASPRICE,
		evm.RETURNDATASIZE, evm.RETURNDATASIZE, evm.COINBASE, evm.TIMESTAMP, evm.NUMBER, evm.PREVRANDAO, evm.GASLIMIT, evm.CHAINID,
		evm.SELFBALANCE, evm.SELFBALANCE, evm.BASEFEE, evm.BLOBBASEFEE, evm.PC, evm.PUSH0,
	}
)

// value pushes a value, computed from others down to a depth.
func (w *writer) value(depth int) {
	if depth <= 0 {
		w.leaf()
		return
	}
	switch w.below(16) {
	case 0, 1, 2:
		w.leaf()
	case 3, 4, 5, 6:
		w.value(depth - 1)
		w.value(depth - 1)
		w.op(w.known(binary...))
	case 7:
		w.value(depth - 1)
		w.op(w.known(evm.ISZERO, evm.NOT, evm.CLZ))
	case 8:
		w.value(depth - 1)
		w.value(depth - 2)
		w.value(depth - 2)
		w.op(pick[byte](w.dice, evm.ADDMOD, evm.MULMOD))
	case 9, 10:
		w.offset(depth - 1)
		w.op(evm.MLOAD)
	case 11:
		w.offset(depth - 1)
		w.op(evm.CALLDATALOAD)
	case 12, 13:
		w.key(depth - 1)
		w.op(w.known(evm.SLOAD, evm.SLOAD, evm.TLOAD))
	case 14:
		w.address(depth - 1)
		w.op(w.known(evm.BALANCE, evm.BALANCE, evm.EXTCODESIZE, evm.EXTCODEHASH))
	case 15:
		w.length(depth - 1)
		w.offset(depth - 1)
		w.op(evm.KECCAK256)
	}
}

// dup pushes one of its own values again.
func (w *writer) dup() {
	w.code = append(w.code, Inst{Op: byte(evm.DUP1 + w.below(min(16, w.height)))})
	w.height++
}

// leaf pushes a value that takes one instruction.
func (w *writer) leaf() {
	switch {
	case w.height > 0 && w.oneIn(3):
		w.dup()
	case w.oneIn(3):
		w.op(w.known(nullary[2:]...))
	case w.oneIn(5):
		w.op(pick[byte](w.dice, evm.GAS, evm.MSIZE))
	case w.oneIn(30):
		w.number(998 - w.below(3)*127)
		w.op(w.known(evm.BLOCKHASH, evm.BLOCKHASH, evm.BLOBHASH))
	default:
		w.push(w.word())
	}
}

// offset pushes a place in memory: mostly near the start and not aligned, so that
// ranges overlap in every way; now and then computed, and rarely absurd.
func (w *writer) offset(depth int) {
	switch {
	case depth > 0 && w.oneIn(4):
		w.value(depth - 1)
		w.masked(pick(w.dice, 0x1f, 0x3f, 0x7f))
	case w.oneIn(3):
		w.number(32 * w.below(5))
	case w.oneIn(60):
		w.push(w.word())
	case w.oneIn(60):
		w.number(w.below(long))
	default:
		w.number(w.below(130))
	}
}

// long is above what the core gathers before a range is the oldest (32 KiB).
const long = 40_000

// length pushes the length of a range.
func (w *writer) length(depth int) {
	switch {
	case depth > 0 && w.oneIn(5):
		w.value(depth - 1)
		w.masked(pick(w.dice, 0x1f, 0x3f, 0x7f))
	case w.oneIn(12):
		w.op(w.known(evm.CALLDATASIZE, evm.MSIZE, evm.RETURNDATASIZE, evm.CODESIZE))
	case w.oneIn(80):
		w.push(w.word())
	case w.oneIn(60):
		w.number(long/2 + w.below(long))
	default:
		w.number(pick(w.dice, 0, 1, 4, 20, 31, 32, 32, 33, 64, 64, 96, 100))
	}
}

// key pushes one of a few storage keys.
func (w *writer) key(depth int) {
	if depth > 0 && w.oneIn(3) {
		w.value(depth - 1)
		w.masked(3)
		return
	}
	w.number(w.below(4))
}

// address pushes an account.
func (w *writer) address(depth int) {
	switch w.below(12) {
	case 0, 1, 2:
		w.push(pick(w.dice, contracts...).Word())
	case 10, 11: // one of two accounts, as data decides
		a, b := pick(w.dice, contracts...).Word(), pick(w.dice, everybody...).Word()
		w.value(depth - 1)
		w.masked(1)
		w.push(*new(isa.Word).Xor(&a, &b))
		w.op(evm.MUL)
		w.push(a)
		w.op(evm.XOR)
	case 3, 4: // a contract that data decides on; they have consecutive addresses
		w.value(depth - 1)
		w.masked(3)
		w.push(contracts[0].Word())
		w.op(evm.ADD)
	case 5:
		w.op(pick[byte](w.dice, evm.ADDRESS, evm.CALLER, evm.ORIGIN, evm.COINBASE))
	case 6:
		w.number(1 + w.below(pick(w.dice, 4, 10, 18)))
	case 7:
		if w.height > 0 {
			w.dup()
			return
		}
		fallthrough
	default:
		a := pick(w.dice, everybody...).Word()
		if w.oneIn(12) { // high bits are ignored
			a[3] |= 0xdead << 40
		}
		w.push(a)
	}
}

// callGas pushes what a call forwards.
func (w *writer) callGas(depth int) {
	switch w.below(10) {
	case 0:
		w.number(w.below(3000))
	case 1:
		w.number(pick(w.dice, 0, 700, 2300, 2600, 5000, 9000))
	case 2:
		w.value(depth - 1)
		w.masked(0xffff)
	case 3:
		w.push(w.word())
	case 4:
		w.number(1 + w.below(3))
		w.op(evm.GAS)
		w.op(pick[byte](w.dice, evm.DIV, evm.SUB))
	case 5:
		w.number(20_000 + w.below(40_000))
	default:
		if w.fork < evm.TangerineWhistle { // asking for more than there is fails
			w.number(pick(w.dice, 8000, 8000, 1000, 100))
			w.op(evm.GAS)
			w.op(evm.SUB)
			return
		}
		w.op(evm.GAS)
	}
}

// wei pushes an amount to send.
func (w *writer) wei(depth int) {
	switch w.below(10) {
	case 0, 1:
		w.number(1 + w.below(20))
	case 2:
		w.value(depth - 1)
		w.masked(0xf)
	case 3:
		w.op(w.known(evm.CALLVALUE, evm.SELFBALANCE))
	case 4:
		w.push(w.word())
	default:
		w.number(0)
	}
}
