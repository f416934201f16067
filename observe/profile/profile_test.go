package profile_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	pprof "github.com/google/pprof/profile"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/observe/profile"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// embedded profiles the embedded block.
func embedded(t *testing.T, set ...string) (*profile.Recorder, *pipeline.Core) {
	t.Helper()
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.Prepare(context.Background(), b, run.Recording)
	if err != nil {
		t.Fatal(err)
	}
	eff, err := config.Load(config.Source{Set: set})
	if err != nil {
		t.Fatal(err)
	}
	rec := profile.New(eff.Config.Core.Commit)
	out, err := p.Run(&eff.Config.Config, run.Options{Lockstep: true, Ledger: rec})
	if err != nil || out.Difference != nil {
		t.Fatal(err, out.Difference)
	}
	return rec, out.Core
}

// Every slot is booked once, whatever the machine: the parts are the CPI stack.
func TestPartsAreTheWhole(t *testing.T) {
	for _, set := range [][]string{
		nil, {"preset=scalar"}, {"core.transactions=64"}, {"chaos.squash=2000"}, {"predictor.runahead=true"},
	} {
		t.Run(strings.Join(set, " "), func(t *testing.T) {
			rec, core := embedded(t, set...)
			for _, by := range profile.Groupings {
				lines, err := rec.By(by)
				if err != nil {
					t.Fatal(err)
				}
				var sum profile.Slots
				for i := range lines {
					for cause, n := range lines[i].Slots {
						sum[cause] += n
					}
				}
				if sum != profile.Slots(core.Stats.Slots) {
					t.Errorf("by %s: %v, the CPI stack is %v", by, sum, core.Stats.Slots)
				}
			}
		})
	}
}

func TestUnknownGroupingNamesTheKnownOnes(t *testing.T) {
	if _, err := profile.New(1).By("block"); err == nil || !strings.Contains(err.Error(), "selector") {
		t.Error(err)
	}
}

// The code of a contract has as many slots as the contract's line, unless other contracts
// share it: here none do.
func TestAnnotationsAddUp(t *testing.T) {
	rec, _ := embedded(t)
	lines, err := rec.By("contract")
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for i := range lines {
		var sum uint64
		for _, a := range rec.Annotate(lines[i].Name) {
			sum += a.Slots.Total()
		}
		if sum > 0 {
			checked++
			if sum < lines[i].Slots.Total() {
				t.Errorf("%s: annotated %d of %d slots", lines[i].Name, sum, lines[i].Slots.Total())
			}
		}
	}
	if checked == 0 {
		t.Error("no contract has code")
	}
}

func TestExportsCarryEverySlot(t *testing.T) {
	rec, core := embedded(t)
	want := uint64(core.Cycle()) * core.Stats.Width
	t.Run("pprof", func(t *testing.T) {
		var b bytes.Buffer
		if err := rec.WritePprof(&b); err != nil {
			t.Fatal(err)
		}
		p, err := pprof.Parse(&b)
		if err != nil {
			t.Fatal(err)
		}
		var sum, causes int64
		for _, s := range p.Sample {
			sum += s.Value[0]
			for _, v := range s.Value[1:] {
				causes += v
			}
		}
		if uint64(sum) != want || causes != sum {
			t.Errorf("%d slots, %d by cause, want %d", sum, causes, want)
		}
	})
	t.Run("speedscope", func(t *testing.T) {
		var b bytes.Buffer
		if err := rec.WriteSpeedscope(&b, "embedded"); err != nil {
			t.Fatal(err)
		}
		var f struct {
			Shared   struct{ Frames []struct{ Name string } }
			Profiles []struct {
				EndValue float64
				Samples  [][]int
				Weights  []float64
			}
		}
		if err := json.Unmarshal(b.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		p := f.Profiles[0]
		if p.EndValue != float64(core.Cycle()) || len(p.Samples) != len(p.Weights) {
			t.Errorf("ends at %v, want %d; %d samples, %d weights", p.EndValue, core.Cycle(), len(p.Samples), len(p.Weights))
		}
		for _, stack := range p.Samples {
			if stack[0] != 0 || f.Shared.Frames[stack[0]].Name != "envelope" {
				t.Fatalf("a stack does not begin with the envelope: %v", stack)
			}
		}
	})
}

func TestExportsAreRepeatable(t *testing.T) {
	var first, second bytes.Buffer
	for _, b := range []*bytes.Buffer{&first, &second} {
		rec, _ := embedded(t)
		if err := rec.WritePprof(b); err != nil {
			t.Fatal(err)
		}
		if err := rec.WriteSpeedscope(b, "embedded"); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(first.Bytes(), second.Bytes()) {
		t.Error("two runs differ")
	}
}
