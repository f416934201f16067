package evm

import (
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// stackLimit is the highest stack of a frame, in words.
const stackLimit = 1024

// spec is an opcode as the fork that introduced it defined it: everything about it.
type spec struct {
	op           uint8
	name         string
	since        Fork
	gas          uint32 // constant part
	pops, pushes uint8
	kind         decoder.Kind
	flags        decoder.Flags // those that do not follow from the rule
	uops         []decoder.Uop
	call         *decoder.CallShape
	rule
}

// change is what a fork did to an opcode that existed before.
type change struct {
	since  Fork
	op     uint8
	gas    uint32     // in place of the constant part, always stated
	charge chargeRule // in place of the one before, if any
	name   string     // new name, if any
}

// changes lists every repricing, oldest first.
var changes = []change{
	// EIP-150: gas cost changes for IO-heavy operations.
	{since: TangerineWhistle, op: EXTCODESIZE, gas: 700},
	{since: TangerineWhistle, op: EXTCODECOPY, gas: 700},
	{since: TangerineWhistle, op: BALANCE, gas: 400},
	{since: TangerineWhistle, op: SLOAD, gas: 200},
	{since: TangerineWhistle, op: CALL, gas: 700},
	{since: TangerineWhistle, op: CALLCODE, gas: 700},
	{since: TangerineWhistle, op: DELEGATECALL, gas: 700},
	{since: TangerineWhistle, op: SELFDESTRUCT, gas: 5000},

	// EIP-160: EXP cost increase.
	{since: SpuriousDragon, op: EXP, gas: 10, charge: exponent(50)},

	// EIP-1283: net gas metering for SSTORE. Petersburg took it back.
	{since: Constantinople, op: SSTORE, charge: store1283.charge},
	{since: Petersburg, op: SSTORE, charge: storeOriginal.charge},

	// EIP-2200: the same with a guard against re-entrancy on a stipend.
	{since: Istanbul, op: SSTORE, charge: store2200.charge},

	// EIP-1884: repricing for trie-size-dependent opcodes.
	{since: Istanbul, op: SLOAD, gas: 800},
	{since: Istanbul, op: BALANCE, gas: 700},
	{since: Istanbul, op: EXTCODEHASH, gas: 700},

	// EIP-2929: the warm cost is constant, the rule adds the difference to a cold access.
	{since: Berlin, op: SLOAD, gas: warmAccess, charge: coldSlotLoad},
	{since: Berlin, op: SSTORE, charge: store2929.charge},
	{since: Berlin, op: BALANCE, gas: warmAccess, charge: coldAccountLoad},
	{since: Berlin, op: EXTCODESIZE, gas: warmAccess, charge: coldAccountLoad},
	{since: Berlin, op: EXTCODECOPY, gas: warmAccess},
	{since: Berlin, op: EXTCODEHASH, gas: warmAccess, charge: coldAccountLoad},
	{since: Berlin, op: CALL, gas: warmAccess},
	{since: Berlin, op: CALLCODE, gas: warmAccess},
	{since: Berlin, op: DELEGATECALL, gas: warmAccess},
	{since: Berlin, op: STATICCALL, gas: warmAccess},

	// EIP-3529: reduction in refunds.
	{since: London, op: SSTORE, charge: store3529.charge},

	// EIP-4399: DIFFICULTY becomes the beacon chain's randomness.
	{since: Paris, op: PREVRANDAO, gas: 2, name: "PREVRANDAO"},
}

// forkTables are the rows of every opcode at every fork: what the core sees of them,
// and what commit asks the system for.
type forkTables struct {
	rows  [NumForks]decoder.RowTable
	rules [NumForks][256]rule
}

var tables = buildTables()

// Table returns the rows of a fork. The table is shared and must not be changed.
func Table(fork Fork) *decoder.RowTable { return &tables.rows[fork] }

// buildTables makes all tables. It panics on a row that is not complete: an error of
// the program.
func buildTables() *forkTables {
	t := new(forkTables)
	for fork := range NumForks {
		rows, rules := &t.rows[fork], &t.rules[fork]
		for op := range rows {
			rows[op] = row(&spec{name: fmt.Sprintf("UNDEFINED_%02x", op), kind: decoder.KindInvalid, uops: faultUops})
		}
		for _, group := range [][]spec{computeSpecs, stackSpecs(), environmentSpecs, storageSpecs, callSpecs} {
			for i := range group {
				if s := at(&group[i], fork); s.since <= fork {
					rows[s.op], rules[s.op] = row(s), s.rule
					if err := s.check(); err != nil {
						panic(fmt.Sprintf("decoder/evm: %s of %s: %v", s.name, fork, err))
					}
				}
			}
		}
	}
	return t
}

// at is the opcode as a fork has it.
func at(s *spec, fork Fork) *spec {
	changed := *s
	for i := range changes {
		c := &changes[i]
		if c.op != s.op || c.since > fork {
			continue
		}
		changed.gas = c.gas
		if c.charge != nil {
			changed.charge = c.charge
		}
		if c.name != "" {
			changed.name = c.name
		}
	}
	return &changed
}

// row turns a spec into a row. The stack bounds follow from pops and pushes,
// except that DUP and SWAP reach below the operands they count as read; the flags of
// what commit asks for follow from the rule.
func row(s *spec) decoder.Row {
	r := decoder.Row{
		Name: s.name, Kind: s.kind, Pops: s.pops, Pushes: s.pushes, Gas: s.gas, Flags: s.flags | s.rule.flags(), Uops: s.uops, Call: s.call,
		MinStack: uint16(s.pops),
		MaxStack: stackLimit + uint16(s.pops) - uint16(s.pushes),
	}
	switch s.kind {
	case decoder.KindDup:
		r.N = s.op - DUP1 + 1
		r.MinStack = uint16(r.N)
	case decoder.KindSwap:
		r.N = s.op - SWAP1 + 1
		r.MinStack = uint16(r.N) + 1
	}
	return r
}

// uop builds a micro-op template.
func uop(op isa.Op, sources ...decoder.Operand) decoder.Uop {
	u := decoder.Uop{Op: op, Src: [4]decoder.Operand{decoder.None, decoder.None, decoder.None, decoder.None}}
	copy(u.Src[:], sources)
	return u
}

// uopImm builds a micro-op template with an immediate.
func uopImm[I isa.Immediate](op isa.Op, imm I, sources ...decoder.Operand) decoder.Uop {
	u := uop(op, sources...)
	u.Imm = isa.Imm(op, imm)
	return u
}
