package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// machine is what the stages ask of the kind of machine whose code a frame runs. Setting a
// frame's program chooses it; the stages themselves know no kind. Envelopes and precompiled
// contracts are programs of stack machines, also around a register machine.
type machine interface {
	// fetch fetches from the fetch position on, as far as the cycle goes and the frame fi
	// runs: it is asked once for a run of instructions, not for each. rests means that
	// nothing more is fetched in this cycle.
	fetch(fe *frontEnd, fi rob.FrameID) (rests bool)
	// fold performs an instruction that only moves values on the rename map; move renames
	// one that takes a unit.
	fold(fe *frontEnd, fi rob.FrameID, f *frame, in *decoder.Inst)
	move(fe *frontEnd, e *rob.Entry, fi rob.FrameID, f *frame, in *decoder.Inst)
	// open prepares the map of a frame that fetch enters by a call.
	open(t *transactions, fi rob.FrameID)
	// returned renames what a Return from the frame fi gives its caller p, which runs on
	// this machine.
	returned(fe *frontEnd, e *rob.Entry, fi, p rob.FrameID)
	// lands reports whether fetch can follow a jump predicted to go to an instruction.
	lands(in *decoder.Inst) bool

	// commit retires the oldest entry. It reports false when the entry faulted and is gone.
	commit(c *Core, e *rob.Entry, seq rob.Seq, f *frame) bool
	// fails tells the system of a fault that the core has found itself, and returns the frame
	// and the instruction at which its caller goes on.
	fails(c *Core, fi rob.FrameID, in *decoder.Inst, row *decoder.Row, fault decoder.Fault) (frame rob.FrameID, resume isa.InstIndex)

	// goldenGas reports whether the golden run knows what an instruction that reads the gas
	// left returns; dataflow whether the origin of state keys can be followed.
	goldenGas() bool
	dataflow() bool
}

// machineOf chooses.
func machineOf(p *decoder.Program) machine {
	if p.RegisterFile != nil {
		return registerMachine{}
	}
	return stackMachine{}
}

// stackMachine has an operand stack a frame and memory a frame; a fault ends the frame.
type stackMachine struct{}

func (stackMachine) open(*transactions, rob.FrameID)                          {}
func (stackMachine) returned(*frontEnd, *rob.Entry, rob.FrameID, rob.FrameID) {}
func (stackMachine) lands(in *decoder.Inst) bool                              { return in.Kind == decoder.KindNop }
func (stackMachine) goldenGas() bool                                          { return true }
func (stackMachine) dataflow() bool                                           { return true }
func (stackMachine) commit(c *Core, e *rob.Entry, seq rob.Seq, f *frame) bool {
	return c.commitStack(e, seq, f)
}

func (stackMachine) fails(c *Core, fi rob.FrameID, _ *decoder.Inst, _ *decoder.Row, _ decoder.Fault) (frame rob.FrameID, resume isa.InstIndex) {
	f := &c.ren.frames[fi]
	return f.parent, f.resume
}

// registerMachine has registers and memory that all frames of a transaction share; a fault
// ends the transaction.
type registerMachine struct{}

func (registerMachine) open(t *transactions, fi rob.FrameID) { t.openOutermost(fi) }
func (registerMachine) lands(*decoder.Inst) bool             { return true }
func (registerMachine) goldenGas() bool                      { return false }
func (registerMachine) dataflow() bool                       { return false }

func (registerMachine) commit(c *Core, e *rob.Entry, seq rob.Seq, f *frame) bool {
	return c.commitRegisters(e, seq, f)
}

func (registerMachine) fails(c *Core, fi rob.FrameID, in *decoder.Inst, row *decoder.Row, fault decoder.Fault) (frame rob.FrameID, resume isa.InstIndex) {
	if fault == decoder.FaultStatus || row.Flags&decoder.Dynamic == 0 {
		c.registers.Fail(&c.ren.frames[fi].ctx, in, fault)
	}
	return c.tx.root, c.tx.outermost(fi).resume
}
