package fuel

import (
	"encoding/binary"
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/state/fuel"
)

// System is the system architecture of the FuelVM over one block. The committed side is
// a fuel.Session: its registers are those that all frames' Contexts share, except that the
// gas left to the call is in Context.Gas. It is not safe for concurrent use; its cache
// is.
type System struct {
	*fuel.Session // of the running transaction
	Results       []fuel.Outcome

	work Work

	rows   *decoder.RowTable
	cache  *decoder.Cache
	record bool
	script *decoder.Program
	kept   uint64 // gas that the callers of the running frame keep
	ending fuel.Ending
	pc     uint64 // of the instruction being committed
}

var _ decoder.RegisterSystem = (*System)(nil)

// Work is what a System executes: the transactions of a block, on the chain's state, which
// they change.
type Work struct {
	Name         string
	Params       *fuel.Parameters
	Block        *fuel.Block
	World        *fuel.World
	Transactions []fuel.Transaction
}

// NewSystem prepares the execution of transactions. With record set, sessions note what is
// written, for a lockstep check.
func NewSystem(w Work, cache *decoder.Cache, record bool) *System {
	return &System{work: w, rows: Rows(w.Params.Gas), cache: cache, record: record}
}

// State is the chain's state as it is now.
func (s *System) State() *fuel.World { return s.work.World }

// Word is the word of an instruction that is being committed, where its program was decoded
// from code that has one there.
func Word(c *decoder.Context, in *decoder.Inst) (word uint32, known bool) {
	if int(in.PC)+wordSize > len(c.Prog.Code) {
		return 0, false
	}
	return binary.BigEndian.Uint32(c.Prog.Code[in.PC:]), in.Code != codeElsewhere
}

// Elsewhere is the $pc of an instruction that is being committed and was not decoded.
func (s *System) Elsewhere(in *decoder.Inst) (pc uint64, ok bool) {
	return s.pc, in.Code == codeElsewhere
}

// GasLeft is what the running call and the transaction have left once an instruction has
// been committed.
func (s *System) GasLeft(c *decoder.Context, row *decoder.Row) (call, all uint64) {
	if row.Flags&decoder.Dynamic != 0 {
		return s.Reg[fuel.RegCGas], s.Reg[fuel.RegGGas]
	}
	return c.Gas, c.Gas + s.kept
}

// Ending is how the transaction has ended, so far as it has.
func (s *System) Ending() fuel.Ending { return s.ending }

// CodeOf gives the script, the only code that an account names: calls are serial.
func (s *System) CodeOf(*isa.Word) *decoder.Program { return s.script }

// running decodes the code from $is to $ssp.
func (s *System) running() *decoder.Program {
	is, ssp := s.Reg[fuel.RegIS], s.Reg[fuel.RegSSP]
	code := make([]byte, ssp-is)
	s.Memory.Peek(is, code)
	return s.cache.Program(state.Hash(fuel.Sha256(code)), code, s.rows)
}

// ReadStorage gives the first 32 bytes of a slot, with zeros behind its end.
func (s *System) ReadStorage(_ isa.Space, owner, slot *isa.Word) (w isa.Word) {
	var b [32]byte
	copy(b[:], s.World.Slot(slotOf(owner, slot)).Bytes)
	w.SetBytes32(b[:])
	return w
}

// Exists reports whether a slot is set.
func (s *System) Exists(owner, slot *isa.Word) bool { return s.World.Slot(slotOf(owner, slot)).Set }

func slotOf(owner, slot *isa.Word) fuel.Slot {
	return fuel.Slot{Contract: owner.Bytes32(), Key: slot.Bytes32()}
}

// ReadAccount is not used.
func (s *System) ReadAccount(isa.AccountField, *isa.Word) (w isa.Word) { return w }

// ForeignCode is not used.
func (s *System) ForeignCode(*isa.Word) []byte { return nil }

// Lookup is not used: see Query.
func (s *System) Lookup(isa.LookupTable, *isa.Word) (w isa.Word) { return w }

// Context is empty: scripts find what they need in memory.
func (s *System) Context() []isa.Word { return nil }

// MemoryBound is the same for all gas: the size of the address space.
func (s *System) MemoryBound(uint64) uint64 { return fuel.MemorySize }

// Charge is not used: see Check.
func (s *System) Charge(*decoder.Context, *decoder.Inst, *decoder.Args) (cost, memory uint64, f decoder.Fault) {
	return 0, 0, decoder.FaultOther
}

// Apply is not used: see Execute.
func (s *System) Apply(*decoder.Context, *decoder.Inst, *decoder.Args) {}

// Enter is not used.
func (s *System) Enter(_, _ *decoder.Context, _ *decoder.Inst, _ *decoder.Args) bool { return false }

// Create is not used.
func (s *System) Create(_, _ *decoder.Context, _ *decoder.Inst, _ *decoder.Args, _ []byte) bool {
	return false
}

// Destroy is not used.
func (s *System) Destroy(*decoder.Context, *decoder.Inst, *decoder.Args) {}

// Builtin is not used.
func (s *System) Builtin(*decoder.Context, []byte) ([]byte, bool) { return nil, false }

// Query reads a constant of the transaction.
func (s *System) Query(selector, index uint64) (v uint64) {
	switch {
	case selector == queryHeight:
		v = uint64(s.Block.Height)
	case selector&queryMetadata != 0:
		v, _ = s.Metadata(uint32(selector))
	default:
		v, _ = s.TransactionField(uint32(selector), index)
	}
	return v
}

// Begin lays out transaction i.
func (s *System) Begin(i int) (env decoder.Envelope, err error) {
	w := &s.work
	s.Session, err = fuel.NewSession(w.Params, w.Block, w.World, &w.Transactions[i], s.record)
	if err != nil {
		return env, fmt.Errorf("%s: transaction %d: %w", w.Name, i, err)
	}
	s.script, s.kept, s.ending = s.running(), 0, fuel.Ending{}
	return s.envelope(), nil
}

// Start fills the script's frame.
func (s *System) Start(top *decoder.Context) (entered bool) {
	top.Registers, top.Space, top.Gas = s.Reg[:], s.Memory, s.Reg[fuel.RegCGas]
	return true
}

// Leave has nothing to do: a fault ends the transaction, see Fail.
func (s *System) Leave(_, _ *decoder.Context, _ bool, _ decoder.Fault, _ []byte) (result isa.Word, returned []byte) {
	return result, nil
}

// Fail ends the transaction with a panic that the core has found.
func (s *System) Fail(c *decoder.Context, in *decoder.Inst, f decoder.Fault) {
	s.open(c, in)
	p := fuel.PanicArithmeticOverflow
	switch {
	case f == decoder.FaultOutOfGas:
		p = s.Session.Charge(c.Gas + 1)
	case fuel.Undefined(fuel.Opcode(in.Code)):
		p = fuel.PanicArithmeticError
	}
	s.panicked(p)
}

// panicked notes the panic that the instruction at $pc has ended in.
func (s *System) panicked(p fuel.Panic) {
	word, _ := s.Fetch()
	s.ending = fuel.Ending{Result: fuel.ResultPanic, Panic: p, Word: word}
}

// Finish closes the transaction.
func (s *System) Finish(*decoder.Context, isa.Word) {
	if s.NoScript() {
		s.ending = s.ReturnOne()
	}
	r := fuel.Outcome{ID: s.ID, Ending: s.ending}
	if s.ending.Result == fuel.ResultSuccess {
		r.Slots, r.Balances = s.StateSince()
	}
	r.GasUsed = s.Session.Finish(s.ending)
	r.TotalGas = s.TotalGas(r.GasUsed)
	r.Receipts, r.ReceiptsRoot, r.Outputs = s.Receipts, fuel.ReceiptsRoot(s.Receipts), s.Outputs
	s.Results = append(s.Results, r)
}

// enterGas makes the session's gas counters those of the frame.
func (s *System) enterGas(c *decoder.Context) {
	s.Reg[fuel.RegCGas], s.Reg[fuel.RegGGas] = c.Gas, c.Gas+s.kept
}

// open begins an instruction at commit: counters and $pc are what they are.
func (s *System) open(c *decoder.Context, in *decoder.Inst) {
	s.enterGas(c)
	if in.Code != codeElsewhere {
		s.Reg[fuel.RegPC] = s.Reg[fuel.RegIS] + uint64(in.PC)
	}
	s.pc = s.Reg[fuel.RegPC]
}

// operation decodes a word and reads its operands.
func (s *System) operation(in fuel.Inst) operation {
	r := &s.Reg
	return operation{s.Session, in, r[in.A], r[in.B], r[in.C], r[in.D], uint64(in.Imm)}
}

// Check charges and checks an instruction that has micro-ops.
func (s *System) Check(c *decoder.Context, in *decoder.Inst) (cost uint64, refetch bool, f decoder.Fault) {
	s.open(c, in)
	word, _ := fuel.Decode(binary.BigEndian.Uint32(c.Prog.Code[in.PC:]))
	o := s.operation(word)
	top := s.Memory.StackEnd()
	p := s.ChargeInstruction(&word, o.a, o.b, o.c, o.d)
	if p == fuel.NoPanic {
		p = s.check(&o)
	}
	cost, c.Gas = c.Gas-s.Reg[fuel.RegCGas], s.Reg[fuel.RegCGas]
	if p != fuel.NoPanic {
		s.panicked(p)
		return cost, false, decoder.FaultOther
	}
	return cost, s.Memory.StackEnd() < top, decoder.NoFault
}

func (s *System) check(o *operation) fuel.Panic {
	switch o.Op.Class {
	case fuel.ClassControl:
		return s.jump(o)
	case fuel.ClassWide:
		return o.checkWide()
	}
	if check := checks[o.Op.Code]; check != nil {
		return check(o)
	}
	return effects[o.Op.Code](o) // it writes registers only, as its micro-ops do
}

// jump moves $pc.
func (s *System) jump(o *operation) (p fuel.Panic) {
	pc, p := goesTo(&o.Inst, &s.Reg)
	if p == fuel.NoPanic {
		s.Reg[fuel.RegPC] = pc
	}
	return p
}
