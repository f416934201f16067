package pipeline

import (
	"github.com/ooovm/ooovm/decoder"
	"github.com/ooovm/ooovm/isa"
	"github.com/ooovm/ooovm/rob"
)

// window lets the core's window reach across transactions: fetch goes on from the end of
// one envelope into the next, as the block lists them, and commit stays in order. Reads
// that executed before their transaction's turn saw whatever was committed, or in the
// state queue, then; when its turn comes they are made again and compared, as Cain and
// Lipasti (ISCA 2004) replay loads by value, and the oldest that differs is squashed.
type window struct {
	upcoming decoder.Upcoming // nil: the core drains between transactions
	boundary Boundary
	tx       uint32    // the transaction that commits; they are counted from 1
	next     int32     // the frame of the one whose turn it is now, plus one; 0: none
	banks    []rob.Reg // free banks of constants
}

// Boundary ends the transaction that has just committed and begins the next one.
type Boundary func() (*decoder.Envelope, error)

// AtBoundary says what to do between two transactions in the window; Run still ends with
// the last of those that it could go through without draining.
func (c *Core) AtBoundary(f Boundary) { c.window.boundary = f }

// bank gives a free bank of constants.
func (w *window) bank(regs *rob.Registers) rob.Reg {
	if n := len(w.banks); n > 0 {
		b := w.banks[n-1]
		w.banks = w.banks[:n-1]
		return b
	}
	return regs.AddBank(contextWords + envelopeWords)
}

// fetchNext goes on into the envelope of the transaction behind the one that e ends. It
// reports false where there is none, or no room for one more in the window.
func (c *Core) fetchNext(e *rob.Entry, tx uint32) bool {
	ahead := tx + 1 - c.window.tx
	if c.window.boundary == nil || int(ahead) >= c.cfg.Core.Transactions {
		return false
	}
	env, context, ok := c.window.upcoming.Upcoming(int(ahead))
	if !ok {
		return false
	}
	root := c.open(&env, context, tx+1)
	c.maps.LogFrame(root)
	e.Next = root
	c.stackLow = 0
	c.fetch.frame, c.fetch.inst = root, 0
	c.startRun()
	c.Stats.Overlapped++
	return true
}

// commitBoundary gives the turn to the transaction that fetch went on into.
func (c *Core) commitBoundary() {
	root := c.window.next - 1
	c.window.next = 0
	c.dropFrame(c.root)
	c.root, c.window.tx = root, c.frames[root].tx
	env, err := c.window.boundary()
	if err != nil {
		c.err = err
		return
	}
	if c.prefetch != nil {
		c.prefetch.begin(c, env, c.Stats.Instructions)
	}
	for seq := c.buf.Head; seq < c.buf.Tail; seq++ {
		e := c.buf.At(seq)
		if c.frames[e.Frame].tx != c.window.tx {
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
		child := &c.frames[e.Next]
		known := child.account.IsConst() || c.regs.Ready(child.account)
		return child.prog != nil && known && c.sys.CodeOf(c.regs.Value(child.account)) != child.prog
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
		now = c.sys.ReadStorage(e.Imm, c.regs.Value(e.Src[0]), c.regs.Value(e.Src[1]))
	case isa.AccountLoad:
		account := c.account(e)
		now = c.sys.ReadAccount(e.Imm, &account)
	case isa.Lookup:
		now = c.sys.Lookup(e.Imm, c.regs.Value(e.Src[0]))
	default:
		return false
	}
	read := c.regs.Value(e.Dst)
	if e.Op != isa.Lookup {
		if o := c.state.at(e.Queue); o.predicted { // and perhaps not compared yet
			read = &o.actual
		}
	}
	return now != *read
}
