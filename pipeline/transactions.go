package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// transactions are those in flight: one, or as many as core.transactions lets the window reach
// across. Then fetch goes on from the end of
// one envelope into the next, as the block lists them, and commit stays in order. Reads
// that executed before their transaction's turn saw whatever was committed, or in the
// state queue, then; when its turn comes they are made again and compared, as Cain and
// Lipasti (ISCA 2004) replay loads by value, and the oldest that differs is squashed.
//
// number counts them; root is the frame of the envelope of the one that commits, and no frame
// or memory of those in flight exceeds the two bounds. Begin, commit's end of an envelope and
// fetch's way into the next one change it.
type transactions struct {
	sys  decoder.System
	ren  *renamer
	regs *rob.Registers

	upcoming    decoder.Upcoming // nil: the core drains between transactions
	boundary    Boundary
	number      uint32      // the transaction that commits; they are counted from 1
	next        rob.FrameID // the frame of the one whose turn it is now, plus one; 0: none
	root        rob.FrameID // the frame of its envelope
	entry       entry       // what its outermost frame begins with
	finished    bool
	gasBound    uint64 // no frame of the transactions in flight has more
	memoryBound uint64 // no memory of them is larger, in bytes
}

// bounded returns offset and length of a memory range as integers; ok is false, and
// both are zero, when no gas can pay for it. Ranges of length zero cost nothing and
// may lie anywhere.
func (t *transactions) bounded(off, n *isa.Word) (o, l uint64, ok bool) {
	if n.IsZero() {
		return 0, 0, true
	}
	if !off.IsUint64() || !n.IsUint64() {
		return 0, 0, false
	}
	o, l = off.Uint64(), n.Uint64()
	if o+l < o || o+l > t.memoryBound {
		return 0, 0, false
	}
	return o, l, true
}

// Boundary ends the transaction that has just committed and begins the next one.
type Boundary func() (*decoder.Envelope, error)

// AtBoundary says what to do between two transactions in the window; Run still ends with
// the last of those that it could go through without draining.
func (c *Core) AtBoundary(f Boundary) { c.tx.boundary = f }

// bank returns a free bank of constants.
func (rn *renamer) bank() rob.Reg {
	if n := len(rn.banks); n > 0 {
		b := rn.banks[n-1]
		rn.banks = rn.banks[:n-1]
		return b
	}
	return rn.regs.AddBank(contextWords + envelopeWords)
}

// fetchNext goes on into the envelope of the transaction after the one that e ends. It
// reports false where there is none, or no room for one more in the window.
func (fe *frontEnd) fetchNext(e *rob.Entry, tx uint32) bool {
	ahead := tx + 1 - fe.tx.number
	if fe.tx.boundary == nil || int(ahead) >= fe.core.Transactions {
		return false
	}
	env, context, ok := fe.tx.upcoming.Upcoming(int(ahead))
	if !ok {
		return false
	}
	root := fe.tx.open(&env, context, tx+1)
	fe.maps.LogFrame(root)
	e.Other = root
	fe.ren.stackLow = 0
	fe.frame, fe.inst = root, 0
	fe.startRun()
	fe.stats.Overlapped++
	return true
}

// commitBoundary gives the turn to the transaction that fetch went on into.
func (c *Core) commitBoundary() {
	root := c.tx.next - 1
	c.tx.next = 0
	c.ren.dropFrame(c.tx.root)
	c.tx.root, c.tx.number = root, c.ren.frames[root].tx
	env, err := c.tx.boundary()
	if err != nil {
		c.err = err
		return
	}
	if c.opt.prefetch != nil {
		c.opt.prefetch.Begin(env, c.Stats.Instructions)
	}
	for seq := c.win.buf.Head; seq < c.win.buf.Tail; seq++ {
		e := c.win.buf.At(seq)
		if c.ren.frames[e.Frame].tx != c.tx.number {
			break
		}
		if c.stale(e) {
			c.Stats.StaleReads++
			c.squashInstruction(seq, CauseStateOrder)
			break
		}
	}
}

// stale reports whether what an entry has read of the state before its transaction's turn
// is not what stands there now.
func (c *Core) stale(e *rob.Entry) bool {
	if e.Op == isa.Enter {
		child := &c.ren.frames[e.Other]
		known := child.account.IsConst() || c.ren.regs.Ready(child.account)
		return child.prog != nil && known && c.sys.CodeOf(c.ren.regs.Value(child.account)) != child.prog
	}
	if e.Flags&rob.Issued == 0 {
		return false
	}
	var now isa.Word
	switch e.Op {
	case isa.StateLoad:
		if c.state.at(e.Queue).supplied >= c.state.head {
			return false // by a store of its own transaction
		}
		now = c.sys.ReadStorage(isa.Space(e.Imm), c.ren.regs.Value(e.Src[0]), c.ren.regs.Value(e.Src[1]))
	case isa.AccountLoad:
		account := c.ren.account(e)
		now = c.sys.ReadAccount(isa.AccountField(e.Imm), &account)
	case isa.Lookup:
		now = c.sys.Lookup(isa.LookupTable(e.Imm), c.ren.regs.Value(e.Src[0]))
	default:
		return false
	}
	read := c.ren.regs.Value(e.Dst)
	if e.Op != isa.Lookup {
		if o := c.state.at(e.Queue); o.predicted { // and perhaps not compared yet
			read = &o.actual
		}
	}
	return now != *read
}
