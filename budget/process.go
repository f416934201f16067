package budget

import (
	"math"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Memory belongs to the process, as GOMEMLIMIT does: what --memory says, and how many runs
// there are at once, is kept here.
var process struct {
	run  atomic.Int64 // of one run, 0 for a share of the host's
	jobs atomic.Int64 // most runs at once so far
}

// leastShare is the least that a run gets by default: with less memory there are fewer runs
// at once. A block of 36 million gas that does nothing but jump takes 0.7 GiB recorded.
const leastShare = 1 << 30

// Limit sets the memory of every run from now on; 0 is for a share of the host's.
func Limit(bytes int64) { process.run.Store(bytes) }

// Jobs says how many runs to make at once: as many as wanted, or where that is 0 as many as
// there are host cores and budgets fit into the memory.
func Jobs(wanted int) int { return JobsFor(wanted, 0) }

// JobsFor is Jobs where there are so many inputs; 0 where nobody knows. A lone one has all
// the memory, whatever is wanted.
func JobsFor(wanted, inputs int) int {
	if wanted <= 0 {
		wanted = fitting(runtime.NumCPU(), available(), process.run.Load())
	}
	if inputs > 0 {
		wanted = min(wanted, inputs)
	}
	for {
		before := process.jobs.Load()
		if int64(wanted) <= before || process.jobs.CompareAndSwap(before, int64(wanted)) {
			return wanted
		}
	}
}

// fitting is how many of the cores have memory for a run each, at least one.
func fitting(cores int, memory, run int64) int {
	if run == 0 {
		run = leastShare
	}
	return int(max(1, min(int64(cores), memory/run)))
}

// OfRun is the budget of one more run.
func OfRun() *Budget {
	if run := process.run.Load(); run > 0 {
		return New(run)
	}
	return New(available() / max(1, process.jobs.Load()))
}

// available is what all runs may have together: half the process's memory. The other half
// is for what is not counted, and for the garbage that the collector has not got to.
func available() int64 { return Host() / 2 }

// Host is how much memory the process may have: the machine's, or less where its control
// group, GOMEMLIMIT or the limit of its address space says so.
var Host = sync.OnceValue(func() int64 {
	least := int64(unknownMachine)
	if n, err := memlimit.FromSystem(); err == nil && n > 0 && n < math.MaxInt64 {
		least = int64(n)
	}
	if n, err := memlimit.FromCgroup(); err == nil && n > 0 && n < math.MaxInt64 {
		least = min(least, int64(n))
	}
	return min(least, debug.SetMemoryLimit(-1), addressSpace())
})

// unknownMachine stands for the memory of a machine that does not tell.
const unknownMachine = 8 << 30

// Govern has the garbage collector work harder as the process comes near to its memory,
// unless GOMEMLIMIT says when.
func Govern() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(Host() - Host()/8)
	}
}
