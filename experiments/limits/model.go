package limits

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline"
	"github.com/ooovm/ooovm/pipeline/price"
	"github.com/ooovm/ooovm/state"
	"github.com/ooovm/ooovm/traces"
)

// model gives instructions the latencies of a configuration: that of the longest
// micro-op, and for a read of state that the stream touches for the first time the
// way to far state. The state buffer keeps everything.
type model struct {
	unit    [isa.NumLatencies]uint64
	far     uint64
	perByte uint64 // price of a byte of an exponent, in gas
	touched map[touch]struct{}

	contracts *state.Precompiles
	prices    price.Prices
}

// touch names what the state hierarchy holds in one piece: a slot, or an account.
type touch struct {
	account state.Address
	slot    isa.Word
	storage bool
}

func newModel(cfg *pipeline.Config, env *state.BlockEnv) *model {
	m := &model{far: uint64(cfg.State.Far), perByte: 10, touched: make(map[touch]struct{}), contracts: env.Precompiles}
	m.prices, _ = cfg.Prices() // the configuration has been checked
	if env.Rules.IsEIP158 {
		m.perByte = 50 // EIP-160
	}
	for i, l := range cfg.Latencies() {
		m.unit[i] = uint64(l)
	}
	return m
}

// builtin is the time of the built-in that a call runs. The golden run does not keep inputs:
// where the price depends on what they say it is that of the shortest computation.
func (m *model) builtin(g *traces.Golden, accesses []traces.Access) uint64 {
	for i := range accesses {
		if a := &accesses[i]; a.Kind == traces.AccessCode {
			if contract, ok := m.contracts.Lookup(g.Keys[a.Key].Account); ok {
				return uint64(m.prices.Of(contract.Number(), inputOf(accesses), 0, nil))
			}
		}
	}
	return 1
}

// begin empties the state buffer.
func (m *model) begin() { clear(m.touched) }

// latency is in cycles, at least one.
func (m *model) latency(g *traces.Golden, row *decoder.Row, s *traces.Step, accesses []traces.Access) uint64 {
	longest := uint64(1)
	for i := range row.Uops {
		op := row.Uops[i].Op
		l := m.unit[isa.Table[op].Latency]
		switch op {
		case isa.Exp:
			l = m.unit[isa.LatMul] + l*((s.Cost-uint64(row.Gas))/m.perByte)
		case isa.Hash: // Keccak-256 pads with at least one byte and absorbs 136 at a time
			l *= bytesOf(accesses, false)/136 + 1
		case isa.CopyData:
			l = m.unit[isa.LatLoad] + l*((bytesOf(accesses, true)+31)/32)
		}
		longest = max(longest, l)
	}
	missed := false
	for i := range accesses {
		a := &accesses[i]
		if a.Kind == traces.AccessMemory || a.Kind == traces.AccessTransient {
			continue
		}
		key := &g.Keys[a.Key]
		t := touch{account: key.Account, storage: a.Kind == traces.AccessStorage}
		if t.storage {
			t.slot = key.Slot
		}
		if _, ok := m.touched[t]; !ok {
			m.touched[t] = struct{}{}
			missed = missed || !a.Write
		}
	}
	if missed {
		longest += m.far
	}
	return longest
}

// inputOf is the length of a built-in's input: what it reads before its output is written.
func inputOf(accesses []traces.Access) uint64 {
	for i := range accesses {
		if a := &accesses[i]; a.Kind == traces.AccessMemory {
			if a.Write {
				return 0
			}
			return uint64(a.Len)
		}
	}
	return 0
}

// bytesOf is the length of the memory range that an instruction reads or writes.
func bytesOf(accesses []traces.Access, write bool) uint64 {
	for i := range accesses {
		if a := &accesses[i]; a.Kind == traces.AccessMemory && a.Write == write {
			return uint64(a.Len)
		}
	}
	return 0
}
