package fuzz

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
)

var (
	programs = flag.Int("programs", 2000, "how many programs TestSeeds draws")
	blocks   = flag.Int("blocks", 500, "how many blocks TestBlocks draws")
	from     = flag.Uint64("from", 0, "seed of the first one")
	attempts = flag.Int("minimize", 3000, "runs that making a failing case smaller may take")
)

func fails(c *Case) error {
	_, err := c.Run()
	return err
}

// hanging is how much processor time a case may take before it is said to hang: its
// simulation is bounded, so that only an endless loop of the simulator takes so long.
const hanging = 2 * time.Minute

// watch names the case if it hangs, until it is stopped.
func watch(c *Case) (stop func()) {
	over, began := make(chan struct{}), processorTime()
	go func() {
		for {
			select {
			case <-over:
				return
			case <-time.After(hanging):
				if processorTime()-began > hanging/2 { // and the process was not merely stopped
					panic(fmt.Sprintf("the simulator hangs: %s", c))
				}
			}
		}
	}()
	return func() { close(over) }
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// judge runs a case and, when it fails, reports it as small as it can be made.
func judge(t *testing.T, c *Case, attempts int) Outcome {
	t.Helper()
	stop := watch(c)
	out, err := c.Run()
	stop()
	if err != nil {
		small, why := Minimize(c, fails, attempts)
		t.Errorf("%s: %v\nminimized: %v\n%s", c.Name, err, why, small)
	}
	return out
}

// totals of a campaign.
type totals struct {
	transactions, succeeded, nested, rejected, cut int
	instructions, cycles, squashes                 uint64
	forks                                          [evm.NumForks]int
	executed                                       [256]bool
}

func (s *totals) add(c *Case, out *Outcome) {
	s.forks[c.Fork]++
	s.instructions += out.Instructions
	s.cycles += out.Cycles
	s.squashes += out.Squashes
	s.transactions += out.Transactions
	s.succeeded += out.Succeeded
	for _, x := range []struct {
		n    *int
		when bool
	}{{&s.nested, out.Depth > 1}, {&s.rejected, out.Rejected}, {&s.cut, out.Cut}} {
		if x.when {
			*x.n++
		}
	}
	for op, executed := range out.Executed {
		s.executed[op] = s.executed[op] || executed
	}
}

// TestSeeds runs numbered cases. A campaign is the same with -programs and -from.
func TestSeeds(t *testing.T) {
	n := *programs
	if testing.Short() {
		n = min(n, 200)
	}
	var sum totals
	start := time.Now()
	for i := range n {
		c := Draw(*from + uint64(i))
		out := judge(t, c, *attempts)
		sum.add(c, &out)
		if done := i + 1; done == n || done%5000 == 0 {
			t.Logf("%d programs in %v (processor %v), %d transactions (%d succeeded, %d programs with calls, %d rejected, %d cut): %d instructions, %d cycles, %d squashes",
				done, time.Since(start).Round(time.Second), processorTime().Round(time.Second), sum.transactions, sum.succeeded, sum.nested, sum.rejected, sum.cut, sum.instructions, sum.cycles, sum.squashes)
		}
	}
	if n < 2000 {
		return
	}
	for fork, k := range sum.forks {
		if k == 0 {
			t.Errorf("no program ran under %s", evm.Fork(fork))
		}
	}
	for op := range evm.Table(evm.Osaka) {
		if row := &evm.Table(evm.Osaka)[op]; row.Kind != decoder.KindInvalid && !row.Kind.Foldable() && !sum.executed[op] {
			t.Errorf("no program executed %s", row.Name)
		}
	}
}

// FuzzCore runs the cases that inputs describe.
func FuzzCore(f *testing.F) {
	f.Add([]byte{})
	for _, fork := range []byte{0, 4, 9, 14} {
		f.Add([]byte{fork})
		f.Add([]byte{fork, 1, 3, 200, 100, 50, 25, 12, 6})
		f.Add(append([]byte{fork, 2}, "the core commits in program order, whatever it guesses"...))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		// The fuzzer makes its inputs small itself, which is another thing than small programs.
		n := *attempts
		if worker := flag.Lookup("test.fuzzworker"); worker != nil && worker.Value.String() == "true" {
			n = 0
		}
		judge(t, DrawFrom(input), n)
	})
}

// TestDrawIsDeterministic makes the same case from the same number, and from the same
// input.
func TestDrawIsDeterministic(t *testing.T) {
	for seed := range uint64(20) {
		if a, b := Draw(seed).String(), Draw(seed).String(); a != b {
			t.Errorf("seed %d makes two cases:\n%s\n%s", seed, a, b)
		}
	}
	input := []byte{3, 1, 4, 1, 5, 9, 2, 6}
	if a, b := DrawFrom(input).String(), DrawFrom(input).String(); a != b {
		t.Errorf("input %x makes two cases:\n%s\n%s", input, a, b)
	}
}

// TestMachinesAreLegal loads drawn machines as configuration files, which is how a
// failing case is run again.
func TestMachinesAreLegal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "machine.json")
	for seed := range uint64(200) {
		drawn := Draw(seed).Machine
		text, err := json.Marshal(config.Map(config.Alone(drawn)))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		loaded, err := config.Load(config.Source{Files: []string{path}})
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		if loaded.Config.Config != *drawn {
			t.Fatalf("seed %d: %v", seed, config.Diff(config.Alone(drawn), &loaded.Config))
		}
	}
}

// TestMinimize makes a case that fails for one instruction as small as that.
func TestMinimize(t *testing.T) {
	hasLog := func(c *Case) error {
		for i := range c.Accounts {
			if slices.ContainsFunc(c.Accounts[i].Code, func(in Inst) bool { return in.Op == evm.LOG0 }) {
				return errors.New("a program logs")
			}
		}
		return nil
	}
	for seed := uint64(0); ; seed++ {
		c := Draw(seed)
		if hasLog(c) == nil {
			continue
		}
		small, why := Minimize(c, hasLog, 10_000)
		if why == nil {
			t.Fatal("the minimized case does not fail")
		}
		var all Code
		for i := range small.Accounts {
			all = append(all, small.Accounts[i].Code...)
		}
		if len(all) != 1 || all[0].Op != evm.LOG0 {
			t.Errorf("seed %d: %d instructions are left:\n%s", seed, len(all), small)
		}
		return
	}
}

// TestAssemble resolves labels in both directions, sizes of blobs and labels that
// are not there.
func TestAssemble(t *testing.T) {
	code := Code{
		{Op: evm.PUSH2, Label: 2},
		{Op: evm.PUSH2, Label: 1, Size: true},
		{Op: evm.PUSH2, Label: 9},
		{Op: evm.STOP},
		{Label: 1, Blob: Code{{Op: evm.JUMPDEST, Label: 1}, {Op: evm.PUSH2, Label: 1}}, Raw: []byte{7}},
		{Op: evm.JUMPDEST, Label: 2},
		{Op: evm.PUSH1, Imm: []byte{5}},
		{Op: evm.PUSH1, Imm: []byte{5}},
	}
	want := []string{"0 PUSH2 0x000f", "3 PUSH2 0x0005", "6 PUSH2 0x0000", "9 STOP", "a JUMPDEST", "b PUSH2 0x0000", "e SMOD", "f JUMPDEST", "10 PUSH1 0x05 x2"}
	lines := strings.Split(strings.TrimSpace(disassemble(code.Assemble(), evm.Table(evm.Osaka))), "\n")
	for i := range lines {
		lines[i] = strings.TrimSpace(lines[i])
	}
	if !slices.Equal(lines, want) {
		t.Errorf("got %q, want %q", lines, want)
	}
}

// TestBlocks runs numbered blocks on several cores. A campaign is the same with -blocks
// and -from.
func TestBlocks(t *testing.T) {
	n := *blocks
	if testing.Short() {
		n = min(n, 200)
	}
	for i := range uint64(n) {
		b := DrawBlock(*from + i)
		stop := watch(b.Case)
		_, err := b.Run()
		stop()
		if err == nil {
			continue
		}
		small, why := Minimize(b.Case, func(c *Case) error {
			_, err := (&Block{c, b.Machine}).Run()
			return err
		}, *attempts)
		t.Fatalf("%s, %+v: %v\nminimized: %v\n%s", b.Name, b.Machine, err, why, small)
	}
}
