package fuel

import (
	"math/big"

	"github.com/ooovm/ooovm/state/fuel"
)

// control executes jumps and returns; they say themselves where it goes on.
func (g *golden) control(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	a, b, c, imm := r[in.A], r[in.B], r[in.C], uint64(in.Imm)
	switch in.Op.Code {
	case fuel.RET, fuel.RETD, fuel.RVRT:
		return g.leave(in)
	case fuel.JAL:
		return g.jumpAndLink(in)
	case fuel.JMP:
		return g.jumpTo(true, a)
	case fuel.JI:
		return g.jumpTo(true, imm)
	case fuel.JNE:
		return g.jumpTo(a != b, c)
	case fuel.JNEI:
		return g.jumpTo(a != b, imm)
	case fuel.JNZI:
		return g.jumpTo(a != 0, imm)
	case fuel.JMPF:
		return g.jumpBy(true, 1, a, imm)
	case fuel.JMPB:
		return g.jumpBy(true, -1, a, imm)
	case fuel.JNZF:
		return g.jumpBy(a != 0, 1, b, imm)
	case fuel.JNZB:
		return g.jumpBy(a != 0, -1, b, imm)
	case fuel.JNEF:
		return g.jumpBy(a != b, 1, c, imm)
	}
	return g.jumpBy(a != b, -1, c, imm) // JNEB
}

// jumpTo goes to a word of the running code, if the jump is taken.
func (g *golden) jumpTo(taken bool, word uint64) fuel.Panic {
	target := integer(word)
	target.Lsh(target, 2)
	return g.jump(taken, target.Add(target, integer(g.Reg[fuel.RegIS])))
}

// jumpBy goes forward or back by one word and so many more.
func (g *golden) jumpBy(taken bool, sign int64, dynamic, fixed uint64) fuel.Panic {
	by := integer(dynamic)
	by.Add(by, integer(fixed+1))
	by.Mul(by, big.NewInt(4*sign))
	return g.jump(taken, by.Add(by, integer(g.Reg[fuel.RegPC])))
}

func (g *golden) jump(taken bool, target *big.Int) fuel.Panic {
	switch {
	case !taken:
		g.Reg[fuel.RegPC] += 4
	case target.Sign() < 0 || target.Cmp(big.NewInt(fuel.MemorySize)) >= 0:
		return fuel.PanicMemoryOverflow
	default:
		g.Reg[fuel.RegPC] = target.Uint64()
	}
	return fuel.NoPanic
}

// jumpAndLink reads its target after it has written where it came from; $zero takes nothing.
func (g *golden) jumpAndLink(in *fuel.Inst) fuel.Panic {
	r := &g.Reg
	if in.A != fuel.RegZero {
		if p := writable(in.A); p != fuel.NoPanic {
			return p
		}
		r[in.A] = r[fuel.RegPC] + 4
	}
	target := integer(r[in.B])
	return g.jump(true, target.Add(target, integer(4*uint64(in.Imm))))
}

// leave ends a call or the script.
func (g *golden) leave(in *fuel.Inst) (p fuel.Panic) {
	r := &g.Reg
	switch in.Op.Code {
	case fuel.RET:
		g.done, p = g.Return(r[in.A])
	case fuel.RETD:
		g.done, p = g.ReturnData(r[in.A], r[in.B])
	default:
		g.done, g.ending.Result = true, fuel.ResultRevert
		p = g.Revert(r[in.A])
	}
	return p
}
