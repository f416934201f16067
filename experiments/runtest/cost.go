package runtest

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// costTolerance is by how much, in per cent, a cost may be above the committed one.
const costTolerance = 15

// costVariable makes the workload of a test of costs run, and says which.
const costVariable = "OOOVM_TEST_COST"

// Statements counts the statements of packages that a test of the present package executes. It
// runs the test in a process of its own, built with counters, where CostWorkload gives what.
// The number is the same on every host, and grows with the work.
func Statements(t *testing.T, test, what string, packages ...string) (total uint64) {
	t.Helper()
	if testing.Short() {
		t.Skip("builds the simulator with counters")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go tool to build with counters: ", err)
	}
	profile := filepath.Join(t.TempDir(), "statements")
	var list []string
	for _, p := range packages {
		list = append(list, "github.com/ooovm/ooovm/"+p)
	}
	cmd := exec.Command("go", "test", "-count=1", "-run=^"+test+"$", "-covermode=count",
		"-coverpkg="+strings.Join(list, ","), "-coverprofile="+profile, ".")
	cmd.Env = append(os.Environ(), costVariable+"="+what)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	total, err := statements(profile)
	if err != nil {
		t.Fatal(err)
	}
	return total
}

// CostWorkload is what Statements asks the test for, which is skipped if nobody asks.
func CostWorkload(t *testing.T) string {
	t.Helper()
	what := os.Getenv(costVariable)
	if what == "" {
		t.Skip("a test of costs runs it")
	}
	return what
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

// CompareCost fails when a cost is above the committed one.
func CompareCost(t *testing.T, what string, got, committed uint64) {
	t.Helper()
	t.Logf("%d %s, %d committed", got, what, committed)
	switch {
	case got*100 > committed*(100+costTolerance):
		t.Errorf("%d %s, %d are committed: more than %d %% dearer", got, what, committed, costTolerance)
	case got*(100+costTolerance) < committed*100:
		t.Log("this is cheaper: commit the lower figure")
	}
}
