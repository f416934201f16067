package timing

import (
	"fmt"
	"sort"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Stream is one transaction's committed micro-ops in program order, with what
// each of them waits for. It depends on the stack policy and the decode width of
// the configuration it was built for, and on no other timing.
type Stream struct {
	Uops   []Uop
	insts  []inst
	stores []store
	states []stateStore
}

// none is the absence of a micro-op: a value that is ready from the start.
const none int32 = -1

// Uop is one committed micro-op.
type Uop struct {
	Op   isa.Op
	Inst string // name of its instruction

	sources  [4]int32 // micro-ops that make its operands, or none
	register bool     // takes a physical register
	head     bool     // executes only as the oldest
	bytes    uint64   // hashed or copied; of Exp, significant bytes of the exponent; of Builtin, of its input
	builtin  int      // number of the built-in
	loads    bool     // takes a place in the load queue
	frame    int32    // loads: whose memory it reads
	off, n   uint64   // loads: the range
	store    int32    // its entry in Stream.stores, or none; loads: number of older stores
	opens    bool     // takes that entry's place in the store queue
	frees    bool     // its commit gives the place back
	state    int32    // StateKey, StateData: its entry in Stream.states; StateLoad: number of older ones
	imm      uint8    // as its micro-op has it
	key      Key      // of the hierarchy or the state queue
	touches  bool     // goes to the state hierarchy, unless a store forwards to it
	after    int32    // last older micro-op whose instruction may move value, for balance reads
}

// Key names one line of the state hierarchy.
type Key struct {
	Account state.Address
	Slot    isa.Word
	Storage bool // a storage slot, else the account
}

// inst is what fetch has to know of one instruction.
type inst struct {
	end    int  // Uops before this one are its own and its predecessors'
	fold   bool // costs decode width as it is fetched, whether or not it ends in a micro-op
	taken  bool // fetch goes on elsewhere
	serial bool // fetch waits for its commit
	top    int  // stack values before it, over all frames
	needs  int  // how many of them it reads
	base   int  // how many belong to callers
	keeps  int  // of the end of a frame: how many its caller has, whose own are gone
}

// store is one entry of the store queue: the range [off, off+n) of a frame.
type store struct {
	addr, data int32 // micro-ops that make address and data known
	frame      int32
	off, n     uint64
	alias      bool // the bytes are source's, from sourceOff on
	source     int32
	sourceOff  uint64
}

func (s *store) overlaps(off, n uint64) bool { return s.off < off+n && off < s.off+s.n }

// stateStore is one storage write in the state queue.
type stateStore struct {
	addr, data int32
	space      isa.Space
	key        Key
}

// value is what a stack slot or a frame register holds: who makes it, and whether
// rename can see that it is zero.
type value struct {
	by   int32
	zero bool
}

var (
	ready     = value{by: none}
	knownZero = value{by: none, zero: true}
)

// frame is a call frame during the walk over the golden stream.
type frame struct {
	id       int32
	stack    []value
	base     int
	creation bool
	self     value
	caller   value
	value    value
	input    [2]value // offset and length
	returned [2]value
	out      [2]value
	source   int32 // frame whose memory the last call returned, or none
}

// NotCovered says why a transaction is outside what the scheduler models.
type NotCovered struct {
	Tx     int
	Reason string
}

func (e *NotCovered) Error() string { return fmt.Sprintf("transaction %d: %s", e.Tx, e.Reason) }

// Source is a block to take streams from.
type Source struct {
	Golden *traces.Golden
	Env    *state.BlockEnv
}

// builder walks the golden stream of one transaction.
type builder struct {
	Source
	Stream
	rows   *decoder.RowTable
	tx     int
	policy string
	decode int
	env    *decoder.Envelope

	frames    []*frame
	nextFrame int32
	run       int   // folded instructions not carried by a micro-op yet
	mover     int32 // last micro-op whose instruction may move value
	accesses  []traces.Access
}

// Build makes the stream of transaction tx. env is the transaction's envelope;
// policy and decode are core.stack and core.decode.
func (s *Source) Build(tx int, env *decoder.Envelope, policy string, decode int) (*Stream, error) {
	b := &builder{Source: *s, rows: evm.Table(evm.ForkOf(s.Env)), tx: tx, policy: policy, decode: decode, env: env, mover: none}
	if err := b.build(); err != nil {
		return nil, err
	}
	return &b.Stream, nil
}

func (b *builder) uncovered(reason string) error { return &NotCovered{b.tx, reason} }

func (b *builder) build() error {
	g := b.Golden
	first, end := g.TxStart[b.tx], g.TxStart[b.tx+1]
	for k := first; k < end; k++ {
		if g.Steps.At(k).Flags&traces.FlagFault != 0 {
			return b.uncovered("an instruction faults")
		}
	}
	if first == end && !g.Results[b.tx].Success {
		return b.uncovered("fails before it begins")
	}
	b.pushFrame(&frame{self: knownZero, caller: knownZero, value: knownZero, source: none})
	envelope := func(i int) *decoder.Row { return &b.env.Program.Rows[b.env.Program.Insts[i].Code] }
	b.instruction(envelope(0), nil, false)
	if err := b.enter(envelope(1), first-1, end); err != nil {
		return err
	}
	for k := first; k < end; k++ {
		if err := b.step(k, end); err != nil {
			return err
		}
	}
	b.instruction(envelope(2), nil, false)
	b.instruction(envelope(3), nil, false)
	return nil
}

func (b *builder) top() *frame { return b.frames[len(b.frames)-1] }

func (b *builder) pushFrame(f *frame) {
	f.id = b.nextFrame
	b.nextFrame++
	b.frames = append(b.frames, f)
}

// step emits one instruction of the golden stream.
func (b *builder) step(k, end int) error {
	s := b.Golden.Steps.At(k)
	row := &b.rows[s.Op]
	switch row.Kind {
	case decoder.KindCall, decoder.KindCreate:
		return b.enter(row, k, end)
	case decoder.KindLeave, decoder.KindAbort, decoder.KindDestroy:
		b.leave(row, b.at(k))
		return nil
	}
	taken := false
	if row.Kind == decoder.KindJump || row.Kind == decoder.KindBranch {
		taken = b.Golden.Steps.At(k+1).PC != s.PC+1
	}
	if row.Kind.Foldable() {
		b.stackInstruction(row, k)
		return nil
	}
	uops := b.instruction(row, b.at(k), taken)
	if uops[0].Op == isa.Exp {
		uops[0].bytes = b.exponentBytes(row, s)
	}
	return nil
}

// at gives the accesses of a step.
func (b *builder) at(k int) (of []traces.Access) {
	all := &b.Golden.Accesses
	first := sort.Search(all.Len(), func(i int) bool { return int(all.At(i).Step) >= k })
	for i := first; i < all.Len() && int(all.At(i).Step) == k; i++ {
		of = append(of, *all.At(i))
	}
	return of
}

// exponentBytes is found from the price of a byte of the exponent, which EIP-160
// raised from 10 to 50.
func (b *builder) exponentBytes(row *decoder.Row, s *traces.Step) uint64 {
	perByte := uint64(10)
	if b.Env.Rules.IsEIP158 {
		perByte = 50
	}
	return (s.Cost - uint64(row.Gas)) / perByte
}

// stackInstruction emits one that only rearranges the stack.
func (b *builder) stackInstruction(row *decoder.Row, k int) {
	f := b.top()
	in := b.newInst(row)
	h := len(f.stack)
	n := int(row.N)
	moved := none // the micro-op that copies the value, where the policy has one
	switch b.policy {
	case "fold":
		in.fold = true
		if b.run++; b.run >= b.decode {
			b.run = 0
			b.add(blank(isa.Nop, "run"))
		}
	case "rename":
		b.add(blank(isa.Nop, row.Name))
	default:
		u := blank(isa.Argument, row.Name)
		switch row.Kind {
		case decoder.KindPush:
			u.Op, u.register = isa.Move, true
		case decoder.KindDup:
			u.Op, u.register, u.sources[0] = isa.Move, true, f.stack[h-n].by
		case decoder.KindSwap:
			u.sources[0], u.sources[1] = f.stack[h-1].by, f.stack[h-1-n].by
		}
		moved = b.add(u)
	}
	switch row.Kind {
	case decoder.KindPush:
		v := ready
		v.zero = b.Golden.Steps.At(k + 1).Top.IsZero()
		f.stack = append(f.stack, v)
	case decoder.KindDup:
		f.stack = append(f.stack, f.stack[h-n])
	case decoder.KindSwap:
		f.stack[h-1], f.stack[h-1-n] = f.stack[h-1-n], f.stack[h-1]
	case decoder.KindPop:
		f.stack = f.stack[:h-1]
	}
	if b.policy == "execute" && (row.Kind == decoder.KindPush || row.Kind == decoder.KindDup) {
		f.stack[len(f.stack)-1] = value{by: moved}
	}
	in.end = len(b.Uops)
	b.insts = append(b.insts, in)
}

func (b *builder) newInst(row *decoder.Row) inst {
	f := b.top()
	top := f.base + len(f.stack)
	return inst{top: top, needs: int(row.MinStack), base: f.base, keeps: top}
}

// blank is a micro-op that waits for nothing.
func blank(op isa.Op, inst string) Uop {
	return Uop{Op: op, Inst: inst, sources: [4]int32{none, none, none, none}, store: none, state: none, after: none}
}

func (b *builder) add(u Uop) int32 {
	b.Uops = append(b.Uops, u)
	return int32(len(b.Uops) - 1)
}

// instruction emits the micro-ops of an instruction and its effect on the stack.
// It returns its micro-ops, which are good until the next one.
func (b *builder) instruction(row *decoder.Row, accesses []traces.Access, taken bool) []Uop {
	f := b.top()
	in := b.newInst(row)
	in.taken, in.serial = taken, row.Flags&decoder.Serial != 0
	b.run = 0
	b.accesses = accesses
	from := len(b.Uops)
	last, _ := b.micro(row)
	f.stack = f.stack[:len(f.stack)-int(row.Pops)]
	if row.Kind == decoder.KindExec && row.Pushes > 0 {
		f.stack = append(f.stack, value{by: last})
	}
	in.end = len(b.Uops)
	b.insts = append(b.insts, in)
	return b.Uops[from:]
}

// micro emits a row's micro-ops and returns the last one, and what its last
// result is.
func (b *builder) micro(row *decoder.Row) (last int32, temp value) {
	temp = knownZero
	for i := range row.Uops {
		t := &row.Uops[i]
		u := blank(t.Op, row.Name)
		for j, o := range t.Src {
			if o != decoder.None {
				u.sources[j] = b.operand(o, temp).by
			}
		}
		u.register = isa.Table[t.Op].Result
		b.describe(&u, row, t)
		last = b.add(u)
		if u.register {
			temp = value{by: last}
		}
	}
	return last, temp
}

// operand is who makes an operand.
func (b *builder) operand(o decoder.Operand, temp value) value {
	f := b.top()
	if o < 16 {
		return f.stack[len(f.stack)-1-int(o)]
	}
	switch o {
	case decoder.FrameSelf:
		return f.self
	case decoder.FrameCaller:
		return f.caller
	case decoder.FrameValue:
		return f.value
	case decoder.InputOffset:
		return f.input[0]
	case decoder.InputLength:
		return f.input[1]
	case decoder.ReturnOffset:
		return f.returned[0]
	case decoder.ReturnLength:
		return f.returned[1]
	case decoder.Temp:
		return temp
	case decoder.Zero:
		return knownZero
	}
	return ready
}
