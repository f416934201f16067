// Package limits computes how much parallelism the dataflow of a committed stream
// holds. It reads the golden run only: no pipeline, no prediction, no speculation.
// The method is that of limit studies since Wall (ASPLOS 1991): every instruction
// starts as soon as what it reads has been made.
package limits

import (
	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Options say which limit is meant.
type Options struct {
	// Block lets storage dependences reach across the transactions of the block,
	// which all start at 0. Otherwise each transaction is a stream of its own.
	Block bool
	// Model gives instructions the latencies of a configuration, nil for one cycle each.
	Model *pipeline.Config
	// Window is how many executed instructions may be under way at once: one enters when
	// the one Window places before it has left, in program order. 0 for any number.
	Window int
	// Width is how many executed instructions start in a cycle, 0 for any number.
	Width int
}

// Limit is what came out.
type Limit struct {
	Instructions uint64 // committed
	Executed     uint64 // of them, those that take time: all but stack rearrangements and labels
	CriticalPath uint64 // cycles: the longest transaction with Options.Block, else the sum over transactions
}

// Of computes the limit of a recorded golden run.
func Of(g *traces.Golden, env *state.BlockEnv, opt Options) Limit {
	w := &walk{
		Options: opt, g: g, rows: evm.Table(evm.ForkOf(env)),
		stored: make(map[uint32]uint64), transient: make(map[uint32]uint64),
	}
	if opt.Model != nil {
		w.model = newModel(opt.Model, env)
	}
	for tx := range len(g.TxStart) - 1 {
		w.transaction(tx)
	}
	return w.limit
}

// frame is a call frame during the walk.
type frame struct {
	stack []uint64 // when each value is ready, in cycles
	call  uint64   // when the instruction that entered the frame was finished
}

// walk goes through the stream once. All times are in cycles.
type walk struct {
	Options
	g     *traces.Golden
	rows  *decoder.RowTable
	model *model // nil for unit latency
	limit Limit

	access int // next one of g.Accesses
	found  []traces.Access
	frames []frame
	// memory[f-memoryBase][i] is when byte i of frame f's memory is ready; what is not
	// there is ready from the start. Frames are numbered in the order of the block.
	memory     [][]uint64
	memoryBase uint32
	// When the last store to a key was finished.
	stored, transient map[uint32]uint64

	longest  uint64 // end of what is finished so far, of the transaction or of the block
	resource resource
}

// transaction walks through one transaction.
func (w *walk) transaction(tx int) {
	g := w.g
	first, end := g.TxStart[tx], g.TxStart[tx+1]
	clear(w.transient)
	if !w.Block {
		clear(w.stored)
		w.resource.reset()
		w.longest = 0
		if w.model != nil {
			w.model.begin()
		}
	}
	w.memoryBase += uint32(len(w.memory))
	w.memory = nil
	w.frames = append(w.frames[:0], frame{})
	for k := first; k < end; k++ {
		w.step(k, k+1 < end)
	}
	w.limit.Instructions += uint64(end - first)
	if w.Block {
		w.limit.CriticalPath = w.longest
	} else {
		w.limit.CriticalPath += w.longest
	}
}

// accesses gives those of step k, which are visited in order, until the next call.
func (w *walk) accesses(k int) []traces.Access {
	all := &w.g.Accesses
	for w.access < all.Len() && int(all.At(w.access).Step) < k {
		w.access++
	}
	w.found = w.found[:0]
	for ; w.access < all.Len() && int(all.At(w.access).Step) == k; w.access++ {
		w.found = append(w.found, *all.At(w.access))
	}
	return w.found
}

// step takes one instruction. more says that another one of the transaction follows.
func (w *walk) step(k int, more bool) {
	s := w.g.Steps.At(k)
	row := &w.rows[s.Op]
	f := &w.frames[len(w.frames)-1]
	accesses := w.accesses(k)
	fault := s.Flags&traces.FlagFault != 0
	if row.Kind.Foldable() && !fault {
		f.rearrange(row)
		return
	}
	operands := f.stack[len(f.stack)-min(reads(row), len(f.stack)):]
	start := uint64(0)
	for _, t := range operands {
		start = max(start, t)
	}
	start = max(start, w.inputs(vm.OpCode(s.Op), accesses))
	latency := uint64(1)
	if w.model != nil {
		latency = w.model.latency(w.g, row, s, accesses)
	}
	done := w.finish(start, latency)
	if fault {
		w.leave(done)
		return
	}
	f.stack = f.stack[:len(f.stack)-int(row.Pops)]
	switch row.Kind {
	case decoder.KindCall, decoder.KindCreate:
		if more && w.g.Steps.At(k+1).Depth > s.Depth {
			w.frames = append(w.frames, frame{call: done})
			return
		}
		w.builtin(accesses, done, w.price(accesses))
		f.stack = append(f.stack, done)
	case decoder.KindLeave, decoder.KindAbort, decoder.KindDestroy:
		w.returned(accesses)
		w.leave(done)
	default:
		w.outputs(accesses, done)
		for range row.Pushes {
			f.stack = append(f.stack, done)
		}
	}
}

// reads is how many stack values an instruction looks at.
func reads(row *decoder.Row) int {
	switch row.Kind {
	case decoder.KindDup:
		return int(row.N)
	case decoder.KindSwap:
		return int(row.N) + 1
	case decoder.KindPop:
		return 1
	}
	return int(row.Pops)
}

// rearrange follows an instruction that takes no time.
func (f *frame) rearrange(row *decoder.Row) {
	h := len(f.stack)
	switch n := int(row.N); row.Kind {
	case decoder.KindPush:
		f.stack = append(f.stack, 0)
	case decoder.KindDup:
		f.stack = append(f.stack, f.stack[h-n])
	case decoder.KindSwap:
		f.stack[h-1], f.stack[h-1-n] = f.stack[h-1-n], f.stack[h-1]
	case decoder.KindPop:
		f.stack = f.stack[:h-1]
	}
}

// finish accounts for an instruction whose operands are ready at start.
func (w *walk) finish(start, latency uint64) (done uint64) {
	w.limit.Executed++
	if w.Window > 0 || w.Width > 0 {
		start = w.resource.start(start, latency, w.Window, w.Width)
	}
	done = start + latency
	w.longest = max(w.longest, done)
	return done
}

// leave ends the running frame: its caller gets the success word when the call and
// the instruction that ends the frame are both finished.
func (w *walk) leave(done uint64) {
	n := len(w.frames) - 1
	if n == 0 {
		return // the transaction's own
	}
	call := w.frames[n].call
	w.frames = w.frames[:n]
	caller := &w.frames[n-1]
	caller.stack = append(caller.stack, max(done, call))
}

// readsMemory are the instructions that wait for bytes. A call passes its input on
// and a return its output without looking at it.
var readsMemory = [256]bool{
	vm.MLOAD: true, vm.KECCAK256: true, vm.CALLDATALOAD: true, vm.CALLDATACOPY: true, vm.RETURNDATACOPY: true, vm.MCOPY: true,
	vm.LOG0: true, vm.LOG1: true, vm.LOG2: true, vm.LOG3: true, vm.LOG4: true,
}

// inputs is when what an instruction reads beside the stack is ready.
func (w *walk) inputs(op vm.OpCode, accesses []traces.Access) (ready uint64) {
	for i := range accesses {
		switch a := &accesses[i]; {
		case a.Write:
		case a.Kind == traces.AccessMemory:
			if readsMemory[op] {
				ready = max(ready, w.bytesReady(a))
			}
		case op == vm.SLOAD:
			ready = max(ready, w.stored[a.Key])
		case op == vm.TLOAD:
			ready = max(ready, w.transient[a.Key])
		}
	}
	return ready
}

// outputs notes when what an instruction writes is ready.
func (w *walk) outputs(accesses []traces.Access, done uint64) {
	for i := range accesses {
		a := &accesses[i]
		if !a.Write {
			continue
		}
		switch a.Kind {
		case traces.AccessMemory:
			w.fill(a, done)
		case traces.AccessStorage:
			w.stored[a.Key] = done
		case traces.AccessTransient:
			w.transient[a.Key] = done
		}
	}
}

// price is the time of the built-in that a call runs, if any.
func (w *walk) price(accesses []traces.Access) uint64 {
	if w.model == nil {
		return 1
	}
	return w.model.builtin(w.g, accesses)
}

// builtin is a call that runs no code: a built-in's output is ready that long after
// its input and the call.
func (w *walk) builtin(accesses []traces.Access, call, price uint64) {
	ready, made := call, false
	for i := range accesses {
		a := &accesses[i]
		switch {
		case a.Kind != traces.AccessMemory:
		case made:
			if a.Write {
				w.copyTimes(&accesses[i-1], a)
			}
		case a.Write:
			w.fill(a, ready+price)
			w.longest = max(w.longest, ready+price)
			made = true
		default:
			ready = max(ready, w.bytesReady(a))
		}
	}
}

// returned gives the caller's output range the times of the bytes returned.
func (w *walk) returned(accesses []traces.Access) {
	for i := range accesses {
		if a := &accesses[i]; i > 0 && a.Kind == traces.AccessMemory && a.Write {
			w.copyTimes(&accesses[i-1], a)
		}
	}
}

// times are those of a frame's bytes, as far as they have been written.
func (w *walk) times(frame uint32) *[]uint64 {
	for int(frame-w.memoryBase) >= len(w.memory) {
		w.memory = append(w.memory, nil)
	}
	return &w.memory[frame-w.memoryBase]
}

// written is the part of a range that can have been written.
func (w *walk) written(a *traces.Access) []uint64 {
	t := *w.times(a.Frame)
	return t[min(int(a.Off), len(t)):min(int(a.Off)+int(a.Len), len(t))]
}

func (w *walk) bytesReady(a *traces.Access) (ready uint64) {
	for _, t := range w.written(a) {
		ready = max(ready, t)
	}
	return ready
}

// reserve gives the times of a range that is about to be written.
func (w *walk) reserve(a *traces.Access) []uint64 {
	t := w.times(a.Frame)
	end := int(a.Off) + int(a.Len)
	if more := end - len(*t); more > 0 {
		*t = append(*t, make([]uint64, more)...)
	}
	return (*t)[a.Off:end]
}

func (w *walk) fill(a *traces.Access, ready uint64) {
	times := w.reserve(a)
	for i := range times {
		times[i] = ready
	}
}

// copyTimes makes the bytes of to as ready as those of from.
func (w *walk) copyTimes(from, to *traces.Access) {
	dst := w.reserve(to)
	clear(dst[copy(dst, w.written(from)):])
}
