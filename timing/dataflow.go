package timing

import "github.com/ooovm/ooovm/isa"

// Depth is how long a micro-op of one cycle takes through an otherwise empty
// machine with a front end of one cycle: fetch, dispatch, issue, complete, commit.
const Depth = 4

// Dataflow is the length, in cycles, of the longest chain of dependences in the
// stream under the configuration's latencies, stack policy and state hierarchy:
// through registers, memory by byte, and storage by key. Widths, queues, units,
// control, serialization, waiting for the head, and order between value transfers
// and balance reads take no part. No machine with these latencies that predicts no
// values runs the transaction in fewer cycles than Dataflow plus Depth minus one
// plus core.frontend; one without limits takes exactly that where nothing serializes.
//
// It is a schedule on a machine without limits, of a stream without what is not
// dataflow. As Run does, it leaves the state hierarchy as the transaction does.
func (s *Scheduler) Dataflow(stream *Stream) (isa.Cycle, error) {
	free := *s
	free.cfg.Core.Decode, free.cfg.Core.Width, free.cfg.Core.Issue = Unlimited, Unlimited, Unlimited
	free.cfg.Core.Commit, free.cfg.Core.Taken, free.cfg.Core.FrontEnd = Unlimited, Unlimited, 1
	free.cfg.Core.ROB, free.cfg.Core.IQ, free.cfg.Core.Regs = Unlimited, Unlimited, Unlimited
	free.cfg.Core.LoadQ, free.cfg.Core.StoreQ, free.cfg.Core.StateQ = Unlimited, Unlimited, Unlimited
	free.cfg.Core.StackRegs, free.cfg.Core.Gas = Unlimited, "free"
	for u := range free.units {
		free.units[u] = Unlimited
	}
	pure := *stream
	pure.Uops = append([]Uop(nil), stream.Uops...)
	for i := range pure.Uops {
		pure.Uops[i].head, pure.Uops[i].after = false, none
	}
	pure.insts = append([]inst(nil), stream.insts...)
	for i := range pure.insts {
		pure.insts[i].serial = false
	}
	start := free.cycle
	if _, err := free.Run(&pure); err != nil {
		return 0, err
	}
	s.cycle = free.cycle
	return free.cycle - start - Depth, nil
}

// Serializes reports whether anything in the stream waits for a commit: fetch
// behind a serializing instruction, a micro-op that executes only as the oldest or
// whose result its commit makes, or a balance read behind a value transfer.
func (s *Scheduler) Serializes(stream *Stream) bool {
	for i := range stream.insts {
		if stream.insts[i].serial {
			return true
		}
	}
	for i := range stream.Uops {
		if u := &stream.Uops[i]; u.head || u.after != none || s.late(u) {
			return true
		}
	}
	return false
}
