// Package fuel runs FuelVM programs in order: it loads them, executes them on a plain
// interpreter, records what every instruction did, and compares results with those
// that a file expects. The interpreter is the golden model that the simulated machine is
// checked against; its loop and its arithmetic are its own, while contracts, frames,
// receipts and the memory rules are those of state/fuel.
package fuel

import (
	"context"
	"fmt"

	"github.com/ooovm/ooovm/budget"
	"github.com/ooovm/ooovm/state/fuel"
)

// golden executes one transaction.
type golden struct {
	*fuel.Session
	done    bool // the script has returned
	ending  fuel.Ending
	observe func(*Step)
	step    Step
}

// Block is what the transactions of a program came to.
type Block struct {
	World   *fuel.World // afterwards
	Results []fuel.Outcome
}

// Run executes the program's transactions one after the other. observe, if it is not nil, sees
// every instruction; the step is only valid during the call. The error is about a
// transaction that no block could contain.
func Run(p *Program, observe func(*Step)) (*Block, error) {
	return RunContext(context.Background(), p, observe)
}

// RunContext is Run until the context ends.
func RunContext(stop context.Context, p *Program, observe func(*Step)) (b *Block, err error) {
	defer budget.Recover(p.Name, &err)
	b = &Block{World: p.World()}
	for i := range p.Transactions {
		s, err := fuel.NewSession(p.Params, &p.Block, b.World, &p.Transactions[i], observe != nil)
		if err != nil {
			return nil, fmt.Errorf("%s: transaction %d: %w", p.Name, i, err)
		}
		g := golden{Session: s, observe: observe}
		g.step.Transaction = i
		b.Results = append(b.Results, g.run(stop))
		if err := stop.Err(); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// stopInterval is how many instructions are executed between two looks at the context.
const stopInterval = 4096

func (g *golden) run(stop context.Context) (r fuel.Outcome) {
	if g.done = g.NoScript(); g.done {
		g.ending = g.ReturnOne()
	}
	for !g.done {
		if r.Instructions++; r.Instructions%stopInterval == 0 && stop.Err() != nil {
			break
		}
		word, p := g.Fetch()
		g.begin(word)
		if p == fuel.NoPanic {
			p = g.instruction(word)
		}
		if p != fuel.NoPanic {
			g.done = true
			g.ending = fuel.Ending{Result: fuel.ResultPanic, Panic: p, Word: word}
		}
		g.end(p)
	}
	r.ID, r.Ending = g.ID, g.ending
	if g.ending.Result == fuel.ResultSuccess {
		r.Slots, r.Balances = g.StateSince()
	}
	r.GasUsed = g.Finish(g.ending)
	r.TotalGas = g.TotalGas(r.GasUsed)
	r.Receipts, r.ReceiptsRoot = g.Receipts, fuel.ReceiptsRoot(g.Receipts)
	r.Outputs = g.Outputs
	return r
}

// instruction decodes, charges and executes a word.
func (g *golden) instruction(word uint32) fuel.Panic {
	in, p := fuel.Decode(word)
	if p != fuel.NoPanic {
		return p
	}
	r := &g.Reg
	if p := g.ChargeInstruction(&in, r[in.A], r[in.B], r[in.C], r[in.D]); p != fuel.NoPanic {
		return p
	}
	switch {
	case in.Op.Code == fuel.CALL:
		return g.Call(r[in.A], r[in.B], r[in.C], r[in.D])
	case in.Op.Class == fuel.ClassControl:
		return g.control(&in)
	}
	if p := g.effect(&in); p != fuel.NoPanic {
		return p
	}
	r[fuel.RegPC] += 4
	return fuel.NoPanic
}

// effect executes what goes on with the next word.
func (g *golden) effect(in *fuel.Inst) fuel.Panic {
	switch in.Op.Class {
	case fuel.ClassALU:
		return g.alu(in)
	case fuel.ClassWide:
		return g.wide(in)
	case fuel.ClassMemory:
		return g.memory(in)
	case fuel.ClassCrypto:
		return g.crypto(in)
	case fuel.ClassStorage:
		return g.storage(in)
	case fuel.ClassContract:
		return g.contract(in)
	case fuel.ClassLog:
		return g.log(in)
	}
	return g.meta(in)
}

// writable gives the panic for a destination that programs cannot write.
func writable(register uint8) fuel.Panic {
	if register < fuel.RegWritable {
		return fuel.PanicReservedRegisterNotWritable
	}
	return fuel.NoPanic
}

// set computes the value of a destination register that must be writable before anything else.
func (g *golden) set(register uint8, value func() (uint64, fuel.Panic)) fuel.Panic {
	if p := writable(register); p != fuel.NoPanic {
		return p
	}
	v, p := value()
	if p == fuel.NoPanic {
		g.Reg[register] = v
	}
	return p
}

func truth(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}
