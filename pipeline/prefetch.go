package pipeline

import (
	"encoding/binary"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/predictor"
	"github.com/ooovm/ooovm/rob"
	"github.com/ooovm/ooovm/state"
)

// prefetcher brings state keys into the buffer before the code asks for them. It
// evaluates what a predictor of keys says of each call that is entered, one recipe a
// cycle in a unit of its own, and starts misses in the hierarchy like any access. It
// changes nothing but the contents of the buffer.
type prefetcher struct {
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
func newPrefetcher(keys predictor.Keys, sys decoder.System, ahead int) *prefetcher {
	p := &prefetcher{keys: keys, code: map[uint64]bool{}, calls: map[knownCall]bool{}}
	if keys == nil {
		return p
	}
	if p.upcoming, _ = sys.(decoder.Upcoming); p.upcoming != nil {
		p.ahead = ahead
	}
	p.graph = keys.Graph()
	if how := keys.Learns(); how != predictor.LearnsNothing {
		p.trace = newProvenance(keys, how == predictor.LearnsDataflow)
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
func (p *prefetcher) begin(c *Core, env *decoder.Envelope, dynamic uint64) {
	if p.trace != nil {
		p.trace.reset()
	}
	if p.keys == nil {
		return
	}
	p.dropCalls(c)
	if p.graph.Full() {
		p.keys.Forget()
	}
	if !p.primed {
		p.primed = true
		for _, k := range p.keys.Block() {
			r := predictor.Recipe{Account: p.graph.Const(&k.Account), Slot: p.graph.Const(&k.Slot), Storage: k.Storage}
			p.add(prefetch{recipe: r, entry: &predictor.Entry{}, ready: c.cycle + 1, lasts: true})
		}
	}
	if p.ahead == 0 {
		p.transaction(c, env, c.sys.Context(), dynamic)
		return
	}
	// What has been learnt since the present transaction was looked at is new.
	p.transaction(c, env, c.sys.Context(), dynamic)
	first := p.ahead
	if !p.looked {
		p.looked, first = true, 1
	}
	for k := first; k <= p.ahead; k++ {
		if next, context, ok := p.upcoming.Upcoming(k); ok {
			p.accounts(c, &next)
			p.transaction(c, &next, context, ^uint64(0))
		}
	}
}

// transaction asks about a transaction's own call.
func (p *prefetcher) transaction(c *Core, env *decoder.Envelope, context []isa.Word, dynamic uint64) {
	if env.Create {
		return
	}
	prog := c.sys.CodeOf(&env.Target)
	if prog.Builtin != 0 || len(prog.Code) == 0 {
		return
	}
	call := predictor.Call{
		Code: binary.LittleEndian.Uint64(prog.Hash[:]), Selector: selectorOf(env.Input), Dynamic: dynamic, Declared: declaredKeys(env.Declared),
	}
	p.ask(c, &call, &predictor.Entry{
		Self: env.Self, Caller: env.Caller, Value: env.Value, Context: append([]isa.Word(nil), context...), Input: env.Input,
	})
}

// accounts fetches the accounts that an upcoming transaction itself names.
func (p *prefetcher) accounts(c *Core, env *decoder.Envelope) {
	for _, account := range []*isa.Word{&env.Caller, &env.Target} {
		p.add(prefetch{recipe: predictor.Recipe{Account: p.graph.Const(account)}, entry: &predictor.Entry{}, ready: c.cycle + 1, lasts: true})
	}
}

// dropCalls forgets what the transaction that has ended still wanted.
func (p *prefetcher) dropCalls(c *Core) {
	kept := p.queue[:0]
	for i := range p.queue {
		if p.queue[i].lasts {
			kept = append(kept, p.queue[i])
		}
	}
	c.Stats.Prefetch.Dropped += uint64(len(p.queue) - len(kept))
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
func (p *prefetcher) ask(c *Core, call *predictor.Call, entry *predictor.Entry) {
	entry.Load = func(owner, slot *isa.Word) (w isa.Word, ok bool) { return c.onChip(owner, slot) }
	for _, r := range p.keys.Predict(call) {
		if len(p.queue) >= queueAhead {
			c.Stats.Prefetch.Dropped++
			continue
		}
		hashes := p.graph.Hashes(r.Account) + p.graph.Hashes(r.Slot)
		p.add(prefetch{
			recipe: r, entry: entry, lasts: p.ahead > 0 && call.Site == 0,
			ready: c.cycle + 1 + uint64(hashes)*uint64(c.latency[isa.LatHash]),
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
func (p *prefetcher) enter(c *Core, e *rob.Entry, seq uint64) {
	if p.keys == nil || p.keys.Learns() == predictor.LearnsNothing || c.frames[e.Frame].parent < 0 {
		return
	}
	p.add(prefetch{ready: c.cycle + 1, seq: seq, uid: e.UID})
}

// call asks about a call; wait is true when an operand is not there yet.
func (p *prefetcher) call(c *Core, x *prefetch) (wait bool) {
	if !c.buf.Holds(x.seq) || c.buf.At(x.seq).UID != x.uid {
		return false // it has committed, or was squashed
	}
	e := c.buf.At(x.seq)
	f := &c.frames[e.Next]
	if x.seq >= c.buf.Dispatch { // stores before it are not in their queue yet
		return true
	}
	env := &c.maps.Map[e.Next].Env
	for _, r := range []rob.Reg{f.account, env[rob.EnvSelf], env[rob.EnvCaller], env[rob.EnvValue], env[rob.EnvInputOffset], env[rob.EnvInputLength]} {
		if !c.regs.Ready(r) {
			return true
		}
	}
	off, n, ok := c.bounded(c.regs.Value(env[rob.EnvInputOffset]), c.regs.Value(env[rob.EnvInputLength]))
	if !ok {
		return false
	}
	input := make([]byte, min(n, inputAhead))
	if len(input) > 0 {
		from := c.frames[e.Frame].lastStore
		for from >= c.mem.sHead && c.mem.store(from).seq > x.seq {
			from = c.mem.store(from).prev
		}
		r := gatherResult{supplied: ^uint64(0)}
		if c.gather(e, e.Frame, off, input, from, false, &r); r.blocked {
			return true
		}
	}
	p.nested(c, e, input)
	return false
}

// nested asks about a call all of whose operands are there.
func (p *prefetcher) nested(c *Core, e *rob.Entry, input []byte) {
	f := &c.frames[e.Next]
	f.asked = true
	prog := c.sys.CodeOf(c.regs.Value(f.account))
	if prog.Builtin != 0 || len(prog.Code) == 0 {
		return
	}
	env := &c.maps.Map[e.Next].Env
	call := predictor.Call{Code: binary.LittleEndian.Uint64(prog.Hash[:]), Selector: selectorOf(input), Site: siteOf(&c.frames[e.Frame], e.Inst), Dynamic: e.Dynamic}
	p.ask(c, &call, &predictor.Entry{
		Self: *c.regs.Value(env[rob.EnvSelf]), Caller: *c.regs.Value(env[rob.EnvCaller]), Value: *c.regs.Value(env[rob.EnvValue]),
		Context: c.sys.Context(), Input: input,
	})
}

// onChip reads storage that is in the state buffer, as committed.
func (c *Core) onChip(owner, slot *isa.Word) (w isa.Word, ok bool) {
	n := c.state.keys.intern(&stateKey{owner: *owner, slot: *slot, kind: isa.Persistent})
	if l := c.state.levels.at(n); !l.buffered || l.arrives > c.cycle {
		return w, false
	}
	return c.sys.ReadStorage(isa.Persistent, owner, slot), true
}

// step does one thing that can be done in this cycle.
func (p *prefetcher) step(c *Core) (moved bool) {
	if len(p.queue) == 0 || p.soonest > c.cycle {
		return false
	}
	soonest := ^uint64(0)
	for i := 0; i < len(p.queue); i++ {
		x := &p.queue[i]
		if moved || x.ready > c.cycle {
			soonest = min(soonest, max(x.ready, c.cycle+1))
			continue
		}
		moved = true
		if again := p.do(c, x); again > 0 {
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
func (p *prefetcher) do(c *Core, x *prefetch) (again uint64) {
	if x.entry == nil {
		y := *x
		wait := p.call(c, &y)
		switch {
		case !wait:
			return 0
		case x.tries == callTries:
			c.Stats.Prefetch.Dropped++
			return 0
		}
		x.tries++
		return c.cycle + callRetry
	}
	key := stateKey{kind: keyAccount}
	ok := true
	if x.recipe.Code != 0 {
		var guard isa.Word
		if guard, ok = p.graph.Eval(x.recipe.Guard, x.entry); ok {
			isa.Exec(isa.Account, &guard, &guard, nil, nil)
			if arrives, again := c.accountAhead(&guard); again > 0 {
				return again
			} else if arrives > c.cycle {
				return arrives
			}
			if prog := c.sys.CodeOf(&guard); binary.LittleEndian.Uint64(prog.Hash[:]) != x.recipe.Code {
				c.Stats.Prefetch.Refused++
				return 0
			}
		}
	}
	if !ok {
		return p.missing(c, x)
	}
	if key.owner, ok = p.graph.Eval(x.recipe.Account, x.entry); ok && x.recipe.Storage {
		key.kind = isa.Persistent
		key.slot, ok = p.graph.Eval(x.recipe.Slot, x.entry)
	}
	if ok {
		isa.Exec(isa.Account, &key.owner, &key.owner, nil, nil)
		_, again = c.fetchAhead(&key)
		return again
	}
	return p.missing(c, x)
}

// accountAhead makes sure that an account has been seen, so that it is known which
// code it has.
func (c *Core) accountAhead(account *isa.Word) (arrives, again uint64) {
	key := stateKey{owner: *account, kind: keyAccount}
	if l := c.state.levels.at(c.state.keys.intern(&key)); l.touched {
		return l.arrives, 0
	}
	return c.fetchAhead(&key)
}

// missing fetches the key whose value an evaluation needs first.
func (p *prefetcher) missing(c *Core, x *prefetch) (again uint64) {
	m := &x.entry.Missing
	first := stateKey{owner: m.Account, slot: m.Slot, kind: isa.Persistent}
	arrives, again := c.fetchAhead(&first)
	if again > 0 {
		return again
	}
	if x.tries++; x.tries > callTries {
		c.Stats.Prefetch.Dropped++ // the buffer is too small to hold it
		return 0
	}
	return max(arrives, c.cycle+1)
}

// fetchAhead starts a miss unless the key is there. again is the cycle in which a
// register may be free, zero when the key is on its way; it is there in arrives.
func (c *Core) fetchAhead(key *stateKey) (arrives, again uint64) {
	p, h := c.prefetch, &c.state.levels
	n := c.state.keys.intern(key)
	if l := h.at(n); l.buffered || l.arrives > c.cycle {
		c.Stats.Prefetch.Redundant++
		return l.arrives, 0
	}
	kept := p.fills[:0]
	first := ^uint64(0)
	for _, end := range p.fills {
		if end > c.cycle {
			kept = append(kept, end)
			first = min(first, end)
		}
	}
	p.fills = kept
	if len(p.fills) >= c.cfg.Predictor.Prefetches {
		return 0, first
	}
	extra, _, ok := h.access(n, c.cycle)
	if !ok {
		return 0, max(h.retry(), c.cycle+1)
	}
	p.fills = append(p.fills, c.cycle+extra)
	c.Stats.Prefetch.Issued++
	p.mark(n).issued = c.cycle + 1
	return c.cycle + extra, 0
}

// demand notes that the core itself asks for a key.
func (p *prefetcher) demand(c *Core, e *rob.Entry, seq uint64, key int32) {
	m := p.mark(key)
	if m.demanded == 0 && (c.runahead == nil || !c.runahead.covers(seq)) {
		m.demanded = c.cycle + 1
	}
}

// commit accounts for the first committed touch of a key.
func (p *prefetcher) commit(c *Core, e *rob.Entry) {
	var n int32
	switch e.Op {
	case isa.StateLoad, isa.StateKey:
		if e.Imm != isa.Persistent {
			return
		}
		n = c.state.at(e.Queue).key
	case isa.AccountLoad, isa.Touch:
		n = c.state.at(e.Queue).key
	case isa.Target:
		key := stateKey{owner: *c.regs.Value(e.Src[0]), kind: keyAccount}
		isa.Exec(isa.Account, &key.owner, &key.owner, nil, nil)
		n = c.state.keys.intern(&key)
	default:
		return
	}
	m := p.mark(n)
	if m.committed {
		return
	}
	m.committed = true
	s := &c.Stats.Prefetch
	covered := m.issued > 0 && (m.demanded == 0 || m.issued < m.demanded)
	timely := covered && (m.demanded == 0 || m.demanded-m.issued >= uint64(c.cfg.State.Far))
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
	f := &c.frames[e.Frame]
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
func (p *prefetcher) entered(c *Core, e *rob.Entry) {
	f, ch := &c.frames[e.Frame], &c.frames[e.Next]
	env := &c.maps.Map[e.Next].Env
	off, n, _ := c.bounded(c.regs.Value(env[rob.EnvInputOffset]), c.regs.Value(env[rob.EnvInputLength]))
	var input []byte
	if n > 0 && off+n <= uint64(len(f.ctx.Memory)) {
		input = f.ctx.Memory[off : off+n]
	}
	selector := selectorOf(input)
	if p.keys != nil && !ch.asked && f.parent >= 0 && p.keys.Learns() != predictor.LearnsNothing {
		p.nested(c, e, append([]byte(nil), input[:min(len(input), inputAhead)]...))
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
	if p.trace != nil && ch.prog.File == nil { // what register machines compute is not followed
		p.trace.enter(c, e, selector, off, n)
	}
}
