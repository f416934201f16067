package machine

import (
	"maps"
	"slices"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
)

// slice executes again what depends on stale values, along the log of an incarnation,
// as ParallelEVM's redo phase does (EuroSys 2025, section 5): micro-ops whose sources
// have changed are executed with the new values, all others keep what they have made.
// What decides on the course of the transaction must not change: the direction of
// branches, targets, addresses and lengths in memory, storage keys, operands of calls
// and whatever gas depends on. A change of one of these fails the guard.
type slice struct {
	log   *pipeline.OpLog
	cost  func(isa.Op) isa.Cycle // latency
	made  map[int32]remade
	bytes map[rob.FrameID]map[uint64]remadeByte // by space and offset: where memory differs
	cells map[cell]words                        // what the transaction has stored, and what is stale
	undo  []change
	marks []mark // of the open frames
	base  func(owner, slot *isa.Word) words

	events []event // live ones, in order
	uops   uint64
	depth  isa.Cycle
}

// remade is the new result of a micro-op and the cycle in which it is there.
type remade struct {
	value isa.Word
	ready isa.Cycle
}

type remadeByte struct {
	value byte
	ready isa.Cycle
}

// cell is one storage slot, in one of the storage spaces.
type cell struct {
	space       isa.Space
	owner, slot isa.Word
}

// words are what a cell had for the incarnation and what it has now.
type words struct {
	then, now isa.Word
	ready     isa.Cycle
}

type change struct {
	cell   cell
	before words
	known  bool
}

type mark struct{ undo, events int }

// event is one range of memory handed to the outside, where its bytes differ.
type event map[uint64]byte

// run goes along the log until a guard fails.
func (s *slice) run() Guard {
	for i := range s.log.Ops {
		op := &s.log.Ops[i]
		guard := GuardsHeld
		switch op.Kind {
		case pipeline.LogEnter:
			delete(s.bytes, op.Frame)
			s.marks = append(s.marks, mark{len(s.undo), len(s.events)})
			if op.Op == isa.Create {
				guard = GuardOther
			}
		case pipeline.LogLeave, pipeline.LogUndo:
			s.copyBytes(op.Other, op.Off, op.From, op.FromOff, op.N, op.N)
			s.leave(op.Kind == pipeline.LogUndo)
		case pipeline.LogEvent:
			changed := event{}
			for at, b := range s.within(op.From, op.FromOff, op.FromN) {
				changed[at] = b.value
			}
			s.events = append(s.events, changed)
		default:
			guard = s.step(int32(i), op)
		}
		if guard != GuardsHeld {
			return guard
		}
	}
	return GuardsHeld
}

// leave closes the innermost frame and takes back what it stored if it is undone.
func (s *slice) leave(undone bool) {
	m := s.marks[len(s.marks)-1]
	s.marks = s.marks[:len(s.marks)-1]
	if !undone {
		return
	}
	for i := len(s.undo) - 1; i >= m.undo; i-- {
		if c := &s.undo[i]; c.known {
			s.cells[c.cell] = c.before
		} else {
			delete(s.cells, c.cell)
		}
	}
	s.undo, s.events = s.undo[:m.undo], s.events[:m.events]
}

// source gives a source's new value, when it is there, and whether it has changed.
func (s *slice) source(source int32) (w *isa.Word, ready isa.Cycle, changed bool) {
	if r, ok := s.made[source]; ok {
		return &r.value, r.ready, true
	}
	return s.log.Source(source), 0, false
}

// step goes over one micro-op.
func (s *slice) step(i int32, op *pipeline.LoggedOp) Guard {
	var src [4]*isa.Word
	var changed [4]bool
	var ready isa.Cycle
	any := false
	for k := range src {
		var at isa.Cycle
		src[k], at, changed[k] = s.source(op.Src[k])
		ready = max(ready, at)
		any = any || changed[k]
	}
	info := &isa.Table[op.Op]
	switch op.Op {
	case isa.StateLoad:
		return holds(!any && s.load(i, op, src, ready), GuardKey)
	case isa.StateKey:
		return holds(!any, GuardKey)
	case isa.StateData:
		return holds(s.store(i, op, src[0], any, ready), GuardGas)
	case isa.StoreData, isa.StoreData1:
		s.write(op, src[0], any, ready)
		return GuardsHeld
	case isa.CopyData:
		if !any {
			s.copyBytes(op.Frame, op.Off, op.From, op.FromOff, op.FromN, op.N)
		}
		return holds(!any, GuardMemory)
	case isa.Load, isa.LoadInput:
		if !any {
			s.read(i, op)
		}
		return holds(!any, GuardMemory)
	}
	switch {
	case op.FromN > 0 && len(s.within(op.From, op.FromOff, op.FromN)) > 0:
		return GuardHash
	case !any:
		return GuardsHeld
	case op.Op == isa.Branch:
		s.take(op.Op, ready)
		return holds(!changed[0] && src[1].IsZero() == s.log.Source(op.Src[1]).IsZero(), GuardBranch)
	case op.Op == isa.Exp && changed[1]:
		return GuardGas
	case info.Class == isa.ClassALU && info.Result:
		var w isa.Word
		isa.Exec(op.Op, &w, src[0], src[1], src[2])
		s.remake(i, op, &w, ready)
		return GuardsHeld
	case op.Op == isa.HashPair:
		return GuardHash
	case op.Op == isa.Hash || op.Op == isa.RangeAddress || info.Class == isa.ClassStoreAddr:
		return GuardMemory
	case info.Class == isa.ClassBranch:
		return GuardBranch
	}
	return GuardCall
}

func holds(ok bool, otherwise Guard) Guard {
	if ok {
		return GuardsHeld
	}
	return otherwise
}

// take counts a micro-op that is executed again.
func (s *slice) take(op isa.Op, ready isa.Cycle) (done isa.Cycle) {
	s.uops++
	done = ready + s.cost(op)
	s.depth = max(s.depth, done)
	return done
}

func (s *slice) remake(i int32, op *pipeline.LoggedOp, w *isa.Word, ready isa.Cycle) {
	done := s.take(op.Op, ready)
	if *w != op.Result {
		s.made[i] = remade{*w, done}
	}
}

// load finds a cell again.
func (s *slice) load(i int32, op *pipeline.LoggedOp, src [4]*isa.Word, ready isa.Cycle) bool {
	w := s.words(cellOf(op, src))
	if w.now != w.then {
		s.remake(i, op, &w.now, max(ready, w.ready))
	}
	return w.then == op.Result
}

func cellOf(op *pipeline.LoggedOp, src [4]*isa.Word) cell {
	c := cell{space: isa.Space(op.Imm), slot: *src[1]}
	isa.Exec(isa.Account, &c.owner, src[0], nil, nil)
	return c
}

func (s *slice) words(c cell) words {
	if w, ok := s.cells[c]; ok {
		return w
	}
	if c.space != isa.Persistent {
		return words{}
	}
	return s.base(&c.owner, &c.slot)
}

// store writes a cell again. The gas of a store depends on which of the value
// before the transaction, the present and the new one are zero or equal.
func (s *slice) store(i int32, op *pipeline.LoggedOp, value *isa.Word, changed bool, ready isa.Cycle) bool {
	key := &s.log.Ops[i-1] // its key part is the micro-op before
	if key.Op != isa.StateKey {
		return false
	}
	var src [4]*isa.Word
	for k := range src {
		src[k], _, _ = s.source(key.Src[k])
	}
	c := cellOf(key, src)
	current := s.words(c)
	next := words{then: *s.log.Source(op.Src[0]), now: *value, ready: ready}
	if changed {
		next.ready = s.take(op.Op, ready)
	}
	if c.space == isa.Persistent {
		origin := s.base(&c.owner, &c.slot)
		if !alike(&[3]isa.Word{origin.then, current.then, next.then}, &[3]isa.Word{origin.now, current.now, next.now}) {
			return false
		}
		if !changed && current.then != current.now {
			s.take(op.Op, current.ready) // its guard
		}
	}
	before, known := s.cells[c]
	s.undo = append(s.undo, change{c, before, known})
	s.cells[c] = next
	return true
}

// alike reports whether the same of three values are zero and equal to each other.
func alike(a, b *[3]isa.Word) bool {
	for i := range a {
		if a[i].IsZero() != b[i].IsZero() {
			return false
		}
		for j := range i {
			if (a[i] == a[j]) != (b[i] == b[j]) {
				return false
			}
		}
	}
	return true
}

// within gives the bytes of a range that differ, by their distance from its begin.
func (s *slice) within(space rob.FrameID, off, n uint64) map[uint64]remadeByte {
	all := s.bytes[space]
	if len(all) == 0 || n == 0 {
		return nil
	}
	found := map[uint64]remadeByte{}
	if uint64(len(all)) < n {
		for at, b := range all {
			if at >= off && at-off < n {
				found[at-off] = b
			}
		}
		return found
	}
	for k := range n {
		if b, ok := all[off+k]; ok {
			found[k] = b
		}
	}
	return found
}

// clear says that a range holds what the incarnation wrote there.
func (s *slice) clear(space rob.FrameID, off, n uint64) {
	maps.DeleteFunc(s.bytes[space], func(at uint64, _ remadeByte) bool { return at >= off && at-off < n })
}

func (s *slice) set(space rob.FrameID, at uint64, b remadeByte) {
	if s.bytes[space] == nil {
		s.bytes[space] = map[uint64]remadeByte{}
	}
	s.bytes[space][at] = b
}

// copyBytes copies have bytes to a range of n, the rest of which is zero.
func (s *slice) copyBytes(to rob.FrameID, off uint64, from rob.FrameID, fromOff, have, n uint64) {
	moved := s.within(from, fromOff, min(have, n))
	s.clear(to, off, n)
	if len(moved) == 0 {
		return
	}
	var ready isa.Cycle
	for _, b := range moved {
		ready = max(ready, b.ready)
	}
	done := s.take(isa.CopyData, ready)
	for at, b := range moved {
		s.set(to, off+at, remadeByte{b.value, done})
	}
}

// write stores a word or a byte in memory.
func (s *slice) write(op *pipeline.LoggedOp, value *isa.Word, changed bool, ready isa.Cycle) {
	s.clear(op.Frame, op.Off, op.N)
	if !changed {
		return
	}
	done := s.take(op.Op, ready)
	now, then := value.Bytes32(), s.log.Source(op.Src[0]).Bytes32()
	for k := range op.N {
		if b := now[32-op.N+k]; b != then[32-op.N+k] {
			s.set(op.Frame, op.Off+k, remadeByte{b, done})
		}
	}
}

// read loads a word from memory.
func (s *slice) read(i int32, op *pipeline.LoggedOp) {
	differ := s.within(op.From, op.FromOff, min(op.FromN, 32))
	if len(differ) == 0 {
		return
	}
	word := op.Result.Bytes32()
	var ready isa.Cycle
	for at, b := range differ {
		word[at] = b.value
		ready = max(ready, b.ready)
	}
	var w isa.Word
	w.SetBytes32(word[:])
	s.remake(i, op, &w, ready)
}

// patch puts what the slice has changed into an incarnation's writes and its result.
func (s *slice) patch(x *Incarnation) bool {
	writes := slices.Clone(x.Writes)
	for i := range writes {
		k := &writes[i].Key
		if k.Kind != state.KeySlot {
			continue
		}
		if w, ok := s.cells[cell{isa.Persistent, k.Owner, k.Slot}]; ok {
			if w.then != writes[i].Value.Word {
				return false
			}
			writes[i].Value.Word = w.now
		}
	}
	r, ok := x.Result.(state.TxResult)
	if !ok || len(r.Logs) != len(s.events) {
		return false
	}
	r.Logs = slices.Clone(r.Logs)
	for i, changed := range s.events {
		data := slices.Clone(r.Logs[i].Data)
		for at, b := range changed {
			data[at] = b
		}
		r.Logs[i].Data = data
	}
	x.Writes, x.Result = writes, r
	return true
}
