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
	refs int32 // map entries, in-flight readers, undo records, and its uncommitted producer
	// waiters heads the list of sources that wait for the value: a Wait, 0 when
	// empty, valueReady when there is nothing to wait for.
	waiters Wait
}

// Wait names one source of one in-flight entry: source index and the low bits of
// the sequence number. Zero means none.
type Wait uint32

const (
	waitValid Wait = 1 << 31
	// waitSeqs bounds the entries that can be in flight at once.
	waitSeqs = 1 << 29

	valueReady Wait = 1
)

// MakeWait packs a wait.
func MakeWait(seq Seq, source int) Wait {
	return waitValid | Wait(seq&(waitSeqs-1))<<2 | Wait(source)
}

// Seq is the waiting entry, the first one at or above head that it can be.
func (w Wait) Seq(head Seq) Seq {
	return head + (Seq(w&^waitValid>>2)-head)&(waitSeqs-1)
}

// Source is the waiting source's index.
func (w Wait) Source() int { return int(w & 3) }

// Registers is the physical register file and the constants beside it. Values of
// committed producers stay in it as the architectural stack; the limit on
// physical registers counts the others and is the pipeline's to keep.
type Registers struct {
	values []isa.Word
	state  []regState
	free   []Reg
	// pages are the constants: the register's upper bits name the page, its lower
	// ones the word. Most pages are a program's own words, which are not copied.
	pages [][]isa.Word
	open  int // page that AddConst fills
}

const (
	pageBits  = 8
	pageWords = 1 << pageBits
)

// NewRegisters makes a file in which only the constant zero exists.
func NewRegisters() *Registers {
	return &Registers{pages: [][]isa.Word{make([]isa.Word, 1, pageWords)}}
}

// AddConst adds a constant and returns its register. As long as they fit a page,
// the registers of constants added one after the other follow each other.
func (r *Registers) AddConst(w *isa.Word) Reg {
	if len(r.pages[r.open]) == pageWords {
		r.open = len(r.pages)
		r.pages = append(r.pages, make([]isa.Word, 0, pageWords))
	}
	page := append(r.pages[r.open], *w)
	r.pages[r.open] = page
	return constBit | Reg(r.open<<pageBits+len(page)-1)
}

// ShareConsts makes constants of words that never change, without copying them, and
// returns the register of the first. Those of the others follow it.
func (r *Registers) ShareConsts(words []isa.Word) Reg {
	first := constBit | Reg(len(r.pages)<<pageBits)
	for len(words) > 0 {
		n := min(len(words), pageWords)
		r.pages = append(r.pages, words[:n:n])
		words = words[n:]
	}
	return first
}

// AddBank adds n constants that follow each other, to be set with SetConst.
func (r *Registers) AddBank(n int) Reg { return r.ShareConsts(make([]isa.Word, n)) }

// SetConst overwrites a constant of AddBank that nothing in flight reads.
func (r *Registers) SetConst(reg Reg, w *isa.Word) { *r.Value(reg) = *w }

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
// AddConst.
func (r *Registers) Value(reg Reg) *isa.Word {
	if reg.IsConst() {
		i := reg &^ constBit
		return &r.pages[i>>pageBits][i%pageWords]
	}
	return &r.values[reg]
}

// Ready reports whether the register's value can be read.
func (r *Registers) Ready(reg Reg) bool { return reg.IsConst() || r.state[reg].waiters == valueReady }

// SetReady makes the value visible and hands over the list of waiters.
func (r *Registers) SetReady(reg Reg) Wait {
	s := &r.state[reg]
	w := s.waiters
	s.waiters = valueReady
	if w == valueReady {
		return 0
	}
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
