package traces

import (
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/isa"
)

// Oracle answers questions about the recorded stream by instruction number. It is
// what oracle predictors read (predictor.Golden); an answer for an instruction
// that the stream does not have is "no".
type Oracle struct {
	g     *Golden
	first []uint32 // accesses first[k] to first[k+1] are those of step k
}

// Oracle makes the index that questions need.
func (g *Golden) Oracle() *Oracle {
	o := &Oracle{g: g, first: make([]uint32, g.Steps.Len()+1)}
	n := 0
	for k := range g.Steps.Len() {
		o.first[k] = uint32(n)
		for n < g.Accesses.Len() && g.Accesses.At(n).Step <= uint32(k) {
			n++
		}
	}
	o.first[g.Steps.Len()] = uint32(n)
	return o
}

func (o *Oracle) step(k uint64) *Step {
	if k >= uint64(o.g.Steps.Len()) {
		return nil
	}
	return o.g.Steps.At(int(k))
}

// NextPC is the code position that follows step k in its own frame, false when
// another frame follows.
func (o *Oracle) NextPC(k uint64) (uint32, bool) {
	s, next := o.step(k), o.step(k+1)
	if s == nil || next == nil || s.Depth != next.Depth || s.Flags&FlagFault != 0 {
		return 0, false
	}
	return next.PC, true
}

// Taken tells whether step k, a conditional jump, jumps.
func (o *Oracle) Taken(k uint64) bool {
	pc, ok := o.NextPC(k)
	return ok && pc != o.g.Steps.At(int(k)).PC+1
}

// Callee is the account that step k calls.
func (o *Oracle) Callee(k uint64) (isa.Word, bool) {
	s := o.step(k)
	if s == nil {
		return isa.Word{}, false
	}
	switch vm.OpCode(s.Op) {
	case vm.CALL, vm.CALLCODE, vm.DELEGATECALL, vm.STATICCALL:
		for i, end := o.accesses(k); i < end; i++ {
			if a := o.g.Accesses.At(i); a.Kind == AccessCode {
				return o.g.Keys[a.Key].Account.Word(), true
			}
		}
	}
	return isa.Word{}, false
}

// accesses are those of step k, from one on to before another.
func (o *Oracle) accesses(k uint64) (from, end int) {
	if k >= uint64(o.g.Steps.Len()) {
		return 0, 0
	}
	return int(o.first[k]), int(o.first[k+1])
}

// Overlap tells whether step load reads a byte or a key that step store writes.
func (o *Oracle) Overlap(load, store uint64) bool {
	first, end := o.accesses(load)
	for i, last := o.accesses(store); i < last; i++ {
		w := o.g.Accesses.At(i)
		if !w.Write {
			continue
		}
		for j := first; j < end; j++ {
			r := o.g.Accesses.At(j)
			if r.Write || r.Kind != w.Kind {
				continue
			}
			if r.Kind != AccessMemory {
				if r.Key == w.Key {
					return true
				}
				continue
			}
			if r.Frame == w.Frame && r.Off < w.Off+w.Len && w.Off < r.Off+r.Len {
				return true
			}
		}
	}
	return false
}

// Faults tells whether step k faults, or is a call that fails without running code:
// for want of depth or balance, or in a built-in.
func (o *Oracle) Faults(k uint64) bool {
	s := o.step(k)
	if s == nil {
		return false
	}
	if s.Flags&FlagFault != 0 {
		return true
	}
	switch vm.OpCode(s.Op) {
	case vm.CALL, vm.CALLCODE, vm.DELEGATECALL, vm.STATICCALL:
		next := o.step(k + 1)
		return next != nil && next.Depth == s.Depth && next.Top.IsZero()
	}
	return false
}

// Gas is what step k, an instruction that reads the gas left, yields.
func (o *Oracle) Gas(k uint64) (uint64, bool) {
	s := o.step(k)
	if s == nil || vm.OpCode(s.Op) != vm.GAS || s.Flags&FlagFault != 0 {
		return 0, false
	}
	return s.Gas - s.Cost, true
}

// Value is the word that step k pushes, false when it pushes none or faults, or when the
// stream does not say.
func (o *Oracle) Value(k uint64) (isa.Word, bool) {
	s, next := o.step(k), o.step(k+1)
	if s == nil || next == nil || s.Depth != next.Depth || s.Flags&FlagFault != 0 {
		return isa.Word{}, false
	}
	switch vm.OpCode(s.Op) {
	case vm.SLOAD, vm.BALANCE, vm.SELFBALANCE, vm.EXTCODESIZE, vm.EXTCODEHASH:
		return next.Top, true
	}
	return isa.Word{}, false
}
