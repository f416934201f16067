package fuel

import (
	"embed"
	"encoding/binary"
	"fmt"

	"github.com/ooovm/ooovm/state/fuel"
	"github.com/ooovm/ooovm/suggest"
	golden "github.com/ooovm/ooovm/traces/fuel"
	"github.com/ooovm/ooovm/traces/fuel/asm"
)

//go:embed workloads/*.s
var sources embed.FS

// Amounts of the workloads, in the smallest unit.
const (
	wealth  = 1_000_000_000
	reserve = 1_000_000_000_000
	traded  = 1_000_000
)

// gasLimit of each transaction.
const gasLimit = 1_000_000

// Workload makes a program that does what the workload of that name does on the other
// machine: token, swap, loop or hash, so many times.
func Workload(name string, transactions int) (*golden.Program, error) {
	w := workload{p: &golden.Program{Name: name, Params: fuel.Standard(), Block: fuel.Block{Height: 1}}}
	switch name {
	case "token":
		w.token(transactions)
	case "swap":
		w.swap(transactions)
	case "loop", "hash":
		for range transactions {
			w.add(fuel.Transaction{Script: w.assemble(name, "")})
		}
	default:
		return nil, suggest.Unknown("no workload", name, []string{"token", "swap", "loop", "hash"})
	}
	return w.p, w.err
}

// workload builds a program; the first error stays.
type workload struct {
	p   *golden.Program
	err error
}

// assemble translates one of the sources, with data behind it.
func (w *workload) assemble(name, data string) []byte {
	text, err := sources.ReadFile("workloads/" + name + ".s")
	if err == nil {
		var code []byte
		if code, err = asm.Assemble(string(text) + data); err == nil {
			return code
		}
	}
	if w.err == nil {
		w.err = fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (w *workload) add(tx fuel.Transaction) {
	tx.GasLimit = gasLimit
	w.p.Transactions = append(w.p.Transactions, tx)
}

// named makes a name that means nothing.
func named(kind string, n int) fuel.ID { return fuel.Sha256(fmt.Appendf(nil, "%s %d", kind, n)) }

// balanceKey is where a token keeps the balance of a holder.
func balanceKey(holder fuel.ID) fuel.ID {
	return fuel.Keccak256(append(holder[:], make([]byte, 32)...))
}

func slot(key fuel.ID, amount uint64) golden.StoredSlot {
	return golden.StoredSlot{Key: key, Value: append(binary.BigEndian.AppendUint64(nil, amount), make([]byte, 24)...)}
}

func (w *workload) contract(id fuel.ID, code []byte, slots ...golden.StoredSlot) {
	w.p.Contracts = append(w.p.Contracts, golden.Contract{ID: id, Code: code, Storage: slots})
}

// call adds a transaction whose script calls a contract with arguments.
func (w *workload) call(to fuel.ID, arguments []byte, contracts ...fuel.ID) {
	script := w.assemble("call", "")
	const header = 48 // contract and two parameters
	at := fuel.ScriptOffset + uint64(len(script)+7)&^7 + header
	data := binary.BigEndian.AppendUint64(to[:], at)
	data = append(binary.BigEndian.AppendUint64(data, 0), arguments...)
	tx := fuel.Transaction{Script: script, ScriptData: data}
	for _, id := range append([]fuel.ID{to}, contracts...) {
		tx.Inputs = append(tx.Inputs, fuel.Input{Type: fuel.InputContract, Contract: id})
	}
	w.add(tx)
}

// token moves coins from every holder to the next.
func (w *workload) token(n int) {
	id := named("token", 0)
	var slots []golden.StoredSlot
	for i := range n {
		holder, next := named("holder", i), named("holder", i+1)
		slots = append(slots, slot(balanceKey(holder), wealth))
		arguments := binary.BigEndian.AppendUint64(nil, traded)
		w.call(id, append(append(arguments, holder[:]...), next[:]...))
	}
	w.contract(id, w.assemble("token", ""), slots...)
}

// swap sells coins of the first token of a pair for the second, from many holders.
func (w *workload) swap(n int) {
	pair, tokens := named("pair", 0), [2]fuel.ID{named("token", 0), named("token", 1)}
	keys := [2]fuel.ID{named("reserve", 0), named("reserve", 1)}
	balances := [2][]golden.StoredSlot{{slot(balanceKey(pair), reserve)}, {slot(balanceKey(pair), reserve)}}
	for i := range n {
		holder := named("holder", i)
		balances[0] = append(balances[0], slot(balanceKey(holder), wealth))
		w.call(pair, append(binary.BigEndian.AppendUint64(nil, traded), holder[:]...), tokens[0], tokens[1])
	}
	data := fmt.Sprintf("\ntoken0: .bytes %v\ntoken1: .bytes %v\nkey0: .bytes %v\nkey1: .bytes %v\n", tokens[0], tokens[1], keys[0], keys[1])
	w.contract(pair, w.assemble("pair", data), slot(keys[0], reserve), slot(keys[1], reserve))
	for i, id := range tokens {
		w.contract(id, w.assemble("token", ""), balances[i]...)
	}
}
