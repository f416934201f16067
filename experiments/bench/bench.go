// Package bench measures the simulator's own speed: command bench.
package bench

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/ooovm/ooovm/experiments/batch"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// Schema is the schema of Report.
const Schema = "ooovm.bench/1"

// Report is the simulator's speed over blocks, in process CPU time.
type Report struct {
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

// rounds is how often each side runs a block; the fastest round counts,
// since noise on a shared machine only ever adds time.
const rounds = 3

// Run measures. Loading and checking the block, decoding it for the first time and
// judging the result are not part of it; making the state, executing transactions
// and system calls are, on both sides. With carry predictors keep what they have learned
// from block to block, and a block is simulated once. failed hears of each block that
// cannot be measured; the others are.
func Run(stop context.Context, paths []string, preset string, cfg *pipeline.Config, carry bool, failed func(error)) *Report {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	b := &Report{Schema: Schema, Preset: preset, Carry: carry}
	var simulated, golden time.Duration
	var last *pipeline.Core
	measure := func(bundle *traces.Bundle) error {
		p, err := run.Prepare(stop, bundle, run.NeedOf(false, cfg))
		if err != nil {
			return err
		}
		var out *run.Outcome
		times := rounds
		if carry {
			times = 1
		}
		t, err := Fastest(times, func() (err error) {
			out, err = p.Simulate(cfg, run.Options{Inherit: last, Stop: stop})
			return err
		})
		if err != nil {
			return err
		}
		if p.Judge(out, false); !out.Verdict.OK {
			return run.Difference(fmt.Errorf("%s: %w", bundle.Name, out.Difference))
		}
		if carry {
			last = out.Core
		}
		executed, err := Fastest(rounds, func() error {
			_, err := traces.ExecuteContext(stop, bundle)
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
		b.Cycles += uint64(out.Core.Cycle())
		return nil
	}
	for _, path := range paths { // no batch: nothing else may run on the process's clock
		r := batch.Block(path, stop, func(bundle *traces.Bundle) (struct{}, error) { return struct{}{}, measure(bundle) })
		if r.Err != nil {
			failed(r.Err)
		}
	}
	b.CPUSeconds, b.GethCPUSeconds = simulated.Seconds(), golden.Seconds()
	b.InstructionsPerSecond = perSecond(b.Instructions, simulated)
	b.UopsPerSecond = perSecond(b.Uops, simulated)
	b.CyclesPerSecond = perSecond(b.Cycles, simulated)
	b.GethInstructionsPerSecond = perSecond(b.Instructions, golden)
	if golden > 0 {
		b.Slowdown = run.Rounded(simulated.Seconds() / golden.Seconds())
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
	return run.Rounded(float64(n) / d.Seconds())
}

// Fastest returns the shortest process CPU time of a few rounds, each begun with a
// clean heap so that nobody pays for another's garbage. Nothing else may run in the process.
func Fastest(times int, measured func() error) (best time.Duration, err error) {
	for range times {
		debug.FreeOSMemory()
		start := cpuTime()
		if err := measured(); err != nil {
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
