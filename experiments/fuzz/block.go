package fuzz

import (
	"fmt"
	"hash/fnv"

	"github.com/ethereum/go-ethereum/common"

	"github.com/ooovm/ooovm/decoder/evm"
	"github.com/ooovm/ooovm/experiments/config"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/machine"
	"github.com/ooovm/ooovm/machine/oracle"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/state"
)

// Block is a case whose transactions run on several cores, too.
type Block struct {
	*Case
	Machine machine.Config // its Oracle is made by Run
}

// senders of a block, besides the sender of every case: transactions of one sender
// wait for each other's nonces.
var senders = []state.Address{{0: 0xf1, 19: 1}, {0: 0xf1, 19: 2}, {0: 0xf1, 19: 3}}

// DrawBlock makes a numbered block of several transactions.
func DrawBlock(seed uint64) *Block {
	d := numbered(seed)
	c := draw(d)
	c.Name = fmt.Sprintf("block %d", seed)
	if c.Machine.ReadsGolden() { // which is of the order in a block, here unknown
		c.Machine = &config.Presets()[2].Config.Config
	}
	for _, a := range senders {
		c.Accounts = append(c.Accounts, Account{Address: a, Balance: isa.Word{0, 1}})
	}
	c.Transactions = nil
	for range 2 + d.below(5) {
		t := c.drawTransaction(d)
		t.From = common.Address(pick(d, append(senders, sender)...))
		c.Transactions = append(c.Transactions, t)
	}
	var policies []machine.PolicyInfo
	for _, p := range machine.Policies() {
		if !p.OneCore {
			policies = append(policies, p)
		}
	}
	p := pick(d, policies...)
	return &Block{c, machine.Config{
		Policy: p.Name, Mapping: pick(d, p.Mappings...), Cores: d.upTo(6), Crediting: state.Crediting(d.below(len(state.Creditings))),
		Schedule: isa.Cycle(d.below(60)), Check: isa.Cycle(d.below(40)), Lookahead: d.upTo(16), Retries: d.below(4), Restart: d.oneIn(2),
	}}
}

// Run runs the case on one core, in lockstep with go-ethereum, and then what of it was
// valid on the machine. Both have to leave the same.
func (b *Block) Run() (out Outcome, err error) {
	r, out, err := b.run()
	if err != nil || out.Cut {
		return out, err
	}
	return out, guarded(func() error { return b.onSeveral(r) })
}

// onSeveral runs on the machine what one core has run.
func (b *Block) onSeveral(r *run) error {
	mc, txs := b.Machine, r.sys.Txs[:len(r.sys.Results)]
	order := mc
	order.Policy, order.Mapping, order.Cores = machine.SequentialPolicy, "", 1
	reference, err := b.play(r, txs, order)
	if err != nil {
		return fmt.Errorf("%s: %w", order.Policy, err)
	}
	mc.Oracle = reference
	if _, err := b.play(r, txs, mc); err != nil {
		return fmt.Errorf("%s/%s, %d cores, %s: %w", mc.Policy, mc.Mapping, mc.Cores, state.Creditings[mc.Crediting], err)
	}
	return nil
}

// play runs transactions on a machine and compares what they leave with what one core
// has left. The footprints are of a run in order.
func (b *Block) play(r *run, txs []*state.Tx, mc machine.Config) (_ []oracle.Footprint, err error) {
	world, cache := state.NewWorld(b.prestate()), evm.NewCache()
	m, err := machine.New(mc, machine.Block{
		Transactions: len(txs),
		Origin:       world,
		First:        func(int) uint64 { return 0 },
		Gas:          func(tx int) uint64 { return txs[tx].Gas },
		GasLimit:     r.env.GasLimit,
		Class: func(tx int) uint64 {
			h := fnv.New64a()
			if to := txs[tx].To; to != nil {
				_, _ = h.Write(to[:])
			}
			return h.Sum64()
		},
		NewCore: func(i int) (*pipeline.Core, machine.System, machine.Observer, error) {
			sys := evm.NewSpeculative(r.env, txs, cache, mc.Crediting)
			own := *b.Case.Machine
			own.Core.Transactions = 1
			own.Predictor.Seed += uint64(i)
			core, err := pipeline.New(own, sys, nil)
			if err == nil {
				core.MaxCycles, core.VerifyEvery = maxCycles, b.VerifyEvery
			}
			return core, sys, nil, err
		},
	})
	if err != nil {
		return nil, err
	}
	if err := m.Run(); err != nil {
		return nil, err
	}
	for i, x := range m.Incarnations() {
		got, ok := x.Result.(state.TxResult)
		if want := &r.sys.Results[i]; !ok || got.GasUsed != want.GasUsed || got.Success != want.Success || !sameLogs(got.Logs, want.Logs) {
			return nil, fmt.Errorf("transaction %d: %+v, in order it is %+v", i, x.Result, *want)
		}
		world.Apply(x.Writes)
	}
	for _, a := range r.world.Accounts() {
		got, exists := world.Dump(a)
		want, wanted := r.world.Dump(a)
		if exists != wanted || fmt.Sprint(got) != fmt.Sprint(want) {
			return nil, fmt.Errorf("account %#x: %v %+v, in order it is %v %+v", a[:], exists, got, wanted, want)
		}
	}
	return m.Footprints(), nil
}
