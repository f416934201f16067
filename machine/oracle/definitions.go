package oracle

// Definition is one meaning of "depends on a transaction before it". Published shares
// of independent transactions differ by a factor of two with it.
type Definition struct {
	Name   string
	Doc    string
	Before func(block []Footprint) [][]int
}

// Definitions lists them, from the finest to the coarsest.
var Definitions = []Definition{
	{"slot", "reads or writes a storage slot that an earlier transaction writes; balances left out (ethresear.ch 22150)", staleBy(BySlot)},
	{"key", "reads a key that an earlier transaction writes", Writers},
	{"holder", "locks an account, or an entry of a contract's mapping, that conflicts with an earlier lock", conflictsBy(ByHolder)},
	{"touched", "touches an account that an earlier transaction modifies (Besu)", staleBy(ByAddress)},
	{"account", "locks an account that conflicts with an earlier lock (Solana)", conflictsBy(ByAddress)},
	{"contract", "uses a contract that an earlier transaction uses", Contracts},
}

func all(block []Footprint, m Mapping) [][]Need {
	list := make([][]Need, len(block))
	for i := range block {
		list[i] = block[i].Needs(m)
	}
	return list
}

func staleBy(m Mapping) func([]Footprint) [][]int {
	return func(block []Footprint) [][]int { return Stale(all(block, m)) }
}

func conflictsBy(m Mapping) func([]Footprint) [][]int {
	return func(block []Footprint) [][]int { return Locks(block, m) }
}

// Contracts lists, for every transaction, those before it that use one of its
// contracts, whether they write or not, or whose writes it reads.
func Contracts(block []Footprint) [][]int {
	list := all(block, ByContract)
	for _, needs := range list {
		for i := range needs {
			needs[i].Mode = ModeWrite
		}
	}
	return Merge(Conflicts(list), Writers(block))
}

// Locks lists, for every transaction, those before it that hold a conflicting lock, or
// have to pay in first what it pays out.
func Locks(block []Footprint, m Mapping) [][]int {
	return Merge(Conflicts(all(block, m)), Writers(block))
}
