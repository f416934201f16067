package machine_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// A campaign is TestRunsAhead with -ahead; docs/validation.md has its totals.
var (
	aheadBlocks = flag.Int("ahead", 20, "random blocks that TestRunsAhead runs")
	aheadFrom   = flag.Int("ahead-from", 0, "number of the first of them")
)

// contracts are what random blocks call: they load and store few slots, on paths that
// depend on them.
var contracts = []string{
	increment,
	"PUSH1 7 CALLER AND SLOAD PUSH1 1 ADD PUSH1 3 CALLER AND SSTORE",
	"PUSH1 0 SLOAD PUSH1 9 JUMPI PUSH1 1 PUSH1 0 SSTORE STOP JUMPDEST PUSH1 1 SLOAD PUSH1 1 ADD PUSH1 1 SSTORE",
	"PUSH1 1 SLOAD PUSH1 0 SSTORE PUSH1 0 SLOAD PUSH1 2 SLOAD ADD PUSH1 2 SSTORE",
	"PUSH1 192 BALANCE PUSH1 0 SSTORE",
	"PUSH1 0 PUSH1 0 PUSH1 0 PUSH1 0 PUSH1 1 PUSH1 0 SLOAD GAS CALL POP PUSH1 0 SLOAD PUSH1 1 SSTORE",
	"PUSH1 0 MLOAD PUSH1 7 SLOAD PUSH1 6 SLOAD PUSH1 5 SLOAD MUL ADD PUSH1 0 MSTORE PUSH1 32 PUSH1 0 KECCAK256 PUSH1 4 SSTORE",
}

func randomBlock(r *rand.Rand) *block {
	b := &block{}
	for range 1 + r.IntN(4) {
		b.code = append(b.code, contracts[r.IntN(len(contracts))])
	}
	for range r.IntN(4) {
		b.storage = append(b.storage, word(uint64(r.IntN(3))))
	}
	for i := range r.IntN(24) {
		to := byte(1 + r.IntN(5))
		if r.IntN(4) > 0 {
			to = 0xc0 + byte(r.IntN(len(b.code)))
		}
		from := i
		if r.IntN(5) == 0 {
			from = r.IntN(i + 1) // one of those before, whose nonce it needs
		}
		b.from, b.to, b.value = append(b.from, from), append(b.to, to), append(b.value, uint64(r.IntN(3)))
	}
	return b
}

// randomSharing is the costs of a run, of any policy.
func randomSharing(r *rand.Rand, policy, mapping string) machine.Config {
	return machine.Config{
		Policy: policy, Mapping: mapping, Cores: []int{1, 2, 3, 4, 7, 16, 64}[r.IntN(7)],
		Schedule: isa.Cycle(r.IntN(3) * 5), Check: isa.Cycle(r.IntN(3)), Crediting: state.Crediting(r.IntN(3)),
		Budget: uint64(r.IntN(3)) * 250_000, Retries: r.IntN(2) * (1 + r.IntN(4)), Restart: r.IntN(4) == 0,
	}
}

// randomCore is an in-order core, one that executes out of order, or one that guesses at random.
func randomCore(r *rand.Rand) func(*pipeline.Config) {
	kind, seed := r.IntN(3), r.Uint64()
	return func(c *pipeline.Config) {
		if kind == 0 {
			return
		}
		c.Core.InOrder, c.Core.Width, c.Core.Issue, c.Core.Commit, c.Core.ROB, c.Core.IQ = false, 2, 2, 2, 32, 32
		c.Latency.Branch, c.State.Buffer, c.State.Near, c.State.Far = 4, 2, 20, 60
		if kind == 1 {
			return
		}
		p := &c.Predictor
		p.Branch, p.Target, p.Call, p.Memory, p.State, p.Seed = "chaos", "chaos", "chaos", "chaos", "chaos", seed
		c.Chaos.Squash = 20_000
	}
}

// told is all that a run leaves behind.
func told(m *machine.Machine, events []string) []string {
	list := append(slices.Clone(events), fmt.Sprintf("%+v", m.Stats))
	for _, x := range m.Incarnations() {
		list = append(list, fmt.Sprintf("%d.%d: %d instructions, %d cycles, %d waited, %v %v", x.Tx, x.Number, x.Instructions, x.Cycles, x.Waited, x.Writes, x.Err))
	}
	for i, core := range m.Cores() {
		list = append(list, fmt.Sprintf("core %d: cycle %d, %+v", i, core.Cycle(), core.Stats))
	}
	return list
}

// TestRunsAhead: what the machine keeps of its cores, and that they run ahead, changes
// nothing: a run is that of RunByScan, event by event, under every policy.
func TestRunsAhead(t *testing.T) {
	for n := *aheadFrom; n < *aheadFrom+*aheadBlocks; n++ {
		r := rand.New(rand.NewPCG(uint64(n), 0))
		b := randomBlock(r)
		for _, p := range machine.Policies() {
			if p.OneCore || p.Model != nil {
				continue
			}
			for _, mapping := range p.Mappings {
				mc, set := randomSharing(r, p.Name, mapping), randomCore(r)
				want, scanned, _ := b.playBy(t, mc, set, (*machine.Machine).RunByScan)
				got, events, _ := b.play(t, mc, set)
				compareRuns(t, fmt.Sprintf("block %d, %s (%s) on %d cores", n, p.Name, mapping, mc.Cores), told(want, scanned), told(got, events))
			}
		}
	}
}

func compareRuns(t *testing.T, what string, want, got []string) {
	t.Helper()
	for i := range max(len(want), len(got)) {
		switch {
		case i == len(want) || i == len(got) || want[i] != got[i]:
			t.Fatalf("%s differs behind\n%s\nby the scan\n%s\nit is\n%s", what, strings.Join(want[max(0, i-5):i], "\n"),
				strings.Join(want[i:min(i+2, len(want))], "\n"), strings.Join(got[i:min(i+2, len(got))], "\n"))
		}
	}
}

// failing is a System that goes wrong when a core commits its read of a slot.
type failing struct{ *evm.Speculative }

func (failing) StorageRead(isa.Space, *isa.Word, *isa.Word) { panic("no such read") }

// TestPanicsReachTheMachine: what goes wrong on a core that runs ahead arrives at whoever runs
// the machine, and no core is left running.
func TestPanicsReachTheMachine(t *testing.T) {
	pre, env, txs := counter.build(t)
	mc := sharing("monad", 3)
	before := runtime.NumGoroutine()
	m, err := machine.New(mc, machine.Block{
		Transactions: len(txs), Origin: state.NewWorld(pre), First: func(int) uint64 { return 0 },
		NewCore: func(int) (*pipeline.Core, machine.System, machine.Observer, error) {
			sys := failing{evm.NewSpeculative(env, txs, evm.NewCache(), mc.Crediting)}
			core, err := pipeline.New(handCore(), sys, nil)
			return core, sys, nil, err
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if got := recover(); got != "no such read" {
				t.Errorf("the machine panics with %v", got)
			}
		}()
		_ = m.Run()
	}()
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines are left of %d", after, before)
	}
}
