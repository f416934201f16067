package traces

// Source is an expected stream to compare with: a recorded Golden, or a Stream, whose
// golden runs execute while they are compared.
type Source interface {
	// Begin starts a transaction, over if need be, and numbers its first step; false when
	// there is no such transaction.
	Begin(tx int) (first int, ok bool)
	// StepsFrom returns the transaction's steps from one on, as many as are at hand, and
	// none only when the transaction has no more. They are valid until the call
	// after the next, and until another transaction begins.
	StepsFrom(tx, from int) []Step
	// CallEffect returns Step.Effect of a call. The step behind its return has been
	// given by then.
	CallEffect(step int) uint64
	// Close ends what executes for the comparison; another transaction may begin
	// afterwards. The error is the first of a golden run that broke: what was found to
	// differ means nothing then.
	Close() error
}

// Begin implements Source.
func (g *Golden) Begin(tx int) (int, bool) {
	if tx < 0 || tx+1 >= len(g.TxStart) {
		return 0, false
	}
	return g.TxStart[tx], true
}

// StepsFrom implements Source.
func (g *Golden) StepsFrom(tx, from int) []Step { return g.Steps.Run(from, g.TxStart[tx+1]) }

// CallEffect implements Source.
func (g *Golden) CallEffect(step int) uint64 { return g.Steps.At(step).Effect }

// Close implements Source: what is recorded has ended.
func (g *Golden) Close() error { return nil }
