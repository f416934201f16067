package fuel

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	machine "github.com/ooovm/ooovm/state/fuel"
	golden "github.com/ooovm/ooovm/traces/fuel"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

// prologue gives registers 16 to 31 something to work with: places in memory, small
// numbers, large ones.
const prologue = `
	cfei 1024
	addi $r16 $ssp 0
	addi $r17 $ssp 64
	addi $r18 $ssp 128
	addi $r19 $ssp 256
	movi $r20 64
	aloc $r20
	addi $r21 $hp 0
	movi $r22 1
	movi $r23 8
	movi $r24 32
	movi $r25 200000
	not  $r26 $zero
	movi $r27 3
	addi $r28 $r27 60
	addi $r29 $ssp 512
	movi $r30 2
`

// randomScript makes code whose instructions mostly have sensible operands.
func randomScript(dice *rand.Rand, length int) []byte {
	code, err := asm.Assemble(prologue)
	if err != nil {
		panic(err) // a typing error above
	}
	ops := machine.Ops()
	for range length {
		in := machine.Inst{Op: machine.OpOf(ops[dice.IntN(len(ops))].Code)}
		for _, field := range []*uint8{&in.A, &in.B, &in.C, &in.D} {
			*field = uint8(16 + dice.IntN(16))
			if dice.IntN(8) == 0 {
				*field = uint8(dice.IntN(64))
			}
		}
		switch in.Op.Code {
		case machine.RET, machine.RETD, machine.RVRT, machine.ECAL, machine.JMP, machine.JI, machine.JNEI, machine.JNZI:
			continue // what nearly always ends the script
		case machine.JMPB, machine.JNZB, machine.JNEB, machine.JAL:
			if dice.IntN(4) > 0 {
				continue
			}
		}
		in.Imm = uint32(dice.IntN(8))
		if dice.IntN(8) == 0 {
			in.Imm = dice.Uint32()
		}
		if in.Op.Class == machine.ClassControl && dice.IntN(2) == 0 {
			in.B, in.C = machine.RegZero, machine.RegZero
		}
		code = binary.BigEndian.AppendUint32(code, in.Encode())
	}
	return append(code, 0x24, 0x44, 0, 0) // ret $r17
}

// randomProgram makes a script, or a contract that two transactions call.
func randomProgram(dice *rand.Rand, called bool) *golden.Program {
	w := workload{p: &golden.Program{Params: machine.Standard(), Block: machine.Block{Height: 5}}}
	code := randomScript(dice, 60)
	if called {
		id := named("random", 0)
		w.contract(id, code, slot(machine.ID{}, 7))
		w.call(id, nil)
		w.call(id, nil)
	} else {
		w.add(machine.Transaction{Script: code})
	}
	for i := range w.p.Transactions {
		w.p.Transactions[i].GasLimit = 60_000
	}
	return w.p
}

// TestRandomScripts compares random code with the golden interpreter under chaos.
func TestRandomScripts(t *testing.T) {
	const scripts = 400
	for seed := range uint64(scripts) {
		dice := rand.New(rand.NewPCG(seed, 1))
		p := randomProgram(dice, seed%2 == 0)
		p.Name = fmt.Sprintf("seed %d", seed)
		set := []string{"core.stack=" + []string{"fold", "rename", "execute"}[seed%3], "core.status=" + []string{"predict", "rename"}[seed/3%2]}
		if seed%4 > 0 {
			set = append(set, chaos(int(seed))...)
		}
		right(t, []*golden.Program{p}, preset(t, []string{"ooo-2", "ooo-4", "ooo-8", "scalar"}[seed/6%4], set...))
	}
}
