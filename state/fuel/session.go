package fuel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"
)

// Session is one transaction in execution: its architectural state, and the
// instructions that do more than compute. Those are methods that take the values of
// the operands, charge what is not charged up front, and give the reason if the
// transaction must end; who decodes, computes and moves $pc along is the caller. A
// session that has panicked can only be finished.
type Session struct {
	Params *Parameters
	Block  *Block
	World  *World
	Tx     *Transaction
	ID     ID
	Memory *Memory
	Reg    [Registers]uint64

	Frames   []Frame
	Receipts []Receipt
	Outputs  []Output // the transaction's, with what execution has put into them

	layout    Layout
	contracts map[ID]bool // among the inputs
	free      []freeBalance
	initial   []freeBalance
	warm      map[Slot]bool // slots read or written before, which are cheaper
	snapshot  int
	missing   *ID // what contract the panic is about
}

// Frame is what a call keeps for its return.
type Frame struct {
	Contract ID
	Saved    [Registers]uint64 // the caller's registers
}

// NewSession lays out memory and registers for a transaction. With record set,
// memory notes what is written. It gives an error for a transaction that a block could not contain.
func NewSession(params *Parameters, block *Block, world *World, tx *Transaction, record bool) (*Session, error) {
	s := &Session{
		Params: params, Block: block, World: world, Tx: tx,
		ID: tx.TransactionID(params.ChainID), Memory: NewMemory(record), Outputs: slices.Clone(tx.Outputs),
		contracts: map[ID]bool{}, warm: map[Slot]bool{}, snapshot: world.Snapshot(),
	}
	for i := range tx.Inputs {
		if in := &tx.Inputs[i]; in.Type == InputContract {
			s.contracts[in.Contract] = true
		}
	}
	if err := s.sumInputs(); err != nil {
		return nil, err
	}
	encoded, layout := tx.Encode()
	s.layout = layout
	if err := s.check(uint64(len(encoded))); err != nil {
		return nil, err
	}
	s.begin(encoded)
	return s, nil
}

var errTooLarge = errors.New("the transaction does not fit into memory")

// check finds what makes a transaction invalid beside its amounts; n is its length in bytes.
func (s *Session) check(n uint64) error {
	if n > MemorySize-TxOffset {
		return errTooLarge
	}
	for i := range s.Tx.Inputs {
		if in := &s.Tx.Inputs[i]; in.Type == InputContract {
			if _, exists := s.World.Code(in.Contract); !exists {
				return fmt.Errorf("input %d: contract %v does not exist", i, in.Contract)
			}
		}
	}
	for i := range s.Outputs {
		out := &s.Outputs[i]
		if out.Type != OutputContract {
			continue
		}
		if n := int(out.InputIndex); n >= len(s.Tx.Inputs) || s.Tx.Inputs[n].Type != InputContract {
			return fmt.Errorf("output %d: input %d is no contract", i, n)
		}
	}
	return nil
}

// begin builds the initial memory: the id, the base asset, the free balances by
// asset, and the transaction (fuel-specs, VM initialization).
func (s *Session) begin(encoded []byte) {
	image := make([]byte, TxOffset, TxOffset+len(encoded))
	copy(image, s.ID[:])
	copy(image[32:], s.Params.BaseAsset[:])
	for i := range s.free {
		entry := image[balanceTable+balanceEntry*i:]
		copy(entry, s.free[i].asset[:])
		binary.BigEndian.PutUint64(entry[32:], s.free[i].amount)
	}
	binary.BigEndian.PutUint64(image[txLength:], uint64(len(encoded)))
	image = append(image, encoded...)

	m := s.Memory
	m.stack = image
	end := m.StackEnd()
	r := &s.Reg
	r[RegOne] = 1
	r[RegSSP], r[RegSP], r[RegHP] = end, end, MemorySize
	r[RegPC], r[RegIS] = ScriptOffset, ScriptOffset
	r[RegGGas], r[RegCGas] = s.Tx.GasLimit, s.Tx.GasLimit
}

// Fetch reads the word at $pc, which must lie in memory and in the running code.
// Where it cannot be read, the word is 0.
func (s *Session) Fetch() (word uint32, p Panic) {
	pc := s.Reg[RegPC]
	b, p := s.Memory.Read(pc, 4)
	if p != NoPanic {
		return 0, p
	}
	if pc < s.Reg[RegIS] || pc >= s.Reg[RegSSP] {
		return 0, PanicMemoryNotExecutable
	}
	return binary.BigEndian.Uint32(b), NoPanic
}

// Charge takes gas from the call and the transaction. If there is not enough, the call's is gone.
func (s *Session) Charge(gas uint64) Panic {
	r := &s.Reg
	if gas > r[RegCGas] {
		r[RegGGas] -= r[RegCGas]
		r[RegCGas] = 0
		return PanicOutOfGas
	}
	r[RegCGas] -= gas
	r[RegGGas] -= gas
	return NoPanic
}

// ChargeInstruction takes what an instruction costs before it runs. a to d are the
// values of its register operands.
func (s *Session) ChargeInstruction(in *Inst, a, b, c, d uint64) Panic {
	if in.Op.Cost == CostFree {
		return NoPanic
	}
	rate := s.Params.Gas.Rate(in.Op.Cost)
	if !rate.Defined {
		return PanicGasCostNotDefined
	}
	if in.Op.BaseOnly() {
		return s.Charge(rate.Base)
	}
	return s.Charge(rate.Of(in.UnitsOf(a, b, c, d)))
}

// chargeUnits takes the part of a cost that depends on a size.
func (s *Session) chargeUnits(c Cost, units uint64) Panic {
	return s.Charge(s.Params.Gas.Rate(c).Units(units))
}

// Internal reports whether a contract runs, and not the script.
func (s *Session) Internal() bool { return len(s.Frames) > 0 }

// Contract is the running contract, the zero ID in the script.
func (s *Session) Contract() ID {
	if n := len(s.Frames); n > 0 {
		return s.Frames[n-1].Contract
	}
	return ID{}
}

// Owner gives what the running context may write.
func (s *Session) Owner() Owner {
	o := Owner{SSP: s.Reg[RegSSP], SP: s.Reg[RegSP], HP: s.Reg[RegHP], CallerHP: MemorySize}
	if n := len(s.Frames); n > 0 {
		o.CallerHP = s.Frames[n-1].Saved[RegHP]
	}
	return o
}

// listed gives a panic for a contract that is not among the inputs.
func (s *Session) listed(contract ID) Panic {
	if s.contracts[contract] {
		return NoPanic
	}
	s.missing = &contract
	return PanicContractNotInInputs
}

// receiptBytes is what a receipt takes beside its data.
const receiptBytes = int64(unsafe.Sizeof(Receipt{}))

// push appends a receipt. The last two places are for how the transaction ends.
func (s *Session) push(r Receipt) Panic {
	if len(s.Receipts) >= MaxReceipts-2 {
		return PanicTooManyReceipts
	}
	s.World.Memory.Need(receiptBytes+int64(len(r.Data)), "the program's receipts")
	s.Receipts = append(s.Receipts, r)
	return NoPanic
}

// receipt gives a receipt of a kind with what most of them have.
func (s *Session) receipt(kind ReceiptKind) Receipt {
	return Receipt{Kind: kind, ID: s.Contract(), PC: s.Reg[RegPC], IS: s.Reg[RegIS]}
}

// NoScript reports whether the transaction has no code to run.
func (s *Session) NoScript() bool { return len(s.Tx.Script) == 0 }

// ReturnOne is all that a transaction without a script does: it returns 1 and takes no gas
// (run_program in fuel-vm's interpreter/executors/main.rs).
func (s *Session) ReturnOne() Ending {
	s.Return(1) // the first receipt: there is room for it
	return Ending{Result: ResultSuccess}
}

// Ending is how a script ended.
type Ending struct {
	Result uint64 // ResultSuccess, ...
	Panic  Panic
	Word   uint32 // the instruction that panicked
}

// Finish closes the transaction: the last receipts, the state undone unless it
// succeeded, change, the roots of contract outputs. It gives the gas that the script used.
func (s *Session) Finish(e Ending) (gasUsed uint64) {
	if e.Result == ResultPanic {
		r := s.receipt(ReceiptPanic)
		r.Reason, r.Word, r.Missing = e.Panic, e.Word, s.missing
		s.Receipts = append(s.Receipts, r)
	}
	gasUsed = s.Tx.GasLimit - s.Reg[RegGGas]
	s.Receipts = append(s.Receipts, Receipt{Kind: ReceiptScriptResult, A: e.Result, Gas: gasUsed})
	if e.Result != ResultSuccess {
		s.World.Revert(s.snapshot)
	}
	s.settle(e.Result == ResultSuccess, gasUsed)
	s.sealContracts()
	return gasUsed
}

// StateSince gives what the session has changed of the world so far.
func (s *Session) StateSince() ([]SlotChange, []BalanceChange) { return s.World.Since(s.snapshot) }
