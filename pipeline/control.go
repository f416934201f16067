package pipeline

import "context"

// Limits are what ends a run that does not end by itself.
type Limits struct {
	// VerifyEvery calls Verify after every so many simulated steps, 0 for never.
	VerifyEvery uint64
	// MaxCycles ends a run with ErrMaxCycles, 0 for no limit. Stop ends it with its
	// own error once it is done.
	MaxCycles uint64
	Stop      context.Context
}

// runControl is what decides whether a core goes on.
type runControl struct {
	watchdog   uint64 // longest time without a commit, in cycles
	lastCommit uint64
	steps      uint64 // of the present transaction
	moved      bool   // a stage moved in the last one
}
