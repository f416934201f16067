package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// opFacts are what the stages ask of a micro-op again and again, from isa.Table without its
// names. They are eight bytes, and the table has a place for every value of an isa.Op: the
// host finds a row with one addition and no check.
type opFacts struct {
	class   isa.Class
	unit    isa.Unit
	latency isa.Latency
	sources uint8 // how many it can have at most
	result  bool
	traits  traits
	_       [2]uint8
}

type traits uint8

const (
	traitReads   traits = 1 << iota // reads memory: takes a place in the load queue
	traitReturns                    // may write to the caller's memory what the frame returns: takes a place in the store queue
	traitHead                       // may have parked for its turn as the oldest
	traitBusy                       // its unit is not pipelined
)

var facts = func() (t [1 << 8]opFacts) {
	for op := range isa.NumOps {
		info := &isa.Table[op]
		f := &t[op]
		*f = opFacts{class: info.Class, unit: info.Unit, latency: info.Latency, sources: info.Sources, result: info.Result}
		switch isa.Op(op) {
		case isa.Load, isa.LoadInput, isa.LoadBytes:
			f.traits = traitReads
		case isa.Hash, isa.LoadRange, isa.CompareRange:
			f.traits = traitReads | traitHead
		case isa.CopyData: // where its source is memory: readsMemory asks the immediate
			f.traits = traitReads | traitHead
		case isa.Builtin:
			f.traits = traitReads | traitReturns | traitHead
			f.sources = maxSources // the range where the caller wants the output
		case isa.Leave, isa.Abort:
			f.traits = traitReturns
			f.sources = maxSources
		}
		if info.Class == isa.ClassHead {
			f.traits |= traitHead
		}
		switch info.Unit {
		case isa.UnitDiv, isa.UnitHash, isa.UnitCrypto:
			f.traits |= traitBusy
		}
	}
	return t
}()

const maxSources = 4

// rowFacts are what fetch and commit ask of nearly every opcode, dense enough that
// the whole table stays in the host's first cache.
type rowFacts struct {
	gas      uint32
	min, max uint16 // stack height below which it underflows, above which it overflows
	refuses  bool   // faults in a static frame
	invalid  bool
	plain    bool // commit charges gas and keeps a result: nothing else
	args     bool // commit reads the operands
	tests    bool // tests for zero, and nothing else
}

type rowTable [256]rowFacts

// rowFactsOf condenses a table, once a core.
func (rn *renamer) rowFactsOf(rows *decoder.RowTable) *rowTable {
	if t := rn.rowTables[rows]; t != nil {
		return t
	}
	t := new(rowTable)
	for op := range rows {
		row := &rows[op]
		t[op] = rowFacts{
			gas: row.Gas, min: row.MinStack, max: row.MaxStack,
			refuses: row.Flags&decoder.NoStatic != 0,
			invalid: row.Kind == decoder.KindInvalid,
			args:    row.Flags&(decoder.Dynamic|decoder.Effect|decoder.Transfer) != 0,
			plain:   isPlain(row),
			tests:   isPlain(row) && row.Uops[0].Op == isa.IsZero,
		}
	}
	rn.rowTables[rows] = t
	return t
}

// isPlain reports whether an instruction is one pure micro-op of constant cost.
func isPlain(row *decoder.Row) bool {
	if row.Kind != decoder.KindExec || row.Flags != 0 || len(row.Uops) != 1 {
		return false
	}
	u := &facts[row.Uops[0].Op]
	return u.class == isa.ClassALU && u.result // rows of register machines have no template
}
