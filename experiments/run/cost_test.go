package run_test

import (
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// What the embedded block costs under ooo-4: statements of the simulator executed,
// and allocations of the host. Time on a shared machine is noise and its processor
// counts no instructions for guests; the number of statements is the same on every
// host, and grows with the work. A change that makes it cheaper lowers these constants.
const (
	committedStatements  = 44_177_200
	committedAllocations = 1685
)

// costPackages are those whose code runs for every micro-op.
var costPackages = []string{"isa", "rob", "predictor", "pipeline", "pipeline/hierarchy", "pipeline/prefetch", "pipeline/queue"}

// TestCost fails when simulating a fixed block has become dearer.
func TestCost(t *testing.T) {
	runtest.CompareCost(t, "statements", runtest.Statements(t, "TestCostWorkload", "ooo-4", costPackages...), committedStatements)
}

// TestCostWorkload is what TestCost counts.
func TestCostWorkload(t *testing.T) {
	preset := runtest.CostWorkload(t)
	if _, err := runtest.Embedded(t).Simulate(&runtest.Setup(t, preset).Config.Config, run.Options{}); err != nil {
		t.Fatal(err)
	}
}

// TestAllocationCost fails when simulating a fixed block allocates more than it did.
func TestAllocationCost(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "ooo-4")
	got := testing.AllocsPerRun(3, func() {
		if _, err := p.Simulate(&s.Config.Config, run.Options{}); err != nil {
			t.Fatal(err)
		}
	})
	runtest.CompareCost(t, "allocations", uint64(got), committedAllocations)
}
