package rob

import (
	"testing"

	"github.com/ooovm/ooovm/isa"
)

// TestFile: renaming a position keeps what it overwrote until it retires or is undone,
// and a call's copy of a file holds its registers by itself.
func TestFile(t *testing.T) {
	regs := NewRegisters()
	m := NewMaps(regs)
	m.Undone, m.Dropped = func(FrameID) {}, func(FrameID) {}
	fresh := func(v uint64) Reg {
		r := regs.Alloc()
		*regs.Value(r) = isa.Word{v}
		regs.SetReady(r)
		return r
	}
	first, second := fresh(1), fresh(2)
	m.InitFrame(0, [NumEnv]Reg{ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg})
	m.InitRegisters(0, []Reg{ZeroReg, first})
	regs.Release(first) // the map holds it now
	mark := m.Position()
	m.SetSlot(0, 1, second)
	regs.Release(second)
	if m.Map[0].Slots[1] != second || regs.Live() != 2 {
		t.Fatalf("position 1 holds %d, %d registers live", m.Map[0].Slots[1], regs.Live())
	}
	m.UndoTo(mark)
	if m.Map[0].Slots[1] != first || regs.Live() != 1 {
		t.Errorf("undone: position 1 holds %d, %d registers live", m.Map[0].Slots[1], regs.Live())
	}
	third := fresh(3)
	m.InitFrame(1, [NumEnv]Reg{ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg})
	m.InitRegisters(1, m.Map[0].Slots)
	m.SetSlot(1, 1, third)
	regs.Release(third)
	m.RetireTo(m.Position())
	if m.Map[0].Slots[1] != first || m.Map[1].Slots[1] != third || regs.Live() != 2 {
		t.Errorf("caller %d, callee %d, %d registers live", m.Map[0].Slots[1], m.Map[1].Slots[1], regs.Live())
	}
	m.FreeFrame(1)
	m.FreeFrame(0)
	if regs.Live() != 0 {
		t.Errorf("%d registers live after both frames", regs.Live())
	}
}
