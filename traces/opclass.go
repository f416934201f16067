package traces

import "github.com/ethereum/go-ethereum/core/vm"

// OpClass groups opcodes by what they do, for counting.
func OpClass(opcode uint8) string {
	switch op := vm.OpCode(opcode); {
	case op >= vm.PUSH0 && op <= vm.PUSH32:
		return "push"
	case op >= vm.DUP1 && op <= vm.DUP16:
		return "dup"
	case op >= vm.SWAP1 && op <= vm.SWAP16:
		return "swap"
	case op == vm.POP:
		return "pop"
	case op == vm.JUMPDEST:
		return "jumpdest"
	case op == vm.JUMP, op == vm.JUMPI:
		return "jump"
	case op == vm.STOP, op == vm.RETURN, op == vm.REVERT, op == vm.INVALID, op == vm.SELFDESTRUCT:
		return "halt"
	case op >= vm.ADD && op <= vm.SIGNEXTEND:
		return "arithmetic"
	case op >= vm.LT && op <= vm.CLZ:
		return "logic"
	case op == vm.KECCAK256:
		return "hash"
	case op == vm.MLOAD, op == vm.MSTORE, op == vm.MSTORE8, op == vm.MCOPY, op == vm.MSIZE:
		return "memory"
	case op == vm.CALLDATALOAD, op == vm.CALLDATASIZE, op == vm.CALLDATACOPY, op == vm.RETURNDATASIZE, op == vm.RETURNDATACOPY:
		return "call data"
	case op == vm.SLOAD, op == vm.SSTORE:
		return "storage"
	case op == vm.TLOAD, op == vm.TSTORE:
		return "transient storage"
	case op >= vm.LOG0 && op <= vm.LOG4:
		return "log"
	case op >= vm.CREATE && op <= vm.STATICCALL:
		return "call and create"
	default:
		return "environment"
	}
}
