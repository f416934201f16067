package timing

import (
	"math/big"
	"testing"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/params"
	"github.com/holiman/uint256"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// code puts opcodes (int) and bytes together.
func code(parts ...any) (out []byte) {
	for _, p := range parts {
		switch p := p.(type) {
		case int:
			out = append(out, byte(p))
		case []byte:
			out = append(out, p...)
		}
	}
	return out
}

// push pushes words, the last one on top.
func push(words ...uint64) (out []byte) {
	for _, w := range words {
		out = append(out, evm.PUSH1+3, byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
	}
	return out
}

// Accounts of the corner block.
const (
	mainContract = 0xa0 + iota
	echo         // returns its input, one word copied with its own loads
	reverter
	relay // calls echo and returns what it returned
	deep  // spills the stack
	mortal
	nobody // has no code

	recovery = 1 // built-ins
	sha256   = 2
	identity = 4
)

// callOf calls to with memory [in, in+n) and puts up to outLen bytes at out.
func callOf(op int, to, value, in, n, out, outLen uint64) []byte {
	args := push(outLen, out, n, in)
	if op == evm.CALL || op == evm.CALLCODE {
		args = append(args, push(value)...)
	}
	return code(args, push(to, 0x20000), op)
}

// slow leaves 0, from two dependent divisions.
var slow = code(push(1, 3, 2), evm.DIV, evm.DIV, push(1), evm.AND)

// initCode deploys one byte of zeros.
var initCode = code(push(1, 0), evm.RETURN)

// corners has what ordinary blocks have little of.
var corners = map[uint64][]byte{
	mainContract: code(
		// Order inversions at unpipelined units: the older of two waits.
		push(7, 9), evm.DIV, push(3), evm.DIV, push(8, 2), evm.DIV, evm.POP, evm.POP,
		push(0x10000, 3), evm.EXP, push(5), evm.EXP, evm.POP,
		push(5, 6, 7), evm.MULMOD, evm.POP,
		// Stores whose addresses come late, loads of some of their bytes.
		push(11), slow, evm.MSTORE, push(12, 32), evm.MSTORE, push(16), evm.MLOAD, push(9), evm.MSTORE8, push(0), evm.MLOAD, evm.POP,
		push(40, 1), slow, evm.MCOPY, push(30, 8, 20), evm.MCOPY, push(24), evm.MLOAD, evm.POP,
		push(13), slow, evm.MSTORE, push(14, 0), evm.MSTORE, push(64, 0), evm.KECCAK256, evm.POP, // the older store is hidden, but not yet known
		push(40, 3, 100), evm.CODECOPY, push(40, 3, 120, echo), evm.EXTCODECOPY, push(4, 0, 130), evm.CALLDATACOPY, push(0, 0, 5), evm.CALLDATACOPY,
		push(2), evm.CALLDATALOAD, push(100), evm.MLOAD, evm.POP, evm.POP,
		// Longer than what is read before its turn.
		push(40_000, 0), evm.KECCAK256, evm.POP, push(40_000, 0, 7), evm.MCOPY, evm.MSIZE, evm.POP, evm.GAS, evm.POP,
		push(20_000), evm.BLOCKHASH, evm.POP,
		// Storage and transient storage, the same and other keys, early and late.
		push(5, 1), evm.SSTORE, push(1), evm.SLOAD, push(6), slow, evm.SSTORE, push(0), evm.SLOAD, push(2), evm.SLOAD, push(1), evm.SLOAD,
		evm.POP, evm.POP, evm.POP, evm.POP,
		push(5, 1), evm.TSTORE, push(1), evm.TLOAD, push(1), evm.SLOAD, push(7), slow, evm.TSTORE, push(0), evm.TLOAD, evm.POP, evm.POP, evm.POP,
		// Calls: bytes handed down and up through two frames.
		callOf(evm.CALL, relay, 0, 0, 70, 200, 64), push(210), evm.MLOAD, evm.RETURNDATASIZE, push(0, 300), evm.RETURNDATACOPY, push(310), evm.MLOAD,
		evm.POP, evm.POP, evm.POP,
		callOf(evm.STATICCALL, relay, 0, 5, 70, 200, 100), callOf(evm.DELEGATECALL, echo, 0, 5, 40, 200, 10), push(190), evm.MLOAD, evm.POP, evm.POP, evm.POP,
		// Value: balances wait for calls that move any.
		callOf(evm.CALL, nobody, 0, 0, 0, 0, 0), evm.SELFBALANCE, evm.POP, evm.POP,
		callOf(evm.CALL, nobody, 1, 0, 0, 0, 0), evm.SELFBALANCE, push(nobody), evm.BALANCE, push(nobody), evm.EXTCODEHASH, push(echo), evm.EXTCODESIZE,
		evm.POP, evm.POP, evm.POP, evm.POP, evm.POP,
		callOf(evm.CALLCODE, echo, 1, 0, 32, 32, 32), evm.SELFBALANCE, evm.POP, evm.POP,
		// Built-ins, with and without room for their output.
		callOf(evm.CALL, identity, 0, 0, 96, 400, 64), push(420), evm.MLOAD, evm.RETURNDATASIZE, push(0, 500), evm.RETURNDATACOPY, push(500), evm.MLOAD,
		evm.POP, evm.POP, evm.POP,
		callOf(evm.STATICCALL, identity, 0, 0, 32, 0, 0), evm.RETURNDATASIZE, evm.POP, evm.POP,
		callOf(evm.STATICCALL, identity, 0, 0, 0, 0, 32), evm.POP,
		// Built-ins that want one unit: the second is ready before the first, whose input is late.
		push(17), slow, evm.MSTORE, callOf(evm.STATICCALL, sha256, 0, 0, 100, 400, 32), callOf(evm.STATICCALL, sha256, 0, 64, 55, 440, 32),
		push(400), evm.MLOAD, evm.POP, evm.POP, evm.POP,
		callOf(evm.STATICCALL, recovery, 0, 0, 128, 0, 0), callOf(evm.STATICCALL, sha256, 0, 0, 0, 400, 8), push(400), evm.MLOAD, evm.POP, evm.POP, evm.POP,
		// A callee that reverts with data, and one whose stack spills.
		callOf(evm.CALL, reverter, 0, 0, 32, 600, 16), push(600), evm.MLOAD, evm.ADD, evm.RETURNDATASIZE, push(0, 700), evm.RETURNDATACOPY, evm.POP,
		push(1, 2, 3), callOf(evm.CALL, deep, 0, 0, 0, 0, 0), evm.ADD, evm.ADD, evm.ADD, evm.POP,
		// Creations: of nothing, of no code, of one byte of code with value, one that
		// reverts, one that nobody can pay. The second call has another salt.
		push(0, 0, 0), evm.CREATE, evm.EXTCODESIZE, evm.POP,
		push(0xf3000000, 4), evm.MSTORE, push(0x60016000, 0), evm.MSTORE, // PUSH1 1 PUSH1 0 RETURN
		evm.CALLDATASIZE, push(4, 28, 0), evm.CREATE2, evm.POP,
		evm.CALLDATASIZE, push(8, 28, 1), evm.CREATE2, evm.DUP1, evm.BALANCE, evm.POP, evm.EXTCODEHASH, evm.POP,
		push(0x5f5ffd00, 0), evm.MSTORE, push(3, 28, 0), evm.CREATE, push(1), evm.ADD, evm.POP, // PUSH0 PUSH0 REVERT
		push(0, 0, 1<<31), evm.CREATE, push(1), evm.ADD, evm.POP,
		// The end of an account.
		callOf(evm.CALL, mortal, 0, 0, 0, 0, 0), push(mortal), evm.BALANCE, evm.POP, evm.POP,
		push(1, 2, 3, 4, 20, 10), evm.LOG4, push(9, 20, 10), evm.LOG1, push(0, 0), evm.LOG0,
		push(32, 0), evm.RETURN,
	),
	echo: code(
		evm.CALLDATASIZE, push(0, 0), evm.CALLDATACOPY, push(8), evm.CALLDATALOAD, push(40), evm.MSTORE,
		evm.CALLVALUE, evm.CALLER, evm.ADDRESS, evm.ADD, evm.ADD, push(41), evm.MSTORE8, evm.CALLDATASIZE, slow, evm.RETURN,
	),
	relay: code(
		push(3), slow, evm.MSTORE, push(50, 4, 10), evm.CALLDATACOPY, callOf(evm.CALL, echo, 0, 3, 60, 20, 30),
		evm.RETURNDATASIZE, push(0, 64), evm.RETURNDATACOPY, evm.RETURNDATASIZE, push(10), evm.ADD, push(6), evm.RETURN,
	),
	reverter: code(push(1, 1), evm.SSTORE, push(0), evm.CALLDATALOAD, push(0), evm.MSTORE, push(24, 4), evm.REVERT),
	deep:     deepCode(),
	mortal:   code(push(mainContract), evm.SELFDESTRUCT),
}

// deepCode pushes more than the registers hold, adds two thirds of it up and
// leaves with the rest.
func deepCode() (out []byte) {
	for i := range uint64(150) {
		out = append(out, push(i)...)
	}
	for range 100 {
		out = append(out, evm.ADD)
	}
	return append(out, evm.STOP)
}

// cornerBlock is a Cancun block that calls the corner contract, creates one, and
// pays an account.
func cornerBlock(t testing.TB) *block {
	t.Helper()
	key := crypto.ToECDSAUnsafe(common.FromHex("0x0101010101010101010101010101010101010101010101010101010101010101"))
	var beaconRoot common.Hash
	var zero uint64
	address := func(n uint64) common.Address { return common.BigToAddress(new(big.Int).SetUint64(n)) }
	b := &traces.Bundle{
		Name: "corners", ChainID: 1, Config: params.MainnetChainConfig,
		Header: &types.Header{
			Coinbase: common.HexToAddress("0xc0"), Difficulty: new(big.Int), Number: big.NewInt(20_000_000), Time: 1_715_000_000,
			GasLimit: 30_000_000, BaseFee: big.NewInt(7), Extra: []byte{}, BlobGasUsed: &zero, ExcessBlobGas: &zero, ParentBeaconRoot: &beaconRoot,
		},
		Prestate: state.Prestate{state.Address(crypto.PubkeyToAddress(key.PublicKey)): {Balance: *uint256.NewInt(params.Ether)}},
	}
	for n, c := range corners {
		b.Prestate[state.Address(address(n))] = &state.Account{Nonce: 1, Code: c, Balance: *uint256.NewInt(1000)}
	}
	target, pay := address(mainContract), address(nobody)
	for i, tx := range []types.DynamicFeeTx{
		{To: &target, Data: []byte{1, 2, 3, 4, 5, 6}},
		{Data: initCode},
		{To: &pay, Value: big.NewInt(5)},
		{To: &target, Value: big.NewInt(3)},
	} {
		tx.ChainID, tx.Nonce, tx.Gas, tx.GasFeeCap, tx.GasTipCap = b.Config.ChainID, uint64(i), 2_000_000, big.NewInt(10), big.NewInt(1)
		signed, err := types.SignNewTx(key, types.MakeSigner(b.Config, b.Header.Number, b.Header.Time), &tx)
		if err != nil {
			t.Fatal(err)
		}
		b.Txs = append(b.Txs, signed)
	}
	return prepare(t, b)
}
