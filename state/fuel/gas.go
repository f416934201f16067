package fuel

import "math/bits"

// Rate is one entry of a gas schedule, in gas: Base, and for each unit (mostly
// bytes) either a share of a gas or several.
type Rate struct {
	Base       uint64
	UnitsPer   uint64 // units that one gas pays for; 0: GasPerUnit counts
	GasPerUnit uint64
	Defined    bool // an instruction whose cost is not defined panics
}

func fixed(base uint64) Rate           { return Rate{Base: base, Defined: true} }
func light(base, unitsPer uint64) Rate { return Rate{Base: base, UnitsPer: unitsPer, Defined: true} }

func heavy(base, perUnit uint64) Rate { return Rate{Base: base, GasPerUnit: perUnit, Defined: true} }

// Units gives the part of the cost that depends on the units; it saturates.
func (r Rate) Units(units uint64) uint64 {
	if r.UnitsPer != 0 {
		return units / r.UnitsPer
	}
	hi, lo := bits.Mul64(units, r.GasPerUnit)
	if hi != 0 {
		return ^uint64(0)
	}
	return lo
}

// Of gives the whole cost; it saturates.
func (r Rate) Of(units uint64) uint64 {
	sum, carry := bits.Add64(r.Base, r.Units(units), 0)
	if carry != 0 {
		return ^uint64(0)
	}
	return sum
}

// Schedule is a set of gas costs. Before version 7 every storage instruction had a
// cost of its own; since then they are charged by slot access (read hot or cold,
// write, clear), and under an older schedule they panic with GasCostNotDefined.
type Schedule struct {
	Version int
	Rates   [costs]Rate
}

// Rate gives one cost.
func (s *Schedule) Rate(c Cost) Rate { return s.Rates[c] }

// UnitsOf gives the units that the cost of an instruction depends on and that are
// known from its operands alone; 0 for instructions whose cost is fixed, or is
// charged in two parts as they find sizes out. a to d are the values of the
// register operands.
func (in *Inst) UnitsOf(a, b, c, d uint64) uint64 {
	switch in.Op.Code {
	case ALOC, CFE:
		return a
	case MCL, RETD:
		return b
	case MCP, K256, S256, SMO, EPAR:
		return c
	case MEQ, LOGD:
		return d
	case ED19:
		return EdMessageLength(d)
	case MCPI, MCLI, CFEI:
		return uint64(in.Imm)
	}
	return 0
}

// BaseOnly reports whether only the base of the cost is charged before the
// instruction runs: the rest depends on what it reads from the chain.
func (o *Op) BaseOnly() bool {
	switch o.Code {
	case CALL, CCP, CROO, CSIZ, LDC, BSIZ, BLDD:
		return true
	}
	return false
}
