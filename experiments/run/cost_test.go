package run_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

	costTolerance = 15 // per cent
)

// costPackages are those whose code runs for every micro-op.
var costPackages = []string{"isa", "rob", "predictor", "pipeline", "pipeline/hierarchy", "pipeline/prefetch", "pipeline/queue"}

// TestCost fails when simulating a fixed block has become dearer. It runs
// TestCostWorkload in a process of its own that counts statements.
func TestCost(t *testing.T) {
	if testing.Short() {
		t.Skip("builds the simulator with counters")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go tool to build with counters: ", err)
	}
	profile := filepath.Join(t.TempDir(), "statements")
	packages := make([]string, len(costPackages))
	for i, p := range costPackages {
		packages[i] = "github.com/ooovm/ooovm/" + p
	}
	cmd := exec.Command("go", "test", "-count=1", "-run=^TestCostWorkload$", "-covermode=count",
		"-coverpkg="+strings.Join(packages, ","), "-coverprofile="+profile, ".")
	cmd.Env = append(os.Environ(), costVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	got, err := statements(profile)
	if err != nil {
		t.Fatal(err)
	}
	compareCost(t, "statements", got, committedStatements)
}

// costVariable makes TestCostWorkload run.
const costVariable = "OOOVM_TEST_COST"

// TestCostWorkload is what TestCost counts.
func TestCostWorkload(t *testing.T) {
	if os.Getenv(costVariable) == "" {
		t.Skip("TestCost runs it")
	}
	if _, err := runtest.Embedded(t).Simulate(&runtest.Setup(t, "ooo-4").Config.Config, run.Options{}); err != nil {
		t.Fatal(err)
	}
}

// statements adds up a coverage profile: each line ends with the number of
// statements of a block of code and how often it ran.
func statements(profile string) (total uint64, err error) {
	f, err := os.Open(profile)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Scan() // the mode
	for lines.Scan() {
		var n, times uint64
		_, counts, _ := strings.Cut(lines.Text(), " ")
		if _, err := fmt.Sscanf(counts, "%d %d", &n, &times); err != nil {
			return 0, fmt.Errorf("%q: %w", lines.Text(), err)
		}
		total += n * times
	}
	return total, lines.Err()
}

// TestAllocationCost fails when simulating a fixed block allocates more than it did.
func TestAllocationCost(t *testing.T) {
	p, s := runtest.Embedded(t), runtest.Setup(t, "ooo-4")
	got := testing.AllocsPerRun(3, func() {
		if _, err := p.Simulate(&s.Config.Config, run.Options{}); err != nil {
			t.Fatal(err)
		}
	})
	compareCost(t, "allocations", uint64(got), committedAllocations)
}

func compareCost(t *testing.T, what string, got, committed uint64) {
	t.Helper()
	t.Logf("%d %s, %d committed", got, what, committed)
	switch {
	case got*100 > committed*(100+costTolerance):
		t.Errorf("%d %s, %d are committed: more than %d %% dearer", got, what, committed, costTolerance)
	case got*(100+costTolerance) < committed*100:
		t.Log("this is cheaper: commit the lower figure")
	}
}
