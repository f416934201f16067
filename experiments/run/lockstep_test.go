package run_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/experiments/runtest"
	"github.com/ooovm/ooovm/lockstep"
	"github.com/ooovm/ooovm/traces"
)

// tampered is the block with a changed copy of its golden record.
func tampered(p *run.Block, change func(*traces.Golden)) *run.Block {
	golden := *p.Golden
	golden.Steps = traces.SeriesOf(golden.Steps.Slice())
	golden.TxStart = slices.Clone(golden.TxStart)
	change(&golden)
	bad := *p
	bad.Golden = &golden
	return &bad
}

// insert and remove change the record of one step, and where later transactions start.
func insert(g *traces.Golden, at int, s traces.Step) {
	g.Steps = traces.SeriesOf(slices.Insert(g.Steps.Slice(), at, s))
	shift(g, at, 1)
}

func remove(g *traces.Golden, at int) {
	g.Steps = traces.SeriesOf(slices.Delete(g.Steps.Slice(), at, at+1))
	shift(g, at, -1)
}

func shift(g *traces.Golden, at, by int) {
	for i := range g.TxStart {
		if g.TxStart[i] > at {
			g.TxStart[i] += by
		}
	}
}

// TestCorruptedRecord: whatever is wrong with a golden record is found and named, and
// the run goes on: its digest and post-state are those of the same run unchecked.
func TestCorruptedRecord(t *testing.T) {
	p := runtest.Embedded(t)
	s := runtest.Setup(t, "ooo-4")
	_, unchecked := runtest.Run(t, p, s, run.Options{})
	n := p.Golden.Steps.Len()
	plain := func(i int) bool { // no call, whose output is compared when it returns
		op := p.Golden.Steps.At(i).Op
		return op < 0xf0 || op == 0xf3
	}
	var places []int
	for _, i := range []int{0, n / 3, n / 2, n - 1} {
		for !plain(i) {
			i--
		}
		places = append(places, i)
	}
	call := slices.IndexFunc(p.Golden.Steps.Slice(), func(s traces.Step) bool { return s.Op == 0xf1 })
	if call < 0 {
		t.Fatal("the embedded block makes no call")
	}

	type corruption struct {
		name   string
		change func(*traces.Golden)
		step   int    // that is named
		field  string // that is named
	}
	var table []corruption
	for _, at := range places {
		for _, f := range []struct {
			name, field string
			change      func(*traces.Step)
		}{
			{"PC", "pc differs", func(s *traces.Step) { s.PC++ }},
			{"Op", "opcode differs", func(s *traces.Step) { s.Op ^= 1 }},
			{"Gas", "gas differs", func(s *traces.Step) { s.Gas-- }},
			{"Cost", "cost differs", func(s *traces.Step) { s.Cost++ }},
			{"Height", "stack height differs", func(s *traces.Step) { s.Height++ }},
			{"Top", "top of stack differs", func(s *traces.Step) { s.Top[3] ^= 1 << 63 }},
			{"Effect", "effect differs", func(s *traces.Step) { s.Effect ^= 1 }},
			{"Flags", "fault differs", func(s *traces.Step) { s.Flags ^= traces.FlagFault }},
			{"Depth", "depth differs", func(s *traces.Step) { s.Depth++ }},
		} {
			table = append(table, corruption{
				fmt.Sprintf("%s of step %d", f.name, at), func(g *traces.Golden) { f.change(g.Steps.At(at)) }, at, f.field,
			})
		}
	}
	table = append(table,
		corruption{"Effect of a call", func(g *traces.Golden) { g.Steps.At(call).Effect ^= 1 }, call, "output of the call differs"},
		corruption{"added step", func(g *traces.Golden) { insert(g, n/2, *g.Steps.At(n / 2)) }, n/2 + 1, "differs"},
		corruption{"dropped step", func(g *traces.Golden) { remove(g, n/2) }, n / 2, "differs"},
		corruption{"added last step", func(g *traces.Golden) { insert(g, n, *g.Steps.At(n - 1)); g.TxStart[len(g.TxStart)-1] = n + 1 }, n, "instructions early"},
		corruption{"dropped last step", func(g *traces.Golden) { remove(g, n-1) }, n - 1, "behind the transaction's last"},
	)
	for _, c := range table {
		t.Run(c.name, func(t *testing.T) {
			out, r := runtest.Run(t, tampered(p, c.change), s, run.Options{Lockstep: true})
			if r.Valid.OK || *r.Valid.Lockstep {
				t.Fatal("the block passes")
			}
			var diff *lockstep.Mismatch
			if !errors.As(out.Difference, &diff) {
				t.Fatalf("the difference is %v", out.Difference)
			}
			if diff.Step != c.step || !strings.Contains(diff.Field, c.field) {
				t.Errorf("named: step %d, %s; want step %d, %s", diff.Step, diff.Field, c.step, c.field)
			}
			if !strings.Contains(r.Valid.Difference, diff.Field) {
				t.Errorf("the result does not name it: %s", r.Valid.Difference)
			}
			if r.Digest != unchecked.Digest {
				t.Error("the digest differs from that of the run without lockstep")
			}
			if !*r.Valid.PostState || !*r.Valid.GasUsed || !*r.Valid.ReceiptsRoot {
				t.Error("checks that have nothing to do with the record fail")
			}
		})
	}
}

// TestUncheckedIsNull: what was not compared is null, never true.
func TestUncheckedIsNull(t *testing.T) {
	_, r := runtest.Run(t, runtest.Embedded(t), runtest.Setup(t, "ooo-4"), run.Options{})
	if r.Valid.Lockstep != nil || r.Valid.InstructionsChecked != nil || !r.Valid.OK {
		t.Errorf("without lockstep: %+v", r.Valid)
	}
}

// TestTooFewChecked: a record with nothing in it does not pass for a comparison.
func TestTooFewChecked(t *testing.T) {
	p := runtest.Embedded(t)
	_, r := runtest.Run(t, tampered(p, func(g *traces.Golden) {
		g.Steps.Cut(0)
		clear(g.TxStart)
	}), runtest.Setup(t, "ooo-4"), run.Options{Lockstep: true})
	if r.Valid.OK || *r.Valid.Lockstep {
		t.Error("a block passes whose golden run has no instructions")
	}
}
