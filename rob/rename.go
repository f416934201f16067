package rob

import "github.com/ooovm/ooovm/budget"

// Env indexes the renamed registers of a frame that are not on its stack.
type Env int

// The frame registers.
const (
	EnvSelf Env = iota
	EnvCaller
	EnvValue
	EnvInputOffset
	EnvInputLength
	EnvReturnOffset
	EnvReturnLength
	NumEnv
)

// Map is the rename map of one frame: which register holds each stack slot and
// each frame register. Slots at and above Height keep stale registers until they
// are overwritten, so that lowering the height needs no undo record.
type Map struct {
	Slots  []Reg
	Height int
	Env    [NumEnv]Reg
	// ReturnSpace is the frame whose memory holds what the last call returned, or -1.
	ReturnSpace FrameID
}

// undoKind says what a record restores.
type undoKind uint8

const (
	undoSlot   undoKind = iota // slot index of frame: register old
	undoSwap                   // slots index and other of frame exchange
	undoEnv                    // frame register index: register old
	undoHeight                 // frame's height
	undoReturn                 // frame's ReturnSpace
	undoFrame                  // frame was made: Maps.Undone reports it
)

type undo struct {
	kind  undoKind
	frame FrameID
	index int32
	old   int32 // register, height, frame or slot
}

// Maps are the rename maps of all frames in flight and the undo log. Every change
// logs what it overwrote. A squash undoes from the youngest record; commit
// retires from the oldest.
type Maps struct {
	Regs *Registers
	Map  []Map

	log        Ring[undo]
	head, tail uint64 // log positions, ever growing

	// Undone is called for a frame whose making was undone; Dropped for a frame
	// whose memory one ReturnSpace stopped naming.
	Undone  func(frame FrameID)
	Dropped func(frame FrameID)
}

// NewMaps makes an empty set of maps.
func NewMaps(regs *Registers) *Maps {
	const initial = 1024
	return &Maps{Regs: regs, log: NewRing[undo](initial)}
}

// Within has the undo log grow within a budget.
func (m *Maps) Within(memory *budget.Budget) { m.log.Within(memory, 0) }

// Mark is the low bits of a position in the log, which is never as long as they
// can count.
type Mark uint32

// Position is the end of the log: records below it belong to what has been renamed.
func (m *Maps) Position() uint64 { return m.tail }

// Mark marks the end of the log; At gives a marked position back, as long as it is
// not retired.
func (m *Maps) Mark() Mark { return Mark(m.tail) }

// At is the position that a mark stands for.
func (m *Maps) At(k Mark) uint64 { return m.head + uint64(k-Mark(m.head)) }

// record writes field by field: a record that is made elsewhere and copied costs
// the host a stall for every micro-op.
func (m *Maps) record(kind undoKind, frame FrameID, index, old int32) {
	if m.log.Full(m.head, m.tail) {
		m.log.Double(m.head, m.tail)
	}
	u := m.log.At(m.tail)
	u.kind, u.frame, u.index, u.old = kind, frame, index, old
	m.tail++
}

// Slot gives the register of the operand at distance below the top (0 is the top).
func (m *Maps) Slot(frame FrameID, distance int) Reg {
	f := &m.Map[frame]
	return f.Slots[f.Height-1-distance]
}

// Push maps the next slot to reg, taking a reference for the map.
func (m *Maps) Push(frame FrameID, reg Reg) { m.PushOn(&m.Map[frame], frame, reg) }

// PushOn is Push where the caller has the frame's map at hand.
func (m *Maps) PushOn(f *Map, frame FrameID, reg Reg) {
	m.Regs.Retain(reg)
	old := NoReg
	if f.Height < len(f.Slots) {
		old = f.Slots[f.Height]
		f.Slots[f.Height] = reg
	} else {
		f.Slots = append(f.Slots, reg)
	}
	m.record(undoSlot, frame, int32(f.Height), int32(old))
	f.Height++
}

// SetSlot maps the slot at an index to reg, taking a reference for the map.
func (m *Maps) SetSlot(frame FrameID, index int, reg Reg) {
	f := &m.Map[frame]
	m.Regs.Retain(reg)
	m.record(undoSlot, frame, int32(index), int32(f.Slots[index]))
	f.Slots[index] = reg
}

// Swap exchanges the top with the operand at distance below it.
func (m *Maps) Swap(frame FrameID, distance int) { m.SwapOn(&m.Map[frame], frame, distance) }

// SwapOn is Swap where the caller has the frame's map at hand.
func (m *Maps) SwapOn(f *Map, frame FrameID, distance int) {
	a, b := f.Height-1, f.Height-1-distance
	f.Slots[a], f.Slots[b] = f.Slots[b], f.Slots[a]
	m.record(undoSwap, frame, int32(a), int32(b))
}

// Drop lowers the height by n; the caller restores heights after a squash.
func (m *Maps) Drop(frame FrameID, n int) { m.Map[frame].Height -= n }

// LogHeight records the height of a frame other than the running one before it changes.
func (m *Maps) LogHeight(frame FrameID) {
	m.record(undoHeight, frame, 0, int32(m.Map[frame].Height))
}

// SetEnv renames a frame register.
func (m *Maps) SetEnv(frame FrameID, env Env, reg Reg) {
	f := &m.Map[frame]
	m.Regs.Retain(reg)
	m.record(undoEnv, frame, int32(env), int32(f.Env[env]))
	f.Env[env] = reg
}

// SetReturn names the memory that holds the returned data. The caller has taken
// the reference on it; the one on the old memory passes to the record.
func (m *Maps) SetReturn(frame, space FrameID) {
	f := &m.Map[frame]
	m.record(undoReturn, frame, 0, int32(f.ReturnSpace))
	f.ReturnSpace = space
}

// LogFrame records that a frame was made.
func (m *Maps) LogFrame(frame FrameID) { m.record(undoFrame, frame, 0, 0) }

// InitFrame gives a new frame its registers, which it retains. It is not logged:
// the frame's own record undoes it.
func (m *Maps) InitFrame(frame FrameID, env [NumEnv]Reg) {
	for int(frame) >= len(m.Map) {
		m.Map = append(m.Map, Map{})
	}
	f := &m.Map[frame]
	f.Slots, f.Height, f.Env, f.ReturnSpace = f.Slots[:0], 0, env, -1
	for _, r := range env {
		m.Regs.Retain(r)
	}
}

// InitRegisters gives a new frame its registers, which it retains. Like InitFrame it is
// not logged.
func (m *Maps) InitRegisters(frame FrameID, regs []Reg) {
	f := &m.Map[frame]
	f.Slots = append(f.Slots[:0], regs...)
	f.Height = len(regs)
	for _, r := range regs {
		m.Regs.Retain(r)
	}
}

// FreeFrame drops every reference of a frame that nothing in flight refers to.
func (m *Maps) FreeFrame(frame FrameID) {
	f := &m.Map[frame]
	for _, r := range f.Slots {
		m.Regs.Release(r)
	}
	for i, r := range f.Env {
		m.Regs.Release(r)
		f.Env[i] = ZeroReg
	}
	f.Slots, f.Height = f.Slots[:0], 0
	if s := f.ReturnSpace; s >= 0 {
		f.ReturnSpace = -1
		m.Dropped(s)
	}
}

// UndoTo walks the log back to a position.
func (m *Maps) UndoTo(position uint64) {
	for m.tail != position {
		m.tail--
		u := *m.log.At(m.tail)
		f := &m.Map[u.frame]
		switch u.kind {
		case undoSlot:
			m.Regs.Release(f.Slots[u.index])
			f.Slots[u.index] = Reg(u.old)
		case undoSwap:
			f.Slots[u.index], f.Slots[u.old] = f.Slots[u.old], f.Slots[u.index]
		case undoEnv:
			m.Regs.Release(f.Env[u.index])
			f.Env[u.index] = Reg(u.old)
		case undoHeight:
			f.Height = int(u.old)
		case undoReturn:
			current := f.ReturnSpace
			f.ReturnSpace = FrameID(u.old)
			if current >= 0 {
				m.Dropped(current)
			}
		case undoFrame:
			m.Undone(u.frame)
		}
	}
}

// RetireTo makes everything before a position final and drops what it overwrote.
func (m *Maps) RetireTo(position uint64) {
	for m.head != position {
		u := m.log.At(m.head)
		m.head++
		switch u.kind {
		case undoSlot, undoEnv:
			m.Regs.Release(Reg(u.old))
		case undoReturn:
			if u.old >= 0 {
				m.Dropped(FrameID(u.old))
			}
		}
	}
}

// Log calls visit for every register that a live record keeps, for invariant checks.
func (m *Maps) Log(visit func(Reg)) {
	for p := m.head; p != m.tail; p++ {
		if u := m.log.At(p); u.kind == undoSlot || u.kind == undoEnv {
			visit(Reg(u.old))
		}
	}
}
