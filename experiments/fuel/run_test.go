package fuel

import (
	"fmt"
	"testing"

	"github.com/ooovm/ooovm/decoder/fuel"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/predictor"
	machine "github.com/ooovm/ooovm/state/fuel"
	"github.com/ooovm/ooovm/traces/corpustest"
	golden "github.com/ooovm/ooovm/traces/fuel"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

// corpus loads the programs of a file, and skips the test where it is absent.
func corpus(t *testing.T, file string) []*golden.Program {
	t.Helper()
	programs, err := golden.Load(corpustest.Data(t, "fuel", file))
	if err != nil {
		t.Fatal(err)
	}
	return programs
}

func preset(t *testing.T, name string, set ...string) *pipeline.Config {
	t.Helper()
	eff, err := config.Load(config.Source{Set: append([]string{"preset=" + name}, set...)})
	if err != nil {
		t.Fatal(err)
	}
	return &eff.Config.Config
}

// right runs programs in lockstep and wants no difference.
func right(t *testing.T, programs []*golden.Program, cfg *pipeline.Config) (total pipeline.Stats) {
	t.Helper()
	opt := Options{Lockstep: true, VerifyEvery: 97, Cache: fuel.NewCache()}
	for _, p := range programs {
		out, err := Run(p, cfg, opt)
		if err == nil {
			err = out.Difference
		}
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		if out.Checked != out.Core.Stats.Instructions {
			t.Errorf("%s: %d of %d instructions were compared", p.Name, out.Checked, out.Core.Stats.Instructions)
		}
		total.Instructions += out.Core.Stats.Instructions
		total.SquashedUops += out.Core.Stats.SquashedUops
	}
	return total
}

var files = []string{"vectors_dev.json.gz", "fuzz_oracle_dev.json.gz", "edge_oracle.json", "programs_dev.json.gz"}

// TestCorpus runs everything that the executor of Fuel mainnet has given results for
// through cores of all kinds.
func TestCorpus(t *testing.T) {
	for _, name := range []string{"scalar", "ooo-2", "ooo-4", "ooo-8", "limit"} {
		cfg := preset(t, name)
		for _, file := range files {
			t.Run(name+"/"+file, func(t *testing.T) { right(t, corpus(t, file), cfg) })
		}
	}
}

// chaos are the settings of a machine that guesses and squashes at random.
func chaos(seed int, more ...string) []string {
	return append(more, fmt.Sprintf("predictor.seed=%d", seed), "predictor.branch=chaos", "predictor.target=chaos",
		"predictor.call=chaos", "predictor.memory=chaos", "predictor.state=chaos", "chaos.squash=20000")
}

// TestChaos: random predictions and squashes change nothing that is committed, however
// moves and status registers are treated.
func TestChaos(t *testing.T) {
	for i, c := range []struct{ preset, stack, status string }{
		{"scalar", "rename", "predict"},
		{"ooo-4", "fold", "predict"},
		{"ooo-4", "execute", "rename"},
		{"ooo-8", "fold", "rename"},
	} {
		cfg := preset(t, c.preset, chaos(i+1, "core.stack="+c.stack, "core.status="+c.status)...)
		for _, file := range files {
			t.Run(c.preset+"/"+c.stack+"/"+c.status+"/"+file, func(t *testing.T) {
				if total := right(t, corpus(t, file), cfg); total.SquashedUops == 0 {
					t.Error("nothing was squashed")
				}
			})
		}
	}
}

// script makes a program of one transaction from assembly text.
func script(t *testing.T, text string) *golden.Program {
	t.Helper()
	code, err := asm.Assemble(text)
	if err != nil {
		t.Fatal(err)
	}
	return &golden.Program{
		Name: t.Name(), Params: machine.Standard(), Block: machine.Block{Height: 5},
		Transactions: []machine.Transaction{{GasLimit: 1 << 40, Script: code}},
	}
}

// TestOddCode runs what compilers do not write: code that was not decoded, jumps out of
// it and into words, reserved registers.
func TestOddCode(t *testing.T) {
	for _, c := range []struct {
		name, text string
		panic      machine.Panic
	}{
		{"into a word", "addi $r16 $is 6\njal $zero $r16 0\n.word 0x00002444\n.word 0x00002444\n.word 0x00000000", machine.PanicInvalidInstruction},
		{"words at odd places", "addi $r16 $is 10\njal $zero $r16 0\n.bytes 0000 1a401000 1a401000 24400000 0000", machine.NoPanic},
		{"behind the code", "noop", machine.PanicInvalidInstruction}, // into the transaction's inputs: there are none, zeros
		{"out of memory", "not $r16 $zero\njmp $r16", machine.PanicMemoryOverflow},
		{"where nothing is", "movi $r16 100000\njmp $r16", machine.PanicUninitalizedMemoryAccess},
		{"its own gas", "move $r16 $cgas\nmove $r17 $ggas\neq $r18 $cgas $ggas\nadd $r19 $cgas $pc\nlog $r16 $r17 $r18 $r19\nret $cgas", machine.NoPanic},
		{"a heap over a stack", `
			movi $r16 1000
			cfe  $r16
			subi $r17 $sp 8
			sw   $r17 $r16 0
			cfs  $r16
			sub  $r18 $hp $sp
			aloc $r18
			lw   $r19 $hp 0
			lw   $r20 $r17 0
			ret  $r20`, machine.NoPanic},
		{"flags", `
			movi $r16 3
			flag $r16
			sub  $r17 $zero $one
			move $r18 $of
			div  $r19 $one $zero
			move $r20 $err
			exp  $r21 $r16 $r17
			log  $r17 $r18 $r19 $r20
			flag $zero
			add  $r22 $r17 $one
			ret  $one`, machine.PanicArithmeticOverflow},
		{"links to itself", "jal $r16 $r16 0\nret $one", machine.NoPanic},
		{"a register that is not", "movi $one 5", machine.PanicReservedRegisterNotWritable},
		{"a log of too much", "log $r16 $r17 $r18 $r19\nlogd $zero $zero $zero $hp\nret $one", machine.PanicUninitalizedMemoryAccess},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, name := range []string{"scalar", "ooo-4"} {
				for _, set := range [][]string{nil, chaos(7)} {
					p := script(t, c.text)
					right(t, []*golden.Program{p}, preset(t, name, set...))
					out, err := Run(p, preset(t, name), Options{})
					if err != nil {
						t.Fatal(err)
					}
					if got := out.Block.Results[0].Ending.Panic; got != c.panic {
						t.Errorf("%s: %v where %v is expected", name, got, c.panic)
					}
				}
			}
		})
	}
}

// TestWorkloads: the programs of comparisons succeed.
func TestWorkloads(t *testing.T) {
	for _, name := range []string{"token", "swap", "loop", "hash"} {
		p, err := Workload(name, 3)
		if err != nil {
			t.Fatal(err)
		}
		right(t, []*golden.Program{p}, preset(t, "ooo-4"))
		b, err := golden.Run(p, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range b.Results {
			if r := &b.Results[i]; r.Ending.Result != machine.ResultSuccess {
				t.Errorf("%s: transaction %d: %v", name, i, r.Ending)
			}
		}
	}
	if _, err := Workload("nothing", 1); err == nil {
		t.Error("no error")
	}
}

// TestRunsAreEqual: lockstep, recounting and a second time change no cycle.
func TestRunsAreEqual(t *testing.T) {
	p, err := Workload("swap", 4)
	if err != nil {
		t.Fatal(err)
	}
	var first *Outcome
	for _, opt := range []Options{{}, {}, {Lockstep: true}, {VerifyEvery: 1}} {
		out, err := Run(p, preset(t, "ooo-4"), opt)
		if err != nil || out.Difference != nil {
			t.Fatal(err, out.Difference)
		}
		if first == nil {
			first = out
		}
		if out.Core.Cycle() != first.Core.Cycle() || out.Core.StreamDigest() != first.Core.StreamDigest() || out.Core.Stats != first.Core.Stats {
			t.Errorf("%+v: another run", opt)
		}
	}
}

// TestSmallestMachine: every queue has room for one.
func TestSmallestMachine(t *testing.T) {
	one := []string{
		"core.decode=1", "core.width=1", "core.issue=1", "core.commit=1", "core.frontend=1",
		"core.rob=1", "core.iq=1", "core.loadq=1", "core.storeq=1", "core.stateq=1", "core.regs=1", "state.misses=1", "state.buffer=0",
	}
	for _, name := range []string{"scalar", "ooo-4"} {
		cfg := preset(t, name, one...)
		for _, file := range files {
			t.Run(name+"/"+file, func(t *testing.T) { right(t, corpus(t, file), cfg) })
		}
	}
}

// TestPredictorsOfState: the key and value predictors, which learn from a stack machine's
// calls, leave a register machine alone.
func TestPredictorsOfState(t *testing.T) {
	p, err := Workload("swap", 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, keys := range predictor.KeyPredictors.Names() {
		for _, value := range predictor.ValuePredictors.Names() {
			for _, ahead := range []string{"0", "3"} {
				right(t, []*golden.Program{p}, preset(t, "ooo-4", "predictor.keys="+keys, "predictor.value="+value, "predictor.ahead="+ahead))
			}
		}
	}
}
