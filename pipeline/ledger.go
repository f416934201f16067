package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// Ledger books every commit slot on the instruction that it was spent on or lost to: one
// that commits, or else the oldest in flight, or where nothing is the one that fetch
// stands at. All that is older has committed, so that it is always an instruction of the
// frame that was entered last and not left. It changes nothing.
type Ledger interface {
	// Enter and Leave follow the commit of a call into a callee, and of its end. The account
	// is whose code runs; input is what of the callee's input there is, at most 4 bytes.
	Enter(cycle isa.Cycle, account *isa.Word, prog *decoder.Program, input []byte)
	Leave(cycle isa.Cycle)
	// Slots books n slots. The program is nil while fetch waits to learn which it is.
	Slots(prog *decoder.Program, inst isa.InstIndex, cause Cause, n uint64)
}

// SetLedger books the slots of what is simulated from now on; nil ends that.
func (c *Core) SetLedger(l Ledger) { c.obs.ledger = l }

// attribute finds the instruction that slots are lost to.
func (c *Core) attribute(cause Cause, slots uint64) {
	frame, inst := c.front.frame, c.front.inst
	if b := c.win.buf; b.Head < b.Tail {
		e := b.At(b.Head)
		frame, inst = e.Frame, e.Inst
	}
	c.obs.ledger.Slots(c.ren.frames[frame].prog, inst, cause, slots)
}

// ledgerEnter tells of a frame whose call has committed.
func (c *Core) ledgerEnter(child rob.FrameID, account *isa.Word) {
	f := &c.ren.frames[child]
	var input []byte
	env := &c.ren.maps.Map[child].Env
	off, n, ok := c.tx.bounded(c.ren.regs.Value(env[rob.EnvInputOffset]), c.ren.regs.Value(env[rob.EnvInputLength]))
	if mem := c.ren.frames[f.parent].ctx.Memory; ok && off+n <= uint64(len(mem)) {
		input = mem[off : off+min(n, 4)]
	}
	c.obs.ledger.Enter(c.clock.now, account, f.prog, input)
}
