package pipeline_test

import "github.com/ooovm/ooovm/pipeline"

// late leaves 0 on the stack, from a DIV.
const late = "PUSH1 9 PUSH1 0 DIV "

func memoryOrder(name string) func(*pipeline.Config) {
	return func(c *pipeline.Config) { c.Predictor.Memory = name }
}

// Memory: loads and stores of one frame.
var memoryPrograms = []program{
	{
		name: "store-to-load forward", code: "PUSH1 7 PUSH1 0 MSTORE PUSH1 0 MLOAD PUSH1 1 ADD STOP",
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			load        2 3 5 7 8   address and data are known in 5
			add         2 3 7 8 9
			leave       2 3 4 5 9
		`,
		cycles: 9,
	},
	{
		name: "partial overlap of two stores",
		code: "PUSH1 7 PUSH1 0 MSTORE " + div + "PUSH1 32 MSTORE PUSH1 16 MLOAD STOP",
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			div         2 3 4 14 15
			store.addr  2 3 4 5 15
			store.data  2 3 14 15 16   stores the quotient
			load        2 3 15 17 18   16 bytes of each store
			leave       2 3 4 5 18
		`,
		cycles: 18,
	},
	{
		name: "load of other bytes passes a store", code: "PUSH1 7 " + late + "MSTORE PUSH1 64 MLOAD STOP",
		want: `
			div         2 3 4 14 15
			store.addr  2 3 14 15 16   its address is the quotient
			store.data  2 3 4 5 16
			load        2 3 4 6 16     the oracle knows
			leave       2 3 4 5 16
		`,
		cycles: 16,
	},
	{
		name: "load of other bytes waits for the address", code: "PUSH1 7 " + late + "MSTORE PUSH1 64 MLOAD STOP", set: memoryOrder("wait"),
		want: `
			div         2 3 4 14 15
			store.addr  2 3 14 15 16
			store.data  2 3 4 5 16
			load        2 3 15 17 18
			leave       2 3 4 5 18
		`,
		cycles: 18,
	},
	{
		name: "memory-order violation", code: "PUSH1 7 " + late + "MSTORE PUSH1 0 MLOAD STOP", set: memoryOrder("blind"),
		// The store finds in 15 that the load has read its bytes; the load is fetched
		// again in 16. At the end, again, touch 17 18 19 20 21.
		want: `
			div         2 3 4 14 15
			store.addr  2 3 14 15 16
			store.data  2 3 4 5 16
			load        2 3 4 6 x15
			leave       2 3 4 5 x15
			load        16 17 18 20 21
			leave       16 17 18 19 21
		`,
		cycles: 21,
	},
	{
		name: "the same with the right bet", code: "PUSH1 7 " + late + "MSTORE PUSH1 0 MLOAD STOP",
		want: `
			div         2 3 4 14 15
			store.addr  2 3 14 15 16
			store.data  2 3 4 5 16
			load        2 3 15 17 18
			leave       2 3 4 5 18
		`,
		cycles: 18,
	},
	{
		name: "KECCAK256 over stored bytes", code: "PUSH1 7 PUSH1 0 MSTORE PUSH1 32 PUSH1 0 KECCAK256 STOP",
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			hash        2 3 5 11 12   one block of 136 bytes
			leave       2 3 4 5 12
		`,
		cycles: 12,
	},
	{
		name: "KECCAK256 of two blocks", code: "PUSH1 136 PUSH1 0 KECCAK256 STOP",
		want: `
			hash        2 3 4 16 17   136 bytes and the padding
			leave       2 3 4 5 17
		`,
		cycles: 17,
	},
	{
		name: "block copy", code: "PUSH1 7 PUSH1 0 MSTORE PUSH1 40 PUSH1 0 PUSH1 64 MCOPY PUSH1 96 MLOAD STOP",
		want: `
			store.addr  2 3 4 5 6
			store.data  2 3 4 5 6
			copy.addr   2 3 4 5 6
			copy.data   2 3 5 9 10    a load of 2, and 1 for each of two words
			load        2 3 9 11 12   8 bytes of the copy, 24 of none
			leave       2 3 4 5 12
		`,
		cycles: 12,
	},
	{
		name: "block copy onto its own source", code: "PUSH1 32 PUSH1 1 " + late + "MCOPY STOP",
		want: `
			div         2 3 4 14 15
			copy.addr   2 3 14 15 16  overlaps what the copy has read, and is no violation
			copy.data   2 3 4 7 16    older stores only
			leave       2 3 4 5 16
		`,
		cycles: 16,
	},
}
