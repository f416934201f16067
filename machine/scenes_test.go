package machine_test

import "github.com/ooovm/ooovm/state"

// scenes are drawn as a line for each core: = executes, w waits, v validates, . takes
// a task; a digit begins the transaction's incarnation.
var scenes = []scene{
	{
		// c0 ..........0===============vvvvvvvvvvvvvvvvvv..........2===============v
		// c1 ..........1===============vvvvvvvvvvvvvvvvvv..........3===============v
		name: "transactions apart run side by side", block: apart, mc: sharing("block-stm", 2),
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			26 c0 end 0.0
			26 c1 end 1.0
			26 c0 validate 0.0
			26 c1 validate 1.0
			54 c0 begin 2.0
			54 c1 begin 3.0
			70 c0 end 2.0
			70 c1 end 3.0
			70 c0 validate 2.0
			70 c1 validate 3.0
			88 done`,
	},
	{
		// Declared sets need no validation: 10 + 16 cycles a round.
		name: "locks apart", block: apart, mc: sharing("sealevel", 2),
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			26 c0 end 0.0
			26 c1 end 1.0
			36 c0 begin 2.0
			36 c1 begin 3.0
			52 c0 end 2.0
			52 c1 end 3.0
			52 done`,
	},
	{
		// Transaction 1 conflicts with 0 and joins its queue; 2 goes to the other thread, 3
		// behind it; then both have 400,000 gas in flight, and 4 goes to the first.
		//
		// c0 ....0========....1========....4======
		// c1 ....2======....3======
		name: "threads have queues", block: lopsided, mc: sharing("sealevel", 2), slot: 2, instructions: 14, committed: 14,
		want: `10 c0 begin 0.0
			10 c1 begin 2.0
			26 c1 end 2.0
			34 c0 end 0.0
			36 c1 begin 3.0
			44 c0 begin 1.0
			52 c1 end 3.0
			68 c0 end 1.0
			78 c0 begin 4.0
			94 c0 end 4.0
			94 done`,
	},
	{
		// No thread is given a second transaction while it has one, so that 4 goes to the one
		// that is done first.
		//
		// c0 ....0========....1========
		// c1 ....2======....3======....4======
		name: "a thread has a budget", block: lopsided, mc: budget(200_000), slot: 2, instructions: 14, committed: 14,
		want: `10 c0 begin 0.0
			10 c1 begin 2.0
			26 c1 end 2.0
			34 c0 end 0.0
			36 c1 begin 3.0
			44 c0 begin 1.0
			52 c1 end 3.0
			62 c1 begin 4.0
			68 c0 end 1.0
			78 c1 end 4.0
			78 done`,
	},
	{
		// 1.0 fails in 52 and would be executed a second time, which is once too often. 2, taken
		// in the same cycle, runs to its end; then the block begins anew.
		//
		// c0 ....0=====vvvv....2=====
		// c1 ....1=====vvvv         0=====1=====2=====
		name: "retries have a limit", block: counter, mc: retries(1), slot: 3, again: 3, instructions: 42, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			34 c0 end 0.0
			34 c1 end 1.0
			34 c0 validate 0.0
			34 c1 validate 1.0
			62 c0 begin 2.0
			86 c0 end 2.0
			86 c1 begin 0.1
			110 c1 end 0.1
			110 c1 begin 1.1
			134 c1 end 1.1
			134 c1 begin 2.1
			158 c1 end 2.1
			158 done`,
	},
	{
		// Transactions 0 and 1 both count from 0 to 1. The validation of 1 fails in 52; what
		// it wrote becomes an estimate, and its core runs it again. Transaction 2, begun
		// meanwhile, loads the estimate in its 7th cycle (69) and waits, as the oldest since
		// 74, until 1.1 has ended in 86; its load issues in 87, 17 cycles before its end.
		//
		// c0 ....0=====vvvv....2===wwwwwwww=====vvvv
		// c1 ....1=====vvvv....1=========vvvv
		name: "an estimate is waited for", block: counter, mc: sharing("block-stm", 2), slot: 3, again: 1, instructions: 28, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			34 c0 end 0.0
			34 c1 end 1.0
			34 c0 validate 0.0
			34 c1 validate 1.0
			62 c0 begin 2.0
			62 c1 begin 1.1
			74 c0 wait 2.0
			86 c1 end 1.1
			86 c1 validate 1.1
			104 c0 end 2.0
			104 c0 validate 2.0
			122 done`,
	},
	{
		// Transaction 1 waits at its load, the oldest since 22, for 0.0 to end in 34; it ends
		// 18 later. Transaction 2 begins when that is visible.
		name: "always waiting", block: counter, mc: mapped("key-always"), slot: 3, instructions: 21, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			22 c1 wait 1.0
			34 c0 end 0.0
			34 c0 validate 0.0
			52 c1 end 1.0
			52 c0 validate 1.0
			62 c1 begin 2.0
			86 c1 end 2.0
			86 c0 validate 2.0
			104 done`,
	},
	{
		// The same when the incarnation that needs the estimate is given up as soon as its
		// load is the oldest (74), and begun again when 1.1 has ended: 12 + 10 + 7 later.
		name: "an estimate stops", block: counter, mc: restarting(), slot: 3, again: 2, instructions: 28, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			34 c0 end 0.0
			34 c1 end 1.0
			34 c0 validate 0.0
			34 c1 validate 1.0
			62 c0 begin 2.0
			62 c1 begin 1.1
			74 c0 wait 2.0
			74 c0 stop 2.0
			86 c1 end 1.1
			86 c1 validate 1.1
			96 c0 begin 2.1
			120 c0 end 2.1
			120 c0 validate 2.1
			138 done`,
	},
	{
		// Merges go before new transactions. 1.0 is found stale at its turn (80 - 10 is when
		// its comparison ends) and runs again on the core that found out; so does 2.0.
		name: "a hot counter under monad", block: counter, mc: sharing("monad", 2), slot: 3, again: 2, instructions: 35, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			34 c0 end 0.0
			34 c1 end 1.0
			34 c0 validate 0.0
			44 c1 begin 2.0
			52 c0 validate 1.0
			68 c1 end 2.0
			80 c0 begin 1.1
			104 c0 end 1.1
			104 c0 validate 1.1
			122 c0 validate 2.0
			150 c0 begin 2.1
			174 c0 end 2.1
			174 c0 validate 2.1
			192 done`,
	},
	{
		// As under monad until 70, but only the load (5 cycles), the addition (1) and the
		// store (5) are executed again, after 10 for taking the task.
		name: "a hot counter, repaired", block: counting, mc: sharing("repair", 2), slot: 10, instructions: 21, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			34 c0 end 0.0
			34 c1 end 1.0
			34 c0 validate 0.0
			44 c1 begin 2.0
			52 c0 validate 1.0
			68 c1 end 2.0
			70 c0 redo 1.0
			91 c0 validate 2.0
			109 c0 redo 2.0
			130 done`,
	},
	{
		// The stale load (5 cycles) decides on a branch (1): the guard fails, and all is
		// executed again on core 0, which has not seen the first jump taken (31 cycles
		// where core 1 would take 28).
		name: "a guard that fails", block: forking, mc: sharing("repair", 2), slot: 1,
		again: 1, instructions: 9 + 18 + 12, committed: 9 + 12,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			31 c0 end 0.0
			31 c0 validate 0.0
			42 c1 end 1.0
			49 c0 validate 1.0
			69 c0 redo 1.0
			95 c0 begin 1.1
			126 c0 end 1.1
			126 c0 validate 1.1
			144 done`,
	},
	{
		// All run on the state before the block; what is stale runs again on core 0, which
		// looks at 8 keys of each before.
		name: "a hot counter in two phases", block: counter, mc: sharing("two-phase-occ", 2), slot: 3, again: 2, instructions: 35, committed: 21,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			34 c0 end 0.0
			34 c1 end 1.0
			44 c0 begin 2.0
			68 c0 end 2.0
			68 c0 validate 0.0
			76 c0 validate 1.0
			94 c0 begin 1.1
			118 c0 end 1.1
			118 c0 validate 2.0
			136 c0 begin 2.1
			160 c0 end 2.1
			160 done`,
	},
	{
		// Known conflicts are a chain of 10 + 24 cycles each, on any number of cores.
		name: "a chain", block: counter, mc: sharing("dag-oracle", 4), slot: 3, instructions: 21, committed: 21,
		want: `10 c0 begin 0.0
			34 c0 end 0.0
			44 c0 begin 1.0
			68 c0 end 1.0
			78 c0 begin 2.0
			102 c0 end 2.0
			102 done`,
	},
	{
		// Three readers begin before the writer has published (31) and load what was there
		// before: all are run again, beside each other (23 each, 3 of them for the jump that
		// is not predicted). Nobody waits.
		name: "read by many", block: readers, mc: sharing("block-stm", 4), slot: 1, again: 3, instructions: 9 + 6*10, committed: 9 + 3*10,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			10 c2 begin 2.0
			10 c3 begin 3.0
			31 c0 end 0.0
			31 c0 validate 0.0
			33 c1 end 1.0
			33 c2 end 2.0
			33 c3 end 3.0
			33 c1 validate 1.0
			33 c2 validate 2.0
			33 c3 validate 3.0
			61 c1 begin 1.1
			61 c2 begin 2.1
			61 c3 begin 3.1
			84 c1 end 1.1
			84 c2 end 2.1
			84 c3 end 3.1
			84 c1 validate 1.1
			84 c2 validate 2.1
			84 c3 validate 3.1
			102 done`,
	},
	{
		// 1.0 loads slot 0 before 0.0 has set it, does not jump, and commits 18 instructions
		// where there are 12; it reads two more slots, so that its validation takes 20.
		name: "a stale value takes the wrong branch", block: forking, mc: sharing("block-stm", 2), slot: 1,
		again: 1, instructions: 9 + 18 + 12, committed: 9 + 12,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			31 c0 end 0.0
			31 c0 validate 0.0
			42 c1 end 1.0
			42 c1 validate 1.0
			72 c1 begin 1.1
			103 c1 end 1.1
			103 c1 validate 1.1
			121 done`,
	},
	{
		// 0.0 stores the 7 that is there. By version, 1.0 has read something else (an SSTORE
		// reads what it replaces): 28 + 18 + 10 + 18 + 18.
		name: "a silent store is a store to block-stm", block: silent, mc: sharing("block-stm", 2), slot: 7, again: 1, instructions: 12, committed: 8,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			28 c0 end 0.0
			28 c1 end 1.0
			28 c0 validate 0.0
			28 c1 validate 1.0
			56 c1 begin 1.1
			74 c1 end 1.1
			74 c1 validate 1.1
			92 done`,
	},
	{
		// By value nothing has changed: 28 + 18 + 18.
		name: "monad forgives a silent store", block: silent, mc: sharing("monad", 2), slot: 7, instructions: 8, committed: 8,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			28 c0 end 0.0
			28 c1 end 1.0
			28 c0 validate 0.0
			46 c0 validate 1.0
			64 done`,
	},
	{
		// Two transfers to one recipient: the second has read its balance.
		name: "a shared recipient", block: shared, mc: crediting(state.LazyBeneficiary), again: 1,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			26 c0 end 0.0
			26 c1 end 1.0
			26 c0 validate 0.0
			26 c1 validate 1.0
			54 c1 begin 1.1
			70 c1 end 1.1
			70 c1 validate 1.1
			88 done`,
	},
	{
		// With lazy transfers it has not; nor is there a balance among the 7 keys to look at,
		// but for the sender's, which has to suffice.
		name: "a shared recipient, credited lazily", block: shared, mc: crediting(state.LazyTransfers),
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			26 c0 end 0.0
			26 c1 end 1.0
			26 c0 validate 0.0
			26 c1 validate 1.0
			43 done`,
	},
	{
		// Strictly, everybody also reads the coinbase's balance: 9 keys.
		name: "a shared recipient, strictly", block: shared, mc: crediting(state.Strict), again: 1,
		want: `10 c0 begin 0.0
			10 c1 begin 1.0
			26 c0 end 0.0
			26 c1 end 1.0
			26 c0 validate 0.0
			26 c1 validate 1.0
			55 c1 begin 1.1
			71 c1 end 1.1
			71 c1 validate 1.1
			90 done`,
	},
}
