package run_test

import (
	"fmt"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// chaosSeeds and chaosPresets are what every chaos test goes through.
var (
	chaosSeeds   = []uint64{1, 2, 3}
	chaosPresets = []string{"scalar", "ooo-4", "ooo-8"}
)

// chaosBlocks are small blocks of all the forks that the mainnet blocks have.
var chaosBlocks = []uint64{
	1149999,  // Frontier
	1150000,  // Homestead
	2641321,  // Tangerine Whistle
	4330482,  // Spurious Dragon
	6137495,  // Byzantium
	9068998,  // Petersburg
	11814555, // Istanbul
	12300570, // Berlin
	15050000, // London
	15752489, // Paris
	18884864, // Shanghai
	22188088, // Cancun
	22615247, // Prague
	25229957, // Osaka
}

// underChaos asserts that random predictions and squashes change nothing that a
// block commits, and gives the counts of all runs.
func underChaos(t *testing.T, p *run.Block, presets []string, seeds []uint64) (counts chaosCounts) {
	t.Helper()
	counts.squashes = map[string]uint64{}
	for _, preset := range presets {
		calm, _ := runtest.Right(t, p, runtest.Setup(t, preset))
		for _, seed := range seeds {
			out, r := runtest.Right(t, p, runtest.Chaotic(t, preset, seed))
			runtest.SameCommitted(t, calm, out)
			counts.add(preset, r)
		}
	}
	return counts
}

// chaosCounts adds up what chaos did to the out-of-order cores.
type chaosCounts struct {
	executed, wrongPath uint64
	squashes            map[string]uint64
}

func (c *chaosCounts) add(preset string, r *run.Result) {
	if preset == "scalar" {
		return // in order, it executes little beyond what it commits
	}
	c.executed += r.Counts.ExecutedUops
	c.wrongPath += r.Counts.WrongPathUops
	for cause, n := range r.Squashes {
		c.squashes[cause] += n
	}
}

func (c *chaosCounts) merge(o chaosCounts) {
	c.executed += o.executed
	c.wrongPath += o.wrongPath
	for cause, n := range o.squashes {
		c.squashes[cause] += n
	}
}

// check asserts that chaos was chaos: wrong paths really execute, and every cause
// of a squash that it can produce occurs. (The cause gas needs an oracle that lies:
// TestLyingOracle.)
func (c *chaosCounts) check(t *testing.T) {
	t.Helper()
	if 10*c.wrongPath < c.executed {
		t.Errorf("%d wrong-path micro-ops executed, under a tenth of the %d committed", c.wrongPath, c.executed)
	}
	for _, cause := range []string{"branch", "target", "call", "memoryOrder", "stateOrder", "fault", "chaos"} {
		if c.squashes[cause] == 0 {
			t.Errorf("no squash for cause %s", cause)
		}
	}
	t.Logf("%d micro-ops executed and committed, %d on wrong paths; squashes %v", c.executed, c.wrongPath, c.squashes)
}

func TestChaosEmbedded(t *testing.T) {
	counts := underChaos(t, runtest.Embedded(t), chaosPresets, chaosSeeds)
	if 10*counts.wrongPath < counts.executed {
		t.Errorf("%d wrong-path micro-ops executed, under a tenth of the %d committed", counts.wrongPath, counts.executed)
	}
}

// TestChaosMainnet: fourteen blocks of fourteen forks, three cores, three seeds.
func TestChaosMainnet(t *testing.T) {
	if testing.Short() {
		t.Skip("126 runs of mainnet blocks")
	}
	total := chaosCounts{squashes: map[string]uint64{}}
	for _, number := range chaosBlocks {
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			total.merge(underChaos(t, runtest.Prepared(t, corpustest.Block(t, number)), chaosPresets, chaosSeeds))
		})
	}
	if total.executed > 0 {
		total.check(t)
	}
}

// TestChaosIsReproducible: chaos is a function of its seed.
func TestChaosIsReproducible(t *testing.T) {
	p := runtest.Embedded(t)
	digests := map[string]uint64{}
	for _, seed := range []uint64{1, 2, 3, 1, 2, 3} {
		s := runtest.Chaotic(t, "ooo-4", seed)
		_, r := runtest.Run(t, p, s, run.Options{})
		if before, again := digests[r.Digest]; again && before != seed {
			t.Errorf("seeds %d and %d have one digest", before, seed)
		}
		digests[r.Digest] = seed
	}
	if len(digests) != 3 {
		t.Errorf("three seeds gave %d digests", len(digests))
	}
}
