// Package inspect says what is in a block: command trace info.
package inspect

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/experiments/run"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// Result is what is in a block, before anything of it is timed.
type Result struct {
	Trace        run.TraceInfo `json:"trace"`
	Instructions uint64        `json:"instructions"`
	MaxDepth     int           `json:"maxDepth"`

	Kinds     []Share            `json:"kinds"` // of transactions
	Mix       []Share            `json:"mix"`   // of instructions, by class
	Contracts []ContractUse      `json:"contracts"`
	Hot       []HotKey           `json:"hotKeys"`
	Shares    map[string]float64 `json:"independentShare"` // by conflict definition, as in levels

	Accounts  int    `json:"accounts"` // of the pre-state
	Slots     int    `json:"slots"`
	Codes     int    `json:"codes"`     // different ones
	CodeBytes uint64 `json:"codeBytes"` // of these together

	Provenance *traces.Provenance `json:"provenance,omitempty"`
}

// Share is one part of a whole.
type Share struct {
	Name  string  `json:"name"`
	Count uint64  `json:"count"`
	Share float64 `json:"share"`
}

// ContractUse is a contract that transactions call, by number of such transactions.
type ContractUse struct {
	Address      string `json:"address"`
	Transactions uint64 `json:"transactions"`
	CodeBytes    int    `json:"codeBytes"`
}

// HotKey is a piece of state that many transactions use.
type HotKey struct {
	Kind         string `json:"kind"`
	Account      string `json:"account"`
	Slot         string `json:"slot,omitempty"`
	Reads        uint64 `json:"reads"`
	Writes       uint64 `json:"writes"`
	Transactions uint64 `json:"transactions"`
}

// hottest is how many contracts and keys are listed.
const hottest = 10

// Block prepares a block and looks into it, until the context ends.
func Block(stop context.Context, b *traces.Bundle) (*Result, error) {
	p, err := run.Prepare(stop, b, run.Recording)
	if err != nil {
		return nil, err
	}
	if err := p.Reproduces(); err != nil {
		return nil, err
	}
	return of(stop, p)
}

// of looks into a block. It has to be prepared with its stream recorded.
func of(stop context.Context, p *run.Block) (*Result, error) {
	cfg, err := config.Baseline("execute")
	if err != nil {
		return nil, err
	}
	ref, err := p.Reference(cfg, run.Options{Stop: stop})
	if err != nil {
		return nil, err
	}
	in := &Result{Shares: map[string]float64{}, Instructions: uint64(p.Golden.Steps.Len()), Provenance: p.Bundle.Provenance}
	if in.Trace, err = p.TraceInfo(ref.GasUsed()); err != nil {
		return nil, err
	}
	for _, d := range oracle.Definitions {
		if s := run.Ratio(uint64(oracle.Independent(d.Before(ref.Footprints))), uint64(len(ref.Footprints))); s != nil {
			in.Shares[d.Name] = *s
		}
	}
	in.transactions(p)
	in.instructions(p.Golden)
	in.keys(p.Golden)
	in.state(p.Bundle.Prestate)
	return in, nil
}

// transactions tells calls from transfers and creations, and counts the contracts called.
func (in *Result) transactions(p *run.Block) {
	kinds := map[string]uint64{}
	uses := map[state.Address]uint64{}
	for i, tx := range p.Bundle.Txs {
		ran := p.Golden.TxStart[i+1] > p.Golden.TxStart[i]
		switch {
		case tx.To() == nil:
			kinds["creation"]++
		case ran:
			kinds["call"]++
			uses[state.Address(*tx.To())]++
		default:
			kinds["transfer"]++
		}
		if !p.Golden.Results[i].Success {
			kinds["failed"]++
		}
	}
	in.Kinds = shares(kinds, uint64(len(p.Bundle.Txs)))
	for a, n := range uses {
		size := 0
		if acct := p.Bundle.Prestate[a]; acct != nil {
			size = len(acct.Code)
		}
		in.Contracts = append(in.Contracts, ContractUse{fmt.Sprintf("%#x", a[:]), n, size})
	}
	slices.SortFunc(in.Contracts, func(a, b ContractUse) int {
		return cmp.Or(cmp.Compare(b.Transactions, a.Transactions), cmp.Compare(a.Address, b.Address))
	})
	in.Contracts = in.Contracts[:min(len(in.Contracts), hottest)]
}

func (in *Result) instructions(g *traces.Golden) {
	mix := map[string]uint64{}
	for i := range g.Steps.Len() {
		mix[traces.OpClass(g.Steps.At(i).Op)]++
		in.MaxDepth = max(in.MaxDepth, int(g.Steps.At(i).Depth))
	}
	in.Mix = shares(mix, uint64(g.Steps.Len()))
}

// shares sorts counts, the largest first.
func shares(counts map[string]uint64, total uint64) []Share {
	list := []Share{}
	for name, n := range counts {
		s := Share{Name: name, Count: n}
		if r := run.Ratio(n, total); r != nil {
			s.Share = *r
		}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Name, b.Name))
	})
	return list
}

// keys counts, for each piece of state, instructions that read and write it and
// transactions that do either.
func (in *Result) keys(g *traces.Golden) {
	type use struct {
		key                traces.StateKey
		reads, writes, txs uint64
		last, order        int
	}
	uses := make([]use, len(g.Keys))
	tx := 0
	for i := range g.Accesses.Len() {
		a := g.Accesses.At(i)
		if a.Kind == traces.AccessMemory || a.Kind == traces.AccessTransient {
			continue
		}
		for tx+1 < len(g.TxStart) && int(a.Step) >= g.TxStart[tx+1] {
			tx++
		}
		u := &uses[a.Key]
		u.key, u.order = g.Keys[a.Key], int(a.Key)
		if u.txs == 0 || u.last != tx {
			u.txs++
			u.last = tx
		}
		if a.Write {
			u.writes++
		} else {
			u.reads++
		}
	}
	uses = slices.DeleteFunc(uses, func(u use) bool { return u.txs == 0 })
	slices.SortFunc(uses, func(a, b use) int {
		return cmp.Or(cmp.Compare(b.txs, a.txs), cmp.Compare(b.writes, a.writes), cmp.Compare(b.reads, a.reads),
			bytes.Compare(a.key.Account[:], b.key.Account[:]), cmp.Compare(a.order, b.order))
	})
	for _, u := range uses[:min(len(uses), hottest)] {
		k := HotKey{Kind: u.key.Kind.String(), Account: fmt.Sprintf("%#x", u.key.Account[:]), Reads: u.reads, Writes: u.writes, Transactions: u.txs}
		if u.key.Kind == traces.AccessStorage {
			k.Slot = u.key.Slot.Hex()
		}
		in.Hot = append(in.Hot, k)
	}
}

func (in *Result) state(p state.Prestate) {
	in.Accounts = len(p)
	seen := map[string]bool{}
	for _, acct := range p {
		in.Slots += len(acct.Storage)
		if code := string(acct.Code); code != "" && !seen[code] {
			seen[code] = true
			in.Codes++
			in.CodeBytes += uint64(len(code))
		}
	}
}
