package rob

import (
	"testing"
	"unsafe"

	"github.com/ooovm/ooovm/isa"
)

// BenchmarkRename is the renaming of one addition: two operands dropped, a result
// pushed, committed.
func BenchmarkRename(b *testing.B) {
	regs := NewRegisters()
	maps := NewMaps(regs)
	maps.InitFrame(0, [NumEnv]Reg{ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg, ZeroReg})
	constant := regs.AddConst(new(isa.Word))
	maps.Push(0, constant)
	for b.Loop() {
		maps.Push(0, constant)
		maps.Push(0, maps.Slot(0, 1))
		maps.Swap(0, 1)
		maps.Drop(0, 2)
		result := regs.Alloc()
		maps.Push(0, result)
		maps.RetireTo(maps.Position())
		regs.Release(result)
		maps.Drop(0, 1)
	}
}

// BenchmarkBuffer is the passage of one entry.
func BenchmarkBuffer(b *testing.B) {
	buffer := NewBuffer()
	for b.Loop() {
		buffer.Add()
		buffer.Dispatch++
		if buffer.Tail-buffer.Head == 256 {
			buffer.Head++
		}
	}
}

// TestEntrySize: an entry is two cache lines of 64 bytes.
func TestEntrySize(t *testing.T) {
	if got := unsafe.Sizeof(Entry{}); got != 128 {
		t.Errorf("an entry is %d bytes, want 128", got)
	}
}
