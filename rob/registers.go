// Package rob holds what renaming and in-order retirement need: the reorder
// buffer, the rename maps of frames, the physical registers with their reference
// counts, and the undo log that a squash walks back. It knows nothing of what
// instructions compute.
package rob

import "github.com/ooovm/ooovm/isa"

// Reg names a physical register, or with the top bit set a constant.
type Reg uint32

const (
	// NoReg is the absence of a register.
	NoReg Reg = 0x7fffffff
	// constBit marks constants: values known at rename, held outside the
	// register file (the immediate of a rename map entry).
	constBit Reg = 1 << 31
	// ZeroReg is the constant zero.
	ZeroReg = constBit
)

// IsConst reports whether the register is a constant, known at rename.
func (r Reg) IsConst() bool { return r&constBit != 0 }

// regState is the bookkeeping of one physical register.
type regState struct {
	refs  int32 // map entries, in-flight readers, undo records, and its uncommitted producer
	ready bool
	// waiters heads the list of sources that wait for the value: a Wait, 0 when empty.
	waiters Wait
}

// Wait names one source of one in-flight entry: sequence number and source index.
// Zero means none.
type Wait uint64

// MakeWait packs a wait; seq starts at 1.
func MakeWait(seq uint64, source int) Wait { return Wait(seq<<2 | uint64(source)) }

// Seq is the waiting entry.
func (w Wait) Seq() uint64 { return uint64(w >> 2) }

// Source is the waiting source's index.
func (w Wait) Source() int { return int(w & 3) }

// Registers is the physical register file and the constants beside it. Values of
// committed producers stay in it as the architectural stack; the limit on
// physical registers counts the others and is the pipeline's to keep.
type Registers struct {
	values []isa.Word
	state  []regState
	free   []Reg
	consts []isa.Word
}

// NewRegisters makes a file in which only the constant zero exists.
func NewRegisters() *Registers { return &Registers{consts: make([]isa.Word, 1)} }

// AddConsts appends constants and returns the register of the first.
func (r *Registers) AddConsts(words []isa.Word) Reg {
	first := constBit | Reg(len(r.consts))
	r.consts = append(r.consts, words...)
	return first
}

// SetConst overwrites a constant that nothing in flight reads.
func (r *Registers) SetConst(reg Reg, w *isa.Word) { r.consts[reg&^constBit] = *w }

// Alloc takes a register that is not ready, with one reference.
func (r *Registers) Alloc() Reg {
	if n := len(r.free); n > 0 {
		reg := r.free[n-1]
		r.free = r.free[:n-1]
		r.state[reg] = regState{refs: 1}
		return reg
	}
	r.values = append(r.values, isa.Word{})
	r.state = append(r.state, regState{refs: 1})
	return Reg(len(r.state) - 1)
}

// Value gives the register's word. The pointer is valid until the next Alloc or
// AddConsts.
func (r *Registers) Value(reg Reg) *isa.Word {
	if reg.IsConst() {
		return &r.consts[reg&^constBit]
	}
	return &r.values[reg]
}

// Ready reports whether the register's value can be read.
func (r *Registers) Ready(reg Reg) bool { return reg.IsConst() || r.state[reg].ready }

// SetReady makes the value visible and hands over the list of waiters.
func (r *Registers) SetReady(reg Reg) Wait {
	s := &r.state[reg]
	s.ready = true
	w := s.waiters
	s.waiters = 0
	return w
}

// AddWaiter puts w in front of the waiters and returns the previous front, which
// the waiting entry keeps as its link.
func (r *Registers) AddWaiter(reg Reg, w Wait) (next Wait) {
	s := &r.state[reg]
	next, s.waiters = s.waiters, w
	return next
}

// RemoveWaiter takes w off the front. Entries wait in program order and are
// squashed youngest first, so w is at the front whenever the value is not ready.
func (r *Registers) RemoveWaiter(reg Reg, w, next Wait) {
	if s := &r.state[reg]; s.waiters == w {
		s.waiters = next
	}
}

// Retain adds a reference.
func (r *Registers) Retain(reg Reg) {
	if !reg.IsConst() {
		r.state[reg].refs++
	}
}

// Release drops a reference and frees the register with the last one.
func (r *Registers) Release(reg Reg) {
	if reg.IsConst() || reg == NoReg {
		return
	}
	s := &r.state[reg]
	s.refs--
	if s.refs == 0 {
		r.free = append(r.free, reg)
	}
}

// Live is the number of registers in use; Free of those that are not. Their sum
// is Size.
func (r *Registers) Live() int { return len(r.state) - len(r.free) }

// Free is the number of registers not in use.
func (r *Registers) Free() int { return len(r.free) }

// Size is the number of registers ever made.
func (r *Registers) Size() int { return len(r.state) }

// Refs is the reference count of a register, for invariant checks.
func (r *Registers) Refs(reg Reg) int { return int(r.state[reg].refs) }
