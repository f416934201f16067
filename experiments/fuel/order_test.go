package fuel

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ooovm/ooovm/pipeline"
	golden "github.com/ooovm/ooovm/traces/fuel"
)

// watched runs a program with the probe on every transaction.
func watched(t *testing.T, p *golden.Program, cfg *pipeline.Config) (*Outcome, Order) {
	t.Helper()
	var sum Order
	var out *Outcome
	for i := range p.Transactions {
		o := Order{}
		var err error
		if out, err = Run(p, cfg, Options{Probe: &o, ProbeTx: i}); err != nil {
			t.Fatal(err)
		}
		sum.Executed += o.Executed
		sum.Early += o.Early
	}
	return out, sum
}

// TestOrder: in order nothing begins before what is older; out of order much does.
func TestOrder(t *testing.T) {
	p, err := Workload("swap", 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, o := watched(t, p, preset(t, "scalar")); o.Executed == 0 || o.Early != 0 {
		t.Errorf("scalar: %d of %d early", o.Early, o.Executed)
	}
	if _, o := watched(t, p, preset(t, "ooo-4")); o.Early == 0 {
		t.Errorf("ooo-4: none of %d early", o.Executed)
	}
}

// TestReorderability prints what docs/evm-vs-fuel.md says of real programs (go test -v).
func TestReorderability(t *testing.T) {
	if !testing.Verbose() {
		t.Skip("prints figures: run it with -v")
	}
	programs := corpus(t, "programs_dev.json.gz")
	for _, c := range []struct {
		preset string
		set    []string
	}{
		{"scalar", nil},
		{"ooo-2", nil},
		{"ooo-4", nil},
		{"ooo-4", []string{"core.status=rename"}},
		{"ooo-4", []string{"core.stack=execute"}},
		{"ooo-8", nil},
		{"limit", nil},
		{"limit", []string{"core.status=rename"}},
		{"limit", []string{"core.stack=execute"}},
	} {
		cfg := preset(t, c.preset, c.set...)
		var instructions, total, executed, early, serial, slots uint64
		var ipcs []float64
		for _, p := range programs {
			out, o := watched(t, p, cfg)
			n, cycles := out.Core.Stats.Instructions, uint64(out.Core.Cycle())
			instructions, total = instructions+n, total+cycles
			executed, early = executed+o.Executed, early+o.Early
			serial += out.Core.Stats.Slots[pipeline.CauseSerial]
			slots += cycles * out.Core.Stats.Width
			ipcs = append(ipcs, float64(n)/float64(cycles))
		}
		slices.Sort(ipcs)
		t.Log(c.preset, c.set, fmt.Sprintf("instructions %d cycles %d IPC %.3f, programs %.2f median %.2f to %.2f, early %.1f%%, serial slots %.1f%%",
			instructions, total, float64(instructions)/float64(total), ipcs[0], ipcs[len(ipcs)/2], ipcs[len(ipcs)-1],
			100*float64(early)/float64(executed), 100*float64(serial)/float64(slots)))
	}
}
