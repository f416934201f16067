package traces

// Source is an expected stream to compare with: a recorded Golden, or a Stream
// that is still being executed.
type Source interface {
	// FirstStep numbers a transaction's first step, false when there is no such
	// transaction.
	FirstStep(tx int) (step int, ok bool)
	// StepsFrom returns the transaction's steps from one on, as many as are at hand, and
	// none only when the transaction has no more. They are valid until the call
	// after the next.
	StepsFrom(tx, from int) []Step
	// CallEffect returns Step.Effect of a call. The step behind its return has been
	// given by then.
	CallEffect(step int) uint64
}

func (g *Golden) FirstStep(tx int) (int, bool) {
	if tx < 0 || tx+1 >= len(g.TxStart) {
		return 0, false
	}
	return g.TxStart[tx], true
}

func (g *Golden) StepsFrom(tx, from int) []Step { return g.Steps.Run(from, g.TxStart[tx+1]) }

func (g *Golden) CallEffect(step int) uint64 { return g.Steps.At(step).Effect }
