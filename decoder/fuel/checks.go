package fuel

import (
	"math/bits"

	"github.com/ooovm/ooovm/state/fuel"
)

// checks find what is wrong with an instruction whose micro-ops compute its results,
// when it commits. Stack and heap grow here; the pointers' values come from the micro-ops.
var checks = map[fuel.Opcode]func(o *operation) fuel.Panic{
	fuel.LB:   func(o *operation) fuel.Panic { return o.checkLoad(1) },
	fuel.LQW:  func(o *operation) fuel.Panic { return o.checkLoad(2) },
	fuel.LHW:  func(o *operation) fuel.Panic { return o.checkLoad(4) },
	fuel.LW:   func(o *operation) fuel.Panic { return o.checkLoad(8) },
	fuel.SB:   func(o *operation) fuel.Panic { return o.checkStore(1) },
	fuel.SQW:  func(o *operation) fuel.Panic { return o.checkStore(2) },
	fuel.SHW:  func(o *operation) fuel.Panic { return o.checkStore(4) },
	fuel.SW:   func(o *operation) fuel.Panic { return o.checkStore(8) },
	fuel.MCL:  func(o *operation) fuel.Panic { return o.checkWrite(o.a, o.b) },
	fuel.MCLI: func(o *operation) fuel.Panic { return o.checkWrite(o.a, o.imm) },
	fuel.MCP:  func(o *operation) fuel.Panic { return o.checkCopy(o.c) },
	fuel.MCPI: func(o *operation) fuel.Panic { return o.checkCopy(o.imm) },
	fuel.MEQ: func(o *operation) fuel.Panic {
		if p := o.Memory.Check(o.b, o.d); p != fuel.NoPanic {
			return p
		}
		return o.Memory.Check(o.c, o.d)
	},
	fuel.K256: func(o *operation) fuel.Panic { return o.checkHash() },
	fuel.S256: func(o *operation) fuel.Panic { return o.checkHash() },
	fuel.PSHL: func(o *operation) fuel.Panic { return o.extend(8 * uint64(bits.OnesCount32(o.Imm))) },
	fuel.PSHH: func(o *operation) fuel.Panic { return o.extend(8 * uint64(bits.OnesCount32(o.Imm))) },
	fuel.POPL: func(o *operation) fuel.Panic { return o.checkPop() },
	fuel.POPH: func(o *operation) fuel.Panic { return o.checkPop() },
}

func (o *operation) checkLoad(size uint64) fuel.Panic {
	addr, p := o.at(o.b, size)
	if p != fuel.NoPanic {
		return p
	}
	return o.Memory.Check(addr, size)
}

func (o *operation) checkStore(size uint64) fuel.Panic {
	addr, p := o.at(o.a, size)
	if p != fuel.NoPanic {
		return p
	}
	return o.checkWrite(addr, size)
}

func (o *operation) checkWrite(addr, length uint64) fuel.Panic {
	if p := o.Memory.Check(addr, length); p != fuel.NoPanic {
		return p
	}
	if !o.Owner().Owns(addr, length) {
		return fuel.PanicMemoryOwnership
	}
	return fuel.NoPanic
}

func (o *operation) checkCopy(length uint64) fuel.Panic {
	if p := o.Memory.Check(o.a, length); p != fuel.NoPanic {
		return p
	}
	if p := o.Memory.Check(o.b, length); p != fuel.NoPanic {
		return p
	}
	if length > 0 && o.a < o.b+length && o.b < o.a+length {
		return fuel.PanicMemoryWriteOverlap
	}
	return o.checkWrite(o.a, length)
}

func (o *operation) checkHash() fuel.Panic {
	if p := o.Memory.Check(o.b, o.c); p != fuel.NoPanic {
		return p
	}
	return o.checkWrite(o.a, 32)
}

// checkWide computes as well: that a result is too large comes before where it may be written.
func (o *operation) checkWide() fuel.Panic {
	n, p := o.wideOperands()
	if p != fuel.NoPanic {
		return p
	}
	if _, p = fuel.WideCompute(o.Op.Code, &n[0], &n[1], &n[2], o.Imm, o.Reg[fuel.RegFlag]); p != fuel.NoPanic || o.Op.Attr&fuel.WriteA != 0 {
		return p
	}
	return o.checkWrite(o.a, fuel.WideBytes(o.Op.Code))
}

func (o *operation) checkPop() fuel.Panic {
	size := 8 * uint64(bits.OnesCount32(o.Imm))
	if p := o.shrink(size); p != fuel.NoPanic {
		return p
	}
	return o.Memory.Check(o.Reg[fuel.RegSP], size)
}
