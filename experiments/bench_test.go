package experiments

import (
	"encoding/json"
	"runtime"
	"testing"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/state"
)

// BenchmarkBlock simulates the embedded block under every preset, without judging it.
func BenchmarkBlock(b *testing.B) {
	for _, preset := range config.Presets() {
		b.Run(preset.Name, func(b *testing.B) { benchmarkBlock(b, preset.Name, Options{}) })
	}
}

// BenchmarkLockstep is BenchmarkBlock with every instruction compared.
func BenchmarkLockstep(b *testing.B) {
	benchmarkBlock(b, config.DefaultPreset, Options{Lockstep: true})
}

func benchmarkBlock(b *testing.B, preset string, opt Options) {
	p, s := embedded(b), setup(b, preset)
	b.ReportAllocs()
	var instructions uint64
	for b.Loop() {
		out, err := p.simulate(&s.Config.Config, opt)
		if err != nil {
			b.Fatal(err)
		}
		instructions += out.Core.Stats.Instructions
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(instructions), "ns/instruction")
}

// BenchmarkWorld makes the state that a run begins with.
func BenchmarkWorld(b *testing.B) {
	p := embedded(b)
	for b.Loop() {
		state.NewWorld(p.Bundle.Prestate).KnowCodeHashes(p.hashes)
	}
}

// TestCoreSize: a simulated core, with all that a block made it keep, is below 4 MB.
func TestCoreSize(t *testing.T) {
	for _, preset := range []string{"scalar", "ooo-4", "ooo-8"} {
		t.Run(preset, func(t *testing.T) {
			p := embedded(t)
			out, err := p.simulate(&setup(t, preset).Config.Config, Options{})
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

// TestBenchReport: the report has the fields that docs/formats.md and scripts count on.
func TestBenchReport(t *testing.T) {
	s := setup(t, "ooo-2")
	var err error
	report := Bench([]string{""}, s.Preset, &s.Config.Config, false, func(e error) { err = e })
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(report)
	if err != nil {
		t.Fatal(err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"schema", "preset", "blocks", "instructions", "uops", "cycles", "cpuSeconds", "cyclesPerSecond",
		"instructionsPerSecond", "gethInstructionsPerSecond", "slowdown", "peakBytes",
	}
	for _, name := range want {
		if v := fields[name]; v == nil || v == 0.0 || v == "" {
			t.Errorf("%s is %v", name, v)
		}
	}
	if fields["schema"] != BenchSchema || fields["preset"] != "ooo-2" || fields["blocks"] != 1.0 {
		t.Errorf("the report says it is %v of %v blocks under %v", fields["schema"], fields["blocks"], fields["preset"])
	}
}
