package run_test

import (
	"context"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/traces"
)

// TestRefillBelongsToItsSquash: the slots lost until the machine fills again go to
// what squashed, not to the front end, even when older entries were still in flight.
func TestRefillBelongsToItsSquash(t *testing.T) {
	b, err := traces.Embedded()
	if err != nil {
		t.Fatal(err)
	}
	p, err := run.Prepare(context.Background(), b, run.Results)
	if err != nil {
		t.Fatal(err)
	}
	cfg := runtest.Setup(t, "ooo-4").Config.Config
	cfg.Predictor.Memory = "blind"
	out, err := p.Run(&cfg, run.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := &out.Core.Stats
	squashes, slots := s.Squashes[pipeline.CauseMemoryOrder], s.Slots[pipeline.CauseMemoryOrder]
	if squashes < 100 || slots < squashes {
		t.Errorf("%d memory-order squashes lose %d slots", squashes, slots)
	}
}
