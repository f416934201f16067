package levels

import (
	"strconv"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
)

// committedStatements is what the machine around the cores costs for the levels of the embedded
// block on 64 scalar cores, in statements. A change that makes it cheaper lowers it.
const committedStatements = 22_963_920

// TestCost fails when the machine around the cores has become dearer, and when cores that have
// nothing to do cost something: what remains is making them, and what more transactions at
// once do.
func TestCost(t *testing.T) {
	few := runtest.Statements(t, "TestCostWorkload", "64", "machine")
	many := runtest.Statements(t, "TestCostWorkload", "1400", "machine")
	runtest.CompareCost(t, "statements of the machine on 64 cores", few, committedStatements)
	t.Logf("%d on 1,400", many)
	if many*4 > few*5 {
		t.Errorf("%d statements of the machine on 1,400 cores, %d on 64: idle cores cost something", many, few)
	}
}

// TestCostWorkload is what TestCost counts.
func TestCostWorkload(t *testing.T) {
	cores, err := strconv.Atoi(runtest.CostWorkload(t))
	if err != nil {
		t.Fatal(err)
	}
	l := Study{Core: runtest.Setup(t, "scalar"), Cores: []int{cores}, Options: run.Options{Lockstep: true}}
	if _, difference, err := l.Of(runtest.Embedded(t)); err != nil || difference != nil {
		t.Fatal(err, difference)
	}
}
