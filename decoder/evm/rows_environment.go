package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// environmentSpecs are the instructions that read the frame's own registers,
// the transaction's and block's constants, and the tables of the environment.
var environmentSpecs = []spec{
	constant(ADDRESS, "ADDRESS", Frontier, decoder.FrameSelf),
	constant(CALLER, "CALLER", Frontier, decoder.FrameCaller),
	constant(CALLVALUE, "CALLVALUE", Frontier, decoder.FrameValue),
	constant(CALLDATASIZE, "CALLDATASIZE", Frontier, decoder.InputLength),
	constant(CODESIZE, "CODESIZE", Frontier, decoder.CodeLength),
	constant(RETURNDATASIZE, "RETURNDATASIZE", Byzantium, decoder.ReturnLength), // EIP-211
	constant(PC, "PC", Frontier, decoder.InstAddress),

	constant(ORIGIN, "ORIGIN", Frontier, decoder.Context0+CtxOrigin),
	constant(GASPRICE, "GASPRICE", Frontier, decoder.Context0+CtxGasPrice),
	constant(COINBASE, "COINBASE", Frontier, decoder.Context0+CtxCoinbase),
	constant(TIMESTAMP, "TIMESTAMP", Frontier, decoder.Context0+CtxTimestamp),
	constant(NUMBER, "NUMBER", Frontier, decoder.Context0+CtxNumber),
	constant(PREVRANDAO, "DIFFICULTY", Frontier, decoder.Context0+CtxRandom),
	constant(GASLIMIT, "GASLIMIT", Frontier, decoder.Context0+CtxGasLimit),
	constant(CHAINID, "CHAINID", Istanbul, decoder.Context0+CtxChainID),           // EIP-1344
	constant(BASEFEE, "BASEFEE", London, decoder.Context0+CtxBaseFee),             // EIP-3198
	constant(BLOBBASEFEE, "BLOBBASEFEE", Cancun, decoder.Context0+CtxBlobBaseFee), // EIP-7516

	{op: BLOCKHASH, name: "BLOCKHASH", gas: 20, pops: 1, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{uopImm(isa.Lookup, LookupBlockHash, 0)}},
	{op: BLOBHASH, name: "BLOBHASH", since: Cancun, gas: 3, pops: 1, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{uopImm(isa.Lookup, LookupBlobHash, 0)}}, // EIP-4844

	{op: CALLDATALOAD, name: "CALLDATALOAD", gas: 3, pops: 1, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{
		uop(isa.LoadInput, 0, decoder.InputOffset, decoder.InputLength),
	}},
	{op: CALLDATACOPY, name: "CALLDATACOPY", gas: 3, pops: 3, kind: decoder.KindExec, rule: rule{memory: ranged(0, 2), charge: perWord(copyWordGas, 2)}, uops: []decoder.Uop{
		uop(isa.CopyAddr, 0, 2),
		uopImm(isa.CopyData, isa.CopyInput, 1, 2, decoder.InputOffset, decoder.InputLength),
	}},
	{op: CODECOPY, name: "CODECOPY", gas: 3, pops: 3, kind: decoder.KindExec, rule: rule{memory: ranged(0, 2), charge: perWord(copyWordGas, 2)}, uops: []decoder.Uop{
		uop(isa.CopyAddr, 0, 2),
		uopImm(isa.CopyData, isa.CopyCode, 1, 2),
	}},
	{op: RETURNDATACOPY, name: "RETURNDATACOPY", since: Byzantium, gas: 3, pops: 3, kind: decoder.KindExec, rule: rule{memory: ranged(0, 2), charge: chargeReturnCopy}, uops: []decoder.Uop{
		uop(isa.CopyAddr, 0, 2),
		uopImm(isa.CopyData, isa.CopyReturn, 1, 2, decoder.ReturnOffset, decoder.ReturnLength),
	}},
}

// constant is an instruction that pushes a word that is known before it runs.
func constant(op uint8, name string, since Fork, source decoder.Operand) spec {
	return spec{op: op, name: name, since: since, gas: 2, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{uop(isa.Move, source)}}
}
