package evm

import (
	"testing"

	"github.com/ethereum/go-ethereum/core/vm"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state"
)

func TestForkOfRules(t *testing.T) {
	for fork := range NumForks {
		if got := ForkOf(&state.BlockEnv{Rules: rulesAt(fork)}); got != fork {
			t.Errorf("the rules of %s are taken for %s", fork, got)
		}
	}
}

// TestTableAgainstReference compares stack bounds and definedness of all opcodes
// at all forks with go-ethereum's instruction sets.
func TestTableAgainstReference(t *testing.T) {
	for fork := range NumForks {
		set, err := vm.LookupInstructionSet(rulesAt(fork))
		if err != nil {
			t.Fatal(err)
		}
		for op := range 256 {
			row := &Table(fork)[op]
			low, high := set[op].Stack()
			if int(row.MinStack) != low || int(row.MaxStack) != high {
				t.Errorf("%s: %s has stack bounds %d..%d, want %d..%d", fork, row.Name, row.MinStack, row.MaxStack, low, high)
			}
			defined := set[op].HasCost() || op == STOP
			if defined != (row.Kind != decoder.KindInvalid) {
				t.Errorf("%s: %s: defined %v, want %v", fork, row.Name, !defined, defined)
			}
		}
	}
}

func TestOpcodeNames(t *testing.T) {
	for op := range 256 {
		row := &Table(Osaka)[op]
		if row.Kind == decoder.KindInvalid && op != INVALID {
			continue
		}
		want := vm.OpCode(op).String()
		if op == PREVRANDAO {
			want = "PREVRANDAO" // go-ethereum prints DIFFICULTY at every fork
		}
		if row.Name != want {
			t.Errorf("opcode %#x is named %s, want %s", op, row.Name, want)
		}
	}
}

// TestTemplatesAreWellFormed checks what the core relies on: sources fit the
// micro-op's shape and the popped operands, Temp has a producer, the last result
// is the instruction's.
func TestTemplatesAreWellFormed(t *testing.T) {
	for fork := range NumForks {
		for op := range 256 {
			row := &Table(fork)[op]
			if row.Kind.Foldable() != (len(row.Uops) == 0) {
				t.Errorf("%s: %s: %d micro-ops for its kind", fork, row.Name, len(row.Uops))
			}
			produced := false
			for _, u := range row.Uops {
				for k, src := range u.Src {
					if src == decoder.None {
						continue
					}
					if uint8(k) >= isa.Table[u.Op].Sources {
						t.Errorf("%s: %s: %s has too many sources", fork, row.Name, isa.Table[u.Op].Name)
					}
					if src < 16 && uint8(src) >= row.Pops {
						t.Errorf("%s: %s reads operand %d of %d", fork, row.Name, src, row.Pops)
					}
					if src == decoder.Temp && !produced {
						t.Errorf("%s: %s reads Temp before it is produced", fork, row.Name)
					}
				}
				produced = produced || isa.Table[u.Op].Result
			}
			if row.Kind == decoder.KindExec && row.Pushes > 0 && !isa.Table[row.Uops[len(row.Uops)-1].Op].Result {
				t.Errorf("%s: %s produces nothing to push", fork, row.Name)
			}
		}
	}
}

// TestCommitOperandsAreSources checks that every operand of an instruction that
// commit has to look at is a source of one of its micro-ops.
func TestCommitOperandsAreSources(t *testing.T) {
	for op := range 256 {
		row := &Table(Osaka)[op]
		if row.Flags&(decoder.Dynamic|decoder.Effect) == 0 {
			continue
		}
		var read [16]bool
		for _, u := range row.Uops {
			for _, src := range u.Src {
				if src < 16 {
					read[src] = true
				}
			}
		}
		for k := range row.Pops {
			if !read[k] {
				t.Errorf("%s: no micro-op reads operand %d", row.Name, k)
			}
		}
	}
}

func TestEveryPrecompileHasAProgram(t *testing.T) {
	for fork := range NumForks {
		for _, a := range state.NewPrecompiles(rulesAt(fork)).Addresses() {
			contract, _ := state.NewPrecompiles(rulesAt(fork)).Lookup(a)
			if p := builtinPrograms[contract.Number()]; p == nil || p.Builtin != contract.Number() {
				t.Errorf("%s: no program for the precompiled contract %x", fork, a)
			}
		}
	}
}

// TestIncompleteRows: a row that lacks what its micro-ops need is refused when the
// tables are built.
func TestIncompleteRows(t *testing.T) {
	load, store := []decoder.Uop{uop(isa.Load, 0)}, []decoder.Uop{uop(isa.StateData, 1)}
	for _, c := range []struct {
		name string
		spec spec
		want error
	}{
		{"complete", spec{kind: decoder.KindExec, uops: load, rule: rule{memory: sized(0, 32)}}, nil},
		{"memory is free", spec{kind: decoder.KindExec, uops: load}, errNoMemory},
		{"memory of nothing", spec{kind: decoder.KindExec, uops: []decoder.Uop{uop(isa.Add, 0, 1)}, rule: rule{memory: sized(0, 32)}}, errNoRange},
		{"a store without effect", spec{kind: decoder.KindExec, uops: store}, errNoEffect},
		{"nothing to execute", spec{kind: decoder.KindExec}, errNoUops},
		{"a call without shape", spec{kind: decoder.KindCall, uops: []decoder.Uop{uop(isa.Enter, 0)}}, errNoShape},
		{"only the stack", spec{kind: decoder.KindPop}, nil},
	} {
		if err := c.spec.check(); err != c.want {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}
