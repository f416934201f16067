package pipeline_test

import (
	"testing"

	"github.com/ooovm/ooovm/pipeline"
)

// TestPlainTick: a cycle with its stages' calls written out is the cycle of the list.
func TestPlainTick(t *testing.T) {
	for _, s := range stages {
		t.Run(s.name, func(t *testing.T) {
			p := program{name: s.name, code: loop(s.body, 200), gas: 16_000_000}
			want := p.simulateOn(t, real(), (*pipeline.Core).TickByList)
			got := p.simulateOn(t, real(), func(*pipeline.Core) {})
			if got.Cycle() != want.Cycle() || got.Stats != want.Stats {
				t.Errorf("written out: %d cycles\n%+v\nby the list: %d cycles\n%+v", got.Cycle(), got.Stats, want.Cycle(), want.Stats)
			}
		})
	}
}
