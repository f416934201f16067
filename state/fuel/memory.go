package fuel

// MemorySize is the size of the address space in bytes.
const MemorySize = 1 << 26

// Memory is one transaction's memory: a stack that grows up from 0 and a heap that
// grows down from MemorySize, with nothing between them. The stack is as long as
// the highest stack pointer there has been, less what the heap has since taken; bytes that
// the pointer left behind keep their values.
type Memory struct {
	stack []byte
	heap  []byte // ends at MemorySize; its front may be spare
	hp    uint64

	record bool
	spans  []Span
}

// Span is a range of memory in bytes.
type Span struct{ Start, Length uint64 }

// NewMemory gives an empty memory. With record set it notes what is written, for Written.
func NewMemory(record bool) *Memory { return &Memory{hp: MemorySize, record: record} }

// StackEnd is the end of what can be read of the stack.
func (m *Memory) StackEnd() uint64 { return uint64(len(m.stack)) }

// HeapStart is the lowest address of the heap.
func (m *Memory) HeapStart() uint64 { return m.hp }

// Written gives the ranges written since the last call, in order. The slice is
// valid until the next write.
func (m *Memory) Written() []Span {
	spans := m.spans
	m.spans = m.spans[:0]
	return spans
}

// Check tells whether a range can be read: it lies in memory, and wholly in the
// stack or wholly in the heap.
func (m *Memory) Check(addr, length uint64) Panic {
	return Readable(addr, length, m.StackEnd(), m.hp)
}

// Readable is the rule behind Check, for a stack that ends and a heap that begins
// at the given addresses.
func Readable(addr, length, stackEnd, heapStart uint64) Panic {
	if addr > MemorySize || length > MemorySize || addr+length > MemorySize {
		return PanicMemoryOverflow
	}
	if addr+length <= stackEnd || addr >= heapStart {
		return NoPanic
	}
	return PanicUninitalizedMemoryAccess
}

// at gives the bytes of a range that Check has passed.
func (m *Memory) at(addr, length uint64) []byte {
	if end := addr + length; end <= m.StackEnd() {
		return m.stack[addr:end:end]
	}
	base := uint64(MemorySize - len(m.heap))
	return m.heap[addr-base : addr-base+length : addr-base+length]
}

// Read gives a range of memory. The bytes are memory's own: they change with it.
func (m *Memory) Read(addr, length uint64) ([]byte, Panic) {
	if p := m.Check(addr, length); p != NoPanic {
		return nil, p
	}
	return m.at(addr, length), NoPanic
}

// ReadID reads 32 bytes.
func (m *Memory) ReadID(addr uint64) (id ID, p Panic) {
	b, p := m.Read(addr, 32)
	copy(id[:], b)
	return id, p
}

// Owner says what the running context may write: the stack from SSP to SP, and the
// heap from HP to the heap pointer of its caller.
type Owner struct{ SSP, SP, HP, CallerHP uint64 }

// Owns reports whether the range is the owner's. An empty range counts by its start.
func (o Owner) Owns(addr, length uint64) bool {
	end := addr + length
	if length == 0 && (addr == o.SSP || addr == o.HP) {
		return true
	}
	if addr >= o.SSP && addr < o.SP && end <= o.SP {
		return true
	}
	return addr >= o.HP && o.HP != o.CallerHP && end <= o.CallerHP
}

// Write checks that a range can be read and is the owner's, and gives its bytes to be overwritten.
func (m *Memory) Write(o Owner, addr, length uint64) ([]byte, Panic) {
	if p := m.Check(addr, length); p != NoPanic {
		return nil, p
	}
	if !o.Owns(addr, length) {
		return nil, PanicMemoryOwnership
	}
	return m.open(addr, length), NoPanic
}

// Put writes data as Write allows it.
func (m *Memory) Put(o Owner, addr uint64, data []byte) Panic {
	dst, p := m.Write(o, addr, uint64(len(data)))
	copy(dst, data)
	return p
}

// PutSystem writes what the VM itself writes, whoever owns it: frames, balances, outputs.
func (m *Memory) PutSystem(addr uint64, data []byte) Panic {
	if p := m.Check(addr, uint64(len(data))); p != NoPanic {
		return p
	}
	copy(m.open(addr, uint64(len(data))), data)
	return NoPanic
}

// Peek reads a range without any rule: what does not exist is zero.
func (m *Memory) Peek(addr uint64, into []byte) {
	clear(into)
	end := addr + uint64(len(into))
	if addr < m.StackEnd() {
		copy(into, m.stack[addr:])
	}
	if end > m.hp && addr < MemorySize {
		from := max(addr, m.hp)
		copy(into[from-addr:], m.at(from, min(end, MemorySize)-from))
	}
}

// Poke writes a range that Write would allow; nothing happens to one that does not exist.
func (m *Memory) Poke(addr uint64, data []byte) {
	if m.Check(addr, uint64(len(data))) == NoPanic {
		copy(m.open(addr, uint64(len(data))), data)
	}
}

func (m *Memory) open(addr, length uint64) []byte {
	if m.record && length > 0 {
		m.spans = append(m.spans, Span{addr, length})
	}
	return m.at(addr, length)
}

// Copy moves length bytes between ranges that must not overlap.
func (m *Memory) Copy(o Owner, dst, src, length uint64) Panic {
	if p := m.Check(dst, length); p != NoPanic {
		return p
	}
	from, p := m.Read(src, length)
	if p != NoPanic {
		return p
	}
	if length > 0 && dst < src+length && src < dst+length {
		return PanicMemoryWriteOverlap
	}
	to, p := m.Write(o, dst, length)
	copy(to, from)
	return p
}

// GrowStack makes the stack readable up to sp. New bytes are zero.
func (m *Memory) GrowStack(sp uint64) Panic {
	if sp > MemorySize {
		return PanicMemoryOverflow
	}
	if sp <= m.StackEnd() {
		return NoPanic
	}
	if sp > m.hp {
		return PanicMemoryGrowthOverlap
	}
	if sp <= uint64(cap(m.stack)) {
		old := len(m.stack)
		m.stack = m.stack[:sp]
		clear(m.stack[old:])
		return NoPanic
	}
	m.stack = append(m.stack, make([]byte, sp-m.StackEnd())...)
	return NoPanic
}

// GrowHeap takes the heap down by amount bytes, which are zero, and gives the new
// heap pointer. The heap cannot come below sp; stack bytes above sp that it takes are gone.
func (m *Memory) GrowHeap(sp, amount uint64) (hp uint64, p Panic) {
	if amount > m.hp {
		return m.hp, PanicMemoryOverflow
	}
	hp = m.hp - amount
	if hp < sp {
		return m.hp, PanicMemoryGrowthOverlap
	}
	if need := MemorySize - hp; need > uint64(len(m.heap)) {
		size := max(need, min(2*uint64(len(m.heap)), MemorySize), 256)
		grown := make([]byte, size)
		copy(grown[size-uint64(len(m.heap)):], m.heap)
		m.heap = grown
	}
	m.hp = hp
	clear(m.at(hp, amount))
	if hp < m.StackEnd() {
		m.stack = m.stack[:hp]
	}
	return hp, NoPanic
}
