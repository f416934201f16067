package run_test

import (
	"runtime"
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/state"
)

// BenchmarkBlock simulates the embedded block under every preset, without judging it.
func BenchmarkBlock(b *testing.B) {
	for _, preset := range config.Presets() {
		b.Run(preset.Name, func(b *testing.B) { benchmarkBlock(b, preset.Name, run.Options{}) })
	}
}

// BenchmarkLockstep is BenchmarkBlock with every instruction compared.
func BenchmarkLockstep(b *testing.B) {
	benchmarkBlock(b, config.DefaultPreset, run.Options{Lockstep: true})
}

func benchmarkBlock(b *testing.B, preset string, opt run.Options) {
	p, s := runtest.Embedded(b), runtest.Setup(b, preset)
	b.ReportAllocs()
	var instructions uint64
	for b.Loop() {
		out, err := p.Simulate(&s.Config.Config, opt)
		if err != nil {
			b.Fatal(err)
		}
		instructions += out.Core.Stats.Instructions
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(instructions), "ns/instruction")
}

// BenchmarkWorld makes the state that a run begins with.
func BenchmarkWorld(b *testing.B) {
	pre := runtest.Embedded(b).Bundle.Prestate
	hashes := pre.CodeHashes()
	for b.Loop() {
		state.NewWorld(pre).KnowCodeHashes(hashes)
	}
}

// TestCoreSize: a simulated core, with all that a block made it keep, is below 4 MB.
func TestCoreSize(t *testing.T) {
	for _, preset := range []string{"scalar", "ooo-4", "ooo-8"} {
		t.Run(preset, func(t *testing.T) {
			p := runtest.Embedded(t)
			out, err := p.Simulate(&runtest.Setup(t, preset).Config.Config, run.Options{})
			if err != nil {
				t.Fatal(err)
			}
			out.World, out.Results = nil, nil
			with := liveBytes()
			runtime.KeepAlive(out.Core)
			out.Core = nil
			without := liveBytes()
			if size := with - without; size > 4<<20 || with < without {
				t.Errorf("the core is %d bytes", size)
			}
		})
	}
}

// liveBytes is the heap after a collection.
func liveBytes() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
