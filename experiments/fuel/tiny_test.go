package fuel

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/ooovm/ooovm/decoder/fuel"
	"github.com/ooovm/ooovm/pipeline"
	machine "github.com/ooovm/ooovm/state/fuel"
	golden "github.com/ooovm/ooovm/traces/fuel"
)

// both runs a program on the golden interpreter and, in lockstep, on a core. All that the
// two come to must be the same, also what no file expects.
func both(t *testing.T, p *golden.Program, cfg *pipeline.Config, cache *Options) *golden.Block {
	t.Helper()
	want, err := golden.Run(p, nil)
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	out, err := Run(p, cfg, *cache)
	if err == nil {
		err = out.Difference
	}
	if err != nil {
		t.Fatalf("%s: %v", p.Name, err)
	}
	for i := range want.Results {
		w, g := want.Results[i], out.Block.Results[i]
		w.Instructions = 0 // the core counts them elsewhere
		if !reflect.DeepEqual(w, g) {
			t.Errorf("%s: transaction %d: the core has\n%+v\nthe interpreter\n%+v", p.Name, i, g, w)
		}
	}
	return want
}

// callTiny is a script that calls the contract of its first 48 bytes of data with all gas,
// and returns 1: gtf $r16 $zero ScriptData; call $r16 $zero $r16 $cgas; ret $one.
var callTiny = []byte{0x61, 0x40, 0x00, 0x0a, 0x2d, 0x40, 0x04, 0x0a, 0x24, 0x04, 0x00, 0x00}

// tiny makes a program of a script, or of a contract that a script calls.
func tiny(name string, code []byte, called bool, data []byte) *golden.Program {
	w := workload{p: &golden.Program{Name: name, Params: machine.Standard(), Block: machine.Block{Height: 5}}}
	if called {
		id := named("tiny", 0)
		w.contract(id, code)
		w.add(machine.Transaction{
			Script: callTiny, ScriptData: append(id[:], make([]byte, 16)...),
			Inputs: []machine.Input{{Type: machine.InputContract, Contract: id}},
		})
	} else {
		w.add(machine.Transaction{Script: code, ScriptData: data})
	}
	w.p.Transactions[0].GasLimit = 100_000
	return w.p
}

// TestTinyPrograms: what fuel-vm does with code that is hardly there. A script without code
// returns 1 and takes no gas (run_program in interpreter/executors/main.rs); all other code
// runs until it returns or panics, and behind a script of an odd length lie the zeros that
// pad it to eight bytes, which are no instruction (fetch_instruction in
// interpreter/executors/instruction.rs).
func TestTinyPrograms(t *testing.T) {
	ret := []byte{0x24, 0x04, 0, 0} // ret $one
	noop := []byte{0x47, 0, 0, 0}
	join := func(parts ...[]byte) (all []byte) {
		for _, p := range parts {
			all = append(all, p...)
		}
		return all
	}
	type ending struct {
		returns bool
		value   uint64
		panic   machine.Panic
		word    uint32
	}
	none := ending{returns: true, value: 1}
	for _, c := range []struct {
		name   string
		code   []byte
		called bool
		data   []byte
		want   ending
	}{
		{name: "no script", want: none},
		{name: "no script but data", data: []byte{1, 2, 3}, want: none},
		{name: "no script, data that are code", data: []byte{0x24, 0, 0, 0}, want: none},
		{name: "one byte that is an instruction when padded", code: ret[:1], want: ending{returns: true}}, // ret $zero
		{name: "one byte that is none", code: []byte{0xff}, want: ending{panic: machine.PanicInvalidInstruction, word: 0xff000000}},
		{name: "two bytes that are an instruction when padded", code: ret[:2], want: ending{returns: true, value: 1}},
		{name: "three bytes that are an instruction when padded", code: ret[:3], want: ending{returns: true, value: 1}},
		{name: "ret", code: ret, want: ending{returns: true, value: 1}},
		{name: "a zero", code: make([]byte, 1), want: ending{panic: machine.PanicInvalidInstruction}},
		{name: "a zero word", code: make([]byte, 4), want: ending{panic: machine.PanicInvalidInstruction}},
		{name: "noop into the padding", code: noop, want: ending{panic: machine.PanicInvalidInstruction}},
		{name: "noop into the data", code: join(noop, noop), data: ret, want: ending{returns: true, value: 1}},
		{name: "noop off the transaction", code: join(noop, noop), want: ending{panic: machine.PanicUninitalizedMemoryAccess}},
		{name: "an instruction and a half", code: join(noop, ret[:2]), want: ending{returns: true, value: 1}},
		{name: "a contract without code", called: true, want: ending{panic: machine.PanicUninitalizedMemoryAccess}},
		{name: "a contract of one byte", code: make([]byte, 1), called: true, want: ending{panic: machine.PanicInvalidInstruction}},
		{name: "a contract of half an instruction", code: ret[:2], called: true, want: ending{returns: true, value: 1}},
		{name: "a contract that runs off its end", code: join(noop, noop), called: true, want: ending{panic: machine.PanicUninitalizedMemoryAccess}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := tiny(c.name, c.code, c.called, c.data)
			for _, name := range []string{"scalar", "ooo-4", "limit"} {
				r := both(t, p, preset(t, name), &Options{Lockstep: true, VerifyEvery: 1}).Results[0]
				first, last := r.Receipts[0], r.Receipts[len(r.Receipts)-1]
				switch before := r.Receipts[len(r.Receipts)-2]; {
				case c.want.returns:
					if before.Kind != machine.ReceiptReturn || before.A != c.want.value || r.Ending.Result != machine.ResultSuccess {
						t.Errorf("%s: %+v, %+v", name, before, r.Ending)
					}
				case before.Kind != machine.ReceiptPanic || before.Reason != c.want.panic || before.Word != c.want.word:
					t.Errorf("%s: %+v", name, before)
				}
				if c.want == none && len(c.code) == 0 {
					if len(r.Receipts) != 2 || first.PC != machine.ScriptOffset || first.IS != machine.ScriptOffset || last.Gas != 0 {
						t.Errorf("%s: %+v", name, r.Receipts)
					}
				}
			}
		})
	}
}

// TestBlocksWithEmptyScripts: transactions without code lie between those with code, in one
// window too.
func TestBlocksWithEmptyScripts(t *testing.T) {
	p := tiny("block", nil, false, nil)
	call := tiny("", []byte{0x24, 0x04, 0, 0}, true, nil)
	p.Contracts = call.Contracts
	empty := p.Transactions[0]
	p.Transactions = []machine.Transaction{empty, call.Transactions[0], empty, empty, call.Transactions[0], empty}
	for _, set := range [][]string{nil, {"core.transactions=4"}, chaos(3)} {
		both(t, p, preset(t, "ooo-4", set...), &Options{Lockstep: true, VerifyEvery: 1})
	}
}

// TestNoSuchContract: a block cannot hold a transaction whose input is a contract that is
// not there (run in fuel-vm's interpreter/executors/main.rs: InputContractDoesNotExist).
func TestNoSuchContract(t *testing.T) {
	p := tiny("absent", nil, true, nil)
	p.Contracts = nil
	if _, err := golden.Run(p, nil); err == nil {
		t.Error("the interpreter runs it")
	}
	if _, err := Run(p, preset(t, "ooo-4"), Options{Lockstep: true}); err == nil {
		t.Error("the core runs it")
	}
}

// TestAllTinyPrograms runs code of zero to four instructions: every opcode alone, with and
// without operands, and random bytes of every length to 16, as scripts and as contracts.
func TestAllTinyPrograms(t *testing.T) {
	cache := fuel.NewCache()
	configs := []*pipeline.Config{
		preset(t, "ooo-4", chaos(1)...), preset(t, "scalar"), preset(t, "ooo-8", "core.stack=execute", "core.transactions=2"),
		preset(t, "ooo-2", "core.status=rename"),
	}
	run := func(n int, code []byte, called bool) {
		p := tiny(fmt.Sprintf("%x", code), code, called, []byte{0x24, 0x04, 0, 0})
		p.Transactions[0].GasLimit = 20_000 // loops end
		both(t, p, configs[n%len(configs)], &Options{Lockstep: true, VerifyEvery: 3, Cache: cache})
	}
	for op := range 256 {
		for i, operands := range []uint32{0, 0x00_041_041, 0x00_ffffff, 0x00_145_145} {
			run(op+i, binary.BigEndian.AppendUint32(nil, uint32(op)<<24|operands), i%2 > 0)
		}
	}
	ops := machine.Ops()
	for seed := range uint64(3000) {
		dice := rand.New(rand.NewPCG(seed, 2))
		var code []byte
		for range dice.IntN(5) {
			word := dice.Uint32()
			if dice.IntN(4) > 0 {
				in := machine.Inst{Op: machine.OpOf(ops[dice.IntN(len(ops))].Code), Imm: uint32(dice.IntN(8))}
				for _, field := range []*uint8{&in.A, &in.B, &in.C, &in.D} {
					*field = uint8(dice.IntN(20))
				}
				word = in.Encode()
			}
			code = binary.BigEndian.AppendUint32(code, word)
		}
		if dice.IntN(3) == 0 {
			code = code[:dice.IntN(len(code)+1)]
		}
		run(int(seed), code, dice.IntN(2) == 0)
	}
}
