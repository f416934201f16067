package experiments

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// BenchSchema is the schema of Benchmark.
const BenchSchema = "ooovm.bench/1"

// Benchmark is the simulator's speed over blocks, in process CPU time.
type Benchmark struct {
	Schema                    string   `json:"schema"`
	Preset                    string   `json:"preset"`
	Carry                     bool     `json:"carry"`
	Blocks                    int      `json:"blocks"`
	Instructions              uint64   `json:"instructions"`
	Uops                      uint64   `json:"uops"`
	Cycles                    uint64   `json:"cycles"`
	CPUSeconds                float64  `json:"cpuSeconds"`
	InstructionsPerSecond     *float64 `json:"instructionsPerSecond"`
	UopsPerSecond             *float64 `json:"uopsPerSecond"`
	CyclesPerSecond           *float64 `json:"cyclesPerSecond"`
	GethCPUSeconds            float64  `json:"gethCpuSeconds"`
	GethInstructionsPerSecond *float64 `json:"gethInstructionsPerSecond"`
	Slowdown                  *float64 `json:"slowdown"`
	PeakBytes                 uint64   `json:"peakBytes"`
}

// benchRounds is how often each side runs a block; the fastest round counts,
// since noise on a shared machine only ever adds time.
const benchRounds = 3

// Bench measures. Loading and checking the block, decoding it for the first time and
// judging the result are not part of it; making the state, executing transactions
// and system calls are, on both sides. With carry predictors keep what they have learnt
// from block to block, and a block is simulated once. failed hears of each block that
// cannot be measured; the others are.
func Bench(paths []string, preset string, cfg *pipeline.Config, carry bool, failed func(error)) *Benchmark {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b := &Benchmark{Schema: BenchSchema, Preset: preset, Carry: carry}
	var simulated, golden time.Duration
	var last *pipeline.Core
	measure := func(bundle *traces.Bundle) error {
		p, err := Prepare(bundle, cfg.ReadsGolden())
		if err != nil {
			return &DifferenceError{err}
		}
		var out *Outcome
		rounds := benchRounds
		if carry {
			rounds = 1
		}
		t, err := fastest(rounds, func() (err error) {
			out, err = p.simulate(cfg, Options{Inherit: last})
			return err
		})
		if err != nil {
			return err
		}
		if p.judge(out, false); !out.Verdict.OK {
			return &DifferenceError{fmt.Errorf("%s: %w", bundle.Name, out.Difference)}
		}
		if carry {
			last = out.Core
		}
		executed, err := fastest(benchRounds, func() error {
			_, err := traces.Execute(bundle)
			return err
		})
		if err != nil {
			return err
		}
		simulated += t
		golden += executed
		b.Blocks++
		b.Instructions += out.Core.Stats.Instructions
		b.Uops += out.Core.Stats.Uops
		b.Cycles += out.Core.Cycle()
		return nil
	}
	for _, path := range paths {
		if err := onBlock(path, nil, measure); err != nil {
			failed(err)
		}
	}
	b.CPUSeconds, b.GethCPUSeconds = simulated.Seconds(), golden.Seconds()
	b.InstructionsPerSecond = perSecond(b.Instructions, simulated)
	b.UopsPerSecond = perSecond(b.Uops, simulated)
	b.CyclesPerSecond = perSecond(b.Cycles, simulated)
	b.GethInstructionsPerSecond = perSecond(b.Instructions, golden)
	if golden > 0 {
		b.Slowdown = rounded(simulated.Seconds() / golden.Seconds())
	}
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err == nil {
		b.PeakBytes = uint64(u.Maxrss) * maxrssUnit
	}
	return b
}

func perSecond(n uint64, d time.Duration) *float64 {
	if d <= 0 {
		return nil
	}
	return rounded(float64(n) / d.Seconds())
}

// fastest gives the shortest process CPU time of a few rounds, each begun with a
// clean heap so that nobody pays for another's garbage.
func fastest(rounds int, run func() error) (best time.Duration, err error) {
	for range rounds {
		debug.FreeOSMemory()
		start := cpuTime()
		if err := run(); err != nil {
			return 0, err
		}
		if t := cpuTime() - start; best == 0 || t < best {
			best = t
		}
	}
	return best, nil
}

// cpuTime is what the process has used, in user and in system mode.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
