package evm

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
)

// storageSpecs are the instructions on accounts and storage, and the logs.
var storageSpecs = []spec{
	{op: BALANCE, name: "BALANCE", gas: 20, pops: 1, pushes: 1, kind: decoder.KindExec, flags: decoder.ReadsBalance, uops: []decoder.Uop{
		uopImm(isa.AccountLoad, isa.FieldBalance, 0),
	}},
	{op: SELFBALANCE, name: "SELFBALANCE", since: Istanbul, gas: 5, pushes: 1, kind: decoder.KindExec, flags: decoder.ReadsBalance, uops: []decoder.Uop{ // EIP-1884
		uopImm(isa.AccountLoad, isa.FieldBalance, decoder.FrameSelf),
	}},
	{op: EXTCODESIZE, name: "EXTCODESIZE", gas: 20, pops: 1, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{
		uopImm(isa.AccountLoad, isa.FieldCodeSize, 0),
	}},
	{op: EXTCODEHASH, name: "EXTCODEHASH", since: Constantinople, gas: 400, pops: 1, pushes: 1, kind: decoder.KindExec, flags: decoder.ReadsBalance, uops: []decoder.Uop{ // EIP-1052; zero for an empty account, hence the balance
		uopImm(isa.AccountLoad, isa.FieldCodeHash, 0),
	}},
	{op: EXTCODECOPY, name: "EXTCODECOPY", gas: 20, pops: 4, kind: decoder.KindExec, rule: rule{memory: ranged(1, 3), charge: chargeForeignCopy}, uops: []decoder.Uop{
		uop(isa.CopyAddr, 1, 3),
		uopImm(isa.CopyData, isa.CopyForeignCode, 2, 3, 0),
	}},

	{op: SLOAD, name: "SLOAD", gas: 50, pops: 1, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{
		uopImm(isa.StateLoad, isa.Persistent, decoder.FrameSelf, 0),
	}},
	{op: SSTORE, name: "SSTORE", pops: 2, kind: decoder.KindExec, flags: decoder.NoStatic, rule: rule{charge: storeOriginal.charge, apply: applyStore}, uops: []decoder.Uop{
		uopImm(isa.StateKey, isa.Persistent, decoder.FrameSelf, 0),
		uop(isa.StateData, 1),
	}},
	{op: TLOAD, name: "TLOAD", since: Cancun, gas: warmAccess, pops: 1, pushes: 1, kind: decoder.KindExec, uops: []decoder.Uop{ // EIP-1153
		uopImm(isa.StateLoad, isa.Transient, decoder.FrameSelf, 0),
	}},
	{op: TSTORE, name: "TSTORE", since: Cancun, gas: warmAccess, pops: 2, kind: decoder.KindExec, flags: decoder.NoStatic, rule: rule{apply: applyTransient}, uops: []decoder.Uop{
		uopImm(isa.StateKey, isa.Transient, decoder.FrameSelf, 0),
		uop(isa.StateData, 1),
	}},

	logSpec(LOG0, "LOG0", nil),
	logSpec(LOG1, "LOG1", []decoder.Uop{uop(isa.Argument, 2)}),
	logSpec(LOG2, "LOG2", []decoder.Uop{uop(isa.Argument, 2, 3)}),
	logSpec(LOG3, "LOG3", []decoder.Uop{uop(isa.Argument, 2, 3, 4)}),
	logSpec(LOG4, "LOG4", []decoder.Uop{uop(isa.Argument, 2, 3, 4), uop(isa.Argument, 5)}),
}

// logSpec is a log instruction; topics gathers its topics, three a micro-op.
func logSpec(op uint8, name string, topics []decoder.Uop) spec {
	n := op - LOG0
	return spec{
		op: op, name: name, gas: 375 + 375*uint32(n), pops: 2 + n, kind: decoder.KindExec,
		flags: decoder.NoStatic,
		rule:  rule{memory: ranged(0, 1), charge: chargeLog, apply: applyLog(int(n))},
		uops:  append([]decoder.Uop{uop(isa.RangeAddress, 0, 1)}, topics...),
	}
}

const createFlags = decoder.Serial | decoder.NoStatic | decoder.Transfer

// callSpecs are the instructions that begin and end frames.
var callSpecs = []spec{
	{
		op: CALL, name: "CALL", gas: 40, pops: 7, pushes: 1, kind: decoder.KindCall, flags: decoder.Transfer,
		rule: rule{memory: twoRanges(3, 4, 5, 6), charge: chargeCall(CALL)},
		uops: callUops(3, 0, 2),
		call: &decoder.CallShape{
			Kind: decoder.EnterCall, Account: decoder.Temp, Self: decoder.Temp, Caller: decoder.FrameSelf, Value: 2,
			InputOffset: 3, InputLength: 4, OutputOffset: 5, OutputLength: 6,
		},
	},
	{
		op: CALLCODE, name: "CALLCODE", gas: 40, pops: 7, pushes: 1, kind: decoder.KindCall, flags: decoder.Transfer,
		rule: rule{memory: twoRanges(3, 4, 5, 6), charge: chargeCall(CALLCODE)},
		uops: callUops(3, 0, 2),
		call: &decoder.CallShape{
			Kind: decoder.EnterCallCode, Account: decoder.Temp, Self: decoder.FrameSelf, Caller: decoder.FrameSelf, Value: 2,
			InputOffset: 3, InputLength: 4, OutputOffset: 5, OutputLength: 6,
		},
	},
	{ // EIP-7
		op: DELEGATECALL, name: "DELEGATECALL", since: Homestead, gas: 40, pops: 6, pushes: 1, kind: decoder.KindCall,
		rule: rule{memory: twoRanges(2, 3, 4, 5), charge: chargeCall(DELEGATECALL)},
		uops: callUops(2, 0),
		call: &decoder.CallShape{
			Kind: decoder.EnterDelegate, Account: decoder.Temp, Self: decoder.FrameSelf, Caller: decoder.FrameCaller, Value: decoder.FrameValue,
			InputOffset: 2, InputLength: 3, OutputOffset: 4, OutputLength: 5,
		},
	},
	{ // EIP-214
		op: STATICCALL, name: "STATICCALL", since: Byzantium, gas: 700, pops: 6, pushes: 1, kind: decoder.KindCall,
		rule: rule{memory: twoRanges(2, 3, 4, 5), charge: chargeCall(STATICCALL)},
		uops: callUops(2, 0),
		call: &decoder.CallShape{
			Kind: decoder.EnterStatic, Account: decoder.Temp, Self: decoder.Temp, Caller: decoder.FrameSelf, Value: decoder.Zero,
			InputOffset: 2, InputLength: 3, OutputOffset: 4, OutputLength: 5, Static: true,
		},
	},

	{op: CREATE, name: "CREATE", gas: 32000, pops: 3, pushes: 1, kind: decoder.KindCreate, flags: createFlags, rule: rule{memory: ranged(1, 2), charge: chargeCreate(0)}, uops: []decoder.Uop{
		uop(isa.RangeAddress, 1, 2),
		uop(isa.Create, 0),
	}},
	{op: CREATE2, name: "CREATE2", since: Constantinople, gas: 32000, pops: 4, pushes: 1, kind: decoder.KindCreate, flags: createFlags, rule: rule{memory: ranged(1, 2), charge: chargeCreate(keccakWordGas)}, uops: []decoder.Uop{ // EIP-1014
		uop(isa.RangeAddress, 1, 2),
		uop(isa.Create, 0, 3),
	}},

	{op: RETURN, name: "RETURN", pops: 2, kind: decoder.KindLeave, rule: rule{memory: ranged(0, 1)}, uops: []decoder.Uop{uop(isa.Leave, 0, 1)}},
	{op: REVERT, name: "REVERT", since: Byzantium, pops: 2, kind: decoder.KindAbort, flags: decoder.Serial, rule: rule{memory: ranged(0, 1)}, uops: []decoder.Uop{uop(isa.Abort, 0, 1)}}, // EIP-140
	{op: SELFDESTRUCT, name: "SELFDESTRUCT", pops: 1, kind: decoder.KindDestroy, flags: decoder.NoStatic | decoder.Transfer, rule: rule{charge: chargeDestroy}, uops: []decoder.Uop{uop(isa.Destroy, 0)}},
}

// callUops cracks a call: the account's address, its code, the ranges of input
// and output (four operands from ranges on), and the entry itself, which holds
// the operands that commit alone reads (gas and value).
func callUops(ranges decoder.Operand, entry ...decoder.Operand) []decoder.Uop {
	return []decoder.Uop{
		uop(isa.Account, 1),
		uop(isa.Target, decoder.Temp),
		uop(isa.RangeAddress, ranges, ranges+1),
		uop(isa.RangeAddress, ranges+2, ranges+3),
		uop(isa.Enter, entry...),
	}
}
