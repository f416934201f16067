package fuel

import (
	"bytes"
	"testing"
)

func TestReadable(t *testing.T) {
	const stack, heap = 1000, MemorySize - 100
	for _, c := range []struct {
		addr, length uint64
		want         Panic
	}{
		{0, 1000, NoPanic},
		{0, 1001, PanicUninitalizedMemoryAccess},
		{1000, 0, NoPanic},
		{1001, 0, PanicUninitalizedMemoryAccess},
		{heap - 1, 1, PanicUninitalizedMemoryAccess},
		{heap, 100, NoPanic},
		{heap, 101, PanicMemoryOverflow},
		{MemorySize, 0, NoPanic},
		{MemorySize, 1, PanicMemoryOverflow},
		{^uint64(0), 1, PanicMemoryOverflow},
		{1, ^uint64(0), PanicMemoryOverflow},
		{0, MemorySize, PanicUninitalizedMemoryAccess}, // from the stack to the heap
	} {
		if p := Readable(c.addr, c.length, stack, heap); p != c.want {
			t.Errorf("[%d, +%d): %v where %v is expected", c.addr, c.length, p, c.want)
		}
	}
}

func TestOwner(t *testing.T) {
	contract := Owner{SSP: 500, SP: 600, HP: 9000, CallerHP: 9500}
	script := Owner{SSP: 500, SP: 500, HP: MemorySize, CallerHP: MemorySize}
	for _, c := range []struct {
		name         string
		owner        Owner
		addr, length uint64
		want         bool
	}{
		{"stack", contract, 500, 100, true},
		{"below the stack", contract, 499, 1, false},
		{"over the stack's end", contract, 599, 2, false},
		{"nothing at its end", contract, 600, 0, false},
		{"nothing within", contract, 599, 0, true},
		{"heap", contract, 9000, 500, true},
		{"the caller's heap", contract, 9500, 1, false},
		{"into the caller's heap", contract, 9499, 2, false},
		{"below the heap", contract, 8999, 1, false},
		{"nothing, at $ssp of an empty stack", script, 500, 0, true},
		{"nothing, at $hp without a heap", script, MemorySize, 0, true},
		{"nothing, at 0", script, 0, 0, false},
		{"a byte of an empty stack", script, 500, 1, false},
	} {
		if got := c.owner.Owns(c.addr, c.length); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestMemoryGrowth follows the stack and the heap as they grow into each other.
func TestMemoryGrowth(t *testing.T) {
	m := NewMemory(true)
	all := Owner{SP: MemorySize, HP: MemorySize, CallerHP: MemorySize}
	steps := []struct {
		name string
		do   func() Panic
		want Panic
	}{
		{"stack to 100", func() Panic { return m.GrowStack(100) }, NoPanic},
		{"write", func() Panic { return m.Put(all, 90, []byte("abcdefghij")) }, NoPanic},
		{"a lower stack pointer changes nothing", func() Panic { return m.GrowStack(10) }, NoPanic},
		{"above memory", func() Panic { return m.GrowStack(MemorySize + 1) }, PanicMemoryOverflow},
		{"more heap than there is", func() Panic { _, p := m.GrowHeap(0, MemorySize+1); return p }, PanicMemoryOverflow},
		{"heap below the stack pointer", func() Panic { _, p := m.GrowHeap(50, MemorySize-49); return p }, PanicMemoryGrowthOverlap},
		{"heap into the old stack", func() Panic { _, p := m.GrowHeap(50, MemorySize-95); return p }, NoPanic},
		{"stack into the heap", func() Panic { return m.GrowStack(96) }, PanicMemoryGrowthOverlap},
		{"from the stack to the heap", func() Panic { return m.Check(94, 2) }, PanicUninitalizedMemoryAccess},
	}
	for _, s := range steps {
		if p := s.do(); p != s.want {
			t.Errorf("%s: %v where %v is expected", s.name, p, s.want)
		}
	}
	stack, _ := m.Read(90, 5)
	heap, _ := m.Read(95, 5)
	if !bytes.Equal(stack, []byte("abcde")) || !bytes.Equal(heap, make([]byte, 5)) {
		t.Errorf("%q, %v: the stack keeps its bytes, the heap begins with zeros", stack, heap)
	}
	if w := m.Written(); len(w) != 1 || w[0] != (Span{90, 10}) || len(m.Written()) != 0 {
		t.Errorf("written: %v", w)
	}
}

// TestHeapKeepsItsBytes grows the heap past its spare room.
func TestHeapKeepsItsBytes(t *testing.T) {
	m := NewMemory(false)
	for i := range 12 {
		hp, p := m.GrowHeap(0, 100)
		if p != NoPanic || hp != MemorySize-100*uint64(i+1) {
			t.Fatalf("%d, %v", hp, p)
		}
		if p := m.PutSystem(hp, []byte{byte(i)}); p != NoPanic {
			t.Fatal(p)
		}
	}
	for i := range 12 {
		if b, p := m.Read(MemorySize-100*uint64(i+1), 2); p != NoPanic || b[0] != byte(i) || b[1] != 0 {
			t.Errorf("block %d: %v, %v", i, b, p)
		}
	}
}

func TestCopy(t *testing.T) {
	for _, c := range []struct {
		dst, src, length uint64
		want             Panic
	}{
		{10, 20, 10, NoPanic},
		{10, 20, 11, PanicMemoryWriteOverlap},
		{20, 10, 11, PanicMemoryWriteOverlap},
		{10, 10, 1, PanicMemoryWriteOverlap},
		{10, 10, 0, NoPanic},
		{0, 50, 1, PanicMemoryOwnership},
		{10, 99, 2, PanicUninitalizedMemoryAccess},
		{99, 10, 2, PanicUninitalizedMemoryAccess},
	} {
		m := NewMemory(false)
		m.GrowStack(100)
		if p := m.Copy(Owner{SSP: 1, SP: 100, HP: MemorySize, CallerHP: MemorySize}, c.dst, c.src, c.length); p != c.want {
			t.Errorf("%+v: %v", c, p)
		}
	}
}
