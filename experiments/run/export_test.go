package run

import "github.com/ooovm/ooovm/traces"

// Ask makes the block's oracles ask another golden run.
func (p *Block) Ask(g *traces.Golden) { p.oracle = g.Oracle() }
