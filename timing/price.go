package timing

import (
	"math/big"

	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/pipeline/price"
)

// picoseconds in a microsecond.
const picoseconds = 1_000_000

// price is the time of a built-in whose price depends on nothing but the length of its input.
func (s *Scheduler) price(u *Uop) isa.Cycle {
	l := &s.cfg.Latency
	if l.Builtins == "flat" {
		return s.latency[isa.LatSystem]
	}
	row := price.RowOf(u.builtin)
	count := uint64(0)
	switch row.Measure {
	case price.Pieces:
		count = (u.bytes + row.Size - 1) / row.Size
	case price.Blocks:
		for count = 1; 64*count < u.bytes+9; { // a byte of padding and eight of length
			count++
		}
	}
	hardware := l.Builtins == "accelerator" && row.Accelerator != (price.Cost{})
	cost := row.Software
	if hardware {
		cost = row.Accelerator
	}
	t := new(big.Int).Mul(new(big.Int).SetUint64(cost.Each), new(big.Int).SetUint64(count))
	t.Add(t, new(big.Int).SetUint64(cost.Base))
	if !hardware {
		t.Mul(t, big.NewInt(int64(l.Microsecond)))
		t.Quo(t, big.NewInt(picoseconds))
	}
	return max(1, isa.Cycle(t.Uint64()))
}
