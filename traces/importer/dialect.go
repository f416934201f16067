package importer

import "strings"

// dialect gathers what a trace looks like. Names of clients are said where only they
// write so.
type dialect struct {
	structLog, block, memory, section bool
	frames                            bool // a summary for every frame: go-ethereum
	announced                         bool // frames are announced, steps have no depth: older evmone
	costs, withoutCost                bool // some steps have a gasCost, some have none
	fork                              string
	unfinished                        bool // the last transaction has neither a halting instruction nor a summary

	// What gasCost leaves out or adds, as the gas of other steps shows. EIP-3155 says no more than
	// "gas cost of this operation", and clients differ in what that is.
	static    bool // of all but constants: evmone
	alone     bool // the gas that calls forward: Besu until its issue 6523
	creations bool // none; it has what creations forward: revm
}

func (d *dialect) String() string {
	parts := []string{"EIP-3155"}
	add := func(on bool, part string) {
		if on {
			parts = append(parts, part)
		}
	}
	if d.structLog {
		parts[0] = "geth structLog"
		if d.block {
			parts[0] += " of a block"
		}
	}
	add(d.frames && !d.structLog, "go-ethereum")
	add(d.announced, "old evmone (frames announced)")
	add(d.section, "with code sections")
	switch {
	case !d.costs && d.withoutCost:
		parts = append(parts, "no gasCost")
	case d.static:
		parts = append(parts, "gasCost is the static cost alone (evmone)")
	default:
		add(d.alone, "gasCost of calls without the gas they forward (old Besu)")
		add(d.creations, "gasCost of creations with the gas they forward (revm)")
	}
	add(d.memory, "with memory")
	return strings.Join(parts, ", ")
}

// compare finds out what gasCost means, from a step and the one told after it.
func (d *dialect) compare(l, n *Step) {
	if l.NoCost || l.Failed || n.Tx != l.Tx {
		return
	}
	enters := calls(l.Op) || creates(l.Op)
	switch {
	case n.Depth == l.Depth && !enters && l.Gas-n.Gas != l.Cost:
		d.static = true
	case n.Depth == l.Depth+1 && calls(l.Op) && l.Cost+callStipend < n.Gas:
		d.alone = true
	case n.Depth == l.Depth+1 && creates(l.Op) && l.Cost >= n.Gas:
		d.creations = true
	}
}
