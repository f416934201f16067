package pipeline

import (
	"encoding/binary"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/hierarchy"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
)

// prefetcher brings state keys into the buffer before the code asks for them. It
// evaluates what a predictor of keys says of each call that is entered, one recipe a
// cycle in a unit of its own, and starts misses in the hierarchy like any access. It
// changes nothing but the contents of the buffer.
type prefetcher struct {
	clock *clock
	cfg   *Config
	sys   decoder.System
	ren   *renamer
	regs  *rob.Registers
	maps  *rob.Maps
	buf   *rob.Buffer
	exec  *executor
	mem   *memoryQueue
	state *stateQueue
	tx    *transactions
	opt   *optional
	stats *Stats

	keys    predictor.Keys
	graph   *predictor.Graph
	queue   []prefetch
	soonest uint64   // cycle in which the first of the queue can go on
	fills   []uint64 // ends of the misses it has started
	marks   []mark   // by key number
	code    map[uint64]bool
	calls   map[knownCall]bool
	trace   *provenance // nil for a predictor that learns nothing
	primed  bool        // the block's own list has been taken in

	upcoming decoder.Upcoming
	ahead    int  // transactions that are asked about before they begin
	looked   bool // at the first ones
}

// prefetch is one thing to do: evaluate a recipe, or ask the predictor about a call
// whose operands were not there yet.
type prefetch struct {
	recipe predictor.Recipe
	entry  *predictor.Entry // nil: of a call
	ready  uint64
	seq    uint64 // of the call's entry
	uid    uint32
	tries  uint8
	lasts  bool // beyond the transaction
}

// mark is what is known of one key, for the accounts. Cycles are one more than they
// are, so that zero is never.
type mark struct {
	issued, demanded uint64
	committed        bool
}

type knownCall struct {
	code     uint64
	selector uint32
}

const (
	// inputAhead is how many bytes of a call's input the unit gathers.
	inputAhead = 1 << 10
	// callTries and callRetry: how often, and after how many cycles, a call is asked
	// about again whose operands are not there yet.
	callTries, callRetry = 100, 4
	// queueAhead bounds what is waiting; what does not fit is lost. The block's list is
	// not bounded: it is read from memory.
	queueAhead = 512
)

// PrefetchStats are the accounts of state prefetching. A first touch is the first
// committed access to a key in the block; it is covered when a prefetch of the key was
// issued before it executed first, and timely when that was at least one far latency
// before.
type PrefetchStats struct {
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

// newPrefetcher makes one; without keys it only counts.
func newPrefetcher(c *Core) *prefetcher {
	p := &prefetcher{
		clock: &c.clock, cfg: &c.cfg, sys: c.sys, ren: &c.ren, regs: c.ren.regs, maps: c.ren.maps, buf: c.win.buf,
		exec: &c.exec, mem: &c.mem, state: &c.state, tx: &c.tx, opt: &c.opt, stats: &c.Stats,
		keys: c.pred.keys, code: map[uint64]bool{}, calls: map[knownCall]bool{},
	}
	if p.keys == nil {
		return p
	}
	if p.upcoming, _ = c.sys.(decoder.Upcoming); p.upcoming != nil {
		p.ahead = c.cfg.Predictor.Ahead
	}
	p.graph = p.keys.Graph()
	if how := p.keys.Learns(); how != predictor.LearnsNothing {
		p.trace = newProvenance(c, how == predictor.LearnsDataflow)
	}
	return p
}

func (p *prefetcher) mark(key int32) *mark {
	for int(key) >= len(p.marks) {
		p.marks = append(p.marks, mark{})
	}
	return &p.marks[key]
}

// begin asks about the transaction's own call, all of whose operands are there.
func (p *prefetcher) begin(env *decoder.Envelope, dynamic uint64) {
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
			p.add(prefetch{recipe: r, entry: &predictor.Entry{}, ready: p.clock.now + 1, lasts: true})
		}
	}
	if p.ahead == 0 {
		p.transaction(env, p.sys.Context(), dynamic)
		return
	}
	// What has been learnt since the present transaction was looked at is new.
	p.transaction(env, p.sys.Context(), dynamic)
	first := p.ahead
	if !p.looked {
		p.looked, first = true, 1
	}
	for k := first; k <= p.ahead; k++ {
		if next, context, ok := p.upcoming.Upcoming(k); ok {
			p.accounts(&next)
			p.transaction(&next, context, ^uint64(0))
		}
	}
}

// transaction asks about a transaction's own call.
func (p *prefetcher) transaction(env *decoder.Envelope, context []isa.Word, dynamic uint64) {
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
func (p *prefetcher) accounts(env *decoder.Envelope) {
	for _, account := range []*isa.Word{&env.Caller, &env.Target} {
		p.add(prefetch{recipe: predictor.Recipe{Account: p.graph.Const(account)}, entry: &predictor.Entry{}, ready: p.clock.now + 1, lasts: true})
	}
}

// dropCalls forgets what the transaction that has ended still wanted.
func (p *prefetcher) dropCalls() {
	kept := p.queue[:0]
	for i := range p.queue {
		if p.queue[i].lasts {
			kept = append(kept, p.queue[i])
		}
	}
	p.stats.Prefetch.Dropped += uint64(len(p.queue) - len(kept))
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
func (p *prefetcher) ask(call *predictor.Call, entry *predictor.Entry) {
	entry.Load = func(owner, slot *isa.Word) (w isa.Word, ok bool) { return p.onChip(owner, slot) }
	for _, r := range p.keys.Predict(call) {
		if len(p.queue) >= queueAhead {
			p.stats.Prefetch.Dropped++
			continue
		}
		hashes := p.graph.Hashes(r.Account) + p.graph.Hashes(r.Slot)
		p.add(prefetch{
			recipe: r, entry: entry, lasts: p.ahead > 0 && call.Site == 0,
			ready: p.clock.now + 1 + uint64(hashes)*uint64(p.exec.latency[isa.LatHash]),
		})
	}
}

func (p *prefetcher) add(x prefetch) {
	if len(p.queue) == 0 || x.ready < p.soonest {
		p.soonest = x.ready
	}
	p.queue = append(p.queue, x)
}

// enter asks about a call that the core is about to run: its operands may be there.
func (p *prefetcher) enter(e *rob.Entry, seq uint64) {
	if p.keys == nil || p.keys.Learns() == predictor.LearnsNothing || p.ren.frames[e.Frame].parent < 0 {
		return
	}
	p.add(prefetch{ready: p.clock.now + 1, seq: seq, uid: e.UID})
}

// call asks about a call; wait is true when an operand is not there yet.
func (p *prefetcher) call(x *prefetch) (wait bool) {
	if !p.buf.Holds(x.seq) || p.buf.At(x.seq).UID != x.uid {
		return false // it has committed, or was squashed
	}
	e := p.buf.At(x.seq)
	f := &p.ren.frames[e.Next]
	if x.seq >= p.buf.Dispatch { // stores before it are not in their queue yet
		return true
	}
	env := &p.maps.Map[e.Next].Env
	for _, r := range []rob.Reg{f.account, env[rob.EnvSelf], env[rob.EnvCaller], env[rob.EnvValue], env[rob.EnvInputOffset], env[rob.EnvInputLength]} {
		if !p.regs.Ready(r) {
			return true
		}
	}
	off, n, ok := p.tx.bounded(p.regs.Value(env[rob.EnvInputOffset]), p.regs.Value(env[rob.EnvInputLength]))
	if !ok {
		return false
	}
	input := make([]byte, min(n, inputAhead))
	if len(input) > 0 {
		from := p.ren.frames[e.Frame].lastStore
		for from >= p.mem.sHead && p.mem.store(from).seq > x.seq {
			from = p.mem.store(from).prev
		}
		r := gatherResult{supplied: ^uint64(0)}
		if p.mem.gather(e, e.Frame, off, input, from, false, &r); r.blocked {
			return true
		}
	}
	p.nested(e, input)
	return false
}

// nested asks about a call all of whose operands are there.
func (p *prefetcher) nested(e *rob.Entry, input []byte) {
	f := &p.ren.frames[e.Next]
	f.asked = true
	prog := p.sys.CodeOf(p.regs.Value(f.account))
	if prog.Builtin != 0 || len(prog.Code) == 0 {
		return
	}
	env := &p.maps.Map[e.Next].Env
	call := predictor.Call{Code: binary.LittleEndian.Uint64(prog.Hash[:]), Selector: selectorOf(input), Site: siteOf(&p.ren.frames[e.Frame], e.Inst), Dynamic: e.Dynamic}
	p.ask(&call, &predictor.Entry{
		Self: *p.regs.Value(env[rob.EnvSelf]), Caller: *p.regs.Value(env[rob.EnvCaller]), Value: *p.regs.Value(env[rob.EnvValue]),
		Context: p.sys.Context(), Input: input,
	})
}

// onChip reads storage that is in the state buffer, as committed.
func (p *prefetcher) onChip(owner, slot *isa.Word) (w isa.Word, ok bool) {
	n := p.state.keys.Number(&hierarchy.Key{Owner: *owner, Slot: *slot, Kind: isa.Persistent})
	if l := p.state.levels.At(n); !l.Buffered || l.Arrives > p.clock.now {
		return w, false
	}
	return p.sys.ReadStorage(isa.Persistent, owner, slot), true
}

// step does one thing that can be done in this cycle.
func (p *prefetcher) step() (moved bool) {
	if len(p.queue) == 0 || p.soonest > p.clock.now {
		return false
	}
	soonest := ^uint64(0)
	for i := 0; i < len(p.queue); i++ {
		x := &p.queue[i]
		if moved || x.ready > p.clock.now {
			soonest = min(soonest, max(x.ready, p.clock.now+1))
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

// do does it, and gives the cycle in which to try again, or zero.
func (p *prefetcher) do(x *prefetch) (again uint64) {
	if x.entry == nil {
		y := *x
		wait := p.call(&y)
		switch {
		case !wait:
			return 0
		case x.tries == callTries:
			p.stats.Prefetch.Dropped++
			return 0
		}
		x.tries++
		return p.clock.now + callRetry
	}
	key := hierarchy.Key{Kind: hierarchy.Account}
	ok := true
	if x.recipe.Code != 0 {
		var guard isa.Word
		if guard, ok = p.graph.Eval(x.recipe.Guard, x.entry); ok {
			isa.Exec(isa.Account, &guard, &guard, nil, nil)
			if arrives, again := p.accountAhead(&guard); again > 0 {
				return again
			} else if arrives > p.clock.now {
				return arrives
			}
			if prog := p.sys.CodeOf(&guard); binary.LittleEndian.Uint64(prog.Hash[:]) != x.recipe.Code {
				p.stats.Prefetch.Refused++
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
func (p *prefetcher) accountAhead(account *isa.Word) (arrives, again uint64) {
	key := hierarchy.Key{Owner: *account, Kind: hierarchy.Account}
	if l := p.state.levels.At(p.state.keys.Number(&key)); l.Touched {
		return l.Arrives, 0
	}
	return p.fetchAhead(&key)
}

// missing fetches the key whose value an evaluation needs first.
func (p *prefetcher) missing(x *prefetch) (again uint64) {
	m := &x.entry.Missing
	first := hierarchy.Key{Owner: m.Account, Slot: m.Slot, Kind: isa.Persistent}
	arrives, again := p.fetchAhead(&first)
	if again > 0 {
		return again
	}
	if x.tries++; x.tries > callTries {
		p.stats.Prefetch.Dropped++ // the buffer is too small to hold it
		return 0
	}
	return max(arrives, p.clock.now+1)
}

// fetchAhead starts a miss unless the key is there. again is the cycle in which a
// register may be free, zero when the key is on its way; it is there in arrives.
func (p *prefetcher) fetchAhead(key *hierarchy.Key) (arrives, again uint64) {
	h := &p.state.levels
	n := p.state.keys.Number(key)
	if l := h.At(n); l.Buffered || l.Arrives > p.clock.now {
		p.stats.Prefetch.Redundant++
		return l.Arrives, 0
	}
	kept := p.fills[:0]
	first := ^uint64(0)
	for _, end := range p.fills {
		if end > p.clock.now {
			kept = append(kept, end)
			first = min(first, end)
		}
	}
	p.fills = kept
	if len(p.fills) >= p.cfg.Predictor.Prefetches {
		return 0, first
	}
	extra, _, ok := h.Access(n, p.clock.now)
	if !ok {
		return 0, max(h.Retry(), p.clock.now+1)
	}
	p.fills = append(p.fills, p.clock.now+extra)
	p.stats.Prefetch.Issued++
	p.mark(n).issued = p.clock.now + 1
	return p.clock.now + extra, 0
}

// demand notes that the core itself asks for a key.
func (p *prefetcher) demand(e *rob.Entry, seq uint64, key int32) {
	m := p.mark(key)
	if m.demanded == 0 && (p.opt.runahead == nil || !p.opt.runahead.covers(seq)) {
		m.demanded = p.clock.now + 1
	}
}

// commit accounts for the first committed touch of a key.
func (p *prefetcher) commit(e *rob.Entry) {
	var n int32
	switch e.Op {
	case isa.StateLoad, isa.StateKey:
		if e.Imm != isa.Persistent {
			return
		}
		n = p.state.at(e.Queue).key
	case isa.AccountLoad, isa.Touch:
		n = p.state.at(e.Queue).key
	case isa.Target:
		key := hierarchy.Key{Owner: *p.regs.Value(e.Src[0]), Kind: hierarchy.Account}
		isa.Exec(isa.Account, &key.Owner, &key.Owner, nil, nil)
		n = p.state.keys.Number(&key)
	default:
		return
	}
	m := p.mark(n)
	if m.committed {
		return
	}
	m.committed = true
	s := &p.stats.Prefetch
	covered := m.issued > 0 && (m.demanded == 0 || m.issued < m.demanded)
	timely := covered && (m.demanded == 0 || m.demanded-m.issued >= uint64(p.cfg.State.Far))
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
	if e.Op != isa.StateLoad {
		return
	}
	count(&s.Loads, &s.LoadsCovered, &s.LoadsTimely)
	f := &p.ren.frames[e.Frame]
	if f.seen&seenCode != 0 {
		count(&s.Seen, &s.SeenCovered, &s.SeenTimely)
	}
	if f.seen&seenCall != 0 {
		count(&s.Known, &s.KnownCovered, &s.KnownTimely)
	}
}

// What earlier calls of the block have run.
const (
	seenCode uint8 = 1 << iota // the same code
	seenCall                   // under the same selector
)

// entered notes a call that has committed and whose frame is ready.
func (p *prefetcher) entered(e *rob.Entry) {
	f, ch := &p.ren.frames[e.Frame], &p.ren.frames[e.Next]
	env := &p.maps.Map[e.Next].Env
	off, n, _ := p.tx.bounded(p.regs.Value(env[rob.EnvInputOffset]), p.regs.Value(env[rob.EnvInputLength]))
	var input []byte
	if n > 0 && off+n <= uint64(len(f.ctx.Memory)) {
		input = f.ctx.Memory[off : off+n]
	}
	selector := selectorOf(input)
	if p.keys != nil && !ch.asked && f.parent >= 0 && p.keys.Learns() != predictor.LearnsNothing {
		p.nested(e, append([]byte(nil), input[:min(len(input), inputAhead)]...))
	}
	ch.seen = 0
	if p.code[ch.site] {
		ch.seen |= seenCode
	}
	known := knownCall{ch.site, selector}
	if p.calls[known] {
		ch.seen |= seenCall
	}
	p.code[ch.site], p.calls[known] = true, true
	if p.trace != nil {
		p.trace.enter(e, selector, off, n)
	}
}
