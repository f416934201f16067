// Package prefetch brings keys of state on the chip before the code asks for them. A Unit asks
// a predictor of keys about each call that is entered, evaluates what it says, and starts
// misses like any access. It changes nothing but the contents of the state buffer, and keeps
// the accounts of what that was good for.
//
// It knows nothing of stages, entries in flight or memory queues: what it needs of them the
// core tells it (Begin, Enter, Entered, Demand, Touched, Retire, Leave) or answers (Core).
package prefetch

import (
	"encoding/binary"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
)

// Core is what a unit asks of the core that it serves.
type Core interface {
	// Now is the present cycle.
	Now() isa.Cycle
	// Operands returns the operands of a call in flight, and notes that it has been asked
	// about. waits is true while one of them is not there; nil is a call that has
	// committed, was squashed, or cannot be paid for.
	Operands(seq rob.Seq, uid uint32) (call *Operands, waits bool)
	// Bounded returns a range of memory; false when no gas can pay for it.
	Bounded(offset, length *isa.Word) (off, n uint64, ok bool)
}

// Operands are those of a call, as far as a predictor of keys is told of them.
type Operands struct {
	Account, Self, Caller, Value isa.Word
	Input                        []byte // at most InputAhead
	Site, Dynamic                uint64 // of the call
}

// Config sizes a unit.
type Config struct {
	Outstanding int       // prefetches at once
	Ahead       int       // transactions that are asked about before they begin
	Hash        isa.Cycle // latency of a hash, in cycles
	Far         isa.Cycle // latency of far state
}

// Unit is the prefetcher of one core: one recipe a cycle in a unit of its own. With a nil
// predictor of keys it only counts.
type Unit struct {
	cfg    Config
	core   Core
	sys    decoder.System
	regs   *rob.Registers
	table  *hierarchy.Keys
	levels *hierarchy.Levels
	stats  *Stats

	keys    predictor.Keys
	graph   *predictor.Graph
	queue   []request
	soonest isa.Cycle   // cycle in which the first of the queue can go on
	fills   []isa.Cycle // ends of the misses it has started
	marks   []mark      // by key number
	code    map[uint64]bool
	calls   map[knownCall]bool
	trace   *provenance // nil for a predictor that learns nothing
	primed  bool        // the block's own list has been taken in

	upcoming decoder.Upcoming
	looked   bool // at the first ones
}

// request is one thing to do: evaluate a recipe, or ask the predictor about a call
// whose operands were not there yet.
type request struct {
	recipe predictor.Recipe
	entry  *predictor.Entry // nil: of a call
	ready  isa.Cycle
	seq    rob.Seq // of the call's entry
	uid    uint32
	tries  uint8
	lasts  bool // beyond the transaction
}

// mark is what is known of one key, for the accounts. Cycles are one more than they
// are, so that zero is never.
type mark struct {
	issued, demanded isa.Cycle
	committed        bool
}

type knownCall struct {
	code     uint64
	selector uint32
}

const (
	// InputAhead is how many bytes of a call's input the unit gathers.
	InputAhead = 1 << 10
	// callTries and callRetry: how often, and after how many cycles, a call is asked
	// about again whose operands are not there yet.
	callTries, callRetry = 100, 4
	// queueAhead bounds what is waiting; what does not fit is lost. The block's list is
	// not bounded: it is read from memory.
	queueAhead = 512
)

// Stats are the accounts of state prefetching. A first touch is the first
// committed access to a key in the block; it is covered when a prefetch of the key was
// issued before it executed first, and timely when that was at least one far latency
// before.
type Stats struct {
	Issued    uint64 // misses started
	Redundant uint64 // keys that were there or on their way
	Refused   uint64 // recipes whose code is not what runs there now
	Dropped   uint64 // for want of room, of operands, or because the transaction ended
	Useful    uint64 // issued, and a committed access was the key's first
	Late      uint64 // of these, those that had not arrived when the access executed

	Touches, TouchesCovered, TouchesTimely uint64 // all keys
	Loads, LoadsCovered, LoadsTimely       uint64 // SLOAD
	Seen, SeenCovered, SeenTimely          uint64 // of these, in code that an earlier call of the block ran
	Known, KnownCovered, KnownTimely       uint64 // of these, under a selector that an earlier call of that code had

	Runaheads    uint64 // periods of runahead execution
	RunaheadUops uint64 // micro-ops squashed at their end
}

// New makes a unit that starts misses in a hierarchy whose keys have the numbers of table.
func New(cfg Config, core Core, sys decoder.System, regs *rob.Registers, table *hierarchy.Keys, levels *hierarchy.Levels, keys predictor.Keys, stats *Stats) *Unit {
	p := &Unit{
		cfg: cfg, core: core, sys: sys, regs: regs, table: table, levels: levels, stats: stats,
		keys: keys, code: map[uint64]bool{}, calls: map[knownCall]bool{},
	}
	if keys == nil {
		return p
	}
	if p.upcoming, _ = sys.(decoder.Upcoming); p.upcoming == nil {
		p.cfg.Ahead = 0
	}
	p.graph = keys.Graph()
	if how := keys.Learns(); how != predictor.LearnsNothing {
		p.trace = newProvenance(keys, core, regs, how == predictor.LearnsDataflow)
	}
	return p
}

func (p *Unit) mark(key int32) *mark {
	for int(key) >= len(p.marks) {
		p.marks = append(p.marks, mark{})
	}
	return &p.marks[key]
}

// Begin asks about the transaction's own call, all of whose operands are there.
func (p *Unit) Begin(env *decoder.Envelope, dynamic uint64) {
	if p.trace != nil {
		p.trace.reset()
	}
	if p.keys == nil {
		return
	}
	p.dropCalls()
	if p.graph.Full() {
		p.keys.Forget()
	}
	if !p.primed {
		p.primed = true
		for _, k := range p.keys.Block() {
			r := predictor.Recipe{Account: p.graph.Const(&k.Account), Slot: p.graph.Const(&k.Slot), Storage: k.Storage}
			p.add(request{recipe: r, entry: &predictor.Entry{}, ready: p.core.Now() + 1, lasts: true})
		}
	}
	if p.cfg.Ahead == 0 {
		p.transaction(env, p.sys.Context(), dynamic)
		return
	}
	// What has been learned since the present transaction was looked at is new.
	p.transaction(env, p.sys.Context(), dynamic)
	first := p.cfg.Ahead
	if !p.looked {
		p.looked, first = true, 1
	}
	for k := first; k <= p.cfg.Ahead; k++ {
		if next, context, ok := p.upcoming.Upcoming(k); ok {
			p.accounts(&next)
			p.transaction(&next, context, ^uint64(0))
		}
	}
}

// transaction asks about a transaction's own call.
func (p *Unit) transaction(env *decoder.Envelope, context []isa.Word, dynamic uint64) {
	if env.Create {
		return
	}
	prog := p.sys.CodeOf(&env.Target)
	if prog.Builtin != 0 || len(prog.Code) == 0 {
		return
	}
	call := predictor.Call{
		Code: binary.LittleEndian.Uint64(prog.Hash[:]), Selector: selectorOf(env.Input), Dynamic: dynamic, Declared: declaredKeys(env.Declared),
	}
	p.ask(&call, &predictor.Entry{
		Self: env.Self, Caller: env.Caller, Value: env.Value, Context: append([]isa.Word(nil), context...), Input: env.Input,
	})
}

// accounts fetches the accounts that an upcoming transaction itself names.
func (p *Unit) accounts(env *decoder.Envelope) {
	for _, account := range []*isa.Word{&env.Caller, &env.Target} {
		p.add(request{recipe: predictor.Recipe{Account: p.graph.Const(account)}, entry: &predictor.Entry{}, ready: p.core.Now() + 1, lasts: true})
	}
}

// dropCalls forgets what the transaction that has ended still wanted.
func (p *Unit) dropCalls() {
	kept := p.queue[:0]
	for i := range p.queue {
		if p.queue[i].lasts {
			kept = append(kept, p.queue[i])
		}
	}
	p.stats.Dropped += uint64(len(p.queue) - len(kept))
	p.queue = kept
}

func declaredKeys(list []state.Key) []predictor.Key {
	keys := make([]predictor.Key, len(list))
	for i := range list {
		keys[i] = predictor.Key{Account: list[i].Owner, Slot: list[i].Slot, Storage: list[i].Kind == state.KeySlot}
	}
	return keys
}

func selectorOf(input []byte) uint32 {
	var b [4]byte
	copy(b[:], input)
	return binary.BigEndian.Uint32(b[:])
}

// ask puts what the predictor says of a call into the queue.
func (p *Unit) ask(call *predictor.Call, entry *predictor.Entry) {
	entry.Load = func(owner, slot *isa.Word) (w isa.Word, ok bool) { return p.onChip(owner, slot) }
	for _, r := range p.keys.Predict(call) {
		if len(p.queue) >= queueAhead {
			p.stats.Dropped++
			continue
		}
		hashes := p.graph.Hashes(r.Account) + p.graph.Hashes(r.Slot)
		p.add(request{
			recipe: r, entry: entry, lasts: p.cfg.Ahead > 0 && call.Site == 0,
			ready: p.core.Now() + 1 + isa.Cycle(hashes)*p.cfg.Hash,
		})
	}
}

func (p *Unit) add(x request) {
	if len(p.queue) == 0 || x.ready < p.soonest {
		p.soonest = x.ready
	}
	p.queue = append(p.queue, x)
}

// Enter asks about a call that the core is about to run: its operands may be there.
func (p *Unit) Enter(seq rob.Seq, uid uint32) {
	if p.keys == nil || p.keys.Learns() == predictor.LearnsNothing {
		return
	}
	p.add(request{ready: p.core.Now() + 1, seq: seq, uid: uid})
}

// nested asks about a call all of whose operands are there.
func (p *Unit) nested(o *Operands) {
	prog := p.sys.CodeOf(&o.Account)
	if prog.Builtin != 0 || len(prog.Code) == 0 {
		return
	}
	call := predictor.Call{Code: binary.LittleEndian.Uint64(prog.Hash[:]), Selector: selectorOf(o.Input), Site: o.Site, Dynamic: o.Dynamic}
	p.ask(&call, &predictor.Entry{Self: o.Self, Caller: o.Caller, Value: o.Value, Context: p.sys.Context(), Input: o.Input})
}

// onChip reads storage that is in the state buffer, as committed.
func (p *Unit) onChip(owner, slot *isa.Word) (w isa.Word, ok bool) {
	n := p.table.Number(&hierarchy.Key{Owner: *owner, Slot: *slot, Kind: isa.Persistent})
	if l := p.levels.At(n); !l.Buffered || l.Arrives > p.core.Now() {
		return w, false
	}
	return p.sys.ReadStorage(isa.Persistent, owner, slot), true
}

// Next is the cycle in which the unit can go on by itself; false when it has nothing to do.
func (p *Unit) Next() (cycle isa.Cycle, ok bool) {
	return max(p.soonest, p.core.Now()+1), len(p.queue) > 0
}

// Step does one thing that can be done in this cycle.
func (p *Unit) Step() (moved bool) {
	if len(p.queue) == 0 || p.soonest > p.core.Now() {
		return false
	}
	soonest := ^isa.Cycle(0)
	for i := 0; i < len(p.queue); i++ {
		x := &p.queue[i]
		if moved || x.ready > p.core.Now() {
			soonest = min(soonest, max(x.ready, p.core.Now()+1))
			continue
		}
		moved = true
		if again := p.do(x); again > 0 {
			x = &p.queue[i] // do may have grown the queue
			x.ready = again
			soonest = min(soonest, again)
			continue
		}
		p.queue = append(p.queue[:i], p.queue[i+1:]...)
		i--
	}
	p.soonest = soonest
	return moved
}

// do does it, and returns the cycle in which to try again, or zero.
func (p *Unit) do(x *request) (again isa.Cycle) {
	if x.entry == nil {
		call, waits := p.core.Operands(x.seq, x.uid)
		switch {
		case call != nil:
			p.nested(call)
			return 0
		case !waits:
			return 0
		case x.tries == callTries:
			p.stats.Dropped++
			return 0
		}
		x.tries++
		return p.core.Now() + callRetry
	}
	key := hierarchy.Key{Kind: hierarchy.Account}
	ok := true
	if x.recipe.Code != 0 {
		var guard isa.Word
		if guard, ok = p.graph.Eval(x.recipe.Guard, x.entry); ok {
			isa.Exec(isa.Account, &guard, &guard, nil, nil)
			if arrives, again := p.accountAhead(&guard); again > 0 {
				return again
			} else if arrives > p.core.Now() {
				return arrives
			}
			if prog := p.sys.CodeOf(&guard); binary.LittleEndian.Uint64(prog.Hash[:]) != x.recipe.Code {
				p.stats.Refused++
				return 0
			}
		}
	}
	if !ok {
		return p.missing(x)
	}
	if key.Owner, ok = p.graph.Eval(x.recipe.Account, x.entry); ok && x.recipe.Storage {
		key.Kind = isa.Persistent
		key.Slot, ok = p.graph.Eval(x.recipe.Slot, x.entry)
	}
	if ok {
		isa.Exec(isa.Account, &key.Owner, &key.Owner, nil, nil)
		_, again = p.fetchAhead(&key)
		return again
	}
	return p.missing(x)
}

// accountAhead makes sure that an account has been seen, so that it is known which
// code it has.
func (p *Unit) accountAhead(account *isa.Word) (arrives, again isa.Cycle) {
	key := hierarchy.Key{Owner: *account, Kind: hierarchy.Account}
	if l := p.levels.At(p.table.Number(&key)); l.Touched {
		return l.Arrives, 0
	}
	return p.fetchAhead(&key)
}

// missing fetches the key whose value an evaluation needs first.
func (p *Unit) missing(x *request) (again isa.Cycle) {
	m := &x.entry.Missing
	first := hierarchy.Key{Owner: m.Account, Slot: m.Slot, Kind: isa.Persistent}
	arrives, again := p.fetchAhead(&first)
	if again > 0 {
		return again
	}
	if x.tries++; x.tries > callTries {
		p.stats.Dropped++ // the buffer is too small to hold it
		return 0
	}
	return max(arrives, p.core.Now()+1)
}

// fetchAhead starts a miss unless the key is there. again is the cycle in which a
// register may be free, zero when the key is on its way; it is there in arrives.
func (p *Unit) fetchAhead(key *hierarchy.Key) (arrives, again isa.Cycle) {
	h := p.levels
	n := p.table.Number(key)
	if l := h.At(n); l.Buffered || l.Arrives > p.core.Now() {
		p.stats.Redundant++
		return l.Arrives, 0
	}
	kept := p.fills[:0]
	first := ^isa.Cycle(0)
	for _, end := range p.fills {
		if end > p.core.Now() {
			kept = append(kept, end)
			first = min(first, end)
		}
	}
	p.fills = kept
	if len(p.fills) >= p.cfg.Outstanding {
		return 0, first
	}
	extra, _, ok := h.Access(n, p.core.Now())
	if !ok {
		return 0, max(h.Retry(), p.core.Now()+1)
	}
	p.fills = append(p.fills, p.core.Now()+extra)
	p.stats.Issued++
	p.mark(n).issued = p.core.Now() + 1
	return p.core.Now() + extra, 0
}

// Demand notes that the core itself asks for a key.
func (p *Unit) Demand(key int32) {
	if m := p.mark(key); m.demanded == 0 {
		m.demanded = p.core.Now() + 1
	}
}

// Runahead counts a miss that runahead execution has started as a prefetch.
func (p *Unit) Runahead(key int32) {
	if m := p.mark(key); m.issued == 0 && m.demanded == 0 {
		p.stats.Issued++
		m.issued = p.core.Now() + 1
	}
}

// Key is the number of a key.
func (p *Unit) Key(k *hierarchy.Key) int32 { return p.table.Number(k) }

// Touched accounts for the first committed touch of a key. load is true for an SLOAD; seen
// is what earlier calls of the block have run, as Entered returned it for its frame.
func (p *Unit) Touched(key int32, load bool, seen Seen) {
	m := p.mark(key)
	if m.committed {
		return
	}
	m.committed = true
	s := p.stats
	covered := m.issued > 0 && (m.demanded == 0 || m.issued < m.demanded)
	timely := covered && (m.demanded == 0 || m.demanded-m.issued >= p.cfg.Far)
	if covered {
		s.Useful++
		if !timely {
			s.Late++
		}
	}
	count := func(all, with, in *uint64) {
		*all++
		if covered {
			*with++
		}
		if timely {
			*in++
		}
	}
	count(&s.Touches, &s.TouchesCovered, &s.TouchesTimely)
	if !load {
		return
	}
	count(&s.Loads, &s.LoadsCovered, &s.LoadsTimely)
	if seen&seenCode != 0 {
		count(&s.Seen, &s.SeenCovered, &s.SeenTimely)
	}
	if seen&seenCall != 0 {
		count(&s.Known, &s.KnownCovered, &s.KnownTimely)
	}
}

// Seen is what earlier calls of the block have run.
type Seen uint8

const (
	seenCode Seen = 1 << iota // the same code
	seenCall                  // under the same selector
)

// Call is a call that has committed and whose frame is ready.
type Call struct {
	Caller, Callee rob.FrameID // frames
	Outermost      bool        // entered by the envelope
	Asked          bool        // Operands has returned it
	Code           uint64
	Shape          *decoder.CallShape // nil when Outermost
	Env            *[rob.NumEnv]rob.Reg
	Account        rob.Reg
	Stack          bool   // the callee is a stack machine's
	Off, N         uint64 // its input, in the caller's memory
	Operands              // Input is all of the input that is in committed memory
}

// Entered notes a call that has committed. It returns what to tell Touched of its frame.
func (p *Unit) Entered(c *Call) (seen Seen) {
	selector := selectorOf(c.Input)
	if p.keys != nil && !c.Asked && !c.Outermost && p.keys.Learns() != predictor.LearnsNothing {
		ahead := c.Operands
		ahead.Input = append([]byte(nil), c.Input[:min(len(c.Input), InputAhead)]...)
		p.nested(&ahead)
	}
	if p.code[c.Code] {
		seen |= seenCode
	}
	known := knownCall{c.Code, selector}
	if p.calls[known] {
		seen |= seenCall
	}
	p.code[c.Code], p.calls[known] = true, true
	if p.trace != nil && c.Stack { // what register machines compute is not followed
		p.trace.enter(c, selector)
	}
	return seen
}

// Created notes a frame of initialization code, of which nothing is learned.
func (p *Unit) Created(frame rob.FrameID) {
	if p.trace != nil {
		p.trace.push(frame)
	}
}

// Left notes the end of a frame: [off, off+n) is what it returns of its memory, and
// [out, out+room) where its caller wants that. Nothing is known of what an opaque one
// returns.
func (p *Unit) Left(frame rob.FrameID, off, n, out, room uint64, opaque bool) {
	if p.trace == nil {
		return
	}
	if opaque {
		p.trace.opaqueOutput(frame)
	}
	p.trace.leave(frame, off, n, out, room)
}

// Follows reports whether Retire has to be told of what retires.
func (p *Unit) Follows() bool { return p.trace != nil }

// Retire follows one micro-op whose registers are still held.
func (p *Unit) Retire(r *Retired) { p.trace.retire(r) }
