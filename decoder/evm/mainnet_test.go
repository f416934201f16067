package evm

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
	"github.com/ooovm/ooovm/traces/corpustest"
)

// TestMainnetInstructions runs real blocks and compares every instruction with
// the recorded golden run: place, gas, cost and top of the stack.
func TestMainnetInstructions(t *testing.T) {
	for i, path := range corpustest.Blocks(t) {
		if testing.Short() && i%8 > 0 {
			continue
		}
		name, _, _ := strings.Cut(filepath.Base(path), ".")
		t.Run(name, func(t *testing.T) {
			b, err := traces.Load(path)
			if err != nil {
				t.Fatal(err)
			}
			golden, err := traces.Record(b)
			if err != nil {
				t.Fatal(err)
			}
			s := systemOf(t, b)
			if err := state.BeginBlock(s.World, s.Env, b.Header); err != nil {
				t.Fatal(err)
			}
			compareSteps(t, s, golden)
		})
	}
}

func compareSteps(t *testing.T, s *System, golden *traces.Golden) {
	t.Helper()
	next := 0
	m := &interpreter{sys: s, step: func(f *frame, in *decoder.Inst, cost uint64, fault decoder.Fault) {
		if t.Failed() {
			return
		}
		if next >= golden.Steps.Len() {
			t.Fatalf("transaction %d executes more than the %d recorded instructions", s.cur, golden.Steps.Len())
		}
		want := golden.Steps.At(next)
		got := traces.Step{
			PC: in.PC, Depth: uint16(f.Depth), Height: uint16(len(f.stack)), Op: in.Code, Flags: want.Flags,
			Gas: f.Gas, Cost: cost, Effect: want.Effect,
		}
		if len(f.stack) > 0 {
			got.Top = f.stack[len(f.stack)-1]
		}
		if want.Flags&traces.FlagFault != 0 {
			got.Cost = want.Cost // of no meaning there
		} else if fault != decoder.NoFault {
			t.Fatalf("transaction %d, step %d: %s at %d faults (%d), the reference does not", s.cur, next, s.Rows[in.Code].Name, in.PC, fault)
		}
		if got != *want {
			t.Fatalf("transaction %d, step %d (%s):\n%+v, want\n%+v", s.cur, next, s.Rows[in.Code].Name, got, want)
		}
		next++
	}}
	for i := range s.Txs {
		if err := m.transaction(i); err != nil {
			t.Fatal(err)
		}
		if next != golden.TxStart[i+1] {
			t.Fatalf("transaction %d ends at step %d, want %d", i, next, golden.TxStart[i+1])
		}
	}
}

// BenchmarkMainnetBlock measures the System under the in-order interpreter.
func BenchmarkMainnetBlock(b *testing.B) {
	bundle, err := traces.Load(corpustest.Block(b, 19933597))
	if err != nil {
		b.Fatal(err)
	}
	var steps int
	for b.Loop() {
		s := systemOf(b, bundle)
		m := &interpreter{sys: s, step: func(*frame, *decoder.Inst, uint64, decoder.Fault) { steps++ }}
		for i := range s.Txs {
			if err := m.transaction(i); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(steps), "ns/inst")
}
