package machine

import (
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
)

// profile is the timeline of one committed transaction, which a schedule model
// rearranges. All times are cycles after the begin of the transaction.
type profile struct {
	cycles isa.Cycle
	root   *span
}

// span is one call frame.
type span struct {
	envelope   bool
	begin, end isa.Cycle
	calls      []call   // that have entered a callee, in order
	accesses   []access // of this frame, in order
	outcome    outcome
}

// call is one call that has entered its callee.
type call struct {
	site   uint64 // program and instruction
	callee *span
}

// outcome is what a caller sees of a callee.
type outcome struct {
	result   isa.Word
	returned uint64 // hash of the bytes
}

// access is one access to storage.
type access struct {
	at    isa.Cycle
	cell  cell
	write bool
}

// profileOf condenses the log of a transaction that began in the given cycle.
func profileOf(log *pipeline.OpLog, began isa.Cycle, core *pipeline.Core) *profile {
	cycles := core.Cycle() - began
	p := &profile{cycles: cycles, root: &span{envelope: true, end: cycles}}
	open := []*span{p.root}
	for i := range log.Ops {
		op := &log.Ops[i]
		at, f := op.Cycle-began, open[len(open)-1]
		switch op.Kind {
		case pipeline.LogEnter:
			s := &span{begin: at}
			f.calls = append(f.calls, call{op.Site ^ uint64(uint32(op.Inst)), s})
			open = append(open, s)
		case pipeline.LogLeave, pipeline.LogUndo:
			f.end, f.outcome = at, outcome{op.Result, op.Returned}
			open = open[:len(open)-1]
		case pipeline.LogUop:
			if op.Op == isa.StateLoad || op.Op == isa.StateKey {
				c := cellOf(op, [4]*isa.Word{log.Source(op.Src[0]), log.Source(op.Src[1])})
				f.accesses = append(f.accesses, access{at, c, op.Op == isa.StateKey})
			}
		}
	}
	return p
}
