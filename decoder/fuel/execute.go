package fuel

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/state/fuel"
)

// Execute makes the whole of an instruction. It takes the word from memory, where $pc
// says: code that was not decoded runs as well.
func (s *System) Execute(c *decoder.Context, in *decoder.Inst) (out decoder.Outcome) {
	s.open(c, in)
	before, depth := s.Reg, len(s.Frames)
	ssp := s.Reg[fuel.RegSSP]
	word, p := s.Fetch()
	ends := false
	if p == fuel.NoPanic {
		ends, p = s.word(word)
	}
	out.Cost = before[fuel.RegGGas] - s.Reg[fuel.RegGGas]
	if p != fuel.NoPanic {
		c.Gas = s.Reg[fuel.RegCGas]
		s.ending = fuel.Ending{Result: fuel.ResultPanic, Panic: p, Word: word}
		out.Fault = decoder.FaultOther
		return out
	}
	for r := range s.Reg {
		if r := uint8(r); s.Reg[r] != before[r] && r != fuel.RegPC && r != fuel.RegCGas && r != fuel.RegGGas {
			out.Changed |= 1 << r
		}
	}
	switch {
	case ends:
		c.Gas = s.Reg[fuel.RegCGas]
		out.Continuation = decoder.EndProgram
	case len(s.Frames) > depth:
		c.Gas = s.Frames[depth].Saved[fuel.RegCGas]
		s.kept += c.Gas
		out.Continuation, out.Prog, out.Gas = decoder.EnterFrame, s.running(), s.Reg[fuel.RegCGas]
		out.Self = wordOf(s.Contract())
		out.Inst = at(c.Prog, before[fuel.RegPC]+4-before[fuel.RegIS])
	case len(s.Frames) < depth:
		out.Continuation, out.Gas = decoder.LeaveFrame, s.Reg[fuel.RegCGas]
		s.kept = s.Reg[fuel.RegGGas] - out.Gas
		out.Changed = 1<<fuel.RegRet | 1<<fuel.RegRetL | 1<<fuel.RegHP
	default:
		c.Gas = s.Reg[fuel.RegCGas]
		prog := c.Prog
		if s.Reg[fuel.RegSSP] != ssp { // LDC
			prog = s.running()
			out.Prog = prog
		}
		out.Inst = at(prog, s.Reg[fuel.RegPC]-s.Reg[fuel.RegIS])
	}
	return out
}

// next decodes the word at $pc.
func (s *System) next(c *decoder.Context, in *decoder.Inst) (inst fuel.Inst, ok bool) {
	s.open(c, in)
	word, p := s.Fetch()
	if p != fuel.NoPanic {
		return inst, false
	}
	inst, p = fuel.Decode(word)
	return inst, p == fuel.NoPanic
}

// amounts are the instructions that do what a precompiled contract does. ED19 has none: it is
// taken for a recovery, the one with a curve of that size.
var amounts = map[fuel.Opcode]func(o *operation) (builtin int, length uint64){
	fuel.ECK1: func(*operation) (int, uint64) { return decoder.BuiltinRecover, 0 },
	fuel.ECR1: func(*operation) (int, uint64) { return decoder.BuiltinP256, 0 },
	fuel.ED19: func(*operation) (int, uint64) { return decoder.BuiltinRecover, 0 },
	fuel.S256: func(o *operation) (int, uint64) { return decoder.BuiltinSHA256, o.c },
	fuel.ECOP: func(o *operation) (int, uint64) {
		if o.c == fuel.CurveMul {
			return decoder.BuiltinMul, 0
		}
		return decoder.BuiltinAdd, 0
	},
	fuel.EPAR: func(o *operation) (int, uint64) {
		length, p := fuel.PairingInput(o.b, o.c)
		if p != fuel.NoPanic {
			return 0, 0
		}
		return decoder.BuiltinPairing, length
	},
}

// Amounts finds the precompiled contract that does what an instruction does.
func (s *System) Amounts(c *decoder.Context, in *decoder.Inst) (builtin int, length uint64) {
	inst, ok := s.next(c, in)
	if !ok {
		return 0, 0
	}
	if of := amounts[inst.Op.Code]; of != nil {
		o := s.operation(inst)
		return of(&o)
	}
	return 0, 0
}

// maxTouched bounds how many slots of one instruction are counted: more overlap anyway.
const maxTouched = 16

// Touches lists the slots of an instruction of storage, and the contract or blob whose code
// or balance another one is about.
func (s *System) Touches(c *decoder.Context, in *decoder.Inst) (list []decoder.Touched) {
	inst, ok := s.next(c, in)
	if !ok {
		return nil
	}
	o := s.operation(inst)
	account := func(ptr uint64) {
		if id, p := s.Memory.ReadID(ptr); p == fuel.NoPanic {
			list = append(list, decoder.Touched{Owner: wordOf(id), Account: true})
		}
	}
	slots := func(ptr, n uint64) {
		key, p := s.Memory.ReadID(ptr)
		owner := wordOf(s.Contract())
		for i, ok := uint64(0), p == fuel.NoPanic; i < min(n, maxTouched) && ok; i++ {
			list = append(list, decoder.Touched{Owner: owner, Slot: wordOf(key)})
			key, ok = key.Next()
		}
	}
	switch inst.Op.Code {
	case fuel.SRW:
		slots(o.c, 1)
	case fuel.SWW, fuel.SWRD, fuel.SWRI, fuel.SUPD, fuel.SUPI:
		slots(o.a, 1)
	case fuel.SRDD, fuel.SRDI, fuel.SPLD:
		slots(o.b, 1)
	case fuel.SRWQ:
		slots(o.c, o.d)
	case fuel.SWWQ:
		slots(o.a, o.d)
	case fuel.SCWQ:
		slots(o.a, o.c)
	case fuel.SCLR:
		slots(o.a, o.b)
	case fuel.CALL, fuel.TR:
		account(o.a)
	case fuel.CCP, fuel.CROO, fuel.CSIZ, fuel.BSIZ, fuel.BLDD:
		account(o.b)
	case fuel.BAL:
		account(o.c)
	case fuel.LDC:
		if inst.Imm < 2 { // not from memory
			account(o.a)
		}
	}
	return list
}

// at is the instruction at a place of the code, the last one where there is none.
func at(p *decoder.Program, pc uint64) isa.InstIndex {
	if pc < uint64(len(p.Label)) && p.Label[pc] >= 0 {
		return p.Label[pc]
	}
	if pc == uint64(p.Insts[len(p.Insts)-2].PC) {
		return isa.InstIndex(len(p.Insts) - 2)
	}
	return isa.InstIndex(len(p.Insts) - 1)
}

// word decodes, charges and executes a word. ends reports that the script has ended.
func (s *System) word(word uint32) (ends bool, p fuel.Panic) {
	in, p := fuel.Decode(word)
	if p != fuel.NoPanic {
		return false, p
	}
	r := &s.Reg
	if p := s.ChargeInstruction(&in, r[in.A], r[in.B], r[in.C], r[in.D]); p != fuel.NoPanic {
		return false, p
	}
	o := s.operation(in) // the gas counters are what they are now
	switch in.Op.Code {
	case fuel.CALL:
		return false, s.Call(o.a, o.b, o.c, o.d)
	case fuel.RET:
		return s.Return(o.a)
	case fuel.RETD:
		return s.ReturnData(o.a, o.b)
	case fuel.RVRT:
		s.ending.Result = fuel.ResultRevert
		return true, s.Revert(o.a)
	}
	if in.Op.Class == fuel.ClassControl {
		return false, s.jump(&o)
	}
	if p := o.run(); p != fuel.NoPanic {
		return false, p
	}
	r[fuel.RegPC] += 4
	return false, fuel.NoPanic
}
