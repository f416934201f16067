package evm

import (
	"fmt"

	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// stackLimit is the highest stack of a frame, in words.
const stackLimit = 1024

// spec is an opcode as the fork that introduced it defined it.
type spec struct {
	op           uint8
	name         string
	since        Fork
	gas          uint32 // constant part
	pops, pushes uint8
	kind         decoder.Kind
	flags        decoder.Flags
	uops         []decoder.Uop
	call         *decoder.CallShape
}

// change is what a fork did to an opcode that existed before.
type change struct {
	since Fork
	op    uint8
	gas   uint32
	flags decoder.Flags // added
	name  string        // new name, if any
}

// changes lists every repricing of a constant cost, oldest first. Costs that
// only System.Charge knows (storage writes, exponent bytes, initialisation
// code) are repriced there.
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

	// EIP-1884: repricing for trie-size-dependent opcodes.
	{since: Istanbul, op: SLOAD, gas: 800},
	{since: Istanbul, op: BALANCE, gas: 700},
	{since: Istanbul, op: EXTCODEHASH, gas: 700},

	// EIP-2929: the warm cost is constant, Charge adds the difference to a cold access.
	{since: Berlin, op: SLOAD, gas: warmAccess, flags: decoder.Dynamic},
	{since: Berlin, op: BALANCE, gas: warmAccess, flags: decoder.Dynamic},
	{since: Berlin, op: EXTCODESIZE, gas: warmAccess, flags: decoder.Dynamic},
	{since: Berlin, op: EXTCODECOPY, gas: warmAccess},
	{since: Berlin, op: EXTCODEHASH, gas: warmAccess, flags: decoder.Dynamic},
	{since: Berlin, op: CALL, gas: warmAccess},
	{since: Berlin, op: CALLCODE, gas: warmAccess},
	{since: Berlin, op: DELEGATECALL, gas: warmAccess},
	{since: Berlin, op: STATICCALL, gas: warmAccess},

	// EIP-4399: DIFFICULTY becomes the beacon chain's randomness.
	{since: Paris, op: PREVRANDAO, gas: 2, name: "PREVRANDAO"},
}

var tables = buildTables()

// Table gives the rows of a fork. The table is shared and must not be changed.
func Table(fork Fork) *decoder.RowTable { return &tables[fork] }

func buildTables() *[NumForks]decoder.RowTable {
	var t [NumForks]decoder.RowTable
	for fork := range NumForks {
		for op := range t[fork] {
			t[fork][op] = row(&spec{name: fmt.Sprintf("UNDEFINED_%02x", op), kind: decoder.KindInvalid, uops: faultUops})
		}
		for _, group := range [][]spec{computeSpecs, stackSpecs(), environmentSpecs, storageSpecs, callSpecs} {
			for i := range group {
				if s := &group[i]; s.since <= fork {
					t[fork][s.op] = row(s)
				}
			}
		}
		for _, c := range changes {
			if c.since > fork {
				continue
			}
			r := &t[fork][c.op]
			r.Gas = c.gas
			r.Flags |= c.flags
			if c.name != "" {
				r.Name = c.name
			}
		}
	}
	return &t
}

// row turns a spec into a row. The stack bounds follow from pops and pushes,
// except that DUP and SWAP reach below the operands they count as read.
func row(s *spec) decoder.Row {
	r := decoder.Row{
		Name: s.name, Kind: s.kind, Pops: s.pops, Pushes: s.pushes, Gas: s.gas, Flags: s.flags, Uops: s.uops, Call: s.call,
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
func uop(op isa.Op, sources ...decoder.Operand) decoder.Uop { return uopImm(op, 0, sources...) }

// uopImm builds a micro-op template with an immediate.
func uopImm(op isa.Op, imm uint8, sources ...decoder.Operand) decoder.Uop {
	u := decoder.Uop{Op: op, Imm: imm, Src: [4]decoder.Operand{decoder.None, decoder.None, decoder.None, decoder.None}}
	copy(u.Src[:], sources)
	return u
}
